"""The head of a message: where it ends, its lines without folding, its header fields by name (RFC 3261 section 7.3)."""

import itertools
import re
from dataclasses import dataclass, field
from typing import Final

from ringfence.watch.wire.sip.message import Defect

MAX_HEADERS: Final = 256
"""Header lines read of one message. Real ones have some twenty."""

READ: Final = {
    "authorization": "authorization",
    "proxy-authorization": "authorization",
    "www-authenticate": "challenge",
    "proxy-authenticate": "challenge",
    "call-id": "call-id",
    "i": "call-id",
    "contact": "contact",
    "m": "contact",
    "content-length": "content-length",
    "l": "content-length",
    "cseq": "cseq",
    "date": "date",
    "diversion": "diversion",
    "expires": "expires",
    "from": "from",
    "f": "from",
    "identity": "identity",
    "y": "identity",
    "max-forwards": "max-forwards",
    "p-asserted-identity": "asserted",
    "privacy": "privacy",
    "proxy-require": "require",
    "require": "require",
    "reason": "reason",
    "record-route": "record-route",
    "retry-after": "retry-after",
    "to": "to",
    "t": "to",
    "user-agent": "user-agent",
    "via": "via",
    "v": "via",
}
"""Header name or compact form (RFC 3261 section 7.3.3), in lower case, to the field that it fills. Others are passed over."""

Fields = dict[str, list[str]]
"""Field to the raw values of its lines, in order."""

_ONCE: Final = frozenset({"call-id", "cseq", "from", "to", "max-forwards", "content-length", "expires", "user-agent", "date"})

_AS_USUALLY_WRITTEN: Final = {
    written: READ.get(written.lower(), "")
    for written in (
        *("Via", "v", "From", "f", "To", "t", "Call-ID", "i", "CSeq", "Contact", "m", "Max-Forwards", "Content-Length", "l"),
        *("User-Agent", "Record-Route", "Authorization", "Proxy-Authorization", "WWW-Authenticate", "Proxy-Authenticate"),
        *("Expires", "P-Asserted-Identity", "Identity", "Privacy", "Reason", "Require", "Date", "Diversion"),
        *(
            "Content-Type",
            "Allow",
            "Supported",
            "Accept",
            "Route",
            "Server",
            "Allow-Events",
            "Subject",
            "Session-Expires",
            "Min-SE",
        ),
    )
}
"""Spares nearly every line the change of case. Empty: passed over."""
_TOKEN: Final = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+\Z")
_FOLD: Final = re.compile(r"\n[ \t]+")
_CONTROLS: Final = bytes(code for code in (*range(0x20), 0x7F) if code not in b"\t\r\n")
_MASKED: Final = bytes(0x3F if code in _CONTROLS else code for code in range(256))


@dataclass(slots=True)
class Head:
    """A message's start line and the raw values of the fields that are read, in order. `length`: octets up to the body."""

    start: str
    fields: Fields = field(default_factory=dict)
    length: int = 0


def head_end(data: bytes | bytearray, start: int = 0) -> int:
    """Return the offset just after the first empty line at or after `start`, or -1 where there is none."""
    plain = data.find(b"\n\r\n", start)
    bare = data.find(b"\n\n", start, None if plain < 0 else plain + 1)
    if bare >= 0:
        return bare + 2
    return plain + 3 if plain >= 0 else -1


def read_head(data: bytes, defects: list[Defect]) -> Head:
    """Read the head of the message that `data` starts with, without the empty lines that may stand before it (section 7.5)."""
    begin = 0
    if data[:1] in (b"\r", b"\n"):
        begin = len(data) - len(data.lstrip(b"\r\n"))
    end = head_end(data, begin)
    if end < 0:
        defects.append(Defect.HEAD_UNFINISHED)
        end = len(data)
    octets = data[begin:end]
    masked = octets.translate(_MASKED)
    if masked != octets:
        defects.append(Defect.CONTROL_CHARACTER)
    text = masked.decode("utf-8", "replace").replace("\r\n", "\n")
    if "\n " in text or "\n\t" in text:
        text = _FOLD.sub(" ", text)
    lines = text.split("\n", MAX_HEADERS + 1)
    if "\r" in text:
        # What follows a lone carriage return may be a body that some receiver would find there: it goes.
        defects.append(Defect.LINE_END)
        lines = [line.partition("\r")[0] for line in lines]
    head = Head(start=lines[0], length=end)
    _read_fields(lines, head.fields, defects)
    return head


def _read_fields(lines: list[str], fields: Fields, defects: list[Defect]) -> None:
    """Sort the lines after the first into `fields`. The lines end with an empty one, or where the data ended."""
    if len(lines) > MAX_HEADERS + 1:
        defects.append(Defect.HEADER_COUNT)
        del lines[MAX_HEADERS + 1 :]
    bad = False
    for line in itertools.islice(lines, 1, None):
        name, colon, value = line.partition(":")
        known = _AS_USUALLY_WRITTEN.get(name)
        if known is None:
            name = name.rstrip()
            known = READ.get(name.lower(), "")
            bad = bad or (not known and line != "" and not (colon and _TOKEN.match(name)))
        if not known:
            continue
        if known not in fields:
            fields[known] = [value.strip()]
        else:
            fields[known].append(value.strip())
            if known in _ONCE:
                defects.append(Defect.REPEATED_HEADER)
        bad = bad or not colon
    if bad:
        defects.append(Defect.HEADER_LINE)

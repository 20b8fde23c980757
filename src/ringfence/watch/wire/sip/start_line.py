"""The first line: a request's method and URI, or a response's status (RFC 3261 sections 7.1 and 7.2)."""

import re
from typing import Final

from msgspec import Struct

from ringfence.watch.wire.sip.message import Defect, Uri
from ringfence.watch.wire.sip.uri import has_headers, parse_uri

_VERSION: Final = "SIP/2.0"
_TOKEN: Final = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+\Z")
_ANY_VERSION: Final = re.compile(r"SIP/\d+\.\d+\Z", re.IGNORECASE | re.ASCII)
_USUAL: Final = frozenset(
    {
        "INVITE",
        "ACK",
        "BYE",
        "CANCEL",
        "REGISTER",
        "OPTIONS",
        "SUBSCRIBE",
        "NOTIFY",
        "PUBLISH",
        "MESSAGE",
        "INFO",
        "UPDATE",
        "PRACK",
        "REFER",
    }
)


class StartLine(Struct, frozen=True, gc=False):
    """`status` is 0 for a request, and for a response whose status cannot be read (`method` and `uri` are `None` then)."""

    method: str | None = None
    uri: Uri | None = None
    status: int = 0
    reason_phrase: str | None = None


def parse_start_line(line: str, defects: list[Defect]) -> StartLine:
    """Read a start line. White space too much is a defect, and read over."""
    if line[:4].upper() == "SIP/":
        return _status_line(line, defects)
    parts = line.split(" ")
    if len(parts) != 3:
        defects.append(Defect.START_LINE if line else Defect.EMPTY)
        parts = _three(line)
    method, target, version = parts
    if version != _VERSION:
        if not _ANY_VERSION.match(version):
            defects.append(Defect.START_LINE)
            return StartLine()
        if version.upper() != _VERSION:
            defects.append(Defect.VERSION)
    if method not in _USUAL and not _TOKEN.match(method):
        defects.append(Defect.METHOD)
        return StartLine()
    return StartLine(method, _request_uri(target, defects))


def _three(line: str) -> list[str]:
    """Return method, target and version of a request line with white space too much or too little."""
    words = line.split()
    if len(words) < 3:
        return ["", "", ""]
    return [words[0], " ".join(words[1:-1]), words[-1]]


def _request_uri(text: str, defects: list[Defect]) -> Uri | None:
    if text[:1] == "<":
        defects.append(Defect.REQUEST_URI)
        text = text.strip("<>")
    if "?" in text and has_headers(text):
        defects.append(Defect.REQUEST_URI)
    return parse_uri(text, defects)


def _status_line(line: str, defects: list[Defect]) -> StartLine:
    version, _, rest = line.partition(" ")
    code, space, phrase = rest.partition(" ")
    if version != _VERSION and version.upper() != _VERSION:
        defects.append(Defect.VERSION)
    if len(code) != 3 or not (code.isdigit() and code.isascii()) or not 100 <= int(code) <= 699:
        defects.append(Defect.STATUS_CODE)
        return StartLine(reason_phrase=phrase)
    if not space:
        defects.append(Defect.START_LINE)
    return StartLine(status=int(code), reason_phrase=phrase)

"""SIP responses to an asking proxy (RFC 3261 section 8.2.6): a status line, the request's own header fields, and ours."""

from dataclasses import dataclass
from typing import Final
from zlib import crc32

from ringfence.watch.wire.sip import Defect, Message

SOURCE_HEADER: Final = "p-ringfence-source"
_NAMES: Final = {
    "via": "Via",
    "v": "Via",
    "from": "From",
    "f": "From",
    "to": "To",
    "t": "To",
    "call-id": "Call-ID",
    "i": "Call-ID",
    "cseq": "CSeq",
    SOURCE_HEADER: SOURCE_HEADER,
}
PHRASES: Final = {
    404: "Not Found",
    480: "Temporarily Unavailable",
    486: "Busy Here",
    503: "Service Unavailable",
}
_MUST_BE_RIGHT: Final = frozenset({Defect.START_LINE, Defect.VERSION, Defect.METHOD, Defect.HEAD_UNFINISHED, Defect.VIA})
_ONCE: Final = ("From", "To", "Call-ID", "CSeq")


@dataclass(frozen=True, slots=True)
class Question:
    """A request that can be answered: what it means, and the header fields that every response repeats, as they were sent."""

    message: Message
    branch: str
    vias: tuple[str, ...]
    fields: dict[str, str]
    uri: str
    """The request URI as it was sent."""
    named_source: str | None
    """The value of P-Ringfence-Source, whoever wrote it; `None` also where it stands twice: one may be the sender's own."""

    @property
    def method(self) -> str:
        """The request's method."""
        return self.message.method or ""

    def answer(self, code: int, phrase: str, more: tuple[tuple[str, str], ...] = ()) -> bytes:
        """Return the response. The To tag follows from the branch: the same request always gets the same."""
        to = self.fields["To"]
        if self.message.to_tag is None:
            to += f";tag={crc32(self.branch.encode()):08x}"
        lines = [
            f"SIP/2.0 {code} {phrase}",
            *(f"Via: {via}" for via in self.vias),
            f"From: {self.fields['From']}",
            f"To: {to}",
            f"Call-ID: {self.fields['Call-ID']}",
            f"CSeq: {self.fields['CSeq']}",
            *(f"{name}: {value}" for name, value in more),
            "Content-Length: 0",
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")


def question(data: bytes, message: Message) -> Question | None:
    """Return what to answer, or `None` for what no proxy sends: a response, or a request that can't be matched to its answer."""
    if not _MUST_BE_RIGHT.isdisjoint(message.defects):
        return None
    top = message.vias[0] if message.vias else None
    if not message.is_request or message.method is None or top is None or not top.branch:
        return None
    if message.call_id is None or message.cseq is None or message.cseq_method != message.method:
        return None
    vias: list[str] = []
    fields: dict[str, str] = {}
    sources: list[str] = []
    for name, value in _header_fields(data):
        if name == "Via":
            vias.append(value)
        elif name == SOURCE_HEADER:
            sources.append(value)
        elif fields.setdefault(name, value) is not value and name in _ONCE:
            return None  # two of what may stand once: each reader would believe another one
    if not vias or any(name not in fields for name in _ONCE):
        return None
    uri = data.lstrip(b"\r\n").split(b" ", 2)[1].decode("utf-8", "replace")
    named_source = sources[0] if len(sources) == 1 else None
    return Question(message=message, branch=top.branch, vias=tuple(vias), fields=fields, uri=uri, named_source=named_source)


def _header_fields(data: bytes) -> list[tuple[str, str]]:
    """Return the fields that answers need, in order, folded lines joined. Octets that are no UTF-8 survive the round trip."""
    head = data.lstrip(b"\r\n").partition(b"\r\n\r\n")[0].decode("utf-8", "surrogateescape")
    found: list[tuple[str, str]] = []
    wanted = False
    lines = head.split("\r\n")
    if any(end in line for line in lines for end in "\r\n"):
        return []  # a lone line end: repeated in an answer, it would be a header field of the sender's making
    for line in lines[1:]:
        if line[:1] in (" ", "\t"):
            if wanted:
                name, value = found[-1]
                found[-1] = (name, f"{value} {line.strip()}".strip())
            continue
        written, _, value = line.partition(":")
        known = _NAMES.get(written.rstrip(" \t").lower())
        wanted = known is not None
        if known is not None:
            found.append((known, value.strip()))
    return found

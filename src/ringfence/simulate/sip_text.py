"""SIP messages as text: built from lines, and read as far as a player of its own messages and recordings must."""

import re
from collections.abc import Iterable
from typing import Final

HEADER_END: Final = b"\r\n\r\n"

_METHOD: Final = re.compile(rb"([A-Z]+) \S+ SIP/2\.0\r\n")
_STATUS: Final = re.compile(rb"SIP/2\.0 ([1-6][0-9]{2})[ \r]")
_DIGEST_RESPONSE: Final = re.compile(rb'(?i),?\s*\b(?:response|cnonce)="[^"]*"')
_BODY_HEADERS: Final = (b"content-length:", b"content-type:", b"content-disposition:", b"content-encoding:")


def compose(start_line: str, headers: Iterable[str], body: str = "", content_type: str = "application/sdp") -> bytes:
    """Return one message. Content-Type and Content-Length are added; `headers` are whole lines without line ends."""
    content = body.encode()
    lines = [start_line, *headers]
    if content:
        lines.append(f"Content-Type: {content_type}")
    lines.append(f"Content-Length: {len(content)}")
    return "\r\n".join(lines).encode() + HEADER_END + content


def method(message: bytes) -> str | None:
    """Return a request's method; `None` for a response or something else."""
    match = _METHOD.match(message)
    return match.group(1).decode() if match else None


def status(message: bytes) -> int:
    """Return a response's status; 0 for a request or something else."""
    match = _STATUS.match(message)
    return int(match.group(1)) if match else 0


def header(message: bytes, name: str) -> str | None:
    """Return the first value of the header `name`, `None` where there is none. Compact forms and folding are not read."""
    wanted = name.lower().encode() + b":"
    for line in message.partition(HEADER_END)[0].split(b"\r\n")[1:]:
        if line.lower().startswith(wanted):
            return line[len(wanted) :].strip().decode("utf-8", "replace")
    return None


def opens_dialog_or_stands_alone(message: bytes) -> bool:
    """Tell whether an edge would have to ask about it: a request out of any dialog (no tag in To), ACK and CANCEL excepted."""
    return method(message) not in (None, "ACK", "CANCEL") and ";tag=" not in (header(message, "To") or "")


def without_body(message: bytes, more: Iterable[str] = (), *, received: str, port: int) -> bytes:
    """Return the request as an edge asks about it: `more` header lines on top, and where it came from in the sender's Via.

    Neither the body nor digest responses are anybody's business but the callee's and the registrar's: they stay behind.
    `received` and `rport` are what RFC 3261 section 18.2.1 and RFC 3581 section 4 have an edge add.
    """
    start_line, *lines = message.partition(HEADER_END)[0].split(b"\r\n")
    kept = [_DIGEST_RESPONSE.sub(b"", line) for line in lines if not line.lower().startswith(_BODY_HEADERS)]
    for index, line in enumerate(kept):
        if line.lower().startswith(b"via:"):
            kept[index] = re.sub(rb";rport(?![=\w])", b"", line) + f";received={received};rport={port}".encode()
            break
    return b"\r\n".join([start_line, *(line.encode() for line in more), *kept, b"Content-Length: 0"]) + HEADER_END


def answer(request: bytes, status_line: str, more: Iterable[str] = (), to_tag: str | None = None) -> bytes:
    """Return a response to `request` (RFC 3261 section 8.2.6): its Via, From, To, Call-ID and CSeq, then `more` header lines."""
    lines = request.partition(HEADER_END)[0].decode("utf-8", "replace").split("\r\n")[1:]
    copied = [line for line in lines if line.lower().startswith(("via:", "from:", "to:", "call-id:", "cseq:"))]
    if to_tag is not None:
        copied = [f"{line};tag={to_tag}" if line.lower().startswith("to:") and ";tag=" not in line else line for line in copied]
    return compose(f"SIP/2.0 {status_line}", [*copied, *more])


def acknowledgement(request: bytes, response: bytes) -> bytes:
    """Return the ACK to a failed INVITE: the request's Via, and the To of the response (RFC 3261 section 17.1.1.3)."""
    target = request.partition(b"\r\n")[0].split(b" ")[1].decode("utf-8", "replace")
    sequence = (header(request, "CSeq") or "1").split()[0]
    named = (("Via", request), ("From", request), ("To", response), ("Call-ID", request))
    copied = [f"{name}: {header(message, name) or ''}" for name, message in named]
    return compose(f"ACK {target} SIP/2.0", [*copied, "Max-Forwards: 70", f"CSeq: {sequence} ACK"])

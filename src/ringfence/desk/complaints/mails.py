"""Reading mails that strangers sent: bounded, without ever raising, and nothing but text comes out. Pure."""

import re
from email import message_from_bytes
from email.header import decode_header
from email.message import Message
from typing import Final

_TEXT_LENGTH: Final = 20_000
_HEADING_LENGTH: Final = 256
_PARTS: Final = 50
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def heading(raw: bytes) -> str:
    """Return the subject line as text without control characters, cut at 256; empty where there is none."""
    return " ".join(_clean(_decoded(str(message_from_bytes(raw).get("Subject", "")))).split())[:_HEADING_LENGTH]


def text(raw: bytes) -> str:
    """Return the first plain text part without control characters, cut at 20 000; empty where there is none."""
    for index, part in enumerate(message_from_bytes(raw).walk()):
        if index >= _PARTS:
            break
        if part.get_content_type() == "text/plain" and not part.is_multipart():
            return _clean(_payload(part))[:_TEXT_LENGTH]
    return ""


def _payload(part: Message) -> str:
    content = part.get_payload(decode=True)
    held = content[: 4 * _TEXT_LENGTH] if isinstance(content, bytes) else b""
    try:
        return held.decode(part.get_content_charset("utf-8"), "replace")
    except (LookupError, ValueError):  # a character set that nobody knows
        return held.decode("utf-8", "replace")


def _decoded(value: str) -> str:
    try:
        parts = decode_header(value)
        return "".join(part.decode(charset or "utf-8", "replace") if isinstance(part, bytes) else part for part, charset in parts)
    except (LookupError, ValueError):
        return value


def _clean(value: str) -> str:
    return _CONTROLS.sub("", value.replace("\r\n", "\n"))

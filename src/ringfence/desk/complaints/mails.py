"""Reading mails that strangers sent: bounded, without ever raising, and nothing but text comes out. Pure."""

import re
from collections.abc import Iterator
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from html.parser import HTMLParser
from itertools import islice
from typing import Final

_TEXT_LENGTH: Final = 20_000
_HEADING_LENGTH: Final = 256
_PARTS: Final = 50
_READ_BYTES: Final = 8 << 20
"""Of a mail, so much is read. All of it is kept."""
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def letter(raw: bytes) -> Message:
    """Return the mail's headers and parts. One that is nested deeper than can be followed has headers alone."""
    start = raw[:_READ_BYTES]
    try:
        return BytesParser().parsebytes(start)
    except RecursionError:
        return BytesParser().parsebytes(start, headersonly=True)


def parts(mail: Message) -> Iterator[Message]:
    """Yield the first parts of a mail, the whole first, in their order."""
    return islice(mail.walk(), _PARTS)


def heading(raw: bytes) -> str:
    """Return the subject line as text without control characters, cut at 256; empty where there is none."""
    mail = BytesParser().parsebytes(raw[:_READ_BYTES], headersonly=True)
    return " ".join(shown(_decoded(str(mail.get("Subject", "")))).split())[:_HEADING_LENGTH]


def text(raw: bytes) -> str:
    """Return the first plain text part without control characters, cut at 20 000; the words of an HTML part where there is none."""
    held = [part for part in parts(letter(raw)) if not part.is_multipart()]
    for part in held:
        if part.get_content_type() == "text/plain":
            return shown(_payload(part))[:_TEXT_LENGTH]
    for part in held:
        if part.get_content_type() == "text/html":
            return shown(words(_payload(part)))[:_TEXT_LENGTH]
    return ""


def words(html: str) -> str:
    """Return what a reader of a page would read: no tags, no scripts, no styles, a line a block."""
    reader = _Words()
    reader.feed(html)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.found).split("\n"))
    return "\n".join(line for line in lines if line)


class _Words(HTMLParser):
    """Gathers text. It never fails: what is no HTML is text."""

    _UNREAD: Final = frozenset({"script", "style", "head", "title", "template", "noscript", "iframe", "object", "svg"})
    _BLOCKS: Final = frozenset({"p", "br", "div", "tr", "li", "h1", "h2", "h3", "h4", "table", "blockquote", "hr", "pre"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._unread: list[str] = []

    def handle_starttag(self, tag: str, _attributes: list[tuple[str, str | None]]) -> None:
        if tag in self._UNREAD:
            self._unread.append(tag)
        elif tag in self._BLOCKS:
            self.found.append("\n")
        else:
            self.found.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._unread:
            del self._unread[self._unread.index(tag) :]
        elif tag in self._BLOCKS:
            self.found.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self.found.append(data)


def _payload(part: Message) -> str:
    content = part.get_payload(decode=True)
    held = content[: 4 * _TEXT_LENGTH] if isinstance(content, bytes) else b""
    try:
        return held.decode(part.get_content_charset("utf-8"), "replace")
    except (LookupError, ValueError):  # a character set that nobody knows
        return held.decode("utf-8", "replace")


def _decoded(value: str) -> str:
    try:
        found = decode_header(value)
        return "".join(part.decode(charset or "utf-8", "replace") if isinstance(part, bytes) else part for part, charset in found)
    except (LookupError, ValueError):
        return value


def shown(value: str) -> str:
    """Return text without what a stranger could draw or reorder a page with."""
    return _CONTROLS.sub("", value.replace("\r\n", "\n"))

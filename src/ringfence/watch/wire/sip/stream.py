"""One direction of a SIP stream (TCP, TLS) cut into messages by Content-Length (RFC 3261 sections 7.5 and 18.3)."""

import re
from typing import Final

from ringfence.watch.wire.sip.head import head_end

LIMIT: Final = 65_536
"""Octets held back at most, and the longest message handed out."""
_LONGEST_START_LINE: Final = 4_096

_LINE: Final = rb"(?:SIP/[0-9]\.[0-9] [0-9]{3}[ \r]|[A-Za-z0-9\-.!%*_+`'~]{1,64} [^\r\n]{1,3072} SIP/[0-9]\.[0-9][ ]*\r?\n)"
_HERE: Final = re.compile(_LINE, re.IGNORECASE)
_LATER: Final = re.compile(rb"\n(?=" + _LINE + rb")", re.IGNORECASE)
_LENGTH: Final = re.compile(rb"\n(?:content-length|l)[ \t]*:(?:[ \t]|\r?\n[ \t])*([0-9]{1,10})[ \t]*\r?\n", re.IGNORECASE)


def starts_like_sip(data: bytes | bytearray) -> bool:
    """Tell whether `data` starts with a SIP start line: how SIP is known among other traffic, whatever its port."""
    return _HERE.match(data) is not None


class StreamSplitter:
    """Takes octets as they come, gives whole messages. Holds at most `LIMIT` octets; what is lost is counted, never kept.

    A body that would pass the limit is cut: its message comes with what fits, and its Content-Length shows that more was announced.
    After octets that are no message it goes on at the next start line.
    """

    def __init__(self) -> None:
        self.lost_octets = 0
        """Octets that belonged to no message, or to a body's part beyond the limit."""
        self.keep_alives = 0
        """Empty lines between messages (RFC 5626 section 3.5.1)."""
        self._held = bytearray()
        self._searched = 0
        self._skip = 0

    @property
    def held_octets(self) -> int:
        """Octets of a message not yet complete."""
        return len(self._held)

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next octets of the stream and return the messages that they complete, in order."""
        messages: list[bytes] = []
        at = 0
        while at < len(data):
            skipped = min(self._skip, len(data) - at)
            self._skip -= skipped
            self.lost_octets += skipped
            at += skipped
            room = LIMIT - len(self._held)
            self._held += data[at : at + room]
            at += room
            while not self._skip and (message := self._next()) is not None:
                messages.append(message)
            if len(self._held) >= LIMIT:
                self._lose_first_line()
        return messages

    def gap(self) -> None:
        """Octets of the stream were missed: what is held can't be completed. It is lost, and reading goes on at a start line."""
        self._lose(len(self._held))
        self._skip = 0

    def _next(self) -> bytes | None:
        """Cut the next whole message off what is held; `None` where more octets are needed."""
        self._drop_keep_alives()
        while self._held and not _HERE.match(self._held):
            if self._held.find(b"\n", 0, _LONGEST_START_LINE) < 0 and len(self._held) < _LONGEST_START_LINE:
                return None
            self._lose_first_line()
        end = head_end(self._held, self._searched) if self._held else -1
        if end < 0:
            self._searched = max(0, len(self._held) - 3)
            return None
        found = _LENGTH.search(self._held, 0, end)
        length = end + int(found[1]) if found is not None else end
        if len(self._held) < min(length, LIMIT):
            self._searched = end - 3
            return None
        message = bytes(self._held[:length])
        self._skip = length - len(message)
        del self._held[:length]
        self._searched = 0
        return message

    def _drop_keep_alives(self) -> None:
        empty = len(self._held) - len(self._held.lstrip(b"\r\n")) if self._held.startswith((b"\r", b"\n")) else 0
        if empty:
            self.keep_alives += self._held.count(b"\n", 0, empty)
            del self._held[:empty]
            self._searched = 0

    def _lose_first_line(self) -> None:
        """Drop what is no message up to the next start line, or up to the last line's start where none is in sight."""
        later = _LATER.search(self._held)
        if later is not None:
            self._lose(later.end())
            return
        last = self._held.rfind(b"\n") + 1
        unfinished = len(self._held) - last
        self._lose(last if last and unfinished < _LONGEST_START_LINE else len(self._held))

    def _lose(self, octets: int) -> None:
        self.lost_octets += octets
        del self._held[:octets]
        self._searched = 0

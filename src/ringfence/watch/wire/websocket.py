"""One direction of a WebSocket connection cut into messages (RFC 6455 section 5; SIP over it: RFC 7118).

The handshake may have been missed: a stream whose first octets are a frame with a SIP message in it is one too.
"""

import re
from typing import Final, NamedTuple

from ringfence.watch.wire.sip import starts_like_sip

LIMIT: Final = 65_536
"""Octets of a message: no longer one is put together."""
_LONGEST_HANDSHAKE: Final = 16_384

_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING, _PONG = 0, 1, 2, 8, 9, 10
_KNOWN: Final = frozenset({_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING, _PONG})
_HANDSHAKE: Final = re.compile(rb"GET [^\r\n]{1,4096} HTTP/1\.1\r?\n|HTTP/1\.1 101[ \r]")
_ENOUGH: Final = 512
"""Octets of a payload that tell SIP."""


class _Frame(NamedTuple):
    final: bool
    compressed: bool
    code: int
    mask: bytes
    begin: int
    length: int


def looks_like_websocket(data: bytes) -> bool:
    """Tell whether a stream that starts with `data` is WebSocket: by its handshake, or by a frame that holds SIP."""
    return _HANDSHAKE.match(data) is not None or _holds_sip(data)


class MessageReader:
    """Takes octets as they come, gives whole messages without their masks. Holds at most `LIMIT` octets and a header.

    What is too long, or compressed (permessage-deflate), is passed over and counted. After a gap it goes on where a piece of the
    stream starts with a frame that holds SIP.
    """

    def __init__(self) -> None:
        self.lost_octets = 0
        """Octets of messages that could not be put together, and of what was neither handshake nor frame."""
        self.compressed_messages = 0
        self._held = bytearray()
        self._message = bytearray()
        self._skip = 0
        self._is_lost = False
        self._in_handshake: bool | None = None

    @property
    def held_octets(self) -> int:
        """Octets of a message not yet complete."""
        return len(self._held) + len(self._message)

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next octets of the stream and return the messages that they complete, in order."""
        if self._in_handshake is None:
            self._in_handshake = _HANDSHAKE.match(data) is not None
        if self._is_lost:
            if not _holds_sip(data):
                self.lost_octets += len(data)
                return []
            self._is_lost = False
        skipped = min(self._skip, len(data))
        self._skip -= skipped
        self.lost_octets += skipped
        self._held += data[skipped:]
        messages: list[bytes] = []
        if not self._in_handshake or self._handshake_ends():
            self._read_frames(messages)
        return messages

    def gap(self) -> None:
        """Octets of the stream were missed: where the next frame starts is unknown."""
        self._lose()

    def _handshake_ends(self) -> bool:
        end = self._held.find(b"\r\n\r\n")
        if end < 0:
            if len(self._held) > _LONGEST_HANDSHAKE:
                self._lose()
            return False
        del self._held[: end + 4]
        self._in_handshake = False
        return True

    def _read_frames(self, messages: list[bytes]) -> None:
        while not self._skip and (frame := _frame(self._held)) is not None:
            if frame.code not in _KNOWN or (frame.code >= _CLOSE and frame.length > 125):
                self._lose()
                return
            if frame.length > LIMIT - len(self._message):
                self._pass_over(frame)
                continue
            end = frame.begin + frame.length
            if len(self._held) < end:
                return
            payload = _unmasked(bytes(self._held[frame.begin : end]), frame.mask)
            del self._held[:end]
            if frame.compressed:
                self.compressed_messages += 1
                self.lost_octets += frame.length
            elif frame.code in (_CONTINUATION, _TEXT, _BINARY):
                self._add(frame, payload, messages)

    def _add(self, frame: _Frame, payload: bytes, messages: list[bytes]) -> None:
        if frame.code == _CONTINUATION and not self._message:
            self.lost_octets += len(payload)  # its beginning was not read
            return
        if frame.code != _CONTINUATION and self._message:
            self.lost_octets += len(self._message)
            self._message.clear()
        self._message += payload
        if frame.final:
            whole = bytes(self._message).lstrip(b"\r\n")
            self._message.clear()
            if starts_like_sip(whole):
                messages.append(whole)
            else:
                self.lost_octets += len(whole)  # an empty one is a keep-alive (RFC 7118 section 6)

    def _pass_over(self, frame: _Frame) -> None:
        """Skip a frame with which its message would be too long, and the message with it."""
        self.lost_octets += len(self._message)
        self._message.clear()
        end = frame.begin + frame.length
        self._skip = max(0, end - len(self._held))
        self.lost_octets += min(frame.length, len(self._held) - frame.begin)
        del self._held[:end]

    def _lose(self) -> None:
        self.lost_octets += self.held_octets
        self._held.clear()
        self._message.clear()
        self._skip = 0
        self._is_lost = True
        self._in_handshake = False


def _frame(data: bytes | bytearray) -> _Frame | None:
    """Read a frame's header; `None` where more octets are needed."""
    if len(data) < 2:
        return None
    first, second = data[0], data[1]
    length, begin = second & 0x7F, 2
    if length >= 126:
        begin = 4 if length == 126 else 10
        if len(data) < begin:
            return None
        length = int.from_bytes(data[2:begin], "big")
    mask = b""
    if second & 0x80:
        if len(data) < begin + 4:
            return None
        mask = bytes(data[begin : begin + 4])
        begin += 4
    return _Frame(bool(first & 0x80), bool(first & 0x70), first & 0x0F, mask, begin, length)


def _unmasked(payload: bytes, mask: bytes) -> bytes:
    if not mask or not payload:
        return payload
    size = len(payload)
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")


def _holds_sip(data: bytes) -> bool:
    frame = _frame(data)
    if frame is None or frame.code not in (_TEXT, _BINARY) or frame.compressed or frame.length > LIMIT:
        return False
    return starts_like_sip(_unmasked(data[frame.begin : frame.begin + min(frame.length, _ENOUGH)], frame.mask).lstrip(b"\r\n"))

"""TCP segments to messages: in order, once, within bounds. A stream's first octets say whether it holds SIP, HEP or WebSocket."""

from collections import OrderedDict
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

from ringfence.watch.sources.pcap.counts import CaptureCounts, CaptureDefect
from ringfence.watch.sources.pcap.packets import Segment
from ringfence.watch.wire import hep, websocket
from ringfence.watch.wire.sip import StreamSplitter

MAX_DIRECTIONS: Final = 4_096
"""Directions of connections followed at once. The one longest silent gives way."""
MAX_WAITING: Final = 64
"""Segments that wait for a missing one before it is given up."""
MAX_WAITING_OCTETS: Final = 65_536
GIVEN_UP_OCTETS: Final = 262_144
"""A stream that gave no message in so many octets is not SIP, and is passed over from then on."""

_FIN, _SYN, _RST = 0x01, 0x02, 0x04
_SPACE: Final = 1 << 32
_TLS: Final = (b"\x16\x03", b"\x17\x03")
"""A handshake or data record of TLS, any version."""


class Carried(StrEnum):
    """What a stream holds; SIP is named by its transport."""

    SIP = "tcp"
    WEBSOCKET = "ws"
    HEP = "hep"


class _Splitter(Protocol):
    lost_octets: int

    @property
    def held_octets(self) -> int: ...

    def feed(self, data: bytes) -> list[bytes]: ...

    def gap(self) -> None: ...


class _Key(NamedTuple):
    source: str
    source_port: int
    destination: str
    destination_port: int


@dataclass(slots=True)
class _Direction:
    expected: int
    carried: Carried | None = None
    splitter: _Splitter = field(default_factory=StreamSplitter)
    waiting: dict[int, bytes] = field(default_factory=dict)
    gave_messages: bool = False
    given_up: bool = False


class Streams:
    """Follows each direction of each connection on its own, from its SYN or from its first segment seen."""

    def __init__(self, counts: CaptureCounts) -> None:
        self._counts = counts
        self._directions: OrderedDict[_Key, _Direction] = OrderedDict()

    def feed(self, segment: Segment) -> list[tuple[Carried, bytes]]:
        """Return the messages that the segment completes, and what carried them."""
        key = _Key(segment.source, segment.source_port, segment.destination, segment.destination_port)
        direction = self._directions.get(key)
        if direction is None or segment.flags & _SYN:
            begin = (segment.sequence + bool(segment.flags & _SYN)) % _SPACE
            if direction is None or direction.expected != begin or direction.waiting:
                if direction is not None:
                    self._end(direction)
                direction = self._directions[key] = _Direction(begin)
            if len(self._directions) > MAX_DIRECTIONS:
                self._end(self._directions.popitem(last=False)[1])
        self._directions.move_to_end(key)
        messages = self._take(direction, segment) if segment.payload and not direction.given_up else []
        if segment.flags & (_FIN | _RST):
            while direction.waiting:
                self._skip_gap(direction)
                messages += self._advance(direction, b"")
            self._end(self._directions.pop(key))
        carried = direction.carried or Carried.SIP
        return [(carried, message) for message in messages]

    def finish(self) -> None:
        """Count what never became whole."""
        for direction in self._directions.values():
            self._end(direction)
        self._directions.clear()

    def _take(self, direction: _Direction, segment: Segment) -> list[bytes]:
        ahead = (segment.sequence - direction.expected) % _SPACE
        if ahead >= _SPACE // 2:
            # Sent before: only what lies beyond the octets already taken is new.
            payload = segment.payload[_SPACE - ahead :]
            ahead = 0
        else:
            payload = segment.payload
        if ahead:
            known = direction.waiting.get(segment.sequence, b"")
            if len(known) < len(payload):
                direction.waiting[segment.sequence] = payload
            if len(direction.waiting) <= MAX_WAITING and sum(map(len, direction.waiting.values())) <= MAX_WAITING_OCTETS:
                return []
            self._skip_gap(direction)
            payload = b""
        messages = self._advance(direction, payload)
        if not messages and not direction.gave_messages and direction.splitter.lost_octets > GIVEN_UP_OCTETS:
            self._give_up(direction)
        direction.gave_messages = direction.gave_messages or bool(messages)
        return messages

    def _give_up(self, direction: _Direction) -> None:
        direction.given_up = True
        direction.waiting.clear()

    def _advance(self, direction: _Direction, payload: bytes) -> list[bytes]:
        """Take the expected octets, and what waited for them."""
        messages = self._fed(direction, payload)
        while direction.waiting:
            due = [at for at in direction.waiting if (at - direction.expected) % _SPACE >= _SPACE // 2 or at == direction.expected]
            if not due:
                break
            for at in due:
                messages += self._fed(direction, direction.waiting.pop(at)[(direction.expected - at) % _SPACE :])
        return messages

    def _fed(self, direction: _Direction, octets: bytes) -> list[bytes]:
        if not octets:
            return []
        if direction.carried is None:
            self._begin(direction, octets)
        direction.expected = (direction.expected + len(octets)) % _SPACE
        return [] if direction.given_up else direction.splitter.feed(octets)

    def _begin(self, direction: _Direction, octets: bytes) -> None:
        """Choose by the first octets what reads the stream."""
        direction.carried = Carried.SIP
        if octets.startswith(_TLS):
            self._counts.encrypted_streams += 1
            self._give_up(direction)
        elif octets.startswith(hep.MAGIC):
            direction.carried, direction.splitter = Carried.HEP, hep.FrameSplitter()
        elif websocket.looks_like_websocket(octets):
            self._counts.websocket_streams += 1
            direction.carried, direction.splitter = Carried.WEBSOCKET, websocket.MessageReader()

    def _skip_gap(self, direction: _Direction) -> None:
        """Give up the missing segment: go on at the first one that waits."""
        self._counts.note(CaptureDefect.SEGMENT_LOST)
        direction.splitter.gap()
        direction.expected = min(direction.waiting, key=lambda at: (at - direction.expected) % _SPACE)

    def _end(self, direction: _Direction) -> None:
        if direction.waiting:
            self._counts.note(CaptureDefect.SEGMENT_LOST)
        self._counts.stream_octets_lost += direction.splitter.lost_octets + direction.splitter.held_octets

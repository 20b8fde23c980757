"""TCP segments to SIP messages: in order, once, within bounds."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ringfence.watch.sources.pcap.counts import CaptureCounts, CaptureDefect
from ringfence.watch.sources.pcap.packets import Segment
from ringfence.watch.wire.sip import StreamSplitter

MAX_DIRECTIONS: Final = 4_096
"""Directions of connections followed at once. The one longest silent gives way."""
MAX_WAITING: Final = 64
"""Segments that wait for a missing one before it is given up."""
GIVEN_UP_OCTETS: Final = 262_144
"""A stream that gave no message in so many octets is not SIP, and is passed over from then on."""

_FIN, _SYN, _RST = 0x01, 0x02, 0x04
_SPACE: Final = 1 << 32


class _Key(NamedTuple):
    source: str
    source_port: int
    destination: str
    destination_port: int


@dataclass(slots=True)
class _Direction:
    expected: int
    splitter: StreamSplitter = field(default_factory=StreamSplitter)
    waiting: dict[int, bytes] = field(default_factory=dict)
    is_sip: bool = False
    given_up: bool = False


class Streams:
    """Follows each direction of each connection on its own, from its SYN or from its first segment seen."""

    def __init__(self, counts: CaptureCounts) -> None:
        self._counts = counts
        self._directions: OrderedDict[_Key, _Direction] = OrderedDict()

    def feed(self, segment: Segment) -> list[bytes]:
        """Return the messages that the segment completes."""
        key = _Key(segment.source, segment.source_port, segment.destination, segment.destination_port)
        direction = self._directions.get(key)
        if segment.flags & _SYN or direction is None:
            if direction is not None:
                self._end(direction)
            direction = self._directions[key] = _Direction((segment.sequence + bool(segment.flags & _SYN)) % _SPACE)
            if len(self._directions) > MAX_DIRECTIONS:
                self._end(self._directions.popitem(last=False)[1])
        self._directions.move_to_end(key)
        messages = self._take(direction, segment) if segment.payload and not direction.given_up else []
        if segment.flags & (_FIN | _RST):
            while direction.waiting:
                self._skip_gap(direction)
                messages += self._advance(direction, b"")
            self._end(self._directions.pop(key))
        return messages

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
            direction.waiting[segment.sequence] = segment.payload
            if len(direction.waiting) <= MAX_WAITING:
                return []
            self._skip_gap(direction)
            payload = b""
        messages = self._advance(direction, payload)
        if not messages and not direction.is_sip and direction.splitter.lost_octets > GIVEN_UP_OCTETS:
            direction.given_up = True
            direction.waiting.clear()
        direction.is_sip = direction.is_sip or bool(messages)
        return messages

    def _advance(self, direction: _Direction, payload: bytes) -> list[bytes]:
        """Take the expected octets, and what waited for them."""
        messages = direction.splitter.feed(payload)
        direction.expected = (direction.expected + len(payload)) % _SPACE
        while direction.waiting:
            due = [at for at in direction.waiting if (at - direction.expected) % _SPACE >= _SPACE // 2 or at == direction.expected]
            if not due:
                break
            for at in due:
                octets = direction.waiting.pop(at)[(direction.expected - at) % _SPACE :]
                messages += direction.splitter.feed(octets)
                direction.expected = (direction.expected + len(octets)) % _SPACE
        return messages

    def _skip_gap(self, direction: _Direction) -> None:
        """Give up the missing segment: go on at the first one that waits."""
        self._counts.defects[CaptureDefect.SEGMENT_LOST] += 1
        direction.splitter.gap()
        direction.expected = min(direction.waiting, key=lambda at: (at - direction.expected) % _SPACE)

    def _end(self, direction: _Direction) -> None:
        if direction.waiting:
            self._counts.defects[CaptureDefect.SEGMENT_LOST] += 1
        self._counts.stream_octets_lost += direction.splitter.lost_octets + direction.splitter.held_octets

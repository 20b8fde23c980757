"""IP fragments put together again, within bounds."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ringfence.watch.sources.pcap.counts import CaptureCounts, CaptureDefect

MAX_PACKETS: Final = 256
"""Packets under way at once. The oldest gives way."""
_LARGEST: Final = 65_535
_MOST_PARTS: Final = 128


class FragmentKey(NamedTuple):
    """What the fragments of one packet share (RFC 791, RFC 8200 section 4.5)."""

    source: str
    destination: str
    identity: int
    protocol: int


@dataclass(slots=True)
class _Parts:
    octets: dict[int, bytes] = field(default_factory=dict)
    length: int | None = None


class Fragments:
    """Takes fragments in any order, gives the packet when the last gap is filled.

    Parts that overlap are an attack or damage: the packet is given up (RFC 5722).
    """

    def __init__(self, counts: CaptureCounts) -> None:
        self._counts = counts
        self._under_way: OrderedDict[FragmentKey, _Parts] = OrderedDict()

    def add(self, key: FragmentKey, offset: int, octets: bytes, *, last: bool) -> bytes | None:
        """Return the whole packet's payload if this fragment completes it."""
        parts = self._under_way.get(key)
        if parts is None:
            parts = self._under_way[key] = _Parts()
            if len(self._under_way) > MAX_PACKETS:
                self._under_way.popitem(last=False)
                self._counts.note(CaptureDefect.FRAGMENT_LOST)
        if parts.octets.get(offset) == octets:
            return None
        parts.octets[offset] = octets
        if last:
            parts.length = offset + len(octets)
        if offset + len(octets) > _LARGEST or len(parts.octets) > _MOST_PARTS:
            del self._under_way[key]
            self._counts.note(CaptureDefect.PACKET)
            return None
        if parts.length is None or sum(map(len, parts.octets.values())) < parts.length:
            return None
        del self._under_way[key]
        return self._joined(parts)

    def _joined(self, parts: _Parts) -> bytes | None:
        whole = bytearray()
        for offset in sorted(parts.octets):
            if offset != len(whole):
                self._counts.note(CaptureDefect.PACKET)
                return None
            whole += parts.octets[offset]
        return bytes(whole)

    def finish(self) -> None:
        """Count what never became whole."""
        if self._under_way:
            self._counts.note(CaptureDefect.FRAGMENT_LOST, len(self._under_way))
        self._under_way.clear()

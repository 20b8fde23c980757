"""A TCP stream or file of HEP cut into packets by their length fields."""

from typing import Final

from ringfence.watch.wire.hep.decoder import MAGIC

_HEADER: Final = 6


class FrameSplitter:
    """Takes octets as they come, gives whole HEP packets. What belongs to none is lost and counted; at most one packet is held."""

    def __init__(self) -> None:
        self.lost_octets = 0
        self._held = bytearray()

    @property
    def held_octets(self) -> int:
        """Octets of a packet not yet complete."""
        return len(self._held)

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next octets of the stream and return the packets that they complete, in order."""
        self._held += data
        frames: list[bytes] = []
        at = 0
        while len(self._held) - at >= _HEADER:
            length = int.from_bytes(self._held[at + 4 : at + _HEADER], "big")
            if not self._held.startswith(MAGIC, at) or length < _HEADER:
                found = self._next_magic(at + 1)
                self.lost_octets += found - at
                at = found
            elif len(self._held) - at < length:
                break
            else:
                frames.append(bytes(self._held[at : at + length]))
                at += length
        del self._held[:at]
        return frames

    def gap(self) -> None:
        """Octets of the stream were missed: what is held can't be completed. Reading goes on at the next packet's start."""
        self.lost_octets += len(self._held)
        self._held.clear()

    def _next_magic(self, start: int) -> int:
        """Return where the next packet may start: at the magic, or at an end that could be its first octets."""
        found = self._held.find(MAGIC, start)
        if found >= 0:
            return found
        for kept in range(len(MAGIC) - 1, 0, -1):
            if len(self._held) - kept >= start and self._held.endswith(MAGIC[:kept]):
                return len(self._held) - kept
        return len(self._held)

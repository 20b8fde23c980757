"""A file read in large pieces, of which the part not yet used is at hand. Takes pipes, packed files and files being written."""

from collections.abc import Callable
from typing import BinaryIO, Final

from ringfence.watch.sources.holes import skip_hole

CHUNK: Final = 262_144


class Window:
    """`octets` from `at` on are what comes next. No more than a chunk and what was asked for is held."""

    def __init__(self, file: BinaryIO, start: bytes = b"") -> None:
        self.octets = start
        self.at = 0
        self._file = file
        # One read of the system's at most: a pipe gives what it has, and does not wait for the rest of the chunk.
        self._read: Callable[[int], bytes] = getattr(file, "read1", file.read)

    def has(self, count: int) -> bool:
        """Tell whether `count` more octets are there, after reading as far as it takes."""
        missing = self.at + count - len(self.octets)
        if missing <= 0:
            return True
        pieces = [self.octets[self.at :]]
        self.at = 0
        while missing > 0 and (piece := self._read(max(CHUNK, missing))):
            pieces.append(piece)
            missing -= len(piece)
        self.octets = b"".join(pieces)
        return missing <= 0

    @property
    def held(self) -> int:
        """Octets at hand."""
        return len(self.octets) - self.at

    def skip_zeros(self) -> int:
        """Go on to the next octet that is not zero, or to the end; return how many were passed over."""
        skipped = 0
        while self.has(1):
            rest = self.octets[self.at :].lstrip(b"\0")
            skipped += self.held - len(rest)
            self.octets, self.at = rest, 0
            if rest:
                break
            skipped += skip_hole(self._file)
        return skipped

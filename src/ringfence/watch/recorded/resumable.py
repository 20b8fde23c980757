"""A followed file that goes on where it was left: it knows what of it is history, how far it was read, and its own successor."""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ringfence.watch.recorded.growing import GrowingFile, identity
from ringfence.watch.recorded.traces import TRACED

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class Trail(NamedTuple):
    """How far a file was read: `octets`, of which these were the `last`, in the file with that number on the disk."""

    file: int
    octets: int
    last: bytes


class ResumableFile(GrowingFile):
    """As a growing file, but its reader is held at octet `passed` once, so that it can be told what stood before it.

    Where its name is taken by another file it is read on until nothing was written for `linger_s`: writers keep a renamed file
    open for a moment. Where the other file is a longer copy of it, as file transfers make, reading goes on in that one.
    `is_rotated`: it was renamed before it was opened.
    """

    def __init__(
        self, path: Path, *, wait: Callable[[], bool], is_wanted: Callable[[], bool], passed: int, linger_s: float, is_rotated: bool
    ) -> None:
        """Open the file. Raises `OSError`."""
        super().__init__(path, wait=wait, is_wanted=is_wanted)
        self.is_past = False
        """The reader has had all that was there when the file was first seen, and came back for more."""
        self.is_ended = False
        """The reader was told that there will be no more."""
        self.trail = Trail(self.identity[1], 0, b"")
        self._passed = passed
        self._linger_s = linger_s
        self._is_rotated = is_rotated
        self._grew = time.monotonic()

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Fill `buffer` as `GrowingFile` does, but never over `passed`."""
        view, at = memoryview(buffer).cast("B"), self.trail.octets
        if at < self._passed:
            view = view[: self._passed - at]
        else:
            self.is_past = True
        count = super().readinto(view)
        if count:
            self._grew = time.monotonic()
            self.trail = Trail(self.identity[1], at + count, (self.trail.last + bytes(view[:count]))[-TRACED:])
        else:
            self.is_ended = True
        return count

    def _was_left(self) -> bool:
        if not (self._is_rotated or super()._was_left()):
            return False
        return self.was_cut or (not self._goes_on_in_another() and time.monotonic() - self._grew > self._linger_s)

    def _goes_on_in_another(self) -> bool:
        """Change over to the file that took the name, if all that was read of this one stands there too."""
        with suppress(OSError):
            other = FileIO(self._path, "rb")
            status = os.fstat(other.fileno())
            trail = self.trail
            if trail.octets and identity(status) != self.identity and status.st_size >= trail.octets:
                other.seek(trail.octets - len(trail.last))
                if _exactly(other, len(trail.last)) == trail.last:
                    self._file.close()
                    self._file, self.identity = other, identity(status)
                    self.trail = trail._replace(file=self.identity[1])
                    return True
            other.close()
        return False


def _exactly(file: FileIO, count: int) -> bytes:
    octets = b""
    while len(octets) < count and (piece := file.read(count - len(octets))):
        octets += piece
    return octets

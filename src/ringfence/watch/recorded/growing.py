"""A file that somebody is still writing: reading it waits for more, until the writer has left it or nobody wants any more."""

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class GrowingFile(io.RawIOBase):
    """What stands in the file at `path`, and what is written to it later.

    At the file's end `wait` is called again and again until there is more; it returns `False` to end the reading, and so does
    `is_wanted` at any place. It ends by itself where another file has taken the name, or this one was cut (`was_cut`), and nothing
    is left of what was written before.
    """

    def __init__(self, path: Path, *, wait: Callable[[], bool], is_wanted: Callable[[], bool]) -> None:
        """Open the file. Raises `OSError`."""
        self.was_cut = False
        self._path = path
        self._wait = wait
        self._is_wanted = is_wanted
        self._file = path.open("rb", buffering=0)
        self.identity = identity(os.fstat(self._file.fileno()))

    def readable(self) -> bool:
        """Return `True`."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Fill `buffer` with what is there, after waiting for at least an octet; 0 where there will be no more."""
        while self._is_wanted():
            was_left = self._was_left()  # asked before reading: what was written until then is read all the same
            count: int = self._file.readinto(buffer)
            if count or was_left or not self._wait():
                return count
        return 0

    def tell(self) -> int:
        """Return how many octets have been read."""
        return self._file.tell()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()

    def _was_left(self) -> bool:
        try:
            present = self._path.stat()
        except OSError:
            return True
        if identity(present) != self.identity:
            return True
        self.was_cut = present.st_size < self._file.tell()
        return self.was_cut


def identity(status: os.stat_result) -> tuple[int, int]:
    """Return what names a file whatever it is called now."""
    return status.st_dev, status.st_ino

r"""A feed is a folder of segment files; a record is one line: number, CRC-32, JSON.

    0000000000000042 9ae0daaf {"v":1,...}\n

A segment is named by the number of its first record. One process writes (held by a lock), any number read. A torn last line is
what a crash leaves: a writer cuts it off when it opens the feed, a reader waits until it is whole.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final
from zlib import crc32

from ringfence.feeds.errors import FeedBusy, FeedDamaged, FeedError

SEGMENT_BYTES: Final = 64 * 1024 * 1024
_NUMBER_DIGITS: Final = 16
_HEAD_BYTES: Final = _NUMBER_DIGITS + 1 + 8 + 1
_READ_BYTES: Final = 4 * 1024 * 1024
_TRIMS: Final = 3
"""How often a segment may be trimmed away under one reading."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its number in the feed, from 1, and its JSON."""

    number: int
    payload: bytes


class FeedWriter:
    """Appends records durably. Raises `FeedBusy` when another process holds the feed, `FeedError` when the disk refuses."""

    def __init__(self, folder: Path, *, segment_bytes: int = SEGMENT_BYTES) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._lock = os.open(folder / "writer.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise FeedBusy(f"{folder}: another process writes this feed; end it first", permanent=False) from None
        self._last, path = _recover(folder)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._size = os.fstat(self._file).st_size
        _sync_folder(folder)

    @property
    def last(self) -> int:
        """The number of the last durable record; 0 in an empty feed."""
        return self._last

    def append(self, payloads: Sequence[bytes]) -> int:
        """Write `payloads` (JSON, no line feeds) and sync them; return the last one's number.

        All or nothing: on a full disk what was written is cut off again and `FeedError` is raised.
        """
        if not payloads:
            return self._last
        lines = b"".join(_line(self._last + index, payload) for index, payload in enumerate(payloads, start=1))
        try:
            if self._size >= self._segment_bytes:
                self._rotate()
            written = 0
            while written < len(lines):
                written += os.write(self._file, lines[written:])
            os.fdatasync(self._file)
        except OSError as error:
            os.ftruncate(self._file, self._size)
            raise FeedError(f"{self._folder}: {error.strerror}; nothing of this batch was kept", permanent=False) from error
        self._size += len(lines)
        self._last += len(payloads)
        return self._last

    def trim(self, before: int) -> int:
        """Delete whole segments whose records all have numbers under `before`; return how many went. The newest always stays."""
        firsts = _firsts(self._folder)
        gone = [first for first, following in pairwise(firsts) if following <= before]
        for first in gone:
            _segment(self._folder, first).unlink()
        return len(gone)

    def close(self) -> None:
        """Give the feed free for another writer."""
        os.close(self._file)
        os.close(self._lock)

    def _rotate(self) -> None:
        file = os.open(_segment(self._folder, self._last + 1), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        os.close(self._file)
        self._file, self._size = file, 0
        _sync_folder(self._folder)


class FeedReader:
    """Reads records after a given number, as they come. Holds at most one segment open and one read buffer."""

    def __init__(self, folder: Path, *, after: int = 0) -> None:
        self._folder = folder
        self._after = after
        self._first: int | None = None
        self._offset = 0
        self._rest = b""

    @property
    def after(self) -> int:
        """The number of the last record handed out."""
        return self._after

    def read(self, limit: int = 1000) -> list[Record]:
        """Return up to `limit` records that are there now, oldest first; empty when there is nothing new.

        Raises `FeedDamaged` where a record before the end is not what was written, `OSError` where the disk refuses; then nothing
        was handed out, and the next call tries again.
        """
        before = self._after
        for _ in range(_TRIMS):
            try:
                return self._read(limit)
            except FileNotFoundError:  # the writer trimmed the segment away in between: what it held is no longer needed
                self._rewind(before)
            except (FeedDamaged, OSError):
                self._rewind(before)
                raise
        return []

    def _read(self, limit: int) -> list[Record]:
        records: list[Record] = []
        while len(records) < limit:
            if not self._enter():
                break
            if not self._fill(records, limit) and not self._leave():
                break
        if b"\n" not in self._rest:  # a line that is not whole may yet be cut off and another one written in its place
            self._offset -= len(self._rest)
            self._rest = b""
        return records

    def _rewind(self, after: int) -> None:
        self._first, self._after, self._rest = None, after, b""

    def _enter(self) -> bool:
        if self._first is None:
            firsts = _firsts(self._folder)
            older = [first for first in firsts if first <= self._after + 1]
            if not firsts:
                return False
            self._first = older[-1] if older else firsts[0]
            self._offset, self._rest = 0, b""
        return True

    def _fill(self, records: list[Record], limit: int) -> bool:
        """Take whole lines from the segment; tell whether any byte was new or left over."""
        assert self._first is not None
        block = b""
        if self._rest.count(b"\n") == 0:
            with _segment(self._folder, self._first).open("rb") as file:
                file.seek(self._offset)
                block = file.read(_READ_BYTES)
            self._offset += len(block)
        lines = (self._rest + block).split(b"\n")
        self._rest = lines.pop()
        taken = 0
        for line in lines:
            if len(records) == limit:
                break
            record = _parse(line, self._folder)
            taken += 1
            if record.number > self._after:
                self._after = record.number
                records.append(record)
        self._rest = b"\n".join([*lines[taken:], self._rest])
        return bool(block) or taken > 0

    def _leave(self) -> bool:
        """Move on to the next segment, if the writer has begun one."""
        later = [first for first in _firsts(self._folder) if self._first is not None and first > self._first]
        if not later:
            return False
        assert self._first is not None
        if _segment(self._folder, self._first).stat().st_size > self._offset:
            return True  # written between the last read and the rotation
        if self._rest:
            raise FeedDamaged(f"{self._folder}: segment {self._first} ends within a record", permanent=True)
        self._first, self._offset = later[0], 0
        return True


def records_after(folder: Path, after: int = 0) -> Iterator[Record]:
    """Yield every record there is now after number `after`, oldest first."""
    reader = FeedReader(folder, after=after)
    while records := reader.read():
        yield from records


def _line(number: int, payload: bytes) -> bytes:
    return b"%0*d %08x %s\n" % (_NUMBER_DIGITS, number, crc32(payload), payload)


def _parse(line: bytes, folder: Path) -> Record:
    payload = line[_HEAD_BYTES:]
    try:
        number, checksum = int(line[:_NUMBER_DIGITS]), int(line[_NUMBER_DIGITS + 1 : _HEAD_BYTES - 1], 16)
    except ValueError:
        raise FeedDamaged(f"{folder}: a line is not a record", permanent=True) from None
    if crc32(payload) != checksum:
        raise FeedDamaged(f"{folder}: record {number} fails its checksum", permanent=True)
    return Record(number, payload)


def _segment(folder: Path, first: int) -> Path:
    return folder / f"{first:0{_NUMBER_DIGITS}d}.seg"


def _firsts(folder: Path) -> list[int]:
    return sorted(int(path.stem) for path in folder.glob("*.seg"))


def _recover(folder: Path) -> tuple[int, Path]:
    """Cut a torn last line off; return the last whole record's number and the segment to write to."""
    firsts = _firsts(folder)
    if not firsts:
        return 0, _segment(folder, 1)
    path = _segment(folder, firsts[-1])
    whole, last = 0, firsts[-1] - 1
    with path.open("r+b") as file:
        for line in file:
            if not line.endswith(b"\n"):
                break
            try:
                last = _parse(line[:-1], folder).number
            except FeedDamaged:
                if file.read(1):
                    raise
                break
            whole += len(line)
        file.truncate(whole)
        os.fsync(file.fileno())
    return last, path


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

r"""A feed is a folder of segment files; a record is one line: number, CRC-32, JSON.

    0000000000000042 9ae0daaf {"v":1,...}\n

A segment is named by the number of its first record. One process writes (held by a lock), any number read. A torn last line is
what a crash leaves: a writer cuts it off when it opens the feed, a reader waits until it is whole. While a batch is written and
synced its segment is locked, and readers see nothing of it: what a full disk takes back, nobody has read.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final
from zlib import crc32

from ringfence.feeds.errors import FeedBusy, FeedDamaged, FeedError, FeedGap
from ringfence.vocabulary.times import Micros

SEGMENT_BYTES: Final = 64 * 1024 * 1024
_NUMBER_DIGITS: Final = 16
_HEAD_BYTES: Final = _NUMBER_DIGITS + 1 + 8 + 1
_READ_BYTES: Final = 4 * 1024 * 1024


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
        try:
            self._last, path = _recover(folder)
            self._file = _appendable(path)
        except BaseException:
            os.close(self._lock)
            raise
        self._size = os.fstat(self._file).st_size
        self._torn = False
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
                self.rotate()
            self._write(lines)
        except OSError as error:
            raise FeedError(f"{self._folder}: {error.strerror}; nothing of this batch was kept", permanent=False) from error
        self._size += len(lines)
        self._last += len(payloads)
        return self._last

    def rotate(self) -> None:
        """Begin a new segment, unless the newest is empty. Raises `OSError`, and then goes on in the one before."""
        if self._size == 0:
            return
        file = _appendable(_segment(self._folder, self._last + 1))
        try:
            _sync_folder(self._folder)
        except OSError:
            os.close(file)
            raise
        os.close(self._file)
        self._file, self._size, self._torn = file, 0, False

    def trim(self, before: int) -> int:
        """Delete whole segments whose records all have numbers under `before`; return how many went. The newest always stays."""
        firsts = _firsts(self._folder)
        gone = [first for first, following in pairwise(firsts) if following <= before]
        for first in gone:
            _segment(self._folder, first).unlink()
        return len(gone)

    def trim_beyond(self, *, most_bytes: int, since: Micros) -> int:
        """Delete whole segments, the oldest first: those last written before `since`, and more until `most_bytes` are left.

        Return how many went. The newest always stays. Raises `OSError`.
        """
        paths = [_segment(self._folder, first) for first in _firsts(self._folder)]
        stats = [path.stat() for path in paths]
        excess = sum(stat.st_size for stat in stats) - most_bytes
        gone = 0
        for path, stat in zip(paths[:-1], stats, strict=False):
            if excess <= 0 and stat.st_mtime_ns // 1000 >= since:
                break
            path.unlink()
            excess -= stat.st_size
            gone += 1
        return gone

    def close(self) -> None:
        """Give the feed free for another writer."""
        os.close(self._file)
        os.close(self._lock)

    def _write(self, lines: bytes) -> None:
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            if self._torn:  # what failed last time could not be cut off then
                os.ftruncate(self._file, self._size)
            self._torn = True
            written = 0
            while written < len(lines):
                written += os.write(self._file, lines[written:])
            os.fdatasync(self._file)
            self._torn = False
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._file, self._size)
                self._torn = False
            raise
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)


class FeedReader:
    """Reads the records after number `after` (`None`: from the oldest there is) as they come. Holds a buffer, and no file open."""

    def __init__(self, folder: Path, *, after: int | None = None) -> None:
        self._folder = folder
        self._after = after
        self._segment: int | None = None
        self._offset = 0  # where in the segment the buffer ends
        self._lines, self._at = b"", 0  # whole lines, and where the first that was not taken begins
        self._seen = 0  # the number of the last record that was taken, or skipped

    @property
    def after(self) -> int:
        """The number of the last record handed out, or of the one before the first that will be; 0 where that is not known yet."""
        return self._after or 0

    def read(self, limit: int = 1000) -> list[Record]:
        """Return up to `limit` records that are there now, oldest first; empty when there is nothing new.

        Raises `FeedDamaged`, each time, where a record before the end is not what was written, `FeedGap`, once, where records that
        were to be read are gone (the next call reads on), `OSError` where the disk refuses. What stands before is returned first.
        """
        records: list[Record] = []
        try:
            while len(records) < limit and self._has_line():
                record = self._next()
                if record.number > self.after:
                    self._after = record.number
                    records.append(record)
        except BlockingIOError:
            pass  # a batch is being written; it can be read in a moment
        except FeedDamaged:
            self._offset -= len(self._lines) - self._at  # to be read again: it may have been mended
            self._lines, self._at = b"", 0
            if not records:
                raise
        except FeedGap as gap:
            self._begin(None)
            if not records:
                self._after = gap.resume
                raise
        except OSError:
            if not records:
                raise
        return records

    def _begin(self, segment: int | None) -> None:
        """Go to the beginning of a segment, or with `None` look anew for the one to be in."""
        self._segment, self._seen = segment, (segment or 1) - 1
        self._offset, self._lines, self._at = 0, b"", 0

    def _has_line(self) -> bool:
        while self._at == len(self._lines):
            if self._segment is None and not self._enter():
                return False
            try:
                if not self._load() and not self._leave():
                    return False
            except FileNotFoundError:  # deleted as too old while it was read
                self._begin(None)
        return True

    def _next(self) -> Record:
        end = self._lines.index(b"\n", self._at)
        record = _parse(self._lines[self._at : end], self._folder)
        if record.number != self._seen + 1:
            raise FeedDamaged(f"{self._folder}: after record {self._seen} stands record {record.number}", permanent=True)
        self._at, self._seen = end + 1, record.number
        return record

    def _enter(self) -> bool:
        """Find the segment that the next record stands in; tell whether there is any."""
        firsts = _firsts(self._folder)
        if not firsts:
            return False
        if self._after is None:
            self._after = firsts[0] - 1
        self._begin(max((first for first in firsts if first <= self.after + 1), default=firsts[0]))
        self._skip_to(firsts[0])
        return True

    def _load(self) -> bool:
        """Read on in the segment, whole lines that are there to stay; tell whether there were any."""
        assert self._segment is not None
        with _segment(self._folder, self._segment).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            settled = os.fstat(file.fileno()).st_size
            fcntl.flock(file, fcntl.LOCK_UN)
            file.seek(self._offset)
            block = b""
            while b"\n" not in block and self._offset + len(block) < settled:
                block += file.read(min(max(_READ_BYTES, len(block)), settled - self._offset - len(block)))
        self._lines, self._at = block[: block.rfind(b"\n") + 1], 0
        self._offset += len(self._lines)
        return bool(self._lines)

    def _leave(self) -> bool:
        """Move on to the next segment, if the writer has begun one."""
        assert self._segment is not None
        later = [first for first in _firsts(self._folder) if first > self._segment]
        if not later:
            self._check_numbers()
            return False
        if self._load():
            return True  # written between the last read and the rotation
        if _segment(self._folder, self._segment).stat().st_size > self._offset:
            raise FeedDamaged(f"{self._folder}: segment {self._segment} ends within a record", permanent=True)
        self._begin(max((first for first in later if first <= self.after + 1), default=later[0]))
        self._skip_to(later[0])
        return True

    def _skip_to(self, first: int) -> None:
        """Raise `FeedGap` where the records up to number `first` were to be read and are gone."""
        if first > self.after + 1:
            lost = f"records {self.after + 1} to {first - 1} were deleted as too old before they were read"
            raise FeedGap(f"{self._folder}: {lost}", resume=first - 1)

    def _check_numbers(self) -> None:
        """Raise `FeedGap` where the feed ends before the number that was read last: it is not the feed it was."""
        if self._seen < self.after:
            lost = f"ends at record {self._seen}, but record {self.after} was read: it was deleted or restored, and is read anew"
            raise FeedGap(f"{self._folder}: {lost}", resume=_firsts(self._folder)[0] - 1)


def records_after(folder: Path, after: int | None = None) -> Iterator[Record]:
    """Yield every record there is now after number `after` (`None`: from the oldest there is), oldest first."""
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


def _appendable(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


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

"""What records were read from, kept in a temporary file until somebody asks for one of their events as an object."""

import os
import tempfile
from bisect import bisect_right
from collections.abc import Callable
from operator import itemgetter
from typing import Final

from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.watch.attribution import Directory
from ringfence.watch.calls import events_of_record
from ringfence.watch.columns.records import KINDS
from ringfence.watch.wire.cdr import CallRecord, RowProblem
from ringfence.watch.wire.cdr.blocks import RecordBlock

Again = Callable[[int, bytes], CallRecord | RowProblem | None]

_FIRST: Final = itemgetter(0)


class Spool:
    """Octets of records, by place. The file has no name, so that nobody else can open it, and it goes with the process."""

    def __init__(self, directory: Directory) -> None:
        """Raise `OSError` where no temporary file can be made."""
        self._directory = directory
        self._file = tempfile.TemporaryFile(prefix="ringfence-", buffering=0)  # noqa: SIM115 - `close` is called when all was judged
        self._size = 0
        self._readers: list[tuple[int, Again]] = []
        """From which place on which reader reads."""

    def add(self, block: RecordBlock) -> int:
        """Keep what a block was read from, and return its place. Raises `OSError`."""
        place = self._size
        if not self._readers or self._readers[-1][1] is not block.again:
            self._readers.append((place, block.again))
        rest = memoryview(block.text)
        while rest:
            rest = rest[self._file.write(rest) :]
        self._size += len(block.text)
        return place

    def event(self, kind: EventKind, sequence: int, place: int, size: int) -> Event:
        """Return the event of `kind` of the record at `place`."""
        record = self._record(place, size, sequence // len(KINDS))
        return next(event for event in events_of_record(record, self._directory) if event.kind is kind)

    def call_id(self, place: int, size: int) -> str:
        """Return the call id of the record at `place`."""
        return self._record(place, size, 0).call_id

    def close(self) -> None:
        """Let go all that was kept."""
        self._file.close()

    def _record(self, place: int, size: int, line: int) -> CallRecord:
        _, again = self._readers[bisect_right(self._readers, place, key=_FIRST) - 1]
        record = again(line, os.pread(self._file.fileno(), size, place))
        if not isinstance(record, CallRecord):
            raise OSError(f"a temporary file was changed: {record}")
        return record

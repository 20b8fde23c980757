"""What records were read from, until an event of theirs is asked for: the file itself, or a copy of what it gave."""

import os
import tempfile
from bisect import bisect_right
from collections.abc import Callable
from functools import lru_cache
from operator import attrgetter
from typing import BinaryIO, Final, NamedTuple

from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.calls import events_of_record
from ringfence.watch.columns.records import KINDS
from ringfence.watch.wire.cdr import CallRecord
from ringfence.watch.wire.cdr.blocks import Again, RecordBlock

MOST_FILES: Final = 64
"""Files kept open to be read again. Of further ones a copy is kept."""

_REMEMBERED: Final = 4_096
"""Records that need not be read once more: a rule that looks at events one by one asks for each record's soon after another."""


class _Part(NamedTuple):
    """Places from `first` on are octets of `descriptor` from `begin` on, which `again` reads."""

    first: int
    descriptor: int
    begin: int
    again: Again


class Spool:
    """Octets of records, by place. Copies are in a temporary file without a name: nobody else can open it, and it goes with us."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._parts: list[_Part] = []
        self._size = 0
        self._kept: list[int] = []
        self._copies: BinaryIO | None = None
        self._copied = 0
        self._record = lru_cache(_REMEMBERED)(self._read)
        self._original: Callable[[], int | None] | None = None
        self._descriptor: int | None = None

    def begin(self, original: Callable[[], int | None]) -> None:
        """Expect the blocks of the next file, for which `original` gives a descriptor once the first block is there."""
        self._original, self._descriptor = original, None

    def add(self, block: RecordBlock) -> int:
        """Keep what a block was read from, and return its place. Raises `OSError` where it can't be kept."""
        if self._original is not None and block.place is not None and len(self._kept) < MOST_FILES:
            self._descriptor = self._original()
            if self._descriptor is not None:
                self._kept.append(self._descriptor)
        self._original = None
        place = self._size
        if self._descriptor is not None and block.place is not None:
            self._add_part(_Part(place, self._descriptor, block.place, block.again))
        else:
            self._add_part(_Part(place, *self._copy(block.text), block.again))
        self._size += len(block.text)
        return place

    def event(self, kind: EventKind, time: Micros, sequence: int, place: int, size: int) -> Event:
        """Return the event of `kind` of the record at `place`. Raises `OSError` where the file holds another one there by now."""
        for event in self.events(sequence, place, size):
            if event.kind is kind and event.time == time:
                return event
        raise OSError("a file was changed while it was read")

    def events(self, sequence: int, place: int, size: int) -> list[Event]:
        """Return all events of the record at `place`. Raises `OSError` where the file holds none there by now."""
        return events_of_record(self._record(place, size, sequence // len(KINDS)), self._directory)

    def call_id(self, place: int, size: int) -> str:
        """Return the call id of the record at `place`. Raises `OSError` where there is none by now."""
        return self._record(place, size, 0).call_id

    def close(self) -> None:
        """Let go all that was kept."""
        for descriptor in self._kept:
            os.close(descriptor)
        self._kept = []
        if self._copies is not None:
            self._copies.close()

    def _read(self, place: int, size: int, line: int) -> CallRecord:
        part = self._parts[bisect_right(self._parts, place, key=attrgetter("first")) - 1]
        record = part.again(line, os.pread(part.descriptor, size, part.begin + place - part.first))
        if not isinstance(record, CallRecord):
            raise OSError("a file was changed while it was read")
        return record

    def _add_part(self, part: _Part) -> None:
        last = self._parts[-1] if self._parts else None
        if last is None or last[1:] != (part.descriptor, part.begin - part.first + last.first, part.again):
            self._parts.append(part)

    def _copy(self, text: bytes) -> tuple[int, int]:
        if self._copies is None:
            self._copies = tempfile.TemporaryFile(prefix="ringfence-", buffering=0)  # noqa: SIM115 - `close` closes it
        begin = self._copied
        rest = memoryview(text)
        while rest:
            rest = rest[self._copies.write(rest) :]
        self._copied += len(text)
        return self._copies.fileno(), begin

"""What records and log entries were read from, until an event is asked for: the file itself, or a copy of what it gave."""

import os
import tempfile
from bisect import bisect_right
from collections.abc import Callable
from functools import lru_cache
from operator import attrgetter
from typing import BinaryIO, Final, Generic, NamedTuple, Protocol, TypeVar

import msgspec

from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.calls import attributed, events_of_entry, events_of_record
from ringfence.watch.calls.log_entries import EVENTS_AN_ENTRY
from ringfence.watch.columns.records import KINDS
from ringfence.watch.wire.cdr import CallRecord
from ringfence.watch.wire.logs import LogEntry

MOST_FILES: Final = 64
"""Files kept open to be read again. Of further ones a copy is kept."""

_REMEMBERED: Final = 4_096
"""Records that need not be read once more: a rule that looks at events one by one asks for each record's soon after another."""

Item = TypeVar("Item", CallRecord, LogEntry)
_Again = Callable[[int, bytes], object]


class Block(Protocol):
    """What is kept of a block: its text, where that begins in its file, and what reads an item of it once more."""

    @property
    def text(self) -> bytes:
        """What it was read from."""

    @property
    def place(self) -> int | None:
        """Where in its file the text begins, for files that can be read again."""

    @property
    def again(self) -> _Again:
        """Reads an item once more, from the number of its line and what it was read from."""


class _Part(NamedTuple):
    """Places from `first` on are octets of `descriptor` from `begin` on, which `again` reads."""

    first: int
    descriptor: int
    begin: int
    again: _Again


class _Spool(Generic[Item]):
    """Octets of items, by place. Copies are in a temporary file without a name: nobody else can open it, and it goes with us."""

    _kind: type[Item]

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._parts: list[_Part] = []
        self._size = 0
        self._kept: list[int] = []
        self._copies: BinaryIO | None = None
        self._copied = 0
        self._item: Callable[[int, int, int], Item] = lru_cache(_REMEMBERED)(self._read)
        self._original: Callable[[], int | None] | None = None
        self._descriptor: int | None = None

    def begin(self, original: Callable[[], int | None]) -> None:
        """Expect the blocks of the next file, for which `original` gives a descriptor once the first block is there."""
        self._original, self._descriptor = original, None

    def add(self, block: Block) -> int:
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

    def close(self) -> None:
        """Let go all that was kept."""
        for descriptor in self._kept:
            os.close(descriptor)
        self._kept = []
        if self._copies is not None:
            self._copies.close()

    def _read(self, place: int, size: int, line: int) -> Item:
        part = self._parts[bisect_right(self._parts, place, key=attrgetter("first")) - 1]
        item = part.again(line, os.pread(part.descriptor, size, part.begin + place - part.first))
        if not isinstance(item, self._kind):
            raise OSError("a file was changed while it was read")
        return item

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


class Spool(_Spool[CallRecord]):
    """Octets of call records."""

    _kind = CallRecord

    def event(self, kind: EventKind, time: Micros, sequence: int, place: int, size: int) -> Event:
        """Return the event of `kind` of the record at `place`. Raises `OSError` where the file holds another one there by now."""
        for event in self.events(sequence, place, size):
            if event.kind is kind and event.time == time:
                return event
        raise OSError("a file was changed while it was read")

    def events(self, sequence: int, place: int, size: int) -> list[Event]:
        """Return all events of the record at `place`. Raises `OSError` where the file holds none there by now."""
        return events_of_record(self._item(place, size, sequence // len(KINDS)), self._directory)

    def call_id(self, place: int, size: int) -> str:
        """Return the call id of the record at `place`. Raises `OSError` where there is none by now."""
        return self._item(place, size, 0).call_id


class EntrySpool(_Spool[LogEntry]):
    """Octets of log entries."""

    _kind = LogEntry

    def event(self, kind: EventKind, time: Micros, sequence: int, place: int, size: int) -> Event:
        """Return the event of `kind` of the entry at `place`. Raises `OSError` where the file holds none there by now.

        It is at `time`: which of two moments a local time means the line alone does not say.
        """
        entry = self._item(place, size, sequence // EVENTS_AN_ENTRY)
        for event in events_of_entry(msgspec.structs.replace(entry, time=time, line=sequence // EVENTS_AN_ENTRY)):
            if event.kind is kind:
                return attributed(event, self._directory)
        raise OSError("a file was changed while it was read")

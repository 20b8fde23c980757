"""A bounded table of entries with deadlines; every change is noted, so that a journal can carry the changes."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from heapq import heapify, heappop, heappush, heapreplace
from typing import Final, Generic, Protocol, TypeVar

from ringfence.vocabulary.times import Micros


class Entry(Protocol):
    """What a table holds. `serial` orders entries with the same deadline."""

    serial: int
    deadline: Micros


_FEWEST_DEADLINES: Final = 1_024

_Key = TypeVar("_Key")
_Entry = TypeVar("_Entry", bound=Entry)


class Table(Generic[_Key, _Entry]):
    """Key to entry, least recently touched first. Beyond `limit` those leave, and `dropped` counts them."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._entries: OrderedDict[_Key, _Entry] = OrderedDict()
        self.get: Final[Callable[[_Key], _Entry | None]] = self._entries.get
        """Return the entry under a key, untouched. (The dictionary's own method: nothing is asked more often.)"""
        self.deadlines: Final[list[tuple[Micros, int, _Key]]] = []
        """A heap. What stands first may be due, or not any more: `due` tells."""
        self._touched: OrderedDict[_Key, None] = OrderedDict()
        self.notes_changes = True
        self.dropped = 0
        self._unqueued = -1
        """The serial of the entry that was taken out of the queue of deadlines last."""

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, key: _Key, entry: _Entry) -> None:
        """Set an entry as the most recent, and its deadline."""
        entries = self._entries
        if key in entries:
            entries.move_to_end(key)
        entries[key] = entry
        self._await(key, entry)
        if self.notes_changes:
            self._note(key)
        if len(entries) > self._limit:
            oldest, _ = self._entries.popitem(last=False)
            self._note(oldest)
            self.dropped += 1

    def keep(self, key: _Key, entry: _Entry, deadline: Micros) -> None:
        """Make the entry, which is in the table, the most recent, with that deadline."""
        # A deadline put off stays in the queue as it was: it is looked at again when it comes.
        is_queued = entry.deadline <= deadline and entry.serial != self._unqueued
        entry.deadline = deadline
        if not is_queued:
            self._unqueued = -1
            self._await(key, entry)
        self.touch(key)

    def touch(self, key: _Key) -> None:
        """Make the entry, whose fields but not its deadline were changed, the most recent."""
        self._entries.move_to_end(key)
        if self.notes_changes:
            self._note(key)

    def remove(self, key: _Key) -> None:
        """Forget an entry."""
        del self._entries[key]
        self._note(key)

    def due(self, now: Micros) -> tuple[Micros, int] | None:
        """Return the earliest deadline up to `now` and its entry's serial, or `None`."""
        deadlines = self.deadlines
        while deadlines and deadlines[0][0] <= now:
            deadline, serial, key = deadlines[0]
            entry = self.get(key)
            if entry is None or entry.serial != serial or entry.deadline < deadline:
                heappop(deadlines)
            elif entry.deadline > deadline:
                heapreplace(deadlines, (entry.deadline, serial, key))
            else:
                return deadline, serial
        return None

    def pop_due(self) -> tuple[_Key, _Entry]:
        """Take the entry of `due` out of the queue of deadlines, not out of the table."""
        _, self._unqueued, key = heappop(self.deadlines)
        return key, self._entries[key]

    def items(self) -> Iterator[tuple[_Key, _Entry]]:
        """Yield all, least recently touched first."""
        yield from self._entries.items()

    def changes(self) -> tuple[list[tuple[_Key, _Entry]], list[_Key]]:
        """Return what was touched since the last time, in the order of touching, and the keys that left."""
        kept = [(key, self._entries[key]) for key in self._touched if key in self._entries]
        gone = [key for key in self._touched if key not in self._entries]
        self._touched.clear()
        return kept, gone

    def load(self, entries: Iterable[tuple[_Key, _Entry]], gone: Iterable[_Key] = ()) -> None:
        """Put `entries` in, in their order, and forget those `gone`; not noted as changes."""
        for key in gone:
            self._entries.pop(key, None)
        for key, entry in entries:
            self._entries[key] = entry
            self._entries.move_to_end(key)
            self._await(key, entry)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self.deadlines.clear()
        self._touched.clear()

    def _await(self, key: _Key, entry: _Entry) -> None:
        heappush(self.deadlines, (entry.deadline, entry.serial, key))
        if len(self.deadlines) > _FEWEST_DEADLINES + 4 * len(self._entries):  # else those of entries gone stay for hours
            self.deadlines[:] = [(kept.deadline, kept.serial, known) for known, kept in self._entries.items()]
            heapify(self.deadlines)

    def _note(self, key: _Key) -> None:
        if self.notes_changes:
            self._touched[key] = None
            self._touched.move_to_end(key)

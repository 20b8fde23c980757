"""A bounded table of entries with deadlines; every change is noted, so that a journal can carry the changes."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from heapq import heapify, heappop, heappush
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
        self._deadlines: list[tuple[Micros, int, _Key]] = []
        self._touched: OrderedDict[_Key, None] = OrderedDict()
        self.notes_changes = True
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: _Key) -> _Entry | None:
        """Return the entry under `key`, untouched."""
        return self._entries.get(key)

    def put(self, key: _Key, entry: _Entry) -> None:
        """Set an entry as the most recent, and its deadline."""
        self._entries[key] = entry
        self._entries.move_to_end(key)
        self._await(key, entry)
        self._note(key)
        if len(self._entries) > self._limit:
            oldest, _ = self._entries.popitem(last=False)
            self._note(oldest)
            self.dropped += 1

    def touch(self, key: _Key) -> None:
        """Make the entry, whose fields but not its deadline were changed, the most recent."""
        self._entries.move_to_end(key)
        self._note(key)

    def remove(self, key: _Key) -> None:
        """Forget an entry."""
        del self._entries[key]
        self._note(key)

    def may_be_due(self, now: Micros) -> bool:
        """Tell whether a deadline up to `now` is possible: `False` is certain, and asked more cheaply than the deadline itself."""
        return bool(self._deadlines) and self._deadlines[0][0] <= now

    def next_deadline(self) -> tuple[Micros, int] | None:
        """Return the earliest deadline and its entry's serial, or `None`."""
        while self._deadlines:
            deadline, serial, key = self._deadlines[0]
            entry = self._entries.get(key)
            if entry is not None and entry.serial == serial and entry.deadline == deadline:
                return deadline, serial
            heappop(self._deadlines)
        return None

    def pop_due(self) -> tuple[_Key, _Entry]:
        """Take the entry of `next_deadline` out of the queue of deadlines, not out of the table."""
        key = heappop(self._deadlines)[2]
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
        self._deadlines.clear()
        self._touched.clear()

    def _await(self, key: _Key, entry: _Entry) -> None:
        heappush(self._deadlines, (entry.deadline, entry.serial, key))
        if len(self._deadlines) > _FEWEST_DEADLINES + 4 * len(self._entries):  # else those of entries gone stay for hours
            self._deadlines = [(kept.deadline, kept.serial, known) for known, kept in self._entries.items()]
            heapify(self._deadlines)

    def _note(self, key: _Key) -> None:
        if self.notes_changes:
            self._touched[key] = None
            self._touched.move_to_end(key)

"""A table of what is followed: its numbers stand in an array, its texts under the same slots in lists.

Every change is noted, so that a journal can carry the changes.
"""

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any, Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import Sender
from ringfence.watch.calls.entries import Call, CallKey, Origin, Transaction, TransactionKey
from ringfence.watch.calls.notes import Note, Notes
from ringfence.watch.calls.slots import Slots
from ringfence.watch.kernels import call_entries as kernel
from ringfence.watch.kernels import call_layout as c

_OLDEST: Final = 1_024
"""How many are looked for at once where a table is full."""

_Key = TypeVar("_Key", TransactionKey, CallKey)
_Entry = TypeVar("_Entry", Transaction, Call)
_Followed = TypeVar("_Followed", bound="Followed")


class Followed:
    """One entry of a table, under its slot: what is set is set in the table. Good until the table is asked to change."""

    __slots__ = ("slot", "table")

    def __init__(self, table: "Table[Any, Any, Any]", slot: int) -> None:
        self.table = table
        self.slot = slot

    def number(self, column: int) -> int:
        """Return what stands in a column."""
        return int(self.table.rows.item(self.slot, column))

    def set(self, column: int, value: int) -> None:
        """Write into a column."""
        self.table.rows[self.slot, column] = value

    @property
    def origin(self) -> Origin:
        """What its request said."""
        origin: Origin = self.table.origin(self.slot)
        return origin

    @property
    def status(self) -> int:
        """Of its final response; 0 where there was none."""
        return self.number(c.STATUS)

    def touch(self) -> None:
        """Make it the most recent."""
        self.table.touch(self.slot)

    def keep(self, deadline: Micros) -> None:
        """Make it the most recent, with that deadline."""
        self.table.keep(self.slot, deadline)


class Table(Generic[_Key, _Entry, _Followed]):
    """Key to entry, least recently touched first. Beyond `limit` those leave, and `dropped` counts them."""

    which: int

    def __init__(self, slots: Slots, limit: int, notes: Notes) -> None:
        self.slots: Final = slots
        self.limit: Final = limit
        self.notes: Final = notes
        slots.book.marks[c.TELLS_GONE + self.which] = 1
        self.dropped = 0
        self.keys: list[_Key | Note] = []
        self.origins: list[Origin | Note] = []
        """What requests said, as notes until somebody asks."""
        self.senders: list[Sender | None] = []
        self._oldest: list[tuple[int, int]] = []
        self._gone: dict[_Key, None] = {}
        self._told_upto = 0

    def __len__(self) -> int:
        return self.slots.capacity - int(self.slots.book.marks[c.FREE + self.which])

    @property
    def notes_changes(self) -> bool:
        """Tell whether what changes is noted; without it texts of what left stay in their slots until these are given again."""
        return bool(self.slots.book.marks[c.TELLS_GONE + self.which])

    @notes_changes.setter
    def notes_changes(self, notes: bool) -> None:
        self.slots.book.marks[c.TELLS_GONE + self.which] = notes

    @property
    def rows(self) -> NDArray[np.int64]:
        """The entries' numbers: columns of `call_layout` by slot."""
        book = self.slots.book
        return book.requests if self.which == c.REQUESTS else book.calls

    @abstractmethod
    def hashed(self, key: _Key) -> np.uint64:
        """Return by what an entry is found."""

    @abstractmethod
    def key_in(self, note: Note) -> _Key:
        """Return by what an entry is known, of what its request said."""

    def key(self, slot: int) -> _Key:
        """Return by what the entry that has a slot is known."""
        key = self.keys[slot]
        if isinstance(key, bytes):
            key = self.keys[slot] = self.key_in(key)
        return key

    def origin(self, slot: int) -> Origin:
        """Return what the request said of the entry that has a slot."""
        said = self.origins[slot]
        if isinstance(said, bytes):
            said = self.origins[slot] = self.notes.origin(said)
        return said

    @abstractmethod
    def at(self, slot: int) -> _Followed:
        """Return the entry that has a slot."""

    @abstractmethod
    def entry(self, slot: int, row: list[int]) -> _Entry:
        """Return a copy of the entry that has a slot, as it is remembered over a restart; `row` is what stands in its columns."""

    @abstractmethod
    def put(self, entry: _Entry) -> int:
        """Set an entry as the most recent, and its deadline; return its slot."""

    def get(self, key: _Key) -> _Followed | None:
        """Return the entry under a key, untouched."""
        slot = kernel.slot_of(self.slots.book.cells, self.which, self.hashed(key))
        return self.at(slot) if slot >= 0 else None

    def fit(self) -> None:
        """Let the lists be as long as the arrays."""
        more = self.slots.capacity - len(self.keys)
        if more > 0:
            for texts in self.texts:
                texts.extend([None] * more)

    @property
    def texts(self) -> tuple[list[Any], ...]:
        """The lists of what an entry holds beside its numbers; a slot that is free holds nothing, or what left it."""
        return self.keys, self.origins, self.senders

    def enter(self, key: _Key, deadline: int, serial: int = 0) -> int:
        """Give a new entry under `key`, which replaces one that is there, a slot and `serial` or the next one; return the slot."""
        hashed = self.hashed(key)
        known = kernel.slot_of(self.slots.book.cells, self.which, hashed)
        if known >= 0:
            kernel.release_entry(self.slots.book, self.rows, self.which, known)
            self._blank(known)
        elif len(self) >= self.limit:
            self._drop_oldest()
        self.slots.make_room()
        self.fit()
        slot = kernel.enter_entry(self.slots.book, self.rows, self.which, hashed, int(deadline), int(serial))
        self.keys[slot] = key
        return slot

    def touch(self, slot: int) -> None:
        """Make an entry, whose fields but not its deadline were changed, the most recent."""
        marks = self.slots.book.marks
        marks[c.TOUCHES] += 1
        self.rows[slot, c.TOUCHED] = marks[c.TOUCHES]

    def keep(self, slot: int, deadline: Micros) -> None:
        """Make an entry the most recent, with that deadline."""
        self.slots.make_room()
        book = self.slots.book
        code = slot if self.which == c.REQUESTS else -1 - slot
        kernel.keep_entry(book.marks, book.due, self.rows, slot, code, int(deadline))

    def forget(self, slot: int) -> None:
        """Forget the texts of an entry that has left its slot."""
        if self.notes_changes:
            key = self.key(slot)
            self._gone.pop(key, None)
            self._gone[key] = None
        self._blank(slot)

    def remove(self, slot: int) -> None:
        """Forget an entry."""
        kernel.release_entry(self.slots.book, self.rows, self.which, slot)
        self.forget(slot)

    def slots_by_touch(self) -> list[int]:
        """Return the slots of all, least recently touched first."""
        slots: list[int] = self._by_touch(0).tolist()
        return slots

    def entries(self) -> list[_Entry]:
        """Return copies of all, least recently touched first."""
        return self._copies(0)

    def changes(self) -> tuple[list[_Entry], list[_Key]]:
        """Return what was touched since the last time, in the order of touching, and the keys that left."""
        kept = self._copies(self._told_upto)
        gone = [key for key in self._gone if self.get(key) is None]
        self._note_none()
        return kept, gone

    def load(self, entries: Iterable[_Entry], gone: Iterable[_Key] = ()) -> None:
        """Put `entries` in, in their order, and forget those `gone`; not noted as changes."""
        for key in gone:
            if (known := self.get(key)) is not None:
                self.remove(known.slot)
        for entry in entries:
            self.put(entry)
        self._note_none()

    def clear(self) -> None:
        """Forget the texts of all, and what was noted. The slots are for their owner to clear."""
        for texts in self.texts:
            texts[:] = [None] * len(texts)
        self._oldest.clear()
        self._note_none()

    def _blank(self, slot: int) -> None:
        for texts in self.texts:
            texts[slot] = None

    def _note_none(self) -> None:
        self._gone.clear()
        self._told_upto = int(self.slots.book.marks[c.TOUCHES])

    def _copies(self, after: int) -> list[_Entry]:
        """Return copies of what was touched after that, in the order of touching."""
        slots = self._by_touch(after)
        rows: list[list[int]] = self.rows[slots].tolist()
        return [self.entry(slot, row) for slot, row in zip(slots.tolist(), rows, strict=True)]

    def _by_touch(self, after: int) -> NDArray[np.int64]:
        touched = self.rows[:, c.TOUCHED]
        slots = np.flatnonzero((self.rows[:, c.KEY] != 0) & (touched > after))
        return slots[np.argsort(touched[slots])]

    def _drop_oldest(self) -> None:
        """Let the least recently touched entry leave."""
        while True:
            if not self._oldest:
                rows = self.rows
                slots = np.flatnonzero(rows[:, c.KEY])
                touched = rows[slots, c.TOUCHED]
                most = min(_OLDEST, slots.size) - 1
                first = np.argpartition(touched, most)[: most + 1]
                self._oldest = sorted(zip(touched[first].tolist(), slots[first].tolist(), strict=True), reverse=True)
            touched_at, slot = self._oldest.pop()
            if self.rows[slot, c.KEY] and self.rows[slot, c.TOUCHED] == touched_at:
                self.dropped += 1
                self.remove(slot)
                return

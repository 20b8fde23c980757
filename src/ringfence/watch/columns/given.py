"""One batch as derived columns read it: texts by their hashes, numbers as words, each made once however many columns ask."""

from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from struct import Struct
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ringfence.policy.fields import FIELDS
from ringfence.vocabulary.contracts import Event
from ringfence.watch.columns.automata import Table
from ringfence.watch.columns.batches import ColumnBatch, Columns, times_of
from ringfence.watch.columns.hashes import UNSET, TextHashes
from ringfence.watch.columns.numbers import number_of, number_word
from ringfence.watch.columns.remembered import KeyTable, Remembered
from ringfence.watch.kernels import number_words

NOBODY: Final = np.uint64(0x5BD1E9955BD1E995)
"""Stands for an unset text where texts are told apart."""
_OTHER: Final = np.uint64(0x2545F4914F6CDD1D)  # stands for a text that is no entry
_REMEMBERED: Final = 1 << 18
_DOUBLE: Final = Struct("<d")
_OCTETS: Final = Struct("<Q")
_NUMBER_BITS: Final = np.uint64(0x5851F42D4C957F2D)  # moves the bits of 0.0 away from `UNSET`


class Entries:
    """The entries of a list."""

    def __init__(self, entries: Sequence[str], hashes: TextHashes) -> None:
        self.known: Final = KeyTable()
        texts = sorted({entry for entry in entries if entry})
        if texts:
            self.known.add(hashes.of_texts(texts))


Apart = Table | Entries | None
"""What of a text an expression can tell apart: an automaton's classes of numbers, a list's entries, or each text."""


class Words:
    """Texts as words, remembered by their hashes."""

    def __init__(self) -> None:
        self._known = Remembered(np.uint64, _REMEMBERED)

    def of(self, texts: NDArray[np.uint64], name: str, events: "Once") -> NDArray[np.uint64]:
        """Return the words of a field's texts, given their hashes too."""
        read = attrgetter(FIELDS[name].attribute)
        return self._known.of(np.where(texts == UNSET, NOBODY, texts), lambda place: number_word(read(events[place])))


class Once:
    """Events that are made when they are asked for: each once, however many columns want it."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._events = events
        self._made: dict[int, Event] = {}

    def __getitem__(self, place: int) -> Event:
        """Return an event."""
        event = self._made.get(place)
        if event is None:
            event = self._made[place] = self._events[place]
        return event


class Given:
    """A batch's columns and events."""

    def __init__(self, columns: Columns, events: Sequence[Event], words: Words) -> None:
        self.fields: Final = columns.fields
        self.times: Final = times_of(events)
        self.once: Final = Once(events)
        self._batch = events if isinstance(events, ColumnBatch) else None
        self._reads_texts = self._batch is not None and type(self._batch).text is not ColumnBatch.text  # else by making an event
        self._known = words
        self._words: dict[str, NDArray[np.uint64]] = {}
        self._keys: dict[tuple[str, int], NDArray[np.uint64]] = {}

    def words(self, name: str) -> NDArray[np.uint64]:
        """Return a field's texts as words (see `kernels.number_words.is_number`)."""
        found = self._words.get(name)
        if found is None:
            found = self._batch.words(name) if self._batch is not None else None
            if found is None:
                found = self._known.of(self.fields[name], name, self.once)
            self._words[name] = found
        return found

    def text(self, name: str, place: int) -> str | None:
        """Return a field's text at a place."""
        words = self._words.get(name)
        if words is not None and number_words.is_number(words[place]):
            return number_of(int(words[place]))
        return self.said(name, place)

    def tells_texts(self, names: Iterable[str]) -> bool:
        """Tell whether the texts of fields are at hand without making an event of them."""
        return self._reads_texts or all(name in self._words for name in names)

    def said(self, name: str, place: int) -> str | None:
        """Return a field's text at a place, which is better not asked for where it is a number."""
        if self._batch is not None and self._reads_texts:
            return self._batch.text(name, place)
        text: str | None = getattr(self.once[place], FIELDS[name].attribute)
        return text

    def keys(self, name: str, apart: Apart) -> NDArray[np.uint64]:
        """Return what tells a field's values apart, as far as it must; never 0."""
        known = self._keys.get((name, id(apart)))
        if known is None:
            known = self._keys[name, id(apart)] = self._made(name, apart)
        return known

    def _made(self, name: str, apart: Apart) -> NDArray[np.uint64]:
        values = as_hashes(self.fields[name])
        if isinstance(apart, Entries):
            found, _ = apart.known.look_up(values)
            values = np.where(found >= 0, values, _OTHER)
        elif apart is not None:
            keys = np.empty(values.size, np.uint64)
            number_words.classify(self.words(name), values, apart, NOBODY, keys)
            return keys
        return np.where(values == UNSET, NOBODY, values)


class Said:
    """The texts of one event, read when they are asked for: `names` are fields by the attributes that events have them under."""

    __slots__ = ("_given", "_names", "_place")

    def __init__(self, given: Given, place: int, names: Mapping[str, str]) -> None:
        self._given = given
        self._place = place
        self._names = names

    def __getattr__(self, attribute: str) -> str | None:
        return self._given.text(self._names[attribute], self._place)


def as_hashes(column: NDArray[Any]) -> NDArray[np.uint64]:
    """Return text hashes as they are, and numbers and truths by their bits: equal where they are equal, never `UNSET`."""
    if column.dtype == np.uint64:
        return column
    return column.astype(np.float64).view(np.uint64) ^ _NUMBER_BITS


def number_bits(number: float) -> int:
    """Return what `as_hashes` does for one number."""
    return int(_OCTETS.unpack(_DOUBLE.pack(number))[0]) ^ int(_NUMBER_BITS)

"""Blocks of log entries as columns of the events that they tell of: those of `calls.log_entries`, without an object for each."""

from collections.abc import Collection, Sequence
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from ringfence.policy.expressions import Type
from ringfence.policy.fields import FIELDS
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import Directory, Sender
from ringfence.watch.calls.log_entries import EVENTS_AN_ENTRY
from ringfence.watch.columns.batches import KIND_CODES, ColumnBatch
from ringfence.watch.columns.hashes import UNSET, TextHashes, fold
from ringfence.watch.columns.numbers import NumberCodes
from ringfence.watch.columns.senders import NOBODY, Spans, told_of
from ringfence.watch.kernels import log_layout as layout
from ringfence.watch.wire.logs.blocks import METHODS, TRANSPORTS, LogBlock

_CELLS: Final = {
    "call_id": layout.SESSION,
    "target": layout.USER,
    "domain": layout.DOMAIN,
    "source": layout.SOURCE,
    "destination": layout.DESTINATION,
}
_WORDS: Final = {"method": (layout.METHOD, METHODS), "transport": (layout.TRANSPORT, TRANSPORTS)}
"""Fields that are mostly one of few words, and the cells where others stand."""
_OF_SENDER: Final = frozenset({"account", "trunk", "plan", "party", "root"})
_OUTBOUND: Final = "outbound"
FILLED: Final = frozenset({*_CELLS, *_WORDS, *_OF_SENDER, "direction", "credentials", "status", "time", "kind"})
"""The fields that log entries can fill."""
_TYPES: Final = {Type.TEXT: np.uint64, Type.BOOL: np.bool_, Type.NUMBER: np.float64}
_HEAD: Final = (("time", np.int64), ("sequence", np.int64), ("place", np.int64), ("size", np.int32), ("kind", np.uint8))
_BLANK: Final = Event(kind=EventKind.REQUEST, time=Micros(0), call_id="")
_LONG_AGO: Final = Micros(-(1 << 62))
_MOST: Final = 1 << 17
"""Sources, and users of sources, whose senders are remembered."""
_WORD_OF, _WORD = "target", "target_code"
"""Whom a request is for is the one number that a log tells."""
_REGISTER: Final = 1 + METHODS.index("REGISTER")


class Kept(Protocol):
    """Where what events were made of can be read again."""

    def event(self, kind: EventKind, time: Micros, sequence: int, place: int, size: int) -> Event:
        """Return the event of `kind` of the entry at `place`; `time` and `sequence` are its own."""


class LogEvents(ColumnBatch):
    """Events of log entries. `rows` are of a `LogExpander`'s `dtype`."""

    def __init__(self, rows: NDArray[np.void], kept: Kept, hashes: TextHashes) -> None:
        self._rows = rows
        self._kept = kept
        self._hashes = hashes
        self.times = np.ascontiguousarray(rows["time"])
        self.kinds = np.ascontiguousarray(rows["kind"])

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._rows)

    def __getitem__(self, place: Any) -> Any:  # noqa: ANN401 - an event, or a batch for a slice
        """Return an event, or a part of the batch."""
        if isinstance(place, slice):
            return LogEvents(self._rows[place], self._kept, self._hashes)
        row = self._rows[place]
        kind = _KINDS[int(row["kind"])]
        return self._kept.event(kind, Micros(int(row["time"])), int(row["sequence"]), int(row["place"]), int(row["size"]))

    @property
    def call_ids(self) -> Sequence[str]:
        """The events' call ids, read when they are asked for."""
        return _CallIds([np.ascontiguousarray(self._rows[name]) for name in ("sequence", "place", "size")], self._kept)

    def words(self, name: str) -> NDArray[np.uint64] | None:
        """Return the numbers in a field as words, where the batch was made with them."""
        return np.ascontiguousarray(self._rows[_WORD]) if name == _WORD_OF and _WORD in (self._rows.dtype.names or ()) else None

    def column(self, name: str, hashes: TextHashes) -> NDArray[Any]:
        """Return the field `name` of every event. Raises `ValueError` where `hashes` are others than the batch was made with."""
        if hashes is not self._hashes:
            raise ValueError("the batch was hashed under another key")
        if name == "time":
            return self.times.astype(np.float64)
        if name == "kind":
            return np.array([hashes[kind] for kind in KIND_CODES], np.uint64)[self.kinds]
        if name in (self._rows.dtype.names or ()):
            return np.ascontiguousarray(self._rows[name])
        field = FIELDS[name]
        value = getattr(_BLANK, field.attribute)
        if field.type is Type.TEXT:
            value = hashes[value]
        return np.full(len(self), np.nan if value is None else value, _TYPES[field.type])


_KINDS: Final = tuple(KIND_CODES)


class _CallIds(Sequence[str]):
    def __init__(self, rows: Sequence[NDArray[np.int64]], kept: Kept) -> None:
        self._rows = tuple(rows)  # sequences, places and sizes
        self._kept = kept

    def __len__(self) -> int:
        return self._rows[0].size

    def __getitem__(self, place: Any) -> Any:  # noqa: ANN401 - a text, or several for a slice
        if isinstance(place, slice):
            return _CallIds([column[place] for column in self._rows], self._kept)
        sequence, begin, size = (int(column[place]) for column in self._rows)
        return self._kept.event(EventKind.REQUEST, Micros(0), sequence, begin, size).call_id


class LogExpander:
    """Makes events of entries, of the `kinds` that are wanted and with the `fields` (see `policy.fields`) that are.

    `dtype` has the fields that entries can fill; every other field is of each event what it is where nobody told it. `numbers` are
    fields of which events tell the words too.
    """

    def __init__(
        self,
        directory: Directory,
        hashes: TextHashes,
        kinds: Collection[EventKind],
        fields: Collection[str],
        numbers: Collection[str] = (),
    ) -> None:
        self._kinds = tuple(kind for kind in (EventKind.REQUEST, EventKind.REGISTRATION) if kind in kinds)
        self._columns = tuple(sorted((set(fields) & FILLED) - {"time", "kind"}))
        types = [(name, _TYPES[FIELDS[name].type]) for name in self._columns]
        if _WORD_OF in numbers:
            self._columns += (_WORD,)
            types.append((_WORD, np.uint64))
        types.sort(key=lambda each: np.dtype(each[1]).itemsize)  # the narrow ones fill the room that is left behind the head
        self.dtype: Final = np.dtype([*_HEAD, *types], align=True)
        self.hashes: Final = hashes
        self._senders = EntrySenders(directory, hashes)
        cells = {layout.SOURCE, layout.USER, *(_CELLS[name] for name in self._columns if name in _CELLS)}
        cells |= {_WORDS[name][0] for name in self._columns if name in _WORDS}
        self.hashing: Final = hashes.of_call_records(sorted(cells))

    def expand(self, block: LogBlock, place: int) -> tuple[NDArray[np.void], int]:
        """Return the wanted events of a block, entry by entry, and how many events there are of all kinds.

        `place` is where the block's text begins among all that is kept.
        """
        is_registration = block.facts["method"] == _REGISTER
        none = np.zeros(len(block.lines), np.bool_)
        every = len(block.lines) + int(np.count_nonzero(is_registration))
        codes = self._senders.of(block)
        told = np.stack([none, *(is_registration if kind is EventKind.REGISTRATION else ~none for kind in self._kinds)], axis=1)
        places = np.cumsum(told).reshape(told.shape) - 1
        events = np.zeros(int(np.count_nonzero(told)), self.dtype)
        columns = {name: self._column(name, block, codes) for name in self._columns}
        for nth, kind in enumerate(self._kinds, start=1):
            rows = np.flatnonzero(told[:, nth])
            at = places[rows, nth]
            events["time"][at] = block.facts["start"][rows]
            events["sequence"][at] = block.lines[rows] * EVENTS_AN_ENTRY + (kind is EventKind.REGISTRATION)
            events["place"][at] = place + block.begins[rows]
            events["size"][at] = block.sizes[rows]
            events["kind"][at] = KIND_CODES[kind]
            for name, column in columns.items():
                events[name][at] = column[rows]
        return events, every

    def batch(self, rows: NDArray[np.void], kept: Kept) -> LogEvents:
        """Return rows as a batch of events."""
        return LogEvents(rows, kept, self.hashes)

    def _column(self, name: str, block: LogBlock, codes: NDArray[np.int64]) -> NDArray[Any]:
        if name == _WORD:
            return NumberCodes().of_cells(block.data, block.cells, layout.USER)  # of what is no number nobody reads the text
        if name in _CELLS:
            return block.hashes[_CELLS[name]]
        if name in _WORDS:
            cell, words = _WORDS[name]
            known = np.array([UNSET, *(self.hashes[word] for word in words)], np.uint64)[block.facts[name]]
            return np.where(known == UNSET, block.hashes[cell], known)
        if name in _OF_SENDER:
            return self._senders.column(name)[codes]
        if name == "direction":
            return np.where(codes == NOBODY, np.uint64(UNSET), np.uint64(self.hashes[_OUTBOUND]))
        return block.facts[name]


class EntrySenders:
    """Codes for who answers for entries, and what is known of each: hashes by name, one for each code."""

    def __init__(self, directory: Directory, hashes: TextHashes) -> None:
        self._directory = directory
        self._hashes = hashes
        self._forget()

    def of(self, block: LogBlock) -> NDArray[np.int64]:
        """Return the code of each entry's sender: by address, and by the user once he was proven."""
        count = len(block.lines)
        if not self._directory.knows_trunks:
            return np.zeros(count, np.int64)
        if self._spans.size > _MOST:
            self._forget()
        status = block.facts["status"]
        proven = block.facts["credentials"] & (status >= 200) & (status < 300) & (block.hashes[layout.USER] != UNSET)
        sources = block.hashes[layout.SOURCE]
        keys = np.where(proven, fold(sources, block.hashes[layout.USER]), sources)
        times = np.ascontiguousarray(block.facts["start"])
        return self._spans.of(keys, times, lambda row: self._spans_of(block, row, is_proven=bool(proven[row])))

    def column(self, name: str) -> NDArray[np.uint64]:
        """Return the hash of each sender's `account`, `trunk`, `plan`, `party` or `root`, by code."""
        return np.array([self._hashes[told_of(sender, name)] for sender in self._senders], np.uint64)

    def _forget(self) -> None:
        self._codes: dict[Sender | None, int] = {None: NOBODY}
        self._senders: list[Sender | None] = [None]
        self._spans = Spans()

    def _spans_of(self, block: LogBlock, row: int, *, is_proven: bool) -> list[tuple[int, int]]:
        source = _text(block, row, layout.SOURCE)
        user = _text(block, row, layout.USER) if is_proven else None
        times = [_LONG_AGO, *self._directory.changes_at(source, user)]
        return [(time, self._code(self._directory.sender(source, user, time))) for time in times]

    def _code(self, sender: Sender | None) -> int:
        code = self._codes.setdefault(sender, len(self._senders))
        if code == len(self._senders):
            self._senders.append(sender)
        return code


def _text(block: LogBlock, row: int, cell: int) -> str:
    begin, length = block.cells[row, cell].tolist()
    return block.data[begin : begin + length].tobytes().decode("utf-8", "surrogatepass")

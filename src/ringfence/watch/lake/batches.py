"""A slice of the lake as the engine takes it: columns that are read when they are asked for, and events only where one is."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ringfence.policy.expressions import Type
from ringfence.policy.fields import FIELDS
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.watch.columns import KIND_CODES, ColumnBatch, TextHashes
from ringfence.watch.kernels.texts import PADDING
from ringfence.watch.lake.reading import Rows, events_at
from ringfence.watch.lake.schema import COLUMNS

_SINGLE: Final = 64
"""Events read one by one; who asks for more gets all of the slice at once."""
_ENDS: Final = {"root": 0, "party": -1}
"""What an event works out from its party path."""


class _Loaded:
    """What was read of a slice so far. Its batches share it."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.kinds = _kinds(rows.column("kind"))
        self._columns: dict[str, NDArray[Any]] = {}
        self._arrow: dict[str, Any] = {}
        self._events: dict[int, Event] = {}

    def column(self, name: str, hashes: TextHashes) -> NDArray[Any]:
        known = self._columns.get(name)
        if known is None:
            known = self._columns[name] = self._read(name, hashes)
        return known

    def event(self, place: int) -> Event:
        if place not in self._events:
            if len(self._events) < _SINGLE:
                (self._events[place],) = events_at({column.name: self._raw(column.name) for column in COLUMNS}, [place])
            else:
                self.all_events()
        return self._events[place]

    def all_events(self) -> dict[int, Event]:
        if len(self._events) < len(self.rows):
            self._events = dict(enumerate(self.rows.events()))
        return self._events

    def _raw(self, name: str) -> Any:  # noqa: ANN401 - pyarrow has no types
        """Return a field as it stands in the file, read once: each event that is asked for needs them all."""
        known = self._arrow.get(name)
        if known is None:
            known = self._arrow[name] = self.rows.column(name)
        return known

    def _read(self, name: str, hashes: TextHashes) -> NDArray[Any]:
        field = FIELDS[name]
        if field.attribute in _ENDS:
            values = _end_of(self._raw("party_path"), _ENDS[field.attribute])
        else:
            values = self._raw(field.attribute)
        if field.type is Type.TEXT:
            return _hashed(values, hashes)
        if field.type is Type.BOOL:
            return np.asarray(values.to_numpy(zero_copy_only=False), np.bool_)
        numbers = values if pa.types.is_floating(values.type) else pc.cast(_counted(values), pa.float64())
        column: NDArray[np.float64] = pc.fill_null(numbers, float("nan")).to_numpy(zero_copy_only=False)
        return column if field.scale == 1 else column * field.scale


class LakeBatch(ColumnBatch):
    """The events of a slice, or some of them that follow each other."""

    def __init__(self, rows: Rows) -> None:
        self._loaded = _Loaded(rows)
        self._begin, self._end = 0, len(rows)
        self.times = rows.times
        self.kinds = self._loaded.kinds

    def __len__(self) -> int:
        return self._end - self._begin

    def __iter__(self) -> Iterator[Event]:
        events = self._loaded.all_events()
        return (events[place] for place in range(self._begin, self._end))

    @overload
    def __getitem__(self, place: int) -> Event: ...

    @overload
    def __getitem__(self, place: slice) -> "LakeBatch": ...

    def __getitem__(self, place: int | slice) -> "Event | LakeBatch":
        if isinstance(place, slice):
            begin, end, step = place.indices(len(self))
            if step != 1:
                raise ValueError("a batch is cut into events that follow each other")
            return _part(self._loaded, self._begin + begin, self._begin + max(begin, end))
        if not -len(self) <= place < len(self):
            raise IndexError(place)
        return self._loaded.event(self._begin + place % len(self))

    @property
    def call_ids(self) -> Sequence[str]:
        """The events' call ids, read from the file when one is asked for."""
        return _CallIds(self._loaded.rows, self._begin, self._end)

    def column(self, name: str, hashes: TextHashes) -> NDArray[Any]:
        """Return the field `name` of every event; a text's hashes are those of the first caller's `hashes`."""
        return self._loaded.column(name, hashes)[self._begin : self._end]


class _CallIds(Sequence[str]):
    """Call ids that stand in a file. Holds on to the file, and to all of them once one was asked for."""

    def __init__(self, rows: Rows, begin: int, end: int) -> None:
        self._rows = rows
        self._begin, self._end = begin, end
        self._read: list[str] | None = None

    def __len__(self) -> int:
        return self._end - self._begin

    @overload
    def __getitem__(self, place: int) -> str: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[str]: ...

    def __getitem__(self, place: int | slice) -> str | Sequence[str]:
        if self._read is None:
            self._read = self._rows.column("call_id").slice(self._begin, len(self)).to_pylist()
        return self._read[place]


def _part(loaded: _Loaded, begin: int, end: int) -> LakeBatch:
    part = LakeBatch.__new__(LakeBatch)
    part._loaded = loaded
    part._begin, part._end = begin, end
    part.times = loaded.rows.times[begin:end]
    part.kinds = loaded.kinds[begin:end]
    return part


def _kinds(values: Any) -> NDArray[np.uint8]:  # noqa: ANN401 - pyarrow has no types
    encoded = values.dictionary_encode()
    codes = np.array([KIND_CODES[EventKind(kind)] for kind in encoded.dictionary.to_pylist()], np.uint8)
    kinds: NDArray[np.uint8] = codes[encoded.indices.to_numpy(zero_copy_only=False)]
    return kinds


def _hashed(values: Any, hashes: TextHashes) -> NDArray[np.uint64]:  # noqa: ANN401 - pyarrow has no types
    """Return the hashes of a column of text, `UNSET` where it is unset."""
    _, offsets, octets = values.buffers()
    begins = np.frombuffer(offsets, np.int32)[values.offset : values.offset + len(values) + 1]
    lengths = np.diff(begins)
    cells = np.stack((begins[:-1], lengths), axis=1).reshape(-1, 1, 2)
    data = np.zeros((octets.size if octets is not None else 0) + PADDING, np.uint8)
    if octets is not None:
        data[: octets.size] = np.frombuffer(octets, np.uint8)
    found = hashes.of_cells(data, np.ascontiguousarray(cells), 0)
    found[(lengths == 0) & pc.is_valid(values).to_numpy(zero_copy_only=False)] = hashes[""]
    return found


def _end_of(paths: Any, place: int) -> Any:  # noqa: ANN401 - pyarrow has no types
    """Return the first (0) or last (-1) text of each list, unset where the list is empty."""
    offsets = paths.offsets.to_numpy()
    taken = offsets[1:] - 1 if place else offsets[:-1]
    return paths.values.take(pa.array(taken, mask=offsets[1:] == offsets[:-1]))


def _counted(values: Any) -> Any:  # noqa: ANN401 - pyarrow has no types
    return pc.cast(values, pa.int64()) if pa.types.is_timestamp(values.type) else values

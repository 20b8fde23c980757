"""Events as columns: only the fields that the plan reads."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from operator import attrgetter
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ringfence.policy.expressions import Type
from ringfence.policy.fields import FIELDS
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import Micros
from ringfence.watch.columns.hashes import TextHashes

KIND_CODES: Final = {kind: code for code, kind in enumerate(EventKind)}
"""How `Columns.kind` writes a kind."""

_TIME: Final = attrgetter("time")
_KIND: Final = attrgetter("kind")


@dataclass(frozen=True, slots=True)
class Columns:
    """A batch of n events. `time` never falls: it is when each event counts.

    `fields` maps a field's name to its column: text as hashes (uint64, 0 unset), numbers in the language's unit (float64), bool.
    """

    time: NDArray[np.int64]
    kind: NDArray[np.uint8]
    fields: dict[str, NDArray[Any]]


class ColumnBatch(Sequence[Event]):
    """Events that stand in columns already; one becomes an object when somebody asks for it by its place.

    A slice is a batch again. `times` are the events' own, `kinds` by `KIND_CODES`. It equals the list of its events in all that can
    be asked, save that it may lack kinds and fields that its maker was told nobody reads.
    """

    times: NDArray[np.int64]
    kinds: NDArray[np.uint8]

    @property
    @abstractmethod
    def call_ids(self) -> Sequence[str]:
        """The events' call ids, read when they are asked for. It holds on to no more than it needs for that."""

    @abstractmethod
    def column(self, name: str, hashes: TextHashes) -> NDArray[Any]:
        """Return the field `name` of every event as `Columns.fields` has it."""


def times_of(events: Sequence[Event]) -> NDArray[np.int64]:
    """Return the events' own times; perhaps the batch's own array, which the caller must not change."""
    return events.times if isinstance(events, ColumnBatch) else np.fromiter(map(_TIME, events), np.int64, len(events))


def call_ids_of(events: Sequence[Event]) -> Sequence[str]:
    """Return the events' call ids, those of a `ColumnBatch` read when they are asked for."""
    return events.call_ids if isinstance(events, ColumnBatch) else [event.call_id for event in events]


def columns_of(events: Sequence[Event], names: Sequence[str], hashes: TextHashes, *, clock: Micros, now: Micros) -> Columns:
    """Return `events`, in their order, with the fields `names` (see `policy.fields`).

    An event counts at its time, but never before `clock` (the latest time that counted) nor after `now`: one agent's clock
    that runs ahead must not push everybody's windows into the future.
    """
    time = np.minimum(times_of(events), now)
    np.maximum(time, clock, out=time)
    np.maximum.accumulate(time, out=time)
    if isinstance(events, ColumnBatch):
        return Columns(time, events.kinds, {name: events.column(name, hashes) for name in names})
    kind = np.fromiter(map(KIND_CODES.__getitem__, map(_KIND, events)), np.uint8, len(events))
    columns = Columns(time, kind, {name: _column(events, name, hashes) for name in names})
    hashes.bound()
    return columns


def _column(events: Sequence[Event], name: str, hashes: TextHashes) -> NDArray[Any]:
    field = FIELDS[name]
    values = map(attrgetter(field.attribute), events)
    if field.type is Type.TEXT:
        return np.fromiter(map(hashes.__getitem__, values), np.uint64, len(events))
    if field.type is Type.BOOL:
        return np.fromiter(values, np.bool_, len(events))
    told = (nan if value is None else value for value in values) if field.may_be_unset else values
    numbers = np.fromiter(told, np.float64, len(events))
    return numbers if field.scale == 1 else numbers * field.scale

"""Events as columns: only the fields that the plan reads."""

from abc import abstractmethod
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import IntFlag
from math import nan
from operator import attrgetter
from typing import Any, Final, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from ringfence.policy.expressions import Type
from ringfence.policy.fields import FIELDS
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import Micros
from ringfence.watch.columns.hashes import TextHashes
from ringfence.watch.columns.numbers import NumberCodes

KIND_CODES: Final = {kind: code for code, kind in enumerate(EventKind)}
"""How `Columns.kind` writes a kind."""

_TIME: Final = attrgetter("time")
_KIND: Final = attrgetter("kind")


class Fields(dict[str, NDArray[Any]]):
    """Columns by name, those that `names` say made by `make` when they are first asked for by `[]`.

    Most batches have no event of which most rules ask anything, so most columns are never made.
    """

    def __init__(self, make: Callable[[str], NDArray[Any]], names: Iterable[str]) -> None:
        super().__init__()
        self._make = make
        self.names: Final = frozenset(names)

    def __missing__(self, name: str) -> NDArray[Any]:
        if name not in self.names:
            raise KeyError(name)
        column = self[name] = self._make(name)
        return column


@dataclass(frozen=True, slots=True)
class Columns:
    """A batch of n events. `time` never falls: it is when each event counts.

    `fields` maps a field's name to its column: text as hashes (uint64, 0 unset), numbers in the language's unit (float64), bool.
    """

    time: NDArray[np.int64]
    kind: NDArray[np.uint8]
    fields: dict[str, NDArray[Any]]


class Outcomes(NamedTuple):
    """What each of n rows tells of calls: the row's own event, or, where the batch holds attempts alone, all of the call.

    `parts` are bits of `Part`; status, `answered` and `duration_ms` are those of the end that the row tells. `until` is the
    latest time of an event that it tells.
    """

    parts: NDArray[np.uint8]
    status: NDArray[np.int16]
    answered: NDArray[np.bool_]
    duration_ms: NDArray[np.int64]
    until: NDArray[np.int64]


class Part(IntFlag):
    """The kinds of events of a call that one row can tell."""

    ATTEMPT = 1
    ANSWER = 2
    END = 4


class ColumnBatch(Sequence[Event]):
    """Events that stand in columns already; one becomes an object when somebody asks for it by its place.

    A slice is a batch again. `times` are the events' own, `kinds` by `KIND_CODES`. It equals the list of its events in all that can
    be asked, save that it may lack kinds and fields that its maker was told nobody reads.
    """

    times: NDArray[np.int64]
    kinds: NDArray[np.uint8]

    @overload
    @abstractmethod
    def __getitem__(self, place: int) -> Event: ...

    @overload
    @abstractmethod
    def __getitem__(self, place: slice) -> "ColumnBatch": ...

    @property
    @abstractmethod
    def call_ids(self) -> Sequence[str]:
        """The events' call ids, read when they are asked for. It holds on to no more than it needs for that."""

    @abstractmethod
    def column(self, name: str, hashes: TextHashes) -> NDArray[Any]:
        """Return the field `name` of every event as `Columns.fields` has it."""

    def words(self, name: str) -> NDArray[np.uint64] | None:  # noqa: ARG002 - what others look at
        """Return the numbers in a field as words (see `kernels.number_words.is_number`); `None`: that takes making the events."""
        return None

    def text(self, name: str, place: int) -> str | None:
        """Return a field, which is a text, of the event at a place."""
        text: str | None = getattr(self[place], FIELDS[name].attribute)
        return text

    def codes(self, name: str, numbers: NumberCodes) -> NDArray[np.uint64]:
        """Return the codes of the numbers in the field `name`: `caller`, `callee` or `target`."""
        return numbers.of(getattr(event, name) for event in self)

    @property
    def tells_wholes(self) -> bool:
        """Tell whether attempts tell their whole calls, and other events nothing of them."""
        return False

    def outcomes(self, hashes: TextHashes) -> Outcomes:
        """Return what each row tells of calls."""
        parts = _PARTS[self.kinds]
        duration_ms = np.rint(self.column("duration", hashes) / FIELDS["duration"].scale).astype(np.int64)
        status, answered = self.column("status", hashes).astype(np.int16), self.column("answered", hashes)
        return Outcomes(parts, status, answered, duration_ms, self.times)

    def places_of_calls(self, call_ids: Collection[str], hashes: TextHashes) -> list[tuple[str, int]]:
        """Return where events of some calls stand, each with its call id."""
        if not call_ids:
            return []
        wanted = {hashes[call_id]: call_id for call_id in call_ids}
        column = self.column("call_id", hashes)
        places = np.flatnonzero(np.isin(column, np.array(list(wanted), np.uint64)))
        return [(wanted[hashed], place) for hashed, place in zip(column[places].tolist(), places.tolist(), strict=True)]

    def told_with(self, place: int) -> Sequence[Event]:
        """Return the events that were told together with one: of a call record all of it, else the one alone."""
        return [self[place]]


_PARTS: Final = np.array([getattr(Part, kind.name, 0) for kind in EventKind], np.uint8)


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
        return Columns(time, events.kinds, Fields(lambda name: events.column(name, hashes), names))
    hashes.bound()
    kind = np.fromiter(map(KIND_CODES.__getitem__, map(_KIND, events)), np.uint8, len(events))
    return Columns(time, kind, Fields(lambda name: column_of(events, name, hashes), names))


def column_of(events: Sequence[Event], name: str, hashes: TextHashes) -> NDArray[Any]:
    """Return one field of events as `Columns.fields` has it."""
    field = FIELDS[name]
    values = map(attrgetter(field.attribute), events)
    if field.type is Type.TEXT:
        return np.fromiter(map(hashes.__getitem__, values), np.uint64, len(events))
    if field.type is Type.BOOL:
        return np.fromiter(values, np.bool_, len(events))
    told = (nan if value is None else value for value in values) if field.may_be_unset else values
    numbers = np.fromiter(told, np.float64, len(events))
    return numbers if field.scale == 1 else numbers * field.scale

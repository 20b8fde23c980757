"""Columns of what expressions make of texts, lists and time: computed once for each distinct set of what they read."""

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ringfence.policy.evaluation import Context, reading
from ringfence.policy.expressions import Call, Expression, Field, Listed, Literal, Lookup, Type
from ringfence.policy.functions import FUNCTIONS, Function, Needs
from ringfence.policy.trees import children, fields_in, parts
from ringfence.policy.written import written
from ringfence.vocabulary.contracts import Event
from ringfence.vocabulary.times import MINUTE
from ringfence.watch.columns.batches import Columns, times_of
from ringfence.watch.columns.hashes import UNSET, TextHashes, fold

ARITHMETIC: Final = frozenset({"abs", "min", "max", "round", "floor", "ceil"})
"""Functions that are computed column by column, as sums are."""

_REMEMBERED: Final = 1 << 18
_NOBODY: Final = np.uint64(0x5BD1E9955BD1E995)  # stands for an unset text where texts are told apart
_NUMBER_BITS: Final = np.uint64(0x5851F42D4C957F2D)  # moves the bits of 0.0 away from `UNSET`
_DTYPES: Final = {Type.BOOL: np.bool_, Type.NUMBER: np.float64, Type.TEXT: np.uint64}


def derived_parts(expression: Expression | None) -> Iterator[Expression]:
    """Yield the largest parts of `expression` that `evaluate` wants as a column of their own."""
    if expression is None:
        return
    if is_derived(expression):
        yield expression
        return
    for child in children(expression):
        yield from derived_parts(child)


def is_derived(expression: Expression) -> bool:
    """Tell whether `evaluate` wants it as a column of its own."""
    return isinstance(expression, Listed | Lookup) or (isinstance(expression, Call) and expression.function not in ARITHMETIC)


def column_names(expression: Expression | None) -> Iterator[str]:
    """Yield the columns that `evaluate` reads for `expression`, fields and derived ones, some perhaps twice."""
    if isinstance(expression, Field):
        yield expression.name
    elif expression is not None and is_derived(expression):
        yield written(expression)
    elif expression is not None:
        for child in children(expression):
            yield from column_names(child)


def as_hashes(column: NDArray[Any]) -> NDArray[np.uint64]:
    """Return text hashes as they are, and numbers and truths by their bits: equal where they are equal, never `UNSET`."""
    if column.dtype == np.uint64:
        return column
    return column.astype(np.float64).view(np.uint64) ^ _NUMBER_BITS


class Derivations:
    """All derived columns that some expressions need. `fields` are those that a batch must have for them.

    For a plan: make one of all its expressions, ask `columns_of` for `fields` too, and `extend` what it gives.
    """

    def __init__(self, expressions: Iterable[Expression | None], context: Context, hashes: TextHashes) -> None:
        found = dict.fromkeys(part for expression in expressions for part in derived_parts(expression))
        self._derived = tuple(_Derived(part, context, hashes) for part in found)
        self.fields: Final = frozenset(name for derived in self._derived for name in derived.fields)

    def extend(self, columns: Columns, events: Sequence[Event]) -> None:
        """Add the derived columns to those of the same `events`, each named as it is written."""
        if not self._derived:
            return
        times, once = times_of(events), _Once(events)
        for derived in self._derived:
            columns.fields[derived.name] = derived.column(columns, once, times)


class _Once:
    """Events that are made when they are asked for: each once, however many columns want it."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._events = events
        self._made: dict[int, Event] = {}

    def __getitem__(self, place: int) -> Event:
        event = self._made.get(place)
        if event is None:
            event = self._made[place] = self._events[place]
        return event


class _Derived:
    """One derived column. What it came to is remembered by the hash of all that it reads."""

    def __init__(self, expression: Expression, context: Context, hashes: TextHashes) -> None:
        self.name: Final = written(expression)
        self._expression = expression
        self._context = context
        self._holders = context.holders
        self._hashes = hashes
        self._read = reading(expression, context)
        self._remembered: dict[int, Any] = {}
        calls = [part for part in parts(expression) if isinstance(part, Call)]
        account = {"account"} if any(Needs.ACCOUNT in FUNCTIONS[call.function].needs for call in calls) else set()
        self.fields: Final = tuple(sorted(fields_in(expression) | account))
        self._changes = np.array(sorted(_changes(expression, context)), np.int64)
        self._grain = _grain([FUNCTIONS[call.function] for call in calls])
        asking = [call.arguments[0] for call in calls if Needs.HOLDERS in FUNCTIONS[call.function].needs]
        self._numbers = tuple(reading(number, context) for number in asking)
        self._moves: dict[int, list[int]] = {}

    def column(self, columns: Columns, events: _Once, times: NDArray[np.int64]) -> NDArray[Any]:
        """Return the column. An event is asked for only where nothing like it was seen before."""
        self._forget_what_changed()
        told = self._keys(columns, times)
        if self._numbers:
            told = self._by_holding(told, events, times)
        keys, first, place = np.unique(told, return_index=True, return_inverse=True)
        values: NDArray[Any] = np.empty(keys.size, _DTYPES[self._expression.type])
        for index, (key, at) in enumerate(zip(keys.tolist(), first.tolist(), strict=True)):
            value = self._remembered.get(key)
            if value is None:
                value = self._remembered[key] = self._value(events[at])
            values[index] = value
        return values[place]

    def _forget_what_changed(self) -> None:
        others = self._context.holders is not self._holders
        self._holders = self._context.holders
        if (others and self._numbers) or len(self._remembered) > _REMEMBERED:
            self._remembered.clear()
            self._moves.clear()

    def _by_holding(self, keys: NDArray[np.uint64], events: _Once, times: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Tell apart, among events with one key, those between which a number that is asked about changed hands."""
        distinct, first, place = np.unique(keys, return_index=True, return_inverse=True)
        moved = [self._moves_of(key, events, at) for key, at in zip(distinct.tolist(), first.tolist(), strict=True)]
        if not any(moved):
            return keys
        spans = np.zeros(keys.size, np.uint64)
        order = np.argsort(place, kind="stable")
        begins = np.searchsorted(place[order], np.arange(len(moved) + 1))
        for index, moments in enumerate(moved):
            rows = order[begins[index] : begins[index + 1]]
            spans[rows] = np.searchsorted(np.array(moments, np.int64), times[rows], side="right") + 1
        return fold(keys, spans)

    def _moves_of(self, key: int, events: _Once, at: int) -> list[int]:
        """Return the moments at which a number that the event at `at` asks about changed hands."""
        moves = self._moves.get(key)
        if moves is None:
            event, holders = events[at], self._holders
            numbers = {read(event) for read in self._numbers} - {None}
            found = set() if holders is None else {moment for number in numbers for moment in holders.changes_of_holder(number)}
            moves = self._moves[key] = sorted(found)
        return moves

    def _value(self, event: Event) -> int | float | bool:
        value = self._read(event)
        if self._expression.type is Type.TEXT:
            return UNSET if value is None else self._hashes[value]
        return value  # type: ignore[no-any-return]  # the expression's type says what it is

    def _keys(self, columns: Columns, times: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Return a hash of all that the expression reads of each event."""
        told = [self._moments(times)] if self._grain is not None else []
        told += [np.searchsorted(self._changes, times, side="right").astype(np.uint64)] if self._changes.size else []
        told += [as_hashes(columns.fields[name]) for name in self.fields]
        if not told:
            return np.zeros(times.size, np.uint64)
        return reduce(fold, (np.where(column == UNSET, _NOBODY, column) for column in told))

    def _moments(self, times: NDArray[np.int64]) -> NDArray[np.uint64]:
        return (times // (self._grain or 1)).astype(np.uint64)


def _changes(expression: Expression, context: Context) -> set[int]:
    """Return the moments at which a row of a list that it reads comes into force or leaves it."""
    lists: set[str] = set()
    for part in parts(expression):
        if isinstance(part, Listed | Lookup):
            lists.add(part.list)
        elif isinstance(part, Call) and Needs.LISTS in FUNCTIONS[part.function].needs:
            lists.add(str(next(each.value for each in part.arguments if isinstance(each, Literal))))
    return {change for name in lists for change in context.entries(name).changes()}


def _grain(called: Sequence[Function]) -> int | None:
    """Return how finely it depends on the event's time: by the minute that clocks show, or wholly."""
    timed = [function for function in called if Needs.TIME in function.needs and Needs.HOLDERS not in function.needs]
    if not timed:
        return None
    return MINUTE if all(function.name in _CLOCKS for function in timed) else 1


_CLOCKS: Final = frozenset({"hour", "minute", "weekday", "holiday", "calling_hours"})

"""What a rule reads of a batch: which events take part, under which key, and which measures each counts for."""

from collections.abc import Iterator
from functools import reduce
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ringfence.policy.expressions import Field, Type
from ringfence.policy.fields import FIELDS, OUTCOME_FIELDS
from ringfence.policy.plan import Measure, MeasureFunction, Rule
from ringfence.vocabulary.contracts import EventKind
from ringfence.watch.columns import KIND_CODES, UNSET, Columns, TextHashes, evaluate, field_names, fold
from ringfence.watch.kernels import windows as kernel
from ringfence.watch.kernels.layout import Batch
from ringfence.watch.windows.errors import RuleUnmeasurable

FUNCTIONS: Final = {
    MeasureFunction.COUNT: kernel.COUNT,
    MeasureFunction.DISTINCT: kernel.DISTINCT,
    MeasureFunction.SUM: kernel.SUM,
    MeasureFunction.MEAN: kernel.MEAN,
    MeasureFunction.MAXIMUM: kernel.MAXIMUM,
}
_MOST_MEASURES: Final = 64  # a row's members are one 64-bit word
_NUMBER_BITS: Final = np.uint64(0x5851F42D4C957F2D)  # moves the bits of 0.0 away from `UNSET`


class Reading:
    """A rule's way of reading batches.

    A call's outcome is known at its end, so in a rule `on: attempt` a measure that needs an outcome field (in its own filter,
    in its field, or in the rule's `where`) counts the call at its `end` event; the rule's other measures count it at its
    `attempt`, in the same window. The condition is evaluated at both.
    """

    def __init__(self, rule: Rule, hashes: TextHashes) -> None:
        _check(rule)
        self._rule = rule
        self._hashes = hashes
        self._key = tuple(part.name for part in rule.key if isinstance(part, Field))
        self._kinds = tuple(KIND_CODES[_kind_of(measure, rule)] for measure in rule.measures)
        self._read = np.isin(np.arange(len(KIND_CODES)), self._kinds)
        self._distinct = tuple(measure for measure in rule.measures if measure.function is MeasureFunction.DISTINCT)
        self._numeric = tuple(measure for measure in rule.measures if measure.function in _NUMERIC)
        self._filter_fields = frozenset(name for measure in rule.measures for name in field_names(measure.where))

    @property
    def fields(self) -> frozenset[str]:
        """The event fields that the rule reads."""
        measured = (measure.field for measure in self._rule.measures if measure.field is not None)
        return self._filter_fields.union(self._key, field_names(self._rule.where), measured)

    @property
    def kinds(self) -> frozenset[EventKind]:
        """The kinds of events that the rule reads."""
        return frozenset(_kind_of(measure, self._rule) for measure in self._rule.measures)

    @property
    def lanes(self) -> NDArray[np.int64]:
        """The column that each measure has in `Batch.pairs` or `Batch.values`; 0 for a count, which has none."""
        groups = (self._distinct, self._numeric)
        return np.array([next((g.index(m) for g in groups if m in g), 0) for m in self._rule.measures], np.int64)

    @property
    def widths(self) -> tuple[int, int]:
        """How many columns `Batch.pairs` and `Batch.values` have."""
        return len(self._distinct), len(self._numeric)

    def of(self, columns: Columns, first_event: int) -> tuple[NDArray[np.intp], Batch]:
        """Return the positions in `columns` of the events that take part, and those events as the kernel reads them.

        `first_event` is the number of the event at position 0.
        """
        size = columns.time.size
        part = self._read[columns.kind]
        if self._rule.where is not None:
            part &= evaluate(self._rule.where, columns.fields, size, self._hashes)
        key = reduce(fold, (_as_hashes(columns.fields[name]) for name in self._key))
        positions = np.flatnonzero(part & (key != UNSET))
        key = key[positions]
        pairs = np.empty((positions.size, len(self._distinct)), np.uint64)
        for lane, measure in enumerate(self._distinct):
            pairs[:, lane] = fold(key, _as_hashes(columns.fields[measure.field or ""][positions]))
        values = np.empty((positions.size, len(self._numeric)), np.float64)
        for lane, measure in enumerate(self._numeric):
            values[:, lane] = columns.fields[measure.field or ""][positions]
        members = self._members(columns, positions, pairs)
        return positions, Batch(columns.time[positions], first_event + positions, key, members, pairs, values)

    def _members(self, columns: Columns, positions: NDArray[np.intp], pairs: NDArray[np.uint64]) -> NDArray[np.uint64]:
        kind = columns.kind[positions]
        filtered = {name: columns.fields[name][positions] for name in self._filter_fields}
        members = np.zeros(positions.size, np.uint64)
        for index, measure in enumerate(self._rule.measures):
            counts = kind == self._kinds[index]
            if measure.where is not None:
                counts &= evaluate(measure.where, filtered, positions.size, self._hashes)
            if measure in self._distinct:
                counts &= pairs[:, self._distinct.index(measure)] != UNSET
            members |= counts.astype(np.uint64) << np.uint64(index)
        return members


_NUMERIC: Final = frozenset({MeasureFunction.SUM, MeasureFunction.MEAN, MeasureFunction.MAXIMUM})


def _as_hashes(column: NDArray[Any]) -> NDArray[np.uint64]:
    """Return text hashes as they are, and numbers and truths by their bits: equal where they are equal, never `UNSET`."""
    if column.dtype == np.uint64:
        return column
    return column.astype(np.float64).view(np.uint64) ^ _NUMBER_BITS


def _kind_of(measure: Measure, rule: Rule) -> EventKind:
    needed = {measure.field, *field_names(measure.where), *field_names(rule.where)}
    return EventKind.END if rule.on is EventKind.ATTEMPT and needed & OUTCOME_FIELDS else rule.on


def _check(rule: Rule) -> None:
    for cause in _refusals(rule):
        raise RuleUnmeasurable(rule.name, cause)


def _refusals(rule: Rule) -> Iterator[str]:
    if not rule.key or not all(isinstance(part, Field) for part in rule.key):
        yield "its key is not made of fields"
    if not 1 <= len(rule.measures) <= _MOST_MEASURES:
        yield f"it has {len(rule.measures)} measures; 1 to {_MOST_MEASURES} can be taken"
    if rule.window_us <= 0 or rule.cool_down_us < 0:
        yield "its window must be longer than nothing, and its cool-down not shorter"
    for measure in rule.measures:
        if measure.function not in FUNCTIONS:
            yield f"measure {measure.name}: {measure.function} cannot be measured yet"
        elif (measure.field is None) != (measure.function is MeasureFunction.COUNT):
            yield f"measure {measure.name}: a count has no field, every other measure has one"
        elif measure.function in _NUMERIC and FIELDS[measure.field or ""].type is not Type.NUMBER:
            yield f"measure {measure.name}: {measure.field} is no number"

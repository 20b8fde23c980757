"""What each rule looks at, batch by batch: which events, and what each adds to the measures that a picture can show."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ringfence.policy.evaluation import Context
from ringfence.policy.expressions import Expression, Unset
from ringfence.policy.plan import Measure, MeasureFunction, Rule
from ringfence.vocabulary.times import Micros
from ringfence.watch.columns import (
    KIND_CODES,
    ColumnBatch,
    Columns,
    Derivations,
    Fields,
    TextHashes,
    as_hashes,
    evaluate,
    field_names,
)
from ringfence.words.rules import charted

MOST_LINES: Final = 2
"""Measures of a rule that are followed over time."""

_COUNTABLE: Final = (MeasureFunction.COUNT, MeasureFunction.DISTINCT, MeasureFunction.SUM)


@dataclass(frozen=True, slots=True)
class Measured:
    """One measure that a rule holds against a limit directly: what a line can show."""

    name: str
    limit: float
    window_us: Micros
    is_distinct: bool
    where: Expression | None
    value: Expression | None


class Added(NamedTuple):
    """What each of n events adds to a line: `values` where `present`; those of distinct values are their hashes' bits."""

    values: NDArray[np.int64]
    present: NDArray[np.bool_]


class Looking:
    """One rule over columns. `looked_at` is how many events it looked at so far."""

    def __init__(self, rule: Rule, hashes: TextHashes) -> None:
        self.rule: Final = rule
        self.looked_at = 0
        followed = [(measure, limit) for measure, limit in charted(rule) if measure.function in _COUNTABLE]
        self.measured: Final = tuple(_measured(measure, limit, rule.window_us) for measure, limit in followed[:MOST_LINES])
        self._hashes = hashes
        self._filters = {KIND_CODES[kind]: rule.where_of(kind) for kind in (rule.on, *rule.also_on)}
        self._wanted = tuple(Unset(part, negated=True) for part in rule.key)
        self.read: Final = (
            *self._filters.values(),
            rule.exempt,
            *rule.key,
            *(part for line in self.measured for part in (line.where, line.value)),
        )
        """What it reads of events."""

    def at(self, columns: Columns) -> tuple[NDArray[np.bool_], list[Added]] | None:
        """Return which events of a batch it looks at, and what they add to each line; `None` where it is none.

        `columns` are those that `Sight` makes of the batch.
        """
        kinds, size = columns.kind, columns.kind.size
        looked_at = np.isin(kinds, list(self._filters)) if len(self._filters) > 1 else kinds == next(iter(self._filters))
        if not looked_at.any():
            return None
        for kind, where in self._filters.items():
            if where is not None:
                looked_at &= (kinds != kind) | evaluate(where, columns.fields, size, self._hashes)
        if self.rule.exempt is not None:
            looked_at &= ~evaluate(self.rule.exempt, columns.fields, size, self._hashes)
        for wanted in self._wanted:
            looked_at &= evaluate(wanted, columns.fields, size, self._hashes)
        count = int(np.count_nonzero(looked_at))
        self.looked_at += count
        return (looked_at, [self._added(line, columns.fields, size) for line in self.measured]) if count else None

    def _added(self, line: Measured, fields: Mapping[str, NDArray[Any]], size: int) -> Added:
        present = np.ones(size, np.bool_) if line.where is None else evaluate(line.where, fields, size, self._hashes)
        if line.value is None:
            return Added(np.ones(size, np.int64), present)
        column = evaluate(line.value, fields, size, self._hashes)
        if column.dtype == np.float64:
            present = present & np.isfinite(column)
        if line.is_distinct:
            hashed = as_hashes(column)
            return Added(hashed.view(np.int64), present & (hashed != 0))
        return Added(np.where(present, column, 0).astype(np.int64), present)


class Sight:
    """What all rules read of events: a derived column is made, and what its texts came to remembered, once for all of them."""

    def __init__(self, looking: Iterable[Looking], context: Context, hashes: TextHashes) -> None:
        read = [part for each in looking for part in each.read]
        self._hashes = hashes
        self._derivations = Derivations(read, context, hashes)
        self._fields = self._derivations.fields.union(name for part in read for name in field_names(part))

    def of(self, batch: ColumnBatch) -> Columns:
        """Return the columns of a batch, each made when a rule first asks for it."""
        told = Columns(batch.times, batch.kinds, Fields(lambda name: batch.column(name, self._hashes), self._fields))
        return self._derivations.extended(told, batch)


def _measured(measure: Measure, limit: float, window_us: Micros) -> Measured:
    is_distinct = measure.function is MeasureFunction.DISTINCT
    return Measured(measure.name, limit, window_us, is_distinct, measure.where, measure.value)

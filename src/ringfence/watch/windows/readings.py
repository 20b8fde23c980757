"""What a group of rules reads of a batch: which events take part, under which key, and which measures each counts for."""

from functools import reduce
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ringfence.policy.expressions import Expression
from ringfence.policy.written import written
from ringfence.vocabulary.contracts import EventKind
from ringfence.watch.columns import (
    KIND_CODES,
    UNSET,
    Columns,
    TextHashes,
    as_hashes,
    asked_of,
    column_names,
    evaluate,
    field_names,
    fold,
    leave_out,
)
from ringfence.watch.kernels.layout import Batch
from ringfence.watch.kernels.membership import mark
from ringfence.watch.windows.terms import Pooled, Term, filter_fields, kinds_of


class Reading:
    """A group's way of reading batches: filters and values once for all of its rules.

    A call's outcome is known at its end, so in a rule `on: attempt` a measure that needs an outcome field (in its own filter,
    in its field, or in the rule's `where`) counts the call at its `end` event; the rule's other measures count it at its
    `attempt`, in the same window. The condition is looked at at both. A rule about several kinds of event asks each something else.
    """

    def __init__(self, pooled: Pooled, hashes: TextHashes) -> None:
        rule = pooled.rules[0]
        self._pooled = pooled
        self._hashes = hashes
        self._where = () if rule.also_on else asked_of(rule.where)
        kinds = (rule.on, *rule.also_on) if rule.also_on else ()
        self._where_of = [(KIND_CODES[kind], asked_of(rule.where_of(kind))) for kind in kinds]
        self._key = rule.key
        self._key_name = f"key: {', '.join(map(written, rule.key))}"
        self._inner = frozenset(name for term in pooled.terms for each in (term.where, term.value) for name in column_names(each))
        self._looks = np.zeros(len(KIND_CODES), np.uint64)
        for bit, judged in enumerate(pooled.judged):
            for kind in kinds_of(pooled, judged.rule):
                self._looks[KIND_CODES[kind]] |= np.uint64(1 << bit)
        self._kinds_name = f"kinds: {np.flatnonzero(self._looks).tolist()}"
        self._kinds = [KIND_CODES[term.kind] for term in pooled.terms]
        self._lanes = [pooled.pair_lane_of(term) for term in pooled.terms]
        words, times = np.zeros(0, np.uint64), np.zeros(0, np.int64)
        pairs, values = np.zeros((0, len(pooled.pair_lanes)), np.uint64), np.zeros((0, len(pooled.value_lanes)), np.float64)
        self.nothing = Batch(times, times, words, words, words, pairs, values)

    @property
    def kinds(self) -> frozenset[EventKind]:
        """The kinds of events that take part."""
        return frozenset(term.kind for term in self._pooled.terms)

    @property
    def fields(self) -> frozenset[str]:
        """The event fields that the group reads."""
        rule = self._pooled.rules[0]
        outer = (name for each in (rule.where, *rule.also_where, *self._key) for name in field_names(each))
        return frozenset(filter_fields(self._pooled)).union(outer)

    def of(self, columns: Columns, first_event: int) -> tuple[NDArray[np.intp], Batch]:
        """Return the positions in `columns` of the events that take part, and those events as the kernel reads them.

        `first_event` is the number of the event at position 0.
        """
        part, size = self._looked_at(columns), columns.time.size
        if not leave_out(columns, self._where, part, self._hashes) or not self._left_of_kinds(columns, part):
            return np.zeros(0, np.intp), self.nothing  # what is asked besides need not be made
        key = columns.fields.get(self._key_name)
        if key is None:
            key = reduce(fold, (evaluate(each, columns.fields, size, self._hashes) for each in self._key))
            columns.fields[self._key_name] = key
        part &= key != UNSET
        if not part.any():
            return np.zeros(0, np.intp), self.nothing
        if part.all():
            positions, inner = np.arange(part.size), columns.fields
            time, kind = columns.time, columns.kind
        else:
            positions = np.flatnonzero(part)
            inner = {name: columns.fields[name][positions] for name in self._inner}
            time, kind, key = columns.time[positions], columns.kind[positions], key[positions]
        pairs = np.empty((positions.size, len(self._pooled.pair_lanes)), np.uint64)
        for lane, term in enumerate(self._pooled.pair_lanes):
            pairs[:, lane] = fold(key, self._apart(self._value(term, inner, positions.size)))
        values = np.empty((positions.size, len(self._pooled.value_lanes)), np.float64)
        for lane, term in enumerate(self._pooled.value_lanes):
            values[:, lane] = self._value(term, inner, positions.size)
        members = self._members(kind, inner, pairs)
        return positions, Batch(time, first_event + positions, key, members, self._looks[kind], pairs, values)

    def _looked_at(self, columns: Columns) -> NDArray[np.bool_]:
        """Return which events are of the kinds that the rules look at."""
        column = columns.fields.get(self._kinds_name)
        if column is None:
            column = columns.fields[self._kinds_name] = (self._looks != 0)[columns.kind]
        return column.copy()

    def _left_of_kinds(self, columns: Columns, part: NDArray[np.bool_]) -> bool:
        """Leave out of what takes `part` the events of each kind that what the rules ask of it is not true of."""
        for code, asked in self._where_of:
            here = columns.kind == code
            of_kind = part & here
            leave_out(columns, asked, of_kind, self._hashes)
            part &= of_kind | ~here
        return bool(part.any())

    def _value(self, term: Term, inner: dict[str, NDArray[Any]], size: int) -> NDArray[Any]:
        if term.value is None:
            return np.zeros(size)  # a peak's value is what its count comes to
        return evaluate(term.value, inner, size, self._hashes)

    def _apart(self, column: NDArray[Any]) -> NDArray[np.uint64]:
        """Return what tells values apart: equal where they are, `UNSET` where one is unset. Nobody can choose it."""
        if column.dtype == np.uint64:
            return column
        hashes = self._hashes.of_numbers(as_hashes(column + 0.0))  # nothing below zero is nothing
        hashes[np.isnan(column)] = UNSET
        return hashes

    def _members(self, kind: NDArray[np.uint8], inner: dict[str, NDArray[Any]], pairs: NDArray[np.uint64]) -> NDArray[np.uint64]:
        members = np.zeros(kind.size, np.uint64)
        passed: dict[Expression, NDArray[np.bool_]] = {}
        columns = [np.ascontiguousarray(pairs[:, lane]) for lane in range(pairs.shape[1])]
        for index, (term, lane) in enumerate(zip(self._pooled.terms, self._lanes, strict=True)):
            if term.where is not None and term.where not in passed:
                passed[term.where] = evaluate(term.where, inner, kind.size, self._hashes)
            passing = _ALL if term.where is None else passed[term.where]
            mark(kind, self._kinds[index], passing, _EVERY if lane is None else columns[lane], index, members)
        return members


_ALL: Final = np.zeros(0, np.bool_)
_EVERY: Final = np.zeros(0, np.uint64)

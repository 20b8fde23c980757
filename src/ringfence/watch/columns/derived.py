"""Columns of what expressions make of texts, lists and time: computed once for each distinct set of what they read."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import reduce
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from ringfence.policy.context import Holders
from ringfence.policy.evaluation import Context, reading
from ringfence.policy.expressions import Call, Expression, Field, Listed, Literal, Lookup, Type
from ringfence.policy.fields import FIELDS
from ringfence.policy.function_values import DRAWING, computation
from ringfence.policy.functions import FUNCTIONS, Function, Needs
from ringfence.policy.trees import children, fields_in, parts
from ringfence.policy.written import written
from ringfence.vocabulary.contracts import Event
from ringfence.vocabulary.times import MINUTE, Micros
from ringfence.watch.columns.apart import Uses
from ringfence.watch.columns.batches import Columns, Fields
from ringfence.watch.columns.given import Given, Once, Said, Words
from ringfence.watch.columns.hashes import UNSET, TextHashes, fold
from ringfence.watch.columns.holdings import Holdings
from ringfence.watch.columns.remembered import Remembered
from ringfence.watch.kernels import number_words

ARITHMETIC: Final = frozenset({"abs", "min", "max", "round", "floor", "ceil"})
"""Functions that are computed column by column, as sums are."""

_REMEMBERED: Final = 1 << 18
_MOMENT_BITS: Final = np.uint64(1 << 63)  # moves a moment 0 away from the key 0
_ALWAYS: Final = np.uint64(1)
_DTYPES: Final = {Type.BOOL: np.bool_, Type.NUMBER: np.float64, Type.TEXT: np.uint64}
_DRAWING, _HALF = np.uint64(DRAWING), np.uint64(32)
_CUTS: Final = {"prefix": number_words.FIRST, "without_last": number_words.WITHOUT_LAST, "suffix": number_words.LAST}


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


class Derivations:
    """All derived columns that some expressions need. `fields` are those that a batch must have for them.

    `numbers` are those of the fields that are read as numbers, character by character: see `ColumnBatch.words`.
    For a plan: make one of all its expressions, ask `columns_of` for `fields` too, and have what it gives `extended`.
    """

    def __init__(self, expressions: Iterable[Expression | None], context: Context, hashes: TextHashes) -> None:
        found = dict.fromkeys(part for expression in expressions for part in derived_parts(expression))
        uses, holdings = Uses(context, hashes), Holdings(hashes)
        self._words = Words()
        made = [_derived(part, context, hashes, uses, holdings) for part in found]
        self._derived = {derived.name: derived for derived in made}
        self.fields: Final = frozenset(name for derived in made for name in derived.fields)
        self.numbers: Final = frozenset(name for derived in made for name in derived.numbers)

    def extended(self, columns: Columns, events: Sequence[Event]) -> Columns:
        """Return `columns`, those of the same `events`, with the derived ones, each named as it is written.

        One is made when it is first asked for by `[]`.
        """
        if not self._derived:
            return columns
        given, told, derived = Given(columns, events, self._words), columns.fields, self._derived

        def made(name: str) -> NDArray[Any]:
            return derived[name].column(given) if name in derived else told[name]

        return replace(columns, fields=Fields(made, {*derived, *told.names} if isinstance(told, Fields) else {*derived, *told}))


class _Column(Protocol):
    """One derived column: its name, the fields that it reads, and which of them as numbers."""

    name: str
    fields: tuple[str, ...]
    numbers: tuple[str, ...]

    def column(self, given: Given) -> NDArray[Any]:
        """Return the column."""


def _derived(expression: Expression, context: Context, hashes: TextHashes, uses: Uses, holdings: Holdings) -> _Column:
    """Return the column of an expression, made in the fastest way that it can be."""
    match expression:
        case Call(function="holder" | "held" as function, arguments=(Field(name=name),)):
            return _Held(expression, name, context, holdings, is_own=function == "held")
        case Call(function="prefix" | "suffix" | "without_last", arguments=(Field(), Literal(value=float() | int() as count))) if (
            count >= 1
        ):
            return _Cut(expression, context, hashes, uses)
        case Call(function="has_numbers", arguments=(Field(name=name),)):
            return _HasNumbers(expression, name, context)
        case Call(function="sampled", arguments=(Field(name=name), Literal(value=float() | int() as count))) if count >= 1:
            return _Sampled(expression, name, int(count))
        case _:
            return _Known(expression, context, hashes, uses)


class _Held:
    """Who holds a field's number, or whether that is the event's own account."""

    def __init__(self, expression: Call, number: str, context: Context, holdings: Holdings, *, is_own: bool) -> None:
        self.name = written(expression)
        self.fields: tuple[str, ...] = (number, "account") if is_own else (number,)
        self.numbers: tuple[str, ...] = ()
        self._number = number
        self._context = context
        self._holdings = holdings
        self._is_own = is_own

    def column(self, given: Given) -> NDArray[Any]:
        """Return the accounts' hashes, or truths."""
        keys, name = given.keys(self._number, None), self._number
        holders = self._holdings.holder(self._context.holders, keys, given.times, lambda place: given.text(name, place))
        if not self._is_own:
            return holders
        own: NDArray[np.bool_] = (holders == given.fields["account"]) & (holders != UNSET)
        return own


class _HasNumbers:
    """Whether the reference knows a number of a field's account: asked once for each account while one reference is known."""

    def __init__(self, expression: Call, field: str, context: Context) -> None:
        self.name = written(expression)
        self.fields: tuple[str, ...] = (field,)
        self.numbers: tuple[str, ...] = ()
        self._field = field
        self._context = context
        self._holders: Holders | None = None
        self._remembered = Remembered(np.bool_, _REMEMBERED)

    def column(self, given: Given) -> NDArray[np.bool_]:
        """Return truths; false where no account is said, or no reference is known."""
        holders, name = self._context.holders, self._field
        if holders is not self._holders:
            self._remembered.clear()
            self._holders = holders
        if holders is None:
            return np.zeros(given.times.size, np.bool_)

        def has_numbers(place: int) -> bool:
            account = given.text(name, place)
            return account is not None and holders.has_numbers(account)

        return self._remembered.of(given.keys(name, None), has_numbers)


class _Sampled:
    """Which texts of a field are sampled: their hashes are at hand."""

    def __init__(self, expression: Call, field: str, every: int) -> None:
        self.name = written(expression)
        self.fields: tuple[str, ...] = (field,)
        self.numbers: tuple[str, ...] = ()
        self._field = field
        self._every = np.uint64(every)

    def column(self, given: Given) -> NDArray[Any]:
        """Return truths; an unset text is not sampled."""
        texts = given.fields[self._field]
        sampled: NDArray[np.bool_] = ((texts * _DRAWING >> _HALF) % self._every == 0) & (texts != UNSET)
        return sampled


class _Known:
    """What an expression came to is remembered by all of what it reads that it can tell apart."""

    def __init__(self, expression: Expression, context: Context, hashes: TextHashes, uses: Uses) -> None:
        self.name = written(expression)
        self._expression = expression
        self._context = context
        self._holders = context.holders
        self._hashes, self._uses = hashes, uses
        self._read: Callable[[Any], Any] = reading(expression, context)
        self._remembered = Remembered(_DTYPES[expression.type], _REMEMBERED)
        calls = [part for part in parts(expression) if isinstance(part, Call)]
        needs = {call: FUNCTIONS[call.function].needs for call in calls}
        self._account = {"account"} if any(Needs.ACCOUNT in each for each in needs.values()) else set[str]()
        self.fields = tuple(sorted(fields_in(expression) | self._account))
        self._arrange()
        self.numbers = tuple(name for name, apart in self._told if isinstance(apart, np.ndarray))
        self._grain = _grain([FUNCTIONS[call.function] for call in calls])
        self._asks = any(Needs.HOLDERS in each for each in needs.values())
        asking = [call.arguments[0] for call in calls if needs[call] >= {Needs.HOLDERS, Needs.TIME}]
        self._numbers = tuple(reading(number, context) for number in asking)
        self._moves: dict[int, list[int]] = {}
        reads_more = bool(self._account) or any(Needs.TIME in each for each in needs.values())
        reads_more |= any(isinstance(part, Listed | Lookup) for part in parts(expression))  # at a time
        is_of_texts = not reads_more and all(FIELDS[name].type is Type.TEXT for name in self.fields)
        self._texts = {FIELDS[name].attribute: name for name in self.fields} if is_of_texts else None

    def _arrange(self) -> None:
        """Tell texts and moments apart as far as lists do that are known now."""
        told = [(name, apart) for name, apart in self._uses.of(self._expression) if name not in self._account]
        self._told = [*told, *((name, None) for name in self._account)]
        self._changes = np.array(sorted(_changes(self._expression, self._context)), np.int64)
        self._brought = self._context.brought_times

    def column(self, given: Given) -> NDArray[Any]:
        """Return the column. An event, or its texts where they do, is asked for only where nothing like it was seen before."""
        self.forget_what_changed()
        keys = self._keys(given)
        if self._numbers:
            keys = self._by_holding(keys, given.once, given.times)
        names = self._texts
        if names is not None and given.tells_texts(names.values()):
            return self._remembered.of(keys, lambda place: self.value(Said(given, place, names)))
        return self._remembered.of(keys, lambda place: self.value(given.once[place]))

    def forget_what_changed(self) -> None:
        """Forget what was told of other holders, and of lists that have other entries now."""
        if self._brought != self._context.brought_times:
            self._arrange()
            self._remembered.clear()
        if self._asks and self._context.holders is not self._holders:
            self._remembered.clear()
            self._moves.clear()
        elif len(self._moves) > _REMEMBERED:
            self._moves.clear()
        self._holders = self._context.holders

    def _by_holding(self, keys: NDArray[np.uint64], events: Once, times: NDArray[np.int64]) -> NDArray[np.uint64]:
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

    def _moves_of(self, key: int, events: Once, at: int) -> list[int]:
        """Return the moments at which a number that the event at `at` asks about changed hands."""
        moves = self._moves.get(key)
        if moves is None:
            event, holders = events[at], self._holders
            numbers = {read(event) for read in self._numbers} - {None}
            found = set() if holders is None else {moment for number in numbers for moment in self._told_anew(holders, number)}
            moves = self._moves[key] = sorted(found)
        return moves

    def _told_anew(self, holders: Holders, number: str) -> set[Micros]:
        return {*holders.changes_of_holder(number), *holders.changes_of_right(number)}

    def value(self, event: Event | Said) -> int | float | bool:
        """Return what it comes to at an event, a text as its hash."""
        value = self._read(event)
        if self._expression.type is Type.TEXT:
            return UNSET if value is None else self._hashes[value]
        return value  # type: ignore[no-any-return]  # the expression's type says what it is

    def _keys(self, given: Given) -> NDArray[np.uint64]:
        """Return a hash of all that the expression reads of each event and can tell apart; never 0."""
        times = given.times
        told = [(times // self._grain).astype(np.uint64) ^ _MOMENT_BITS] if self._grain is not None else []
        told += [np.searchsorted(self._changes, times, side="right").astype(np.uint64) + _ALWAYS] if self._changes.size else []
        told += [given.keys(name, apart) for name, apart in self._told]
        return reduce(fold, told) if told else np.full(times.size, _ALWAYS)


class _Cut(_Known):
    """Part of a field's text: of numbers made of their words, of other texts remembered."""

    def __init__(self, expression: Call, context: Context, hashes: TextHashes, uses: Uses) -> None:
        super().__init__(expression, context, hashes, uses)
        field, count = expression.arguments
        assert isinstance(field, Field)
        assert isinstance(count, Literal)
        self._field = field.name
        self._way, self._count = _CUTS[expression.function], int(count.value)
        self._cut = computation(expression, context)
        self.numbers = self.fields

    def column(self, given: Given) -> NDArray[Any]:
        """Return the parts' hashes."""
        words = given.words(self._field)
        column, others = self._hashes.of_parts(words, self._way, self._count)
        if others:
            texts = given.fields[self._field]
            rows = np.flatnonzero(~number_words.is_number(words) & (texts != UNSET))
            column[rows] = self._remembered.of_several(texts[rows], lambda places: self._parts_at(given, rows[places].tolist()))
        return column

    def _parts_at(self, given: Given, places: list[int]) -> NDArray[np.uint64]:
        """Return the parts' hashes at some places, all of texts that are set."""
        parts: list[Any] = [self._cut(None, given.said(self._field, place)) for place in places]
        return self._hashes.of_column(parts)


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


_CLOCKS: Final = frozenset({"hour", "minute", "weekday", "holiday", "calling_hours", "local_time", "public_holiday", "emergency"})

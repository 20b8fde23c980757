"""Columns of functions, lists and lookups: each distinct set of what they read is looked at once."""

from collections.abc import Iterator, Sequence
from typing import overload

import numpy as np
import pytest
from tests.property.expressions import LISTS, NOON, Holders

from ringfence.policy.evaluation import Context
from ringfence.policy.expressions import Expression
from ringfence.policy.grammar import parse_expression
from ringfence.policy.terms import FieldScope
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import HOUR, MINUTE, SECOND, Micros
from ringfence.watch.columns import (
    Asked,
    Columns,
    Derivations,
    TextHashes,
    asked_of,
    column_names,
    columns_of,
    derived_parts,
    evaluate,
    field_names,
    leave_out,
)

HASHES = TextHashes(b"")
FIXED = "+441632960001"


def read(text: str) -> Expression:
    return parse_expression(text, FieldScope(LISTS)).expression


def event(at: int = NOON, **fields: str | None) -> Event:
    return Event(kind=EventKind.ATTEMPT, time=Micros(at), call_id="c", **fields)  # type: ignore[arg-type]  # a table of keyword arguments


class Counted(Sequence[Event]):
    """Events that count how often one of them is asked for by its place."""

    def __init__(self, events: list[Event]) -> None:
        self._events = events
        self.asked = 0

    def __len__(self) -> int:
        return len(self._events)

    def __iter__(self) -> Iterator[Event]:
        return iter(self._events)

    @overload
    def __getitem__(self, place: int) -> Event: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Event]: ...
    def __getitem__(self, place: int | slice) -> Event | Sequence[Event]:
        self.asked += 1
        return self._events[place]


def extended(derivations: Derivations, events: Sequence[Event]) -> Columns:
    columns = columns_of(events, sorted(derivations.fields), HASHES, clock=Micros(0), now=Micros(1 << 60))
    return derivations.extended(columns, events)


def told(expression: Expression, derivations: Derivations, events: Sequence[Event]) -> list[object]:
    values = extended(derivations, events).fields
    found = evaluate(expression, {name: values[name] for name in column_names(expression)}, len(events), HASHES)
    return list(found.tolist())


def test_an_event_is_asked_for_once_for_each_distinct_text() -> None:
    expression = read('country(callee) == "GB"')
    derivations = Derivations([expression], Context(LISTS), HASHES)
    events = Counted([event(NOON + n, callee=(FIXED, "+12025550123", None)[n % 3]) for n in range(300)])
    assert told(expression, derivations, events) == [True, False, False] * 100
    assert events.asked == 3
    told(expression, derivations, events)
    assert events.asked == 3


def test_clocks_are_asked_for_each_minute() -> None:
    expression = read('minute("UTC")')
    derivations = Derivations([expression], Context(), HASHES)
    events = Counted([event(NOON + n * 20 * SECOND) for n in range(7)])
    assert told(expression, derivations, events) == [720.0] * 3 + [721.0] * 3 + [722.0]
    assert events.asked == 3


def test_who_holds_a_number_depends_on_the_moment_and_the_event_s_own_account() -> None:
    expression = read("held(caller)")
    derivations = Derivations([expression], Context(LISTS, Holders()), HASHES)
    asked = [(NOON - 1, "acme"), (NOON, "acme"), (NOON, "zeta"), (NOON, None)]
    events = [event(at, caller=FIXED, account=account) for at, account in asked]
    assert told(expression, derivations, events) == [True, False, True, False]
    later = Counted([event(NOON + n, caller=FIXED, account="zeta") for n in range(-50, 50)])
    assert told(expression, derivations, later) == [False] * 50 + [True] * 50
    assert later.asked == 0  # its number was asked about before


def test_new_holders_are_asked_from_then_on() -> None:
    class Other:
        def holder(self, number: str, time: Micros) -> str | None:
            return "new" if number and time else None

        def has_numbers(self, account: str) -> bool:
            return account == "acme"

        def changes_of_holder(self, number: str) -> list[Micros]:
            return [] if number else [Micros(0)]

        def may_show(self, account: str, number: str, time: Micros) -> bool:
            return False

        def changes_of_right(self, number: str) -> list[Micros]:
            return []

    expression, context = read("holder(caller)"), Context(LISTS, Holders())
    derivations = Derivations([expression], context, HASHES)
    assert told(expression, derivations, [event(caller=FIXED)]) == [HASHES["zeta"]]
    context.holders = Other()
    assert told(expression, derivations, [event(caller=FIXED)]) == [HASHES["new"]]


def test_a_row_counts_from_its_first_moment_to_its_last() -> None:
    expression = read('plan in list("tiers")')
    derivations = Derivations([expression], Context(LISTS), HASHES)
    events = [event(NOON - 1, plan="home"), event(NOON, plan="home"), event(NOON, plan="office")]
    assert told(expression, derivations, events) == [True, False, True]


def test_parts_that_stand_in_several_expressions_are_one_column() -> None:
    expressions = [read('country(callee) == "GB" and length(callee) > 9'), read('country(callee) != "US"')]
    columns = extended(Derivations(expressions, Context(LISTS), HASHES), [event(callee=FIXED)])
    assert list(columns.fields) == []
    for each in expressions:
        evaluate(each, columns.fields, 1, HASHES)
    assert sorted(columns.fields) == ["country(callee)", "length(callee)"]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("ceil(duration / 1min) > 3", []),
        ('prefix(country(callee), 1) == "G" and answered', ["prefix(country(callee), 1)"]),
        ('not callee in list("tiers")', ['callee in list("tiers")']),
        ('max(length(callee), 3) > lookup("tiers", "calls", plan)', ["length(callee)", 'lookup("tiers", "calls", plan)']),
    ],
)
def test_what_is_computed_column_by_column_is_no_column_of_its_own(text: str, parts: list[str]) -> None:
    assert list(derived_parts(read(text))) == list(map(read, parts))


def test_the_memory_of_a_column_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringfence.watch.columns.derived._REMEMBERED", 10)
    expression = read("length(callee)")
    derivations = Derivations([expression], Context(), HASHES)
    for start in range(0, 100, 20):
        events = Counted([event(callee="a" * (n + 1)) for n in range(20)])
        assert told(expression, derivations, events) == [n + 1.0 for n in range(20)]
        assert events.asked == 20, start


def test_no_event_is_made_for_a_number_whose_word_is_known() -> None:
    begins, long = read("prefix(callee, 3)"), read("length(callee)")
    derivations = Derivations([begins, long], Context(), HASHES)
    told(begins, derivations, [event(callee=FIXED)])
    events = Counted([event(callee=FIXED)])
    assert told(begins, derivations, events) == [HASHES["+441"]]
    assert told(long, derivations, events) == [12.0]
    assert events.asked == 0


def test_a_batch_of_nothing_has_empty_columns() -> None:
    derivations = Derivations([read("length(callee)"), read('hour("UTC")')], Context(), HASHES)
    fields = extended(derivations, []).fields
    assert [fields[name].size for name in ("callee", "length(callee)", 'hour("UTC")')] == [0, 0, 0]
    with pytest.raises(KeyError, match="caller"):
        _ = fields["caller"]


def test_time_is_the_event_s_own_even_where_it_counts_later() -> None:
    expression = read('hour("UTC")')
    derivations = Derivations([expression], Context(), HASHES)
    events = [event(NOON + HOUR), event(NOON - MINUTE)]
    assert told(expression, derivations, events) == [13.0, 11.0]


def test_about_one_text_of_sixteen_is_sampled_and_another_one_under_another_key() -> None:
    numbers = [event(callee=f"+4416329{number:05d}") for number in range(8_000)]
    expression = read("sampled(callee, 16)")
    drawn = [told(expression, Derivations([expression], Context(), HASHES), [*numbers, event()])]
    other = TextHashes(b"another")
    columns = columns_of(numbers, ["callee"], other, clock=Micros(0), now=Micros(1 << 60))
    values = Derivations([expression], Context(), other).extended(columns, numbers).fields
    drawn.append(evaluate(expression, {"sampled(callee, 16)": values["sampled(callee, 16)"]}, len(numbers), other).tolist())
    assert drawn[0][-1] is False  # where nobody was called
    for each in drawn:
        assert 430 <= sum(map(bool, each)) <= 570  # 500 are expected, with a deviation of 22
    both = sum(bool(one) and bool(two) for one, two in zip(*drawn, strict=False))
    assert both <= 70  # 31 are expected of two that know nothing of each other


def test_accounts_with_numbers_are_asked_for_once_each_and_anew_of_another_reference() -> None:
    class Counting(Holders):
        def __init__(self) -> None:
            self.asked: list[str] = []

        def has_numbers(self, account: str) -> bool:
            self.asked.append(account)
            return super().has_numbers(account)

    expression, context = read("has_numbers(account)"), Context()
    derivations = Derivations([expression], context, HASHES)
    events = [event(account=("acme", "odd", None)[n % 3]) for n in range(30)]
    assert told(expression, derivations, events) == [False] * 30  # no reference is known
    for holders in (Counting(), Counting()):
        context.holders = holders
        known = [account is not None and Holders().has_numbers(account) for account in ("acme", "odd", None)]
        assert told(expression, derivations, events) == known * 10
        assert told(expression, derivations, events) == known * 10
        assert sorted(holders.asked) == ["acme", "odd"]
    context.holders = None
    assert told(expression, derivations, events) == [False] * 30


def test_what_fields_alone_refuse_is_not_asked_what_must_be_derived() -> None:
    asked = asked_of(read('country(callee) == "GB" and direction == "outbound"'))
    assert [name for name, _ in asked] == ['direction == "outbound"', 'country(callee) == "GB"']
    derivations = Derivations([expression for _, expression in asked], Context(LISTS), HASHES)
    inbound, outbound = (
        Counted([event(callee=FIXED, direction=way), event(callee="+12025550123", direction=way)])
        for way in ("inbound", "outbound")
    )
    part = np.ones(2, np.bool_)
    assert not leave_out(extended_for(asked, derivations, inbound), asked, part, HASHES)
    assert (part.tolist(), inbound.asked) == ([False, False], 0)
    part = np.ones(2, np.bool_)
    assert leave_out(extended_for(asked, derivations, outbound), asked, part, HASHES)
    assert (part.tolist(), outbound.asked) == ([True, False], 2)


def extended_for(asked: Asked, derivations: Derivations, events: Sequence[Event]) -> Columns:
    names = derivations.fields.union(*(field_names(expression) for _, expression in asked))
    return derivations.extended(columns_of(events, sorted(names), HASHES, clock=Micros(0), now=Micros(1 << 60)), events)


@pytest.mark.parametrize(
    ("text", "asked", "true"),
    [
        ('direction == "inbound" and country(callee) == "GB"', 0, False),
        ('direction == "outbound" or country(callee) == "GB"', 0, True),
        ('direction == "inbound" or country(callee) == "GB"', 1, True),
        ('direction == "outbound" and country(callee) == "US"', 1, False),
    ],
)
def test_the_second_part_is_asked_only_where_the_first_leaves_it_open(text: str, asked: int, true: bool) -> None:
    expression = read(text)
    derivations = Derivations([expression], Context(LISTS), HASHES)
    events = Counted([event(callee=FIXED, direction="outbound")] * 3)
    columns = extended_for(((text, expression),), derivations, events)
    assert evaluate(expression, columns.fields, 3, HASHES).tolist() == [true] * 3
    assert events.asked == asked

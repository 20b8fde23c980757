"""A million orders in columns say what the same orders in a plain dictionary say, through every change."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.gate.orders import NOW, order

from ringfence.gate.table import state
from ringfence.gate.table.columns import OrderColumns
from ringfence.gate.table.scopes import order_key
from ringfence.gate.table.state import Standing, holds
from ringfence.vocabulary.contracts import Action, ActionKind, Order, OrderChange
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import HOUR, SECOND, Micros

KINDS = tuple(SubjectKind)
VALUES = ("+32470", "+3247012", "203.0.113.9", "acme", "é ü")
IDS = (*(f"{number:032x}" for number in range(12)), "ord-1", "F" * 32, "")


@st.composite
def orders(draw: st.DrawFn, generation: int) -> Order:
    id = draw(st.sampled_from(IDS))
    ends = draw(st.booleans())
    moment = Micros(NOW + draw(st.integers(-2, 4)) * HOUR)
    return order(
        1,
        draw(st.sampled_from(KINDS)),
        draw(st.sampled_from(VALUES)),
        id=id,
        generation=generation,
        decision=draw(st.sampled_from([id, "another"])),
        action=Action(kind=draw(st.sampled_from(ActionKind))),
        rule=draw(st.sampled_from([None, "sip-scan"])),
        start=Micros(NOW + draw(st.integers(-2, 2)) * HOUR),
        until=moment if ends else None,
        review=None if ends else moment,
        redress=draw(st.sampled_from([None, "/cases/1/", "https://voice.example/é"])),
    )


@st.composite
def changes(draw: st.DrawFn) -> list[OrderChange]:
    made = []
    for generation in range(1, draw(st.integers(1, 8))):
        upserts = draw(st.lists(orders(generation), max_size=6, unique_by=lambda each: each.id))
        removals = draw(st.lists(st.sampled_from(IDS), max_size=3))
        removals = [id for id in removals if all(id != each.id for each in upserts)]
        full = draw(st.integers(0, 5)) == 0
        made.append(OrderChange(generation=generation, full=full, upserts=tuple(upserts), removals=tuple(removals)))
    return made


def plainly(told: Sequence[OrderChange]) -> dict[str, Order]:
    found: dict[str, Order] = {}
    for change in told:
        found = ({} if change.full else found) | {each.id: each for each in change.upserts}
        for id in change.removals:
            found.pop(id, None)
    return found


def by_id(found: Sequence[Order]) -> dict[str, Order]:
    assert len({each.id for each in found}) == len(found)
    return {each.id: each for each in found}


@pytest.mark.parametrize("merged_at", [0, 3, 10_000])
@given(told=changes(), hours=st.integers(-2, 5))
def test_what_stands_is_what_a_plain_dictionary_holds(merged_at: int, told: list[OrderChange], hours: int) -> None:
    now, expected = Micros(NOW + hours * HOUR), plainly(told)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(state, "MERGED_AT", merged_at)
        before = Standing().after(told[:-1])
        standing = before.after(told)
        forgotten = standing.without_ended(now)
    assert by_id(list(standing.of_kinds(KINDS))) == expected
    assert len(standing) == len(expected)
    for key in {order_key(each) for each in expected.values()} | {"number:+1"}:
        there = [each for each in expected.values() if order_key(each) == key and holds(each, now)]
        assert by_id(standing.at(key, now)) == by_id(there)
        lasting = [each.until or Micros(1 << 62) for each in standing.at(key, now)]
        assert lasting == sorted(lasting, reverse=True)
    turns = [turn for each in expected.values() for turn in (each.start, each.until) if turn is not None and turn > now]
    assert standing.next_turn(now) == min(turns, default=None)
    assert {len(each.scope.value) for each in expected.values() if each.scope.kind is SubjectKind.RANGE} <= set(standing.lengths)
    left = {id: each for id, each in expected.items() if each.until is None or each.until > now}
    assert by_id(list(forgotten.of_kinds(KINDS))) == left
    assert standing.lost_since(before) == plainly(told[:-1]).keys() - expected.keys()
    assert forgotten.lost_since(standing) == expected.keys() - left.keys()


def test_a_change_of_a_generation_passed_changes_nothing() -> None:
    standing = Standing().after([OrderChange(generation=5, upserts=(order(1),))])
    assert standing.after([OrderChange(generation=5, full=True)]) is standing


def test_an_order_older_than_the_one_held_does_not_replace_it() -> None:
    newer, older = order(1, generation=9, until=Micros(NOW + SECOND)), order(1, generation=3)
    standing = Standing().after([OrderChange(generation=9, upserts=(newer,)), OrderChange(generation=10, upserts=(older,))])
    assert list(standing.of_kinds(KINDS)) == [newer]


def test_ten_thousand_orders_take_little_memory_and_are_all_found() -> None:
    made = [order(n, SubjectKind.NUMBER, f"+3247{n:07d}", redress=f"/cases/{n}/") for n in range(10_000)]
    columns = OrderColumns.of(made)
    assert columns.octets < 200 * len(made)
    assert list(columns) == made
    assert all(columns.rows(f"number:+3247{n:07d}") == [n] and columns.row_of(f"{n:032x}") == n for n in range(10_000))
    assert columns.rows("number:+33") == []
    assert columns.row_of("0" * 31) is None


def test_an_order_that_is_gone_turns_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "MERGED_AT", 1)
    orders = tuple(order(number, start=Micros(NOW + number * HOUR), until=None, review=NOW) for number in (1, 2, 3))
    standing = Standing().after([OrderChange(generation=1, upserts=orders), OrderChange(generation=2, removals=(orders[0].id,))])
    assert len(standing.columns) == 3
    assert standing.next_turn(NOW) == NOW + 2 * HOUR

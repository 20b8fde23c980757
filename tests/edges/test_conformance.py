"""What every edge must do, whatever it is: a new kind joins by its rig in conftest.py and must pass all of this."""

from collections.abc import Callable

import pytest
from tests.edges.conftest import Bench, Story
from tests.unit.gate.orders import order as made_order

from ringfence.gate.edges import EdgeRefused
from ringfence.gate.edges.clearing import cleared
from ringfence.gate.table import order_key
from ringfence.vocabulary.contracts import Action, ActionKind, Scope
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import SECOND, Micros

Run = Callable[[Story], None]
FIRST, SECOND_ID, STRAY = f"{1:032x}", f"{2:032x}", f"{9:032x}"


def test_an_order_is_placed_and_read_back(bench: Run) -> None:
    async def story(b: Bench) -> None:
        await b.edge.place(b.order(1), b.now)
        assert await b.edge.placed() == {b.key(0): FIRST}
        assert await b.rig.keys() == {b.key(0)}

    bench(story)


def test_another_connection_lists_what_the_first_one_placed(bench: Run) -> None:
    async def story(b: Bench) -> None:
        for number in range(4):
            await b.edge.place(b.order(number + 1, number), b.now)
        other = b.rig.edge()
        assert await other.placed() == {b.key(number): f"{number + 1:032x}" for number in range(4)}
        await other.close()

    bench(story)


def test_placing_again_changes_nothing(bench: Run) -> None:
    async def story(b: Bench) -> None:
        await b.edge.place(b.order(1), b.now)
        await b.edge.place(b.order(1), b.now)
        assert await b.edge.placed() == {b.key(0): FIRST}

    bench(story)


def test_another_order_takes_the_place_of_the_first(bench: Run) -> None:
    async def story(b: Bench) -> None:
        await b.edge.place(b.order(1), b.now)
        await b.edge.place(b.order(2, until=None, review=Micros(b.now + SECOND)), b.now)
        assert await b.edge.placed() == {b.key(0): SECOND_ID}

    bench(story)


def test_an_order_that_has_ended_is_not_placed(bench: Run) -> None:
    async def story(b: Bench) -> None:
        with pytest.raises(EdgeRefused, match="has ended"):
            await b.edge.place(b.order(1, until=b.now), b.now)
        assert await b.rig.keys() == set()

    bench(story)


def test_an_order_whose_id_could_not_be_told_from_an_operators_entry_is_not_placed(bench: Run) -> None:
    async def story(b: Bench) -> None:
        with pytest.raises(EdgeRefused, match="not written as an order id"):
            await b.edge.place(b.order(1, id="block; list ruleset"), b.now)
        assert await b.rig.keys() == set()

    bench(story)


def test_a_removed_order_is_gone_and_to_remove_it_again_does_no_harm(bench: Run) -> None:
    async def story(b: Bench) -> None:
        await b.edge.place(b.order(1), b.now)
        await b.edge.place(b.order(2, 1), b.now)
        for _ in range(2):
            await b.edge.remove(FIRST, b.key(0))
            assert await b.edge.placed() == {b.key(1): SECOND_ID}

    bench(story)


def test_what_another_order_placed_under_the_key_meanwhile_stays(bench: Run) -> None:
    async def story(b: Bench) -> None:
        await b.edge.place(b.order(2), b.now)
        await b.edge.remove(FIRST, b.key(0))
        assert await b.edge.placed() == {b.key(0): SECOND_ID}

    bench(story)


def test_an_operators_own_entry_is_neither_listed_nor_overwritten_nor_removed(bench: Run) -> None:
    async def story(b: Bench) -> None:
        await b.rig.foreign(b.key(0))
        assert await b.edge.placed() == {}
        with pytest.raises(EdgeRefused) as refused:
            await b.edge.place(b.order(1), b.now)
        assert refused.value.reached
        await b.edge.remove(FIRST, b.key(0))
        assert await b.rig.keys() == {b.key(0)}

    bench(story)


def test_all_that_was_ever_placed_is_cleared_and_an_operators_own_stays(bench: Run) -> None:
    async def story(b: Bench) -> None:
        for number in range(3):
            await b.edge.place(b.order(number + 1, number), b.now)
        await b.rig.foreign(b.key(3))
        other = b.rig.edge()
        done = await cleared(other)
        await other.close()
        assert (done.removed, done.left, done.cause) == (3, (), None)
        assert await b.rig.keys() == {b.key(3)}

    bench(story)


@pytest.mark.parametrize("how", ["away", "errors", "silent"])
def test_an_edge_that_fails_is_refused_in_time_and_served_again_when_it_works(bench: Run, how: str) -> None:
    async def story(b: Bench) -> None:
        b.give(b.order(1))
        await b.driver.settle()
        await b.end()
        await b.rig.break_down(how)
        b.restart(deadline_ms=300)
        b.give(b.order(2, 1))
        with pytest.raises(EdgeRefused):
            await b.driver.settle()
        with pytest.raises(EdgeRefused):
            await b.edge.place(b.order(2, 1), b.now)
        with pytest.raises(EdgeRefused):
            await b.edge.remove(FIRST, b.key(0))
        await b.end()
        await b.rig.mend()
        b.restart()
        await b.driver.settle()
        assert await b.rig.keys() == {b.key(0), b.key(1)}
        assert b.said() == [("1", "placed"), ("2", "placed")]

    bench(story)


def test_an_edge_that_restarted_empty_is_filled_again_and_the_drift_told(bench: Run) -> None:
    async def story(b: Bench) -> None:
        b.give(b.order(1), b.order(2, 1))
        await b.driver.settle()
        await b.rig.forget()
        b.pass_time(5)
        await b.driver.settle()
        assert await b.edge.placed() == {b.key(0): FIRST, b.key(1): SECOND_ID}
        assert sorted(b.said()[2:]) == [("1", "drift"), ("2", "drift")]
        assert b.driver.drifts == 2

    bench(story)


def test_one_lost_entry_and_one_that_nobody_ordered_are_repaired_and_told(bench: Run) -> None:
    async def story(b: Bench) -> None:
        b.give(b.order(1), b.order(2, 1))
        await b.driver.settle()
        await b.rig.forget(b.key(0))
        await b.rig.stray(b.key(2), STRAY)
        b.pass_time(5)
        await b.driver.settle()
        assert await b.edge.placed() == {b.key(0): FIRST, b.key(1): SECOND_ID}
        assert sorted(b.said()[2:]) == [("1", "drift"), ("9", "drift")]

    bench(story)


def test_an_order_lifted_while_no_gate_ran_is_removed_by_the_next_one(bench: Run) -> None:
    async def story(b: Bench) -> None:
        b.give(b.order(1))
        await b.driver.settle()
        await b.end()
        b.give(removals=(FIRST,))
        b.restart()
        await b.driver.settle()
        assert await b.rig.keys() == set()
        assert b.said() == [("1", "placed"), ("1", "removed")]

    bench(story)


def test_settling_twice_says_nothing_new(bench: Run) -> None:
    async def story(b: Bench) -> None:
        b.give(b.order(1), b.order(2, 1))
        await b.driver.settle()
        b.pass_time(5)
        await b.driver.settle()
        assert b.said() == [("1", "placed"), ("2", "placed")]
        assert b.driver.drifts == 0

    bench(story)


def test_a_source_on_the_protected_list_and_an_emergency_number_are_on_no_edge(bench: Run) -> None:
    async def story(b: Bench) -> None:
        b.table.protect(emergency_numbers=("112", "+32112"), sources=("203.0.113.0/24",))
        scopes = (
            Scope(kind=SubjectKind.SOURCE, value="203.0.113.9"),
            Scope(kind=SubjectKind.NUMBER, value="112"),
            Scope(kind=SubjectKind.NUMBER, value="+32112"),
            Scope(kind=SubjectKind.PAIR, value="+32255501,112"),
        )
        actions = (ActionKind.REFUSE, ActionKind.SUSPEND)
        orders = [
            made_order(number, scope=scope, action=Action(kind=kind), start=b.now, until=Micros(b.now + 3_600 * SECOND))
            for number, (scope, kind) in enumerate(((scope, kind) for scope in scopes for kind in actions), start=1)
        ]
        b.give(*orders, b.order(99, 3))
        await b.driver.settle()
        protected = {order_key(order) for order in orders}
        assert protected.isdisjoint(await b.edge.placed())
        assert await b.rig.keys() == {b.key(3)}
        assert {state for number, state in b.said() if number != "99"} == {"rejected"}

    bench(story)


def test_an_order_that_the_edge_cannot_carry_out_is_rejected_with_the_reason(bench: Run) -> None:
    async def story(b: Bench) -> None:
        b.give(
            b.order(1, action=Action(kind=ActionKind.THROTTLE, rate=1.0)),
            b.order(2, 1, scope=Scope(kind=SubjectKind.CAMPAIGN, value="7")),
        )
        await b.driver.settle()
        assert await b.rig.keys() == set()
        assert b.said() == [("1", "rejected"), ("2", "rejected")]

    bench(story)

"""Caps of calls under way: who counts, since when, and who says that a call is over. The oracle is a plain list of calls."""

import asyncio
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.gate.orders import NOW, order

from ringfence.gate.edges import EdgeRefused, LiveCall, under_way
from ringfence.gate.edges.under_way import CallsAtEdge
from ringfence.gate.http.endings import note_ends
from ringfence.gate.http.unanswerable import Unanswerable
from ringfence.gate.table import OrdersTable
from ringfence.gate.table.under_way import LONGEST_US, SETTING_UP_US
from ringfence.vocabulary.contracts import (
    AccountLink,
    Action,
    ActionKind,
    Ask,
    Order,
    OrderChange,
    Reference,
    TrunkLink,
    VerdictAction,
)
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.attribution import EMERGENCY_LIST, Directory

ASKER, ELSEWHERE = "192.0.2.1", "192.0.2.2"
DIRECTORY = Directory(
    Reference(
        time=Micros(0),
        accounts=(AccountLink(account="acme", party="acme"),),
        trunks=(TrunkLink(trunk="t", account="acme", user="acme"),),
        lists={EMERGENCY_LIST: ("112",)},
    )
)


def cap(number: int, concurrent: int, kind: SubjectKind = SubjectKind.ACCOUNT, value: str = "acme", **more: object) -> Order:
    return order(number, kind, value, action=Action(kind=ActionKind.THROTTLE, concurrent=concurrent, **more))  # type: ignore[arg-type]  # as told


def table(*orders: Order) -> OrdersTable:
    made = OrdersTable()
    made.protect(emergency_numbers=("112",), sources=())
    made.apply(OrderChange(generation=1, full=True, upserts=orders))
    return made


def passes(
    made: OrdersTable, call: str, *, tag: str = "a", now: Micros = NOW, callee: str = "+3225550101", asker: str | None = None
) -> bool:
    ask = Ask(call_id=call, tag=tag, account="acme", caller="+32470123456", callee=callee)
    return made.decide(ask, now, ("acme",), asker=asker).action is VerdictAction.ALLOW


class Listing:
    """An edge that lists what it is told to."""

    name = "edge-1"

    def __init__(self) -> None:
        self.there: list[LiveCall] = []
        self.away = False

    async def calls(self) -> list[LiveCall]:
        if self.away:
            raise EdgeRefused("away", permanent=False, reached=False)
        return self.there

    async def end(self, call: LiveCall, reason: str) -> None:
        raise AssertionError("nobody asked for it")


def at(made: OrdersTable, edge: Listing, now: Micros) -> CallsAtEdge:
    return CallsAtEdge(edge, made, clock=lambda: now, directory=lambda: DIRECTORY, asks_from=(ASKER,))  # type: ignore[arg-type]  # lists only


def live(call: str, *, tag: str = "a", user: str | None = "acme", called: str = "+3225550101") -> LiveCall:
    return LiveCall(handle=call, call_id=call, tag=tag, user=user, caller="+32470123456", called=called)


def test_a_cap_lets_so_many_calls_through_at_once_and_each_of_them_again() -> None:
    made = table(cap(1, 2))
    assert [passes(made, call) for call in ("1", "2", "3", "2", "1")] == [True, True, False, True, True]
    assert made.calls.counted(f"{1:032x}") == 2


def test_a_full_cap_is_told_as_a_throttle_with_the_order_and_when_to_come_again() -> None:
    made = table(cap(1, 1))
    passes(made, "1")
    verdict = made.decide(Ask(call_id="2", account="acme", callee="+32"), NOW, ("acme",))
    assert (verdict.action, verdict.order, verdict.headers["Retry-After"]) == (VerdictAction.THROTTLE, f"{1:032x}", "10")


def test_one_call_id_with_many_tags_is_many_calls() -> None:
    made = table(cap(1, 2))
    assert [passes(made, "same", tag=tag) for tag in "abc"] == [True, True, False]


def test_who_tells_that_a_call_ended_makes_room_and_twice_is_once() -> None:
    made = table(cap(1, 2))
    passes(made, "1")
    passes(made, "2")
    assert json.loads(note_ends(b'{"call_id":"1","tag":"a"}', made)) == {"counted": 1}
    assert json.loads(note_ends(b'[{"call_id":"1"},{"call_id":"nobody"}]', made)) == {"counted": 0}
    assert [passes(made, call) for call in ("3", "4")] == [True, False]
    passes(made, "3", tag="b")
    assert json.loads(note_ends(b'{"call_id":"2","tag":"other"}', made)) == {"counted": 0}


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'{"tag":"a"}', b'{"call_id":1}', b"\xff"])
def test_what_is_no_end_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(Unanswerable):
        note_ends(body, table())


def test_a_call_of_which_nobody_speaks_again_counts_for_four_hours() -> None:
    made = table(msgspec.structs.replace(cap(1, 1), until=Micros(NOW + 3 * LONGEST_US)))
    passes(made, "1")
    assert not passes(made, "2", now=Micros(NOW + LONGEST_US - 1))
    assert passes(made, "2", now=Micros(NOW + LONGEST_US))


def test_what_an_edge_lists_counts_although_nobody_asked_and_what_it_lists_no_more_does_not() -> None:
    made, edge = table(cap(1, 2)), Listing()
    edge.there = [live("1"), live("2"), live("for help", called="112"), live("a stranger's", user=None)]
    looking = at(made, edge, NOW)
    asyncio.run(looking.look())
    assert (looking.total, looking.emergency, looking.counts["account:acme"]) == (4, 1, 3)
    assert not passes(made, "3")
    edge.there = edge.there[1:]
    asyncio.run(looking.look())
    assert [passes(made, call) for call in ("3", "4")] == [True, False]


def test_a_call_that_was_never_set_up_where_it_was_asked_about_stops_counting_and_one_from_elsewhere_goes_on() -> None:
    made, edge = table(cap(1, 2)), Listing()
    passes(made, "refused further on", asker=ASKER)
    passes(made, "through another proxy", asker=ELSEWHERE)
    asyncio.run(at(made, edge, NOW).look())
    assert not passes(made, "3"), "both may still be set up"
    later = Micros(NOW + SETTING_UP_US)
    asyncio.run(at(made, edge, later).look())
    assert [passes(made, call, now=later, asker=ASKER) for call in ("3", "4")] == [True, False]


def test_an_edge_that_does_not_answer_changes_nothing() -> None:
    made, edge = table(cap(1, 1)), Listing()
    edge.there = [live("1")]
    asyncio.run(at(made, edge, NOW).look())
    edge.away = True
    with pytest.raises(EdgeRefused):
        asyncio.run(at(made, edge, NOW).look())
    assert not passes(made, "2")


def test_calls_for_help_count_under_no_cap_and_pass_a_full_one() -> None:
    made = table(cap(1, 1))
    passes(made, "1")
    assert passes(made, "2", callee="112")
    assert made.calls.counted(f"{1:032x}") == 1


def test_a_call_that_another_order_or_a_full_throttle_refuses_does_not_count() -> None:
    made = table(cap(1, 5, rate=1.0))
    assert [passes(made, call) for call in ("1", "2")] == [True, False]
    assert made.calls.counted(f"{1:032x}") == 1
    made.apply(OrderChange(generation=2, upserts=(order(2, SubjectKind.NUMBER, "+32470123456", generation=2),)))
    assert not passes(made, "3", now=Micros(NOW + 5 * SECOND))
    assert made.calls.counted(f"{1:032x}") == 1


def test_a_lifted_cap_forgets_its_calls() -> None:
    made = table(cap(1, 1), cap(2, 5, SubjectKind.PARTY, "acme"))
    passes(made, "1")
    made.apply(OrderChange(generation=2, removals=(f"{1:032x}",)))
    assert made.caps == {f"{2:032x}"}
    assert (made.calls.counted(f"{1:032x}"), made.calls.counted(f"{2:032x}"), len(made.calls)) == (0, 1, 1)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.integers(0, 9), st.sampled_from([ASKER, ELSEWHERE])),
        st.tuples(st.just("end"), st.integers(0, 9), st.none()),
        st.tuples(st.just("list"), st.sets(st.integers(0, 9)), st.none()),
        st.tuples(st.just("wait"), st.integers(1, 3), st.none()),
    ),
    max_size=40,
)


@given(steps=steps, most=st.integers(1, 4))
def test_any_course_of_asks_ends_and_lists_counts_as_a_plain_list_of_calls_says(
    steps: list[tuple[str, object, str | None]], most: int
) -> None:
    made, edge = table(cap(1, most)), Listing()
    plain: dict[str, tuple[Micros, str | None, bool]] = {}  # call: since when, who asked, whether the edge listed it
    now = NOW
    for what, which, asker in steps:
        if what == "ask":
            call = str(which)
            room = call in plain or len(plain) < most
            assert passes(made, call, now=now, asker=asker) == room
            if room and call not in plain:
                plain[call] = (now, asker, False)
        elif what == "end":
            made.calls.ended(str(which))
            plain.pop(str(which), None)
        elif what == "wait":
            assert isinstance(which, int)
            now = Micros(now + which * SECOND)
        else:
            assert isinstance(which, set)
            there = {str(each) for each in sorted(which)}
            edge.there = [live(call) for call in sorted(there)]
            asyncio.run(at(made, edge, now).look())
            for call, (since, who, listed) in list(plain.items()):
                never_came = who == ASKER and since <= now - 2 * SECOND
                if call not in there and (listed or never_came):
                    del plain[call]
            plain.update({call: (now, plain[call][1] if call in plain else None, True) for call in there})
        assert made.calls.counted(f"{1:032x}") == len(plain)
        assert len(made.calls) == len(plain)


def test_the_desk_is_told_between_whom_calls_are_unless_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    edge = Listing()
    edge.there = [live("1"), live("2"), live("3", called="+3225550102")]
    looked = at(table(cap(1, 2)), edge, NOW)
    asyncio.run(looked.look())
    assert looked.told()["between"] == {"+32470123456,+3225550101": 2, "+32470123456,+3225550102": 1}
    monkeypatch.setattr(under_way, "MOST_TOLD", 2)
    assert looked.told()["between"] is None

"""What the table answers: precedence, spans, generations, and that no order ever stands before an emergency call."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.gate.orders import NOW, SCANNER, order

from ringfence.gate.reasons import network_blocked
from ringfence.gate.table import DECIDABLE, OrdersTable, Reach, order_key
from ringfence.vocabulary.contracts import Ask, Order, OrderChange, VerdictAction
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import HOUR, SECOND, Micros

REACH = Reach(frozenset({SubjectKind.SOURCE}))


def table(*orders: Order, generation: int = 1) -> OrdersTable:
    made = OrdersTable()
    made.protect(emergency_numbers=("112", "999"), sources=("198.51.100.0/24",))
    made.apply(OrderChange(generation=generation, full=True, upserts=orders))
    return made


def ask(source: str | None = SCANNER, **more: str | None) -> Ask:
    return Ask(call_id="c1", source=source, **more)  # type: ignore[arg-type]  # all of them text


def test_an_order_refuses_with_its_code_its_clause_and_a_reason_that_names_it() -> None:
    verdict = table(order(7)).decide(ask(), NOW)
    assert (verdict.action, verdict.code, verdict.phrase) == (VerdictAction.REJECT, 403, "Forbidden")
    assert (verdict.order, verdict.clause, verdict.rule) == (f"{7:032x}", "unauthorised-access", "sip-scan")
    assert verdict.reason == f'SIP;cause=403;text="order {7:032x}, clause unauthorised-access"'


@pytest.mark.parametrize(
    ("kind", "value", "asked"),
    [
        (SubjectKind.SOURCE, SCANNER, ask()),
        (SubjectKind.TRUNK, "trunk-1", ask(None, trunk="trunk-1")),
        (SubjectKind.ACCOUNT, "acme", ask(None, account="acme")),
        (SubjectKind.NUMBER, "+3225551212", ask(None, caller="+3225551212")),
        (SubjectKind.NUMBER, "+3225551212", ask(None, asserted="+3225551212")),
        (SubjectKind.RANGE, "+32255", ask(None, caller="+3225551212")),
        (SubjectKind.PAIR, "+3225551212,+3225550000", ask(None, caller="+3225551212", callee="+3225550000")),
    ],
)
def test_every_kind_of_scope_that_an_ask_can_show_is_refused_by(kind: SubjectKind, value: str, asked: Ask) -> None:
    made = table(order(1, kind, value))
    assert made.decide(asked, NOW).action is VerdictAction.REJECT
    assert made.decide(ask("192.0.2.1", caller="+4420", account="other"), NOW).action is VerdictAction.ALLOW


def test_an_order_against_a_reseller_touches_the_users_below_it() -> None:
    made = table(order(1, SubjectKind.PARTY, "reseller"))
    assert made.decide(ask(account="shop"), NOW, ("reseller", "shop")).action is VerdictAction.REJECT
    assert made.decide(ask(account="shop"), NOW, ("other", "shop")).action is VerdictAction.ALLOW


def test_an_order_holds_from_its_start_until_just_before_its_end() -> None:
    made = table(order(1))
    moments = [NOW - 1, NOW, NOW + HOUR - 1, NOW + HOUR]
    assert [made.decide(ask(), Micros(moment)).action is VerdictAction.REJECT for moment in moments] == [False, True, True, False]


def test_an_order_with_a_review_date_does_not_end_by_itself() -> None:
    made = table(order(1, until=None, review=Micros(NOW + SECOND)))
    assert made.decide(ask(), Micros(NOW + 100 * HOUR)).action is VerdictAction.REJECT
    assert made.forget_ended(Micros(NOW + 100 * HOUR)) == 0


def test_a_partys_emergency_call_passes_an_order_against_its_account() -> None:
    made = table(order(1, SubjectKind.ACCOUNT, "acme"), order(2))
    assert made.decide(ask(account="acme", callee="112"), NOW).action is VerdictAction.ALLOW
    assert made.decide(ask(account="acme", callee="1120"), NOW).action is VerdictAction.REJECT


def test_an_unattributed_source_gains_no_way_by_an_emergency_number() -> None:
    assert table(order(1)).decide(ask(callee="112"), NOW).action is VerdictAction.REJECT


def test_a_protected_source_is_shielded_but_an_account_behind_it_is_not() -> None:
    carrier = "198.51.100.7"
    made = table(order(1, value=carrier), order(2, SubjectKind.ACCOUNT, "acme"))
    assert made.decide(ask(carrier), NOW).action is VerdictAction.ALLOW
    assert made.decide(ask(carrier, account="acme"), NOW).order == f"{2:032x}"
    assert made.wanted(NOW, REACH) == {}
    assert [why for _, why in made.out_of_reach(Reach(DECIDABLE), NOW)] == ["the source is on the protected list"]


def test_entries_of_the_protected_list_that_are_no_addresses_are_named() -> None:
    made = OrdersTable()
    assert made.protect(emergency_numbers=(), sources=("carrier.example", "192.0.2.0/24")) == ["carrier.example"]
    assert made.protects("192.0.2.200")


def test_a_generation_already_passed_changes_nothing() -> None:
    made = table(order(1), generation=5)
    assert not made.apply(OrderChange(generation=5, full=True))
    assert not made.apply(OrderChange(generation=4, removals=(f"{1:032x}",)))
    assert made.decide(ask(), NOW).action is VerdictAction.REJECT
    assert made.apply(OrderChange(generation=6, removals=(f"{1:032x}",)))
    assert made.decide(ask(), NOW).action is VerdictAction.ALLOW


def test_a_full_change_takes_away_what_it_lacks() -> None:
    made = table(order(1), order(2, value="203.0.113.10"))
    made.apply(OrderChange(generation=2, full=True, upserts=(order(2, value="203.0.113.10"),)))
    assert list(made.wanted(NOW, REACH)) == ["source:203.0.113.10"]


def test_the_longest_lasting_order_of_a_key_comes_first() -> None:
    short, long, open_end = order(1), order(2, until=Micros(NOW + 2 * HOUR)), order(3, until=None, review=Micros(NOW + HOUR))
    made = table(short, long, open_end)
    assert made.wanted(NOW, REACH) == {order_key(short): (open_end, long, short)}
    assert made.next_turn(NOW) == NOW + HOUR


def test_ended_orders_are_forgotten() -> None:
    made = table(order(1), order(2, until=Micros(NOW + 2 * HOUR)))
    assert made.forget_ended(Micros(NOW + HOUR)) == 1
    assert len(made) == 1
    assert made.decide(ask(), Micros(NOW + HOUR)).order == f"{2:032x}"


def test_the_603_plus_form_is_for_rules_with_a_redress_address_alone() -> None:
    measured = table(order(1, redress="https://desk.example/r/1")).decide(ask(), NOW)
    assert network_blocked(measured) == (
        603,
        "Network Blocked",
        'Q.850;cause=21;text="v=analytics1;url=https://desk.example/r/1";location=LN',
    )
    assert network_blocked(table(order(1, redress="https://desk.example/r/1", rule=None)).decide(ask(), NOW)) is None
    assert network_blocked(table(order(1)).decide(ask(), NOW)) is None


def test_nothing_in_an_order_can_end_the_reason_header_early() -> None:
    verdict = table(order(1, clause='x"\r\nRoute: <sip:evil>', redress='https://a"\r\nb')).decide(ask(), NOW)
    assert verdict.reason is not None
    assert verdict.reason.count('"') == 2
    assert all("\r" not in text and "\n" not in text for text in (verdict.reason, *verdict.headers.values()))


_VALUES = {
    SubjectKind.SOURCE: st.sampled_from((SCANNER, "203.0.113.10")),
    SubjectKind.TRUNK: st.just("trunk-1"),
    SubjectKind.ACCOUNT: st.just("acme"),
    SubjectKind.PARTY: st.sampled_from(("reseller", "acme")),
    SubjectKind.NUMBER: st.just("+3225551212"),
    SubjectKind.RANGE: st.sampled_from(("+3", "+32", "+322555")),
    SubjectKind.PAIR: st.just("+3225551212,112"),
}


@st.composite
def overlapping_orders(draw: st.DrawFn) -> Order:
    kind = draw(st.sampled_from(sorted(_VALUES)))
    start = draw(st.integers(NOW - HOUR, NOW + HOUR))
    until = draw(st.none() | st.integers(start, NOW + 2 * HOUR))
    return order(
        draw(st.integers(1, 99)),
        kind,
        draw(_VALUES[kind]),
        start=start,
        until=until,
        review=None if until is not None else NOW + HOUR,
        generation=draw(st.integers(1, 5)),
    )


@given(st.lists(overlapping_orders(), max_size=12), st.integers(NOW - HOUR, NOW + 3 * HOUR), st.sampled_from(("112", "999")))
def test_no_order_ever_refuses_an_attributed_partys_emergency_call(orders: list[Order], moment: int, callee: str) -> None:
    asked = ask(account="acme", trunk="trunk-1", caller="+3225551212", callee=callee)
    assert table(*orders).decide(asked, Micros(moment), ("reseller", "acme")).action is VerdictAction.ALLOW


@given(st.lists(overlapping_orders(), max_size=12), st.integers(NOW - HOUR, NOW + 3 * HOUR))
def test_what_is_wanted_at_an_edge_is_what_the_table_refuses(orders: list[Order], moment: int) -> None:
    made = table(*orders)
    for source in (SCANNER, "203.0.113.10"):
        refused = made.decide(ask(source), Micros(moment)).order
        wanted = made.wanted(Micros(moment), REACH).get(f"source:{source}")
        assert refused == (wanted[0].id if wanted is not None else None)

"""Overlapping orders of every kind: what the table answers follows from rank and width alone."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.gate.orders import NOW, order

from ringfence.gate.table import NOBODY, Answering, OrdersTable
from ringfence.gate.table.callbacks import WINDOW_US
from ringfence.vocabulary.contracts import (
    AccountLink,
    Action,
    ActionKind,
    Ask,
    CallClass,
    Order,
    OrderChange,
    Reference,
    Verdict,
    VerdictAction,
)
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import MILLISECOND, SECOND, Micros
from ringfence.watch.attribution import Directory

CALLER, CALLEE, SOURCE, AMBULANCE = "+32470123456", "+3225550101", "203.0.113.9", "112"
ASK = Ask(call_id="c", source=SOURCE, trunk="trunk-1", account="acme", caller=CALLER, callee=CALLEE, registration="a@b")
PARTIES, CALLED = ("reseller", "acme-nv"), Answering("hotel", ("group", "hotel-nv"))

WIDTHS = (
    ("pair", f"{CALLER},{CALLEE}", False),
    ("registration", f"a@b,{SOURCE}", False),
    ("number", CALLER, False),
    ("number", CALLEE, True),
    ("range", "+324701", False),
    ("range", "+3225", True),
    ("range", "+32", False),  # begins both numbers: the caller's end speaks first
    ("source", SOURCE, False),
    ("trunk", "trunk-1", False),
    ("account", "acme", False),
    ("account", "hotel", True),
    ("party", "acme-nv", False),
    ("party", "reseller", False),
    ("party", "hotel-nv", True),
    ("party", "group", True),
    ("number", "+4420", False),  # touches nobody here
)
"""Scopes from the narrowest on, and whether the request goes to what they name."""
BOTH = {ActionKind.SUSPEND, ActionKind.TERMINATE, ActionKind.WITHDRAW}
REFUSING = {ActionKind.REFUSE, ActionKind.REFUSE_INBOUND, ActionKind.BAR, ActionKind.FIX_CALLER, ActionKind.DIVERT} | BOTH
PARAMETERS: dict[ActionKind, dict[str, object]] = {
    ActionKind.BAR: {"bars": CallClass.ALL_OUTBOUND},
    ActionKind.FIX_CALLER: {"callers": ("+32479999999",)},
    ActionKind.DIVERT: {"target": "sip:announcement@voice.example"},
    ActionKind.THROTTLE: {"rate": 1.0},
}


def acting(number: int, width: int, kind: ActionKind, **more: object) -> Order:
    scope_kind, value, _ = WIDTHS[width]
    parameters: dict[str, object] = {**PARAMETERS.get(kind, {}), **more}
    return order(number, SubjectKind(scope_kind), value, action=Action(kind=kind, **parameters))  # type: ignore[arg-type]  # as above


def table(orders: Sequence[Order], *, sources: Sequence[str] = ()) -> OrdersTable:
    made = OrdersTable()
    made.protect(emergency_numbers=(AMBULANCE,), sources=sources)
    made.apply(OrderChange(generation=1, full=True, upserts=tuple(orders)))
    return made


def decided(made: OrdersTable, ask: Ask = ASK, now: Micros = NOW) -> Verdict:
    return made.decide(ask, now, PARTIES, CALLED)


def touches(width: int, kind: ActionKind) -> bool:
    """Whether an order of this width and action speaks of the request."""
    _, value, inbound = WIDTHS[width]
    if value == "+4420":
        return False
    both_ends = value == "+32"
    return kind in BOTH or both_ends or inbound == (kind is ActionKind.REFUSE_INBOUND)


placed = st.lists(
    st.tuples(st.integers(0, len(WIDTHS) - 1), st.sampled_from(ActionKind)), max_size=5, unique_by=lambda each: each[0]
)


@given(placed=placed, protected=st.booleans())
def test_the_rank_decides_and_within_it_the_width(placed: list[tuple[int, ActionKind]], protected: bool) -> None:
    placed.sort()
    made = table(
        [acting(number, width, kind) for number, (width, kind) in enumerate(placed)],
        sources=("203.0.113.0/24",) if protected else (),
    )
    meeting = [
        (number, kind)
        for number, (width, kind) in enumerate(placed)
        if touches(width, kind) and not (protected and WIDTHS[width][0] == "source")
    ]
    refusing = [(number, kind) for number, kind in meeting if kind in REFUSING]
    throttling = [number for number, kind in meeting if kind is ActionKind.THROTTLE]
    allowing = [number for number, kind in meeting if kind is ActionKind.ALLOW]
    first, second = decided(made), decided(made)
    if refusing:
        number, kind = refusing[0]
        action = VerdictAction.DIVERT if kind is ActionKind.DIVERT else VerdictAction.REJECT
        assert (first.order, first.action) == (f"{number:032x}", action)
        assert second == first
    else:
        assert (first.order, first.action) == (f"{allowing[0]:032x}" if allowing else None, VerdictAction.ALLOW)
        if throttling:
            assert (second.order, second.action) == (f"{throttling[0]:032x}", VerdictAction.THROTTLE)
        else:
            assert second == first


@given(placed=placed, called=st.sampled_from([AMBULANCE, "urn:service:sos", "urn:service:sos.fire"]))
def test_an_emergency_call_of_a_party_passes_orders_of_every_kind(placed: list[tuple[int, ActionKind]], called: str) -> None:
    made = table([acting(number, width, kind) for number, (width, kind) in enumerate(placed)])
    ask = Ask(call_id="c", source=SOURCE, trunk="trunk-1", account="acme", caller=CALLER, callee=called)
    for _ in range(3):
        assert decided(made, ask) == Verdict(action=VerdictAction.ALLOW)


@pytest.mark.parametrize("kind", [*sorted(BOTH), ActionKind.REFUSE_INBOUND])
@pytest.mark.parametrize(("scope", "value"), [("number", CALLER), ("account", "acme"), ("party", "reseller"), ("range", "+32")])
def test_emergency_services_can_call_back_whoever_called_them(kind: ActionKind, scope: str, value: str) -> None:
    made = table([order(1, SubjectKind(scope), value, action=Action(kind=kind))])
    back = Ask(call_id="back", source="192.0.2.99", caller="+4955500", callee=CALLER)
    behind = Answering("acme", ("reseller",))
    assert made.decide(back, NOW, (), behind).action is VerdictAction.REJECT
    made.decide(Ask(call_id="e", source=SOURCE, caller=CALLER, callee=AMBULANCE), NOW)
    assert made.decide(back, NOW, (), behind).action is VerdictAction.REJECT, "an unattributed source gains no route by calling 112"
    made.decide(Ask(call_id="e", source=SOURCE, account="acme", caller=CALLER, callee=AMBULANCE), NOW, ("reseller",))
    assert made.decide(back, NOW, (), behind).action is VerdictAction.ALLOW
    assert made.decide(back, Micros(NOW + WINDOW_US), (), behind).action is VerdictAction.REJECT


@pytest.mark.parametrize(
    ("bars", "home", "method", "callee", "refused"),
    [
        (CallClass.INTERNATIONAL, ("+32",), "INVITE", "+3225550101", False),
        (CallClass.INTERNATIONAL, ("+32",), "INVITE", "+442071838750", True),
        (CallClass.INTERNATIONAL, ("+32",), "INVITE", "alice", False),
        (CallClass.PREMIUM, (), "INVITE", "+3290012345", True),
        (CallClass.PREMIUM, (), "INVITE", "+3225550101", False),
        (CallClass.PREMIUM, (), "INVITE", "bob", False),
        (CallClass.ALL_OUTBOUND, (), "INVITE", "bob", True),
        (CallClass.ALL_OUTBOUND, (), "OPTIONS", "bob", False),
        (CallClass.MESSAGES, (), "MESSAGE", "bob", True),
        (CallClass.MESSAGES, (), "INVITE", "bob", False),
    ],
)
def test_a_bar_refuses_its_class_alone(bars: CallClass, home: tuple[str, ...], method: str, callee: str, refused: bool) -> None:
    made = table([order(1, SubjectKind.ACCOUNT, "acme", action=Action(kind=ActionKind.BAR, bars=bars, home=home))])
    verdict = made.decide(Ask(call_id="c", method=method, account="acme", callee=callee), NOW)
    assert (verdict.action is VerdictAction.REJECT) == refused


def test_a_fixed_caller_number_may_be_shown_and_no_other() -> None:
    made = table([order(1, SubjectKind.TRUNK, "t", action=Action(kind=ActionKind.FIX_CALLER, callers=("+3221",)))])

    def shows(caller: str | None, asserted: str | None) -> VerdictAction:
        return made.decide(Ask(call_id="c", trunk="t", caller=caller, asserted=asserted, callee=CALLEE), NOW).action

    assert shows("+3221", None) is shows("+3221", "+3221") is shows(None, None) is VerdictAction.ALLOW
    assert shows("+3222", "+3221") is shows("+3221", "+3222") is VerdictAction.REJECT


def test_a_diverted_call_is_told_where_to_go() -> None:
    verdict = decided(table([acting(1, 0, ActionKind.DIVERT)]))
    assert (verdict.code, verdict.target, verdict.order) == (302, "sip:announcement@voice.example", f"{1:032x}")


@given(rate=st.sampled_from([0.2, 1.0, 5.0, 50.0]), burst=st.integers(1, 20), gaps=st.lists(st.integers(0, 3_000), max_size=300))
def test_a_throttle_never_lets_more_through_than_its_rate_and_burst(rate: float, burst: int, gaps: list[int]) -> None:
    made = table([order(1, SubjectKind.ACCOUNT, "acme", action=Action(kind=ActionKind.THROTTLE, rate=rate, burst=burst))])
    now, passed, began = NOW, 0, NOW
    for gap in gaps:
        now = Micros(now + gap * MILLISECOND)
        verdict = decided(made, now=now)
        passed += verdict.action is VerdictAction.ALLOW
        if verdict.action is VerdictAction.THROTTLE:
            wait = int(verdict.headers["Retry-After"])
            assert 1 <= wait <= max(1, 1 / rate)
        assert passed <= burst + rate * (now - began) / SECOND + 1e-6


def test_who_waits_as_long_as_told_gets_through() -> None:
    made = table([order(1, SubjectKind.ACCOUNT, "acme", action=Action(kind=ActionKind.THROTTLE, rate=0.3))])
    assert decided(made).action is VerdictAction.ALLOW
    full = decided(made)
    assert full.headers["Retry-After"] == "4"
    assert decided(made, now=Micros(NOW + 4 * SECOND)).action is VerdictAction.ALLOW


def test_a_throttle_counts_on_when_the_table_changes_and_a_refused_call_counts_in_none() -> None:
    throttle = order(1, SubjectKind.ACCOUNT, "acme", action=Action(kind=ActionKind.THROTTLE, rate=1.0))
    made = table([throttle, acting(2, 0, ActionKind.REFUSE)])
    assert decided(made).action is VerdictAction.REJECT
    made.apply(OrderChange(generation=2, removals=(f"{2:032x}",)))
    assert decided(made).action is VerdictAction.ALLOW
    made.apply(OrderChange(generation=3, upserts=(acting(3, 15, ActionKind.REFUSE),)))
    assert decided(made).action is VerdictAction.THROTTLE


def test_a_full_throttle_keeps_no_other_from_counting_right() -> None:
    wide = order(1, SubjectKind.PARTY, "reseller", action=Action(kind=ActionKind.THROTTLE, rate=1.0, burst=2))
    narrow = order(2, SubjectKind.ACCOUNT, "acme", action=Action(kind=ActionKind.THROTTLE, rate=1.0))
    made = table([wide, narrow])
    assert [decided(made).action for _ in range(3)] == [VerdictAction.ALLOW, VerdictAction.THROTTLE, VerdictAction.THROTTLE]
    other = Ask(call_id="d", account="other")
    assert made.decide(other, NOW, PARTIES, NOBODY).action is VerdictAction.ALLOW, "calls that did not pass are not counted"
    assert made.decide(other, NOW, PARTIES, NOBODY).action is VerdictAction.THROTTLE


def test_a_party_abroad_reaches_the_help_of_its_place() -> None:
    made = table([order(1, SubjectKind.ACCOUNT, "acme", action=Action(kind=ActionKind.REFUSE))])
    account = AccountLink(account="acme", party="acme", country="GB")
    made.locate(Directory(Reference(time=NOW, accounts=(account,), emergency={"GB": ("112", "999"), "ZZ": ("112",)})))
    verdicts = [
        decided(made, Ask(call_id="c", source=SOURCE, account="acme", caller=CALLER, callee=each)) for each in ("999", "101")
    ]
    assert [verdict.action for verdict in verdicts] == [VerdictAction.ALLOW, VerdictAction.REJECT]

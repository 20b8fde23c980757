"""Overlapping orders of every kind and scope, against an oracle that knows no tables; and what no order may ever do."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from ringfence.gate.edges.deeds import Deeds, is_for_help
from ringfence.gate.edges.edge import LiveCall, Registration
from ringfence.gate.table import NOBODY, Answering, OrdersTable, Reach
from ringfence.gate.table.callbacks import WINDOW_US
from ringfence.gate.table.used_sources import KEPT_US
from ringfence.vocabulary.contracts import (
    DEEDS,
    AccountLink,
    Action,
    ActionKind,
    Ask,
    CallClass,
    NumberLink,
    Order,
    OrderChange,
    Reference,
    TrunkLink,
    VerdictAction,
)
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import DAY, HOUR, SECOND, Micros
from ringfence.watch.attribution import EMERGENCY_LIST, Directory
from tests.property.oracles import orders as oracle
from tests.property.oracles.orders import Around, Request
from tests.unit.gate.orders import NOW, order

OURS, THEIRS, COSTLY, ABROAD = "+32470123456", "+3225550101", "+3290012345", "+442071838750"
SOURCES = ("203.0.113.9", "203.0.113.10", "192.0.2.7")
EMERGENCY = frozenset({"112", "101"})
HELP = ("112", "101", "urn:service:sos", "urn:service:sos.fire", "urn:service:sos.police")
VALUES = {
    SubjectKind.PAIR: (f"{OURS},{THEIRS}", f"{THEIRS},{OURS}", f"{OURS},112"),
    SubjectKind.REGISTRATION: (f"a@b,{SOURCES[0]}", f"a@b,{SOURCES[1]}"),
    SubjectKind.NUMBER: (OURS, THEIRS, COSTLY, ABROAD, "112"),
    SubjectKind.RANGE: ("+32", "+324", "+324701", "+3225", "+3290", "+44", "+"),
    SubjectKind.SOURCE: SOURCES,
    SubjectKind.TRUNK: ("trunk-1", "trunk-2"),
    SubjectKind.ACCOUNT: ("acme", "hotel"),
    SubjectKind.PARTY: ("reseller", "acme-nv", "end-user", "group", "hotel-nv"),
}
ENDS = (Micros(NOW + HOUR), Micros(NOW + 2 * HOUR), None)


@st.composite
def actions(draw: st.DrawFn) -> Action:
    kind = draw(st.sampled_from(sorted(ActionKind)))
    rated = kind is ActionKind.THROTTLE
    return Action(
        kind=kind,
        bars=draw(st.sampled_from(sorted(CallClass))) if kind is ActionKind.BAR else None,
        home=("+32",),
        callers=draw(st.sampled_from([(OURS,), (OURS, THEIRS), (ABROAD,)])) if kind is ActionKind.FIX_CALLER else (),
        target="sip:announcement@voice.example" if kind is ActionKind.DIVERT else None,
        rate=1.0 if rated and draw(st.booleans()) else None,
        concurrent=1 if rated and draw(st.booleans()) else None,
    )


@st.composite
def several(draw: st.DrawFn) -> tuple[Order, ...]:
    """Up to eight orders of any scope and action, some under one key, begun or not, over or not."""
    made = []
    for number in range(draw(st.integers(0, 8))):
        kind = draw(st.sampled_from(sorted(VALUES)))
        until = draw(st.sampled_from(ENDS))
        made.append(
            order(
                number,
                kind,
                draw(st.sampled_from(VALUES[kind])),
                action=draw(actions()),
                generation=number + 1,
                until=until,
                review=Micros(NOW + 30 * DAY) if until is None else None,
            )
        )
    return tuple(made)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    account = draw(st.sampled_from([None, "acme"]))
    called = draw(st.booleans())
    ask = Ask(
        call_id="c",
        method=draw(st.sampled_from(["INVITE", "INVITE", "MESSAGE", "REGISTER"])),
        source=draw(st.sampled_from([None, *SOURCES])),
        trunk=draw(st.sampled_from([None, "trunk-1"])) if account else None,
        account=account,
        caller=draw(st.sampled_from([None, OURS, THEIRS, ABROAD, "alice"])),
        asserted=draw(st.sampled_from([None, None, OURS, ABROAD])),
        callee=draw(
            st.sampled_from([None, OURS, THEIRS, COSTLY, ABROAD, "bob", "112", "1120", "urn:service:sos", "urn:service:sosage"])
        ),
        registration=draw(st.sampled_from([None, "a@b"])),
    )
    parties = draw(st.sampled_from([("acme-nv",), ("reseller", "acme-nv"), ("reseller", "acme-nv", "end-user")])) if account else ()
    return Request(ask, parties, "hotel" if called else None, ("group", "hotel-nv") if called else ())


def table(orders: tuple[Order, ...], protected: tuple[str, ...] = ()) -> OrdersTable:
    made = OrdersTable()
    made.protect(emergency_numbers=EMERGENCY, sources=protected)
    made.apply(OrderChange(generation=99, full=True, upserts=orders))
    return made


def said(made: OrdersTable, request: Request) -> tuple[str, str | None]:
    called = Answering(request.called_account, request.called_parties) if request.called_account else NOBODY
    verdict = made.decide(request.ask, NOW, request.parties, called)
    words = {VerdictAction.ALLOW: "pass", VerdictAction.REJECT: "refuse", VerdictAction.DIVERT: "divert"}
    return words[verdict.action], verdict.order


@given(orders=several(), request=requests(), protected=st.sampled_from([(), (SOURCES[0],)]))
def test_the_table_says_what_the_prose_says(orders: tuple[Order, ...], request: Request, protected: tuple[str, ...]) -> None:
    around = Around(EMERGENCY, frozenset(protected))
    assert said(table(orders, protected), request) == oracle.spoken(orders, request, around)


@given(orders=several(), request=requests(), called=st.sampled_from(HELP))
def test_a_partys_call_for_help_passes_orders_of_every_kind_and_scope(
    orders: tuple[Order, ...], request: Request, called: str
) -> None:
    made = table(orders)
    ask = Ask(call_id="e", source=request.ask.source, account="acme", trunk="trunk-1", caller=request.ask.caller, callee=called)
    for _ in range(3):
        assert said(made, Request(ask, ("reseller", "acme-nv", "end-user"), request.called_account, request.called_parties)) == (
            "pass",
            None,
        )


@given(orders=several(), request=requests(), called=st.sampled_from(HELP), source=st.sampled_from(SOURCES))
def test_a_stranger_gains_no_way_by_dialling_for_help(
    orders: tuple[Order, ...], request: Request, called: str, source: str
) -> None:
    """What is said of a stranger's call to 112 is what is said of a stranger's call to any number on which the same is ordered."""
    stranger = Ask(call_id="s", source=source, caller=request.ask.caller, callee=called)
    made = table(orders)
    assert said(made, Request(stranger)) == oracle.spoken(orders, Request(stranger), Around())
    back = Ask(call_id="b", source=SOURCES[2], caller=ABROAD, callee=request.ask.caller)
    assert said(made, Request(back)) == oracle.spoken(orders, Request(back), Around(EMERGENCY)), "nor one for others to call back"


@given(orders=several(), behind=st.booleans())
def test_who_called_for_help_is_called_back_whatever_is_ordered_against_the_number(orders: tuple[Order, ...], behind: bool) -> None:
    made = table(orders)
    for_help = Ask(call_id="e", account="acme", caller=OURS, callee="112")
    made.decide(for_help, Micros(NOW - WINDOW_US + 1), ("acme-nv",))
    back = Request(Ask(call_id="b", source="198.51.100.1", caller="+4930112", callee=OURS), (), "hotel" if behind else None, ())
    against_it = tuple(each for each in orders if oracle.widths(each, back) and all(end for _, end in oracle.widths(each, back)))
    assert said(table_after(made, against_it), back) == ("pass", None)
    assert said(table_after(made, orders), back) == oracle.spoken(
        orders, back, Around(EMERGENCY, called_for_help=frozenset({OURS}))
    )


def table_after(made: OrdersTable, orders: tuple[Order, ...]) -> OrdersTable:
    made.apply(OrderChange(generation=made.generation + 1, full=True, upserts=orders))
    return made


@given(
    orders=several(),
    registered=st.sets(st.sampled_from(SOURCES)),
    ago=st.sampled_from([0, KEPT_US - 1, KEPT_US]),
    trunks=st.sets(st.sampled_from(SOURCES)),
    ended_ago=st.sampled_from([None, 29 * DAY, 31 * DAY]),
)
def test_no_address_of_a_trunk_or_registration_of_30_days_enters_a_firewall(
    orders: tuple[Order, ...], registered: set[str], ago: int, trunks: set[str], ended_ago: int | None
) -> None:
    made = table(orders)
    ended = None if ended_ago is None else Micros(NOW - ended_ago)
    links = tuple(TrunkLink(trunk=each, account="acme", address=each, valid_to=ended) for each in sorted(trunks))
    made.locate(Directory(Reference(time=NOW, trunks=links)))
    for address in sorted(registered):
        made.note_use(address, Micros(NOW - ago))
    firewall = Reach(frozenset({SubjectKind.SOURCE}), firewall=True)
    in_use = (registered if ago < KEPT_US else set()) | (trunks if ended_ago is None or ended_ago < KEPT_US else set())
    wanted = {key.removeprefix("source:") for key in made.wanted(NOW, firewall)}
    refused = {
        each.scope.value for each in orders if each.scope.kind is SubjectKind.SOURCE and each.action.kind in firewall.actions
    }
    assert wanted == refused - in_use
    refusals = {each.scope.value for each, why in made.out_of_reach(firewall, NOW) if "within 30 days" in why}
    assert (
        refusals
        == {each.scope.value for each in orders if each.scope.kind is SubjectKind.SOURCE and each.action.kind not in DEEDS} & in_use
    )


class Proxy:
    """An edge with calls and contacts that go when they are told to."""

    name = "edge-1"

    def __init__(self, live: list[LiveCall]) -> None:
        self.live = live

    async def calls(self) -> list[LiveCall]:
        return list(self.live)

    async def end(self, call: LiveCall, reason: str) -> None:
        self.live.remove(call)

    async def registrations(self) -> list[Registration]:
        return []

    async def drop(self, registration: Registration) -> None:
        raise AssertionError("there is none")


DIRECTORY = Directory(
    Reference(
        time=NOW,
        accounts=(AccountLink(account="acme", party="acme-nv"), AccountLink(account="hotel", party="hotel-nv", country="GB")),
        trunks=(TrunkLink(trunk="trunk-1", account="acme", user="acme"),),
        numbers=(NumberLink(number=OURS, account="hotel"),),
        lists={EMERGENCY_LIST: tuple(sorted(EMERGENCY))},
        emergency={"GB": ("999", "112")},
    )
)
live_calls = st.lists(
    st.builds(
        LiveCall,
        handle=st.integers(0, 99).map(str),
        call_id=st.just("c"),
        caller=st.sampled_from([None, OURS, THEIRS, "alice"]),
        called=st.sampled_from([None, OURS, THEIRS, "112", "999", "101", "urn:service:sos", "URN:service:sos.fire", "bob"]),
        source=st.sampled_from([None, *SOURCES]),
        user=st.sampled_from([None, "acme"]),
        began=st.sampled_from([None, Micros(NOW - HOUR), NOW, Micros(NOW + SECOND), Micros(NOW + 2 * SECOND)]),
        answered=st.booleans(),
    ),
    max_size=8,
    unique_by=lambda call: call.handle,
)


@given(live=live_calls, kind=st.sampled_from(sorted(VALUES)), data=st.data(), called_for_help=st.booleans())
def test_no_order_ends_a_call_for_help_nor_one_back_from_there_nor_one_that_began_later(
    live: list[LiveCall], kind: SubjectKind, data: st.DataObject, called_for_help: bool
) -> None:
    ordered = order(1, kind, data.draw(st.sampled_from(VALUES[kind])), action=Action(kind=ActionKind.END_CALLS))
    made = table((ordered,))
    if called_for_help:
        made.decide(Ask(call_id="e", account="hotel", caller=OURS, callee="112"), Micros(NOW - HOUR // 4), ("hotel-nv",))
    proxy, before = Proxy(list(live)), list(live)
    asyncio.run(Deeds(proxy, made, directory=lambda: DIRECTORY).carry_out(ordered, NOW))  # type: ignore[arg-type]  # it has what deeds need
    ended = [call for call in before if call not in proxy.live]
    for call in ended:
        assert (call.called or "").lower() not in ("112", "999", "101", "urn:service:sos", "urn:service:sos.fire")
        assert call.began is None or call.began <= NOW + SECOND
        assert not (called_for_help and call.called == OURS and (call.began is None or call.began <= NOW + SECOND))
        assert meets(ordered, call)
    for call in proxy.live:
        kept = is_for_help(call, made, DIRECTORY) or (call.began is not None and call.began > NOW + SECOND)
        assert kept or not meets(ordered, call)


def meets(ordered: Order, call: LiveCall) -> bool:
    """By the oracle: the order's scope is at either end of the call."""
    account = "acme" if call.user == "acme" else None
    ask = Ask(call_id="c", source=call.source, account=account, trunk=account and "trunk-1", caller=call.caller, callee=call.called)
    ours = call.called == OURS
    request = Request(ask, ("acme-nv",) if account else (), "hotel" if ours else None, ("hotel-nv",) if ours else ())
    return bool(oracle.widths(ordered, request))

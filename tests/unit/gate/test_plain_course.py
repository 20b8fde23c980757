"""The plain course answers as the responder would that looks at everything: the same octets, the same tallies."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final
from zlib import crc32

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.gate.inline_rules import CALLS_A_SECOND, FAN_OUT, UNHELD_CALLER, posted
from tests.unit.gate.orders import NOW, SCANNER, order

from ringfence.feeds import FeedWriter
from ringfence.gate.configuration import PeerProfile, RedirectConfiguration
from ringfence.gate.inline import RulesBefore
from ringfence.gate.orders import OrdersTail
from ringfence.gate.receipts import ReceiptBook
from ringfence.gate.redirect import RedirectServer
from ringfence.gate.redirect.plain import Batch
from ringfence.gate.redirect.responder import Responder
from ringfence.gate.table import OrdersTable
from ringfence.vocabulary.contracts import (
    AccountLink,
    Action,
    ActionKind,
    CallClass,
    NumberLink,
    Order,
    OrderChange,
    PartyLink,
    Reference,
    Scope,
    TrunkLink,
)
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import DAY, MINUTE, SECOND, Micros
from ringfence.watch.kernels.plain_answers import AGAIN

EDGES: Final = ("192.0.2.50", "192.0.2.51", "192.0.2.52", "192.0.2.99")
"""A proxy that is believed nothing, one that is trusted, one with manners of its own, and a stranger."""
TRUNK: Final = "198.51.100.10"
SOURCES: Final = (SCANNER, TRUNK, "198.51.100.11", "proxy.example", "10.0.0.300", None)
NUMBERS: Final = ("+3225550000", "+3225550001", "+33155500001", "112", "911", "sipp", "+0123", "+32-2-5550000", "0032225550000")

CHANGED: Final = Micros(NOW + 90 * SECOND)
REFERENCE: Final = Reference(
    time=NOW,
    parties=(PartyLink(party="reseller"), PartyLink(party="shop", parent="reseller")),
    accounts=(AccountLink(account="acme", party="shop"), AccountLink(account="bell", party="reseller", country="US")),
    numbers=(NumberLink(number="+3225550000", account="acme", valid_to=CHANGED), NumberLink(number="+3225550001", account="bell")),
    trunks=(
        TrunkLink(trunk="t1", account="acme", address=TRUNK, valid_to=CHANGED),
        TrunkLink(trunk="t1", account="bell", address=TRUNK, valid_from=CHANGED),
        TrunkLink(trunk="t2", account="bell", user="bell-user"),
    ),
    lists={"emergency-numbers": ("112",), "protected-sources": ("198.51.100.11/32",)},
    emergency={"US": ("911",)},
)

_VALUES: Final = {
    SubjectKind.SOURCE: (SCANNER, TRUNK, "198.51.100.11"),
    SubjectKind.TRUNK: ("t1", "t2"),
    SubjectKind.ACCOUNT: ("acme", "bell"),
    SubjectKind.PARTY: ("reseller", "shop"),
    SubjectKind.NUMBER: (*NUMBERS[:3], "112", "sipp"),
    SubjectKind.RANGE: ("+3225", "+331", "+32255500"),
    SubjectKind.PAIR: ("+3225550000,+33155500001", "sipp,+3225550001", "+3225550001,112"),
    SubjectKind.REGISTRATION: (f"+3225550001@edge.example,{SCANNER}", f"sipp@edge.example,{TRUNK}"),
}
_ACTIONS: Final = (
    Action(kind=ActionKind.REFUSE, code=403, phrase="Forbidden"),
    Action(kind=ActionKind.THROTTLE, rate=0.1, burst=2),
    Action(kind=ActionKind.ALLOW),
    Action(kind=ActionKind.SUSPEND, code=403, phrase="Forbidden"),
    Action(kind=ActionKind.REFUSE_INBOUND, code=403, phrase="Forbidden"),
    Action(kind=ActionKind.BAR, bars=CallClass.INTERNATIONAL, home=("+32",), code=403, phrase="Forbidden"),
)


@st.composite
def orders(draw: st.DrawFn) -> Order:
    """Orders on what requests are about: some begin later, some end soon."""
    kind = draw(st.sampled_from(sorted(_VALUES)))
    start = Micros(NOW + draw(st.sampled_from((0, 0, 60))) * SECOND)
    return order(
        draw(st.integers(1, 20)),
        kind,
        action=draw(st.sampled_from(_ACTIONS)),
        scope=Scope(kind=kind, value=draw(st.sampled_from(_VALUES[kind]))),
        start=start,
        until=Micros(start + draw(st.sampled_from((30, 3_600))) * SECOND),
    )


_DIVERTED: Final = """\
rule: diverted-or-old
clause: spam
says: A call was diverted, or sent by a program or to a name that nobody uses any more.
source: Ours, an example.
on: attempt where diverted is not None or user_agent == "old" or target == "sipp" or domain == "2001:db8::1" or credentials
per: caller
decide: before
when: asserted is None or plan is None
severity: warn
proposes:
  - refuse 488
mode: act
cool_down: 1ms
"""
"""Reads of a call what few rules read."""
_ODD: Final = (
    *("P-Ringfence-Source: 203.0.113.9", "p-ringfence-source:  198.51.100.10", "P-Asserted-Identity: <sip:+3225550001@x>"),
    *("Subject: caf\u00e9", "Max-Forwards: 0", "X-Long: " + "x" * 300, "From: <sip:other@x>;tag=2", "broken line"),
    *("Diversion: <sip:+32 2 555 00 02@x>", "Diversion: <sip:0032225550002@x>", "User-Agent: old", "User-Agent:  old "),
    *("Via: SIP/2.0/TCP a.b", "P-Asserted-Identity: <tel:+3225550000>", "Supported: replaces"),
    'Proxy-Authorization: Digest username="bell-user", realm="r", nonce="n", uri="sip:x", response="0"',
)


@st.composite
def requests(draw: st.DrawFn) -> tuple[bytes, str]:
    """Requests as proxies forward them, and from which proxy; every other one is odd in some way."""

    def often(usual: str, *odd: str) -> str:
        return draw(st.sampled_from((usual, *odd))) if is_odd else usual

    is_odd = draw(st.booleans())
    method = often("INVITE", "REGISTER", "MESSAGE", "OPTIONS", "CANCEL", "ACK", "FOO")
    edge = draw(st.sampled_from(EDGES)) if is_odd else draw(st.sampled_from(EDGES[:3]))
    source = draw(st.sampled_from(SOURCES if is_odd else SOURCES[:3]))
    caller, callee = (draw(st.sampled_from(NUMBERS if is_odd else NUMBERS[:6])) for _ in range(2))
    vias = [f"{often('Via', 'v')}: SIP/2.0/UDP {edge}:5060;branch=z9hG4bKthis"]
    if source is not None:
        vias.append(f"Via: SIP/2.0/UDP {often('10.0.0.1:5061;received=' + source, source)};branch=z9hG4bKuser1")
    uri = often(f"sip:{callee}@edge.example", f"tel:{callee}", "urn:service:sos", f"sip:{callee}@[2001:db8::1]")
    display = often("", '"A, B" ', "J\u00f6rg ", "\u00a0")
    head = [
        f"{method} {uri} SIP/2.0",
        *vias,
        "Max-Forwards: 69",
        f"{often('From', 'f', 'FROM ')}: {display}<sip:{caller}@edge.example>;tag=f1",
        f"To:  <sip:{callee}@edge.example>{often('', ';tag=t')} ",
        "Call-ID: call-1",
        f"CSeq: 1 {often(method, 'BYE')}",
        *draw(st.lists(st.sampled_from(_ODD), max_size=2 if is_odd else 0)),
        "Content-Length: 0",
    ]
    data = ("\r\n".join(head) + "\r\n\r\n").encode()
    same = data.replace(b"CANCEL", b"INVITE")  # a CANCEL is of its INVITE's branch; no other two requests share one
    return data.replace(b"z9hG4bKthis", b"z9hG4bK%08x" % crc32(same)), edge


class Both:
    """Two responders on the same feeds: one that looks at everything, one with the plain course."""

    def __init__(self, folder: Path, rules: Sequence[RulesBefore | None] = (None, None)) -> None:
        self.now = NOW
        self.rules = rules
        self._writer = FeedWriter(folder / "orders")
        writer = FeedWriter(folder / "reference")
        writer.append([msgspec.json.encode(REFERENCE)])
        writer.close()
        configuration = RedirectConfiguration(
            listen="127.0.0.1:0",
            peers=(f"{EDGES[0]}/32",),
            trusted=(f"{EDGES[1]}/32",),
            profiles=(PeerProfile(peers=(f"{EDGES[2]}/32",), allow_code=503),),
        )
        self.tails = [OrdersTail(folder, OrdersTable()) for _ in range(2)]
        self.sides = [
            Responder(configuration, tail, ReceiptBook(folder / f"receipts-{side}"), clock=lambda: self.now, rules=rules[side])
            for side, tail in enumerate(self.tails)
        ]
        self.sides[1].begin()
        self.follow()

    def change(self, change: OrderChange) -> None:
        self._writer.append([msgspec.json.encode(change)])
        self.follow()

    def follow(self) -> None:
        self.tails[0].poll(self.now)
        news = self.tails[1].read(self.now)
        course = self.sides[1].course(news)
        self.tails[1].take(news, self.now)
        self.sides[1].take(course)
        for rules, tail in zip(self.rules, self.tails, strict=True):
            if rules is not None:
                told = Reference(time=NOW, policy="first")
                rules.take(rules.prepare(told, NOW), told, tail.directory)

    def ask(self, asked: list[tuple[bytes, str]]) -> None:
        ends = [sum(len(data) for data, _ in asked[: place + 1]) for place in range(len(asked))]
        octets, starts = b"".join(data for data, _ in asked), [0, *ends[:-1]]
        found = self.sides[1].respond_all(Batch(octets, starts, ends, [host for _, host in asked]))
        if self.rules[0] is None:
            expected = [self.sides[0].respond(data, host) for data, host in asked]
        else:  # rules count by moments, and what comes together is one step
            expected = [
                _octets(each) for each in self.sides[0].respond_all(Batch(octets, starts, ends, [host for _, host in asked]))
            ]
        assert [_octets(answer) for answer in found] == expected
        assert asdict(self.sides[1].tally) == asdict(self.sides[0].tally)


def _octets(answer: bytes | memoryview | None) -> bytes | None:
    return None if answer is None else bytes(answer)


_STEPS: Final = st.one_of(
    st.lists(requests(), min_size=1, max_size=6),
    st.lists(orders(), min_size=1, max_size=3),
    st.sets(st.integers(1, 20), min_size=1, max_size=5),
    st.sampled_from((1, 31, 61)),
)


@settings(max_examples=120)
@given(steps=st.lists(_STEPS, min_size=1, max_size=12))
def test_the_plain_course_answers_as_the_whole_one(tmp_path_factory: pytest.TempPathFactory, steps: list[object]) -> None:
    _live_through(Both(tmp_path_factory.mktemp("feeds")), steps)


@pytest.fixture(scope="module")
def policies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where a version is posted whose rules refuse calls by account, source, caller, and what the call itself says."""
    data = tmp_path_factory.mktemp("data")
    posted(data, CALLS_A_SECOND.replace("> 3", "> 1"), FAN_OUT.replace(">= 6", ">= 2"), UNHELD_CALLER, _DIVERTED)
    return data / "policies"


@settings(max_examples=15, deadline=None)
@given(steps=st.lists(_STEPS, min_size=1, max_size=10))
def test_the_plain_course_judges_by_rules_as_the_whole_one(
    tmp_path_factory: pytest.TempPathFactory, policies: Path, steps: list[object]
) -> None:
    rules = [RulesBefore(policies, key=b"k") for _ in range(2)]
    _live_through(Both(tmp_path_factory.mktemp("feeds"), rules), steps)
    found = [each.findings() for each in rules]
    assert found[1] == found[0]


def test_calls_by_rules_are_plain_where_none_refuses_them_and_what_comes_again_is_answered_alike(
    tmp_path: Path, policies: Path
) -> None:
    both = Both(tmp_path, [RulesBefore(policies, key=b"k") for _ in range(2)])
    calls = [_call(number) for number in range(4)]
    both.ask([*calls, *calls])  # the second and those after it are refused, and again where they come again
    assert (both.sides[1].tally.refused, both.sides[1].tally.asks, both.sides[1].tally.retransmissions) == (3, 4, 4)
    both.ask(calls)
    assert (both.sides[1].tally.refused, both.sides[1].tally.asks, both.sides[1].tally.retransmissions) == (3, 4, 8)
    answered = both.sides[1].respond_plainly(Batch(calls[0][0], (0,), (len(calls[0][0]),), (EDGES[0],)))
    assert answered is not None
    assert answered[0][0] == AGAIN  # the first passed, and was answered by the kernels


def _call(number: int) -> tuple[bytes, str]:
    data, edge = usual(number)
    return data.replace(b"Call-ID: c\r\n", b"Call-ID: c%d\r\n" % number), edge


def _live_through(both: Both, steps: list[object]) -> None:
    generation, asked = 0, list[tuple[bytes, str]]()
    for step in steps:
        if isinstance(step, int):
            both.now = Micros(both.now + step * SECOND)
            asked = asked if step == 1 else []  # what is older than half a minute may be forgotten, or not yet
            both.follow()
        elif isinstance(step, set):
            generation += 1
            both.change(OrderChange(generation=generation, removals=tuple(f"{number:032x}" for number in sorted(step))))
        elif isinstance(step, list) and isinstance(step[0], Order):
            generation += 1
            upserts = {each.id: msgspec.structs.replace(each, generation=generation) for each in step}
            both.change(OrderChange(generation=generation, upserts=tuple(upserts.values())))
        elif isinstance(step, list):
            asked += [(data.replace(b"z9hG4bK", b"z9hG4bK%d." % (both.now - NOW), 1), edge) for data, edge in step]
            both.ask([*asked[-len(step) :], *asked[:: max(1, len(asked) // 3)]])  # some come again


def usual(number: int, edge: str = EDGES[0], callee: str = "+33155500001") -> tuple[bytes, str]:
    """Return question `number`, from a trunk and on which nothing is ordered unless a test says so."""
    head = (
        f"INVITE sip:{callee}@edge.example SIP/2.0\r\nVia: SIP/2.0/UDP {edge}:5060;branch=z9hG4bK{number:x}\r\n"
        f"Via: SIP/2.0/UDP 10.0.0.1:5061;received={TRUNK};branch=z9hG4bKu\r\nMax-Forwards: 69\r\n"
        "From: <sip:+3225550000@edge.example>;tag=f\r\nTo: <sip:x@edge.example>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n\r\n"
    )
    return head.encode(), edge


def test_many_orders_on_others_leave_a_question_plain_and_one_on_it_does_not(tmp_path: Path) -> None:
    both = Both(tmp_path)
    others = [order(1_000 + place, SubjectKind.NUMBER, f"+8835100{place:05d}") for place in range(20_000)]
    both.change(OrderChange(generation=1, upserts=tuple(others)))
    both.ask([usual(number) for number in range(40)])
    course = both.sides[1].course(both.tails[1].read(NOW))
    assert course is not None
    answered = both.sides[1].respond_plainly(Batch(usual(99)[0], (0,), (len(usual(99)[0]),), (EDGES[0],)))
    assert answered is not None
    assert answered[0][0] != 0
    both.change(OrderChange(generation=2, upserts=(order(1, SubjectKind.NUMBER, "+3225550000", generation=2),)))
    both.ask([usual(number) for number in range(30, 70)])  # the first ten again, as they were answered before the order came
    assert both.sides[0].tally.refused == 30


def test_questions_over_a_real_socket_are_answered_and_what_nobody_read_is_counted(tmp_path: Path) -> None:
    async def story() -> None:
        both = Both(tmp_path)
        configuration = RedirectConfiguration(listen="127.0.0.1:0")
        server = RedirectServer(configuration, both.tails[1], ReceiptBook(tmp_path / "own"), clock=lambda: NOW)
        await server.listen("127.0.0.1", 0)
        loop, answers = asyncio.get_running_loop(), asyncio.Queue[bytes]()

        class Asker(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
                answers.put_nowait(data)

        transport, _ = await loop.create_datagram_endpoint(Asker, remote_addr=("127.0.0.1", server.port))
        found = []
        for begin in range(0, 200, 20):
            for number in range(begin, begin + 20):
                transport.sendto(usual(number)[0])
            found += [await asyncio.wait_for(answers.get(), 30) for _ in range(20)]
        assert {answer.split(b" ", 2)[1] for answer in found} == {b"404"}
        assert server.shed == 0
        before = server.tally.asks
        payload = usual(0)[0].replace(b"\r\n\r\n", b"\r\nSubject: " + b"x" * 60_000 + b"\r\n\r\n")
        for _ in range(2_000):  # more than the socket holds, while nobody reads
            transport.sendto(payload)
        await asyncio.sleep(0)
        assert before == 200
        assert server.shed > 0
        transport.close()
        server.close()
        await asyncio.sleep(0)

    asyncio.run(story())


def test_what_is_known_of_a_sender_ends_with_his_link(tmp_path: Path) -> None:
    both = Both(tmp_path)
    both.change(OrderChange(generation=1, upserts=(order(1, SubjectKind.ACCOUNT, "bell"),)))
    both.ask([usual(1)])
    assert both.sides[0].tally.refused == 0
    both.now = Micros(CHANGED + MINUTE)
    both.ask([usual(2)])  # no news from the desk: the trunk is another account's by the clock alone
    assert both.sides[0].tally.refused == 1


def test_addresses_in_use_are_noted_on_either_course(tmp_path: Path) -> None:
    both = Both(tmp_path)
    for day in range(3):
        both.ask([usual(2 * day), usual(2 * day + 1)])
        noted = [tail.table.used.noted(both.now) for tail in both.tails]
        assert noted[1] == noted[0] == {TRUNK: both.now}
        both.now = Micros(both.now + DAY)

"""Many datagrams at once give what they give one by one, parsed by `wire`: events, observations and all that is remembered."""

import random
from collections import Counter
from collections.abc import Sequence
from itertools import groupby

import pytest
from msgspec.structs import replace
from tests.conftest import shared_data
from tests.unit.watch.calls.recordings import ALICE, BOB, SS1, SS2, START, authorization, datagram, flow, request, response
from tests.unit.watch.live.mirrored import mirrored

from ringfence.simulate import carrier, signalling
from ringfence.simulate.provider import harbour_voice
from ringfence.vocabulary.contracts import AccountLink, Event, NumberLink, Reference, TrunkLink
from ringfence.vocabulary.times import HOUR, MILLISECOND, SECOND, Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.calls import Edges, Tracker, TrackerOptions
from ringfence.watch.sources import pcap
from ringfence.watch.sources.datagram import Datagram, PayloadKind
from ringfence.watch.wire.sip import Defect, parse

_REFERENCE = Reference(
    time=Micros(0),
    policy="p",
    accounts=(AccountLink(account="acme", party="acme"), AccountLink(account="umbra", party="umbra")),
    numbers=(NumberLink(number="+3225551213", account="acme"),),
    trunks=(
        TrunkLink(trunk="t1", account="acme", user="trunk7"),
        TrunkLink(trunk="t2", account="umbra", address=BOB, valid_to=Micros(START + 400 * SECOND)),
    ),
    lists={"emergency-numbers": ("112",)},
)
_EDGES = Edges(addresses=frozenset({SS1}), endpoints=frozenset({(SS2, 5060)}), ignored=frozenset({(SS2, 5070)}))
_PLAIN = TrackerOptions()
_SMALL = TrackerOptions(edges=_EDGES, country="BE", most_transactions=12, most_calls=9, most_claims=3)


def check(datagrams: Sequence[Datagram], options: TrackerOptions = _PLAIN, *, seed: int = 0) -> list[Event]:
    """Feed both ways, in batches of any size, and compare all that can be seen. Return the events."""
    chance = random.Random(seed)
    one, many, together = (Tracker(Directory(_REFERENCE), options) for _ in range(3))
    expected: Counter[Defect] = Counter()
    defects: Counter[Defect] = Counter()
    events: list[Event] = []
    rest = list(datagrams)
    while rest:
        size = chance.choice((0, 1, 3, 40, 2_500))
        batch, rest = rest[:size], rest[size:]
        late = [chance.random() < 0.1 for _ in batch]
        before: list[Event] = []
        for each, is_late in zip(batch, late, strict=True):
            message = parse(each.payload) if each.kind is PayloadKind.SIP else None
            expected.update(() if message is None else message.defects)
            before += one.feed(each, message, late=is_late)
        assert many.feed_all(batch, defects, late) == before
        assert fed_together(together, batch, late) == before
        assert many.observations() == one.observations()
        assert many.changes() == one.changes()
        if chance.random() < 0.2:
            span = chance.choice((MILLISECOND, 40 * SECOND, HOUR))
            assert many.advance(Micros(many.clock + span)) == one.advance(Micros(one.clock + span))
            together.advance(many.clock)
        events += before
    assert many.snapshot() == one.snapshot() == together.snapshot()
    assert defects == expected
    assert many.advance(Micros(many.clock + 9 * HOUR)) == one.advance(Micros(one.clock + 9 * HOUR))
    assert many.snapshot() == one.snapshot()
    return events


def fed_together(tracker: Tracker, batch: Sequence[Datagram], late: Sequence[bool]) -> list[Event]:
    """Feed what agents send as rows as such, and the rest between it as datagrams."""
    events: list[Event] = []
    for in_rows, several in groupby(zip(batch, late, strict=True), key=lambda each: goes_in_rows(each[0])):
        datagrams, are_late = zip(*several, strict=True)
        events += tracker.feed_all(mirrored(datagrams) if in_rows else datagrams, Counter(), are_late)
    return events


def goes_in_rows(each: Datagram) -> bool:
    return each.kind is PayloadKind.SIP and each.agent is not None and ":" not in each.source + each.destination


def storm(chance: random.Random, count: int) -> list[Datagram]:
    """Return messages that collide in every way: few calls, tags, branches and servers, all methods, times that jump."""
    sent: list[tuple[bytes, str, str]] = []
    datagrams: list[Datagram] = []
    time = START
    for _ in range(count):
        time = Micros(time + chance.choice((0, 0, 1, MILLISECOND, SECOND, SECOND, -SECOND, 33 * SECOND, 400 * SECOND, 7 * HOUR)))
        source, destination = chance.sample((ALICE, BOB, SS1, SS2, "2001:db8::1"), 2)
        if sent and chance.random() < 0.5:
            status = chance.choice((100, 180, 183, 200, 202, 302, 401, 403, 404, 407, 486, 487, 503, 603))
            extra = chance.choice(((), (), ('WWW-Authenticate: Digest realm="r", stale=true',)))
            asked, asker, server = chance.choice(sent[-6:])
            payload = response(asked, status, to_tag=chance.choice("bcd"), extra=extra)
            if chance.random() < 0.8:
                source, destination = server, asker
        elif sent and chance.random() < 0.2:
            payload = chance.choice(sent[-6:])[0]
        else:
            payload = any_request(chance)
            sent.append((payload, source, destination))
        if chance.random() < 0.04:
            payload = payload[: chance.randrange(len(payload))]
        each = datagram(payload, source, destination, Micros(max(0, time)), ports=(chance.choice((5060, 5070)), 5060))
        if chance.random() < 0.02:
            line = f"ringfence.refused order=o1 source={ALICE} method=INVITE".encode()
            each = replace(each, kind=chance.choice((PayloadKind.LOG, PayloadKind.OTHER)), payload=line)
        datagrams.append(each)
    return datagrams


def any_request(chance: random.Random) -> bytes:
    methods = ("INVITE", "INVITE", "INVITE", "ACK", "BYE", "CANCEL", "REGISTER", "OPTIONS", "PRACK", "UPDATE", "MESSAGE", "X-ODD")
    extra = [
        *chance.choice(((), (), (authorization(chance.choice(("trunk7", "eve"))),))),
        *chance.choice(((), (), (f"Via: SIP/2.0/UDP {chance.choice((ALICE, SS1))};received={BOB};rport=5060;branch=z9hG4bKb2",))),
        *chance.choice(
            ((), (), ("P-Asserted-Identity: <sip:h.example>, <sip:+3225551213@h.example>", "Diversion: <tel:025551212>;x=y"))
        ),
        *chance.choice(((), ("User-Agent: " + "Oak 2.0" * chance.choice((1, 40)),))),
    ]
    payload = request(
        chance.choice(methods),
        to=chance.choice(("+3225551212", "+3225551213", "112", "025551212", "a" * 140)),
        user=chance.choice(("trunk7", "eve")),
        call_id=chance.choice(("c1", "c2", "c3", "c" * 200)),
        cseq=chance.choice((1, 2)),
        branch=chance.choice(("b1", "b2", "b3")),
        via=chance.choice((ALICE, BOB, SS1)),
        tags=(chance.choice("ab"), chance.choice((None, None, "a", "b", "c"))),
        extra=extra,
    )
    return payload.replace(b"sip:112@", b"urn:service:sos#") if chance.random() < 0.02 else payload


@pytest.mark.parametrize("options", [_PLAIN, TrackerOptions(edges=_EDGES), _SMALL], ids=["plain", "edges", "small"])
@pytest.mark.parametrize("seed", range(12))
def test_a_storm_of_colliding_messages(options: TrackerOptions, seed: int) -> None:
    events = check(storm(random.Random(seed), 500), options, seed=seed)
    assert {event.kind.value for event in events} >= {"attempt", "end", "request", "registration"}


@pytest.mark.parametrize("seed", range(2))
def test_the_demo_network_s_calls(seed: int) -> None:
    plans = carrier.calls(harbour_voice(), seed=seed, duration=Micros(HOUR // 12))
    timed = [(plan.offset + packet.offset, packet) for plan in plans for packet in signalling.flow(plan, "x").packets]
    timed.sort(key=lambda each: each[0])
    datagrams = [
        datagram(packet.payload, packet.source, packet.destination, Micros(START + offset), ports=(5060, 5060))
        for offset, packet in timed
    ]
    assert len(check(datagrams, seed=seed)) > len(datagrams) / 3


def test_every_real_capture() -> None:
    paths = sorted(path for path in shared_data("sip-capture").rglob("*.pcap*") if path.suffix != ".json")
    for path in paths:
        with path.open("rb") as file:
            datagrams = list(pcap.read(file))
        check(datagrams)
        check([copy for each in datagrams for copy in (each, each)], TrackerOptions(edges=_EDGES))
    assert len(paths) > 10


@pytest.mark.parametrize("name", ["3.02_session-establishment-through-two-proxies", "3.08_unsuccessful-no-answer"])
def test_flows_of_rfc_3665_over_two_proxies(name: str) -> None:
    assert check(
        flow(shared_data("sip-torture", "misc", "rfc3665", f"{name}.yaml"), ALICE, SS1, SS2, BOB), TrackerOptions(edges=_EDGES)
    )


@pytest.mark.parametrize("most_claims", [40, 10_000])
def test_phones_whose_credentials_vouch_for_what_follows(most_claims: int) -> None:
    """More than the table of keys holds at first, some accepted within the batch that they vouch in, some long before."""
    chance, datagrams = random.Random(most_claims), list[Datagram]()
    for nth in range(600):
        user, time = f"phone{chance.randrange(400)}", Micros(START + nth * SECOND)
        claim = authorization(chance.choice((user, "trunk7")))
        asked = request("REGISTER", to=user, user=user, call_id=f"r{nth}", branch=f"r{nth}", extra=(claim,))
        invite = request("INVITE", user=user, call_id=f"i{nth}", branch=f"i{nth}", extra=chance.choice(((), (claim,))))
        answers = [response(each, chance.choice((200, 403)), to_tag="s") for each in (asked, invite)]
        for payload, is_asked in ((asked, True), (answers[0], False), (invite, True), (answers[1], False)):
            datagrams.append(datagram(payload, *((ALICE, BOB) if is_asked else (BOB, ALICE)), time))
    events = check(datagrams, TrackerOptions(most_claims=most_claims))
    assert {event.account for event in events if event.kind.value == "attempt"} == {None, "acme"}


def test_a_number_that_calls_for_help_from_now_on_does_so_in_calls_under_way() -> None:
    trackers = [Tracker(Directory(_REFERENCE)) for _ in range(2)]
    told: list[list[Event]] = [[], []]
    asked = request("INVITE", to="110")
    for events, tracker in zip(told, trackers, strict=True):
        sent, answered = datagram(asked, BOB, SS1, START), datagram(response(asked, 200), SS1, BOB, Micros(START + SECOND))
        events += tracker.feed_all([sent], Counter()) if tracker is trackers[0] else tracker.feed(sent, parse(sent.payload))
        tracker.use(Directory(replace(_REFERENCE, lists={"emergency-numbers": ("110", "112")})))
        events += (
            tracker.feed_all([answered], Counter()) if tracker is trackers[0] else tracker.feed(answered, parse(answered.payload))
        )
    assert told[0] == told[1]
    assert [event.kind.value for event in told[0]] == ["attempt"]


def test_an_answer_that_names_many_places_names_them_all() -> None:
    """Lines too long to keep are read at once, shorter ones when a stranger comes."""
    asked = request("INVITE")
    for count in (1, 3, 12):
        lines = tuple(f"Record-Route: <sip:198.51.100.{nth};lr>" for nth in range(count))
        answer = response(asked, 200, to_tag="b", extra=(*lines, "Contact: <sip:b@203.0.113.77>"))
        bye = request("BYE", tags=("a", "b"), cseq=2, branch="bye")
        packets = [(asked, ALICE, SS1), (answer, SS1, ALICE), (bye, "203.0.113.200" if count < 12 else "203.0.112.200", SS1)]
        datagrams = [datagram(each, at, to, Micros(START + nth)) for nth, (each, at, to) in enumerate(packets)]
        odd = [event.name for event in check(datagrams) if event.name is not None]
        assert odd == ([] if count < 12 else ["stranger-in-session"])

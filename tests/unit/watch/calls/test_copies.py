"""A mirror shows both legs, both directions and every retransmission: neither number nor order may change what is counted."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import shared_data
from tests.unit.watch.calls.recordings import (
    ALICE,
    BOB,
    SS1,
    SS2,
    START,
    copied,
    datagram,
    events_of,
    flow,
    recorded,
    request,
    response,
)

from ringfence.vocabulary.contracts import Event, EventKind, Reference
from ringfence.vocabulary.times import MILLISECOND, SECOND, Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.calls import Edges, Tracker, TrackerOptions
from ringfence.watch.sources.datagram import Datagram
from ringfence.watch.wire.sip import parse

_EDGES = TrackerOptions(edges=Edges(addresses=frozenset({SS1, SS2})))


def _tracker(options: TrackerOptions | None = None) -> Tracker:
    return Tracker(Directory(Reference(time=Micros(0))), options)


def _proxied() -> list[Datagram]:
    path = shared_data("sip-torture", "misc", "rfc3665", "3.02_session-establishment-through-two-proxies.yaml")
    return flow(path, ALICE, SS1, SS2, BOB)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_copies_at_any_later_place_change_nothing(data: st.DataObject) -> None:
    original = _proxied()
    expected = events_of(_tracker(_EDGES), original)
    stream = list(original)
    for _ in range(data.draw(st.integers(1, 25))):
        index = data.draw(st.integers(0, len(stream) - 1))
        place = data.draw(st.integers(index + 1, len(stream)))
        stream.insert(place, copied(stream[index], stream[place - 1].time))
    assert events_of(_tracker(_EDGES), stream) == expected


@settings(deadline=None, max_examples=60)
@given(st.randoms(use_true_random=False))
def test_the_legs_of_a_request_may_come_in_any_order(order: Random) -> None:
    original = [each for each in _proxied() if parse(each.payload).method == "INVITE" and parse(each.payload).is_request]
    legs = [copied(each, START) for each in original if parse(each.payload).cseq == 2]
    expected = [_told(event) for event in events_of(_tracker(_EDGES), legs)]
    assert expected == [("attempt", ALICE, None), ("end", ALICE, None), ("request", ALICE, True)]
    order.shuffle(legs)
    assert [_told(event) for event in events_of(_tracker(_EDGES), legs)] == expected


def _told(event: Event) -> tuple[str, str | None, bool | None]:
    """Return what no order may change. Whether an attempt carried credentials is told as far as it is known at its start."""
    return event.kind.value, event.source, event.credentials if event.kind is EventKind.REQUEST else None


def test_every_packet_twice_is_the_same_forty_calls() -> None:
    once = list(recorded(shared_data("sip-capture", "attack-tools", "sipp_calls.pcap")))
    twice = [copy for each in once for copy in (each, each)]
    assert events_of(_tracker(), twice) == events_of(_tracker(), once)


def test_one_call_counts_once_although_it_is_sent_again_with_another_branch() -> None:
    sent = [datagram(request(branch=f"b{n}", cseq=n), ALICE, SS1, Micros(START + n * SECOND)) for n in range(1, 4)]
    assert _kinds(events_of(_tracker(), sent)).count("attempt") == 1


def test_requests_that_only_pretend_to_be_later_legs_are_counted() -> None:
    first = datagram(request("OPTIONS", branch="b0"), ALICE, SS1, START)
    forged = [
        datagram(
            request("OPTIONS", to=f"10{n}", branch=f"b{n}", extra=[f"Via: SIP/2.0/UDP {ALICE};branch=z9hG4bKb0"]), ALICE, SS1, START
        )
        for n in range(1, 9)
    ]
    targets = {event.target for event in events_of(_tracker(), [first, *forged]) if event.kind is EventKind.REQUEST}
    assert len(targets) == 9


def test_a_dialler_that_keeps_one_call_id_is_counted_by_callee() -> None:
    sent = [
        datagram(request(to=f"+322555000{n}", branch=f"b{n}", cseq=n + 1), ALICE, SS1, Micros(START + n * SECOND)) for n in range(5)
    ]
    attempts = [event.callee for event in events_of(_tracker(), sent) if event.kind is EventKind.ATTEMPT]
    assert attempts == [f"+322555000{n}" for n in range(5)]


def test_a_serial_fork_is_one_call_with_the_outcome_of_the_last_branch() -> None:
    invite = request()
    legs = [_leg(invite, "x1"), _leg(invite, "x2")]
    stream = [
        datagram(invite, ALICE, SS1, START),
        datagram(legs[0], SS1, SS2, _after(1)),
        datagram(response(legs[0], 503), SS2, SS1, _after(2)),
        datagram(legs[1], SS1, BOB, _after(3)),
        datagram(response(legs[1], 200), BOB, SS1, _after(4)),
        datagram(response(invite, 200), SS1, ALICE, _after(5)),
    ]
    events = events_of(_tracker(), stream)
    assert [(event.kind.value, event.status, event.time) for event in events] == [
        ("attempt", 0, START),
        ("answer", 200, _after(4)),
        ("request", 200, _after(4)),
    ]


def test_a_call_that_two_callees_answer_lasts_until_both_branches_ended() -> None:
    invite = request()
    first, second = (request("BYE", cseq=n, branch=f"y{n}", tags=("a", tag)) for n, tag in ((2, "b"), (3, "c")))
    stream = [
        datagram(invite, ALICE, SS1, START),
        datagram(response(invite, 200, to_tag="b"), SS1, ALICE, _after(1)),
        datagram(response(invite, 200, to_tag="c"), SS1, ALICE, _after(2)),
        datagram(second, ALICE, SS1, _after(3)),
        datagram(first, ALICE, SS1, _after(500)),
    ]
    ends = [event for event in events_of(_tracker(), stream) if event.kind is EventKind.END]
    assert [end.duration_ms for end in ends] == [499]


def test_what_an_edge_asks_a_policy_server_is_no_call() -> None:
    options = TrackerOptions(edges=Edges(addresses=frozenset({SS1}), ignored=frozenset({(SS2, 5060)})))
    ask = datagram(_leg(request(), "q"), SS1, SS2, START)
    assert events_of(_tracker(options), [ask, datagram(response(ask.payload, 404), SS2, SS1, START)]) == []


def test_an_edges_own_requests_are_nobodys() -> None:
    assert events_of(_tracker(_EDGES), [datagram(request("OPTIONS", via=SS1), SS1, ALICE, START)]) == []


def _leg(invite: bytes, branch: str) -> bytes:
    return invite.replace(b"Via:", f"Via: SIP/2.0/UDP {SS1}:5060;branch=z9hG4bK{branch}\r\nVia:".encode(), 1)


def _after(ms: int) -> Micros:
    return Micros(START + ms * MILLISECOND)


def _kinds(events: list[Event]) -> list[str]:
    return [event.kind.value for event in events]

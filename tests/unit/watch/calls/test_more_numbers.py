"""Who the network says is calling, who sent a call on, and text messages."""

from collections import Counter

import pytest
from tests.unit.watch.calls.recordings import ALICE, BOB, SS1, START, datagram, events_of, request, response

from ringfence.vocabulary.contracts import Event, EventKind, Reference
from ringfence.vocabulary.times import MILLISECOND, Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.calls import Edges, Tracker, TrackerOptions
from ringfence.watch.sources.datagram import Datagram
from ringfence.watch.wire.sip import Defect

OPTIONS = TrackerOptions(country="BE", edges=Edges(addresses=frozenset({SS1})))
ASSERTED = 'P-Asserted-Identity: "Desk" <sip:+3225550000@provider.example>, <tel:+3225550001>'
DIVERSIONS = ("Diversion: <sip:025550002@provider.example>;reason=unconditional", "DIVERSION:<sip:+3225550003@x.example>")


def told(payload: bytes, *, through: str | None = None, status: int = 486) -> list[Event]:
    """Return the events of a request and its answer, the same one by one and many at once."""
    source = through or ALICE
    datagrams: list[Datagram] = [
        datagram(payload, source, BOB, START),
        datagram(response(payload, status), BOB, source, Micros(START + 10 * MILLISECOND)),
    ]
    directory = Directory(Reference(time=Micros(0)))
    events = events_of(Tracker(directory, OPTIONS), datagrams)
    many = Tracker(directory, OPTIONS)
    defects: Counter[Defect] = Counter()
    at_once = many.feed_all(datagrams, defects)
    assert events[: len(at_once)] == at_once
    return events


@pytest.mark.parametrize("through", [None, SS1])
def test_asserted_and_diverted_are_told_with_every_event_of_the_call(through: str | None) -> None:
    vias = (f"Via: SIP/2.0/UDP {ALICE}:5060;branch=z9hG4bKinner",) if through else ()
    events = told(request(extra=(*vias, ASSERTED, *DIVERSIONS)), through=through)
    assert [event.kind for event in events] == [EventKind.ATTEMPT, EventKind.END, EventKind.REQUEST]
    assert {(event.asserted, event.diverted, event.caller) for event in events} == {("+3225550000", "+3225550002", "trunk7")}


def test_a_request_that_names_nobody_else_says_so() -> None:
    for event in told(request()):
        assert (event.asserted, event.diverted) == (None, None)


def test_an_asserted_name_is_told_as_it_was_sent() -> None:
    assert told(request(extra=("p-asserted-identity: <sip:desk@provider.example>",)))[0].asserted == "desk"


def test_an_unreadable_assertion_is_none() -> None:
    assert told(request(extra=("P-Asserted-Identity: <<<",)))[0].asserted is None


@pytest.mark.parametrize("status", [200, 403])
def test_a_text_message_is_an_event_beside_its_request(status: int) -> None:
    events = told(request("MESSAGE", extra=(ASSERTED,)), status=status)
    assert [(event.kind, event.status) for event in events] == [(EventKind.REQUEST, status), (EventKind.MESSAGE, status)]
    assert {(event.method, event.callee, event.asserted) for event in events} == {("MESSAGE", "+3225551212", "+3225550000")}

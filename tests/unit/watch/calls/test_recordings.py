"""Recordings of attack tools: as many calls, requests and failures as the tools made."""

from collections import Counter

import pytest
from tests.conftest import shared_data
from tests.unit.watch.calls.recordings import events_of, recorded

from ringfence.vocabulary.contracts import Event, EventKind, Reference
from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.calls import Tracker


def _seen(name: str) -> list[Event]:
    capture = shared_data("sip-capture", "attack-tools", f"{name}.pcap")
    return events_of(Tracker(Directory(Reference(time=Micros(0)))), list(recorded(capture)))


def _kinds(events: list[Event]) -> Counter[str]:
    return Counter(event.kind.value for event in events)


def test_forty_ordinary_calls_begin_are_answered_and_end() -> None:
    events = _seen("sipp_calls")
    assert _kinds(events) == {"attempt": 40, "answer": 40, "end": 40, "request": 40}
    ends = [event for event in events if event.kind is EventKind.END]
    assert all(380 <= end.duration_ms <= 420 and end.answered and end.status == 200 for end in ends)
    assert {end.released_by for end in ends} == {"caller"}


def test_a_password_guesser_has_as_many_failures_as_guesses() -> None:
    registrations = [event for event in _seen("svcrack") if event.kind is EventKind.REGISTRATION]
    outcomes = Counter((event.credentials, event.status) for event in registrations)
    assert outcomes == {(False, 401): 46, (True, 403): 45, (True, 200): 1}
    assert len({event.source for event in registrations}) == 1


def test_every_registration_is_a_request_too() -> None:
    events = _seen("svcrack")
    assert _kinds(events) == {"request": 92, "registration": 92, "oddity": 92}


@pytest.mark.parametrize(("name", "refused", "found"), [("svwar", 404, 401), ("svwar_invite", 404, 401)])
def test_an_enumerator_asks_for_many_targets(name: str, refused: int, found: int) -> None:
    requests = [event for event in _seen(name) if event.kind is EventKind.REQUEST]
    assert len({event.target for event in requests if event.status == refused}) >= 15
    assert len([event for event in requests if event.status == found]) == 2


def test_an_enumerator_that_never_mends_its_calls_ends_them() -> None:
    events = _seen("svwar_invite")
    assert _kinds(events) == {"attempt": 17, "request": 17, "end": 17, "oddity": 17}


def test_a_flood_without_answers_times_out() -> None:
    events = _seen("sipp_invite_flood")
    assert _kinds(events) == {"attempt": 300, "request": 300, "end": 300}
    assert {event.status for event in events if event.kind is not EventKind.ATTEMPT} == {408}
    assert [event.time for event in events] == sorted(event.time for event in events)
    assert [event.sequence for event in events] == list(range(1, 901))

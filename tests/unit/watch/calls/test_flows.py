"""The call flows of RFC 3665, each leg mirrored: one call, its outcome, and who ended it."""

import pytest
from tests.conftest import shared_data
from tests.unit.watch.calls.recordings import ALICE, BOB, SS1, SS2, events_of, flow

from ringfence.vocabulary.contracts import Event, EventKind, Reference
from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.calls import Edges, Tracker, TrackerOptions

_EDGE_SETS = (frozenset[str](), frozenset({SS1, SS2}))


def _events(name: str, hops: tuple[str, ...], edges: frozenset[str]) -> list[Event]:
    tracker = Tracker(Directory(Reference(time=Micros(0))), TrackerOptions(edges=Edges(addresses=edges)))
    return events_of(tracker, flow(shared_data("sip-torture", "misc", "rfc3665", f"{name}.yaml"), *hops))


def _requests(events: list[Event]) -> list[tuple[str, int, bool]]:
    return [(event.method, event.status, event.credentials) for event in events if event.kind is EventKind.REQUEST]


def _calls(events: list[Event]) -> list[str]:
    return [event.kind.value for event in events if event.kind is not EventKind.REQUEST]


@pytest.mark.parametrize("edges", _EDGE_SETS)
def test_a_call_through_two_proxies_with_a_challenge_is_one_call(edges: frozenset[str]) -> None:
    events = _events("3.02_session-establishment-through-two-proxies", (ALICE, SS1, SS2, BOB), edges)
    assert _calls(events) == ["attempt", "answer", "end"]
    assert _requests(events) == [("INVITE", 407, False), ("INVITE", 200, True)]
    assert {event.source for event in events} == {ALICE}
    end = next(event for event in events if event.kind is EventKind.END)
    assert (end.released_by, end.status, end.answered) == ("callee", 200, True)


@pytest.mark.parametrize("edges", _EDGE_SETS)
def test_two_proxies_that_both_challenge_make_no_second_call(edges: frozenset[str]) -> None:
    events = _events("3.03_session-with-multiple-proxy-authentication", (ALICE, SS1, SS2, BOB), edges)
    assert _calls(events) == ["attempt", "answer"]
    assert _requests(events) == [("INVITE", 407, False), ("INVITE", 407, True), ("INVITE", 200, True)]


@pytest.mark.parametrize(
    ("name", "status", "released_by"),
    [
        ("3.08_unsuccessful-no-answer", 487, "caller"),
        ("3.09_unsuccessful-busy", 486, "callee"),
        ("3.10_unsuccessful-no-response-from-user-agent", 480, "callee"),
        ("3.11_unsuccessful-temporarily-unavailable", 480, "callee"),
    ],
)
@pytest.mark.parametrize("edges", _EDGE_SETS)
def test_a_call_that_fails_tells_by_whom(name: str, status: int, released_by: str, edges: frozenset[str]) -> None:
    events = _events(name, (ALICE, SS1, SS2, BOB), edges)
    assert _calls(events) == ["attempt", "end"]
    end = next(event for event in events if event.kind is EventKind.END)
    assert (end.status, end.released_by, end.answered, end.duration_ms) == (status, released_by, False, 0)
    assert _requests(events) == [("INVITE", status, True)]


def test_a_call_from_phone_to_phone_rings_and_lasts() -> None:
    events = _events("3.01_successful-session-establishment", (ALICE, BOB), frozenset())
    assert _calls(events) == ["attempt", "answer", "end"]
    end = next(event for event in events if event.kind is EventKind.END)
    assert (end.ring_ms, end.duration_ms, end.released_by) == (10, 20, "callee")


def test_an_invite_within_a_call_is_no_attempt() -> None:
    events = _events("3.07_session-with-re-invite-ip-address-change", (ALICE, SS2, BOB), frozenset({SS2}))
    assert _calls(events) == ["attempt", "answer", "end"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("2.01_sip-client-new-registration", [(401, False), (200, True)]),
        ("2.02_update-of-contact-list", [(200, True)]),
        ("2.05_unsuccessful-registration", [(401, False), (401, True)]),
    ],
)
def test_a_registration_tells_a_challenge_from_a_failure(name: str, expected: list[tuple[int, bool]]) -> None:
    events = _events(name, (BOB, SS2), frozenset({SS2}))
    registrations = [event for event in events if event.kind is EventKind.REGISTRATION]
    assert [(event.status, event.credentials) for event in registrations] == expected
    assert {event.target for event in registrations} == {"bob"}

"""A call either way, a registration and a message either way are uses of the service; what fails and what only rings are none."""

import pytest
from tests.unit.watch.calls.recordings import ALICE, SS1, START, datagram, events_of, request, response

from ringfence.vocabulary.contracts import (
    AccountLink,
    Event,
    EventKind,
    NumberLink,
    Observation,
    ObservationKind,
    Reference,
    TrunkLink,
    Use,
)
from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.calls import Tracker
from ringfence.watch.live.uses import first_uses, users_of

_OURS = "+3225551212"
_REFERENCE = Reference(
    time=Micros(0),
    policy="p",
    accounts=(AccountLink(account="caller", party="a"), AccountLink(account="called", party="b")),
    trunks=(TrunkLink(trunk="T1", account="caller", address=ALICE, user=None),),
    numbers=(NumberLink(number=_OURS, account="called"),),
)
_DIRECTORY = Directory(_REFERENCE)
_STRANGER = "198.51.100.9"
_ELSEWHERE = "+441632960001"


def _users(kind: EventKind, *, status: int = 0, callee: str = _ELSEWHERE, account: str | None = "caller") -> dict[str, Use]:
    event = Event(kind=kind, time=Micros(1), call_id="c", account=account, status=status, callee=callee)
    return dict(users_of(event, _DIRECTORY))


def _observed(method: str, *, source: str, to: str, status: int = 200) -> list[Observation]:
    """Return what watch tells the desk of a request from `source` to `to` that is answered with `status`."""
    tracker = Tracker(_DIRECTORY)
    asked = request(method, to=to, call_id=f"{method}@x", via=source)
    packets = [
        datagram(asked, source, SS1, START),
        datagram(response(asked, status), SS1, source, Micros(START + SECOND)),
    ]
    seen = list(first_uses(events_of(tracker, packets), tracker))
    return [*tracker.observations(), *seen]


def test_a_call_is_its_callers_use_when_tried_and_the_called_accounts_when_answered() -> None:
    assert _users(EventKind.ATTEMPT, callee=_OURS) == {"caller": Use.CALL}
    assert _users(EventKind.ANSWER, callee=_OURS, status=200, account=None) == {"called": Use.ANSWERED_CALL}
    assert _users(EventKind.ATTEMPT, callee=_OURS, account=None) == {}
    assert _users(EventKind.ANSWER, status=200, account=None) == {}


def test_registrations_and_messages_are_their_senders_uses_where_they_were_taken() -> None:
    for kind, use in ((EventKind.REGISTRATION, Use.REGISTRATION), (EventKind.MESSAGE, Use.MESSAGE)):
        assert [_users(kind, status=status) for status in (200, 202, 401, 503)] == [{"caller": use}, {"caller": use}, {}, {}]


def test_a_message_is_a_use_of_who_gets_it_once_it_is_delivered() -> None:
    told = [_users(EventKind.MESSAGE, status=status, callee=_OURS, account=None) for status in (200, 202, 0, 480)]
    assert told == [{"called": Use.RECEIVED_MESSAGE}, {}, {}, {}]  # 202: somebody keeps it for him
    assert _users(EventKind.MESSAGE, status=200, callee=_OURS) == {"caller": Use.MESSAGE, "called": Use.RECEIVED_MESSAGE}


def test_what_is_no_use_is_nobodys() -> None:
    for kind in (EventKind.END, EventKind.REQUEST, EventKind.COMPLAINT, EventKind.FACT):
        assert _users(kind, status=200, callee=_OURS) == {}


@pytest.mark.parametrize(
    ("method", "source", "to", "account", "use"),
    [
        ("INVITE", ALICE, _ELSEWHERE, "caller", Use.CALL),
        ("INVITE", _STRANGER, _OURS, "called", Use.ANSWERED_CALL),
        ("REGISTER", ALICE, "trunk7", "caller", Use.REGISTRATION),
        ("MESSAGE", ALICE, _ELSEWHERE, "caller", Use.MESSAGE),
        ("MESSAGE", _STRANGER, _OURS, "called", Use.RECEIVED_MESSAGE),
    ],
)
def test_each_kind_of_use_is_told_from_signalling_with_the_request_that_proves_it(
    method: str, source: str, to: str, account: str, use: Use
) -> None:
    (seen,) = _observed(method, source=source, to=to)
    assert (seen.kind, seen.subject, seen.policy, seen.call_id) == (ObservationKind.FIRST_USE, account, "p", f"{method}@x")
    assert seen.text == use


@pytest.mark.parametrize(
    ("method", "source", "to", "status"),
    [
        ("INVITE", _STRANGER, _OURS, 486),
        ("REGISTER", ALICE, "trunk7", 403),
        ("MESSAGE", ALICE, _ELSEWHERE, 403),
        ("MESSAGE", _STRANGER, _OURS, 202),
        ("OPTIONS", ALICE, _ELSEWHERE, 200),
    ],
)
def test_what_was_not_answered_taken_or_delivered_is_told_as_no_use(method: str, source: str, to: str, status: int) -> None:
    assert _observed(method, source=source, to=to, status=status) == []


def test_of_several_uses_of_an_account_the_first_is_told() -> None:
    tracker = Tracker(_DIRECTORY)
    events = [
        Event(kind=EventKind.MESSAGE, time=Micros(at), call_id=f"m{at}", account="caller", status=200, callee=_OURS)
        for at in (1, 2)
    ]
    assert [(seen.subject, seen.call_id) for seen in first_uses(events, tracker)] == [("caller", "m1"), ("called", "m1")]

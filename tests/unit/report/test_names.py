"""What a source is called, by what the traffic shows; nobody becomes a trunk or a user by writing what he likes."""

import pytest
from tests.unit.report.scene import attempt, bundle, outcome, registration

from ringfence.report import Collector, names
from ringfence.report.profiles import TRUNK_CALLERS
from ringfence.vocabulary.contracts import Event, EventKind, Subject
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import Micros
from ringfence.words.writing import Writer

ADDRESS = "198.51.100.7"


def name(events: list[Event], address: str = ADDRESS) -> str:
    seen = Collector(bundle())
    seen.take(events, [])
    return seen.names.subject(Subject(kind=SubjectKind.SOURCE, id=address), Writer(masked=False))


def answered(number: int, caller: str) -> Event:
    return outcome(EventKind.ANSWER, attempt(number, "+441632111111", at=number, caller=caller), after=1, duration_ms=1)


def test_an_address_that_nothing_explains_is_a_source() -> None:
    assert name([]) == "source 198.51.100.7"
    assert name([answered(1, "+441632000001")]) == "source 198.51.100.7"


def test_answered_calls_of_many_callers_make_a_trunk() -> None:
    calls = [answered(n, f"+4416320{n:05}") for n in range(TRUNK_CALLERS)]
    assert name(calls) == "trunk 198.51.100.7"
    assert name(calls[1:]) == "source 198.51.100.7"


def test_attempts_with_invented_callers_make_no_trunk() -> None:
    assert name([attempt(n, "+441632111111", at=n, caller=f"+4416320{n:05}") for n in range(1_000)]) == "source 198.51.100.7"


def test_answered_calls_both_ways_make_a_trunk() -> None:
    back = Event(
        kind=EventKind.ANSWER, time=Micros(1), call_id="b", source="203.0.113.1", destination=ADDRESS, caller="+441632000002"
    )
    assert name([answered(1, "+441632000001"), back]) == "trunk 198.51.100.7"
    assert name([back]) == "source 198.51.100.7"


def test_one_registered_user_names_his_address_and_several_are_counted() -> None:
    one = registration(1, "alice", at=0, status=200, source=ADDRESS)
    assert name([one]) == "user alice at 198.51.100.7"
    assert name([one, registration(2, "bob", at=1, status=200, source=ADDRESS)]) == "198.51.100.7, where 2 users registered"


def test_a_password_that_was_guessed_makes_nobody_the_user() -> None:
    guesses = [registration(n, "alice", at=n, status=403, source=ADDRESS) for n in range(2)]
    assert name([*guesses, registration(9, "alice", at=9, status=200, source=ADDRESS)]) == "source 198.51.100.7"


def test_accounts_and_pairs_go_by_their_names() -> None:
    called, writer = Collector(bundle()).names, Writer(masked=False)
    assert called.subject(Subject(kind=SubjectKind.ACCOUNT, id="acme"), writer) == "account acme"
    assert called.subject(Subject(kind=SubjectKind.PAIR, id="+431,+432"), writer) == "+431 calling +432"


def test_addresses_that_received_calls_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "MOST_RECEIVERS", 10)
    back = [
        Event(kind=EventKind.ANSWER, time=Micros(n), call_id=str(n), source="203.0.113.1", destination=f"192.0.2.{n}")
        for n in range(100)
    ]
    seen = Collector(bundle())
    seen.take([*back, answered(1, "+431")], [])
    assert len(seen.names._receivers) == 10

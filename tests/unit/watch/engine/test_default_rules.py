"""Four rules of the default bundle over events written out: each fires on what it is for, and stays quiet beside it."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from ringfence.policy import load, read_folder
from ringfence.policy.plan import Plan
from ringfence.vocabulary.contracts import Event, EventKind, Finding
from ringfence.vocabulary.times import DAY, SECOND, Micros
from ringfence.watch.engine import Engine

ROOT = Path(__file__).resolve().parents[4]
FOUR = ("fan-out-dialler", "invite-flood", "register-brute-force", "sip-scan")
START = Micros(1_700_000_000 * SECOND)


@cache
def default_plan() -> Plan:
    plan = load(read_folder(ROOT / "bundles" / "default")).plan
    return Plan(plan.policy, tuple(rule for rule in plan.rules if rule.name in FOUR), plan.lists)


def found_in(events: Iterable[Event]) -> list[Finding]:
    return Engine(default_plan(), key=b"", source="test").step(list(events), Micros(START + DAY))


def told(findings: list[Finding]) -> list[tuple[str, str, float]]:
    return [(finding.rule, finding.subject.id, (finding.time - START) / SECOND) for finding in findings]


def at(second: float) -> Micros:
    return Micros(START + round(second * SECOND))


def call(second: float, callee: int, account: str | None = "acme", plan: str | None = None) -> Event:
    return Event(
        kind=EventKind.ATTEMPT,
        time=at(second),
        call_id=f"call-{second}",
        source="203.0.113.9",
        caller="+3225550100",
        callee=f"+32255{callee:06d}",
        account=account,
        plan=plan,
        direction="outbound" if account else None,
    )


def register(second: float, status: int, *, target: str = "alice", stale: bool = False, account: str | None = None) -> Event:
    return Event(
        kind=EventKind.REGISTRATION,
        time=at(second),
        call_id=f"registration-{second}",
        method="REGISTER",
        source="203.0.113.9",
        target=target,
        credentials=True,
        stale=stale,
        status=status,
        account=account,
    )


def request(second: float, target: str, status: int, *, account: str | None = None, credentials: bool = False) -> Event:
    return Event(
        kind=EventKind.REQUEST,
        time=at(second),
        call_id=f"request-{second}",
        source="203.0.113.9",
        target=target,
        status=status,
        account=account,
        credentials=credentials,
    )


def test_sixty_different_numbers_in_five_minutes_are_a_fan_out() -> None:
    found = found_in(call(second, callee=second) for second in range(70))
    assert told(found) == [("fan-out-dialler", "acme", 59.0)]
    assert {"attempts": 60.0, "callees": 60.0, "callers": 1.0}.items() <= found[0].measures.items()


def test_a_busy_office_that_calls_back_and_a_contact_centre_are_no_fan_out() -> None:
    assert found_in(call(second, callee=second // 2) for second in range(300)) == []
    assert found_in(call(second, callee=second, plan="contact-centre") for second in range(300)) == []
    assert found_in(call(second * 10, callee=second) for second in range(300)) == []


def test_more_than_forty_attempts_of_a_stranger_in_two_seconds_are_a_flood() -> None:
    assert told(found_in(call(place / 50, callee=1, account=None) for place in range(90))) == [("invite-flood", "203.0.113.9", 0.8)]


def test_forty_attempts_in_two_seconds_and_a_customer_s_burst_are_no_flood() -> None:
    assert found_in(call(place / 20, callee=1, account=None) for place in range(200)) == []
    assert found_in(call(place / 50, callee=1) for place in range(90)) == []


def test_ten_wrong_passwords_in_ten_minutes_are_brute_force() -> None:
    found = found_in(register(nth * 15, status=403) for nth in range(12))
    assert told(found) == [("register-brute-force", "203.0.113.9", 135.0)]
    assert found[0].evidence.events == 10


def test_a_phone_that_tries_its_one_wrong_password_every_half_minute_is_no_brute_force() -> None:
    assert told(found_in(register(nth * 30, status=403) for nth in range(12))) == []


def test_stale_nonces_and_an_office_with_one_wrong_phone_are_no_brute_force() -> None:
    assert found_in(register(second, status=401, stale=True) for second in range(60)) == []
    assert found_in(register(second, status=200 if second % 4 else 403) for second in range(200)) == []


def test_a_stranger_who_is_refused_at_five_targets_in_a_minute_scans() -> None:
    found = found_in(request(second, target=f"{100 + second}", status=404) for second in range(20))
    assert told(found) == [("sip-scan", "203.0.113.9", 4.0)]


def test_a_scan_shows_by_challenges_left_unanswered() -> None:
    found = found_in(request(second, target=f"{100 + second}", status=401) for second in range(30))
    assert told(found) == [("sip-scan", "203.0.113.9", 5.0)]


def test_misdialled_numbers_and_phones_that_answer_their_challenges_are_no_scan() -> None:
    assert found_in(request(second, target="100", status=404) for second in range(50)) == []
    assert found_in(request(second, target=f"{100 + second}", status=404, account="acme") for second in range(50)) == []
    phones = [
        part
        for second in range(50)
        for part in (
            request(second, target=f"{second}", status=401),
            request(second + 0.1, target=f"{second}", status=200, account="acme", credentials=True),
        )
    ]
    assert found_in(phones) == []

"""The bundle that ships: every clause has its text, every rule finds what it is for and lets ordinary traffic be."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from ringfence.policy import Bundle, StepAction, load, read_folder
from ringfence.vocabulary.clauses import CLAUSES, SECTIONS
from ringfence.vocabulary.contracts import Event, EventKind, Finding
from ringfence.vocabulary.severity import Mode, Severity
from ringfence.vocabulary.subjects import Role, SubjectKind
from ringfence.vocabulary.times import HOUR, Micros
from ringfence.watch.engine import Engine

ROOT = Path(__file__).resolve().parents[3]
BUNDLE = load(read_folder(ROOT / "bundles" / "default"))
START = 1_800_000_000_000_000
SOURCE = "192.0.2.66"
FOUR = ("fan-out-dialler", "invite-flood", "register-brute-force", "sip-scan")
"""The rules whose limits are tried here at their edges; the others have their examples."""


@pytest.fixture(name="bundle")
def _bundle() -> Bundle:
    return BUNDLE


def found(events: Iterator[Event]) -> list[tuple[str, str, Micros]]:
    """Return rule, subject and microseconds from the start of what the rules of `FOUR` find, in the order of times."""
    engine = Engine(BUNDLE.plan, key=b"", source="test")
    ordered = sorted(events, key=lambda event: event.time)
    findings: list[Finding] = [finding for event in ordered for finding in engine.step([event], event.time)]
    findings += engine.step([], Micros(ordered[-1].time + HOUR))
    return [(finding.rule, finding.subject.id, Micros(finding.time - START)) for finding in findings if finding.rule in FOUR]


CALL_IDS = count()


def request(at_ms: float, target: str, status: int, **fields: object) -> Event:
    """Return the end of a REGISTER's transaction from `SOURCE`, `at_ms` milliseconds from the start."""
    stated: dict[str, object] = {"kind": EventKind.REQUEST, "method": "REGISTER", "source": SOURCE, "credentials": False} | fields
    time, call_id = Micros(START + round(at_ms * 1000)), f"c{next(CALL_IDS)}"
    return Event(time=time, call_id=call_id, target=target, status=status, **stated)  # type: ignore[arg-type]  # a test's shorthand


def registration(at_ms: float, target: str, status: int, **fields: object) -> Event:
    return request(at_ms, target, status, **({"kind": EventKind.REGISTRATION, "credentials": True} | fields))


def attempt(at_ms: float, callee: str, **fields: object) -> Event:
    return request(at_ms, callee, 0, **({"kind": EventKind.ATTEMPT, "method": "INVITE", "callee": callee} | fields))


def registering_phone(at_ms: float, user: str, account: str | None = None) -> Iterator[Event]:
    """Yield what a phone's registration gives: a challenge, then the same with credentials, accepted."""
    yield request(at_ms, user, 401)
    yield request(at_ms + 50, user, 200, credentials=True, account=account)
    yield registration(at_ms, user, 401, credentials=False)
    yield registration(at_ms + 50, user, 200, account=account)


def test_every_clause_of_the_vocabulary_stands_in_its_section_in_order(bundle: Bundle) -> None:
    expected = [(section, slug) for section, slugs in SECTIONS.items() for slug in slugs]
    assert [(clause.section, clause.slug) for clause in bundle.clauses] == expected
    assert {clause.slug for clause in bundle.clauses} == CLAUSES
    assert all(len(clause.body.split()) >= 20 for clause in bundle.clauses)


def test_the_provider_is_named_by_its_parameter_alone() -> None:
    text = (ROOT / "bundles" / "default" / "policy.md").read_text(encoding="utf-8")
    assert BUNDLE.settings.provider not in text
    assert BUNDLE.text.count(BUNDLE.settings.provider) == text.count("{{provider}}") > 20


def test_every_rule_has_its_page_and_its_two_examples(bundle: Bundle) -> None:
    rules = {rule.name: rule for rule in bundle.plan.rules}
    pages = {page.stem for page in (ROOT / "docs" / "rules").glob("*.md")}
    assert set(rules) == pages
    examples = {path.stem for path in (ROOT / "bundles" / "default" / "tests").glob("*.yaml")}
    assert examples == {f"{name}-{kind}" for name in rules for kind in ("fires", "quiet")}
    assert rules["fan-out-dialler"].mode is Mode.REPORT
    assert [tier.severity for tier in rules["fan-out-dialler"].tiers] == [Severity.WARN, Severity.ACT]
    for name in ("invite-flood", "register-brute-force", "sip-scan"):
        assert (rules[name].severity, rules[name].mode, rules[name].subject) == (Severity.ACT, Mode.ACT, SubjectKind.SOURCE)


def test_each_page_of_a_rule_states_every_threshold_of_it(bundle: Bundle) -> None:
    for rule in bundle.plan.rules:
        page = (ROOT / "docs" / "rules" / f"{rule.name}.md").read_text(encoding="utf-8")
        limits = [limit for tier in rule.tiers for limit in tier.thresholds.items()]
        assert limits
        for compared, limit in limits:
            assert f"`{compared}`" in page, (rule.name, compared)
            assert f"{limit:g}" in page, (rule.name, limit)


def test_only_what_strangers_do_is_acted_on_without_a_person(bundle: Bundle) -> None:
    for rule in bundle.plan.rules:
        if rule.mode is Mode.ACT:
            assert rule.subject is SubjectKind.SOURCE, rule.name
        else:
            assert rule.mode in (Mode.REPORT, Mode.SHADOW)


def test_outsiders_meet_a_silent_standing_refusal_of_one_hour(bundle: Bundle) -> None:
    for clause in ("unauthorised-access", "security-breach", "denial-of-service"):
        step = bundle.ladder.step(clause, Role.OUTSIDER, 0)
        assert step is not None
        assert (step.action, step.scope, step.lasts_us) == (StepAction.REFUSE, SubjectKind.SOURCE, HOUR)
        assert (step.silent, step.standing, step.grave, step.under) == (True, True, False, "technical-prevention")


def test_a_dialler_is_told_first(bundle: Bundle) -> None:
    step = bundle.ladder.step("auto-dialing", Role.OFFENDER, 1)
    assert step is not None
    assert (step.action, step.standing) == (StepAction.NOTIFY, False)


def test_no_standing_step_touches_a_customer_or_lasts_over_a_day(bundle: Bundle) -> None:
    for step in bundle.ladder.steps:
        if step.standing:
            assert step.role is Role.OUTSIDER
            assert step.lasts_us is not None
            assert step.lasts_us <= 24 * HOUR


def test_emergency_numbers_have_source_and_review_date(bundle: Bundle) -> None:
    rows = bundle.lists["emergency-numbers"]
    assert {"112", "911", "999", "000", "111", "110", "119"} <= {row.entry for row in rows}
    assert all(row.source and row.review and row.columns["country"] for row in rows)
    assert bundle.lists["protected-sources"] == ()


# sip-scan


def test_asking_for_five_unknown_users_is_a_scan_at_the_fifth() -> None:
    assert found(request(5 * n, str(100 + n), 404) for n in range(8)) == [("sip-scan", SOURCE, 20_000)]


def test_a_scan_of_a_registrar_that_challenges_everybody_is_found_at_the_twentieth() -> None:
    assert found(request(5 * n, str(100 + n), 401) for n in range(40)) == [("sip-scan", SOURCE, 95_000)]


def test_a_slower_scan_of_such_a_registrar_is_found_at_the_sixth() -> None:
    assert found(request(200 * n, str(100 + n), 401) for n in range(12)) == [("sip-scan", SOURCE, 1_000_000)]


def test_a_scan_behind_the_address_of_a_busy_customer_is_found_all_the_same() -> None:
    def events() -> Iterator[Event]:
        for n in range(30):
            yield request(100 * n, f"+3225550{n:03}", 200, method="INVITE", account="acme", credentials=True)
        for n in range(6):
            yield request(100 * n + 3, str(100 + n), 404)

    assert [rule for rule, _, _ in found(events())] == ["sip-scan"]


@pytest.mark.parametrize("account", ["acme", None])
@pytest.mark.parametrize("gap_ms", [3, 700])
def test_an_office_whose_phones_register_anew_is_no_scan(account: str | None, gap_ms: int) -> None:
    phones = 15 if gap_ms < 50 else 60  # answers come 50 ms after challenges: at most 17 phones wait at one moment
    assert found(event for n in range(phones) for event in registering_phone(gap_ms * n, f"u{n}", account)) == []


def test_a_trunk_whose_every_call_is_challenged_first_is_no_scan() -> None:
    def events() -> Iterator[Event]:
        for n in range(200):
            callee = f"+32255501{n:03}"
            yield request(250 * n, callee, 407, method="INVITE")
            yield request(250 * n + 40, callee, 200, method="INVITE", credentials=True, account="acme")

    assert found(events()) == []


def test_a_peer_some_of_whose_calls_go_to_unused_numbers_is_no_scan() -> None:
    assert found(request(300 * n, f"+32255502{n:03}", 404 if n % 3 else 200, method="INVITE") for n in range(150)) == []


def test_a_customers_wrong_numbers_are_no_scan() -> None:
    assert found(request(100 * n, f"+322555{n:04}", 404, method="INVITE", account="acme") for n in range(50)) == []


def test_keep_alives_of_many_phones_are_no_scan() -> None:
    assert found(request(20 * n, f"u{n}", 404, method="OPTIONS", account="acme") for n in range(500)) == []
    assert found(request(20 * n, "ping", 404, method="OPTIONS") for n in range(500)) == []


# register-brute-force


def test_the_tenth_wrong_password_is_a_brute_force() -> None:
    assert found(registration(1000 * n, "100", 403) for n in range(20)) == [("register-brute-force", SOURCE, 9_000_000)]


def test_challenges_and_stale_nonces_are_no_failures() -> None:
    def events() -> Iterator[Event]:
        for n in range(50):
            yield registration(1000 * n, "100", 401, credentials=False)
            yield registration(1000 * n + 500, "100", 401, stale=True)

    assert found(events()) == []


def test_one_phone_with_a_wrong_password_in_a_busy_office_is_no_brute_force() -> None:
    def events() -> Iterator[Event]:
        for n in range(20):
            yield registration(30_000 * n, "100", 401)
            for phone in range(10):
                yield registration(30_000 * n + 10 * phone, f"u{phone}", 200, account="acme")

    assert found(events()) == []


# invite-flood


def test_the_forty_first_attempt_in_two_seconds_is_a_flood() -> None:
    assert found(attempt(10 * n, "+3225550000") for n in range(100)) == [("invite-flood", SOURCE, 400_000)]


def test_twenty_attempts_a_second_are_no_flood() -> None:
    assert found(attempt(50 * n, "+3225550000") for n in range(400)) == []


def test_a_customers_busy_hour_is_no_flood() -> None:
    assert found(attempt(5 * n, "+3225550000", account="acme") for n in range(400)) == []


# fan-out-dialler


def test_the_sixtieth_different_number_in_five_minutes_is_a_dialler() -> None:
    dialled = (attempt(2000 * n, f"+32255{n:05}", account="acme", direction="outbound") for n in range(100))
    assert found(dialled) == [("fan-out-dialler", "acme", 118_000_000)]


def test_a_dialler_whose_direction_is_unknown_is_found() -> None:
    assert len(found(attempt(2000 * n, f"+32255{n:05}", account="acme") for n in range(100))) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"account": "acme", "plan": "contact-centre"},
        {"account": "acme", "plan": "notification"},
        {"account": "acme", "direction": "inbound"},
        {},
    ],
)
def test_agreed_diallers_inbound_calls_and_strangers_are_no_dialler(fields: dict[str, object]) -> None:
    assert found(attempt(2000 * n, f"+32255{n:05}", **fields) for n in range(200)) == []


def test_an_office_that_calls_the_same_people_again_is_no_dialler() -> None:
    assert found(attempt(1000 * n, f"+32255{n // 2:05}", account="acme") for n in range(600)) == []

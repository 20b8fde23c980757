"""Examples as a bundle's author writes them: traffic from a few lines, and what is said where a finding is another one."""

from typing import Final

import pytest

from ringfence.policy import BundleRefused
from ringfence.policy.example_results import differences
from ringfence.policy.examples import Example, read_example
from ringfence.vocabulary.contracts import EventKind, Evidence, Finding, Subject, Window
from ringfence.vocabulary.severity import Mode, Severity
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import HOUR, MINUTE, SECOND, Micros, from_iso

START: Final = from_iso("2026-03-02T10:00:00Z")

EXAMPLE: Final = """\
says: A few calls.
time: 2026-03-02T10:00:00Z
accounts:
  - {account: acme, parent: wholesale, plan: retail}
numbers:
  - {number: "+3225550100", account: acme, until: 1d}
events:
  - call: {account: acme, caller: "+3225550100", callee: "+3247######", ring: [5s, 9s], duration: [40s, 0s]}
    at: 1min
    count: 2
    every: 20s
    rounds: 2
    apart: 1h
finds:
  - {at: 1h 1min 45s, subject: account acme, measures: {calls: 2}, severity: warn}
"""


def example(text: str = EXAMPLE) -> Example:
    return read_example("tests/calls.yaml", text)


def refusal(text: str) -> str:
    with pytest.raises(BundleRefused) as refused:
        example(text)
    return str(refused.value)


def finding(**other: object) -> Finding:
    values: dict[str, object] = {
        "id": "0",
        "rule": "many-calls",
        "clause": "spam",
        "mode": Mode.REPORT,
        "severity": Severity.WARN,
        "subject": Subject(kind=SubjectKind.ACCOUNT, id="acme"),
        "time": Micros(START + HOUR + 105 * SECOND),
        "window": Window(start=START, end=START),
        "measures": {"calls": 2.0},
        "thresholds": {},
        "evidence": Evidence(events=2),
        "source": "tests/calls.yaml",
        "policy": "0",
        "says": "Many calls.",
    }
    return Finding(**(values | other))  # type: ignore[arg-type]  # a finding's fields by name


def test_a_call_is_attempt_answer_and_end() -> None:
    events = [event for event in example().events if event.call_id == "call-1-1"]
    assert [(event.kind, event.time - START) for event in events] == [
        (EventKind.ATTEMPT, 60 * SECOND),
        (EventKind.ANSWER, 65 * SECOND),
        (EventKind.END, 105 * SECOND),
    ]
    assert [(event.status, event.answered, event.duration_ms, event.ring_ms) for event in events] == [
        (0, False, 0, 0),
        (200, True, 0, 5000),
        (200, True, 40_000, 5000),
    ]
    assert {(event.account, event.plan, event.party_path, event.direction) for event in events} == {
        ("acme", "retail", ("wholesale", "acme"), "outbound")
    }


def test_a_call_that_nobody_answered_has_no_answer() -> None:
    events = [event for event in example().events if event.call_id == "call-1-2"]
    assert [(event.kind, event.status, event.answered) for event in events] == [
        (EventKind.ATTEMPT, 0, False),
        (EventKind.END, 480, False),
    ]


def test_a_caller_who_gives_up_leaves_status_487() -> None:
    text = EXAMPLE.replace("ring: [5s, 9s], duration: [40s, 0s]", "released_by: caller")
    assert {event.status for event in example(text).events if event.kind is EventKind.END} == {487}


def test_numbers_run_on_and_values_begin_anew_in_each_round() -> None:
    ends = [event for event in example().events if event.kind is EventKind.END]
    assert [event.callee for event in ends] == ["+3247000002", "+3247000001", "+3247000004", "+3247000003"]
    assert [event.time - START for event in ends] == [89 * SECOND, 105 * SECOND, HOUR + 89 * SECOND, HOUR + 105 * SECOND]


def test_every_other_kind_makes_one_event_with_the_fields_it_states() -> None:
    text = EXAMPLE.split("events:")[0] + (
        "events:\n  - fact: {account: acme, name: opt-out, value: 2.5, conduct_time: 2026-03-01T00:00:00Z}\n    at: 1d 2h\n"
        "  - message: {account: acme, content: same, credentials: yes}\nfinds: none\n"
    )
    message, fact = example(text).events
    assert (fact.kind, fact.time - START, fact.value, fact.name, fact.direction) == (
        EventKind.FACT,
        26 * HOUR,
        2.5,
        "opt-out",
        None,
    )
    assert fact.conduct_time == from_iso("2026-03-01T00:00:00Z")
    assert (message.kind, message.content, message.credentials, message.direction) == ("message", "same", True, "outbound")


def test_reference_data_says_who_holds_what_until_when() -> None:
    reference = example().reference
    assert [(link.party, link.parent) for link in reference.parties] == [("wholesale", None), ("acme", "wholesale")]
    assert [(link.number, link.account, link.valid_to) for link in reference.numbers] == [
        ("+3225550100", "acme", START + 24 * HOUR)
    ]


def test_an_example_ends_with_its_last_event_or_when_it_says() -> None:
    assert example().until == START + HOUR + 105 * SECOND
    assert example(EXAMPLE.replace("finds:", "until: 2026-03-03T00:00:00Z\nfinds:")).until == START + 14 * HOUR
    assert "ends before its last event" in refusal(EXAMPLE.replace("finds:", "until: 1min\nfinds:"))


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("call:", "cal:", "unknown kind of event 'cal' (did you mean call?)"),
        ("ring:", "rings:", "unknown field rings (did you mean ring?)"),
        ("duration: [40s, 0s]", "duration: [40, 0s]", "duration cannot be '40' (write a number and ms"),
        ("count: 2", "count: none", "count cannot be 'none' (write a whole number above zero)"),
        ("    every: 20s\n", "", "every is missing (say how far apart they are: every: 20s)"),
        ("subject: account acme", "subject: acme", "subject cannot be 'acme'"),
        ("measures: {calls: 2}", "measures: {calls: two}", "calls cannot be 'two' (write a number)"),
        ("at: 1min\n", "at: tomorrow\n", "at: 'tomorrow' is no moment"),
        ("finds:\n", "findz:\n", "unknown key 'findz'"),
        ("time: 2026-03-02T10:00:00Z", "time: 2026-03-02T10:00:00", "names no moment"),
        ("ring: [5s, 9s]", "party_path: a", "party_path follows from the account"),
        ("count: 2", "count: 1000001", "more than 1000000 events"),
    ],
)
def test_a_mistake_is_told_with_its_place(right: str, wrong: str, told: str) -> None:
    assert right in EXAMPLE
    said = refusal(EXAMPLE.replace(right, wrong))
    assert told in said
    assert said.startswith("tests/calls.yaml:")


def test_what_must_be_found_and_is_leaves_nothing_to_say() -> None:
    assert differences(example(), [finding()]) == ()


def test_each_difference_is_told_with_the_line_that_states_it() -> None:
    found = finding(time=Micros(START + MINUTE), measures={"calls": 3.0}, severity=Severity.ACT)
    assert differences(example(), [found]) == (
        "tests/calls.yaml:15: found at 2026-03-02T10:01:00Z, not 2026-03-02T11:01:45Z",
        "tests/calls.yaml:15: severity is <Severity.ACT: 'act'>, not <Severity.WARN: 'warn'>",
        "tests/calls.yaml:15: calls is 3, not 2",
    )


def test_what_lacks_and_what_is_too_much_is_told() -> None:
    assert differences(example(), []) == (
        "tests/calls.yaml:15: nothing was found; a finding at 2026-03-02T11:01:45Z about account acme must come",
    )
    assert differences(example(), [finding(), finding(measures={"calls": 9.0})]) == (
        "tests/calls.yaml: too much was found: many-calls at 2026-03-02T11:01:45Z about account acme: calls 9",
    )


def test_findings_of_other_rules_are_left_aside_where_rules_are_named() -> None:
    only = EXAMPLE.replace("finds:", "rules: [many-calls]\nfinds:")
    assert differences(example(only), [finding(rule="other"), finding()]) == ()
    assert len(differences(example(), [finding(rule="other"), finding()])) == 1

"""Other numbers are tried in a rule, each as the engine would have judged by it."""

from dataclasses import replace

import pytest
from tests.conftest import ROOT

from ringfence.policy import load, read_folder
from ringfence.policy.expressions import Literal, Type
from ringfence.policy.plan import Plan, Rule
from ringfence.policy.written import written
from ringfence.vocabulary.contracts import Event, EventKind, Finding
from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.engine import Engine
from ringfence.watch.history.calibration import NotCalibrated, calibrated, dials_of, thresholds_of, variants
from ringfence.watch.history.comparison import Judgement

PLAN = load(read_folder(ROOT / "tests" / "bundles" / "four")).plan
RULE = next(rule for rule in PLAN.rules if rule.name == "register-brute-force")
BEGIN = 1_800_000_000 * SECOND


def failures(source: str, count: int) -> list[Event]:
    """Return registrations of one source that failed, one a second."""
    kind = EventKind.REGISTRATION
    return [
        Event(
            kind=kind,
            time=Micros(BEGIN + number * SECOND),
            call_id=f"{source}-{number}",
            method="REGISTER",
            source=source,
            target="100",
            credentials=True,
            status=403,
        )
        for number in range(count)
    ]


def found(plan: Plan, counts: dict[str, int]) -> list[Finding]:
    events = sorted((event for source, count in counts.items() for event in failures(source, count)), key=lambda each: each.time)
    return Engine(plan, key=b"", source="test").step(events, events[-1].time)


def trial_of(rule: Rule, counts: dict[str, int], judgements: list[Judgement], most: float = 100.0) -> dict[float, tuple[int, ...]]:
    dials = dials_of(rule)
    results = calibrated(rule, dials, found(variants(PLAN, rule, dials), counts), judgements, most_subjects=most)
    return {each.threshold: (each.findings, each.subjects, each.ends, each.upheld, each.cleared) for each in results[0].trials}


def test_every_number_of_the_condition_is_a_dial() -> None:
    dials = dials_of(RULE)
    assert [(dial.compared, dial.operator, dial.present) for dial in dials] == [
        ("failures", ">=", 10.0),
        ("failures / (failures + successes)", ">=", 0.8),
    ]
    assert thresholds_of(dials[0])[0] == 1
    assert thresholds_of(dials[0])[-1] == 100
    conditions = {written(rule.when) for rule in variants(PLAN, RULE, dials[:1]).rules}
    assert "failures >= 20 and failures / (failures + successes) >= 0.8" in conditions
    assert all(condition.endswith("and failures / (failures + successes) >= 0.8") for condition in conditions)


def test_each_number_finds_what_the_rule_with_that_number_would() -> None:
    counts = {"192.0.2.1": 3, "192.0.2.2": 9, "192.0.2.3": 12, "192.0.2.4": 60}
    trials = trial_of(RULE, counts, [])
    assert {threshold: trial[:2] for threshold, trial in trials.items() if threshold in (2, 4, 10, 12, 14, 100)} == {
        2: (4, 4),
        4: (3, 3),
        10: (2, 2),
        12: (2, 2),
        14: (1, 1),
        100: (0, 0),
    }
    assert sum(trial[2] for trial in trials.values()) == 4
    present = [finding.subject.id for finding in found(PLAN, counts) if finding.rule == RULE.name]
    assert len(present) == trials[10][0]


def test_numbers_are_proposed_by_workload_and_by_what_people_decided() -> None:
    counts = {"192.0.2.1": 15, "192.0.2.2": 30, "192.0.2.3": 90}
    end = Micros(BEGIN + 1_000 * SECOND)
    judgements = [
        Judgement("source", "192.0.2.1", Micros(BEGIN), end, upheld=False),
        Judgement("source", "192.0.2.3", Micros(BEGIN), end, upheld=True),
    ]
    dials = dials_of(RULE)
    findings = found(variants(PLAN, RULE, dials), counts)
    proposals = calibrated(RULE, dials, findings, judgements, most_subjects=1)[0].proposals
    assert proposals == {
        "finds no more subjects than can be looked at": 50,
        "is the strictest that finds what was upheld": 50,
        "is the laxest that blames nobody who was cleared": 17,
    }


def test_a_rule_without_a_number_is_refused() -> None:
    with pytest.raises(NotCalibrated, match="compares no measure with a number"):
        dials_of(_without_numbers())


def _without_numbers() -> Rule:
    return replace(RULE, tiers=(replace(RULE.tiers[0], when=Literal(True, Type.BOOL)),))

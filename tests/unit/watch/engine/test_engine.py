from hashlib import blake2b

import msgspec
import pytest
from tests.property.paired_rules import compare, field, measured, number, rule

from ringfence.policy.expressions import Expression
from ringfence.policy.plan import Measure, MeasureFunction, Plan, Rule
from ringfence.vocabulary.contracts import Event, EventKind, Evidence, Finding, Subject, Window, finding_id
from ringfence.vocabulary.severity import Mode, Severity
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import HOUR, SECOND, Micros
from ringfence.watch.engine import (
    Engine,
    Limits,
    RuleUnmeasurable,
    SnapshotDamaged,
    SnapshotOfAnotherInstallation,
    SnapshotOfAnotherVersion,
    SnapshotRefused,
)

KEY = b"i" * 32
START = Micros(1_700_000_000 * SECOND)
LATER = Micros(START + 100 * HOUR)
COUNT = Measure("calls", MeasureFunction.COUNT)
THREE = compare(measured("calls"), ">=", number(3))


def plan(*rules: Rule) -> Plan:
    return Plan("f" * 64, rules or (rule("three-calls", measures=(COUNT,), when=THREE, window_s=60, cool_down_s=300),))


def engine(*rules: Rule, key: bytes = KEY, limits: Limits | None = None) -> Engine:
    return Engine(plan(*rules), key=key, source="mirror", limits=limits)


def attempt(second: float, call_id: str = "call", account: str | None = "acme", source: str | None = None) -> Event:
    time = Micros(START + round(second * SECOND))
    return Event(
        kind=EventKind.ATTEMPT, time=time, call_id=call_id, account=account, party_path=("root", "acme"), source=source, agent=7
    )


def attempts(*seconds: float) -> list[Event]:
    return [attempt(second, f"call-{place}") for place, second in enumerate(seconds)]


def test_a_finding_carries_all_that_is_needed_to_contest_it() -> None:
    (finding,) = engine().step(attempts(0, 10, 20, 30), LATER)
    subject = Subject(kind=SubjectKind.ACCOUNT, id="acme")
    time = Micros(START + 20 * SECOND)
    assert finding == Finding(
        id=finding_id(key=KEY, policy="f" * 64, rule="three-calls", subject=subject, time=time),
        rule="three-calls",
        clause="auto-dialing",
        mode=Mode.REPORT,
        severity=Severity.WARN,
        subject=subject,
        party_path=("root", "acme"),
        time=time,
        window=Window(start=Micros(START - 40 * SECOND), end=time),
        measures={"calls": 3.0},
        thresholds={"calls": 3.0},
        evidence=Evidence(events=3, sample=("call-0", "call-1", "call-2")),
        source="mirror",
        agent=7,
        policy="f" * 64,
        says="three-calls was measured.",
    )


def test_the_window_leaves_out_its_start_and_takes_in_its_end() -> None:
    assert engine().step(attempts(0, 30, 60), LATER) == []
    assert len(engine().step(attempts(0.000001, 30, 60), LATER)) == 1


def test_a_crossing_in_the_cool_down_is_swallowed_and_one_at_its_end_is_not() -> None:
    first = (0, 1, 2)
    swallowed = [100, 101, 102]
    assert len(engine().step(attempts(*first, *swallowed), LATER)) == 1
    at_its_end = [300, 301, 302]
    found = engine().step(attempts(*first, *at_its_end), LATER)
    assert [finding.time - START for finding in found] == [2 * SECOND, 302 * SECOND]


def test_a_condition_that_stays_true_past_its_cool_down_is_one_finding() -> None:
    assert len(engine().step(attempts(*range(0, 900, 10)), LATER)) == 1


def test_events_without_a_key_take_no_part() -> None:
    assert engine().step([attempt(second, account=None) for second in range(9)], LATER) == []


def test_an_event_that_comes_late_counts_when_the_one_before_did() -> None:
    late = attempts(0, 61, 2, 62)
    (finding,) = engine().step(late, LATER)
    assert finding.time == START + 62 * SECOND
    assert finding.evidence.sample == ("call-1", "call-2", "call-3")


def test_a_clock_that_runs_ahead_does_not_push_the_windows_into_the_future() -> None:
    running = engine()
    running.step([attempt(10 * 365 * 86_400, account="other")], Micros(START + 1 * SECOND))
    assert running.step(attempts(2, 70, 140), LATER) == []


def test_a_call_that_gives_many_events_is_named_once_in_the_sample() -> None:
    names = ["old", "same", "same", "same", "new", "same", *"abcdef"]
    fewer = rule("many", measures=(COUNT,), when=compare(measured("calls"), ">=", number(len(names))), window_s=60)
    (finding,) = engine(fewer).step([attempt(place, name) for place, name in enumerate(names)], LATER)
    assert finding.evidence == Evidence(events=12, sample=("new", "same", *"abcdef"))


def test_a_measure_of_nothing_is_left_out_of_the_finding() -> None:
    usual = Measure("usual", MeasureFunction.MEAN, field("duration"))
    (finding,) = engine(rule("mean", measures=(COUNT, usual), when=THREE, window_s=60)).step(attempts(0, 1, 2), LATER)
    assert finding.measures == {"calls": 3.0}


def test_findings_stand_in_the_order_of_their_events() -> None:
    two = rule("a-two", measures=(COUNT,), when=compare(measured("calls"), ">=", number(2)), window_s=60)
    three = rule("b-three", measures=(COUNT,), when=THREE, window_s=60)
    events = [attempt(second, account=account) for second, account in enumerate(["x", "x", "y", "x", "y", "y"])]
    found = engine(two, three).step(events, LATER)
    assert [(finding.rule, finding.subject.id) for finding in found] == [
        ("a-two", "x"),
        ("b-three", "x"),
        ("a-two", "y"),
        ("b-three", "y"),
    ]


def test_no_events_are_no_findings() -> None:
    assert engine().step([], LATER) == []


def test_idle_keys_give_their_memory_back() -> None:
    per_source = rule("per-source", measures=(COUNT,), when=THREE, key=("source",), subject=SubjectKind.SOURCE)
    flooded = engine(per_source)
    before = flooded.memory_bytes
    flooded.step([attempt(place / 10_000, source=f"source {place}") for place in range(20_000)], LATER)
    during = flooded.memory_bytes
    assert flooded.live_keys == flooded.live_events == 20_000
    for second in range(20, 40):
        flooded.step([attempt(second, source="one")], LATER)
    assert flooded.live_keys == 1
    assert flooded.live_events == 10
    assert before <= flooded.memory_bytes < during / 16


def test_what_is_forgotten_to_bound_memory_is_counted_and_said() -> None:
    bounded = engine(limits=Limits(events=4, keys=10))
    others = [attempt(second, account=f"other-{second}") for second in range(3)]
    (finding,) = bounded.step([*others, *attempts(3, 4, 5)], LATER)
    assert bounded.losses["three-calls"].events == 2
    assert finding.approximate is not None
    assert "2 so far" in finding.approximate
    (later,) = bounded.step(attempts(400, 401, 402), LATER)
    assert later.approximate is None


def test_too_many_keys_push_out_the_oldest() -> None:
    bounded = engine(limits=Limits(events=100, keys=2))
    found = bounded.step([attempt(0), attempt(1), *(attempt(2, account=f"other-{place}") for place in range(3)), attempt(3)], LATER)
    assert found == []
    assert bounded.live_keys == 2
    assert bounded.losses["three-calls"].events == 4


def test_snapshots_keep_windows_cool_downs_and_call_ids() -> None:
    running = engine()
    events = attempts(0, 1, 2, 70, 71, 310, 311, 312)
    running.step(events[:3], LATER)
    running.step(events[3:7], LATER)
    successor = engine()
    successor.restore(running.snapshot())
    assert (successor.live_keys, successor.live_events) == (running.live_keys, running.live_events)
    found = successor.step(events[7:], LATER)
    assert found == running.step(events[7:], LATER)
    assert [finding.evidence.sample for finding in found] == [("call-5", "call-6", "call-7")]


@pytest.mark.parametrize("place", [0, 7, 8, 39, 40, 100, -1])
def test_a_snapshot_with_a_changed_byte_is_refused(place: int) -> None:
    running = engine()
    running.step(attempts(0, 1), LATER)
    damaged = bytearray(running.snapshot())
    damaged[place] ^= 0x10
    with pytest.raises(SnapshotRefused):
        running.restore(bytes(damaged))
    assert len(running.step(attempts(2), LATER)) == 1


@pytest.mark.parametrize("length", [0, 7, 39, 40, -1])
def test_a_torn_snapshot_is_refused(length: int) -> None:
    running = engine()
    with pytest.raises(SnapshotDamaged):
        running.restore(running.snapshot()[:length])


def test_a_snapshot_of_another_version_is_refused() -> None:
    with pytest.raises(SnapshotOfAnotherVersion, match="another version"):
        engine().restore(b"RFWINDO0" + engine().snapshot()[8:])


def test_rules_that_were_measured_in_another_way_begin_anew() -> None:
    for compiled in (True, False):
        running, other = (Engine(plan(), key=KEY, source="mirror", compiled=each) for each in (compiled, not compiled))
        assert other.restore(other.snapshot()) == frozenset()
        other.step(attempts(0, 1), LATER)
        assert running.restore(other.snapshot()) == {"three-calls"}
        assert running.step(attempts(2), LATER) == []


def test_a_whole_snapshot_with_other_parts_is_one_of_another_version() -> None:
    body = msgspec.msgpack.encode([b"", b"", 0, 0, [], {}])
    with pytest.raises(SnapshotOfAnotherVersion, match="another version"):
        engine().restore(engine().snapshot()[:8] + blake2b(body, digest_size=32).digest() + body)


def test_a_snapshot_of_another_installation_is_refused() -> None:
    with pytest.raises(SnapshotOfAnotherInstallation, match="another installation"):
        engine().restore(engine(key=b"another").snapshot())


def test_a_rule_that_was_changed_begins_anew_and_says_so() -> None:
    before, other = engine(), rule("three-calls", measures=(COUNT,), when=THREE, window_s=61)
    before.step(attempts(0, 1), LATER)
    after = engine(other)
    assert after.restore(before.snapshot()) == {"three-calls"}
    assert after.step(attempts(2), LATER) == []
    again = engine(other)
    assert again.restore(after.snapshot()) == frozenset()
    (found,) = again.step(attempts(3, 4), LATER)
    assert found.short_until == attempts(1)[0].time + 61 * SECOND


@pytest.mark.parametrize(
    ("measure", "when", "key", "cause"),
    [
        (COUNT, THREE, ("source",), r"its key doesn't tell which account"),
        (
            COUNT,
            compare(measured("others"), ">", number(1)),
            ("account",),
            "condition is over measures, and there is none named others",
        ),
        (Measure("calls", MeasureFunction.SUM, field("callee")), THREE, ("account",), "callee is no number"),
        (Measure("calls", MeasureFunction.DISTINCT), THREE, ("account",), "every other measure has one"),
    ],
)
def test_a_rule_that_cannot_be_measured_stops_the_start(
    measure: Measure, when: Expression, key: tuple[str, ...], cause: str
) -> None:
    with pytest.raises(RuleUnmeasurable, match=cause) as refused:
        engine(rule("odd", measures=(measure,), when=when, key=key))
    assert refused.value.rule == "odd"

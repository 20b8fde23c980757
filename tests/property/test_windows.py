"""The engine finds what the oracle finds, however the stream is cut, and through a snapshot at any cut."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from random import Random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.policy.plan import Plan, Rule
from ringfence.vocabulary.contracts import Event, Finding
from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.engine import Engine, Limits
from tests.property.oracles.windows import PlainFinding, plain_findings
from tests.property.paired_rules import ANSWER, ATTEMPT, END, PAIRED, REGISTRATION

PLAN = Plan("a" * 64, tuple(rule for rule, _ in PAIRED))
KEY = b"k" * 32
_KINDS = (ATTEMPT, ATTEMPT, ANSWER, END, END, REGISTRATION, REGISTRATION)
_FEW = (None, "a", "b")
_SOME = (None, "a", "b", "c", "d")
# Seconds to the event before: mostly none or one, so that keys fill up and window ends are hit exactly; some late, some idle long.
_GAPS = (0, 0, 0, 0, 1, 1, 1, 2, 3, 5, -1, -4, 11, 30)


def stream(seed: int, size: int) -> list[Event]:
    chance = Random(seed)
    time, events = 100, []
    for number in range(size):
        time += chance.choice(_GAPS)
        seen = Event(
            kind=chance.choice(_KINDS),
            time=Micros(time * SECOND),
            sequence=number,
            call_id=f"call-{number}",
            source=chance.choice(_FEW),
            caller=chance.choice(_FEW),
            callee=chance.choice(_SOME),
            target=chance.choice(_SOME),
            account=chance.choice(_FEW),
            direction=chance.choice((None, "inbound", "outbound", "outbound")),
            credentials=chance.random() < 0.7,
            status=chance.choice((0, 200, 401, 403, 486)),
            answered=chance.random() < 0.5,
            duration_ms=chance.choice((0, 1000, 5999, 6000, 9000, 20_000)),
            ring_ms=chance.choice((0, 500, 3000)),
        )
        events.append(seen)
    return events


streams = st.builds(stream, st.integers(0, 2**32), st.integers(1, 250))
cuts_of = st.lists(st.integers(0, 250), max_size=6)


def cut(events: Sequence[Event], cuts: Sequence[int]) -> list[Sequence[Event]]:
    edges = [0, *sorted(place % (len(events) + 1) for place in cuts), len(events)]
    return [events[begin:end] for begin, end in pairwise(edges)]


def as_told(rule: Rule, found: PlainFinding) -> tuple[object, ...]:
    measures = {name: value for name, value in found.measures.items() if value == value}
    return rule.name, found.time, measures, found.events, tuple(f"call-{place}" for place in found.sample)


def told(finding: Finding) -> tuple[object, ...]:
    return finding.rule, finding.time, finding.measures, finding.evidence.events, finding.evidence.sample


@settings(deadline=None, max_examples=300)
@given(streams, cuts_of, st.integers(100, 600), st.booleans())
def test_findings_equal_the_oracle_however_the_stream_is_cut(
    events: list[Event], cuts: list[int], now_s: int, compiled: bool
) -> None:
    now = Micros(now_s * SECOND)
    engine = Engine(PLAN, key=KEY, source="test", compiled=compiled)
    findings = [finding for batch in cut(events, cuts) for finding in engine.step(batch, now)]
    wanted = [
        (found.index, place, as_told(rule, found))
        for place, (rule, plain) in enumerate(PAIRED)
        for found in plain_findings(plain, events, now=now)
    ]
    wanted.sort(key=lambda found: found[:2])
    assert [told(finding) for finding in findings] == [found for _, _, found in wanted]


@settings(deadline=None, max_examples=100)
@given(streams, cuts_of, st.booleans())
def test_a_snapshot_at_any_cut_continues_as_if_nothing_had_been(events: list[Event], cuts: list[int], compiled: bool) -> None:
    now = Micros(10_000 * SECOND)
    whole = Engine(PLAN, key=KEY, source="test").step(events, now)
    engine = Engine(PLAN, key=KEY, source="test", compiled=compiled)
    findings: list[Finding] = []
    for batch in cut(events, cuts):
        successor = Engine(PLAN, key=KEY, source="test", compiled=compiled)
        successor.restore(engine.snapshot())
        engine = successor
        findings += engine.step(batch, now)
    assert findings == whole


@settings(deadline=None, max_examples=150)
@given(streams, cuts_of, st.integers(1, 6), st.integers(1, 4))
def test_bounded_memory_loses_the_same_however_the_stream_is_cut(
    events: list[Event], cuts: list[int], most_events: int, most_keys: int
) -> None:
    now = Micros(10_000 * SECOND)
    limits = Limits(events=most_events, keys=most_keys)
    whole = Engine(PLAN, key=KEY, source="test", limits=limits)
    pieces = Engine(PLAN, key=KEY, source="test", limits=limits)
    at_once = whole.step(events, now)
    findings: list[Finding] = []
    for batch in cut(events, cuts):
        findings += pieces.step(batch, now)
        assert pieces.live_keys <= most_keys * len(PLAN.rules)
        assert pieces.live_events <= most_events * len(PLAN.rules)
    assert findings == at_once
    assert pieces.losses == whole.losses


@settings(deadline=None, max_examples=50)
@given(streams)
def test_nothing_is_lost_below_the_limits(events: list[Event]) -> None:
    engine = Engine(PLAN, key=KEY, source="test")
    findings = engine.step(events, Micros(10_000 * SECOND))
    assert all(losses.events == losses.cool_downs == 0 for losses in engine.losses.values())
    assert all(finding.approximate is None for finding in findings)
    assert msgspec.json.decode(msgspec.json.encode(findings), type=list[Finding]) == findings


def test_the_streams_make_every_rule_fire_and_every_limit_bite() -> None:
    fired: Counter[str] = Counter()
    bitten: Counter[str] = Counter()
    for seed in range(20):
        events = stream(seed, 250)
        fired.update(finding.rule for finding in Engine(PLAN, key=KEY, source="test").step(events, Micros(10_000 * SECOND)))
        bounded = Engine(PLAN, key=KEY, source="test", limits=Limits(events=4, keys=2))
        bitten.update("approximate" for finding in bounded.step(events, Micros(10_000 * SECOND)) if finding.approximate)
        for losses in bounded.losses.values():
            bitten.update(events=losses.events, cool_downs=losses.cool_downs)
    assert all(fired[rule.name] >= 20 for rule in PLAN.rules), fired
    assert all(bitten[kind] >= 5 for kind in ("approximate", "events", "cool_downs")), bitten

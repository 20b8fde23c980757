"""Rules of every kind find what the oracle finds, however the stream is cut, and through a snapshot at any cut."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.policy.plan import Plan
from ringfence.vocabulary.contracts import Event, Finding
from ringfence.vocabulary.times import HOUR, SECOND, Micros
from ringfence.watch.engine import Engine
from tests.property.oracles.rules import PlainFinding, plain_findings
from tests.property.paired_rules import ANSWER, ATTEMPT, END, REGISTRATION
from tests.property.plain_pairs import FACT, PAIRS

PLAN = Plan("a" * 64, tuple(rule for rule, _ in PAIRS))
KEY = b"k" * 32
NOW = Micros(1 << 50)
_KINDS = (ATTEMPT, ATTEMPT, ATTEMPT, ANSWER, END, END, END, REGISTRATION, FACT)
_GAPS = (0, 0, 0, 0, 1, 1, 1, 2, 3, 5, 15, -1, -4, 40, 3600, 20_000, 90_000, 700_000)


def stream(seed: int, size: int) -> list[Event]:
    chance = Random(seed)
    time, events = 100, []
    gaps = chance.choice((_GAPS[:12], _GAPS[:14], _GAPS))
    for number in range(size):
        time += chance.choice(gaps)
        account = chance.choice((None, "x", "x", "y"))
        seen = Event(
            kind=chance.choice(_KINDS),
            time=Micros(time * SECOND),
            sequence=number,
            call_id=f"call-{chance.randrange(number // 3 + 1)}" if chance.random() < 0.5 else f"call-{number}",
            caller=chance.choice((None, "a", "b")),
            callee=chance.choice((None, "a", "b", "c", "d")),
            account=account,
            party_path=() if account is None else chance.choice((("root", account), ("root", "middle", account))),
            direction=chance.choice((None, "inbound", "outbound", "outbound")),
            credentials=chance.random() < 0.2,
            status=chance.choice((0, 200, 486)),
            answered=chance.random() < 0.5,
            duration_ms=chance.choice((0, 1000, 5999, 6000, 9000)),
            ring_ms=chance.choice((0, 500, 3000)),
            name=chance.choice((None, "gone", "gone", "other")),
        )
        events.append(seen)
    return events


seeds, sizes = st.integers(0, 2**32), st.integers(1, 90)  # a failure shows these, and not a hundred events
cuts_of = st.lists(st.integers(0, 120), max_size=6)


def cut(events: Sequence[Event], cuts: Sequence[int]) -> list[Sequence[Event]]:
    edges = [0, *sorted(place % (len(events) + 1) for place in cuts), len(events)]
    return [events[begin:end] for begin, end in pairwise(edges)]


def as_told(found: PlainFinding) -> tuple[object, ...]:
    key = found.key if isinstance(found.key, tuple) else (found.key,)
    measures = {name: value for name, value in found.measures.items() if value == value}
    return key, found.tier, found.time, measures, found.events, found.sample


def told(finding: Finding) -> tuple[object, ...]:
    key = (finding.subject.id, *finding.key.values())
    return key, finding.tier, finding.time, finding.measures, finding.evidence.events, finding.evidence.sample


@settings(deadline=None, max_examples=60)
@given(seeds, sizes, cuts_of)
def test_findings_equal_the_oracle_however_the_stream_is_cut(seed: int, size: int, cuts: list[int]) -> None:
    events = stream(seed, size)
    engine = Engine(PLAN, key=KEY, source="test")
    findings = [finding for batch in cut(events, cuts) for finding in engine.step(batch, NOW)]
    for rule, plain in PAIRS:
        wanted = [as_told(found) for found in plain_findings(plain, events)]
        assert [told(finding) for finding in findings if finding.rule == rule.name] == wanted, rule.name


@settings(deadline=None, max_examples=40)
@given(seeds, sizes, cuts_of)
def test_order_and_snapshots_are_the_same_however_the_stream_is_cut(seed: int, size: int, cuts: list[int]) -> None:
    events = stream(seed, size)
    whole = Engine(PLAN, key=KEY, source="test").step(events, NOW)
    engine = Engine(PLAN, key=KEY, source="test")
    findings: list[Finding] = []
    for batch in cut(events, cuts):
        successor = Engine(PLAN, key=KEY, source="test")
        successor.restore(engine.snapshot())
        assert successor.snapshot() == engine.snapshot()
        engine = successor
        findings += engine.step(batch, NOW)
    assert findings == whole


def test_the_streams_make_every_tier_fire() -> None:
    fired: Counter[tuple[str, int]] = Counter()
    for seed in range(40):
        found = Engine(PLAN, key=KEY, source="test").step(stream(seed, 120), NOW)
        fired.update((finding.rule, finding.tier) for finding in found)
    for rule in PLAN.rules:
        for tier in range(len(rule.tiers)):
            assert fired[rule.name, tier] >= 5, (rule.name, tier, fired)


def test_time_that_passes_without_events_closes_what_an_event_would_have_closed() -> None:
    events = stream(7, 120)
    last = max(event.time for event in events)
    engine, other = Engine(PLAN, key=KEY, source="test"), Engine(PLAN, key=KEY, source="test")
    assert engine.step(events, NOW) == other.step(events, NOW)
    later = Micros(last + 30 * HOUR)
    assert engine.due(later)
    told_by_time = engine.pass_time(later)
    nothing = Event(kind=ANSWER, time=later, call_id="none")
    assert told_by_time
    assert told_by_time == other.step([nothing], NOW)
    assert not engine.due(later)
    assert engine.pass_time(later) == []

"""Compiled windows find as tallies do: commonest values, means of moments, windows that move by grains, rules found each time."""

from dataclasses import replace
from functools import cache
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.policy.expressions import Arithmetic, Call, Connective, Expression, Negation, Type
from ringfence.policy.plan import Measure, MeasureFunction, Plan, Rolling, Rule
from ringfence.vocabulary.contracts import Event, Finding
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import DAY, HOUR, MINUTE, SECOND, Micros, from_iso
from ringfence.watch.engine import Engine
from ringfence.watch.windows import why_tallied
from tests.property.paired_rules import ATTEMPT, END, compare, field, measured, number, rule
from tests.property.test_windows import cut, cuts_of

KEY = b"k" * 32
NOW = Micros(1 << 60)
BEGIN = from_iso("2026-03-01T00:00:00Z")
_GAPS = (0, 0, 1, 1, 30, 300, 3600, 3600, 7200, 20_000, 90_000, -30)
_COUNT = MeasureFunction.COUNT


def stream(seed: int, size: int) -> list[Event]:
    """Return calls of some days, in bursts: the moments of today, so that their sums are far beyond what a double tells apart."""
    chance = Random(seed)
    time, gaps = BEGIN, chance.choice((_GAPS[:5], _GAPS[:8], _GAPS))
    events = []
    for place in range(size):
        time = Micros(time + chance.choice(gaps) * SECOND + chance.randrange(3))
        seen = Event(
            kind=chance.choice((ATTEMPT, END, END)),
            time=time,
            call_id=f"call-{place}",
            account=chance.choice((None, "a", "b")),
            callee=chance.choice((None, "x", "y")),
            answered=chance.random() < 0.6,
            duration_ms=chance.choice((0, 1000, 1999, 2000, 2001, 4000)),
            q850=chance.choice((None, 16, 17)),
        )
        events.append(seen)
    return events


streams = st.builds(stream, st.integers(0, 2**32), st.integers(1, 120))


def floor(of: Expression) -> Expression:
    return Call("floor", (of,), Type.NUMBER)


def grained(name: str, *windows: Rolling, when: Expression, key: tuple[str, ...] = ("account",), **parts: object) -> Rule:
    subject = SubjectKind.PAIR if "caller" in key else SubjectKind.ACCOUNT
    made = rule(name, measures=(), when=when, on=END, key=key, subject=subject, cool_down_s=HOUR // SECOND)
    return replace(made, windows=windows, subject_parts=(0,), **parts)  # type: ignore[arg-type]  # parts of a rule


@cache
def rules() -> tuple[Rule, ...]:
    """Return rules that take what compiled windows got beside counts."""
    seconds = floor(Arithmetic("/", field("duration"), number(2 * SECOND)))
    days = floor(Arithmetic("/", field("time"), number(DAY)))
    talks, alike = Measure("talks", _COUNT), Measure("alike", MeasureFunction.MOST, seconds)
    causes = Measure("causes", MeasureFunction.DISTINCT, field("q850"))
    commonest = Measure("commonest", MeasureFunction.MOST, field("q850"), where=field("answered"))
    share = compare(Arithmetic("/", measured("alike"), measured("talks")), ">=", number(0.5))
    newest = Measure("newest", MeasureFunction.MAXIMUM, field("time"))
    middle = Measure("middle", MeasureFunction.MEAN, field("time"), where=field("answered"))
    whole = Measure("whole", MeasureFunction.SUM, field("time"))
    apart = compare(Arithmetic("-", measured("newest"), measured("middle")), ">=", number(0.4 * SECOND))
    many = compare(measured("talks"), ">=", number(3))
    recorded = rule(
        "recorded",
        measures=(talks, alike, causes, commonest),
        when=Connective("and", (many, Connective("or", (share, compare(measured("commonest"), ">", measured("causes")))))),
        on=END,
        window_s=400,
    )
    moments = rule("moments", measures=(talks, newest, middle, whole), when=Connective("and", (many, apart)), on=END, window_s=4000)
    nights = Measure("nights", MeasureFunction.DISTINCT, days, window="week")
    weekly = (replace(talks, window="week"), replace(alike, window="week"), nights)
    several = compare(measured("nights"), ">=", number(2))
    week = Rolling("week", Micros(7 * DAY), Micros(HOUR))
    by_night = grained("night", week, when=Connective("and", (many, several)), key=("account", "callee"), measures=weekly)
    hours = (Rolling("short", Micros(HOUR), Micros(10 * MINUTE)), Rolling("long", Micros(3 * HOUR), Micros(10 * MINUTE)))
    lately = tuple(replace(each, window="short") for each in (talks, middle))
    before = (replace(causes, window="long"), Measure("before", _COUNT, window="long"))
    twice = Connective("and", (many, Negation(compare(measured("before"), ">", Arithmetic("*", number(2), measured("talks"))))))
    by_hour = grained("by-hour", *hours, when=twice, measures=(*lately, *before))
    each = replace(recorded, name="recorded-each", finds_each=True, cool_down_us=Micros(0))
    each_hour = replace(by_hour, name="by-hour-each", finds_each=True)
    return by_hour, moments, by_night, recorded, each, each_hour


PLAN = Plan("f" * 64, rules())


def test_compiled_windows_hold_all_of_these_rules() -> None:
    assert [why_tallied(each) for each in PLAN.rules] == [None] * len(PLAN.rules)


def test_the_streams_make_each_rule_fire() -> None:
    for each in PLAN.rules:
        found = [len(Engine(Plan("f" * 64, (each,)), key=KEY, source="test").step(stream(seed, 120), NOW)) for seed in range(30)]
        assert sum(found) >= 20, each.name


@settings(deadline=None, max_examples=120)
@given(streams, cuts_of)
def test_both_find_the_same_however_the_stream_is_cut_and_through_snapshots(events: list[Event], cuts: list[int]) -> None:
    wanted = Engine(PLAN, key=KEY, source="test", compiled=False).step(events, NOW)
    engine = Engine(PLAN, key=KEY, source="test")
    found: list[Finding] = []
    for batch in cut(events, cuts):
        found += engine.step(batch, NOW)
        engine, snapshot = Engine(PLAN, key=KEY, source="test"), engine.snapshot()
        engine.restore(snapshot)
        assert engine.snapshot() == snapshot
    assert found == wanted


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32))
def test_a_ring_that_grows_loses_nothing(seed: int) -> None:
    events = stream(seed, 700)
    tallied, windows = (Engine(PLAN, key=KEY, source="test", compiled=compiled) for compiled in (False, True))
    assert windows.step(events, NOW) == tallied.step(events, NOW)

"""Compiled windows estimate distinct counts as tallies do, beyond the stated number, and hold few of very many values."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.policy.plan import Measure, MeasureFunction, Plan, Rolling, Rule, Tier
from ringfence.vocabulary.contracts import Event
from ringfence.vocabulary.severity import Severity
from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.columns import TextHashes
from ringfence.watch.engine import Engine
from ringfence.watch.windows import Limits, RuleGroup
from tests.property.oracles.sampled import estimated
from tests.property.paired_rules import ATTEMPT, END, compare, field, measured, number, rule
from tests.property.test_rule_groups import advanced
from tests.property.test_windows import cut, cuts_of

LATER = Micros(1 << 60)
KEY = b"k" * 32
_HASHES = TextHashes(KEY)
_THRESHOLDS = (1, 2, 3, 4, 5, 7, 9, 12, 16, 20, 25, 31, 40)
_CALLEES = Measure("callees", MeasureFunction.DISTINCT, field("callee"))
_REACHED = Measure("reached", MeasureFunction.DISTINCT, field("callee"), where=field("answered"))
_LENGTHS = Measure("lengths", MeasureFunction.DISTINCT, field("duration"))


def rising(name: str, measure: Measure, window_s: int, cool_down_s: int = 0) -> Rule:
    """Return a rule that tells, by its tiers, what its measure comes to whenever that rises."""
    made = rule(name, measures=(measure,), when=compare(measured(measure.name), ">=", number(1)), window_s=window_s)
    tiers = (Tier(compare(measured(measure.name), ">=", number(least)), Severity.WARN) for least in _THRESHOLDS)
    return replace(made, tiers=tuple(tiers), cool_down_us=Micros(cool_down_s * SECOND))


def rules() -> tuple[Rule, ...]:
    return (
        rising("short", _CALLEES, 5),
        rising("long", _CALLEES, 30, cool_down_s=2),
        rising("reached", _REACHED, 30),
        rising("lengths", _LENGTHS, 12),
    )


def stream(seed: int, size: int) -> list[Event]:
    """Return calls of two accounts, in bursts to many callees and between them to few."""
    chance, events, time = Random(seed), list[Event](), 100 * SECOND
    for nth in range(size):
        time += chance.choice((0, SECOND // 10, SECOND // 2, SECOND))
        many = (nth // 40) % 2
        events.append(
            Event(
                kind=chance.choice((ATTEMPT, END)),
                time=Micros(time),
                call_id=str(nth),
                account=chance.choice(("acme", "acme", "umbrella")),
                callee=f"+1202555{chance.randrange(60 if many else 5):04d}",
                answered=chance.random() < 0.6,
                duration_ms=1000 * chance.randrange(20 if many else 3),
            )
        )
    return events


@cache
def written_engine(exact: int) -> Engine:
    made = Engine(Plan("f" * 64, rules()), key=KEY, source="test", limits=Limits(exact_distinct=exact))
    made.compile()
    return made


def run(engine: Engine, batches: Sequence[Sequence[Event]]) -> list[object]:
    return [finding for batch in batches for finding in engine.step(batch, LATER)]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 250), cuts_of, st.integers(1, 6))
def test_compiled_windows_and_tallies_estimate_the_same(seed: int, size: int, cuts: list[int], exact: int) -> None:
    plan, limits, events = Plan("f" * 64, rules()), Limits(exact_distinct=exact), stream(seed, size)
    tallied = run(Engine(plan, key=KEY, source="test", limits=limits, compiled=False), [events])
    compiled = run(Engine(plan, key=KEY, source="test", limits=limits), cut(events, cuts))
    assert compiled == tallied


@pytest.mark.parametrize("exact", [1, 3])
@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 250), cuts_of)
def test_a_written_pass_estimates_the_same(exact: int, seed: int, size: int, cuts: list[int]) -> None:
    events = stream(seed, size)
    general = Engine(Plan("f" * 64, rules()), key=KEY, source="test", limits=Limits(exact_distinct=exact))
    written = written_engine(exact)
    written.forget()
    assert run(written, cut(events, cuts)) == run(general, [events])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 250), st.lists(st.integers(0, 250), max_size=4), st.integers(1, 6))
def test_estimates_go_on_from_a_snapshot(seed: int, size: int, places: list[int], exact: int) -> None:
    plan, limits, events = Plan("f" * 64, rules()), Limits(exact_distinct=exact), stream(seed, size)
    whole = run(Engine(plan, key=KEY, source="test", limits=limits), [events])
    parts, engine = list[object](), Engine(plan, key=KEY, source="test", limits=limits)
    for begin, end in pairwise(sorted({0, size, *(place % size for place in places)})):
        parts += engine.step(events[begin:end], LATER)
        snapshot = engine.snapshot()
        engine = Engine(plan, key=KEY, source="test", limits=limits)
        assert engine.restore(snapshot) == frozenset()
    assert parts == whole


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 250), st.integers(1, 249), st.integers(1, 6), st.integers(1, 6))
def test_where_the_bundle_states_another_number_values_that_were_let_go_of_count_again(
    seed: int, size: int, place: int, before: int, after: int
) -> None:
    events, middle = stream(seed, size), place % size
    group, other = (RuleGroup([_WIDE], _HASHES, Limits(exact_distinct=exact)) for exact in (before, after))
    former, shape = (each.shape({"wide": b"same"}) for each in (group, other))
    advanced(group, [events[:middle]], _HASHES)
    assert (former == shape) == (before == after)
    other.take_over(group.snapshot(), former, shape, Micros(0))
    whole = RuleGroup([_WIDE], _HASHES, Limits(exact_distinct=after))
    advanced(whole, [events[:middle]], _HASHES)
    assert distinct_of(other) == distinct_of(whole)


_WIDE = rising("wide", _CALLEES, 60)


def distinct_of(group: RuleGroup) -> dict[int, float]:
    """Return what each key's distinct count comes to, by its hash, as the oracle has it from the rows that stand."""
    packed, terms = group.snapshot(), group.terms
    found = dict[int, float]()
    for slot, words in enumerate(packed.words.tolist()):
        rows = (packed.rows["slot"] == slot) & (packed.rows["replaced"] == 0)
        held = [(1, int(pair)) for pair in packed.pairs[rows, 0]]
        assert words[terms.place[0]] == len(held)
        found[words[0]] = estimated(held, 0, 1 << 60) if len(held) <= terms.exact else -1.0
    return found


def test_very_many_values_of_a_key_take_little_room_and_the_estimate_lies_within_its_bound() -> None:
    exact, size = 1_000, 60_000
    made = replace(_WIDE, windows=(Rolling("window", Micros(50_000 * SECOND)),))
    made = replace(made, tiers=(Tier(compare(measured("callees"), ">=", number(40_000)), Severity.WARN),))
    calls = [
        Event(kind=ATTEMPT, time=Micros(nth * SECOND), call_id="", account="acme", callee=f"+44{nth:09d}") for nth in range(size)
    ]
    few, all_of_them = (RuleGroup([made], _HASHES, Limits(exact_distinct=most)) for most in (exact, 100_000))
    (told,) = advanced(few, [calls], _HASHES)
    (true,) = advanced(all_of_them, [calls], _HASHES)
    assert true.crossing.measures == (40_000.0,)
    assert true.crossing.errors == ()
    (error,) = told.crossing.errors
    assert 0.03 < error < 0.1
    assert abs(told.crossing.events - told.crossing.measures[0]) <= 2 * error * told.crossing.events
    standing = few.snapshot().rows["replaced"] == 0
    assert standing.sum() < 12 * exact  # of 50,000
    assert few.live_events == all_of_them.live_events == 50_000
    assert few.memory_bytes < 0.75 * all_of_them.memory_bytes

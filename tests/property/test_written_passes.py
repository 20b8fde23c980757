"""The pass that is written out for a group's rules does what the general one does, and they take over from each other anywhere."""

from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.policy.expressions import Arithmetic, Choice, Connective, Expression, Literal, Membership, Negation, Type
from ringfence.policy.plan import Plan, Rule
from ringfence.vocabulary.contracts import Event
from ringfence.vocabulary.times import Micros
from ringfence.watch.columns import TextHashes, columns_of
from ringfence.watch.engine import Engine
from ringfence.watch.kernels.specialising import is_noted, note, text_for
from ringfence.watch.windows import Limits, RuleGroup
from tests.property.oracles.windows import PlainRule
from tests.property.paired_rules import compare, measured, number, rule
from tests.property.test_rule_groups import _MEASURES, KEY, LATER, advanced, made, seen, wanted
from tests.property.test_tiers import rules
from tests.property.test_tiers import stream as days
from tests.property.test_windows import cut, cuts_of, stream, streams

_HASHES = TextHashes(KEY)
_SEEDS = (1, 3, 8)
_LOOSE = Limits()
_TIGHT = Limits(events=7, keys=2)


@cache
def written_group(seed: int, limits: Limits = _LOOSE) -> RuleGroup:
    """Return a group whose pass is written out; its rules are `made(seed)`. Whoever takes it begins with `forget`."""
    group = RuleGroup([each for each, _ in made(seed)], _HASHES, limits)
    group.compile()
    return group


def test_the_groups_have_every_measure_and_several_spans_and_rules() -> None:
    pairs = [pair for seed in _SEEDS for pair in made(seed)]
    assert {measure.name for each, _ in pairs for measure in each.measures} == {measure.name for measure, _ in _MEASURES}
    assert all(len(made(seed)) > 1 and len({each.windows for each, _ in made(seed)}) > 1 for seed in _SEEDS)
    assert any(each.cool_down_us for each, _ in pairs)


@pytest.mark.parametrize("seed", _SEEDS)
@settings(max_examples=40)
@given(streams, cuts_of)
def test_a_written_pass_finds_what_the_oracle_finds(seed: int, events: list[Event], cuts: list[int]) -> None:
    pairs: list[tuple[Rule, PlainRule]] = made(seed)
    group = written_group(seed)
    group.forget()
    found = advanced(group, cut(events, cuts), _HASHES)
    assert [seen(told, [each for each, _ in pairs]) for told in found] == wanted(pairs, events)


def test_a_written_pass_lets_rows_leave_by_grains() -> None:
    for place in range(2):
        (general, turning), events = (Engine(Plan("f" * 64, rules()), key=KEY, source="test") for _ in range(2)), days(place, 400)
        turning.compile()
        assert turning.step(events, LATER) == general.step(events, LATER)
        assert turning.snapshot() == general.snapshot()


def told_and_kept(group: RuleGroup, events: Sequence[Event], first: int, clock: Micros) -> tuple[str, list[bytes]]:
    """Return what a batch gives, as text (a mean of nothing equals nothing, not even itself), and all that is remembered then."""
    columns = columns_of(events, sorted(group.fields), _HASHES, clock=clock, now=LATER)
    return repr(group.advance(columns, first)), [array.tobytes() for array in group.snapshot()]


@pytest.mark.parametrize("limits", [_LOOSE, _TIGHT])
@settings(max_examples=40)
@given(st.integers(0, 2**32), st.integers(1, 250), st.lists(st.integers(0, 250), min_size=3, max_size=6))
def test_general_and_written_passes_take_over_from_each_other_between_any_two_batches(
    limits: Limits, traffic: int, size: int, cuts: list[int]
) -> None:
    events = stream(traffic, size)
    seed = _SEEDS[0]
    general, turning = RuleGroup([each for each, _ in made(seed)], _HASHES, limits), written_group(seed, limits)
    turning.forget()
    written = turning._advance
    edges = sorted({0, len(events), *(place % len(events) for place in cuts)})
    clock = Micros(-(1 << 62))
    try:
        for turn, (begin, end) in enumerate(pairwise(edges)):
            turning._advance = general._advance if turn % 2 else written
            batch = events[begin:end]
            assert told_and_kept(turning, batch, begin, clock) == told_and_kept(general, batch, begin, clock)
            clock = Micros(max(clock, *(event.time for event in batch)))
    finally:
        turning._advance = written
    assert turning.losses == general.losses


def test_a_written_pass_looks_nothing_up_that_the_rules_say() -> None:
    """No loop over rules or measures is left, and no word of a rule gets into the text."""
    text = "\n".join(function for _, function in text_for(written_group(_SEEDS[0]).terms).functions)
    assert "terms." not in text
    assert "rule-0" not in text
    assert text.count("for ") == 1  # over the batch's rows


def test_the_text_of_a_condition_means_what_the_rule_says() -> None:
    share = Arithmetic("/", measured("b"), measured("a"))
    score = Choice(compare(share, ">", number(0.5)), Literal(3.0, Type.NUMBER), Literal(1.0, Type.NUMBER), Type.NUMBER)
    conditions: tuple[Expression, ...] = (
        compare(share, "!=", number(1)),
        Negation(compare(share, "<=", number(0))),
        Membership(measured("b"), (number(2), number(3)), negated=True),
        compare(Arithmetic("+", score, number(-1)), ">=", number(2)),
        Connective("or", (compare(measured("a"), "==", number(0)), compare(share, "<", number(0.4)))),
    )
    rules = [
        rule(f"r{place}", measures=(_MEASURES[0][0], _MEASURES[1][0]), when=when, window_s=9)
        for place, when in enumerate(conditions)
    ]
    group = RuleGroup(rules, _HASHES, Limits())
    group.compile()
    general = RuleGroup(rules, _HASHES, Limits())
    chance = np.random.default_rng(3)
    events = [
        Event(kind=rules[0].on, time=Micros(n * 900_000), call_id=str(n), account="x", callee=str(chance.integers(4)) or None)
        for n in range(300)
    ]
    told = advanced(group, [events], _HASHES)
    assert told == advanced(general, [events], _HASHES)
    assert {each.rule for each in told} == {0, 1, 2, 3, 4}


def test_a_pass_that_was_never_kept_is_not_written_out_to_find_that_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringfence.watch.kernels.specialising.folder_of", lambda _: tmp_path)
    groups = [RuleGroup([each for each, _ in made(seed)], _HASHES, _LOOSE) for seed in _SEEDS]
    note(groups[0].terms)
    assert [is_noted(group.terms) for group in groups] == [True, False, False]
    monkeypatch.setattr("ringfence.watch.windows.rule_group.text_for", None)
    assert not groups[1].compile(only_kept=True)
    monkeypatch.setattr("ringfence.watch.kernels.specialising.stamp", lambda: ("other kernels",))
    assert not is_noted(groups[0].terms)

"""When one rule changes, the windows of all others go on as if nothing had been, through a snapshot at any point."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace as replace_of

from ringfence.policy.expressions import Connective, Listed
from ringfence.policy.plan import MeasureFunction, Plan, Rolling, Row, Rule, Table
from ringfence.vocabulary.contracts import Event, Finding
from ringfence.vocabulary.severity import Mode, Severity
from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.engine import Engine, snapshots
from ringfence.watch.kernels.layout import HALF, MEAN, SUM
from tests.property.paired_rules import compare, field, measured, number
from tests.property.test_rule_groups import made
from tests.property.test_windows import stream, streams

_NOW = Micros(10_000 * SECOND)
_SEEDS = (0, 4, 6)


def rules_of(seed: int) -> tuple[Rule, ...]:
    return tuple(sorted((rule for rule, _ in made(seed)), key=lambda rule: rule.name))


def engine_of(rules: Sequence[Rule], *, compiled: bool, lists: dict[str, Table] | None = None) -> Engine:
    return Engine(Plan("f" * 64, tuple(rules), lists or {}), key=b"k", source="test", compiled=compiled)


def of(findings: Sequence[Finding], names: frozenset[str]) -> list[Finding]:
    return [finding for finding in findings if finding.rule in names]


def wider(rule: Rule) -> Rule:
    """Return the rule looking back a second more."""
    windows = (replace(each, length_us=Micros(each.length_us + SECOND)) for each in rule.windows if isinstance(each, Rolling))
    return replace(rule, windows=tuple(windows))


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("seed", _SEEDS)
@settings(deadline=None, max_examples=25)
@given(streams, st.integers(0, 250), st.integers(0, 7), st.booleans())
def test_the_other_rules_find_what_they_would_have_found(
    seed: int, compiled: bool, events: list[Event], cut: int, which: int, drops: bool
) -> None:
    old = rules_of(seed)
    place = which % len(old)
    new = old[:place] + (() if drops else (wider(old[place]),)) + old[place + 1 :]
    others = frozenset(rule.name for rule in old) - {old[place].name}
    cut %= len(events) + 1
    whole = engine_of(new, compiled=compiled)
    whole.step(events[:cut], _NOW)
    before, after = engine_of(old, compiled=compiled), engine_of(new, compiled=compiled)
    before.step(events[:cut], _NOW)
    assert after.restore(before.snapshot()) == (frozenset() if drops else {old[place].name})
    assert of(after.step(events[cut:], _NOW), others) == of(whole.step(events[cut:], _NOW), others)


def test_words_and_consequences_are_no_reason_to_begin_anew() -> None:
    old = rules_of(4)
    new = tuple(
        replace(
            rule, says="Otherwise said.", mode=Mode.ACT, tiers=tuple(replace(tier, severity=Severity.ACT) for tier in rule.tiers)
        )
        for rule in old
    )
    before, after, events = engine_of(old, compiled=True), engine_of(new, compiled=True), stream(1, 200)
    before.step(events[:100], _NOW)
    assert after.restore(before.snapshot()) == frozenset()
    seen = [(finding.rule, finding.time, finding.measures, finding.says) for finding in after.step(events[100:], _NOW)]
    told = [(finding.rule, finding.time, finding.measures, "Otherwise said.") for finding in before.step(events[100:], _NOW)]
    assert seen
    assert seen == told


def test_a_rule_whose_list_changed_begins_anew_and_one_that_asks_another_goes_on() -> None:
    base = rules_of(4)[0]
    asking = Listed(field("callee"), "named", prefix=False, negated=False)
    rules = (replace(base, name="asks", where=asking), replace(base, name="does-not"))
    lists = {"named": Table("named", (Row("b"),)), "other": Table("other", (Row("c"),))}
    before = engine_of(rules, compiled=True, lists=lists)
    for name, anew in (("named", {"asks"}), ("other", set())):
        changed = lists | {name: Table(name, (Row("d"),))}
        assert engine_of(rules, compiled=True, lists=changed).restore(before.snapshot()) == anew


def test_a_rule_added_or_put_into_another_group_leaves_the_others_windows_whole() -> None:
    old = rules_of(4)
    added = replace(
        old[0], name="added", tiers=(replace(old[0].tiers[0], when=compare(measured(old[0].measures[0].name), ">", number(0))),)
    )
    moved = replace(old[1], where=Connective("and", (field("answered"), field("answered"))))
    new = (added, old[0], moved, *old[2:])
    before, after = engine_of(old, compiled=True), engine_of(new, compiled=True)
    before.step(stream(2, 150), _NOW)
    assert after.restore(before.snapshot()) == {"added", moved.name}
    assert after.live_keys > 0


def with_rounded_sums(engine: Engine, snapshot: bytes) -> bytes:
    """Return a snapshot as versions wrote it that kept a sum as one floating-point word, and not as two of halves."""
    header, windows = snapshots.read(snapshot, snapshots.owner_of(b"k"))
    before = []
    for group, shape, packed in zip(engine._groups, header.shapes, windows, strict=True):
        terms = group.window.terms
        sums = [int(place) for place, function in zip(terms.place, terms.function, strict=True) if function in (SUM, MEAN)]
        words = packed.words.copy()
        for place in sums:
            total = words[:, place + 1] * HALF + words[:, place + 2]
            words[:, place + 1] = total.view(np.int64)
        words = np.delete(words, [place + 2 for place in sums], axis=1)
        before.append((replace_of(shape, kept=1), packed._replace(words=words)))
    reached = snapshots.Reached(header.clock, header.next_event, header.begun, header.begun_of)
    tallies = [(*told, octets) for told, octets in zip(header.tallied, header.tallies, strict=True)]
    return snapshots.write(snapshots.owner_of(b"k"), reached, windows=before, call_ids=header.call_ids, tallies=tallies)


@pytest.mark.parametrize("seed", _SEEDS)
@settings(deadline=None, max_examples=25)
@given(streams, st.integers(0, 250))
def test_a_snapshot_of_versions_that_rounded_sums_goes_on(seed: int, events: list[Event], cut: int) -> None:
    rules = rules_of(seed)
    assert any(measure.function in (MeasureFunction.SUM, MeasureFunction.MEAN) for rule in rules for measure in rule.measures)
    whole, after = engine_of(rules, compiled=True), engine_of(rules, compiled=True)
    cut %= len(events) + 1
    whole.step(events[:cut], _NOW)
    assert after.restore(with_rounded_sums(whole, whole.snapshot())) == frozenset()
    assert after.step(events[cut:], _NOW) == whole.step(events[cut:], _NOW)

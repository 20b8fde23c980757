"""A posted version goes on with what the one before remembers of rules that did not change; the others' windows are filled."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest
from msgspec import structs
from tests.property.paired_rules import compare, measured, number
from tests.unit.watch.live.installation import KEY, findings, reference
from tests.unit.watch.live.test_filling import BEGIN, PLAN, Longer, as_ended, lake_in, short_journal, stream

from ringfence.policy.plan import Plan, Rule
from ringfence.vocabulary.contracts import Event, Finding
from ringfence.vocabulary.times import DAY, HOUR, SECOND, Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.engine import Engine, to_be_filled
from ringfence.watch.history.replay import as_it_was_judged
from ringfence.watch.live import Judges, judges, pipeline
from ringfence.watch.live.judges import SOURCE

_FIRST, _SECOND = "a" * 64, "b" * 64
_RULES = {rule.name: rule for rule in PLAN.rules}
_POSTED = Micros(BEGIN + 16 * DAY)


def _with(name: str, changed: Rule) -> Plan:
    return Plan(_SECOND, tuple(changed if rule.name == name else rule for rule in PLAN.rules))


def _oftener(name: str) -> Plan:
    """Return the rules, one of which is content with less than before."""
    rule = _RULES[name]
    least = {"callees-of-ten-days": ("callees", 30), "days": ("calls", 46), "of-a-month": ("calls", 120), "over-it": ("calls", 3)}
    measure, enough = least[name]
    tier = replace(rule.tiers[0], when=compare(measured(measure), ">=", number(enough)))
    return _with(name, replace(rule, tiers=(tier,)))


class _Posted(Longer):
    """Judges by the rules as they always were, until `second` is posted."""

    second: ClassVar[Plan]

    def _plan(self, policy: str) -> Plan:
        return self.second if policy == _SECOND else replace(PLAN, policy=policy)


def _posting(second: Plan) -> type[_Posted]:
    return type("_PostedNow", (_Posted,), {"second": second})


def _until_posted(folder: Path, second: Plan, *, with_lake: bool) -> tuple[list[Event], _Posted]:
    """Live for sixteen days by the first version, with a journal of two; post the second. Return what comes after that."""
    events, lake = stream(), lake_in(folder) if with_lake else None
    live = _posting(second)(folder, now=BEGIN, known=reference(_FIRST), journal=short_journal(folder), lake=lake)
    before = [event for event in events if event.time < _POSTED]
    for first in range(0, len(before), 5):
        live.live(before[first : first + 5])
        live.keep_house(lake, before[min(first + 4, len(before) - 1)].time)
    live.pipeline.use(reference(_SECOND), _POSTED)
    return [event for event in events if event.time >= _POSTED], live


def _always(plan: Plan) -> list[Finding]:
    """Return what a plan finds after the posting that judged from the beginning."""
    engine = Engine(plan, key=KEY, source=SOURCE)
    engine.know(Directory(reference()))
    engine.begins(stream()[0].time)
    found = [finding for event in stream() for finding in engine.step([event], Micros(event.time + SECOND))]
    return _whatever_lacked([each for each in found if each.time > _POSTED])


def _whatever_lacked(found: Sequence[Finding]) -> list[Finding]:
    """Return findings without until when their windows are short: since when there is history may be said in two ways.

    What rests on findings names those that were told, some by the first version; one that always was there names its own.
    """
    told = [structs.replace(each, short_until=None) for each in found]
    nameless = [structs.replace(each, evidence=structs.replace(each.evidence, sample=())) for each in told]
    return as_ended([other if each.rule == "over-it" else each for each, other in zip(told, nameless, strict=True)])


def _but(name: str, found: Sequence[Finding]) -> list[Finding]:
    return [each for each in as_ended(found) if each.rule != name]


def test_a_version_with_the_same_rules_is_in_force_at_once_and_needs_no_history(tmp_path: Path) -> None:
    same = Plan(_SECOND, tuple(replace(rule, says="said otherwise") for rule in PLAN.rules))
    rest, live = _until_posted(tmp_path, same, with_lake=False)
    assert live.pipeline.policy == _SECOND
    assert live.pipeline.short(_POSTED).keys() == {"of-a-month", "over-it"}  # as before it
    told = len(findings(tmp_path))
    live.live(rest)
    found = _whatever_lacked(findings(tmp_path)[told:])
    assert found == _always(same)
    assert {each.rule for each in found} >= {"callees-of-ten-days", "days"}
    live.crash()


@pytest.mark.parametrize("name", sorted(_RULES))
@pytest.mark.parametrize("with_lake", [True, False])
def test_rules_that_a_posting_does_not_touch_find_what_they_had_found_without_it(
    tmp_path: Path, name: str, with_lake: bool
) -> None:
    second = _oftener(name)
    rest, live = _until_posted(tmp_path, second, with_lake=with_lake)
    assert live.pipeline.policy == _SECOND
    told = len(findings(tmp_path))
    live.live(rest)
    found, always = _whatever_lacked(findings(tmp_path)[told:]), _always(second)
    touched = {name, "over-it"} if name == "callees-of-ten-days" else {name}  # it reads what that finds
    assert [each for each in found if each.rule not in touched] == [each for each in always if each.rule not in touched]
    assert _but("over-it", found)
    if with_lake:
        assert found == always
    else:  # what history lacks, the windows that are filled lack, and say so
        assert touched <= live.pipeline.short(_POSTED).keys()
    live.crash()


def test_what_was_filled_and_what_went_on_is_the_same_after_a_kill_and_in_a_replay(tmp_path: Path) -> None:
    second = _oftener("days")
    rest, live = _until_posted(tmp_path, second, with_lake=True)
    told = len(findings(tmp_path))
    live.live(rest[:4])
    live.crash()
    # From the checkpoint before the posting: it is filled again.
    again = _posting(second)(
        tmp_path, now=rest[3].time, known=reference(_SECOND), journal=short_journal(tmp_path), lake=lake_in(tmp_path)
    )
    assert again.pipeline.policy == _SECOND
    again.live(rest[4:])
    found = _whatever_lacked(findings(tmp_path)[told:])
    assert found == _always(second)
    replaying = Judges(again._plan, key=KEY, log=again.notes, lake=lake_in(tmp_path), feeds=tmp_path / "feeds")
    replayed = [each for each in as_it_was_judged(again.journal, replaying, policy=_FIRST) if each.time > _POSTED]
    assert {each.id for each in replayed if each.rule == "days"} == {each.id for each in found if each.rule == "days"}
    again.crash()


def test_the_version_before_judges_until_the_changed_rule_is_filled_and_no_finding_is_missed_between(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "FILLED_AT_ONCE", 1)
    monkeypatch.setattr(pipeline, "_FILLED_A_TURN", 6)
    second = _oftener("days")
    rest, live = _until_posted(tmp_path, second, with_lake=True)
    assert live.pipeline.policy == _FIRST
    told, policies = len(findings(tmp_path)), []
    for event in rest:
        live.live([event])
        policies.append(live.pipeline.policy)
    assert policies[0] == _FIRST
    assert policies[-1] == _SECOND
    found = findings(tmp_path)[told:]
    unchanged = [(each.rule, each.time, each.evidence) for each in _but("days", _whatever_lacked(found))]
    assert unchanged == [(each.rule, each.time, each.evidence) for each in _but("days", _always(second))]
    assert {rule for rule, _, _ in unchanged} == {"callees-of-ten-days", "of-a-month", "over-it"}
    live.crash()


def test_where_too_much_is_remembered_to_be_carried_over_in_a_turn_all_windows_are_filled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judges, "MOST_CARRIED", 10)
    same = Plan(_SECOND, PLAN.rules)
    rest, live = _until_posted(tmp_path, same, with_lake=True)
    assert live.pipeline.policy == _SECOND
    told = len(findings(tmp_path))
    live.live(rest)
    assert _whatever_lacked(findings(tmp_path)[told:]) == _always(same)
    live.crash()
    _, live = _until_posted(tmp_path / "without-a-lake", same, with_lake=False)
    assert live.pipeline.short(_POSTED).keys() == _RULES.keys()  # they count since the journal's two days
    live.crash()


def test_a_rule_goes_on_only_where_all_that_it_is_measured_with_is_the_same() -> None:
    def memory(plan: Plan) -> Engine:
        return Engine(plan, key=KEY, source=SOURCE)

    before = memory(PLAN).memory
    assert to_be_filled(before, before, frozenset()) == frozenset()
    assert to_be_filled(before, before, {"days"}) >= {"days"}
    assert to_be_filled(memory(_oftener("of-a-month")).memory, before, frozenset()) >= {"of-a-month"}
    reading = to_be_filled(memory(_oftener("callees-of-ten-days")).memory, before, frozenset())
    assert {"callees-of-ten-days", "over-it"} <= reading  # what a changed rule finds is read by the other
    longer = _with("of-a-month", replace(_RULES["of-a-month"], cool_down_us=Micros(HOUR)))
    assert "of-a-month" in to_be_filled(memory(longer).memory, before, frozenset())
    renamed = _with("days", replace(_RULES["days"], says="in other words"))
    assert to_be_filled(memory(renamed).memory, before, frozenset()) == frozenset()

"""Windows longer than the journal: a posted version knows what one knows that was always there, or its findings say since when."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from msgspec import structs
from tests.property.paired_rules import compare, field, measured, number, rule, text
from tests.property.plain_pairs import CALLS, changed
from tests.unit.watch.live.installation import KEY, Installation, findings, reference
from tests.unit.watch.live.test_time_and_desk import attempt

from ringfence.policy.plan import Calendar, Evaluation, Measure, MeasureFunction, Plan, Unit
from ringfence.vocabulary.contracts import Event, EventKind, Finding
from ringfence.vocabulary.times import DAY, HOUR, SECOND, Micros, from_iso, iso, utc
from ringfence.watch.attribution import Directory
from ringfence.watch.engine import Engine
from ringfence.watch.lake import Batch, Journal
from ringfence.watch.lake.journal_export import bring_in
from ringfence.watch.lake.store import Lake
from ringfence.watch.live import pipeline
from ringfence.watch.live.judges import SOURCE
from ringfence.watch.tallies import complete_from

BEGIN = from_iso("2026-05-01T00:30:00Z")
_DAYS = 24
_COUNTED = rule("of-a-month", measures=(CALLS,), when=compare(measured("calls"), ">=", number(140)), window_s=20 * 86_400)
_TOLD_APART = rule(
    "callees-of-ten-days",
    measures=(Measure("callees", MeasureFunction.DISTINCT, field("callee")),),
    when=compare(measured("callees"), ">=", number(34)),
    window_s=10 * 86_400,
    cool_down_s=86_400,
)
_OF_DAYS = changed(
    rule("days", measures=(CALLS,), when=compare(measured("calls"), ">=", number(51))),
    windows=(Calendar("days", Unit.DAY, "UTC", 7),),
    evaluation=Evaluation.CLOSE,
)
_OVER_IT = replace(
    rule(
        "over-it", measures=(CALLS,), when=compare(measured("calls"), ">=", number(4)), on=EventKind.FINDING, window_s=12 * 86_400
    ),
    where=compare(field("rule"), "==", text("callees-of-ten-days")),
)
PLAN = Plan("d" * 64, (_TOLD_APART, _OF_DAYS, _COUNTED, _OVER_IT))
OTHER = Plan("e" * 64, (_TOLD_APART,))


class Longer(Installation):
    """An installation whose rules look back further than its journal; watch's own turns are a few hours apart."""

    def _plan(self, policy: str) -> Plan:
        return plan_of(policy)

    def live(self, events: Sequence[Event]) -> None:
        for event in events:
            self.pipeline.record([event], [])
            self.pipeline.turn(Micros(event.time + SECOND))

    def keep_house(self, lake: Lake | None, now: Micros) -> None:
        """Bring the hours that are over to the lake, and let the journal go of what it may."""
        self.save()
        if lake is not None:
            bring_in(self.folder / "journal", lake, before=Micros(now // HOUR * HOUR))
        self.pipeline.trim(now=now, keep_after=self.journal.last)


def plan_of(policy: str) -> Plan:
    return replace(PLAN, policy=policy) if policy != OTHER.policy else OTHER


def stream() -> list[Event]:
    chance = Random(20_261_124)
    times = sorted(BEGIN + chance.randrange(_DAYS * 24 * 3600) * SECOND for _ in range(180))
    return [
        structs.replace(attempt(Micros(at), f"call-{place}"), callee=f"+3225551{chance.randrange(40):03}")
        for place, at in enumerate(times)
    ]


def short_journal(folder: Path) -> Journal:
    return Journal(folder / "journal", longest_us=Micros(2 * DAY), segment_bytes=1)


def lake_in(folder: Path) -> Lake:
    return Lake(folder / "lake", folder / "lake-keys", KEY)


def always_there(events: Sequence[Event], since: Micros) -> list[Finding]:
    """Return what one engine that judged by the plan from the beginning finds from a moment on, as the posted version names it."""
    engine = Engine(plan_of("b" * 64), key=KEY, source=SOURCE)
    engine.know(Directory(reference()))
    engine.begins(events[0].time)
    found: list[Finding] = []
    for event in events:
        found += engine.step([event], Micros(event.time + SECOND))
    return [each for each in found if each.time > since]


def posted_in_the_middle(folder: Path, *, with_lake: bool, day: int = 16) -> tuple[list[Event], Micros, Longer]:
    """Live for some days by another version, then post; return the whole stream, when the posting was, and what runs."""
    events, lake = stream(), lake_in(folder) if with_lake else None
    at = Micros(BEGIN + day * DAY)
    live = Longer(folder, now=BEGIN, known=reference(OTHER.policy), journal=short_journal(folder), lake=lake)
    before = [event for event in events if event.time < at]
    for first in range(0, len(before), 5):
        live.live(before[first : first + 5])
        live.keep_house(lake, before[min(first + 4, len(before) - 1)].time)
    oldest = live.journal.oldest()
    assert oldest is not None
    assert oldest[1] > at - 4 * DAY
    live.pipeline.use(reference("b" * 64), at)
    return events, at, live


def begun(events: Sequence[Event]) -> dict[str, Micros]:
    """Return from when on each rule's windows are whole, where the first event is the first there was."""
    return complete_from(PLAN.rules, events[0].time)


def as_ended(found: Sequence[Finding]) -> list[Finding]:
    return sorted(found, key=lambda each: (each.time, each.rule))


def test_a_version_posted_in_midstream_finds_what_one_finds_that_was_always_there(tmp_path: Path) -> None:
    events, at, live = posted_in_the_middle(tmp_path, with_lake=True)
    told = len(findings(tmp_path))
    live.live([event for event in events if event.time >= at])
    found = findings(tmp_path)[told:]
    assert as_ended(found) == as_ended(always_there(events, at))
    assert {each.rule for each in found} == {each.name for each in PLAN.rules}
    assert live.pipeline.short(at) == {name: iso(until) for name, until in begun(events).items() if until > at}
    live.crash()


def test_without_a_lake_findings_say_until_when_they_count_too_little(tmp_path: Path) -> None:
    events, at, live = posted_in_the_middle(tmp_path, with_lake=False)
    oldest = live.journal.oldest()
    assert oldest is not None
    assert live.pipeline.short(at)["of-a-month"] > "2026-05-3"
    told = len(findings(tmp_path))
    live.live([event for event in events if event.time >= at])
    found = findings(tmp_path)[told:]
    short = {each.rule: each.short_until for each in found}
    assert short["callees-of-ten-days"] == oldest[1] + 10 * DAY
    assert all(each.short_until is None for each in found if each.time >= oldest[1] + 22 * DAY)
    live.crash()


@pytest.mark.parametrize("gap", ["erased", "missing"])
def test_what_the_lake_lost_is_said_too(tmp_path: Path, gap: str) -> None:
    lake, journal, events = lake_in(tmp_path), short_journal(tmp_path), stream()
    for event in events:
        journal.append(Batch(now=event.time, events=(event,), found=0, observed=0))
    bring_in(tmp_path / "journal", lake)
    journal.trim(now=events[-1].time, keep_after=journal.last)
    journal.close()
    broken = sorted(lake.contents().files.values(), key=lambda file: file.first)[60]
    if gap == "erased":
        lake.keys.destroy(utc(broken.first).date())
    else:
        (lake.folder / broken.path).unlink()
    live = Longer(tmp_path, now=events[-1].time, known=reference("b" * 64), journal=short_journal(tmp_path), lake=lake)
    assert live.pipeline.policy == "b" * 64
    assert "of-a-month" in live.pipeline.short(events[-1].time)
    assert ("history.unreadable" in live.notes.events) == (gap == "missing")
    live.crash()


def test_windows_of_a_rule_that_was_changed_are_filled_anew(tmp_path: Path) -> None:
    events, at, live = posted_in_the_middle(tmp_path, with_lake=True)
    live.save()
    live.crash()
    changed_windows = replace(_COUNTED, cool_down_us=Micros(HOUR))  # what an upgrade that lays windows out otherwise comes to

    class Upgraded(Longer):
        def _plan(self, policy: str) -> Plan:
            return replace(plan_of(policy), rules=(_TOLD_APART, _OF_DAYS, changed_windows, _OVER_IT))

    again = Upgraded(tmp_path, now=at, known=reference("b" * 64), journal=short_journal(tmp_path), lake=lake_in(tmp_path))
    assert "checkpoint.rules-anew" in again.notes.events
    assert again.pipeline.policy == "b" * 64
    told = len(findings(tmp_path))
    again.live([event for event in events if event.time >= at])
    found = [each for each in as_ended(findings(tmp_path)[told:]) if each.rule != "of-a-month"]
    assert found == [each for each in as_ended(always_there(events, at)) if each.rule != "of-a-month"]
    again.crash()


def test_a_long_history_is_told_between_turns_while_the_version_before_judges(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "FILLED_AT_ONCE", 1)
    monkeypatch.setattr(pipeline, "_FILLED_A_TURN", 6)
    events, at, live = posted_in_the_middle(tmp_path, with_lake=True)
    assert live.pipeline.policy == OTHER.policy
    assert "policy.filling" in live.notes.events
    rest = [event for event in events if event.time >= at]
    policies = []
    for event in rest:
        live.live([event])
        policies.append(live.pipeline.policy)
    switched = policies.index("b" * 64)
    assert switched > 3
    assert live.pipeline.filling is None
    found = [each for each in findings(tmp_path) if each.policy == "b" * 64]
    assert as_ended(found) == as_ended(always_there(events, rest[switched - 1].time))
    live.save()
    live.crash()
    again = Longer(
        tmp_path, now=events[-1].time, known=reference("b" * 64), journal=short_journal(tmp_path), lake=lake_in(tmp_path)
    )
    assert again.pipeline.policy == "b" * 64
    again.crash()

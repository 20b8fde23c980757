"""Since when a rule's windows miss nothing, where nothing before some moment was counted; and how far back it must be told."""

from dataclasses import replace

import pytest
from tests.property.paired_rules import compare, field, measured, number, rule, text
from tests.property.plain_pairs import CALLS, changed

from ringfence.policy.expressions import Expression, Past, PastValue
from ringfence.policy.plan import Calendar, Measure, MeasureFunction, Once, Plan, Rule, Unit
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import DAY, HOUR, MINUTE, SECOND, Micros, from_iso
from ringfence.watch.engine import Engine
from ringfence.watch.tallies import complete_from, reach_us

NOON = from_iso("2026-05-13T12:00:00Z")  # a Wednesday
MIDNIGHT = from_iso("2026-05-14T00:00:00Z")
MONDAY = from_iso("2026-05-18T00:00:00Z")
TWO = compare(measured("calls"), ">=", number(2))


def over(window: Calendar, when: Expression = TWO) -> Rule:
    return changed(rule("periods", measures=(CALLS,), when=when), windows=(window,))


def asking(past: Past, weeks: int = 1) -> Expression:
    return compare(measured("calls"), ">", PastValue(past, "calls", weeks))


@pytest.mark.parametrize(
    ("one", "until"),
    [
        (rule("rolling", measures=(CALLS,), when=TWO, window_s=600, cool_down_s=3_600), NOON + 600 * SECOND),
        (over(Calendar("day", Unit.DAY, "UTC")), MIDNIGHT),
        (over(Calendar("days", Unit.DAY, "UTC", 3)), MIDNIGHT + 2 * DAY),
        (over(Calendar("week", Unit.WEEK, "UTC")), MONDAY),
        (over(Calendar("hour", Unit.HOUR, "UTC")), NOON),
        (over(Calendar("day", Unit.DAY, "UTC"), asking(Past.BEFORE)), MIDNIGHT + DAY),
        (over(Calendar("day", Unit.DAY, "UTC"), asking(Past.PEERS)), MIDNIGHT + DAY),
        (over(Calendar("day", Unit.DAY, "UTC"), asking(Past.USUAL, 4)), MIDNIGHT + 28 * DAY),
        (replace(over(Calendar("week", Unit.WEEK, "UTC")), from_us=NOON), NOON),
        (replace(rule("once", measures=(CALLS,), when=TWO, window_s=60), once=Once((field("callee"),), Micros(HOUR))), NOON + HOUR),
    ],
)
def test_windows_are_whole_from_here(one: Rule, until: int) -> None:
    assert complete_from([one], NOON) == {one.name: until}
    (found,) = complete_from([one], Micros(NOON + 1)).values()
    assert found > until or one.windows[0] != Calendar("hour", Unit.HOUR, "UTC")


def test_a_run_says_what_was_seen_and_looks_back_for_ever() -> None:
    run = Measure("run", MeasureFunction.RUN)
    one = replace(rule("run", measures=(), when=compare(measured("run"), ">=", number(2))), measures=(run,), windows=())
    assert complete_from([one], NOON) == {"run": NOON}
    assert reach_us([one]) == 400 * DAY
    calls = replace(one, measures=(Measure("run", MeasureFunction.CONCURRENT),))
    assert reach_us([calls]) == DAY


def test_a_rule_over_findings_needs_what_those_need() -> None:
    short = rule("short", measures=(CALLS,), when=TWO, window_s=60, cool_down_s=30)
    over_it = rule("over-it", measures=(CALLS,), when=TWO, on=EventKind.FINDING, window_s=600)
    over_it = replace(over_it, where=compare(field("rule"), "==", text("short")))
    assert complete_from([over_it, short], NOON) == {"short": NOON + MINUTE, "over-it": NOON + 11 * MINUTE}
    assert reach_us([over_it, short]) == 690 * SECOND


def test_the_past_is_part_of_how_far_a_rule_looks_back() -> None:
    day = Calendar("day", Unit.DAY, "UTC")
    assert reach_us([over(day)]) == 25 * HOUR
    assert reach_us([over(day, asking(Past.BEFORE))]) == 50 * HOUR
    assert reach_us([over(day, asking(Past.USUAL, 4))]) == 50 * HOUR + 28 * DAY
    assert reach_us([]) == 0


def test_a_finding_says_until_when_its_windows_are_short_also_from_a_snapshot() -> None:
    compiled = rule("compiled", measures=(CALLS,), when=TWO, window_s=600)
    plan = Plan("f" * 64, (compiled, replace(over(Calendar("day", Unit.DAY, "UTC")), name="tallied")))
    engine = Engine(plan, key=b"", source="live")
    engine.begins(NOON)
    until = {"compiled": NOON + 10 * MINUTE, "tallied": MIDNIGHT}
    assert engine.short(NOON) == until
    other = Engine(plan, key=b"", source="live")
    other.restore(engine.snapshot())
    moments = [NOON + MINUTE, NOON + 2 * MINUTE, NOON + HOUR, NOON + HOUR + MINUTE, MIDNIGHT + 1, MIDNIGHT + 2]
    events = [Event(kind=EventKind.ATTEMPT, time=Micros(at), call_id=str(at), account="A1") for at in moments]
    found = [(each.rule, each.time, each.short_until) for each in other.step(events, Micros(MIDNIGHT + DAY))]
    assert found == [
        ("compiled", moments[1], until["compiled"]),
        ("tallied", moments[1], until["tallied"]),
        ("compiled", moments[3], None),
        ("compiled", moments[5], None),
        ("tallied", moments[5], None),
    ]
    assert other.short(Micros(NOON + HOUR)) == {"tallied": MIDNIGHT}
    assert other.short(MIDNIGHT) == {}


def test_in_a_recording_no_window_is_short() -> None:
    engine = Engine(Plan("f" * 64, (rule("calls", measures=(CALLS,), when=TWO),)), key=b"", source="scan")
    events = [Event(kind=EventKind.ATTEMPT, time=NOON, call_id=name, account="A1") for name in "ab"]
    assert [found.short_until for found in engine.step(events, NOON)] == [None]
    assert engine.short(NOON) == {}

"""What rules find beside what was before: own past, others, and a baseline that stands still."""

import pytest
from tests.property.paired_rules import compare, measured, number, rule
from tests.property.plain_pairs import changed
from tests.unit.watch.tallies.tallied_rules import CALLS, DAYS, LATER, at, engine, past, told

from ringfence.policy.expressions import Arithmetic, Expression, Past, PastValue
from ringfence.policy.plan import (
    Calendar,
    Unit,
)
from ringfence.vocabulary.contracts import (
    Event,
)
from ringfence.vocabulary.times import HOUR, SECOND, Micros, from_iso, iso


def calls(*days: tuple[int, int], account: str = "acme") -> list[Event]:
    return [
        at(f"2026-03-{day:02}T{place // 60:02}:{place % 60:02}", account=account) for day, count in days for place in range(count)
    ]


@pytest.mark.parametrize(
    ("when", "days", "found"),
    [
        (past(Past.BEFORE, 2), ((2, 3), (3, 7)), ["2026-03-03T00:06"]),
        (past(Past.BEFORE, 2), ((2, 3), (4, 1)), ["2026-03-04T00:00"]),  # a day of nothing was 0
        (past(Past.BEFORE, 0), ((2, 3),), []),  # there was none
        (past(Past.USUAL, 1, periods=2), ((2, 4), (9, 2), (16, 4)), ["2026-03-16T00:03"]),  # Mondays: 4 and 2
        (past(Past.USUAL, 1, periods=4), ((2, 4), (9, 5)), ["2026-03-09T00:04"]),  # as many weeks as there were
        (past(Past.USUAL, 0, periods=4), ((3, 4), (9, 5)), []),  # no Monday before
    ],
)
def test_a_measure_is_compared_with_its_own_past(when: Expression, days: tuple[tuple[int, int], ...], found: list[str]) -> None:
    own = changed(rule("own", measures=(CALLS,), when=when), windows=(DAYS,))
    assert [iso(finding.time)[:16] for finding in engine(own).step(calls(*days), LATER)] == found


def test_a_measure_is_compared_with_what_others_had_the_day_before() -> None:
    peers = changed(rule("peers", measures=(CALLS,), when=past(Past.PEERS, 1)), windows=(DAYS,))
    before = [event for name, count in (("a", 1), ("b", 3), ("c", 9)) for event in calls((2, count), account=name)]
    events = sorted([*before, *calls((3, 5), account="d")], key=lambda event: event.time)
    whole = engine(peers).step(events, LATER)
    assert told(whole) == [("peers", "d", "2026-03-03T00:03")]  # the median was 3
    running = engine(peers)
    found = []
    for event in events:
        successor = engine(peers)
        successor.restore(running.snapshot())
        running = successor
        found += running.step([event], LATER)
    assert found == whole


def test_a_baseline_stands_still_while_the_alarm_lasts() -> None:
    hours = Calendar("day", Unit.HOUR, "UTC")
    flood = compare(measured("calls"), ">=", Arithmetic("*", number(4), PastValue(Past.CALM, "calls")))
    learning = compare(measured("calls"), ">=", Arithmetic("*", number(4), PastValue(Past.BEFORE, "calls")))
    rules = [
        changed(rule(name, measures=(CALLS,), when=when), windows=(hours,))
        for name, when in (("calm", flood), ("before", learning))
    ]
    per_hour = (5, 5, 40, 40, 40, 5, 40)
    events = [
        at(iso(Micros(from_iso("2026-03-02T00:00:00Z") + hour * HOUR + nth * SECOND))[:19], call=f"{hour}-{nth}")
        for hour, count in enumerate(per_hour)
        for nth in range(count)
    ]
    whole = engine(*rules).step(events, LATER)
    hours_found = {name: [iso(one.time)[11:13] for one in whole if one.rule == name] for name in ("calm", "before")}
    assert hours_found == {"calm": ["02", "03", "04", "06"], "before": ["02", "06"]}
    running = engine(*rules)
    found = []
    for event in events:
        successor = engine(*rules)
        successor.restore(running.snapshot())
        running = successor
        found += running.step([event], LATER)
    assert found == whole


def test_what_changed_for_good_is_the_baseline_after_a_week_of_alarm() -> None:
    hours = Calendar("day", Unit.HOUR, "UTC")
    flood = compare(measured("calls"), ">=", Arithmetic("*", number(4), PastValue(Past.CALM, "calls")))
    own = changed(rule("own", measures=(CALLS,), when=flood), windows=(hours,))
    begun = from_iso("2026-03-02T00:00:00Z")
    events = [
        at(iso(Micros(begun + hour * HOUR + nth * SECOND))[:19], call=f"{hour}-{nth}")
        for hour in range(8 * 24)
        for nth in range(8 if hour else 2)
    ]
    found = [(finding.time - begun) // HOUR for finding in engine(own).step(events, LATER)]
    assert found == list(range(1, 7 * 24 + 1))

"""What the desk received long before watch heard of it counts at its own time; and its feed is let go of in time."""

from pathlib import Path

import msgspec
import pytest
from tests.property.paired_rules import compare, measured, number, rule
from tests.property.plain_pairs import CALLS, changed
from tests.unit.watch.live.installation import KEY, Notes, batches, events, findings, reference
from tests.unit.watch.live.test_time_and_desk import NOON, Closing, attempt, complain, complaint

from ringfence.feeds import FeedWriter
from ringfence.feeds.marks import read_mark
from ringfence.policy.plan import Plan
from ringfence.vocabulary.contracts import DeskEvent, EventKind
from ringfence.vocabulary.times import DAY, HOUR, MINUTE, SECOND, Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.history.replay import as_it_was_judged, by_plan
from ringfence.watch.lake import JournalReader
from ringfence.watch.lake.journal_export import bring_in
from ringfence.watch.lake.reading import read_events
from ringfence.watch.lake.store import Lake
from ringfence.watch.live import DeskTail, Judges

_THREE = compare(measured("calls"), ">=", number(3))
PLAN = Plan("c" * 64, (changed(rule("complained", measures=(CALLS,), when=_THREE, window_s=86_400), on=EventKind.COMPLAINT),))
KNOWN = reference(PLAN.policy)


class Complained(Closing):
    """An installation that finds three complaints within a day."""

    def _plan(self, policy: str) -> Plan:
        return PLAN

    def listen(self, now: Micros) -> Micros:
        """Hear all that there is, and let the time pass that windows take to be filled."""
        self.hear(now)
        now = Micros(now + 3 * SECOND)
        self.pipeline.turn(now)
        return now


def judged_again(folder: Path) -> list[object]:
    judges = Judges(lambda _: PLAN, key=KEY, log=Notes(), feeds=folder / "feeds")
    return list(as_it_was_judged(JournalReader(folder / "journal"), judges))


def test_the_complaints_of_a_year_are_no_three_complaints_of_a_day(tmp_path: Path) -> None:
    complain(tmp_path, *(complaint(str(day), Micros(NOON - day * DAY)) for day in range(365, 0, -1)))
    live = Complained(tmp_path, now=NOON, known=KNOWN)
    now = live.listen(NOON)
    assert findings(tmp_path) == []
    assert live.pipeline.desk == 365
    complain(tmp_path, *(complaint(f"new-{nth}", now) for nth in range(3)))
    live.hear(now)
    (found,) = findings(tmp_path)
    assert found.measures == {"calls": 3.0}
    live.crash()


@pytest.mark.parametrize("saves", [False, True])
@pytest.mark.parametrize("crashes", [False, True])
def test_complaints_that_came_while_watch_was_away_are_found_once(tmp_path: Path, saves: bool, crashes: bool) -> None:
    live = Complained(tmp_path, now=NOON, known=KNOWN)
    live.pipeline.record([attempt(NOON, "a")], [])
    complain(tmp_path, complaint("first", NOON))
    live.hear(Micros(NOON + SECOND))
    if saves:
        live.save()
    live.crash()
    complain(tmp_path, *(complaint(name, Micros(NOON + hour * HOUR)) for name, hour in (("b", 1), ("c", 2), ("d", 3))))
    back = Micros(NOON + 5 * HOUR)
    live = Complained(tmp_path, now=back, known=KNOWN)
    live.hear(back)
    assert findings(tmp_path) == []
    assert [event.call_id for event in batches(tmp_path)[-1].earlier] == ["b", "c", "d"]
    assert live.pipeline.checkpoint() is None  # its windows lack them
    if crashes:
        live.crash()
        live = Complained(tmp_path, now=Micros(back + MINUTE), known=KNOWN)
    live.pipeline.turn(Micros(back + 2 * MINUTE))
    (found,) = findings(tmp_path)
    assert (found.time, found.measures) == (NOON + 2 * HOUR, {"calls": 3.0})
    assert live.pipeline.checkpoint() is not None
    live.crash()
    Complained(tmp_path, now=Micros(back + HOUR), known=KNOWN).crash()
    assert findings(tmp_path) == [found] == judged_again(tmp_path)
    assert [
        (each.time, each.measures) for each in by_plan(JournalReader(tmp_path / "journal"), PLAN, Directory(KNOWN), key=KEY)
    ] == [(found.time, found.measures)]


def test_what_was_found_long_ago_is_no_news(tmp_path: Path) -> None:
    complain(tmp_path, *(complaint(str(nth), Micros(NOON - 3 * DAY + nth)) for nth in range(3)))
    live = Complained(tmp_path, now=NOON, known=KNOWN)
    live.listen(NOON)
    assert findings(tmp_path) == []
    live.crash()


def test_late_complaints_are_part_of_the_lake_and_of_no_batch_of_traffic(tmp_path: Path) -> None:
    complain(tmp_path, complaint("old", Micros(NOON - DAY)), complaint("new", NOON))
    live = Complained(tmp_path, now=NOON, known=KNOWN)
    live.listen(NOON)
    live.crash()
    assert [event.call_id for event in events(tmp_path)] == ["new"]
    lake = Lake(tmp_path / "lake", tmp_path / "lake-keys", KEY)
    bring_in(tmp_path / "journal", lake)
    assert [event.call_id for event in read_events(lake)] == ["old", "new"]


def test_late_facts_that_no_rule_counts_fill_no_windows(tmp_path: Path) -> None:
    class Traffic(Closing):
        def _plan(self, policy: str) -> Plan:
            return Plan(policy, (rule("calls", measures=(CALLS,), when=_THREE),))

    live = Traffic(tmp_path, now=NOON, known=KNOWN)
    complain(tmp_path, complaint("old", Micros(NOON - DAY)))
    live.hear(NOON)
    assert live.pipeline.checkpoint() is not None
    live.crash()


def test_the_feed_is_marked_up_to_what_no_window_needs(tmp_path: Path) -> None:
    told = [complaint(str(day), Micros(NOON - day * DAY)) for day in (30, 20, 10, 2, 1)]
    complain(tmp_path, *told)
    feed = tmp_path / "feeds" / "desk-events"
    tail = DeskTail(tmp_path / "feeds", after=0, log=Notes())
    tail.mark(NOON, upto=2, rules=PLAN.rules)
    assert read_mark(feed) == 2  # not what was not heard yet
    tail.mark(Micros(NOON + MINUTE), upto=5, rules=PLAN.rules)
    assert read_mark(feed) == 2  # once an hour is enough
    tail.mark(Micros(NOON + HOUR), upto=5, rules=PLAN.rules)
    assert read_mark(feed) == 3  # a week stays, whatever the rules
    writer = FeedWriter(feed)
    writer.append([msgspec.json.encode(DeskEvent(kind="fact", id="x", time=NOON))])
    writer.close()
    monthly = changed(PLAN.rules[0], cool_down_us=Micros(25 * DAY))
    other = DeskTail(tmp_path / "feeds", after=0, log=Notes())
    other.mark(NOON, upto=6, rules=(monthly,))
    assert read_mark(feed) == 1

"""Time that passes without traffic closes periods, and what the desk tells is counted: each once, also over crashes."""

from pathlib import Path

import msgspec
import pytest
from tests.property.paired_rules import ATTEMPT, compare, measured, number, rule
from tests.property.plain_pairs import changed
from tests.unit.watch.live.installation import KEY, Installation, Notes, batches, events, findings, reference, uninterrupted

from ringfence.feeds import FeedWriter
from ringfence.policy.plan import Calendar, Evaluation, Measure, MeasureFunction, Plan, Unit
from ringfence.vocabulary.contracts import DeskEvent, Event, EventKind
from ringfence.vocabulary.times import DAY, HOUR, MINUTE, SECOND, Micros, from_iso
from ringfence.watch.attribution import Directory
from ringfence.watch.history.replay import by_plan
from ringfence.watch.live import DeskTail
from ringfence.watch.live.desk_tail import as_event

NOON = from_iso("2026-05-01T12:00:00Z")
MIDNIGHT = from_iso("2026-05-02T00:00:00Z")
CALLS = Measure("calls", MeasureFunction.COUNT)
DAYS = Calendar("day", Unit.DAY, "UTC")
_CLOSING = changed(
    rule("closing", measures=(CALLS,), when=compare(measured("calls"), "<", number(3))),
    windows=(DAYS,),
    evaluation=Evaluation.CLOSE,
    silent_too=True,
)
_COMPLAINED = changed(
    rule("complained", measures=(CALLS,), when=compare(measured("calls"), ">=", number(2))), on=EventKind.COMPLAINT, windows=(DAYS,)
)
PLAN = Plan("c" * 64, (_CLOSING, _COMPLAINED))
KNOWN = reference(PLAN.policy)


class Closing(Installation):
    """An installation that judges by `PLAN`."""

    def _plan(self, policy: str) -> Plan:
        return PLAN

    def hear(self, now: Micros) -> None:
        """Do what the process does between turns."""
        tail = DeskTail(self.folder / "feeds", after=self.pipeline.desk, log=Notes())
        told, upto = tail.next(self.pipeline.tracker.directory)
        if upto is not None:
            self.pipeline.tell(told, upto, now)
        self.pipeline.turn(now)


def attempt(time: Micros, call: str) -> Event:
    return Event(kind=ATTEMPT, time=time, call_id=call, account="A1", party_path=("acme",))


def complain(folder: Path, *told: DeskEvent) -> None:
    feed = FeedWriter(folder / "feeds" / "desk-events")
    feed.append([msgspec.json.encode(one) for one in told])
    feed.close()


def complaint(name: str, time: Micros) -> DeskEvent:
    return DeskEvent(kind="complaint", id=name, time=time, account="A1", reporter=f"token-{name}", caller="+3225550100")


def test_a_period_closes_when_its_time_is_over_though_nothing_comes(tmp_path: Path) -> None:
    live = Closing(tmp_path, now=NOON, known=KNOWN)
    live.pipeline.record([attempt(NOON, "a")], [])
    live.pipeline.turn(Micros(NOON + SECOND))
    live.pipeline.turn(Micros(MIDNIGHT + 10_000))  # what came late may still be on its way
    assert findings(tmp_path) == []
    live.pipeline.turn(Micros(MIDNIGHT + 20_000))
    (found,) = findings(tmp_path)
    assert (found.rule, found.time, found.measures) == ("closing", MIDNIGHT, {"calls": 1.0})
    live.pipeline.turn(Micros(MIDNIGHT + HOUR))
    assert len(batches(tmp_path)) == 3  # the posting, the call, and midnight: nothing is written where nothing is over
    live.pipeline.turn(Micros(MIDNIGHT + DAY + HOUR))
    assert [each.measures for each in findings(tmp_path)] == [{"calls": 1.0}, {"calls": 0.0}]
    assert findings(tmp_path) == uninterrupted(tmp_path, PLAN)
    live.crash()


@pytest.mark.parametrize("saves", [False, True])
def test_a_crash_around_midnight_loses_and_repeats_nothing(tmp_path: Path, saves: bool) -> None:
    moments = (NOON, NOON + HOUR, MIDNIGHT - MINUTE, MIDNIGHT + MINUTE, MIDNIGHT + HOUR, MIDNIGHT + DAY + HOUR)
    for place, moment in enumerate(moments):
        live = Closing(tmp_path, now=Micros(moment - SECOND), known=KNOWN)
        complain(tmp_path, complaint(str(place), Micros(moment)))
        if place < 4:
            live.pipeline.record([attempt(Micros(moment), str(place))], [])
        live.hear(Micros(moment + SECOND))
        if saves:
            live.save()
        live.crash()
    found = findings(tmp_path)
    assert found == uninterrupted(tmp_path, PLAN)
    assert [(each.rule, each.time, each.measures["calls"]) for each in found] == [
        ("complained", NOON + HOUR, 2.0),
        ("complained", MIDNIGHT + HOUR, 2.0),
        ("closing", MIDNIGHT + DAY, 1.0),
    ]
    heard = [event.call_id for event in events(tmp_path) if event.kind is EventKind.COMPLAINT]
    assert heard == [str(place) for place in range(len(moments))]


def test_the_journal_replayed_finds_what_was_found(tmp_path: Path) -> None:
    live = Closing(tmp_path, now=NOON, known=KNOWN)
    for place in range(4):
        complain(tmp_path, complaint(str(place), Micros(NOON + place * DAY)))
        live.pipeline.record([attempt(Micros(NOON + place * DAY), str(place))], [])
        live.hear(Micros(NOON + place * DAY + SECOND))
    told = findings(tmp_path)
    assert [each.rule for each in told] == ["closing"] * 3
    assert list(by_plan(live.journal, PLAN, Directory(KNOWN), key=KEY)) == told
    live.crash()


def test_what_the_desk_tells_becomes_an_event_with_the_accounts_party(tmp_path: Path) -> None:
    told = msgspec.structs.replace(complaint("x", NOON), conduct_time=Micros(NOON - DAY), clause="auto-dialing", source="192.0.2.1")
    assert as_event(told, Directory(KNOWN)) == Event(
        kind=EventKind.COMPLAINT,
        time=NOON,
        call_id="x",
        account="A1",
        party_path=("acme",),
        caller="+3225550100",
        clause="auto-dialing",
        source="192.0.2.1",
        reporter="token-x",
        conduct_time=Micros(NOON - DAY),
    )


def test_a_record_that_is_no_desk_event_is_passed_by(tmp_path: Path) -> None:
    complain(tmp_path, complaint("a", NOON), DeskEvent(kind="attempt", id="b", time=NOON), DeskEvent(kind="?", id="c", time=NOON))
    feed = FeedWriter(tmp_path / "feeds" / "desk-events")
    feed.append([b'{"time": "noon"}', msgspec.json.encode(DeskEvent(kind="fact", id="d", time=NOON, name="consent", value=2.0))])
    feed.close()
    notes = Notes()
    told, upto = DeskTail(tmp_path / "feeds", after=0, log=notes).next(Directory(KNOWN))
    assert ([event.call_id for event in told], upto) == (["a", "d"], 5)
    assert (told[1].name, told[1].value) == ("consent", 2.0)
    assert notes.events == ["desk-event.unreadable"] * 3

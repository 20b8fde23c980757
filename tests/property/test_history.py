"""Live = replay of its journal; backtest = replay where nothing came late; however it is cut, shared out and stopped."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.policy.plan import Plan
from ringfence.vocabulary.contracts import Event, ExemptionLink, Finding, Reference, RulingLink
from ringfence.vocabulary.times import MINUTE, SECOND, Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.history import share as sharing
from ringfence.watch.history.backtest import Asked, Backtest, begin, in_order
from ringfence.watch.history.replay import by_plan
from ringfence.watch.history.run_state import Progress
from ringfence.watch.history.share import Place, Share
from ringfence.watch.lake import Batch, Journal, JournalReader, reading
from ringfence.watch.lake.journal_export import bring_in
from ringfence.watch.lake.store import Lake
from tests.property.paired_rules import PAIRED
from tests.property.test_windows import cut, cuts_of, stream

KEY = bytes(range(32))
PLAN = Plan("a" * 64, tuple(rule for rule, _ in PAIRED))
EMPTY = Reference(time=Micros(0))


def in_time(seed: int, size: int) -> list[Event]:
    """Return a stream in which nothing comes late, over some hours, with many events of one time."""
    events = sorted(stream(seed, size), key=lambda event: event.time)
    return [
        msgspec.structs.replace(event, time=Micros(event.time + (event.time // (40 * SECOND)) * 20 * MINUTE)) for event in events
    ]


def journalled(folder: Path, events: list[Event], cuts: list[int]) -> list[Finding]:
    """Keep the events as live watch does, in batches, and return what a replay finds."""
    journal = Journal(folder / "journal")
    for batch in cut(events, cuts):
        if batch:
            journal.append(Batch(now=batch[-1].time, events=tuple(batch), found=0, observed=0))
    journal.close()
    return list(by_plan(JournalReader(folder / "journal"), PLAN, Directory(EMPTY), key=KEY))


def place_in(folder: Path) -> Place:
    return Place(folder / "lake", folder / "lake-keys", folder / "run", KEY)


def brought_in(folder: Path) -> Lake:
    lake = Lake(folder / "lake", folder / "lake-keys", KEY)
    bring_in(folder / "journal", lake)
    return lake


def _cut_into(patched: pytest.MonkeyPatch, slice_size: int) -> None:
    for reads in (reading.slices_of, reading.stretches):
        assert reads.__kwdefaults__ is not None
        patched.setitem(reads.__kwdefaults__, "size", slice_size)


def shares_of(backtest: Backtest) -> list[tuple[str, Plan]]:
    return list(backtest.shares.items())


def as_backtest(findings: list[Finding]) -> list[Finding]:
    return sorted((msgspec.structs.replace(finding, source=sharing.SOURCE) for finding in findings), key=in_order)


@settings(max_examples=12)
@given(st.integers(0, 1 << 30), st.integers(1, 250), cuts_of, st.integers(1, 4), st.integers(1, 90))
def test_a_backtest_finds_what_a_replay_does_where_nothing_came_late(
    tmp_path_factory: pytest.TempPathFactory, seed: int, size: int, cuts: list[int], processes: int, slice_size: int
) -> None:
    folder = tmp_path_factory.mktemp("history")
    wanted = journalled(folder, in_time(seed, size), cuts)
    lake = brought_in(folder)
    with pytest.MonkeyPatch.context() as patched:
        _cut_into(patched, slice_size)
        backtest = begin(Asked(plans=(PLAN,)), lake, place_in(folder), reference=EMPTY, processes=processes)
        for name, plan in shares_of(backtest):
            Share(name, plan, backtest.kept, backtest.place).work(lambda _: None, lambda: False)
    assert list(backtest.findings(0)) == as_backtest(wanted)


@pytest.mark.parametrize("how", ["exempt", "ruled", "struck"])
def test_a_backtest_and_a_replay_tell_nothing_of_clauses_that_do_not_hold_for_a_party(tmp_path: Path, how: str) -> None:
    events = [msgspec.structs.replace(event, party_path=("root", event.account or "")) for event in in_time(5, 250)]
    wanted = journalled(tmp_path, events, [])
    half = sorted(finding.time for finding in wanted)[len(wanted) // 2]
    clause = wanted[-1].clause
    told = {
        "exempt": msgspec.structs.replace(EMPTY, exemptions=(ExemptionLink(party="root", clause=clause, valid_from=half),)),
        "ruled": msgspec.structs.replace(EMPTY, rulings=(RulingLink(ruling=1, clause=clause, parties=("root",), valid_from=half),)),
        "struck": msgspec.structs.replace(EMPTY, struck=(clause,)),
    }[how]
    stays = [
        finding
        for finding in wanted
        if finding.clause != clause or (how != "struck" and (finding.time < half or "root" not in finding.party_path))
    ]
    assert len(wanted) > len(stays)
    lake = brought_in(tmp_path)
    backtest = begin(Asked(plans=(PLAN,)), lake, place_in(tmp_path), reference=told, processes=1)
    for name, plan in shares_of(backtest):
        Share(name, plan, backtest.kept, backtest.place).work(lambda _: None, lambda: False)
    assert list(backtest.findings(0)) == as_backtest(stays)
    if how != "struck":  # that is of the journal's own references
        assert list(by_plan(JournalReader(tmp_path / "journal"), PLAN, Directory(told), key=KEY)) == stays


@settings(max_examples=5)
@given(st.integers(0, 1 << 30), st.lists(st.integers(1, 4), max_size=5), st.booleans())
def test_a_backtest_that_was_stopped_or_killed_finds_the_rest_when_it_goes_on(
    tmp_path_factory: pytest.TempPathFactory, seed: int, stops: list[int], is_killed: bool
) -> None:
    folder = tmp_path_factory.mktemp("history")
    wanted = journalled(folder, in_time(seed, 250), [])
    lake = brought_in(folder)
    backtest = begin(Asked(plans=(PLAN,)), lake, place_in(folder), reference=EMPTY, processes=1)
    ((name, plan),) = shares_of(backtest)
    for after in stops:
        with pytest.MonkeyPatch.context() as patched:
            _cut_into(patched, 30)
            patched.setattr(sharing, "_SAVE_SECONDS", -1.0)  # it saves after each slice, and is killed before it can
            _work_until(Share(name, plan, backtest.kept, backtest.place), after, is_killed=is_killed)
    with pytest.MonkeyPatch.context() as patched:
        _cut_into(patched, 30)
        Share(name, plan, backtest.kept, backtest.place).work(lambda _: None, lambda: False)
    assert list(backtest.findings(0)) == as_backtest(wanted)


def _work_until(share: Share, after: int, *, is_killed: bool) -> None:
    left = after

    def told(progress: Progress) -> None:
        nonlocal left
        left -= 1
        if is_killed and left <= 0 and not progress.done:
            raise KeyboardInterrupt

    try:
        share.work(told, lambda: not is_killed and left <= 0)
    except KeyboardInterrupt:
        assert is_killed


def test_processes_find_what_one_engine_does_and_say_how_far_they_are(tmp_path: Path) -> None:
    wanted = journalled(tmp_path, in_time(7, 250), [90])
    lake = brought_in(tmp_path)
    other = replace(PLAN, policy="b" * 64, rules=PLAN.rules[:3])
    backtest = begin(Asked(plans=(PLAN, other)), lake, place_in(tmp_path), reference=EMPTY, processes=2)
    assert backtest.run(told=lambda: None, stops=lambda: False)
    assert list(backtest.findings(0)) == as_backtest(wanted)
    names = {rule.name for rule in other.rules}
    of_other = [(finding.rule, finding.time, finding.subject) for finding in backtest.findings(1)]
    assert of_other == [(each.rule, each.time, each.subject) for each in as_backtest(wanted) if each.rule in names]
    assert backtest.done == backtest.events == 250 * 2


def test_processes_that_are_stopped_leave_what_can_be_gone_on_with(tmp_path: Path) -> None:
    wanted = journalled(tmp_path, in_time(8, 250), [90])
    lake = brought_in(tmp_path)
    backtest = begin(Asked(plans=(PLAN,)), lake, place_in(tmp_path), reference=EMPTY, processes=2)
    assert not backtest.run(told=lambda: None, stops=lambda: True)
    assert backtest.run(told=lambda: None, stops=lambda: False)
    assert list(backtest.findings(0)) == as_backtest(wanted)


def test_a_range_is_judged_alone(tmp_path: Path) -> None:
    events = in_time(9, 250)
    journalled(tmp_path, events, [])
    since, until = events[60].time, events[200].time
    lake = brought_in(tmp_path)
    backtest = begin(Asked(plans=(PLAN,), since=since, until=until), lake, place_in(tmp_path), reference=EMPTY, processes=1)
    ((name, plan),) = shares_of(backtest)
    Share(name, plan, backtest.kept, backtest.place).work(lambda _: None, lambda: False)
    within = [event for event in events if since <= event.time < until]
    wanted = journalled(tmp_path / "other", within, [])
    assert list(backtest.findings(0)) == as_backtest(wanted)

"""Live watch in one process: from datagrams to feeds, over crashes at any moment, postings and full disks."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from tests.conftest import shared_data
from tests.unit.watch.calls.recordings import recorded
from tests.unit.watch.live.installation import (
    KEY,
    PLAN,
    Installation,
    batches,
    events,
    findings,
    observations,
    records,
    reference,
    requests,
    uninterrupted,
)

from ringfence.policy.plan import Plan, Rolling
from ringfence.vocabulary.contracts import ObservationKind, RulingLink
from ringfence.vocabulary.times import DAY, HOUR, MILLISECOND, SECOND, Micros
from ringfence.watch.engine import Engine
from ringfence.watch.lake import Checkpoint, CheckpointDamaged, read_checkpoints, write_checkpoint
from ringfence.watch.live.filling import judged
from ringfence.watch.sources.datagram import Datagram

_BEGIN = Micros(1_800_000_000 * SECOND)


def _attacks() -> list[Datagram]:
    """Return three attacks and ordinary calls, one after the other, from a fixed moment on."""
    stream: list[Datagram] = []
    start = _BEGIN
    for name in ("svcrack", "svwar", "sipp_calls", "sipp_invite_flood"):
        part = list(recorded(shared_data("sip-capture", "attack-tools", f"{name}.pcap")))
        shift = start - part[0].time
        stream += [_at(each, Micros(each.time + shift)) for each in part]
        start = Micros(stream[-1].time + SECOND)
    return stream


def _at(datagram: Datagram, time: Micros) -> Datagram:
    return Datagram(
        time,
        time,
        datagram.kind,
        datagram.transport,
        datagram.source,
        datagram.source_port,
        datagram.destination,
        datagram.destination_port,
        datagram.payload,
        agent=7,
    )


def test_traffic_becomes_findings_and_observations(tmp_path: Path) -> None:
    live = Installation(tmp_path, now=_BEGIN)
    live.play(_attacks())
    live.crash()
    found = findings(tmp_path)
    assert {finding.rule for finding in found} >= {"register-brute-force", "sip-scan", "invite-flood"}
    assert found == uninterrupted(tmp_path)
    assert [seen.subject for seen in observations(tmp_path) if seen.kind is ObservationKind.FIRST_USE] == ["A1"]


@pytest.mark.parametrize("save_every", [1, 7, 1000])
def test_a_crash_anywhere_loses_and_repeats_nothing(tmp_path: Path, save_every: int) -> None:
    stream = _attacks()
    pieces = [
        [_at(each, Micros(each.time + number * SECOND)) for each in stream[number * 60 : number * 60 + 60]]
        for number in range(len(stream) // 60 + 1)
    ]  # a second apart, in which all of a piece is consumed
    whole = Installation(tmp_path / "whole", now=_BEGIN)
    for piece in pieces:
        whole.play(piece)
    whole.crash()
    for number, piece in enumerate(pieces):
        live = Installation(tmp_path / "torn", now=piece[0].arrival)
        live.play(piece)
        if number % save_every == 0:
            live.save()
        live.crash()
    assert events(tmp_path / "torn") == events(tmp_path / "whole")
    assert findings(tmp_path / "torn") == findings(tmp_path / "whole") == uninterrupted(tmp_path / "torn")
    assert observations(tmp_path / "torn") == observations(tmp_path / "whole")


@pytest.mark.parametrize("feed", ["findings", "observations"])
@pytest.mark.parametrize("saved", [False, True])
def test_what_the_last_batch_gave_is_told_after_a_crash_before_it_was(tmp_path: Path, feed: str, saved: bool) -> None:
    live = Installation(tmp_path, now=_BEGIN)
    if saved:
        live.save()
    stream = _attacks()
    told: list[bytes] = []
    for place in range(0, len(stream), 10):
        live.play(stream[place : place + 10])
        told = records(tmp_path, feed)
        if told and batches(tmp_path)[-1] == _last_with_results(tmp_path, feed):
            break
    live.crash()
    segment = next((tmp_path / "feeds" / feed).glob("*.seg"))
    lines = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(b"".join(lines[:-1]))
    Installation(tmp_path, now=stream[-1].time).crash()
    assert records(tmp_path, feed) == told
    Installation(tmp_path, now=stream[-1].time).crash()
    assert records(tmp_path, feed) == told


def _last_with_results(folder: Path, feed: str) -> object:
    count = len(records(folder, feed))
    return next(batch for batch in reversed(batches(folder)) if (batch.found if feed == "findings" else batch.observed) < count)


def test_a_damaged_checkpoint_gives_way_to_the_one_before(tmp_path: Path) -> None:
    stream = _attacks()
    live = Installation(tmp_path, now=_BEGIN)
    live.play(stream[:150])
    live.save()
    live.play(stream[150:300])
    live.save()
    live.play(stream[300:400])
    live.crash()
    newest = tmp_path / "journal" / "checkpoint"
    newest.write_bytes(newest.read_bytes()[:-1] + b"\xff")
    again = Installation(tmp_path, now=stream[400].arrival)
    assert next(type(each) for each in read_checkpoints(tmp_path / "journal")) is CheckpointDamaged
    again.play(stream[400:])
    again.crash()
    assert findings(tmp_path) == uninterrupted(tmp_path)


def test_rules_that_another_release_remembered_otherwise_are_filled_while_the_others_go_on(tmp_path: Path) -> None:
    stream = _attacks()
    live = Installation(tmp_path, now=_BEGIN)
    live.play(stream[:300])
    live.save()
    former = Engine(_with_a_longer_window("sip-scan"), key=KEY, source="live")
    for batch in batches(tmp_path):
        if batch.policy is None:
            judged(former, batch)
    (checkpoint, *_) = read_checkpoints(tmp_path / "journal")
    assert isinstance(checkpoint, Checkpoint)
    write_checkpoint(tmp_path / "journal", msgspec.structs.replace(checkpoint, engine=former.snapshot()))
    live.crash()
    again = Installation(tmp_path, now=stream[300].arrival)
    assert "checkpoint.rules-anew" in again.notes.events
    assert "checkpoint.windows-unusable" not in again.notes.events
    assert again.pipeline.short(stream[300].arrival).keys() == {"sip-scan"}
    again.play(stream[300:])
    assert "policy.in-force" in again.notes.events
    assert again.pipeline.filling is None
    again.crash()
    assert findings(tmp_path) == uninterrupted(tmp_path)


def _with_a_longer_window(name: str) -> Plan:
    rules = (
        replace(
            rule, windows=tuple(replace(each, length_us=Micros(2 * DAY // 3)) for each in rule.windows if isinstance(each, Rolling))
        )
        if rule.name == name
        else rule
        for rule in PLAN.rules
    )
    return Plan(PLAN.policy, tuple(rules), PLAN.lists)


def test_without_any_checkpoint_the_journal_is_read_and_the_log_says_so(tmp_path: Path) -> None:
    stream = _attacks()
    live = Installation(tmp_path, now=_BEGIN)
    live.play(stream[:300])
    live.crash()
    again = Installation(tmp_path, now=stream[300].arrival)
    assert "checkpoint.none" in again.notes.events
    again.play(stream[300:])
    again.crash()
    assert findings(tmp_path) == uninterrupted(tmp_path)


def test_a_posted_version_knows_what_came_before_and_finds_only_what_comes_after(tmp_path: Path) -> None:
    stream = _attacks()
    live = Installation(tmp_path, now=_BEGIN)
    live.play(stream[:100])
    before = findings(tmp_path)
    assert [finding.rule for finding in before] == ["register-brute-force"]
    live.pipeline.use(reference("next"), Micros(stream[99].arrival + SECOND))
    live.play(stream[100:])
    live.crash()
    after = findings(tmp_path)[len(before) :]
    assert {finding.policy for finding in after} == {"next"}
    assert "register-brute-force" not in {finding.rule for finding in after}  # its cool-down goes on over the posting
    again = Installation(tmp_path, now=Micros(stream[-1].time + SECOND), known=reference("next"))
    assert again.pipeline.policy == "next"
    again.crash()
    assert findings(tmp_path) == before + after


def test_a_version_posted_while_watch_was_down_makes_every_use_a_first_one_again(tmp_path: Path) -> None:
    calls = [_at(each, each.time) for each in recorded(shared_data("sip-capture", "attack-tools", "sipp_calls.pcap"))]
    for policy, part in ((None, calls[:40]), ("next", calls[40:80]), ("next", calls[80:])):
        live = Installation(tmp_path, now=part[0].arrival, known=reference(policy or reference().policy))
        live.play(part)
        live.save()
        live.crash()
    first = [(seen.subject, seen.policy) for seen in observations(tmp_path) if seen.kind is ObservationKind.FIRST_USE]
    assert first == [("A1", reference().policy), ("A1", "next")]


def test_a_version_that_is_not_there_leaves_the_old_one_at_work(tmp_path: Path) -> None:
    live = Installation(tmp_path, now=_BEGIN)
    live.pipeline.use(reference("missing"), _BEGIN)
    assert (live.pipeline.policy, live.notes.events[-1]) == (reference().policy, "policy.unusable")
    live.play(_attacks()[:100])
    live.crash()
    assert [finding.rule for finding in findings(tmp_path)] == ["register-brute-force"]


def test_nothing_is_judged_before_a_posting(tmp_path: Path) -> None:
    live = Installation(tmp_path, now=_BEGIN, known=reference(None))
    live.play(_attacks()[:100])
    live.crash()
    assert findings(tmp_path) == []
    assert len(requests(tmp_path)) == 100


def test_a_struck_clause_is_not_told_any_more(tmp_path: Path) -> None:
    live = Installation(tmp_path, now=_BEGIN, known=reference(struck=("security-breach",)))
    live.play(_attacks()[:200])
    live.crash()
    assert "register-brute-force" not in {finding.rule for finding in findings(tmp_path)}


def test_a_clause_that_a_court_struck_is_told_again_once_it_is_reinstated(tmp_path: Path) -> None:
    known = reference()
    over = msgspec.structs.replace(known, rulings=(RulingLink(ruling=1, clause="security-breach", valid_to=_BEGIN),))
    for name, rulings in {"over": over.rulings, "holds": (RulingLink(ruling=1, clause="security-breach"),)}.items():
        live = Installation(tmp_path / name, now=_BEGIN, known=msgspec.structs.replace(known, rulings=rulings))
        live.play(_attacks()[:200])
        live.crash()
        assert ("register-brute-force" in {finding.rule for finding in findings(tmp_path / name)}) == (name == "over")


def test_a_full_disk_stops_nothing_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    stream = _attacks()
    live = Installation(tmp_path, now=_BEGIN)
    live.play(stream[:50])
    written = len(batches(tmp_path))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    journal = next((tmp_path / "journal").glob("*.seg"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (journal.stat().st_size + 100, limits[1]))
    try:
        live.play(stream[50:300])
        assert len(batches(tmp_path)) == written
        assert live.pipeline.counts.write_failures > 0
        assert live.notes.events.count("disk.refuses") == 1
        assert live.pipeline.checkpoint() is None
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    live.play(stream[300:])
    assert "disk.works-again" in live.notes.events
    assert live.pipeline.counts.lost_events == 0
    live.crash()
    assert findings(tmp_path) == uninterrupted(tmp_path)
    again = Installation(tmp_path, now=stream[-1].time)
    later = Micros(stream[-1].time + DAY)
    assert again.pipeline.tracker.advance(later) == live.pipeline.tracker.advance(later) != []
    again.crash()


@contextmanager
def _full_disk(live: Installation) -> Iterator[None]:
    """Let no file of the installation grow."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (next((live.folder / "journal").glob("*.seg")).stat().st_size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_posting_while_the_disk_is_full_is_taken_over_after_it(tmp_path: Path) -> None:
    stream = _attacks()
    live = Installation(tmp_path, now=_BEGIN)
    live.play(stream[:50])
    with _full_disk(live):
        live.play(stream[50:100])
        live.pipeline.use(reference("next"), stream[100].arrival)
        assert live.pipeline.policy == reference().policy
    live.play(stream[100:150])
    live.pipeline.use(reference("next"), stream[150].arrival)
    live.crash()
    assert Installation(tmp_path, now=stream[150].arrival, known=reference("next")).pipeline.policy == "next"
    assert len(events(tmp_path)) == len({event.sequence for event in events(tmp_path)})
    assert len(requests(tmp_path)) == 150
    assert {finding.policy for finding in findings(tmp_path)} == {reference().policy}


def test_a_version_that_could_not_be_read_at_the_start_is_tried_again(tmp_path: Path) -> None:
    stream = _attacks()
    live = Installation(tmp_path, now=_BEGIN)
    live.play(stream[:30])
    live.save()
    live.crash()
    again = Installation(tmp_path, now=stream[30].arrival, unreadable={reference().policy})
    assert again.pipeline.policy is None
    again.unreadable.clear()
    again.pipeline.use(reference(), stream[30].arrival)
    again.play(stream[30:100])
    again.crash()
    assert [finding.rule for finding in findings(tmp_path)] == ["register-brute-force"]


def test_a_full_disk_is_asked_again_once_a_second(tmp_path: Path) -> None:
    stream = _attacks()
    live = Installation(tmp_path, now=_BEGIN)
    live.play(stream[:50])
    with _full_disk(live):
        begun = stream[50].arrival
        now = live.play([_at(each, begun) for each in stream[50:100]])
        for _ in range(40):
            now = Micros(now + 20 * MILLISECOND)
            live.pipeline.turn(now)
        assert live.pipeline.counts.write_failures == 1 + (now - begun) // SECOND
    live.pipeline.turn(Micros(now + SECOND))
    live.crash()
    assert findings(tmp_path) == uninterrupted(tmp_path) != []


def test_an_agent_whose_clock_is_fast_does_not_take_the_others_into_the_future(tmp_path: Path) -> None:
    live = Installation(tmp_path, now=_BEGIN)
    stream = [_at(each, Micros(_BEGIN + nth * MILLISECOND)) for nth, each in enumerate(_attacks()[:40])]
    live.play([msgspec.structs.replace(stream[0], time=Micros(_BEGIN + 4 * SECOND)), *stream[1:]])
    live.crash()
    times = [event.time for event in events(tmp_path)]
    assert max(times) == stream[-1].time
    assert len(set(times)) > 10


@pytest.mark.parametrize("restarted", [False, True])
def test_a_clock_that_was_ahead_and_was_put_right_heaps_nothing_up(tmp_path: Path, restarted: bool) -> None:
    """Twelve refused targets in an hour are no scan: also not where an hour seems to pass in no time."""
    live = Installation(tmp_path, now=_BEGIN)
    scan = list(recorded(shared_data("sip-capture", "attack-tools", "svwar.pcap")))[:24]
    live.play([_at(each, Micros(_BEGIN + HOUR)) for each in _attacks()[:4]])
    live.save()
    if restarted:
        live.crash()
        live = Installation(tmp_path, now=_BEGIN)
    live.play([_at(each, Micros(_BEGIN + (nth // 2) * 300 * SECOND)) for nth, each in enumerate(scan)])
    live.crash()
    assert findings(tmp_path) == []
    assert "clock.went-back" in live.notes.events
    last = [event.time for event in events(tmp_path)][-1]
    assert last <= _BEGIN + HOUR
    again = Installation(tmp_path, now=Micros(_BEGIN + HOUR))  # from the journal alone, too
    assert again.pipeline.tracker.clock <= live.pipeline.tracker.clock
    again.pipeline.use(reference("next"), Micros(_BEGIN + HOUR))
    again.play([_at(each, Micros(_BEGIN + HOUR + SECOND)) for each in scan[:8]])
    assert findings(tmp_path) == []
    again.crash()

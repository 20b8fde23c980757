"""What goes to the desk goes once."""

import os
from pathlib import Path

import pytest

from ringfence.feeds import FeedBusy, FeedReader, FeedWriter
from ringfence.vocabulary.contracts import Evidence, Finding, Observation, ObservationKind, Subject, Window
from ringfence.vocabulary.severity import Mode, Severity
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import DAY, Micros
from ringfence.watch.sinks import DeskFeeds, write_health


def _finding(identity: str) -> Finding:
    return Finding(
        id=identity,
        rule="r",
        clause="spam",
        mode=Mode.REPORT,
        severity=Severity.WARN,
        subject=Subject(kind=SubjectKind.ACCOUNT, id="A"),
        time=Micros(5),
        window=Window(start=Micros(0), end=Micros(5)),
        measures={"n": 1.0},
        thresholds={},
        evidence=Evidence(events=1),
        source="live",
        policy="p",
        says="s",
    )


def _seen(order: str) -> Observation:
    return Observation(kind=ObservationKind.REFUSAL, time=Micros(1), subject="192.0.2.1", order=order)


def test_what_the_feeds_hold_is_not_told_again(tmp_path: Path) -> None:
    feeds = DeskFeeds(tmp_path)
    feeds.find([_finding("old")])
    found, observed = feeds.positions
    feeds.find([_finding("a")])
    feeds.observe([_seen("x"), _seen("x")])
    missing = feeds.unwritten(
        [_finding("a"), _finding("b")], [_seen("x"), _seen("x"), _seen("x"), _seen("y")], found=found, observed=observed
    )
    assert missing == ([_finding("b")], [_seen("x"), _seen("y")])
    assert feeds.unwritten([_finding("old")], [], found=found, observed=observed) == ([_finding("old")], [])
    feeds.close()


def test_a_feed_that_another_process_writes_gives_the_other_one_free(tmp_path: Path) -> None:
    other = FeedWriter(tmp_path / "observations")
    with pytest.raises(FeedBusy):
        DeskFeeds(tmp_path)
    other.close()
    DeskFeeds(tmp_path).close()


def test_the_health_file_is_whole_or_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "watch-health.json"
    write_health(path, {"messages": 1})
    write_health(path, {"messages": 2})
    assert path.read_bytes() == b'{"messages":2}\n'
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_told_to_the_desk_is_kept_for_a_month_in_a_file_a_day(tmp_path: Path) -> None:
    feeds = DeskFeeds(tmp_path)
    for day in range(33):
        feeds.trim(Micros(day * DAY))
        feeds.find([_finding(str(day))])
        feeds.observe([_seen(str(day))])
        for feed in ("findings", "observations"):
            os.utime(max((tmp_path / feed).glob("*.seg")), ns=(day * DAY * 1000, day * DAY * 1000))
    feeds.trim(Micros(33 * DAY))
    assert feeds.positions == (33, 33)
    for feed in ("findings", "observations"):
        kept = [record.number for record in FeedReader(tmp_path / feed).read()]
        assert (kept[0], kept[-1], len(kept)) == (4, 33, 30)
        assert "IP addresses" in (tmp_path / feed / "README").read_text()
    feeds.trim(Micros(99 * DAY))
    feeds.trim(Micros(99 * DAY))
    assert [len(list((tmp_path / feed).glob("*.seg"))) for feed in ("findings", "observations")] == [1, 1]
    feeds.close()


def test_feeds_that_were_deleted_hold_nothing_that_came_before(tmp_path: Path) -> None:
    feeds = DeskFeeds(tmp_path)
    assert feeds.unwritten([_finding("a")], [_seen("x")], found=500, observed=600) == ([_finding("a")], [_seen("x")])
    feeds.close()

"""Who called whom near a moment is found by number, in the lake and in the journal, once; numbers open only where their key is."""

import itertools
from datetime import date
from pathlib import Path

import pytest
from tests.unit.watch.lake.traffic import KEY

from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import HOUR, MINUTE, SECOND, Micros, from_iso
from ringfence.vocabulary.tokens import token
from ringfence.watch.lake.carried import MOST, History, HistoryUnreadable
from ringfence.watch.lake.journal import Batch, Journal
from ringfence.watch.lake.journal_export import bring_in
from ringfence.watch.lake.store import Lake

NOON = from_iso("2026-03-10T12:00:00Z")


def call(number: int, *, start: Micros = NOON, caller: str = "+32470123456", callee: str = "+3225551212") -> list[Event]:
    """Return a call of a minute."""
    about = {
        "call_id": f"c{number}@x",
        "caller": caller,
        "callee": callee,
        "account": "shop",
        "party_path": ("root", "shop"),
        "trunk": "t1",
    }
    end = Micros(start + 60 * SECOND)
    return [
        Event(kind=EventKind.ATTEMPT, time=start, source="203.0.113.9", direction="outbound", **about),  # type: ignore[arg-type]  # as above
        Event(kind=EventKind.END, time=end, status=200, answered=True, duration_ms=55_000, **about),  # type: ignore[arg-type]  # as above
    ]


def history(folder: Path, *, lake: list[Event], journal: list[Event]) -> History:
    """Return a history whose lake has some events, and whose journal has these too and some more."""
    kept = Lake(folder / "lake", folder / "keys", KEY)
    writer = Journal(folder / "journal")
    batches = [Batch(now=event.time, events=(event,), found=0, observed=0) for event in lake]
    for batch in batches:
        writer.append(batch)
    bring_in(folder / "journal", kept)
    for event in journal:
        writer.append(Batch(now=event.time, events=(event,), found=0, observed=0))
    writer.close()
    return History(kept, folder / "journal", KEY)


def test_a_call_is_found_by_either_number_in_lake_and_journal(tmp_path: Path) -> None:
    later = Micros(NOON + HOUR)
    kept = history(tmp_path, lake=call(1), journal=call(2, start=later))
    for number in ("+32470123456", "+3225551212"):
        first, second = kept.calls([number], Micros(NOON - MINUTE), Micros(later + MINUTE))
        assert [first.call_id, second.call_id] == [token(KEY, "call", "c1@x"), token(KEY, "call", "c2@x")]
        assert (first.caller, first.callee) == (token(KEY, "number", "+32470123456"), token(KEY, "number", "+3225551212"))
        assert [(each.end, each.status, each.answered, each.duration_ms) for each in (first, second)] == [
            (NOON + 60 * SECOND, 200, True, 55_000),
            (later + 60 * SECOND, 200, True, 55_000),
        ]
        assert (second.account, second.party_path, second.trunk, second.direction) == ("shop", ("root", "shop"), "t1", "outbound")
        assert second.source == token(KEY, "source", "203.0.113.9")


def test_what_was_begun_before_or_after_or_by_others_is_not(tmp_path: Path) -> None:
    kept = history(tmp_path, lake=[*call(1), *call(3, caller="+32470999999", callee="+3225559999")], journal=[])
    assert not kept.calls(["+32470123456"], Micros(NOON + 1), Micros(NOON + HOUR))
    assert not kept.calls(["+32470123456"], Micros(NOON - HOUR), Micros(NOON - 1))
    assert not kept.calls(["+32470000000"], Micros(NOON - HOUR), Micros(NOON + HOUR))
    assert not kept.calls([], Micros(NOON - HOUR), Micros(NOON + HOUR))


def test_how_far_it_reaches_is_said(tmp_path: Path) -> None:
    nothing = History(Lake(tmp_path / "lake", tmp_path / "keys", KEY), tmp_path / "journal", KEY)
    assert nothing.reach(NOON) is None
    assert not nothing.calls(["+32470123456"], Micros(0), NOON)
    kept = history(tmp_path, lake=call(1), journal=[])
    assert kept.reach(Micros(NOON + HOUR)) == (NOON, NOON + HOUR)


def test_numbers_open_where_their_key_is_and_stay_closed_where_it_was_destroyed(tmp_path: Path) -> None:
    kept = history(tmp_path, lake=call(1), journal=call(2, start=Micros(NOON + HOUR)))
    opened = kept.opened(token(KEY, "call", "c1@x"), NOON)
    assert opened is not None
    assert (opened.caller, opened.callee, opened.source) == ("+32470123456", "+3225551212", "203.0.113.9")
    assert kept.opened(token(KEY, "call", "c2@x"), Micros(NOON + HOUR)) is not None
    assert kept.opened(token(KEY, "call", "c1@x"), Micros(NOON + HOUR)) is None
    Lake(tmp_path / "lake", tmp_path / "keys", KEY).keys.destroy(date(2026, 3, 10))
    assert kept.opened(token(KEY, "call", "c1@x"), NOON) is None
    assert len(kept.calls(["+32470123456"], NOON, NOON)) == 1  # by tokens it is still known


def test_an_answer_is_bounded(tmp_path: Path) -> None:
    events = [event for number in range(MOST + 20) for event in call(number, start=Micros(NOON + number * SECOND))]
    lake = Lake(tmp_path / "lake", tmp_path / "keys", KEY)
    with lake.writing() as writer:
        writer.add(events)
        writer.commit()
    kept = History(lake, tmp_path / "journal", KEY)
    assert len(kept.calls(["+3225551212"], NOON, Micros(NOON + HOUR))) == MOST


def test_a_lake_that_lost_a_file_says_so(tmp_path: Path) -> None:
    kept = history(tmp_path, lake=call(1), journal=[])
    for path in (tmp_path / "lake").rglob("*.parquet"):
        path.write_bytes(b"no parquet")
    with pytest.raises(HistoryUnreadable):
        kept.calls(["+32470123456"], NOON, NOON)


def test_numbers_whose_tokens_are_large_and_small_are_found_together(tmp_path: Path) -> None:
    callers = [f"+3247012{number:04}" for number in range(64)]
    events = [event for number, caller in enumerate(callers) for event in call(number, caller=caller)]
    lake = Lake(tmp_path / "lake", tmp_path / "keys", KEY)
    with lake.writing() as writer:
        writer.add(events)
        writer.commit()
    kept = History(lake, tmp_path / "journal", KEY)
    for first, second in itertools.pairwise(callers):
        assert len(kept.calls([first, second], NOON, NOON)) == 2

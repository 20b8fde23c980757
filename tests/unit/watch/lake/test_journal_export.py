"""The journal comes to the lake batch by batch, each once, whoever dies when."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.unit.watch.lake.traffic import BEGIN, KEY, events

from ringfence.vocabulary.contracts import Event
from ringfence.vocabulary.times import HOUR, MINUTE, Micros
from ringfence.watch.lake import Batch, Journal, store
from ringfence.watch.lake.journal_export import bring_in
from ringfence.watch.lake.reading import read_events
from ringfence.watch.lake.store import Lake


def lake_in(folder: Path) -> Lake:
    return Lake(folder / "lake", folder / "lake-keys", KEY)


def append(journal: Journal, seen: Sequence[Event], size: int = 10) -> None:
    for begin in range(0, len(seen), size):
        batch = tuple(seen[begin : begin + size])
        journal.append(Batch(now=batch[-1].time, events=batch, found=0, observed=0))


def test_all_that_is_there_comes_once(tmp_path: Path) -> None:
    journal, lake = Journal(tmp_path / "journal"), lake_in(tmp_path)
    part = events(1, 90)
    append(journal, part[:50])
    assert bring_in(tmp_path / "journal", lake) == (50, 5, 0, None)
    append(journal, part[50:])
    assert bring_in(tmp_path / "journal", lake) == (40, 9, 0, None)
    assert bring_in(tmp_path / "journal", lake) == (0, 9, 0, None)
    assert list(read_events(lake)) == part


def test_an_hour_comes_when_it_is_over(tmp_path: Path) -> None:
    journal, lake = Journal(tmp_path / "journal"), lake_in(tmp_path)
    part = events(1, 90)
    append(journal, part, size=1)
    hour = Micros((BEGIN // HOUR + 1) * HOUR)
    assert bring_in(tmp_path / "journal", lake, before=hour).events == sum(event.time < hour for event in part)
    assert [event for event in part if event.time < hour] == list(read_events(lake))
    assert bring_in(tmp_path / "journal", lake, before=hour).events == 0
    assert bring_in(tmp_path / "journal", lake, before=Micros(hour + HOUR)).events == sum(0 <= e.time - hour < HOUR for e in part)


def test_what_fills_a_file_does_not_wait_for_the_hour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "CHUNK", 40)
    journal, lake = Journal(tmp_path / "journal"), lake_in(tmp_path)
    part = events(1, 90, span_us=MINUTE)
    append(journal, part, size=7)
    assert bring_in(tmp_path / "journal", lake, before=BEGIN).events == 70
    assert sorted(file.rows for file in lake.contents().files.values()) == [35, 35]
    assert bring_in(tmp_path / "journal", lake).events == 20
    assert list(read_events(lake)) == part


def test_batches_that_were_deleted_before_they_came_are_counted(tmp_path: Path) -> None:
    journal, lake = Journal(tmp_path / "journal", longest_us=HOUR, segment_bytes=1), lake_in(tmp_path)
    part = events(1, 100)
    append(journal, part[:30])
    bring_in(tmp_path / "journal", lake)
    append(journal, part[30:])
    journal.trim(now=Micros(part[-1].time + HOUR // 2), keep_after=10)
    oldest = min(int(path.stem) for path in (tmp_path / "journal").glob("*.seg"))
    assert oldest > 4
    told = bring_in(tmp_path / "journal", lake)
    assert (told.missed, told.events) == (oldest - 4, 10 * (11 - oldest))
    assert lake.contents().missed == oldest - 4
    assert list(read_events(lake)) == part[:30] + part[10 * (oldest - 1) :]


def test_a_journal_that_was_deleted_and_begun_anew_comes_too(tmp_path: Path) -> None:
    journal, lake = Journal(tmp_path / "journal"), lake_in(tmp_path)
    part = events(1, 60)
    append(journal, part[:50])
    bring_in(tmp_path / "journal", lake)
    journal.close()
    for path in (tmp_path / "journal").glob("*.seg"):
        path.unlink()
    append(Journal(tmp_path / "journal"), part[50:])
    assert bring_in(tmp_path / "journal", lake).events == 10
    assert list(read_events(lake)) == part


def test_a_damaged_journal_gives_what_stands_before_the_damage(tmp_path: Path) -> None:
    journal, lake = Journal(tmp_path / "journal", segment_bytes=1), lake_in(tmp_path)
    part = events(1, 60)
    append(journal, part)
    segment = sorted((tmp_path / "journal").glob("*.seg"))[3]
    segment.write_bytes(segment.read_bytes().replace(b"call-", b"cell-"))
    told = bring_in(tmp_path / "journal", lake)
    assert (told.events, told.through) == (30, 3)
    assert told.damage is not None
    assert list(read_events(lake)) == part[:30]


def test_a_death_between_two_commits_brings_each_batch_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "CHUNK", 20)
    journal, lake = Journal(tmp_path / "journal"), lake_in(tmp_path)
    part = events(1, 90)
    append(journal, part)
    commit = store.LakeWriter.commit

    def dying(writer: store.LakeWriter, *, journal: int | None = None, inputs: Sequence[str] = (), missed: int = 0) -> None:
        commit(writer, journal=journal, inputs=inputs, missed=missed)
        if journal == 4:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(store.LakeWriter, "commit", dying)
        with pytest.raises(KeyboardInterrupt):
            bring_in(tmp_path / "journal", lake)
    assert bring_in(tmp_path / "journal", lake).events == 50
    assert list(read_events(lake)) == part

"""The lake gives back what it was given, in order, whatever dies when; and no number to whoever lacks its key."""

import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.watch.lake.traffic import BEGIN, KEY, PRIVATE, events

from ringfence.feeds import FeedBusy
from ringfence.policy.fields import FIELDS
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import DAY, HOUR, SECOND, Micros
from ringfence.vocabulary.tokens import token
from ringfence.watch.columns import TextHashes, columns_of
from ringfence.watch.lake import store
from ringfence.watch.lake.batches import LakeBatch
from ringfence.watch.lake.keys import KeyUnusable
from ringfence.watch.lake.reading import LakeUnreadable, read_events, slices
from ringfence.watch.lake.schema import SEALED
from ringfence.watch.lake.store import Lake, LakeWriter, erased

SEALED_NAMES = {column.name for column in SEALED}


def lake_in(folder: Path, key: bytes = KEY) -> Lake:
    return Lake(folder / "lake", folder / "lake-keys", key)


def filled(folder: Path, *parts: list[Event]) -> Lake:
    """Return a lake to which each of the parts came with a commit of its own."""
    lake = lake_in(folder)
    with lake.writing() as writer:
        for number, part in enumerate(parts, start=1):
            writer.add(part)
            writer.commit(journal=number)
    return lake


def by_time(*parts: list[Event]) -> list[Event]:
    return sorted((event for part in parts for event in part), key=lambda event: event.time)


@settings(max_examples=25)
@given(st.integers(0, 1 << 30), st.lists(st.integers(1, 40), min_size=1, max_size=4), st.integers(1, 60))
def test_events_come_back_as_they_were_in_the_order_of_their_times(
    tmp_path_factory: pytest.TempPathFactory, seed: int, sizes: list[int], slice_size: int
) -> None:
    parts = [events(seed + number, size, span_us=30 * SECOND + 2 * HOUR * (number % 2)) for number, size in enumerate(sizes)]
    lake = filled(tmp_path_factory.mktemp("lake"), *parts)
    assert list(read_events(lake, size=slice_size)) == by_time(*parts)


def test_events_of_one_moment_that_fill_many_row_groups_stay_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "ROW_GROUP", 5)
    parts = [events(seed, 23, span_us=2 * SECOND) for seed in range(4)]
    lake = filled(tmp_path, *parts)
    assert list(read_events(lake, size=3)) == by_time(*parts)


def test_a_range_of_time_includes_its_beginning_and_not_its_end(tmp_path: Path) -> None:
    part = events(1, 400)
    lake = filled(tmp_path, part)
    since, until = part[100].time, part[300].time
    wanted = [event for event in part if since <= event.time < until]
    assert list(read_events(lake, since=since, until=until)) == wanted


def test_more_than_is_held_at_once_is_written_in_several_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "CHUNK", 50)
    part = events(1, 220, span_us=HOUR // 4)
    lake = filled(tmp_path, part)
    assert len(lake.contents().files) == 5
    assert list(read_events(lake)) == part


@settings(max_examples=8)
@given(st.integers(0, 1 << 30), st.integers(1, 90), st.integers(1, 50), st.integers(0, 90), st.integers(0, 90))
def test_a_batch_of_the_lake_has_the_columns_of_its_events(
    tmp_path_factory: pytest.TempPathFactory, seed: int, size: int, slice_size: int, one: int, other: int
) -> None:
    part = events(seed, size)
    lake = filled(tmp_path_factory.mktemp("lake"), part)
    hashes, done = TextHashes(KEY), 0
    for rows in slices(lake, lake.contents().within(None, None), size=slice_size):
        batch, wanted = LakeBatch(rows), part[done : done + len(rows)]
        done += len(rows)
        begin, end = sorted((one % (len(rows) + 1), other % (len(rows) + 1)))
        for cut, meant in ((batch, wanted), (batch[begin:end], wanted[begin:end])):
            _assert_same_columns(cut, meant, hashes)
            assert [cut[place] for place in range(len(cut))] == meant
            assert list(cut) == meant
            assert list(cut.call_ids) == [event.call_id for event in meant]
    assert done == size


def _assert_same_columns(batch: LakeBatch, wanted: list[Event], hashes: TextHashes) -> None:
    names, late = sorted(FIELDS), Micros(1 << 60)
    found = columns_of(batch, names, hashes, clock=Micros(0), now=late) if wanted else None
    if found is not None:
        meant = columns_of(wanted, names, hashes, clock=Micros(0), now=late)
        assert np.array_equal(found.time, meant.time)
        assert np.array_equal(found.kind, meant.kind)
        for name in names:
            numbers = found.fields[name].dtype == np.float64
            assert np.array_equal(found.fields[name], meant.fields[name], equal_nan=bool(numbers)), name


def test_no_number_address_or_call_id_is_readable_without_the_key(tmp_path: Path) -> None:
    part = events(3, 300)
    lake = filled(tmp_path, part)
    assert set(PRIVATE) <= SEALED_NAMES
    secrets = {value for event in part for name in PRIVATE if (value := getattr(event, name))}
    paths = sorted((tmp_path / "lake").rglob("*"))
    for path in paths:
        octets = path.read_bytes() if path.is_file() else b""
        assert not [secret for secret in secrets if secret.encode() in octets or secret in path.name]
    files = [path for path in paths if path.suffix == ".parquet"]
    assert len(files) == 4
    for path in files:
        opened = pq.ParquetFile(path)
        for name in opened.schema_arrow.names:
            if name in SEALED_NAMES:
                with pytest.raises((OSError, pa.ArrowException)):
                    opened.read(columns=[name])
                continue
            told = {str(value) for value in _flat(opened.read(columns=[name]).column(0).to_pylist())}
            assert not told & secrets, name
    assert len(list(read_events(lake))) == 300


def _flat(values: list[Any]) -> list[Any]:
    return [inner for value in values for inner in (value if isinstance(value, list) else [value])]


def test_a_token_in_the_lake_is_the_token_that_the_record_has(tmp_path: Path) -> None:
    seen = Event(kind=EventKind.ATTEMPT, time=BEGIN, call_id="c1", source="192.0.2.7", caller="+3225551212", target="+3225551212")
    filled(tmp_path, [seen])
    (row,) = _rows(tmp_path)
    assert f"{row['caller_token']:016x}" == token(KEY, "number", "+3225551212")
    assert row["target_token"] == row["caller_token"]
    assert f"{row['source_token']:016x}" == token(KEY, "source", "192.0.2.7")


def test_beside_a_token_stand_country_type_block_and_step(tmp_path: Path) -> None:
    def attempt(second: int, callee: str | None, account: str | None = "A1") -> Event:
        time = Micros(BEGIN + second * SECOND)
        return Event(kind=EventKind.ATTEMPT, time=time, call_id=f"c{second}", account=account, callee=callee, caller="100")

    called = ["+436601234500", "+436601234501", "+436601234508", "+43660123999", "+436601234507", "+436609999999"]
    filled(tmp_path, [*(attempt(second, callee) for second, callee in enumerate(called)), attempt(9, "+436601234508", None)])
    rows = _rows(tmp_path)
    assert [row["callee_step"] for row in rows] == [None, 1, 7, None, None, None, None]
    assert [row["callee_block"] for row in rows[:3]] == [rows[0]["callee_block"]] * 3
    assert rows[3]["callee_block"] != rows[0]["callee_block"] != None  # noqa: E711 - both differ
    assert (rows[0]["callee_country"], rows[0]["callee_type"]) == ("AT", "mobile")
    assert (rows[0]["caller_country"], rows[0]["caller_type"], rows[0]["caller_block"]) == (None, None, None)


def _rows(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for path in sorted((folder / "lake").glob("day=*/hour=*/*.parquet")):
        opened = pq.ParquetFile(path)
        found += opened.read(columns=[name for name in opened.schema_arrow.names if name not in SEALED_NAMES]).to_pylist()
    return found


def test_an_erased_day_has_tokens_in_place_of_numbers(tmp_path: Path) -> None:
    part = events(4, 120, span_us=2 * DAY)
    lake = filled(tmp_path, part)
    assert lake.keys.destroy(date(2026, 1, 31)) == 1
    again = lake_in(tmp_path)
    found = list(read_events(again))
    for event, was in zip(found, part, strict=True):
        if was.time // DAY == BEGIN // DAY:
            assert event.callee == (None if was.callee is None else token(KEY, "number", was.callee))
            assert (event.account, event.status, event.time) == (was.account, was.status, was.time)
        else:
            assert event == was
    assert {hour.partition("/")[0] for hour in erased(again.contents(), again.keys)} == {"day=2026-01-31"}
    assert not list((tmp_path / "lake-keys").glob("2026-01-31*"))


def test_what_comes_to_an_erased_day_later_gets_a_key_of_its_own(tmp_path: Path) -> None:
    lake = filled(tmp_path, events(4, 10, span_us=HOUR // 4))
    lake.keys.destroy(date(2026, 1, 31))
    later = events(5, 10, span_us=HOUR // 4)
    with lake.writing() as writer:
        writer.add(later)
        writer.commit(journal=2)
    found = list(read_events(lake_in(tmp_path)))
    assert len(found) == 20
    assert [event for event in found if event in later] == later


def test_another_installation_opens_nothing(tmp_path: Path) -> None:
    filled(tmp_path, events(4, 10))
    with pytest.raises((LakeUnreadable, KeyUnusable)):
        list(read_events(lake_in(tmp_path, b"x" * 32)))


def test_days_past_their_time_leave_with_their_keys(tmp_path: Path) -> None:
    part = events(6, 200, span_us=3 * DAY)
    lake = filled(tmp_path, part)
    keep = Micros((BEGIN // DAY + 1) * DAY)
    with lake.writing() as writer:
        assert writer.keep_since(Micros(keep + HOUR)) > 0
    assert list(read_events(lake)) == [event for event in part if event.time >= keep]
    assert sorted(path.name[:10] for path in (tmp_path / "lake-keys").glob("*.key")) == ["2026-02-01", "2026-02-02", "2026-02-03"]
    assert not (tmp_path / "lake" / "day=2026-01-31").exists()


def test_one_process_writes_at_a_time(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    with lake.writing(), pytest.raises(FeedBusy), lake_in(tmp_path).writing():
        pass


def test_what_was_not_committed_is_not_there(tmp_path: Path) -> None:
    lake = filled(tmp_path, events(7, 20))
    before = _files(tmp_path)
    with lake.writing() as writer:
        writer.add(events(8, 20))
    assert len(list(read_events(lake))) == 20
    assert _files(tmp_path) == before


def _files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


class Killed(BaseException):
    """The process died here."""


def dies_at(line: int, work: Callable[[], None]) -> bool:
    """Run `work` and let the process die before the `line`th line that it runs in the lake; tell whether it died."""
    left = line

    def trace(frame: FrameType, event: str, _: object) -> Any:  # noqa: ANN401 - what sys.settrace asks for
        nonlocal left
        if Path(frame.f_code.co_filename).name not in ("store.py", "keys.py", "commits.py"):
            return None
        if event == "line":
            left -= 1
            if left < 0:
                sys.settrace(None)
                raise Killed
        return trace

    sys.settrace(trace)
    try:
        work()
    except Killed:
        return True
    finally:
        sys.settrace(None)
    return False


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # files that the dead would have left open
def test_a_crash_at_any_line_loses_and_doubles_nothing(tmp_path: Path) -> None:
    parts = [events(seed, 4, span_us=HOUR // 4) for seed in (1, 2)]
    old = events(9, 2, begin=Micros(BEGIN - 3 * DAY), span_us=HOUR // 4)

    def go_on(writer: LakeWriter) -> None:
        """Bring in what is not there yet, as a reader of numbered parts does, then let the oldest day go."""
        for number in range(writer.contents.journal, 3):
            writer.add((old, *parts)[number])
            writer.commit(journal=number + 1)
        writer.keep_since(Micros(BEGIN - DAY))

    line, died = 0, True
    while died:
        folder = tmp_path / str(line)

        def run(folder: Path = folder) -> None:
            with lake_in(folder).writing() as writer:
                go_on(writer)

        died = dies_at(line, run)
        assert list(read_events(lake_in(folder))) in _prefixes(old, *parts), line
        run()
        assert list(read_events(lake_in(folder))) == by_time(*parts), line
        on_disk = {name for name in _files(folder / "lake") if name.endswith((".parquet", ".draft"))}
        assert on_disk == set(lake_in(folder).contents().files), line
        line += 9  # every line would take minutes; by nines each loop and step is met somewhere


def _prefixes(old: list[Event], *parts: list[Event]) -> list[list[Event]]:
    told = [by_time(old, *parts[:number]) for number in range(len(parts) + 1)]
    return [[], *told, by_time(*parts)]

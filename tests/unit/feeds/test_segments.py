"""A feed survives what a crash, a full disk and a second writer do to it."""

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.feeds import FeedBusy, FeedDamaged, FeedError, FeedReader, FeedWriter
from ringfence.feeds.segments import records_after


def write(folder: Path, *payloads: bytes, segment_bytes: int = 1 << 20) -> int:
    writer = FeedWriter(folder, segment_bytes=segment_bytes)
    last = writer.append(payloads)
    writer.close()
    return last


def newest_segment(folder: Path) -> Path:
    return max(folder.glob("*.seg"))


def test_records_are_numbered_from_one_over_all_openings(tmp_path: Path) -> None:
    write(tmp_path, b'"a"', b'"b"')
    assert write(tmp_path, b'"c"') == 3
    assert [(r.number, r.payload) for r in records_after(tmp_path)] == [(1, b'"a"'), (2, b'"b"'), (3, b'"c"')]


def test_a_reader_goes_on_after_the_number_it_is_given(tmp_path: Path) -> None:
    write(tmp_path, *(b"%d" % n for n in range(1, 8)), segment_bytes=1)
    write(tmp_path, b"8", segment_bytes=1)
    assert [r.number for r in FeedReader(tmp_path, after=5).read()] == [6, 7, 8]


def test_a_torn_last_line_is_cut_off_by_the_next_writer_and_waited_for_by_a_reader(tmp_path: Path) -> None:
    write(tmp_path, b'"whole"', b'"torn"')
    segment = newest_segment(tmp_path)
    segment.write_bytes(segment.read_bytes()[:-4])
    reader = FeedReader(tmp_path)
    assert [r.payload for r in reader.read()] == [b'"whole"']
    assert reader.read() == []
    assert write(tmp_path, b'"again"') == 2
    assert [r.payload for r in reader.read()] == [b'"again"']
    assert [r.payload for r in FeedReader(tmp_path).read()] == [b'"whole"', b'"again"']


def test_a_changed_byte_before_the_end_is_found(tmp_path: Path) -> None:
    write(tmp_path, b'"one"', b'"two"')
    segment = newest_segment(tmp_path)
    segment.write_bytes(segment.read_bytes().replace(b"one", b"eno"))
    with pytest.raises(FeedDamaged, match="record 1 fails its checksum"):
        FeedReader(tmp_path).read()
    with pytest.raises(FeedDamaged):
        FeedWriter(tmp_path)


def test_a_second_writer_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    first = FeedWriter(tmp_path)
    with pytest.raises(FeedBusy, match="another process writes this feed"):
        FeedWriter(tmp_path)
    first.close()
    FeedWriter(tmp_path).close()


def test_a_full_disk_keeps_nothing_of_the_batch_and_the_feed_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = FeedWriter(tmp_path)
    writer.append([b'"before"'])
    whole = os.write

    def half_then_full(handle: int, data: bytes) -> int:
        monkeypatch.setattr(os, "write", full)
        return whole(handle, data[:10])

    def full(handle: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", half_then_full)
    with pytest.raises(FeedError, match="No space left on device"):
        writer.append([b'"lost"'])
    monkeypatch.setattr(os, "write", whole)
    assert writer.append([b'"after"']) == 2
    writer.close()
    assert [r.payload for r in records_after(tmp_path)] == [b'"before"', b'"after"']


def test_an_empty_or_missing_feed_reads_as_nothing(tmp_path: Path) -> None:
    assert FeedReader(tmp_path / "not there yet").read() == []


def test_trimming_deletes_whole_old_segments_and_never_the_newest(tmp_path: Path) -> None:
    for number in range(1, 6):
        write(tmp_path, b"%d" % number, segment_bytes=1)
    writer = FeedWriter(tmp_path, segment_bytes=1)
    assert writer.trim(before=4) == 3
    assert writer.trim(before=100) == 1
    assert [r.number for r in FeedReader(tmp_path).read()] == [5]
    assert writer.append([b"6"]) == 6
    writer.close()


@settings(max_examples=60, deadline=None)
@given(
    batches=st.lists(st.lists(st.integers(), min_size=1, max_size=5), max_size=12),
    segment_bytes=st.integers(1, 400),
    limit=st.integers(1, 7),
)
def test_what_was_written_is_read_however_it_was_cut(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[int]], segment_bytes: int, limit: int
) -> None:
    folder = tmp_path_factory.mktemp("feed")
    writer, reader, read = FeedWriter(folder, segment_bytes=segment_bytes), FeedReader(folder), []
    for batch in batches:
        writer.append([b"%d" % n for n in batch])
        read += reader.read(limit)
    while records := reader.read(limit):
        read += records
    writer.close()
    assert [int(r.payload) for r in read] == [n for batch in batches for n in batch]
    assert [r.number for r in read] == list(range(1, len(read) + 1))


def test_a_segment_trimmed_away_under_a_reader_does_not_stop_it(tmp_path: Path) -> None:
    writer, reader = FeedWriter(tmp_path, segment_bytes=1), FeedReader(tmp_path)
    writer.append([b"1"])
    assert [r.number for r in reader.read()] == [1]
    writer.append([b"2"])
    writer.append([b"3"])
    writer.trim(before=3)
    assert [r.number for r in reader.read()] == [3]
    writer.close()


def test_a_reader_that_met_damage_says_so_each_time_and_loses_nothing_before_it(tmp_path: Path) -> None:
    write(tmp_path, b'"one"', b'"two"', b'"three"')
    segment = newest_segment(tmp_path)
    whole = segment.read_bytes()
    segment.write_bytes(whole.replace(b"two", b"owt"))
    reader = FeedReader(tmp_path)
    for _ in range(2):
        with pytest.raises(FeedDamaged, match="record 2"):
            reader.read()
    segment.write_bytes(whole)
    assert [r.number for r in reader.read()] == [1, 2, 3]


def test_a_disk_too_full_for_a_new_segment_is_a_feeds_error_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = FeedWriter(tmp_path, segment_bytes=1)
    writer.append([b"1"])
    opened = os.open

    def full(path: Path, flags: int, mode: int = 0o777) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "open", full)
    with pytest.raises(FeedError, match="No space left on device"):
        writer.append([b"2"])
    monkeypatch.setattr(os, "open", opened)
    assert writer.append([b"2"]) == 2
    writer.close()
    assert [r.payload for r in records_after(tmp_path)] == [b"1", b"2"]

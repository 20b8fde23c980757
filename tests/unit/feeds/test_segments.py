"""A feed survives what a crash, a full disk and a second writer do to it."""

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.feeds import FeedBusy, FeedDamaged, FeedError, FeedGap, FeedReader, FeedWriter
from ringfence.feeds.segments import records_after
from ringfence.vocabulary.times import Micros


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
    with pytest.raises(FeedGap, match="records 2 to 2"):
        reader.read()
    assert [r.number for r in reader.read()] == [3]
    writer.close()


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


def test_a_reader_that_saw_a_torn_line_reads_what_is_written_in_its_place(tmp_path: Path) -> None:
    write(tmp_path, b'"whole"', b'"torn and long"')
    segment = newest_segment(tmp_path)
    segment.write_bytes(segment.read_bytes()[:-4])
    reader = FeedReader(tmp_path)
    assert [r.payload for r in reader.read()] == [b'"whole"']
    write(tmp_path, b'"again"')
    assert [r.payload for r in reader.read()] == [b'"again"']


def test_what_a_full_disk_takes_back_was_read_by_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer, reader, whole = FeedWriter(tmp_path), FeedReader(tmp_path), os.write
    read: list[bytes] = []

    def full_after_two_lines(handle: int, data: bytes) -> int:
        if data.count(b"\n") == 3:
            return whole(handle, data[: data.index(b"\n", data.index(b"\n") + 1) + 1])
        read.extend(record.payload for record in reader.read())
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full_after_two_lines)
    with pytest.raises(FeedError, match="No space left on device"):
        writer.append([b'"a"', b'"b"', b'"c"'])
    monkeypatch.setattr(os, "write", whole)
    writer.append([b'"other"'])
    writer.close()
    assert read + [r.payload for r in reader.read()] == [b'"other"']


def _refused(*_: object) -> int:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_cut_that_the_disk_refuses_is_made_before_the_next_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = FeedWriter(tmp_path)
    writer.append([b'"before"'])
    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", _refused)
        patch.setattr(os, "ftruncate", _refused)
        with pytest.raises(FeedError):
            writer.append([b'"lost"'])
    assert writer.append([b'"after"']) == 2
    writer.close()
    assert [r.payload for r in records_after(tmp_path)] == [b'"before"', b'"after"']


def test_a_damaged_feed_gives_its_lock_back(tmp_path: Path) -> None:
    write(tmp_path, b'"one"', b'"two"')
    segment, good = newest_segment(tmp_path), newest_segment(tmp_path).read_bytes()
    segment.write_bytes(good.replace(b"one", b"eno"))
    with pytest.raises(FeedDamaged):
        FeedWriter(tmp_path)
    segment.write_bytes(good)
    assert write(tmp_path, b'"three"') == 3


def five_segments(folder: Path) -> FeedWriter:
    writer = FeedWriter(folder, segment_bytes=1)
    for number in range(1, 6):
        writer.append([b"%d" % number])
    return writer


@pytest.mark.parametrize("read_before", [0, 1])
def test_a_slow_reader_is_told_once_what_was_trimmed_before_it_came(tmp_path: Path, read_before: int) -> None:
    writer, reader = five_segments(tmp_path), FeedReader(tmp_path, after=0)
    reader.read(read_before)
    writer.trim(4)
    with pytest.raises(FeedGap, match=rf"records {read_before + 1} to 3 were deleted") as gap:
        reader.read()
    assert gap.value.resume == 3
    assert [r.number for r in reader.read()] == [4, 5]
    writer.close()


def test_a_reader_that_had_read_what_was_trimmed_misses_nothing(tmp_path: Path) -> None:
    writer, reader = five_segments(tmp_path), FeedReader(tmp_path, after=0)
    assert len(reader.read(3)) == 3
    writer.trim(4)
    assert [r.number for r in reader.read()] == [4, 5]
    writer.append([b"6"])
    assert [r.number for r in reader.read()] == [6]
    writer.close()


def test_a_reader_of_what_there_is_begins_with_the_oldest(tmp_path: Path) -> None:
    writer = five_segments(tmp_path)
    writer.trim(4)
    assert [r.number for r in FeedReader(tmp_path).read()] == [4, 5]
    writer.close()


def test_a_segment_that_somebody_deleted_is_noticed(tmp_path: Path) -> None:
    five_segments(tmp_path).close()
    reader = FeedReader(tmp_path, after=0)
    (tmp_path / "0000000000000002.seg").unlink()
    assert [r.number for r in reader.read()] == [1]
    with pytest.raises(FeedGap, match="records 2 to 2"):
        reader.read()
    assert [r.number for r in reader.read()] == [3, 4, 5]


def test_a_feed_that_was_begun_anew_is_noticed_and_read_from_its_beginning(tmp_path: Path) -> None:
    write(tmp_path / "new", b'"a"', b'"b"')
    reader = FeedReader(tmp_path / "new", after=500)
    with pytest.raises(FeedGap, match="ends at record 2, but record 500 was read"):
        reader.read()
    assert [r.payload for r in reader.read()] == [b'"a"', b'"b"']


def test_a_reader_reads_up_to_damage_then_says_so_each_time_and_goes_on_when_it_is_mended(tmp_path: Path) -> None:
    write(tmp_path, b'"one"', b'"two"', b'"three"')
    segment = newest_segment(tmp_path)
    whole = segment.read_bytes()
    segment.write_bytes(whole.replace(b"two", b"owt"))
    reader = FeedReader(tmp_path)
    assert [r.number for r in reader.read()] == [1]
    for _ in range(2):
        with pytest.raises(FeedDamaged, match="record 2 fails its checksum"):
            reader.read()
    segment.write_bytes(whole)
    assert [r.number for r in reader.read()] == [2, 3]


def test_a_record_out_of_its_place_is_damage(tmp_path: Path) -> None:
    write(tmp_path, b"1", b"2", b"3")
    segment = newest_segment(tmp_path)
    lines = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(lines[0] + lines[2])
    reader = FeedReader(tmp_path)
    assert [r.number for r in reader.read()] == [1]
    with pytest.raises(FeedDamaged, match="after record 1 stands record 3"):
        reader.read()


def test_a_record_longer_than_a_read_is_whole(tmp_path: Path) -> None:
    long = b'"%s"' % (b"x" * 9_000_000)
    write(tmp_path, b"1", long, b"3")
    assert [r.payload for r in records_after(tmp_path)] == [b"1", long, b"3"]


def _last_written(folder: Path, *times: int) -> None:
    for path, time in zip(sorted(folder.glob("*.seg")), times, strict=True):
        os.utime(path, ns=(time * 1000, time * 1000))


def test_segments_last_written_too_long_ago_are_deleted_save_the_newest(tmp_path: Path) -> None:
    writer = five_segments(tmp_path)
    _last_written(tmp_path, 10, 20, 30, 30, 30)
    assert writer.trim_beyond(most_bytes=1 << 30, since=Micros(30)) == 2
    assert [r.number for r in FeedReader(tmp_path).read()] == [3, 4, 5]
    assert writer.trim_beyond(most_bytes=1 << 30, since=Micros(31)) == 2
    assert [r.number for r in FeedReader(tmp_path).read()] == [5]
    writer.close()


def test_the_oldest_segments_go_until_no_more_is_kept_than_may_be(tmp_path: Path) -> None:
    writer = five_segments(tmp_path)
    _last_written(tmp_path, 10, 20, 30, 40, 50)
    size = newest_segment(tmp_path).stat().st_size
    assert writer.trim_beyond(most_bytes=3 * size, since=Micros(0)) == 2
    assert writer.trim_beyond(most_bytes=0, since=Micros(0)) == 2
    assert writer.append([b"6"]) == 6
    assert [r.number for r in FeedReader(tmp_path).read()] == [5, 6]
    writer.close()


def test_a_segment_is_begun_anew_where_there_is_anything_in_the_newest(tmp_path: Path) -> None:
    writer = FeedWriter(tmp_path)
    for payload in (b"1", b"2"):
        writer.rotate()
        writer.rotate()
        writer.append([payload])
    writer.close()
    assert len(list(tmp_path.glob("*.seg"))) == 2
    assert [r.payload for r in records_after(tmp_path)] == [b"1", b"2"]

"""Files followed while they are written: torn rows, rotation, new files in folders, and an end that loses nothing."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.conftest import shared_data

from ringfence.vocabulary.contracts import Event, EventKind, Reference
from ringfence.vocabulary.times import Micros
from ringfence.watch.recorded import Choice, Followed, MappingFile, Options, Recording, find_inputs, format_named
from ringfence.watch.wire.cdr import HEADER

AS_IT_IS, NO_OPTIONS = Choice(), Options()
TOOLS = ("sip-capture", "attack-tools")


def row(number: int) -> str:
    return f"c{number},2026-03-02T09:00:{number:02}Z,,2026-03-02T09:01:00Z,acme,,+32255512345,192.0.2.1,487,caller,\n"


class Following:
    """A `Followed` driven step by step: `until` draws batches until so many attempts were seen."""

    def __init__(self, *paths: Path, choice: Choice = AS_IT_IS, options: Options = NO_OPTIONS) -> None:
        self.followed = Followed(paths, choice, Reference(time=Micros(0)), options, poll_s=0.01)
        self.events: list[Event] = []
        self._batches = self.followed.batches()

    @property
    def attempts(self) -> list[str]:
        return [event.call_id for event in self.events if event.kind is EventKind.ATTEMPT]

    def until(self, attempts: int) -> list[str]:
        while len(self.attempts) < attempts:
            self.events += next(self._batches)
        return self.attempts

    def end(self) -> list[str]:
        self.followed.tails.stop()
        for batch in self._batches:
            self.events += batch
        return self.attempts


@contextmanager
def following(*paths: Path, choice: Choice = AS_IT_IS, options: Options = NO_OPTIONS) -> Iterator[Following]:
    before = threading.active_count()
    each = Following(*paths, choice=choice, options=options)
    yield each
    each.end()
    for thread in threading.enumerate():
        if thread.name.startswith("tail "):
            thread.join(timeout=5)
    assert threading.active_count() == before


def append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def test_rows_count_as_they_are_written_and_a_torn_one_when_it_is_whole(tmp_path: Path) -> None:
    calls = tmp_path / "calls.csv"
    append(calls, f"{HEADER}\n{row(0)}")
    with following(calls) as tail:
        assert tail.until(1) == ["c0"]
        append(calls, row(1) + row(2)[:30])
        assert tail.until(2) == ["c0", "c1"]
        append(calls, row(2)[30:] + "broken\n" + row(3))
        assert tail.until(4) == ["c0", "c1", "c2", "c3"]
        assert tail.end() == ["c0", "c1", "c2", "c3"]
        (counts,) = tail.followed.files
        assert (counts.records, counts.unusable_rows) == (4, 1)


def test_what_was_there_before_comes_in_the_order_of_its_times_over_all_files(tmp_path: Path) -> None:
    for name, numbers in (("b.csv", range(0, 40, 2)), ("a.csv", range(1, 40, 2))):
        append(tmp_path / name, HEADER + "\n" + "".join(map(row, numbers)))
    with following(tmp_path) as tail:
        assert tail.until(40) == [f"c{number}" for number in range(40)]


def test_a_rotated_file_is_read_to_its_end_once_and_its_successor_joins(tmp_path: Path) -> None:
    calls = tmp_path / "calls.csv"
    append(calls, f"{HEADER}\n{row(0)}")
    with following(tmp_path) as tail:
        tail.until(1)
        append(calls, row(1))
        calls.rename(tmp_path / "calls.csv.1")
        append(calls, f"{HEADER}\n{row(2)}")
        assert sorted(tail.until(3)) == ["c0", "c1", "c2"]
        assert sorted(tail.end()) == ["c0", "c1", "c2"]


def test_a_file_cut_to_nothing_is_read_anew(tmp_path: Path) -> None:
    calls = tmp_path / "calls.csv"
    append(calls, f"{HEADER}\n{row(0)}{row(1)}")
    with following(calls) as tail:
        tail.until(2)
        calls.write_text(f"{HEADER}\n{row(2)}", encoding="utf-8")
        assert tail.until(3) == ["c0", "c1", "c2"]


def test_new_files_in_a_folder_join_and_what_is_of_no_kind_is_told(tmp_path: Path) -> None:
    with following(tmp_path) as tail:
        (tmp_path / "empty.csv").touch()
        (tmp_path / "notes.txt").write_text("hello\n", encoding="utf-8")
        (tmp_path / "deep").mkdir()
        append(tmp_path / "deep" / "calls.csv", f"{HEADER}\n{row(0)}")
        tail.until(1)
        append(tmp_path / "empty.csv", f"{HEADER}\n{row(1)}")
        tail.until(2)
        assert [skipped.name for skipped in tail.followed.skipped] == [str(tmp_path / "notes.txt")]


def test_tables_with_other_headers_are_followed_by_their_mapping(tmp_path: Path) -> None:
    mapping = b"zone = 'UTC'\n[columns]\ncall_id = 'Nr'\nstart = 'Begin'\nduration = 'Length'\ncallee = 'To'\n"
    options = Options(mapping=MappingFile("m.toml", mapping))
    calls = tmp_path / "export.csv"
    append(calls, "Nr;Begin;Length;To\n1;2026-03-02 09:00:00;5;+32255512345\n")
    with following(calls, choice=Choice(None, format_named("call-records")), options=options) as tail:
        assert tail.until(1) == ["1"]
        append(calls, "2;2026-03-02 09:01:00;5;+32255512345\n")
        assert tail.until(2) == ["1", "2"]


@pytest.mark.parametrize("size", [7, 1_000, 100_000])
def test_a_capture_written_piece_by_piece_gives_what_it_gives_whole(tmp_path: Path, size: int) -> None:
    octets = shared_data(*TOOLS, "svwar_invite.pcap").read_bytes()[:20_000]
    whole = tmp_path / "whole.pcap"
    whole.write_bytes(octets)
    recording = Recording(find_inputs([whole], None), Reference(time=Micros(0)), Options())
    expected = [event.call_id for event in recording.events() if event.kind is EventKind.ATTEMPT]
    assert len(expected) > 10
    growing = tmp_path / "growing.pcap"
    growing.write_bytes(octets[: 24 + size])
    with following(growing) as tail:
        for at in range(24 + size, len(octets), max(size, 2_000)):
            with growing.open("ab") as file:
                file.write(octets[at : at + max(size, 2_000)])
            tail.events += next(tail._batches)
        assert tail.until(len(expected)) == expected

"""What a scan says on a terminal beside its findings: read, left aside and why, not judged for lack of what."""

import io
from pathlib import Path

from rich.console import Console
from tests.unit.report.scene import CAPTURES, NOTHING_GIVEN, attempt, bundle, in_time, judged, scanned

from ringfence.report import Collector, Given, Read, not_judged, summary
from ringfence.watch.recorded import FileCounts, Skipped
from ringfence.watch.wire.cdr import HEADER, RowProblem


def printed(collector: Collector, read: Read, given: Given = NOTHING_GIVEN, *, masked: bool = False) -> list[str]:
    console = Console(file=io.StringIO(), width=200, color_system=None)
    console.print(summary(collector, read, given, masked=masked))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def line(lines: list[str], words: str) -> str:
    (found,) = [each for each in lines if words in each]
    return found


def test_each_file_is_named_with_what_was_used_and_what_was_left_aside(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    good = "c1,2026-03-02T09:00:00Z,,2026-03-02T09:00:05Z,acme,+441632960000,+441632111111,198.51.100.7,486,callee,"
    bad = "c2,when,,2026-03-02T09:00:05Z,acme,+441632960000,+441632111111,198.51.100.7,486,callee,"
    path.write_text("\n".join([HEADER, good, bad, bad, "c3,short"]) + "\n")
    collector, read = scanned(path, CAPTURES / "svcrack.pcap")
    lines = printed(collector, read)
    assert "1 record" in line(lines, "call-records")
    assert "2 × start unusable (line 3, start: 'when'" in line(lines, "call-records")
    assert any("1 × 2 values under 11 columns (line 5)" in each for each in lines)
    assert "nothing" in line(lines, "svcrack.pcap")


def test_skipped_files_say_why_and_many_files_do_not_flood_the_screen() -> None:
    files = [FileCounts(f"calls-{number}.csv", "call-records", records=1) for number in range(60)]
    files[50].refuse(RowProblem(7, "start", "'x' is no time"))
    lines = printed(judged([]), Read(files=files, skipped=[Skipped("holiday.png", "it is a picture (PNG)")]))
    assert "it is a picture (PNG)" in line(lines, "holiday.png")
    assert "start unusable" in line(lines, "calls-50.csv ")
    assert line(lines, "and 40 files more")
    assert len(lines) < 60


def test_what_could_not_be_judged_stands_with_its_reason_and_what_would_help() -> None:
    lines = printed(judged([attempt(1, "+441632111111", at=0)]), Read())
    assert "no numbers file was given" in line(lines, "whether callers used numbers they hold")
    assert "give --rates" in line(lines, "what the calls cost")


def test_without_looking_closely_the_same_is_known_of_events_and_enough_of_columns() -> None:
    events = in_time([attempt(number, "+441632111111", at=number) for number in range(9)])
    closely, loosely, columns = Collector(bundle()), Collector(bundle(), closely=False), Collector(bundle(), closely=False)
    closely.take(events, [])
    loosely.take(events, [])
    columns.take(tuple(events), [])
    read = Read(files=[FileCounts("calls.csv", "call-records", records=9)])
    said, less = (
        [each for each in not_judged(collector, read, NOTHING_GIVEN) if "rule " not in each] for collector in (closely, loosely)
    )
    assert less == said
    for words in ("give --accounts", "give --numbers", "rule register-brute-force", "no registration", "no rate deck"):
        assert any(words in each for each in not_judged(columns, read, NOTHING_GIVEN))
    assert not any("rule fan-out-dialler" in each for each in not_judged(columns, read, NOTHING_GIVEN))


def test_names_of_files_and_causes_can_not_steer_the_terminal_and_numbers_can_be_masked() -> None:
    counts = FileCounts("evil\x1b[2J.csv", "call-records")
    counts.refuse(RowProblem(1, "callee", "'\x1b]0;x\x07+441632960000' is no number"))
    text = "\n".join(printed(judged([]), Read(files=[counts]), masked=True))
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "+441632960000" not in text
    assert "+44163296····#1" in text

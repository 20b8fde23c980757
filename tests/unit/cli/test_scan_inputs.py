"""What an engineer has on his disk, as it lies there: packed, in folders, damaged, piped, and of no kind at all."""

import gzip
import io
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest
import typer
from tests.conftest import ROOT, shared_data

from ringfence.cli.scan import command
from ringfence.cli.shipped import EXAMPLES
from ringfence.vocabulary.contracts import Finding
from ringfence.vocabulary.severity import Severity
from ringfence.vocabulary.times import from_iso
from ringfence.watch.wire.cdr import HEADER

TOOLS = ("sip-capture", "attack-tools")
FOUR = ROOT / "tests" / "bundles" / "four"
NAMES = ("svwar", "sipp_invite_flood", "svcrack")
PICTURE = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"


def found(capsys: pytest.CaptureFixture[str], *files: Path, **options: object) -> tuple[int, list[Finding], str]:
    with pytest.raises(typer.Exit) as left:
        command(list(files), json=True, **({"policy": FOUR} | options))  # type: ignore[arg-type] # a test's shorthand
    output = capsys.readouterr()
    return left.value.exit_code, [msgspec.json.decode(line, type=Finding) for line in output.out.splitlines()], output.err


def capture(name: str) -> Path:
    return shared_data(*TOOLS, f"{name}.pcap")


def ids(findings: Iterable[Finding]) -> list[str]:
    return [finding.id for finding in findings]


def test_a_folder_with_pictures_and_packed_captures_gives_what_the_captures_give(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "b" / "deep").mkdir(parents=True)
    shutil.copy(capture("svwar"), tmp_path / "b" / "deep" / "no-suffix")
    (tmp_path / "a.pcap.gz").write_bytes(gzip.compress(capture("svcrack").read_bytes()))
    shutil.copy(capture("sipp_invite_flood"), tmp_path / "c.pcap")
    (tmp_path / "b" / "holiday.png").write_bytes(PICTURE)
    (tmp_path / "empty.pcap").touch()
    (tmp_path / "cut.gz").write_bytes(gzip.compress(b"x" * 99)[:10])
    code, findings, told = found(capsys, tmp_path)
    assert code == 1
    assert ids(findings) == ids(found(capsys, *map(capture, NAMES))[1])
    assert "holiday.png: skipped: it is a picture (PNG)" in told
    assert "empty.pcap: skipped: it is empty" in told
    assert "cut.gz: skipped: " in told
    assert "the gzip file is damaged or breaks off" in told
    assert told.index("a.pcap.gz: ") < told.index("no-suffix: 84 SIP messages in 84 packets") < told.index("c.pcap: ")


def test_a_folder_with_nothing_to_read_names_what_lies_there(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "nothing to read: " in found(capsys, tmp_path)[2]
    (tmp_path / "a.png").write_bytes(PICTURE)
    (tmp_path / "b.txt").write_text("hello\n", encoding="utf-8")
    code, _, told = found(capsys, tmp_path)
    assert code == 2
    assert "a.png: it is a picture (PNG)" in told
    assert "(and 1 more)" in told


def test_an_empty_file_beside_others_is_skipped_and_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "empty.csv").touch()
    code, findings, told = found(capsys, capture("svwar"), tmp_path / "empty.csv")
    assert (code, len(findings)) == (1, 1)
    assert "empty.csv: skipped: it is empty" in told


def test_a_packed_capture_that_breaks_off_is_read_as_far_as_it_goes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    packed = gzip.compress(capture("sipp_calls").read_bytes(), 1)
    cut = tmp_path / "calls.pcap.gz"
    cut.write_bytes(packed[: len(packed) // 2])
    code, findings, told = found(capsys, cut)
    assert (code, findings) == (1, [])
    assert "the gzip file is damaged or breaks off: its end is missing" in told
    assert " 0 SIP messages" not in told


@pytest.mark.parametrize("packed", [False, True])
def test_standard_input_is_a_file_like_any_other(packed: bool) -> None:
    octets = capture("svwar").read_bytes()
    program = [sys.executable, "-m", "ringfence.cli", "scan", "--json", "--policy", str(FOUR), "-"]
    done = subprocess.run(program, input=gzip.compress(octets) if packed else octets, capture_output=True, check=False, timeout=300)
    assert done.returncode == 1
    assert msgspec.json.decode(done.stdout, type=Finding).rule == "sip-scan"
    assert b"standard input: 84 SIP messages" in done.stderr


def test_what_comes_by_standard_input_and_is_nothing_known_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    program = [sys.executable, "-m", "ringfence.cli", "scan", "-"]
    done = subprocess.run(program, input=b"time,who\n", capture_output=True, check=False, timeout=300)
    assert done.returncode == 2
    assert b"standard input: its first line is 'time,who'" in done.stderr


def test_only_the_range_of_time_asked_for_is_judged(capsys: pytest.CaptureFixture[str]) -> None:
    _, (whole,), told = found(capsys, capture("svwar"))
    assert "84 SIP messages" in told
    _, findings, told = found(capsys, capture("svwar"), since="2026-11-22T20:36:47Z")
    assert "outside the range of time" in told
    assert all(finding.time >= from_iso("2026-11-22T20:36:47Z") for finding in findings)
    assert found(capsys, capture("svwar"), until="2026-11-22T21:36:46.1+01:00")[:2] == (0, [])
    _, (same,), _ = found(capsys, capture("svwar"), since="2026-11-22T21:36:40", timezone="Europe/Vienna")
    assert same == whole


def test_the_range_of_time_holds_for_call_records(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    calls = tmp_path / "calls.csv"
    rows = [f"c{n},2026-03-02T09:{n:02}:00Z,,2026-03-02T09:{n:02}:09Z,acme,,+32255512345,,487,caller," for n in range(60)]
    calls.write_text("\n".join([HEADER, *rows]), encoding="utf-8")
    _, _, told = found(capsys, calls, since="2026-03-02T09:10Z", until="2026-03-02T09:20Z")
    assert "10 call records, 50 outside the range of time" in told
    assert "20 events" in told


def test_a_hundred_gigabytes_never_written_are_passed_over(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    huge = tmp_path / "huge.pcap"
    octets = capture("svwar").read_bytes()
    with huge.open("wb") as file:
        file.write(octets)
        file.truncate(100 << 30)
        file.seek(0, io.SEEK_END)
        file.write(octets[24:])
    code, (finding,), told = found(capsys, huge)
    assert code == 1
    assert finding.rule == "sip-scan"
    assert "damage: empty-space 1 (first at packet 84)" in told
    assert "168 SIP messages in 168 packets" in told


@pytest.mark.parametrize("size", [24, 100])
def test_a_capture_of_which_nothing_was_written_but_its_beginning_ends_at_once(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, size: int
) -> None:
    huge = tmp_path / "huge.pcap"
    huge.write_bytes(capture("svwar").read_bytes()[:size])
    os.truncate(huge, 100 << 30)
    code, findings, told = found(capsys, huge)
    assert (code, findings) == (1, [])
    assert "damage: " in told
    assert "octets of the file unreadable" in told


def test_a_capture_that_begins_after_the_range_says_that_nothing_of_it_was_used(capsys: pytest.CaptureFixture[str]) -> None:
    _, _, told = found(capsys, capture("svwar"), capture("sipp_calls"), until="2026-11-22T20:36:47Z")
    (later,) = [line for line in told.splitlines() if line.startswith(str(capture("sipp_calls")))]
    assert later.endswith("outside the range of time")
    assert f"{capture('svwar')}: 84 SIP messages in 84 packets\n" in told


@pytest.mark.parametrize("name", ["calls.csv", "Master.csv"])
def test_a_hole_of_a_hundred_gigabytes_between_rows_costs_one_row(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str
) -> None:
    generic = "c{},2026-03-02T09:00:00Z,,2026-03-02T09:00:05Z,acme,,+32255512345,192.0.2.1,487,caller,\n"
    master = (
        '"acc","100","200","default","""A"" <100>","SIP/a-{}","SIP/b-2","Dial","x",'
        '"2026-03-02 09:00:00",,"2026-03-02 09:01:00",60,0,"NO ANSWER","DOCUMENTATION"\n'
    )
    row, heading = (generic, f"{HEADER}\n") if name == "calls.csv" else (master, "")
    huge = tmp_path / name
    with huge.open("wb") as file:
        file.write((heading + row.format(1)).encode())
        file.truncate(100 << 30)
        file.seek(0, io.SEEK_END)
        file.write(("\n" + row.format(2)).encode())
        file.truncate(200 << 30)
    code, _, told = found(capsys, huge, timezone="UTC")
    assert code == 1
    assert "2 call records, 2 unusable rows" in told
    assert told.count("the line is longer than 65536 characters") == 2


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_of_no_known_layout_is_told_that_a_mapping_would_help(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, delimiter: str
) -> None:
    table = tmp_path / "export.csv"
    table.write_text(delimiter.join(["Nr", "Begin", "End", "From", "To"]) + "\n")
    code, _, told = found(capsys, table)
    assert code == 2
    assert "it looks like a table of 5 columns" in told
    assert "say with --mapping which of them are which" in told


def test_captures_put_one_behind_another_and_a_clock_that_jumps_back_flood_nobody(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    later, earlier = capture("sipp_calls").read_bytes(), bytearray(capture("sipp_calls").read_bytes())
    at = 24
    while at < len(earlier):
        seconds = int.from_bytes(earlier[at : at + 4], "little") - 3600
        earlier[at : at + 4] = seconds.to_bytes(4, "little")
        at += 16 + int.from_bytes(earlier[at + 8 : at + 12], "little")
    both = tmp_path / "both.pcap"
    both.write_bytes(later + bytes(earlier))
    code, findings, told = found(capsys, both)
    assert (code, findings) == (0, [])
    assert "480 SIP messages" in told
    assert "clock-back 1 (first at packet 241)" in told
    assert "s are added to the times after it" in told


def test_files_are_followed_until_the_scan_is_asked_to_end_and_then_it_says_what_it_read(tmp_path: Path) -> None:
    octets = capture("svwar").read_bytes()
    growing = tmp_path / "growing.pcap"
    growing.write_bytes(octets[:3_000])
    program = [sys.executable, "-m", "ringfence.cli", "scan", "--json", "--policy", str(FOUR), "--follow", str(tmp_path)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        with growing.open("ab") as file:
            file.write(octets[3_000:])
        assert msgspec.json.decode(process.stdout.readline(), type=Finding).rule == "sip-scan"
        process.send_signal(signal.SIGINT)
        told = process.stderr.read().decode()
        assert process.wait(timeout=300) == 1
    assert "growing.pcap: 84 SIP messages in 84 packets" in told
    assert "126 events, 1 finding" in told  # half of the requests are written as a tool writes them


def test_standard_input_and_absent_files_are_not_followed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "it ends" in found(capsys, Path("-"), follow=True)[2]
    assert "no such file" in found(capsys, tmp_path / "absent", follow=True)[2]


def test_a_mapping_file_makes_any_table_call_records(capsys: pytest.CaptureFixture[str]) -> None:
    calls = shared_data("calls-copenhagen", "calls.csv")
    mapping = EXAMPLES / "mappings" / "copenhagen.toml"
    assert found(capsys, calls)[0] == 2
    _, findings, told = found(capsys, calls, mapping=mapping)
    assert "3600 call records" in told
    assert not [finding for finding in findings if finding.severity is Severity.ACT]
    code, _, told = found(capsys, calls, mapping=Path("/nonexistent.toml"))
    assert code == 2
    assert "/nonexistent.toml: No such file" in told


@pytest.mark.parametrize(
    ("folder", "entries"),
    [
        ("asterisk-bf", 6),
        ("asterisk-logs", 4),
        ("asterisk-syslogs", 4),  # of six lines one is a challenge, and two tell of one attempt
        ("asterisk-user-enum", 6),
        ("freeswitch", 5),
        ("freeswitch-acl-reject", 16),
        ("freeswitch-bf", 6),
        ("freeswitch-user-enumeration", 6),
    ],
)
def test_a_log_is_told_in_entries_each_once(capsys: pytest.CaptureFixture[str], folder: str, entries: int) -> None:
    (log,) = shared_data("switch-logs", folder).glob("*.log")
    _, _, told = found(capsys, log, timezone="UTC")
    assert f"{log}: {entries} log entries" in told
    assert "unusable" not in told


def test_events_of_a_switch_are_told_in_entries_and_calls(capsys: pytest.CaptureFixture[str]) -> None:
    events = ROOT / "tests" / "unit" / "watch" / "wire" / "logs" / "asterisk-22-manager.txt"
    _, _, told = found(capsys, events, timezone="UTC")
    assert f"{events}: 8 log entries, 2 call records" in told
    assert "names no zone" not in told

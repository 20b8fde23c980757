"""`ringfence scan` on real attacks, on call records with a broken row in the middle, and on what is no input at all."""

import gzip
import json
import os
import pty
import subprocess
import sys
import termios
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import msgspec
import pytest
import typer
from tests.conftest import ROOT, shared_data

from ringfence.cli.scan import command
from ringfence.vocabulary.contracts import Finding
from ringfence.vocabulary.times import micros
from ringfence.watch.wire.cdr import HEADER

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FOUR = ROOT / "tests" / "bundles" / "four"
TOOLS = ("sip-capture", "attack-tools")


def scan(*files: Path, **options: object) -> int:
    with pytest.raises(typer.Exit) as left:
        command(list(files), **({"policy": FOUR} | options))  # type: ignore[arg-type] # a test's shorthand
    return left.value.exit_code


def found(capsys: pytest.CaptureFixture[str], *files: Path, **options: object) -> tuple[int, list[Finding], str]:
    code = scan(*files, json=True, **options)
    output = capsys.readouterr()
    return code, [msgspec.json.decode(line, type=Finding, strict=True) for line in output.out.splitlines()], output.err


def dialler(calls: int, *, account: str = "acme") -> list[str]:
    """Rows of one account that calls a new number every second, none answered."""
    return [
        f"c{number},{at:%Y-%m-%dT%H:%M:%SZ},,{at + timedelta(seconds=9):%Y-%m-%dT%H:%M:%SZ},"
        f"{account},+3225550100,+32255{number:05},192.0.2.1,487,caller,"
        for number in range(calls)
        for at in (START + timedelta(seconds=number),)
    ]


def records(folder: Path, rows: Iterable[str], name: str = "calls.csv") -> Path:
    path = folder / name
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("capture", "expected"),
    [
        ("sipp_calls", []),
        ("svmap", []),
        ("sipp_invite_flood", [("invite-flood", "127.0.0.99")]),
        ("svcrack", [("register-brute-force", "127.0.0.1")]),
        ("svwar", [("sip-scan", "127.0.0.1")]),
        ("svwar_invite", [("sip-scan", "127.0.0.1")]),
    ],
)
def test_real_attacks_are_found_and_ordinary_calls_are_not(
    capsys: pytest.CaptureFixture[str], capture: str, expected: list[tuple[str, str]]
) -> None:
    code, findings, told = found(capsys, shared_data(*TOOLS, f"{capture}.pcap"))
    assert [(finding.rule, finding.subject.id) for finding in findings] == expected
    assert code == (1 if expected else 0)
    assert f"{len(expected)} finding" in told
    for finding in findings:
        assert finding.party_path == ()
        assert finding.evidence.sample


def test_several_captures_are_one_stream(capsys: pytest.CaptureFixture[str]) -> None:
    names = ["svwar", "sipp_invite_flood", "svcrack"]
    code, findings, _ = found(capsys, *(shared_data(*TOOLS, f"{name}.pcap") for name in names))
    assert code == 1
    assert sorted(finding.rule for finding in findings) == ["invite-flood", "register-brute-force", "sip-scan"]
    assert [finding.time for finding in findings] == sorted(finding.time for finding in findings)


def test_the_same_traffic_gives_the_same_ids_under_any_name(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    capture = shared_data(*TOOLS, "svcrack.pcap")
    copy = tmp_path / "other.pcap"
    copy.write_bytes(capture.read_bytes())
    first, second = found(capsys, capture)[1], found(capsys, copy)[1]
    assert [finding.id for finding in first] == [finding.id for finding in second]


def test_a_trunk_makes_a_source_somebodys(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    trunks = tmp_path / "trunks.csv"
    trunks.write_text("trunk,account,address,user,valid_from,valid_to\nt1,acme,127.0.0.99,,,\n", encoding="utf-8")
    code, findings, _ = found(capsys, shared_data(*TOOLS, "sipp_invite_flood.pcap"), trunks=trunks)
    assert (code, findings) == (0, [])


def test_a_dialler_is_found_in_call_records_at_the_call_that_crossed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    accounts = tmp_path / "accounts.csv"
    accounts.write_text("account,parent,kind,plan\nresell,,reseller,\nacme,resell,end-user,office\n", encoding="utf-8")
    code, (finding,), _ = found(capsys, records(tmp_path, dialler(90)), accounts=accounts)
    assert code == 1
    assert (finding.rule, finding.clause, finding.subject.kind, finding.subject.id) == (
        "fan-out-dialler",
        "auto-dialing",
        "account",
        "acme",
    )
    assert finding.time == micros(START + timedelta(seconds=59))
    assert finding.party_path == ("resell", "acme")
    assert finding.measures["callees"] == 60
    assert finding.evidence.sample[-1] == "c59"


def test_the_order_of_the_rows_changes_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    rows = dialler(90)
    in_order = found(capsys, records(tmp_path, rows))[1]
    Random(5).shuffle(rows)
    assert found(capsys, records(tmp_path, rows))[1] == in_order
    halves = records(tmp_path, rows[:40], "a.csv"), records(tmp_path, rows[40:], "b.csv")
    assert [finding.id for finding in found(capsys, *halves)[1]] == [finding.id for finding in in_order]


def test_a_broken_row_in_the_middle_is_listed_and_the_others_count(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    rows = dialler(90)
    rows[30] = rows[30].replace("acme", '"acme')
    rows[31] = rows[31].replace(START.strftime("%Y"), "MMXX", 1)
    code, (finding,), told = found(capsys, records(tmp_path, rows))
    assert code == 1
    assert finding.time == micros(START + timedelta(seconds=61))
    assert "88 call records, 2 unusable rows" in told
    assert "line 32: a quotation mark that is never closed" in told
    assert "line 33, start: 'MMXX-03-02T09:00:31Z' is no time" in told


def test_unusable_rows_alone_are_told_by_the_exit_code(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, findings, told = found(capsys, records(tmp_path, [*dialler(3), *["broken"] * 20]))
    assert (code, findings) == (1, [])
    assert "3 call records, 20 unusable rows" in told
    assert told.count(": 1 values under 11 columns") == 5
    assert "all of them, by reason: 20 × 1 values under 11 columns" in told


def test_a_quiet_file_leaves_with_0(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert found(capsys, records(tmp_path, dialler(40)))[:2] == (0, [])


def test_a_capture_cut_short_is_read_as_far_as_it_goes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    cut = tmp_path / "cut.pcap"
    cut.write_bytes(shared_data(*TOOLS, "sipp_calls.pcap").read_bytes()[:-100])
    code, findings, told = found(capsys, cut)
    assert (code, findings) == (1, [])
    assert "239 SIP messages in 239 packets, damage: truncated 1 (first at packet 239)" in told


def test_a_finding_is_one_line_of_the_contract(capsys: pytest.CaptureFixture[str]) -> None:
    scan(shared_data(*TOOLS, "svwar.pcap"), json=True)
    (line,) = capsys.readouterr().out.splitlines()
    keys = "v id rule clause mode severity subject party_path time window measures thresholds evidence approximate source agent"
    later = "tier key proposes charge points classifies short_until"
    assert list(json.loads(line)) == [*keys.split(), "policy", "says", *later.split()]


def test_without_json_there_is_a_table_and_nothing_in_it_steers_the_terminal(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert scan(records(tmp_path, dialler(90, account="[red]\x1b[2J"))) == 1
    output = capsys.readouterr().out
    assert "fan-out-dialler" in output
    assert "account [red]?[2J" in output
    assert "\x1b" not in output


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"", "it is empty"),
        (gzip.compress(b"", mtime=0), "it is empty"),
        (b"PK\3\4....", "it is packed with zip, as spreadsheets are too; unpack it first"),
        (b"\x89PNG\r\n\x1a\n", "it is a picture (PNG)"),
        (b"\0" * 99, "nothing but zeros"),
        (b"\x7fELF\x02\x01\x01\0\0\0", "it starts with the octets 7f 45 4c 46 02 01 01 00"),
        (b"time,who\n1,2\n", "its first line is 'time,who', as in no known format"),
        (b"call_id,caller,callee\n", "the header lacks start, answer, end"),
    ],
)
def test_what_is_no_input_is_refused_with_what_it_looks_like(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: bytes, cause: str
) -> None:
    path = tmp_path / "input"
    path.write_bytes(content)
    code, findings, told = found(capsys, path)
    assert (code, findings) == (2, [])
    assert told.startswith("ringfence scan: ")
    assert f"{path}: " in told
    assert cause in told
    assert HEADER in told


def test_one_unusable_file_among_good_ones_stops_the_scan(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, findings, told = found(capsys, shared_data(*TOOLS, "svwar.pcap"), tmp_path / "absent.pcap")
    assert (code, findings) == (2, [])
    assert "absent.pcap: no such file" in told


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        ({"timezone": "Europe/Atlantis"}, "--timezone 'Europe/Atlantis' is unknown"),
        ({"country": "Belgium"}, "--country 'Belgium' is no country"),
        ({"format_": "morse"}, "write auto, capture, hep, call-records"),
        ({"format_": "hep"}, "these are no HEP packets"),
        ({"since": "yesterday"}, "--from 'yesterday' is no time"),
        ({"until": "2026-03-02T09:00"}, "--to '2026-03-02T09:00' names no zone"),
        ({"since": "2026-03-02T09:00Z", "until": "2026-03-02T10:00+01:00"}, "nothing lies between"),
        ({"format_": "capture"}, "it is no capture"),
        ({"policy": Path("/nonexistent")}, "no such folder"),
        ({"accounts": Path("/nonexistent.csv")}, "/nonexistent.csv: No such file"),
    ],
)
def test_wrong_options_are_refused_with_what_to_do(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, options: dict[str, object], cause: str
) -> None:
    code, _, told = found(capsys, records(tmp_path, dialler(1)), **options)
    assert code == 2
    assert cause in told


def test_a_reference_file_with_another_header_is_refused_and_bad_rows_are_listed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    numbers = tmp_path / "numbers.csv"
    numbers.write_text("phone,who\n", encoding="utf-8")
    calls = records(tmp_path, dialler(1))
    assert found(capsys, calls, numbers=numbers)[0] == 2
    numbers.write_text("number,account,valid_from,valid_to\n12,acme,,\n+3225550100,acme,,\n", encoding="utf-8")
    code, _, told = found(capsys, calls, numbers=numbers)
    assert code == 1
    assert "numbers.csv: line 2, number: '12' is not E.164" in told


def test_local_times_and_national_numbers_are_read_where_they_are_from(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    rows = [row.replace("Z,", ",").replace("+322", "02 2") for row in dialler(90)]
    assert found(capsys, records(tmp_path, rows))[1] == []
    _, (finding,), _ = found(capsys, records(tmp_path, rows), timezone="Europe/Brussels", country="be")
    assert finding.time == micros(START + timedelta(seconds=59) - timedelta(hours=1))


def test_a_reader_that_goes_away_ends_the_scan_without_a_word() -> None:
    capture = shared_data(*TOOLS, "svwar.pcap")
    program = [sys.executable, "-m", "ringfence.cli", "scan", "--json", str(capture)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=300) == 1


def everything(terminal: int) -> str:
    """Return all that waits to be shown; a terminal gives it in pieces."""
    os.set_blocking(terminal, False)
    octets = b""
    with suppress(BlockingIOError):
        while piece := os.read(terminal, 65_536):
            octets += piece
    return octets.decode()


def test_a_terminal_shows_how_far_the_reading_is_and_the_findings_stay_apart(tmp_path: Path) -> None:
    calls = records(tmp_path, dialler(90))
    leader, follower = pty.openpty()
    termios.tcsetwinsize(follower, (50, 160))
    program = [sys.executable, "-m", "ringfence.cli", "scan", "--json", "--policy", str(FOUR), str(calls)]
    try:
        with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=follower, env={**os.environ, "TERM": "xterm"}) as process:
            assert process.stdout is not None
            (finding,) = process.stdout.read().splitlines()
            assert process.wait(timeout=300) == 1
        shown = everything(leader)
    finally:
        os.close(follower)
        os.close(leader)
    assert msgspec.json.decode(finding, type=Finding).rule == "fan-out-dialler"
    assert "reading" in shown
    for words in ("What was read", "90 records", "What could not be judged", "no rate deck was given", "180 events, 1 finding"):
        assert words in shown

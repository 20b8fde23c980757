"""`ringfence scan --html`: the file is whole, private and the same each time, and a place that can't be written is told at once."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest
from tests.unit.report.scene import CAPTURES, words

from ringfence.cli import report_file

FLOOD = CAPTURES / "sipp_invite_flood.pcap"


def scan(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-m", "ringfence.cli", "scan", *map(str, arguments)]
    return subprocess.run(program, capture_output=True, text=True, check=False, timeout=300)


def test_a_scan_writes_its_report_beside_its_table(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    done = scan(FLOOD, "--html", path)
    assert done.returncode == 1
    assert "attempts 41 (more than 40)" in done.stdout
    assert f"report: {path}" in done.stderr
    text = words(path.read_text(encoding="utf-8"))
    assert "Denial of service" in text
    assert "300 SIP messages" in text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["report.html"]


def test_two_scans_of_the_same_input_write_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.html", "two.html"):
        scan(FLOOD, "--html", tmp_path / name, "--json", "--mask")
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


def test_a_report_s_place_is_checked_before_anything_is_read(tmp_path: Path) -> None:
    done = scan(FLOOD, "--html", tmp_path / "missing" / "report.html")
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no folder" in done.stderr
    done = scan(FLOOD, "--html", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "it is a folder" in done.stderr


def test_a_report_needs_an_end(tmp_path: Path) -> None:
    done = scan(FLOOD, "--follow", "--html", tmp_path / "report.html")
    assert done.returncode == 2
    assert "leave out --follow" in done.stderr


def test_what_can_t_be_written_leaves_the_old_report(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    report_file.write(path, "old")
    with pytest.raises(UnicodeEncodeError):
        report_file.write(path, "\ud800")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_rate_deck_gives_price_classes_and_its_bad_rows_are_told(tmp_path: Path) -> None:
    rates, path = tmp_path / "rates.csv", tmp_path / "report.html"
    rates.write_text("prefix,class,price_per_minute,currency\n1555,Test numbers,0.10,USD\n99x,Nowhere,1,USD\n")
    done = scan(FLOOD, "--rates", rates, "--html", path)
    assert done.returncode == 1
    assert "rates.csv: line 3, prefix: '99x' is no beginning of a number" in done.stderr
    text = words(path.read_text(encoding="utf-8"))
    assert "Destinations by price class" in text
    assert "line 3, prefix: '99x'" in text
    rates.write_text("code,name\n")
    done = scan(FLOOD, "--rates", rates, "--html", path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "the header lacks prefix, class; the first line must be: prefix,class" in done.stderr
    done = scan(FLOOD, "--rates", rates)
    assert done.returncode == 2
    assert "give --html too" in done.stderr


def test_what_could_not_be_judged_is_said_beside_the_table_too() -> None:
    done = scan(FLOOD)
    assert "not judged: whether callers used numbers they hold: no numbers file was given; give --numbers" in done.stderr
    assert "not judged: destinations by price class, and what the calls cost: no rate deck was given" in done.stderr

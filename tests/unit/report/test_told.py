"""What was read, left aside and not judged, in words; rules in words; and the table on a terminal."""

import io
from collections import Counter
from pathlib import Path

import pytest
from rich.console import Console
from tests.unit.report.scene import CAPTURES, NOTHING_GIVEN, bundle, judged, report, rows, scanned, walk

from ringfence.policy.plan import Rule
from ringfence.report import Given, Read, reading, summary
from ringfence.report.collector import Collector
from ringfence.report.rule_words import compared, limits, measure_text, text_of
from ringfence.report.unjudged import unjudged
from ringfence.report.writing import Writer
from ringfence.watch.recorded import FileCounts, Skipped
from ringfence.watch.wire.cdr import HEADER, RowProblem


def rule(name: str) -> Rule:
    return next(each for each in bundle().plan.rules if each.name == name)


def printed(collector: Collector, read: Read | None = None, *, width: int = 120, masked: bool = False) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(summary(collector, read or Read(), NOTHING_GIVEN, masked=masked))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def missing(collector: Collector, read: Read | None = None, given: Given = NOTHING_GIVEN) -> list[str]:
    return [line.what for line in unjudged(collector, read or Read(), given)]


def test_unusable_rows_are_counted_by_reason_with_the_first_examples(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    good = "c1,2026-03-02T09:00:00Z,,2026-03-02T09:00:05Z,acme,+441632960000,+441632111111,198.51.100.7,486,callee,"
    bad = "c2,when,,2026-03-02T09:00:05Z,acme,+441632960000,+441632111111,198.51.100.7,486,callee,"
    path.write_text("\n".join([HEADER, good, bad, bad, "c3,short"]) + "\n")
    _, read = scanned(path)
    (file,) = reading.files(read, Writer(masked=False))
    assert file.used == "1 record"
    counts = {left.reason: left.count for left in file.left}
    assert counts["start unusable"] == 2
    assert sum(counts.values()) == 3
    assert any(example.startswith("line 3, start: 'when'") for left in file.left for example in left.examples)
    assert next(row for row in rows(report(*scanned(path))) if row[0] == "start unusable")[1] == "2"


def test_files_passed_over_and_damage_are_named() -> None:
    counts = FileCounts("broken.pcap.gz", "capture", damage="the packed file breaks off")
    read = Read(files=[counts], skipped=[Skipped("holiday.jpg", "it looks like a picture")], defects={"no-call-id": 3})
    html = report(judged([]), read)
    assert ["holiday.jpg", "it looks like a picture"] in rows(html)
    assert ["the rest of the file: the packed file breaks off", "1", ""] in rows(html)
    assert ["SIP messages with the defect no-call-id", "3", ""] in rows(html)


def test_a_capture_is_told_in_packets_and_messages() -> None:
    (file,) = reading.files(scanned(CAPTURES / "svwar.pcap")[1], Writer(masked=False))
    assert file.used == "84 SIP messages in 84 packets"
    assert file.left == ()


def test_hostile_problems_are_told_harmlessly() -> None:
    problem = RowProblem(2, "start", "'\x1b[2J\u202e<b>+441632960001' is no time")
    counts = FileCounts("x.csv", "call-records", unusable_rows=1, problems=[problem], reasons=Counter({"start unusable": 1}))
    text = printed(judged([]), Read(files=[counts]), masked=True)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "+441632960001" not in text
    assert "<b>" not in report(judged([]), Read(files=[counts]))


def test_missing_inputs_are_named() -> None:
    lacking = missing(judged(walk(10)))
    assert "which reseller or party stands above an account" in lacking
    assert "whether callers used numbers they hold" in lacking
    assert "who registers as whom, and guessing of passwords" in lacking
    assert "destinations by price class, and what the calls cost" in lacking
    assert "rule sip-scan" in lacking
    assert "rule fan-out-dialler" not in lacking


def test_a_capture_without_accounts_says_that_nobody_answers_for_it() -> None:
    lacking = missing(*scanned(CAPTURES / "sipp_calls.pcap"))
    assert "which customer answers for the traffic" in lacking
    assert "rule fan-out-dialler" in lacking


def test_times_without_a_zone_ask_for_one() -> None:
    counts = FileCounts("x.csv", "call-records", reasons=Counter({"a time without a zone": 3}))
    assert "3 rows with times that name no zone" in missing(judged([]), Read(files=[counts]))
    assert "3 rows with times that name no zone" not in missing(judged([]), Read(files=[counts]), Given(timezone="UTC"))


def test_conditions_are_told_as_numbers_against_limits() -> None:
    told = [(limit.what, limit.words, limit.limit) for limit in limits(rule("sip-scan"))]
    assert told == [
        ("refused", "at least", 5),
        ("refusals / (refusals + served)", "at least", 0.8),
        ("challenged - retried", "at least", 20),
    ]
    numbers = {"refused": 5.0, "refusals": 5.0, "served": 0.0, "challenged": 1.0, "retried": 0.0}
    assert [(line.measured, line.holds) for line in compared(rule("sip-scan"), numbers)] == [("5", True), ("1", True), ("1", False)]
    assert [line.measured for line in compared(rule("sip-scan"), {"refused": 5.0})] == ["5", "", ""]


def test_rules_are_written_as_they_were_written() -> None:
    flood = rule("invite-flood")
    assert text_of(flood.when) == "attempts > 40"
    assert [measure_text(measure) for measure in flood.measures] == ["count()", "distinct(callee)"]
    brute = rule("register-brute-force")
    assert measure_text(brute.measures[0]) == "count(status in (401, 403, 404, 407))"
    assert brute.where is not None
    assert text_of(brute.where) == "credentials and not stale"


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_the_terminal_s_table_fits_and_names_the_numbers(width: int) -> None:
    text = printed(judged(walk()), width=width)
    assert max(map(len, text.splitlines())) <= width
    joined = " ".join(text.split())
    for word in ("warn", "acme", "60", "finding"):
        assert word in joined


def test_the_terminal_says_what_was_read_and_not_judged() -> None:
    text = printed(*scanned(CAPTURES / "svcrack.pcap"), width=200)
    assert "source 127.0.0.1" in text
    assert "failures 10 (at least 10)" in text
    assert "svcrack.pcap: 184 SIP messages in 184 packets" in text
    assert "not judged: which customer answers for the traffic" in text
    assert text.rstrip().endswith("184 events, 2026-11-22 20:36:49 to 2026-11-22 20:36:50 UTC (0.477 s): 1 finding")

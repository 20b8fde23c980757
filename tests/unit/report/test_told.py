"""What was read, left aside and not judged, in words; rules in words; and the table on a terminal."""

import io
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from rich.console import Console
from tests.unit.report.scene import CAPTURES, NOTHING_GIVEN, attempt, bundle, judged, report, rows, scanned, walk

from ringfence.policy.plan import Rule
from ringfence.policy.written import written, written_measure
from ringfence.report import Collector, Given, Read, findings_table, reading, terminal
from ringfence.report.unjudged import unjudged
from ringfence.watch.recorded import FileCounts, Skipped
from ringfence.watch.wire.cdr import HEADER, RowProblem
from ringfence.words.rules import compared, limits
from ringfence.words.writing import Writer


def rule(name: str) -> Rule:
    return next(each for each in bundle().plan.rules if each.name == name)


def printed(collector: Collector, *, width: int = 120, masked: bool = False) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    table = findings_table(collector, masked=masked)
    assert table is not None
    console.print(table)
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
    html = report(judged([]), Read(files=[counts]), masked=True)
    assert "&lt;b&gt;" in html
    for harmful in ("\x1b", "\u202e", "+441632960001", "<b>+"):
        assert harmful not in html


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


def test_times_without_a_zone_ask_for_one(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text(f"{HEADER}\nc1,2026-03-02T09:00:00,,2026-03-02T09:00:05,acme,,+441632111111,198.51.100.7,486,callee,\n")
    collector, read = scanned(path)
    assert "rows whose times name no zone" in missing(collector, read)
    assert "rows whose times name no zone" not in missing(collector, read, Given(timezone="UTC"))


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
    assert written(flood.when) == "attempts > 40"
    assert [written_measure(measure) for measure in flood.measures] == ["count()", "distinct(callee)"]
    brute = rule("register-brute-force")
    assert written_measure(brute.measures[0]) == "count(status in (401, 403, 404, 407))"
    assert brute.where is not None
    assert written(brute.where) == "credentials and not stale"


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_the_terminal_s_table_fits_and_names_the_numbers(width: int) -> None:
    text = printed(judged(walk()), width=width)
    assert max(map(len, text.splitlines())) <= width
    joined = " ".join(text.split())
    for word in ("warn", "acme", "60", "finding"):
        assert word in joined


def test_the_terminal_s_table_is_harmless_and_can_hide_digits() -> None:
    events = [msgspec.structs.replace(event, account="[red]\x1b[2J441632960001") for event in walk(100)]
    text = printed(judged(events), width=160)
    assert "account [red]?[2J441632960001" in text
    assert "\x1b" not in text
    assert "account [red]?[2J44163296····#1" in printed(judged(events), width=160, masked=True)


def test_a_collector_that_looks_at_findings_alone_gives_the_same_table() -> None:
    seen = judged(walk())
    alone = Collector(bundle(), closely=False)
    for group in seen.groups.values():
        alone.take([], group.findings)
    assert printed(alone) == printed(seen)


def test_findings_beyond_the_table_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "MOST_SHOWN", 1)
    events = [attempt(n, f"+4416320{n:05}", at=n * 1_000, account=f"dialler-{n // 60}") for n in range(180)]
    assert "and 2 findings more; --json gives all" in printed(judged(events))


def test_nothing_found_is_no_table() -> None:
    assert findings_table(judged([])) is None

"""A finding explained: its numbers and limits, since when, examples, and what would have made it quiet."""

import io
import json
import sys
from pathlib import Path

import msgspec
import pytest
import typer
from tests.unit.report.scene import ROOT, bundle, judged, report, walk, words

from ringfence.cli.explain import command
from ringfence.feeds import FeedWriter
from ringfence.vocabulary.contracts import Finding
from ringfence.words.findings import explained

FOUR = ROOT / "tests" / "bundles" / "four"


@pytest.fixture(name="finding", scope="module")
def of_a_dialler() -> Finding:
    (group,) = judged(walk(100)).groups.values()
    return group.findings[0]


def test_the_paragraph_says_what_was_measured_against_what_since_when_and_what_would_be_quiet(finding: Finding) -> None:
    (rule,) = (rule for rule in bundle().plan.rules if rule.name == finding.rule)
    text = explained(finding, rule, "Automatic dialling").paragraph
    assert 'The rule fan-out-dialler of the clause auto-dialing "Automatic dialling" is about account acme: This account' in text
    assert "“callees” came to 60 (the limit: at least 60);" in text
    assert "the share of “callees” in “attempts” came to 100 % (the limit: at least 90 %)." in text
    assert "“callees” is the number of different values of the called number over attempts to call." in text
    assert "It rests on 60 events from 2026-03-02 08:55:59 to 2026-03-02 09:00:59 UTC (5 min), counted over the last 5 min" in text
    assert "Examples, by Call-ID: call-57, call-58, call-59." in text
    assert "had “callees” been less than 60 or the share of “callees” in “attempts” been less than 90 %." in text


def test_without_the_rule_the_finding_s_own_limits_are_told_and_the_lack(finding: Finding) -> None:
    text = explained(finding, None, None).paragraph
    assert "callees came to 60 (the limit: 60)" in text
    assert "Nothing would have been found" not in text
    assert "The policy at hand has no such rule" in text


def test_of_alternatives_only_those_that_held_are_told(finding: Finding) -> None:
    (rule,) = (rule for rule in bundle().plan.rules if rule.name == "sip-scan")
    odd = msgspec.structs.replace(finding, rule="sip-scan", measures={"refused": 5.0, "refusals": 5.0, "served": 0.0})
    told = explained(odd, rule, None)
    assert "“challenge" not in told.measured + told.quiet
    assert told.quiet.startswith("Nothing would have been found, had “refused” been less than 5 or the share of “refusals” in ")


def test_the_report_explains_each_group_s_first_finding(finding: Finding) -> None:
    assert finding.evidence.sample
    assert "had “callees” been less than 60 or the share of “callees” in “attempts” been less than 90 %" in words(
        report(judged(walk(100)))
    )


def test_a_finding_of_the_data_folder_is_found_by_how_its_id_begins(
    finding: Finding, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    feed = FeedWriter(tmp_path / "feeds" / "findings")
    feed.append([msgspec.json.encode(finding)])
    feed.close()
    command(finding.id[:8], data=tmp_path, policy=FOUR)
    assert "“callees” came to 60" in capsys.readouterr().out


def test_a_finding_of_a_scan_is_explained_as_json(
    finding: Finding, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = io.BytesIO(msgspec.json.encode(finding) + b"\n")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(lines))
    command(finding.id, findings=Path("-"), policy=FOUR, json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["id"] == finding.id
    assert told["examples"] == ["call-57", "call-58", "call-59"]


@pytest.mark.parametrize(
    ("text", "wanted", "cause"),
    [
        (b"", "abcdef", "no finding begins with 'abcdef'"),
        (b"{}\n", "abcdef", "line 1: no finding"),
        (b"", "abc", "too short for a finding"),
    ],
)
def test_what_can_not_be_explained_says_why(
    tmp_path: Path, text: bytes, wanted: str, cause: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "findings.jsonl"
    path.write_bytes(text)
    with pytest.raises(typer.Exit) as left:
        command(wanted, findings=path, policy=FOUR)
    assert left.value.exit_code == 2
    assert cause in capsys.readouterr().err

"""`ringfence lists` as an operator uses it."""

import json
from pathlib import Path

import msgspec
from typer import Typer
from typer.testing import CliRunner, Result

from ringfence.cli import lists
from ringfence.feeds import FeedWriter
from ringfence.vocabulary.contracts import BroughtEntry, BroughtList, Reference
from ringfence.vocabulary.times import DAY, Micros, from_iso

LATE = from_iso("2099-01-01T00:00:00Z")


def run(*arguments: object) -> Result:
    program = Typer()
    program.command()(lists.command)
    return CliRunner().invoke(program, [str(argument) for argument in arguments])


def told(data: Path, **brought: BroughtList) -> None:
    writer = FeedWriter(data / "feeds" / "reference")
    named = {name.replace("_", "-"): each for name, each in brought.items()}
    writer.append([msgspec.json.encode(Reference(time=Micros(0), brought=named))])
    writer.close()


def test_an_empty_list_is_named_with_the_rules_that_read_it_until_somebody_brings_it(tmp_path: Path) -> None:
    before = run("--data", tmp_path)
    assert before.exit_code == 1
    assert "reported-callers: 0 posted, 0 brought" in before.output
    assert "lacking: the list reported-callers holds nothing" in before.output
    assert "lacking: the list caller-rights" not in before.output
    told(tmp_path, reported_callers=BroughtList(entries=(BroughtEntry(entry="+3225550100"),), fetched=DAY, fresh_until=LATE))
    after = run("--data", tmp_path, "--json")
    (line,) = (each for each in map(json.loads, after.stdout.splitlines()) if each["name"] == "reported-callers")
    assert (line["posted"], line["brought"], line["fetched"], line["lacks"]) == (0, 1, DAY, "")
    assert line["rules"] == ["reported-caller", "reported-caller-inbound"]


def test_a_stale_list_and_a_bad_file_are_said(tmp_path: Path) -> None:
    told(tmp_path, reported_callers=BroughtList(entries=(BroughtEntry(entry="+3225550100"),), fresh_until=DAY))
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "do-not-originate.csv").write_text("entry,source,expiry,review\n+3225550100,me,soon,\n", encoding="utf-8")
    (tmp_path / "lists" / "emergency-numbers.csv").write_text("entry,source,expiry,review\n", encoding="utf-8")
    result = run("--data", tmp_path)
    assert result.exit_code == 1
    assert "reported-callers was to be looked at again by 1970-01-02" in result.output
    assert "lists/do-not-originate.csv:2:1: expiry 'soon' is no date (write it as 2027-06-30)" in result.output
    assert "emergency-numbers changes with a posted version alone" in result.output

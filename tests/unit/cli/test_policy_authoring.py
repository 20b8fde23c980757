"""What an author of policies does at a terminal: run examples, format, explain, compare, ask for schemas."""

import json
from pathlib import Path
from typing import Final

import pytest
from tests.conftest import ROOT
from tests.unit.policy.minimal import LADDER, RULE, TEXT, files
from typer.testing import CliRunner, Result

from ringfence.cli.policy import app

EXAMPLE: Final = """\
says: A hundred and one calls in a minute, more than half of them short.
time: 2026-03-02T10:00:00Z
events:
  - call: {account: acme, callee: "+3247#######", duration: [3s, 3s, 9s]}
    count: 130
    every: 400ms
finds:
  - {at: 40s, rule: many-calls, subject: account acme, measures: {calls: 101}}
"""


def written(folder: Path, **parts: str) -> Path:
    """Write the minimal bundle, with its `example` under tests/."""
    example = parts.pop("example", None)
    contents = files(**parts) | ({"tests/calls.yaml": example.encode()} if example is not None else {})
    for path, content in contents.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def ran(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_examples_that_hold_are_told_and_leave_with_zero(tmp_path: Path) -> None:
    result = ran("test", written(tmp_path, example=EXAMPLE))
    assert result.stdout == (
        "ok     tests/calls.yaml: A hundred and one calls in a minute, more than half of them short.\n1 of 1 examples as stated\n"
    )
    assert result.exit_code == 0


def test_an_example_that_does_not_hold_says_what_was_found_instead(tmp_path: Path) -> None:
    result = ran("test", written(tmp_path, example=EXAMPLE.replace("at: 40s", "at: 44s")))
    assert result.exit_code == 1
    assert "FAILED tests/calls.yaml" in result.stdout
    assert "tests/calls.yaml:8: found at 2026-03-02T10:00:40Z, not 2026-03-02T10:00:44Z" in result.stdout
    assert "0 of 1 examples as stated" in result.stdout


def test_examples_can_be_chosen_by_name_and_none_is_told(tmp_path: Path) -> None:
    folder = written(tmp_path, example=EXAMPLE)
    assert ran("test", folder, "calls").exit_code == 0
    none = ran("test", folder, "other")
    assert (none.exit_code, "no example" in none.stderr) == (2, True)


def test_a_mistake_in_an_example_is_shown_with_its_line(tmp_path: Path) -> None:
    result = ran("test", written(tmp_path, example=EXAMPLE.replace("callee:", "calee:")))
    assert result.exit_code == 2
    assert result.stderr.startswith("tests/calls.yaml:4:27: unknown field calee\n      - call:")


def test_the_default_policys_own_examples_hold() -> None:
    result = ran("test", ROOT / "bundles" / "default")
    assert result.exit_code == 0, result.stdout
    rules = sorted(path.stem for path in (ROOT / "bundles" / "default" / "rules").iterdir())
    shown = [line.split()[1].removesuffix(".yaml:") for line in result.stdout.split("\n") if line.startswith("ok")]
    assert shown == sorted(f"tests/{rule}-{end}" for rule in rules for end in ("fires", "quiet"))


def test_a_rule_is_formatted_in_place_and_checked(tmp_path: Path) -> None:
    folder = written(tmp_path, rule=RULE.replace("calls > 100", "calls>100") + "# the end\n")
    path = folder / "rules" / "many-calls.yaml"
    untidy = path.read_text()
    checked = ran("fmt", folder, "--check")
    assert (checked.exit_code, path.read_text()) == (1, untidy)
    assert f"not in canonical form: {path}" in checked.stdout
    assert ran("fmt", folder).stdout == f"formatted: {path}\n1 rules, 1 formatted\n"
    assert path.read_text() == RULE + "# the end\n"
    assert ran("fmt", path, "--check").exit_code == 0
    assert ran("fmt", tmp_path / "nowhere").exit_code == 2


def test_a_file_that_is_no_yaml_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "rule.yaml"
    path.write_text("rule: [")
    result = ran("fmt", path)
    assert (result.exit_code, path.read_text()) == (2, "rule: [")
    assert "not readable as YAML" in result.stderr


def test_a_rule_is_explained(tmp_path: Path) -> None:
    result = ran("explain", written(tmp_path), "many-calls")
    assert result.exit_code == 0
    assert result.stdout.startswith("many-calls (clause spam)\n  What it finds\n    More than a hundred calls in a minute.\n")
    assert max(len(line) for line in result.stdout.split("\n")) <= 100
    missing = ran("explain", tmp_path, "few-calls")
    assert (missing.exit_code, "no rule few-calls" in missing.stderr) == (2, True)


def test_two_versions_are_shown_side_by_side(tmp_path: Path) -> None:
    old = written(tmp_path / "old")
    new = written(
        tmp_path / "new",
        rule=RULE.replace("calls > 100", "calls > 200"),
        ladder=LADDER.replace("do: notify", "do: ask"),
        text=TEXT.replace("Nobody may", "Nobody shall"),
    )
    result = ran("diff", old, new)
    assert result.exit_code == 1
    for told in ("text spam: changed", "rules many-calls: changed", "ladder spam: changed", "Nobody shall flood", "calls > 200"):
        assert told in result.stdout
    assert (ran("diff", old, old).exit_code, ran("diff", old, old).stdout) == (0, "no difference\n")


def test_differences_come_as_json_too(tmp_path: Path) -> None:
    old, new = written(tmp_path / "old"), written(tmp_path / "new", rule=RULE.replace("calls > 100", "calls > 200"))
    result = ran("diff", old, new, "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == [
        {
            "part": "rules",
            "name": "many-calls",
            "fate": "changed",
            "edits": [
                {"key": "when", "before": "calls > 100 and short / calls > 0.5", "after": "calls > 200 and short / calls > 0.5"}
            ],
        }
    ]
    assert json.loads(ran("diff", old, old, "--json").stdout) == []


@pytest.mark.parametrize(("described", "key"), [("rule", "cool_down"), ("example", "finds")])
def test_schemas_are_printed_as_json(described: str, key: str) -> None:
    result = ran("schema", described)
    assert result.exit_code == 0
    assert key in json.loads(result.stdout)["properties"]


def test_a_refused_bundle_is_told_whatever_is_asked(tmp_path: Path) -> None:
    folder = written(tmp_path, rule=RULE.replace("per: account", "per: acount"), example=EXAMPLE)
    for arguments in (("test", folder), ("explain", folder), ("diff", folder, folder)):
        result = ran(*arguments)
        assert (result.exit_code, "unknown field acount" in result.stderr) == (2, True)

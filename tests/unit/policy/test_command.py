"""`ringfence policy` as a person meets it."""

from pathlib import Path

from tests.unit.policy.minimal import LADDER, RULE, files
from typer.testing import CliRunner

from ringfence.cli.policy import app
from ringfence.policy import Problem, load, render


def written(folder: Path, bundle: dict[str, bytes]) -> str:
    for path, content in bundle.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return str(folder)


def test_a_sound_bundle_is_told_with_its_version(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["check", written(tmp_path, files())])
    assert result.exit_code == 0
    assert result.stdout == f"Acceptable use policy: clauses 2, rules 1, entries in lists 1\nversion {load(files()).hash}\n"


def test_problems_are_told_with_a_caret_and_exit_code_two(tmp_path: Path) -> None:
    spoilt = files(rule=RULE.replace("calls > 100", "cals > 100"), ladder=LADDER.replace("grave: yes", "grave: so"))
    result = CliRunner().invoke(app, ["check", written(tmp_path, spoilt)])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr == (
        "ladder.yaml:8:14: grave cannot be 'so'\n"
        "          grave: so\n"
        "                 ^\n"
        "    hint: write yes or no\n"
        "rules/many-calls.yaml:11:7: unknown measure cals\n"
        "    when: cals > 100 and short / calls > 0.5\n"
        "          ^\n"
        "    hint: did you mean calls?\n"
        "refused: 2 problems\n"
    )


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["check", str(tmp_path / "nowhere")])
    assert result.exit_code == 2
    assert "no such folder" in result.stderr


def test_the_plan_names_windows_and_thresholds(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["plan", written(tmp_path, files())])
    assert result.exit_code == 0
    assert "on attempt per account; window 1min rolling" in result.stdout
    assert "thresholds calls: 100, short / calls: 0.5" in result.stdout


def test_a_clause_is_shown_with_its_rules_and_steps(tmp_path: Path) -> None:
    folder = written(tmp_path, files())
    listed = CliRunner().invoke(app, ["show", folder])
    assert [word in listed.stdout for word in ("technical-prevention", "spam", "many-calls")] == [True, True, True]
    shown = CliRunner().invoke(app, ["show", folder, "spam"])
    assert "Nobody may flood Example Voice with calls." in shown.stdout
    assert "outsider from strike 1: refuse source for 1h, silent, standing (under technical-prevention)" in shown.stdout
    missing = CliRunner().invoke(app, ["show", folder, "span"])
    assert (missing.exit_code, "no clause span" in missing.stderr) == (2, True)


def test_a_bundle_cannot_steer_the_terminal_that_shows_it() -> None:
    shown = render(Problem("a", 1, 3, "b"), {"a": b"x\x1b[2Jy\tz"})
    assert shown == "a:1:3: b\n    x·[2Jy z\n      ^"

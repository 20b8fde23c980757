"""`ringfence backtest` and `replay` as an operator uses them."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from shutil import copytree

import pytest
from tests.conftest import ROOT
from tests.unit.watch.live.installation import Installation
from tests.unit.watch.live.installation import findings as told_live
from typer import Typer
from typer.testing import CliRunner, Result

from ringfence.cli import backtest, lake, policy, replay
from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.history.comparison import Judgement, compared
from ringfence.watch.history.run_state import read_run
from ringfence.watch.sources.datagram import Datagram

from tests.unit.watch.calls.recordings import recorded  # isort: skip

KEY = bytes(range(32))
BUNDLE = ROOT / "tests" / "bundles" / "four"
CAPTURES = ROOT / "examples" / "captures"
NAMES = ("svcrack", "svwar", "sipp_invite_flood", "sipp_calls")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data folder whose lake has attacks and ordinary calls."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "installation.key").write_bytes(KEY)
    files = [str(CAPTURES / f"{name}.pcap") for name in NAMES]
    brought = CliRunner().invoke(lake.app, ["import", *files, "--data", str(folder)])
    assert brought.exit_code == 0, brought.output
    return folder


@pytest.fixture
def deafer(tmp_path: Path) -> Path:
    """Return a bundle that needs far more failures for its brute force rule."""
    copytree(BUNDLE, tmp_path / "deafer")
    rule = tmp_path / "deafer" / "rules" / "register-brute-force.yaml"
    text = rule.read_text(encoding="utf-8")
    assert "failures >= 10" in text
    rule.write_text(text.replace("failures >= 10", "failures >= 100000"), encoding="utf-8")
    return tmp_path / "deafer"


def run(command: object, *arguments: object) -> Result:
    program = Typer()
    program.command()(command)  # type: ignore[type-var]  # a plain function
    return CliRunner().invoke(program, [str(argument) for argument in arguments])


def lines(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_backtest_finds_what_was_in_the_traffic(data: Path) -> None:
    result = run(backtest.command, BUNDLE, "--data", data, "--json", "--processes", 1)
    assert result.exit_code == 1, result.output
    found = lines(result)
    assert {finding["rule"] for finding in found} >= {"register-brute-force", "sip-scan", "invite-flood"}
    assert found == sorted(found, key=lambda finding: (str(finding["time"]).zfill(20), finding["rule"]))
    assert not list((data / backtest.RUNS).iterdir())


def test_a_range_without_traffic_is_refused(data: Path) -> None:
    result = run(backtest.command, BUNDLE, "--data", data, "--to", "2001-01-01T00:00:00Z")
    assert result.exit_code == 2
    assert "nothing in that range" in result.output
    assert not list((data / backtest.RUNS).iterdir())
    assert run(backtest.command, BUNDLE, "--data", data, "--from", "yesterday").exit_code == 2


def test_two_bundles_are_compared(data: Path, deafer: Path) -> None:
    result = run(backtest.command, deafer, "--against", BUNDLE, "--data", data, "--json")
    assert result.exit_code == 1, result.output
    (told,) = lines(result)
    rules = {rule["rule"]: (rule["new"], rule["old"], rule["same"]) for rule in told["rules"]}  # type: ignore[attr-defined]
    new, old, same = rules["register-brute-force"]
    assert (new, same) == (0, 0)
    assert old > 0
    assert all(new == old == same for rule, (new, old, same) in rules.items() if rule != "register-brute-force")
    assert told["only_new"] == []
    assert {finding["rule"] for finding in told["only_old"]} == {"register-brute-force"}  # type: ignore[attr-defined]
    text = run(backtest.command, deafer, "--against", BUNDLE, "--data", data)
    assert "only the old one finds" in text.output


def test_a_damaged_bundle_is_refused_with_its_problems(data: Path, deafer: Path) -> None:
    (deafer / "rules" / "sip-scan.yaml").write_text("rule: sip-scan\n", encoding="utf-8")
    result = run(backtest.command, deafer, "--data", data)
    assert result.exit_code == 2
    assert "sip-scan.yaml" in result.output


def test_ctrl_c_leaves_what_resume_goes_on_with(data: Path) -> None:
    wanted = run(backtest.command, BUNDLE, "--data", data, "--json", "--processes", 1).stdout
    command = [sys.executable, "-m", "ringfence.cli", "backtest", str(BUNDLE), "--data", str(data), "--json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, text=True)
    for _ in range(6_000):
        if process.poll() is not None or any(read_run(folder) for folder in (data / backtest.RUNS).glob("*")):
            break
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    printed, complaint = process.communicate(timeout=100)
    # On a fast machine it is done, and has printed everything, before it can be stopped.
    assert process.returncode in (1, 130, -signal.SIGINT), complaint
    if process.returncode == 130:
        assert "--resume goes on" in complaint
        resumed = run(backtest.command, BUNDLE, "--data", data, "--json", "--resume")
        assert resumed.exit_code == 1, resumed.output
        printed = resumed.stdout
    assert sorted(printed.splitlines()) == sorted(wanted.splitlines())


def test_numbers_of_a_rule_are_tried_over_history(data: Path) -> None:
    result = CliRunner().invoke(policy.app, ["calibrate", "register-brute-force", "--data", str(data), "--json"])
    assert result.exit_code == 0, result.output
    failures, *_ = lines(result)
    assert failures["dial"] == {"place": 0, "compared": "failures", "operator": ">=", "present": 10.0}
    trials = {trial["threshold"]: trial["subjects"] for trial in failures["trials"]}  # type: ignore[attr-defined]
    assert trials[10.0] == 1
    text = CliRunner().invoke(policy.app, ["calibrate", "register-brute-force", "--data", str(data)])
    assert "▶" in text.output
    assert "█" in text.output
    unknown = CliRunner().invoke(policy.app, ["calibrate", "nonsense", "--data", str(data)])
    assert unknown.exit_code == 2
    assert not list((data / backtest.RUNS).iterdir())


def test_people_who_decided_are_asked() -> None:
    judged = [
        Judgement("source", "192.0.2.1", Micros(0), Micros(SECOND), upheld=True),
        Judgement("source", "192.0.2.2", Micros(0), Micros(SECOND), upheld=False),
    ]
    comparison = compared([], [], judged)
    assert comparison.people is not None
    assert (comparison.people[0].upheld, comparison.people[0].found, comparison.people[0].cleared) == (1, 0, 1)


def _at(each: Datagram, time: Micros) -> Datagram:
    ends = (each.source, each.source_port, each.destination, each.destination_port)
    return Datagram(time, time, each.kind, each.transport, *ends, each.payload, agent=7)


def test_a_replay_prints_what_live_watch_told(tmp_path: Path) -> None:
    (tmp_path / "installation.key").write_bytes(KEY)
    begin = Micros(1_800_000_000 * SECOND)
    live = Installation(tmp_path, now=begin)
    part = list(recorded(CAPTURES / "svcrack.pcap"))
    live.play([_at(each, Micros(each.time - part[0].time + begin)) for each in part])
    live.crash()
    told = told_live(tmp_path)
    assert told
    copytree(BUNDLE, tmp_path / "policies" / told[0].policy)
    result = run(replay.command, "--data", tmp_path, "--json")
    assert result.exit_code == 1, result.output
    assert [finding["id"] for finding in lines(result)] == [finding.id for finding in told]
    by_bundle = run(replay.command, "--data", tmp_path, "--policy", BUNDLE, "--json")
    assert [finding["id"] for finding in lines(by_bundle)] == [finding.id for finding in told]
    assert run(replay.command, "--data", tmp_path / "none").exit_code == 2

"""Each folder beside this file is a scenario: recordings, the default policy, and the findings it must give, to the microsecond.

`make expect` rewrites the expected findings; the difference is then reviewed like code.
"""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import ROOT

from ringfence.policy import load, read_folder

SCENARIOS = sorted(path.parent for path in Path(__file__).parent.glob("*/scenario.toml"))
BUNDLE = ROOT / "bundles" / "default"


def read(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "scenario.toml").read_text())


def found(folder: Path, scenario: dict[str, Any]) -> list[dict[str, Any]]:
    """Run `ringfence scan` as anybody would, and return what the scenario's rule finds, without what rests on the policy's hash."""
    accounts = ["--accounts", scenario["accounts"]] if "accounts" in scenario else []
    command = [sys.executable, "-m", "ringfence.cli", "scan", "--json", "--policy", str(BUNDLE), *accounts, *scenario["recordings"]]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    findings = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == (1 if findings else 0), done.stderr
    left_out = ("id", "policy", "says")
    return [
        {name: value for name, value in finding.items() if name not in left_out}
        for finding in findings
        if finding["rule"] == scenario["rule"]
    ]


@pytest.mark.parametrize("folder", SCENARIOS, ids=lambda folder: folder.name)
def test_a_recording_gives_the_expected_findings(folder: Path) -> None:
    scenario = read(folder)
    findings = found(folder, scenario)
    assert (scenario["rule"] in {finding["rule"] for finding in findings}) == scenario["fires"]
    text = "".join(json.dumps(finding, indent=1) + "\n" for finding in findings)
    path = folder / "expected.json"
    if os.environ.get("RINGFENCE_EXPECT") == "1":
        path.write_text(text)
    assert path.read_text() == text


def test_each_rule_shown_here_has_a_firing_and_a_quiet_recording() -> None:
    rules = {rule.name for rule in load(read_folder(BUNDLE)).plan.rules}
    shown = {(scenario["rule"], scenario["fires"]) for scenario in map(read, SCENARIOS)}
    assert shown == {(rule, fires) for rule, _ in shown for fires in (True, False)}
    assert {rule for rule, _ in shown} <= rules  # the others have their examples in the bundle

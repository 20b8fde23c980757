"""A scan's rules may ask who holds a number, and count by what they make of one."""

from pathlib import Path

import pytest
from tests.unit.cli.test_scan import FOUR, dialler, found, records

RULE = """\
rule: borrowed-block
clause: auto-dialing
says: At least five calls of one block came from numbers that the account does not hold.
source: ours
on: attempt where country(callee) == "BE" and not held(caller)
per: [account, "prefix(caller, 7)"]
subject: account
window: 1h rolling
measure:
  calls: count()
  areas: distinct(prefix(callee, 5))
when: calls >= 5
minimum: none because "each such call is one too many"
severity: warn
mode: report
cool_down: 1h
"""


@pytest.mark.parametrize(("holder", "count"), [("acme", 0), ("other", 1)])
def test_a_rule_asks_who_holds_the_caller_s_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], holder: str, count: int
) -> None:
    policy = tmp_path / "policy"
    for path in FOUR.rglob("*"):
        if path.is_file():
            copy = policy / path.relative_to(FOUR)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    (policy / "rules" / "borrowed-block.yaml").write_text(RULE)
    numbers = tmp_path / "numbers.csv"
    numbers.write_text(f"number,account,valid_from,valid_to\n+3225550100,{holder},,\n")
    code, findings, _ = found(capsys, records(tmp_path, dialler(9)), policy=policy, numbers=numbers)
    assert (code, len(findings)) == (count, count)
    for finding in findings:
        assert (finding.rule, finding.key) == ("borrowed-block", {"prefix(caller, 7)": "+3225550"})
        assert finding.measures == {"calls": 5.0, "areas": 1.0}

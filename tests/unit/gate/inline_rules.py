"""Bundles with rules that decide before, for the gate's tests."""

from pathlib import Path
from shutil import copytree
from typing import Final

from ringfence.gate.inline import RulesBefore
from ringfence.policy import load
from ringfence.policy.folder import read_folder
from ringfence.policy.plan import Plan

CALLS_A_SECOND: Final = """\
rule: calls-a-second
clause: spam
says: This account began more calls within a second than it may.
source: Ours, an example.
on: attempt where direction == "outbound"
per: account
decide: before
window: 1s rolling
measure:
  calls: count()
when: calls > 3
severity: act
proposes:
  - refuse 486
mode: act
cool_down: 1s
"""
FAN_OUT: Final = """\
rule: fan-out-at-once
clause: spam
says: From this address came calls to many numbers within a short time.
source: Ours, an example.
on: attempt
per: source
decide: before
window: 30s rolling
measure:
  callees: distinct(callee)
when: callees >= 6
severity: act
proposes:
  - refuse
mode: act
cool_down: 10s
"""
UNHELD_CALLER: Final = """\
rule: caller-of-another
clause: caller-id-falsification
says: A call showed a caller that begins as no number of ours does.
source: Ours, an example.
on: attempt where caller is not None and direction == "outbound"
per: account
decide: before
when: not matches(caller, "[+]32[0-9]*")
severity: warn
proposes:
  - refuse 403
mode: act
cool_down: 1ms
"""
AT_ONCE: Final = """\
rule: calls-at-once
clause: spam
says: This account had more calls at once than it may have.
source: Ours, an example.
on: attempt where direction == "outbound"
per: account
decide: before
measure:
  live: concurrent()
when: live > 2
severity: act
proposes:
  - refuse 486
mode: act
cool_down: 1s
"""
FOUR: Final = Path(__file__).parents[2] / "bundles" / "four"


def posted(data: Path, *rules: str, policy: str = "first") -> Path:
    """Put a bundle with these rules beside the four where posted ones stand in a data folder; return where."""
    folder = data / "policies" / policy
    copytree(FOUR, folder)
    for number, rule in enumerate(rules):
        (folder / "rules" / f"before-{number}.yaml").write_text(rule, encoding="utf-8")
    return folder


def plan_of(folder: Path) -> Plan:
    return load(read_folder(folder), posted=True).plan


def rules_before(data: Path, *rules: str) -> RulesBefore:
    """Return rules before, not yet told of any policy."""
    posted(data, *rules)
    return RulesBefore(data / "policies", key=b"k")

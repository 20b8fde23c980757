"""A desk whose policy has clocks of every kind."""

from pathlib import Path

import pytest
from tests.unit.desk.scene import ADMIN, NOON, Desk, write_bundle

from ringfence.desk.policies import services as policies

CLOCKS = """
calendars:
  office:
    zone: UTC
    hours: {mon-fri: "09:00-17:00"}
clocks:
  traceback-answer:
    rule: traceback duty of 24 hours
    due: 24h elapsed
    typical: 4h elapsed
    warn: [{before: 4h, role: compliance}, {before: 1h, role: lead}]
    missed: page lead
    pauses: [waiting-for-authority]
  traceback-review:
    rule: ours
    after: traceback-answer
    due: 2h elapsed
    missed: escalate lead
  office-hours:
    rule: the contract
    due: 3 business days
    calendar: office
    missed: default
    pauses: [agreed]
"""


@pytest.fixture
def clocked(desk: Desk, tmp_path: Path) -> Desk:
    policies.post_bundle(folder=write_bundle(tmp_path / "clocked", **{"clocks.yaml": CLOCKS}), actor=ADMIN, now=NOON)
    return desk

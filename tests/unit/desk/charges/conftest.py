"""A desk whose policy has fees, and somebody to write to."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.desk.decisions.conftest import LADDER, PARTIES
from tests.unit.desk.notices.test_notices import CONTACTS
from tests.unit.desk.scene import ADMIN, BUNDLE, NOON, Desk, write_bundle

from ringfence.desk.parties import services as parties
from ringfence.desk.policies import services as policies

FEES = """investigation: {per: 15 min, amount: 25.00 EUR, clause: cost-recovery, most: 60.00 EUR, with: [throttle]}
quarantine: {per: number, amount: 5.00 EUR, clause: cost-recovery, waiver: analyst}
"""
TEXT = BUNDLE["policy.md"] + "\n# 5 Consequences\n\n## Cost recovery {#cost-recovery}\n\nWe charge what it costs.\n"


@pytest.fixture
def charging(data: Path, tmp_path: Path, db: None) -> Iterator[Desk]:
    """A desk whose ladder climbs and whose policy has two fees."""
    folder = write_bundle(tmp_path / "charging", **{"ladder.yaml": LADDER, "fees.yaml": FEES, "policy.md": TEXT})
    policies.post_bundle(folder=folder, actor=ADMIN, now=NOON)
    assert not parties.import_parties(files={**PARTIES, "contacts.csv": CONTACTS}, actor=ADMIN, now=NOON).problems
    desk = Desk(data, next(path.name for path in (data / "policies").iterdir()))
    yield desk
    desk.close()

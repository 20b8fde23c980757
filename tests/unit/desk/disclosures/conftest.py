"""A desk whose policy has the clause on disclosure."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.desk.decisions.conftest import LADDER, PARTIES
from tests.unit.desk.scene import ADMIN, BUNDLE, NOON, Desk, write_bundle

from ringfence.desk.parties import services as parties
from ringfence.desk.policies import services as policies

TEXT = BUNDLE["policy.md"] + "\n# 5 Consequences\n\n## Disclosure {#disclosure}\n\nWe disclose where the law says so.\n"


@pytest.fixture
def disclosing(data: Path, tmp_path: Path, db: None) -> Iterator[Desk]:
    """A desk whose ladder climbs and whose policy speaks of disclosure."""
    folder = write_bundle(tmp_path / "disclosing", **{"ladder.yaml": LADDER, "policy.md": TEXT})
    policies.post_bundle(folder=folder, actor=ADMIN, now=NOON)
    assert not parties.import_parties(files=PARTIES, actor=ADMIN, now=NOON).problems
    desk = Desk(data, next(path.name for path in (data / "policies").iterdir()))
    yield desk
    desk.close()

"""A desk whose ladder has every kind of step, and parties with something to touch."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.desk.scene import ADMIN, NOON, Desk, write_bundle

from ringfence.desk.parties import services as parties
from ringfence.desk.policies import services as policies

LADDER = """unauthorised-access:
  strikes: {weight: 2, expires: 30d}
  steps:
    - for: outsider
      do: refuse source for 1h, silent
      standing: yes
    - for: compromised
      do: bar international until review 1d
    - at: 1
      do: throttle 0.5 calls/s for 24h
    - at: 4
      do: bar all-outbound until review 7d
    - at: 6
      do: suspend until review 7d
      grave: yes
    - at: 8
      do: terminate
      grave: yes
"""
PARTIES = {
    "parties.csv": b"party,parent,kind\nreseller,,reseller\nshop,reseller,customer\nother,,customer\n",
    "accounts.csv": b"account,party\nshop-1,shop\nshop-2,shop\nother-1,other\n",
    "trunks.csv": b"trunk,account,address\nt1,shop-1,198.51.100.7\n",
    "numbers.csv": b"number,account\n+3225550000-+3225550099,shop-1\n+3225559999,shop-2\n",
}


@pytest.fixture
def climbing(data: Path, tmp_path: Path, db: None) -> Iterator[Desk]:
    """A desk whose ladder climbs, and a reseller above a shop with two accounts, a trunk and 101 numbers."""
    policies.post_bundle(folder=write_bundle(tmp_path / "climbing", **{"ladder.yaml": LADDER}), actor=ADMIN, now=NOON)
    assert not parties.import_parties(files=PARTIES, actor=ADMIN, now=NOON).problems
    running = Desk(data, next(path.name for path in (data / "policies").iterdir()))
    yield running
    running.close()

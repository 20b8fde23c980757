"""A campaign: four shops, each with a case of its own, all linked."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from tests.unit.desk.decisions.conftest import LADDER
from tests.unit.desk.scene import ADMIN, ANALYST, BUNDLE, NOON, Desk, write_bundle

from ringfence.desk.cases import matters
from ringfence.desk.cases import selectors as cases
from ringfence.desk.parties import services as parties
from ringfence.desk.policies import services as policies
from ringfence.vocabulary.contracts import Subject
from ringfence.vocabulary.severity import Mode
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import SECOND, Micros, micros

SHOPS = ("a", "b", "c", "d")
PARTIES = {
    "parties.csv": b"party,parent,kind\nreseller,,reseller\n" + b"".join(b"%s,reseller,customer\n" % n.encode() for n in SHOPS),
    "accounts.csv": b"account,party\n" + b"".join(b"%s-1,%s\n" % (n.encode(), n.encode()) for n in SHOPS),
    "numbers.csv": b"number,account\n"
    + b"".join(b"+322555%d00-+322555%d99,%s-1\n" % (i, i, n.encode()) for i, n in enumerate(SHOPS)),
}


@pytest.fixture
def campaign(data: Path, tmp_path: Path, db: None) -> Iterator[tuple[Desk, list[int]]]:
    """A desk that samples half, and the cases of the shops, linked as one campaign in a chain."""
    settings = f"{BUNDLE['bundle.toml']}\n[due_process]\nsampled_percent = 50\n"
    policies.post_bundle(
        folder=write_bundle(tmp_path / "campaign", **{"ladder.yaml": LADDER, "bundle.toml": settings}), actor=ADMIN, now=NOON
    )
    assert not parties.import_parties(files=PARTIES, actor=ADMIN, now=NOON).problems
    desk = Desk(data, next(path.name for path in (data / "policies").iterdir()))
    numbers = []
    for turn, shop in enumerate(SHOPS):
        subject = Subject(kind=SubjectKind.ACCOUNT, id=f"{shop}-1")
        time = Micros(micros(NOON) + turn * SECOND)
        finding = desk.find(subject=subject, party_path=("reseller", shop), mode=Mode.REPORT, time=time)
        case = cases.case_of_finding(finding_id=finding.id, actor=ANALYST)
        assert case is not None
        numbers.append(case)
    for one, other in pairwise(numbers):
        matters.link_cases(case_id=one, other=other, kind="campaign", reason="one script", actor=ANALYST, now=NOON)
    yield desk, numbers
    desk.close()

"""What may follow is the role's: strike, notice, fee and standing order, by a matrix of roles and of who decides."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.desk.decisions.conftest import PARTIES
from tests.unit.desk.notices.test_notices import CONTACTS
from tests.unit.desk.scene import ADMIN, ANALYST, BUNDLE, NOON, Desk, write_bundle

from ringfence.desk.cases import selectors as cases
from ringfence.desk.cases import services as casework
from ringfence.desk.charges import services as charging
from ringfence.desk.charges.models import Charge
from ringfence.desk.charges.services import NothingToCharge
from ringfence.desk.decisions import services
from ringfence.desk.decisions.models import Decision, Strike
from ringfence.desk.decisions.services import Why
from ringfence.desk.notices.models import Notice
from ringfence.desk.parties import services as parties
from ringfence.desk.policies import services as policies
from ringfence.vocabulary.contracts import Subject
from ringfence.vocabulary.severity import Mode
from ringfence.vocabulary.subjects import Role, SubjectKind
from ringfence.vocabulary.times import SECOND, Micros, micros

pytestmark = pytest.mark.django_db

STEPS = "".join(
    f"    - for: {role}\n      do: throttle 1 call/s for 1h\n      standing: yes\n" for role in ("compromised", "victim")
)
LADDER = f"""unauthorised-access:
  strikes: {{weight: 2, expires: 30d}}
  steps:
    - for: outsider
      do: refuse source for 1h, silent
      standing: yes
{STEPS}    - at: 1
      do: throttle 1 call/s for 1h
      standing: yes
"""
TEXT = BUNDLE["policy.md"] + "\n# 5 Consequences\n\n## Cost recovery {#cost-recovery}\n\nWe charge what it costs.\n"
FEES = "investigation: {per: 15 min, amount: 25.00 EUR, clause: cost-recovery}\n"


@pytest.fixture
def acting(data: Path, tmp_path: Path, db: None) -> Iterator[Desk]:
    """A desk with a standing step for every role, fees, and somebody to write to."""
    files = {"ladder.yaml": LADDER, "policy.md": TEXT, "fees.yaml": FEES}
    policies.post_bundle(folder=write_bundle(tmp_path / "acting", **files), actor=ADMIN, now=NOON)
    assert not parties.import_parties(files={**PARTIES, "contacts.csv": CONTACTS}, actor=ADMIN, now=NOON).problems
    desk = Desk(data, next(path.name for path in (data / "policies").iterdir()))
    yield desk
    desk.close()


def measure(desk: Desk, role: str, by: str, *, potential: bool = False) -> Decision:
    """Return a measure in a case of that role, taken by a standing order or by a person."""
    if role == Role.OUTSIDER:
        finding = desk.find(mode=Mode.ACT if by == "standing-order" else Mode.REPORT)
    else:
        subject = Subject(kind=SubjectKind.ACCOUNT, id="shop-1")
        path = ("reseller", "shop")
        first = desk.find(subject=subject, party_path=path, mode=Mode.REPORT)
        case = cases.case_of_finding(finding_id=first.id, actor=ANALYST)
        assert case is not None
        if role != Role.OFFENDER:
            casework.change_role(case_id=case, role=role, reason="as the test says", actor=ANALYST, now=desk.clock())
        mode = Mode.ACT if by == "standing-order" else Mode.REPORT
        finding = desk.find(subject=subject, party_path=path, mode=mode, time=Micros(micros(NOON) + SECOND))
    if by == "person":
        case = cases.case_of_finding(finding_id=finding.id, actor=ANALYST)
        assert case is not None
        why = Why("You called too much.", potential=potential)
        services.decide_by_person(case_id=case, finding_id=finding.id, why=why, actor=ANALYST, now=desk.clock())
    desk.work()
    made = Decision.objects.get()
    assert made.actor_kind == by
    return made


@pytest.mark.parametrize(
    ("role", "by", "strike", "notice"),
    [
        ("offender", "standing-order", True, True),
        ("offender", "person", True, True),
        ("compromised", "standing-order", False, False),
        ("compromised", "person", False, True),
        ("victim", "standing-order", False, False),
        ("victim", "person", False, True),
        ("outsider", "standing-order", False, False),
        ("outsider", "person", False, False),
    ],
)
def test_strikes_and_notices_are_those_of_the_role(acting: Desk, role: str, by: str, strike: bool, notice: bool) -> None:
    made = measure(acting, role, by)
    assert (Strike.objects.exists(), Notice.objects.exists()) == (strike, notice)
    if role == Role.OUTSIDER:
        assert made.clause == "technical-prevention", "no contract binds it"


@pytest.mark.parametrize("role", sorted(Role))
def test_a_violation_that_only_may_come_gives_no_strike_and_no_fee(acting: Desk, role: str) -> None:
    made = measure(acting, role, "person", potential=True)
    assert not Strike.objects.exists()
    with pytest.raises(NothingToCharge):
        charging.charge(decision_id=made.id, fee="investigation", units=1, evidence="x", actor=ANALYST, now=NOON)


@pytest.mark.parametrize(("role", "charged"), [("offender", True), ("compromised", True), ("victim", True), ("outsider", False)])
def test_nothing_is_charged_by_itself_and_outsiders_by_nobody(acting: Desk, role: str, charged: bool) -> None:
    made = measure(acting, role, "standing-order")
    assert not Charge.objects.filter(decision=made).exists()
    if charged:
        charging.charge(decision_id=made.id, fee="investigation", units=1, evidence="x", actor=ANALYST, now=NOON)
    else:
        with pytest.raises(NothingToCharge, match="outsider"):
            charging.charge(decision_id=made.id, fee="investigation", units=1, evidence="x", actor=ANALYST, now=NOON)
    assert Charge.objects.filter(decision=made).exists() is charged

"""Clocks that a measure starts by itself: that its reasons are told, and the time in which an offender may cure the breach."""

from datetime import timedelta
from pathlib import Path

import pytest
from tests.unit.desk.decisions.test_ladder import decide, found
from tests.unit.desk.scene import ADMIN, ANALYST, AUDITOR, NOON, WORKER, Desk

from ringfence.desk.audit import selectors as audit
from ringfence.desk.cases import services as casework
from ringfence.desk.clocks import selectors as clocks
from ringfence.desk.clocks import services as starting
from ringfence.desk.clocks.models import Obligation
from ringfence.desk.clocks.selectors import Wanted
from ringfence.desk.decisions.services import Why
from ringfence.desk.enforcement import services as enforcement
from ringfence.desk.notices import services
from ringfence.desk.notices.relays import Folder
from ringfence.desk.parties import records
from ringfence.desk.parties import services as parties
from ringfence.desk.parties.records import ALWAYS, Terms
from ringfence.desk.policies import services as policies

pytestmark = pytest.mark.django_db

CLOCKS = """
clocks:
  statement-of-reasons:
    rule: reasons go out at once
    due: 1h elapsed
    missed: page lead
  cure-period:
    rule: the contract's, or ours
    due: 5d elapsed
    missed: escalate lead
"""
LATER = NOON + timedelta(minutes=10)


@pytest.fixture
def telling(climbing: Desk, tmp_path: Path) -> Desk:
    """Parties, one contact, and a policy in force that has both clocks."""
    contacts = b"contact,party,role,mail,language\nc1,shop,abuse,abuse@shop.example,en\n"
    assert parties.import_parties(files={"contacts.csv": contacts}, actor=ADMIN, now=NOON).written
    (tmp_path / "climbing" / "clocks.yaml").write_text(CLOCKS)
    policies.post_bundle(folder=tmp_path / "climbing", actor=ADMIN, now=NOON)
    return climbing


def _clock(name: str) -> Obligation | None:
    return clocks.obligations(actor=AUDITOR, now=NOON, wanted=Wanted(state="all", clock=name)).first()


def _send(folder: Path) -> None:
    services.send_due(relay=Folder(folder, "abuse@voice.example"), actor=WORKER, now=LATER)


def test_the_clock_of_the_reasons_runs_from_the_measure_until_they_are_sent(telling: Desk, tmp_path: Path) -> None:
    decision = decide(*found(telling))
    assert _clock("statement-of-reasons") is None
    telling.work()
    running = _clock("statement-of-reasons")
    assert running is not None
    assert (running.noun, running.noun_id, running.party, running.state) == ("decision", decision, "shop", "running")
    assert running.due == NOON + timedelta(hours=1)
    _send(tmp_path / "out")
    sent = _clock("statement-of-reasons")
    assert sent is not None
    assert (sent.state, sent.settled) == ("met", LATER)


def test_a_measure_that_was_lifted_before_anybody_was_told_owes_no_reasons(telling: Desk) -> None:
    decision = decide(*found(telling))
    telling.work()
    enforcement.lift_order(order_id=decision, why=Why("wrong"), actor=ANALYST, now=NOON)
    dropped = _clock("statement-of-reasons")
    assert dropped is not None
    assert dropped.state == "dropped"


def test_reasons_that_went_another_way_are_met_by_hand(telling: Desk) -> None:
    decide(*found(telling))
    telling.work()
    running = _clock("statement-of-reasons")
    assert running is not None
    starting.meet_by_hand(obligation=running.pk, actor=ANALYST, now=LATER)
    met = _clock("statement-of-reasons")
    assert met is not None
    assert (met.state, met.settled_by) == ("met", "ana")


@pytest.mark.parametrize(("hours", "due"), [(72, LATER + timedelta(hours=72)), (None, LATER + timedelta(days=5))])
def test_the_time_to_cure_begins_as_the_party_is_told_and_is_the_contracts(
    telling: Desk, tmp_path: Path, hours: int | None, due: object
) -> None:
    terms = Terms("C-1", "terms", "Belgian law", cure_hours=hours)
    records.agree_contract(party="reseller", terms=terms, span=ALWAYS, actor=ADMIN, now=NOON - timedelta(days=9))
    case, finding = found(telling)
    decide(case, finding)
    telling.work()
    assert _clock("cure-period") is None
    _send(tmp_path / "out")
    running = _clock("cure-period")
    assert running is not None
    assert (running.noun, running.noun_id, running.party, running.due) == ("case", str(case), "shop", due)
    waived = audit.entries(actor=AUDITOR, verb="waived-cure-period")
    assert [entry.details.get("hours") for entry in waived] == ([72] if hours else [])
    casework.close_case(case_id=case, outcome="acted", actor=ANALYST, now=LATER)
    over = _clock("cure-period")
    assert over is not None
    assert over.state == "met"


def test_an_outsider_is_owed_neither(telling: Desk, tmp_path: Path) -> None:
    telling.find()
    _send(tmp_path / "out")
    assert (_clock("statement-of-reasons"), _clock("cure-period")) == (None, None)

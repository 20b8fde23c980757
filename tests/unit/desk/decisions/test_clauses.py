"""The reviewer picks the clause: with a finding another than its rule's, without one the clause of what people told; or warns."""

from datetime import timedelta

import pytest
from django.test import Client
from tests.unit.desk.decisions.test_ladder import decide, found, proposed
from tests.unit.desk.notices.test_notices import CONTACTS
from tests.unit.desk.scene import ADMIN, ANALYST, LEAD, NOON, WORKER, Desk

from ringfence.desk.access.models import Person
from ringfence.desk.appeals import services as appealing
from ringfence.desk.cases import services as casework
from ringfence.desk.cases.from_complaints import join_to_subject
from ringfence.desk.cases.models import Case
from ringfence.desk.complaints import services as complaining
from ringfence.desk.decisions import confirming, selectors, services
from ringfence.desk.decisions.choosing import chosen
from ringfence.desk.decisions.models import Decision, Strike
from ringfence.desk.decisions.services import NoReason, NothingProposed, Why
from ringfence.desk.enforcement import selectors as orders
from ringfence.desk.errors import NotPermitted, NotThere, StaleState
from ringfence.desk.inquiries.models import Inquiry
from ringfence.desk.notices.models import Notice
from ringfence.desk.parties import services as parties
from ringfence.vocabulary.subjects import SubjectKind

pytestmark = pytest.mark.django_db

CLAUSE = "unauthorised-access"
OTHER_CLAUSE = "technical-prevention"
REFUSE = {"do": "refuse", "scope": "account", "value": "shop-1", "length": "7d", "ends": "for"}
WARN = {"do": "warn", "scope": "party", "value": "shop"}


@pytest.fixture
def complained(climbing: Desk) -> int:
    """A case of the shop that rests on a complaint alone."""
    assert not parties.import_parties(files={"contacts.csv": CONTACTS}, actor=ADMIN, now=NOON).problems
    number = complaining.take_in(raw=b"Subject: calls\r\n\r\nThey call.\r\n", sender="joe@example.org", actor=WORKER, now=NOON)
    return join_to_subject(complaint=number, kind=SubjectKind.PARTY, subject="shop", actor=WORKER, now=NOON)


def decided(case: int, finding: str = "", **why: object) -> Decision:
    made = Why("They were told of.", **why)  # type: ignore[arg-type]  # as each test says
    return Decision.objects.get(id=services.decide_by_person(case_id=case, finding_id=finding, why=made, actor=ANALYST, now=NOON))


def test_a_complaint_alone_is_decided_under_the_clause_that_a_person_picks(climbing: Desk, complained: int) -> None:
    proposal = selectors.proposal(case=complained, finding_id="", actor=ANALYST, now=NOON, clause=CLAUSE)
    assert proposal is not None
    assert (proposal.deed, proposal.party, proposal.strikes) == ("throttle party shop to 0.5 calls/s", "shop", 2)
    made = decided(complained, clause=CLAUSE, offered=proposal.deed)
    assert (made.rule_clause, made.rule, made.finding_id, made.policy.number) == (CLAUSE, "", None, 1)
    climbing.work()
    assert orders.orders(actor=ANALYST).get().scope_value == "shop"
    assert Strike.objects.get().party == "shop"
    assert "ce qu'une personne a constaté" in Notice.objects.get().text


def test_no_clause_no_decision(climbing: Desk, complained: int) -> None:
    with pytest.raises(NoReason, match="no clause, no decision"):
        decided(complained)
    with pytest.raises(NotThere, match="no clause nonsense"):
        decided(complained, clause="nonsense")
    with pytest.raises(NotThere):
        decided(complained + 1, clause=CLAUSE)
    casework.close_case(case_id=complained, outcome="harmless", actor=ANALYST, now=NOON)
    with pytest.raises(StaleState, match="closed"):
        decided(complained, clause=CLAUSE)
    assert not Decision.objects.exists()


def test_a_clause_without_a_step_leaves_the_measure_to_the_person(climbing: Desk, complained: int) -> None:
    assert selectors.proposal(case=complained, finding_id="", actor=ANALYST, now=NOON, clause=OTHER_CLAUSE) is None
    with pytest.raises(NothingProposed):
        decided(complained, clause=OTHER_CLAUSE)
    with pytest.raises(NoReason):
        decided(complained, clause=OTHER_CLAUSE, measure=chosen(REFUSE))
    made = decided(complained, clause=OTHER_CLAUSE, measure=chosen(REFUSE), off_ladder="the ladder says nothing")
    assert (made.clause, made.deed) == (OTHER_CLAUSE, "refuse account shop-1")
    assert not Strike.objects.exists(), "the ladder gives this clause no strikes"


def test_another_clause_than_the_rules_may_be_picked_for_a_finding(climbing: Desk) -> None:
    case, finding = found(climbing)
    made = decided(case, finding, clause=OTHER_CLAUSE, measure=chosen(REFUSE), off_ladder="no probing, but a danger")
    assert (made.rule_clause, made.rule, made.finding_id) == (OTHER_CLAUSE, "sip-scan", finding)


def test_a_warning_is_told_counts_and_orders_nothing(climbing: Desk, complained: int) -> None:
    made = decided(complained, clause=CLAUSE, measure=chosen(WARN), off_ladder="the first time")
    climbing.work()
    assert (made.kind, made.action, made.deed) == ("warning", "", "warn party shop")
    assert not orders.orders(actor=ANALYST).exists()
    assert Strike.objects.get().weight == 2
    notice = Notice.objects.get()
    assert "shop reçoit un avertissement" in notice.text
    assert "rien n'est refusé" in notice.text
    with pytest.raises(StaleState, match="warned"):
        decided(complained, clause=CLAUSE, measure=chosen(WARN), off_ladder="again")
    case, finding = found(climbing, NOON + timedelta(days=1))
    assert proposed(case, finding, NOON + timedelta(days=1)).strikes == 2, "the same matter counts once"
    casework.close_case(case_id=case, outcome="acted", actor=ANALYST, now=NOON + timedelta(days=1))
    case, finding = found(climbing, NOON + timedelta(days=2))
    assert proposed(case, finding, NOON + timedelta(days=2)).deed == "bar all outgoing calls of account shop-1", (
        "the next one climbs"
    )


def test_a_warning_that_was_wrong_is_taken_back_on_appeal_with_its_strike(climbing: Desk, complained: int) -> None:
    decided(complained, clause=CLAUSE, measure=chosen(WARN), off_ladder="the first time")
    climbing.work()
    appeal = appealing.file(notice=Notice.objects.get(), text="It was not us.", now=NOON)
    appealing.review(appeal_id=appeal.pk, outcome="overturned", why=Why("So it is."), actor=LEAD, now=NOON)
    climbing.work()
    assert Strike.objects.get().withdrawn == NOON
    assert not orders.orders(actor=ANALYST).exists()


def test_nobody_is_warned_where_nobody_answers(climbing: Desk) -> None:
    outsider = climbing.find("192.0.2.80").id
    case = selectors.decisions(actor=ANALYST).get().case_id
    with pytest.raises(NothingProposed, match="nobody to warn"):
        decided(case, outsider, measure=chosen({**WARN, "scope": "source", "value": "192.0.2.80"}), off_ladder="x")


def test_a_step_that_asks_warns_and_asks_with_a_clock(desk: Desk) -> None:
    files = {
        "parties.csv": b"party,parent,kind\nshop,,\n",
        "contacts.csv": b"contact,party,role,mail\nc,shop,abuse,a@shop.example\n",
    }
    assert not parties.import_parties(files=files, actor=ADMIN, now=NOON).problems
    finding = desk.find(party_path=("shop",)).id
    case = Case.objects.get().id
    made = decided(case, finding)
    inquiry = Inquiry.objects.get()
    assert (made.kind, inquiry.case_id, inquiry.party, inquiry.question) == ("warning", case, "shop", "They were told of.")
    assert Strike.objects.get().weight == 2


def test_an_override_lifts_what_it_takes_the_place_of_and_both_say_so(climbing: Desk) -> None:
    case, finding = found(climbing)
    first = decide(case, finding)
    climbing.work()
    suspend = {"do": "suspend", "scope": "party", "value": "shop", "length": "7d", "ends": "review"}
    why = Why("Worse than thought.", measure=chosen(suspend), off_ladder="people were cheated", replaces=first)
    second = services.decide_by_person(case_id=case, finding_id=finding, why=why, actor=LEAD, now=NOON)
    climbing.work()
    old, new = Decision.objects.get(id=first), Decision.objects.get(id=second)
    assert (new.replaces_id, old.replaced_by.id, old.lifted_by.wrong) == (first, second, False)
    assert [order.id for order in orders.orders(actor=ANALYST)] == [second]
    assert Strike.objects.get().withdrawn is None, "the matter's strike stays"
    with pytest.raises(StaleState):
        services.decide_by_person(case_id=case, finding_id=finding, why=why, actor=LEAD, now=NOON)
    ending = {"do": "terminate", "scope": "party", "value": "shop", "length": "30d", "ends": "review"}
    with pytest.raises(StaleState, match="beside"):
        decided(case, finding, measure=chosen(ending), off_ladder="x", replaces=second)
    for wrong in ("0" * 32, old.lifted_by.id):
        with pytest.raises(NotThere, match="to override"):
            decided(case, finding, measure=chosen(REFUSE), off_ladder="x", replaces=wrong)


def test_a_held_decision_that_is_overridden_can_be_confirmed_no_more(climbing: Desk) -> None:
    case, finding = found(climbing)
    ending = {"do": "terminate", "scope": "party", "value": "shop", "length": "30d", "ends": "review"}
    held = decide(case, finding, measure=chosen(ending), off_ladder="enough")
    decide(case, finding, actor=LEAD, replaces=held)
    with pytest.raises(StaleState):
        confirming.confirm(decision_id=held, notes="", actor=LEAD, now=NOON)


def test_the_page_of_a_case_takes_all_of_it(climbing: Desk, complained: int, client: Client) -> None:
    client.force_login(Person.objects.create(username="ana", roles=["analyst"], created=NOON))
    page = f"/cases/{complained}/"
    shown = client.get(page).content.decode()
    assert "Which clause was violated" in shown
    assert 'name="offered"' not in shown
    shown = client.get(page, {"clause": CLAUSE}).content.decode()
    assert "throttle party shop" in shown
    assert client.get(page, {"clause": "nonsense"}).status_code == 200
    assert "has no step for technical-prevention" in client.get(page, {"clause": OTHER_CLAUSE}).content.decode()
    form = {"finding": "", "clause": CLAUSE, "reasons": "They call.", "off_ladder": "first time", **WARN}
    client.post(f"{page}decide/", form)
    warned = Decision.objects.get()
    assert (warned.kind, warned.actor_id) == ("warning", "ana")
    assert "warn party shop" in client.get(page).content.decode()
    form = {"finding": "", "clause": CLAUSE, "reasons": "Again.", "replaces": warned.id}
    client.post(f"{page}decide/", form)
    shown = client.get(f"/decisions/{warned.id}/").content.decode()
    assert "Overridden by" in shown
    assert "Overrides" in client.get(f"/decisions/{Decision.objects.get(replaces=warned).id}/").content.decode()


def test_only_who_decides_decides(complained: int) -> None:
    with pytest.raises(NotPermitted):
        services.decide_by_person(case_id=complained, finding_id="", why=Why("x", clause=CLAUSE), actor=ADMIN, now=NOON)

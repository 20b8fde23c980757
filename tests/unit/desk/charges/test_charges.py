"""A charge is a fee of the version decided by; it freezes while contested, goes back with its measure, and spares some."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from tests.unit.desk.decisions.test_ladder import decide, found
from tests.unit.desk.scene import ANALYST, AUDITOR, LEAD, NOON, STRANGER, Desk

from ringfence.desk.access.models import Person
from ringfence.desk.actor import Actor
from ringfence.desk.appeals import services as appealing
from ringfence.desk.audit import selectors as audit
from ringfence.desk.cases import services as casework
from ringfence.desk.charges import selectors, services
from ringfence.desk.charges.models import Charge
from ringfence.desk.charges.services import NothingToCharge
from ringfence.desk.decisions.models import Decision
from ringfence.desk.decisions.services import Why
from ringfence.desk.enforcement import services as enforcement
from ringfence.desk.errors import NotPermitted, NotThere, StaleState
from ringfence.desk.held import ClaimedByAnother
from ringfence.desk.notices.models import Notice

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def charged(decision: str, fee: str = "investigation", units: int = 2, actor: Actor = ANALYST) -> Charge:
    number = services.charge(
        decision_id=decision,
        fee=fee,
        units=units,
        evidence="read 40 calls, notes 3 and 4",
        actor=actor,
        now=NOON,
    )
    return Charge.objects.get(id=number)


@pytest.fixture
def measure(charging: Desk) -> str:
    """A measure against the shop, in force and told."""
    id = decide(*found(charging))
    charging.work()
    return id


def test_a_charge_is_the_versions_fee_under_its_cap_and_points_at_what_it_rests_on(measure: str) -> None:
    one = charged(measure)
    assert (one.amount, one.currency, one.party, one.clause, one.units) == (Decimal("50.00"), "EUR", "shop", "cost-recovery", 2)
    (entry,) = audit.entries(actor=ANALYST, verb="charged")
    assert entry.details["amount"] == "50.00 EUR"
    with pytest.raises(StaleState):
        charged(measure)
    many = charged(measure, "quarantine", 100)
    assert many.amount == Decimal("500.00")
    (owes,) = selectors.owing(actor=AUDITOR)
    assert (owes.party, owes.due, owes.frozen) == ("shop", Decimal("550.00"), Decimal("0.00"))
    lines = list(selectors.invoice_lines(actor=AUDITOR))
    assert [(line["amount"], line["decision"]) for line in lines] == [("50.00", measure), ("500.00", measure)]
    assert not selectors.charges(actor=STRANGER)
    assert selectors.owing(actor=STRANGER) == []


def test_the_cap_holds_however_long_it_took(measure: str) -> None:
    assert charged(measure, units=99).amount == Decimal("60.00")


def test_numbers_are_proposed_by_what_the_measure_touches(charging: Desk, measure: str) -> None:
    decision = Decision.objects.get(id=measure)
    fees = services.fees_of(decision)
    assert services.proposed_units(decision=decision, fee=fees["quarantine"], actor=ANALYST, now=NOON) == 100
    assert services.proposed_units(decision=decision, fee=fees["investigation"], actor=ANALYST, now=NOON) is None


def test_while_an_appeal_is_open_it_is_frozen_and_where_it_is_overturned_it_goes_back(charging: Desk, measure: str) -> None:
    one = charged(measure)
    appeal = appealing.file(notice=Notice.objects.get(), text="not us", now=NOON + HOUR)
    (owes,) = selectors.owing(actor=ANALYST)
    assert (owes.due, owes.frozen) == (Decimal("0.00"), Decimal("50.00"))
    assert list(selectors.invoice_lines(actor=ANALYST)) == []
    with pytest.raises(StaleState, match="frozen"):
        services.note_invoiced(number=one.pk, invoice="2026-7", actor=ANALYST, now=NOON)
    appealing.review(appeal_id=appeal.pk, outcome="overturned", why=Why("it was their own"), actor=LEAD, now=NOON + HOUR)
    charging.clock.now = NOON + HOUR
    charging.work()
    one.refresh_from_db()
    assert (one.state, one.settled_by) == ("credited", "worker")
    assert [line["amount"] for line in selectors.invoice_lines(actor=ANALYST)] == ["-50.00"]
    with pytest.raises(NothingToCharge, match="should not have been"):
        charged(measure, "quarantine")


def test_an_upheld_appeal_leaves_it_charged(charging: Desk, measure: str) -> None:
    one = charged(measure)
    appeal = appealing.file(notice=Notice.objects.get(), text="not us", now=NOON + HOUR)
    appealing.review(appeal_id=appeal.pk, outcome="upheld", why=Why("it was you"), actor=LEAD, now=NOON + HOUR)
    charging.clock.now = NOON + HOUR
    charging.work()
    one.refresh_from_db()
    assert one.state == "charged"


def test_a_lift_that_says_it_was_wrong_gives_it_back_and_another_does_not(charging: Desk, measure: str) -> None:
    one = charged(measure)
    enforcement.lift_order(order_id=measure, why=Why("resolved"), actor=ANALYST, now=NOON)
    charging.work()
    one.refresh_from_db()
    assert one.state == "charged"
    services.credit(number=one.pk, because="a courtesy", actor=ANALYST, now=NOON)
    with pytest.raises(StaleState):
        services.credit(number=one.pk, because="twice", actor=ANALYST, now=NOON)


def test_outsiders_and_what_only_may_come_cost_nothing(charging: Desk) -> None:
    charging.find()
    outsider = Decision.objects.get()
    with pytest.raises(NothingToCharge, match="outsider"):
        charged(outsider.id)
    potential = decide(*found(charging, NOON + HOUR), potential=True)
    with pytest.raises(NothingToCharge, match="only may come"):
        charged(potential)


@pytest.mark.parametrize("role", ["compromised", "victim"])
def test_who_turns_out_an_outsider_or_is_protected_is_charged_by_a_person_alone(charging: Desk, measure: str, role: str) -> None:
    decision = Decision.objects.get(id=measure)
    casework.change_role(case_id=decision.case_id, role=role, reason="stolen", actor=ANALYST, now=NOON)
    for who in (AUDITOR, STRANGER):
        with pytest.raises(NotPermitted):
            charged(measure, actor=who)
    assert charged(measure).party == "shop"


def test_who_waives_is_who_the_fee_names(measure: str) -> None:
    dear, cheap = charged(measure), charged(measure, "quarantine", 1)
    with pytest.raises(NotPermitted):
        services.waive(number=dear.pk, because="first time", actor=ANALYST, now=NOON)
    with pytest.raises(NothingToCharge):
        services.waive(number=dear.pk, because=" ", actor=LEAD, now=NOON)
    services.waive(number=dear.pk, because="first time", actor=LEAD, now=NOON)
    services.waive(number=cheap.pk, because="small", actor=ANALYST, now=NOON)
    assert set(Charge.objects.values_list("state", flat=True)) == {"waived"}


def test_what_no_version_provides_for_cannot_be_charged(measure: str) -> None:
    with pytest.raises(NothingToCharge, match="no fee lunch"):
        charged(measure, "lunch")
    for units in (0, -1, services.MOST_UNITS + 1):
        with pytest.raises(NothingToCharge):
            charged(measure, units=units)
    with pytest.raises(NotThere):
        charged("0" * 32)


def test_pages_charge_and_give_back(measure: str, client: Client) -> None:
    client.force_login(Person.objects.create(username="leo", roles=["lead"], created=NOON))
    assert "the policy provides for it here" in client.get(f"/decisions/{measure}/charges/").content.decode()
    client.post(f"/decisions/{measure}/charge/", {"fee": "investigation", "units": "1", "evidence": "=cmd()"})
    one = Charge.objects.get()
    assert "25.00 EUR" in client.get("/charges/").content.decode()
    assert "'=cmd()" in client.get("/charges/lines.csv").content.decode()
    client.post(f"/charges/{one.pk}/settle/", {"do": "invoice", "because": "2026-7"})
    client.post(f"/charges/{one.pk}/settle/", {"do": "credit", "because": "an error"})
    one.refresh_from_db()
    assert (one.state, one.invoice) == ("credited", "2026-7")


def test_a_charge_in_a_claimed_case_is_its_holders_to_make_waive_and_give_back(measure: str) -> None:
    case = Decision.objects.get(pk=measure).case_id
    casework.claim_case(case_id=case, actor=LEAD, now=NOON)
    with pytest.raises(ClaimedByAnother, match="claimed by leo"):
        charged(measure)
    number = charged(measure, actor=LEAD).pk
    another = replace(LEAD, id="lia")
    for deed in (services.waive, services.credit):
        with pytest.raises(ClaimedByAnother):
            deed(number=number, because="x", actor=another, now=NOON)
    services.note_invoiced(number=number, invoice="2026-7", actor=ANALYST, now=NOON)
    services.waive(number=number, because="they paid", actor=LEAD, now=NOON)

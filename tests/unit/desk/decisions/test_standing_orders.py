"""Standing orders and their brakes, and what people decide."""

from datetime import timedelta

import pytest
from pytest_django.fixtures import Settings
from tests.unit.desk.scene import ADMIN, ANALYST, AUDITOR, LEAD, NOON, STRANGER, Desk

from ringfence.desk.actor import Actor
from ringfence.desk.audit import selectors as audit
from ringfence.desk.cases import selectors as cases
from ringfence.desk.decisions import selectors, services
from ringfence.desk.decisions.models import Decision
from ringfence.desk.decisions.services import NoReason, NothingProposed, Why
from ringfence.desk.enforcement import selectors as orders
from ringfence.desk.enforcement import services as enforcement
from ringfence.desk.errors import NotPermitted, NotThere, StaleState
from ringfence.desk.parties import services as parties
from ringfence.feeds.segments import records_after
from ringfence.vocabulary.severity import Mode, Severity

pytestmark = pytest.mark.django_db


def brakes() -> list[str]:
    return [str(entry.details["because"]) for entry in audit.entries(actor=ANALYST, verb="left-to-a-person")]


def reported_case(desk: Desk) -> tuple[int, str]:
    found = desk.find(mode=Mode.REPORT)
    return cases.cases(actor=ANALYST).get().id, found.id


def test_held_automation_decides_nothing_and_what_stands_stays(desk: Desk) -> None:
    desk.find("203.0.113.1")
    services.hold_automation(reason="maintenance", actor=ANALYST, now=NOON)
    desk.find("203.0.113.2")
    assert [order.scope_value for order in orders.orders(actor=ANALYST)] == ["203.0.113.1"]
    assert brakes() == ["automation is held"]
    references = [record.payload for record in records_after(desk.folder / "feeds" / "reference")]
    assert b'"automation_held":true' in references[-1]


def test_resuming_is_a_leads_and_lets_later_findings_decide(desk: Desk) -> None:
    services.hold_automation(reason="maintenance", actor=ANALYST, now=NOON)
    with pytest.raises(NotPermitted):
        services.resume_automation(actor=ANALYST, now=NOON)
    services.resume_automation(actor=LEAD, now=NOON)
    desk.find()
    assert orders.orders(actor=ANALYST).count() == 1


@pytest.mark.parametrize("actor", [STRANGER, AUDITOR, ADMIN])
def test_who_does_not_work_cases_holds_nothing(desk: Desk, actor: Actor) -> None:
    with pytest.raises(NotPermitted):
        services.hold_automation(reason="mischief", actor=actor, now=NOON)


def test_beyond_the_hourly_budget_automation_stops_itself_and_raises_an_alarm(desk: Desk, settings: Settings) -> None:
    settings.RINGFENCE_STANDING_ORDERS_PER_HOUR = 3
    for number in range(6):
        desk.find(f"203.0.113.{number}")
    assert orders.orders(actor=ANALYST).count() == 3
    assert selectors.automation(actor=ANALYST).held
    (alarm,) = selectors.alarms(actor=ANALYST)
    assert alarm.kind == "budget"
    services.acknowledge_alarm(alarm=alarm.id, actor=ANALYST, now=NOON)
    with pytest.raises(StaleState):
        services.acknowledge_alarm(alarm=alarm.id, actor=ANALYST, now=NOON)
    assert not selectors.alarms(actor=ANALYST)


def test_the_budget_is_that_of_the_last_hour(desk: Desk, settings: Settings) -> None:
    settings.RINGFENCE_STANDING_ORDERS_PER_HOUR = 1
    desk.find("203.0.113.1")
    desk.clock.now += timedelta(minutes=61)
    desk.find("203.0.113.2")
    assert [order.scope_value for order in orders.orders(actor=ANALYST)] == ["203.0.113.2"]


@pytest.mark.parametrize("severity", [Severity.INFO, Severity.WARN])
def test_only_what_is_grave_enough_to_act_on_is_decided_alone(desk: Desk, severity: Severity) -> None:
    desk.find(severity=severity)
    assert not orders.orders(actor=ANALYST).exists()


def test_an_order_on_an_address_that_a_trunk_shares_says_so(desk: Desk) -> None:
    files = {
        "accounts.csv": b"account\nshop\n",
        "trunks.csv": b"trunk,account,address,user\npbx,shop,203.0.113.9,shop\n",
    }
    parties.import_parties(files=files, actor=ADMIN, now=NOON)
    desk.find()
    assert "pbx" in selectors.decisions(actor=ANALYST).get().notes


def test_a_person_decides_what_the_ladder_proposes(desk: Desk) -> None:
    case, finding = reported_case(desk)
    services.decide_by_person(case_id=case, finding_id=finding, why=Why("probing", "ugly"), actor=ANALYST, now=desk.clock())
    desk.work()
    decision = selectors.decisions(actor=ANALYST).get()
    assert (decision.actor_kind, decision.actor_id, decision.reasons, decision.notes) == ("person", "ana", "probing", "ugly")
    assert orders.orders(actor=ANALYST).get().decision_id == decision.id
    with pytest.raises(StaleState):
        services.decide_by_person(case_id=case, finding_id=finding, why=Why("again"), actor=ANALYST, now=desk.clock())


def test_a_decision_needs_a_reason_a_case_that_has_the_finding_and_the_right_to_decide(desk: Desk) -> None:
    case, finding = reported_case(desk)
    with pytest.raises(NoReason):
        services.decide_by_person(case_id=case, finding_id=finding, why=Why("  "), actor=ANALYST, now=NOON)
    with pytest.raises(NotThere):
        services.decide_by_person(case_id=case + 1, finding_id=finding, why=Why("x"), actor=ANALYST, now=NOON)
    with pytest.raises(NotPermitted):
        services.decide_by_person(case_id=case, finding_id=finding, why=Why("x"), actor=AUDITOR, now=NOON)
    assert not Decision.objects.exists()


def test_a_person_cannot_decide_against_a_protected_source_either(desk: Desk) -> None:
    found = desk.find("198.51.100.7")
    case = cases.cases(actor=ANALYST).get().id
    with pytest.raises(NothingProposed, match="protected"):
        services.decide_by_person(case_id=case, finding_id=found.id, why=Why("x"), actor=ANALYST, now=NOON)


def test_a_customer_is_asked_and_not_refused(desk: Desk) -> None:
    found = desk.find(party_path=("shop",))
    case = cases.cases(actor=ANALYST).get().id
    id = services.decide_by_person(case_id=case, finding_id=found.id, why=Why("x"), actor=ANALYST, now=NOON)
    desk.work()
    assert Decision.objects.get(id=id).kind == "warning"
    assert not orders.orders(actor=ANALYST).exists()
    assert "not-asked" in [entry.verb for entry in audit.timeline(case=case, actor=ANALYST)], "nobody of it can be reached"


def test_an_order_is_lifted_once_with_a_reason_by_who_may(desk: Desk) -> None:
    desk.find()
    order = orders.orders(actor=ANALYST).get().id
    with pytest.raises(NoReason):
        enforcement.lift_order(order_id=order, why=Why(""), actor=ANALYST, now=NOON)
    with pytest.raises(NotPermitted):
        enforcement.lift_order(order_id=order, why=Why("x"), actor=STRANGER, now=NOON)
    enforcement.lift_order(order_id=order, why=Why("x"), actor=ANALYST, now=NOON)
    with pytest.raises(StaleState):
        enforcement.lift_order(order_id=order, why=Why("x"), actor=ANALYST, now=NOON)
    assert selectors.decisions(actor=ANALYST).filter(kind="lift").count() == 1


def test_after_a_lead_resumes_the_budget_begins_anew(desk: Desk, settings: Settings) -> None:
    settings.RINGFENCE_STANDING_ORDERS_PER_HOUR = 2
    for number in range(4):
        desk.find(f"203.0.113.{number}")
    services.resume_automation(actor=LEAD, now=desk.clock())
    for number in range(4, 8):
        desk.find(f"203.0.113.{number}")
    assert orders.orders(actor=ANALYST).count() == 4
    assert selectors.automation(actor=ANALYST).held


def test_automation_that_stops_itself_says_so_in_the_audit(desk: Desk, settings: Settings) -> None:
    settings.RINGFENCE_STANDING_ORDERS_PER_HOUR = 1
    for number in range(3):
        desk.find(f"203.0.113.{number}")
    (entry,) = audit.entries(actor=ANALYST, verb="held")
    assert (entry.actor_kind, entry.details) == ("system", {"by": "budget"})

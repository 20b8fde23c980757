"""The end of a contract settles numbers, port-outs and charges; a withdrawn number is nobody's for a while."""

from datetime import timedelta

import pytest
from django.test import Client
from tests.unit.desk.decisions.test_ladder import decide, found, violation
from tests.unit.desk.scene import ADMIN, ANALYST, AUDITOR, LEAD, NOON, STRANGER, WORKER, Desk

from ringfence.desk.access.models import Person
from ringfence.desk.cases import services as casework
from ringfence.desk.decisions import confirming
from ringfence.desk.decisions import selectors as decisions
from ringfence.desk.decisions.choosing import chosen
from ringfence.desk.decisions.services import Why
from ringfence.desk.endings import selectors, services
from ringfence.desk.endings.models import Ending, EndingNumber, Quarantine
from ringfence.desk.endings.services import NotSettled
from ringfence.desk.enforcement import services as enforcement
from ringfence.desk.enforcement.models import Order
from ringfence.desk.errors import NotPermitted, StaleState
from ringfence.desk.held import ClaimedByAnother
from ringfence.desk.parties import records
from ringfence.desk.parties import selectors as parties
from ringfence.desk.parties import services as importing
from ringfence.desk.parties.models import Contract
from ringfence.desk.parties.records import ALWAYS, Terms

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
NUMBER = "+3225550042"
WITHDRAW = {"do": "withdraw", "scope": "number", "value": NUMBER, "length": "30d", "ends": "review"}


def ended(desk: Desk) -> str:
    """Have the shop's contract ended by two persons; return the decision."""
    terms = Terms("C-1", "all", "Belgian law")
    records.agree_contract(party="shop", terms=terms, span=ALWAYS, actor=ADMIN, now=NOON - DAY)
    for number in range(3):
        violation(desk, NOON + number * DAY)
    now = NOON + 3 * DAY
    id = decide(*found(desk, now), now)
    desk.work()
    assert not Ending.objects.exists(), "it waits for the second person"
    assert Contract.objects.get().valid_to is None
    confirming.confirm(decision_id=id, notes="", actor=LEAD, now=now)
    desk.work()
    return id


def holder(number: str, desk: Desk) -> tuple[str | None, str]:
    at = parties.number_holder(number=number, moment=desk.clock(), actor=ANALYST)
    return (at.account, str(at.state)) if at is not None else (None, "")


def test_two_persons_end_a_contract_and_its_page_lists_what_it_leaves(climbing: Desk) -> None:
    id = ended(climbing)
    ending = Ending.objects.get()
    assert (ending.decision_id, ending.party, ending.contracts, ending.state) == (id, "shop", ["C-1"], "open")
    assert Contract.objects.get().valid_to is not None
    blocks = {one.written: one for one in EndingNumber.objects.all()}
    assert sorted(blocks) == ["+3225550000-+3225550099", "+3225559999"]
    now = climbing.clock()
    with pytest.raises(NotSettled):
        services.settle_number(number=blocks["+3225559999"].pk, fate="ported", to=" ", actor=ANALYST, now=now)
    services.settle_number(number=blocks["+3225559999"].pk, fate="ported", to="Other Voice", actor=ANALYST, now=now)
    services.settle_number(number=blocks["+3225550000-+3225550099"].pk, fate="quarantined", to="", actor=ANALYST, now=now)
    with pytest.raises(StaleState):
        services.settle_number(number=blocks["+3225559999"].pk, fate="quarantined", to="", actor=ANALYST, now=now)
    assert holder("+3225559999", climbing) == (None, "ported-out")
    assert holder("+3225550007", climbing) == (None, "quarantined")
    with pytest.raises(NotSettled, match="charge what is due"):
        services.settle_charges(number=ending.pk, note=" ", actor=ANALYST, now=now)
    ending.refresh_from_db()
    assert ending.state == "open"
    services.settle_charges(number=ending.pk, note="it owes nothing", actor=ANALYST, now=now)
    ending.refresh_from_db()
    assert ending.state == "settled"
    assert not selectors.endings(actor=STRANGER)
    services.begin(decision_id=id, actor=WORKER, now=now)
    assert Ending.objects.count() == 1


def test_an_end_that_should_not_have_been_calls_a_person_to_agree_anew(climbing: Desk) -> None:
    id = ended(climbing)
    enforcement.lift_order(order_id=id, why=Why("not them", wrong=True), actor=ANALYST, now=climbing.clock())
    climbing.work()
    assert Ending.objects.get().state == "reversed"
    assert any("Agree anew: C-1" in alarm.text for alarm in decisions.alarms(actor=ANALYST))


def withdrawn(desk: Desk) -> str:
    id = decide(*found(desk), measure=chosen(WITHDRAW), off_ladder="The number is the bait.")
    desk.work()
    return id


def test_a_withdrawn_number_is_nobodys_and_goes_back_when_its_order_is_over(climbing: Desk) -> None:
    assert holder(NUMBER, climbing) == ("shop-1", "held")
    id = withdrawn(climbing)
    assert holder(NUMBER, climbing) == (None, "quarantined")
    assert holder("+3225550043", climbing) == ("shop-1", "held")
    assert [one.written for one in selectors.quarantines(actor=ANALYST)] == [NUMBER]
    enforcement.lift_order(order_id=id, why=Why("resolved"), actor=ANALYST, now=climbing.clock())
    climbing.work()
    assert holder(NUMBER, climbing) == ("shop-1", "held")
    assert not selectors.quarantines(actor=ANALYST)
    assert not selectors.quarantines(actor=STRANGER, over=True)


def test_two_persons_release_a_number_and_its_next_holder_inherits_nothing(climbing: Desk) -> None:
    id = withdrawn(climbing)
    now, held = climbing.clock(), Quarantine.objects.get()
    with pytest.raises(NotSettled):
        services.ask_release(quarantine=held.pk, clause="nowhere", reasons="aged", actor=ANALYST, now=now)
    release = services.ask_release(quarantine=held.pk, clause="technical-prevention", reasons="aged", actor=ANALYST, now=now)
    with pytest.raises(StaleState):
        services.ask_release(quarantine=held.pk, clause="technical-prevention", reasons="aged", actor=LEAD, now=now)
    for who in (ANALYST, AUDITOR, STRANGER):
        with pytest.raises(NotPermitted):
            services.answer_release(release=release, releases=True, answer="", actor=who, now=now)
    assert holder(NUMBER, climbing) == (None, "quarantined")
    services.answer_release(release=release, releases=True, answer="yes", actor=LEAD, now=now)
    climbing.work()
    assert Order.objects.get(id=id).state == "removing"
    given = importing.import_parties(
        files={"numbers.csv": [{"number": NUMBER, "account": "other-1"}]}, actor=ADMIN, now=climbing.clock()
    )
    assert not given.problems
    climbing.work()
    assert holder(NUMBER, climbing) == ("other-1", "held")
    assert not [one for one in Order.objects.filter(scope_value=NUMBER) if one.in_force]


def test_a_second_person_may_keep_it(climbing: Desk) -> None:
    withdrawn(climbing)
    now, held = climbing.clock(), Quarantine.objects.get()
    release = services.ask_release(quarantine=held.pk, clause="technical-prevention", reasons="aged", actor=ANALYST, now=now)
    services.answer_release(release=release, releases=False, answer="complaints still come", actor=LEAD, now=now)
    assert holder(NUMBER, climbing) == (None, "quarantined")
    with pytest.raises(StaleState):
        services.answer_release(release=release, releases=True, answer="", actor=LEAD, now=now)


def test_a_number_given_out_without_a_release_is_found_and_somebody_is_told(climbing: Desk) -> None:
    id = withdrawn(climbing)
    assert services.sweep_quarantines(actor=WORKER, now=climbing.clock()) == 0
    rows = [{"number": NUMBER, "account": "other-1"}]
    assert not importing.import_parties(files={"numbers.csv": rows}, actor=ADMIN, now=climbing.clock()).problems
    assert services.sweep_quarantines(actor=WORKER, now=climbing.clock()) == 1
    assert services.sweep_quarantines(actor=WORKER, now=climbing.clock()) == 0
    climbing.work()
    assert Order.objects.get(id=id).state == "removing"
    assert holder(NUMBER, climbing) == ("other-1", "held")
    assert any("without a release" in alarm.text for alarm in decisions.alarms(actor=ANALYST))


def test_pages_settle_and_release(climbing: Desk, client: Client) -> None:
    ended(climbing)
    client.force_login(Person.objects.create(username="leo", roles=["lead"], created=NOON))
    ending = Ending.objects.get()
    assert "shop" in client.get("/endings/").content.decode()
    page = client.get(f"/endings/{ending.pk}/").content.decode()
    assert "+3225559999" in page
    for one in EndingNumber.objects.all():
        client.post(f"/endings/{ending.pk}/settle/", {"number": str(one.pk), "do": "quarantined"})
    client.post(f"/endings/{ending.pk}/settle/", {"do": "charges", "to": "nothing is due"})
    ending.refresh_from_db()
    assert ending.state == "settled"
    held = Quarantine.objects.order_by("id")[0]
    client.post(f"/quarantine/{held.pk}/release/", {"clause": "technical-prevention", "reasons": "aged"})
    assert "Waits for a second person" in client.get("/quarantine/").content.decode()
    release = held.releases.get()
    assert client.post(f"/quarantine/releases/{release.pk}/", {"do": "release"}).status_code == 403
    release.refresh_from_db()
    assert release.state == "waiting"


def test_what_a_contract_leaves_is_settled_by_who_works_on_the_case(climbing: Desk) -> None:
    ended(climbing)
    ending, now = Ending.objects.get(), climbing.clock()
    casework.claim_case(case_id=ending.case_id, actor=LEAD, now=now)
    number = EndingNumber.objects.order_by("pk")[0].pk
    with pytest.raises(ClaimedByAnother, match="claimed by leo"):
        services.settle_number(number=number, fate="quarantined", to="", actor=ANALYST, now=now)
    with pytest.raises(ClaimedByAnother):
        services.settle_charges(number=ending.pk, note="nothing", actor=ANALYST, now=now)
    services.settle_number(number=number, fate="quarantined", to="", actor=LEAD, now=now)
    held = Quarantine.objects.get()
    with pytest.raises(ClaimedByAnother):
        services.ask_release(quarantine=held.pk, clause="suspension", reasons="x", actor=ANALYST, now=now)

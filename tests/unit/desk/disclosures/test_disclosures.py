"""Nothing goes to an authority before its request was verified and two persons decided; what went out can be proved."""

import json
from datetime import timedelta
from hashlib import sha256

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from tests.unit.desk.decisions.test_ladder import found
from tests.unit.desk.scene import ANALYST, AUDITOR, LEAD, NOON, STRANGER, Desk

from ringfence.desk.access.models import Person
from ringfence.desk.audit import selectors as audit
from ringfence.desk.cases import services as casework
from ringfence.desk.clocks.models import Obligation
from ringfence.desk.disclosures import selectors, services
from ringfence.desk.disclosures.models import DisclosureRequest
from ringfence.desk.disclosures.services import Asked, Item, NotDisclosed
from ringfence.desk.errors import NotPermitted, NotThere, StaleState
from ringfence.desk.held import ClaimedByAnother

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
ITEMS = [Item("call records of 1 March", "asked for by name", "a" * 64)]


def registered(desk: Desk, kind: str = "production", reference: str = "R-7", gag: int = 0) -> int:
    case, _ = found(desk)
    asked = Asked(
        case=case,
        kind=kind,
        authority="Court of Ghent",
        reference=reference,
        basis="a law",
        asked_for="records",
        gag_until=NOON + gag * DAY if gag else None,
    )
    return services.register(asked=asked, actor=ANALYST, now=NOON)


def decided(desk: Desk) -> int:
    number = registered(desk)
    services.verify(number=number, how="called back by the court's own number", actor=ANALYST, now=NOON)
    services.decide(number=number, clause="disclosure", items=ITEMS, reasons="ordered", actor=ANALYST, now=NOON)
    return number


@pytest.mark.parametrize(("kind", "length"), [("production", 10 * DAY), ("emergency", DAY / 3), ("preservation", 60 * DAY)])
def test_each_kind_has_the_clock_of_its_law(disclosing: Desk, kind: str, length: timedelta) -> None:
    registered(disclosing, kind)
    assert Obligation.objects.get(noun="disclosure").due == NOON + length


def test_it_waits_for_a_second_person_and_the_manifest_says_what_went_out(disclosing: Desk) -> None:
    number = decided(disclosing)
    with pytest.raises(StaleState, match="two persons"):
        services.hand_over(number=number, actor=LEAD, now=NOON)
    for who in (ANALYST, AUDITOR, STRANGER):
        with pytest.raises(NotPermitted):
            services.confirm(number=number, answer="", actor=who, now=NOON)
    services.confirm(number=number, answer="I read the order", actor=LEAD, now=NOON)
    manifest = services.hand_over(number=number, actor=ANALYST, now=NOON + DAY)
    told = json.loads(manifest)
    assert (told["decided_by"], told["confirmed_by"], told["clause"], told["policy"]) == (
        "ana",
        "leo",
        "disclosure",
        disclosing.policy,
    )
    assert told["items"] == [{"what": ITEMS[0].what, "why": ITEMS[0].why, "sha256": ITEMS[0].sha256}]
    (entry,) = audit.entries(actor=AUDITOR, verb="disclosed")
    assert entry.details["manifest"] == sha256(manifest.encode()).hexdigest()
    assert Obligation.objects.get(noun="disclosure").state == "met"
    with pytest.raises(StaleState):
        services.hand_over(number=number, actor=LEAD, now=NOON)


def test_what_was_not_verified_named_or_allowed_is_not_disclosed(disclosing: Desk) -> None:
    number = registered(disclosing)

    def decide(clause: str = "disclosure", items: list[Item] = ITEMS, reasons: str = "ordered") -> None:
        services.decide(number=number, clause=clause, items=items, reasons=reasons, actor=ANALYST, now=NOON)

    with pytest.raises(NotDisclosed, match="not verified"):
        decide()
    with pytest.raises(NotDisclosed):
        services.verify(number=number, how=" ", actor=ANALYST, now=NOON)
    services.verify(number=number, how="called back", actor=ANALYST, now=NOON)
    for clause in ("spam", "referral"):
        with pytest.raises(NotDisclosed):
            decide(clause=clause)
    for items in ([], [Item("x", "y", "zz")]):
        with pytest.raises(NotDisclosed):
            decide(items=items)
    with pytest.raises(NotDisclosed):
        decide(reasons=" ")
    decide()
    with pytest.raises(StaleState):
        decide()


def test_ours_needs_no_letter_but_two_persons_all_the_same(disclosing: Desk) -> None:
    number = registered(disclosing, "voluntary")
    assert not Obligation.objects.filter(noun="disclosure").exists()
    services.decide(number=number, clause="disclosure", items=ITEMS, reasons="to protect", actor=ANALYST, now=NOON)
    with pytest.raises(StaleState):
        services.hand_over(number=number, actor=ANALYST, now=NOON)


def test_the_database_itself_holds_it_to_two_persons(disclosing: Desk) -> None:
    number = decided(disclosing)
    with pytest.raises(IntegrityError), transaction.atomic():
        DisclosureRequest.objects.filter(id=number).update(state="approved", answered_by="ana")


def test_a_refusal_meets_the_clock_and_ends_it(disclosing: Desk) -> None:
    number = decided(disclosing)
    with pytest.raises(NotDisclosed):
        services.refuse(number=number, reasons=" ", actor=LEAD, now=NOON)
    services.refuse(number=number, reasons="no jurisdiction", actor=LEAD, now=NOON)
    assert Obligation.objects.get(noun="disclosure").state == "met"
    with pytest.raises(StaleState):
        services.confirm(number=number, answer="", actor=LEAD, now=NOON)


def test_while_a_gag_lasts_the_party_is_not_told(disclosing: Desk) -> None:
    number = registered(disclosing, gag=30)
    services.verify(number=number, how="called back", actor=ANALYST, now=NOON)
    services.decide(number=number, clause="disclosure", items=ITEMS, reasons="ordered", actor=ANALYST, now=NOON)
    services.confirm(number=number, answer="", actor=LEAD, now=NOON)
    services.hand_over(number=number, actor=LEAD, now=NOON)
    with pytest.raises(NotDisclosed, match="must not be told"):
        services.note_told(number=number, actor=LEAD, now=NOON + 29 * DAY)
    services.note_told(number=number, actor=LEAD, now=NOON + 30 * DAY)


def test_one_reference_is_one_request_and_strangers_see_none(disclosing: Desk) -> None:
    number = registered(disclosing)
    with pytest.raises(StaleState):
        registered(disclosing)
    assert [one.pk for one in selectors.requests(actor=AUDITOR)] == [number]
    assert not selectors.requests(actor=STRANGER)
    with pytest.raises(NotThere):
        services.verify(number=999, how="x", actor=ANALYST, now=NOON)


def test_pages_lead_from_the_letter_to_the_manifest(disclosing: Desk, client: Client) -> None:
    case, _ = found(disclosing)
    for name in ("leo", "lia"):
        Person.objects.create(username=name, roles=["lead"], created=NOON)
    client.force_login(Person.objects.get(username="leo"))
    told = {"kind": "production", "case": str(case), "authority": "A", "reference": "1", "basis": "law", "asked_for": "records"}
    client.post("/disclosures/new/", told)
    number = DisclosureRequest.objects.get().pk
    assert f"/disclosures/{number}/" in client.get("/disclosures/").content.decode()
    page = f"/disclosures/{number}/"
    client.post(f"{page}do/", {"do": "verify", "text": "called back"})
    client.post(f"{page}do/", {"do": "decide", "clause": "disclosure", "text": "ordered", "items": f"records | asked | {'b' * 64}"})
    assert client.post(f"{page}do/", {"do": "confirm"}).status_code == 403
    assert "Confirm" not in client.get(page).content.decode()
    client.force_login(Person.objects.get(username="lia"))
    client.post(f"{page}do/", {"do": "confirm", "text": "read"})
    client.post(f"{page}do/", {"do": "hand-over"})
    assert DisclosureRequest.objects.get().state == "disclosed"
    assert "b" * 64 in client.get(page).content.decode()


def test_a_disclosure_in_a_claimed_case_is_its_holders_and_its_second_person_is_another(disclosing: Desk) -> None:
    number = decided(disclosing)
    casework.claim_case(case_id=DisclosureRequest.objects.get().case_id, actor=LEAD, now=NOON)
    again = registered(disclosing, reference="R-8")
    services.verify(number=again, how="called back", actor=ANALYST, now=NOON)
    with pytest.raises(ClaimedByAnother, match="claimed by leo"):
        services.decide(number=again, clause="disclosure", items=ITEMS, reasons="x", actor=ANALYST, now=NOON)
    with pytest.raises(ClaimedByAnother):
        services.refuse(number=again, reasons="x", actor=ANALYST, now=NOON)
    services.confirm(number=number, answer="", actor=LEAD, now=NOON)
    with pytest.raises(ClaimedByAnother):
        services.hand_over(number=number, actor=ANALYST, now=NOON)
    services.hand_over(number=number, actor=LEAD, now=NOON)

"""A bulk decision is a decision for each case, with exceptions by name, a sample that another person checks, and one way back."""

from datetime import timedelta

import pytest
from django.test import Client
from tests.unit.desk.scene import ANALYST, AUDITOR, LEAD, NOON, STRANGER, Desk

from ringfence.desk.access.models import Person
from ringfence.desk.actor import Actor, ActorKind, StaffRole
from ringfence.desk.audit import selectors as audit
from ringfence.desk.bulk import selectors, services
from ringfence.desk.bulk.models import BulkDecision, BulkItem
from ringfence.desk.bulk.services import NothingChosen
from ringfence.desk.cases import services as casework
from ringfence.desk.clocks.models import Obligation
from ringfence.desk.decisions import selectors as decisions
from ringfence.desk.decisions.models import Decision, Strike
from ringfence.desk.decisions.services import NoReason, Why
from ringfence.desk.enforcement.models import Order
from ringfence.desk.errors import NotPermitted, NotThere, StaleState

pytestmark = pytest.mark.django_db

Campaign = tuple[Desk, list[int]]
NARROW = Actor(ActorKind.PERSON, "nia", frozenset({StaffRole.LEAD}), queues=frozenset({"offender"}))
WHY = Why("Your accounts placed the calls of one campaign.", "see the script")


def decided(campaign: Campaign, **exceptions: str) -> BulkDecision:
    desk, numbers = campaign
    left = {numbers[int(place.removeprefix("case_"))]: because for place, because in exceptions.items()}
    made = services.decide_all(cases=numbers, exceptions=left, why=WHY, actor=ANALYST, now=NOON)
    desk.work()
    return made


def fates(bulk: BulkDecision) -> list[str]:
    return list(BulkItem.objects.filter(bulk=bulk).order_by("case_id").values_list("fate", flat=True))


def sample(bulk: BulkDecision) -> list[int]:
    return list(BulkItem.objects.filter(bulk=bulk, sampled=True).order_by("id").values_list("id", flat=True))


def test_a_preview_says_whom_all_of_it_would_touch_without_those_left_out(campaign: Campaign) -> None:
    _, numbers = campaign
    whole = selectors.preview(numbers=numbers, actor=ANALYST, now=NOON)
    assert (whole.whole.parties, whole.whole.accounts, whole.whole.numbers, whole.whole.names) == (4, 4, 400, ("a", "b", "c", "d"))
    less = selectors.preview(numbers=numbers, left_out=numbers[:1], actor=ANALYST, now=NOON)
    assert (less.whole.parties, less.whole.numbers) == (3, 300)
    assert not selectors.preview(numbers=numbers, actor=STRANGER, now=NOON).candidates


def test_linked_cases_are_found_by_way_of_others_and_closed_ones_are_not(campaign: Campaign) -> None:
    _, numbers = campaign
    assert selectors.linked_cases(case=numbers[3], actor=ANALYST) == numbers
    casework.close_case(case_id=numbers[0], outcome="no-violation", actor=ANALYST, now=NOON)
    assert selectors.linked_cases(case=numbers[3], actor=ANALYST) == numbers[1:]
    assert selectors.linked_cases(case=numbers[3], actor=STRANGER) == []


def test_each_case_gets_a_decision_of_its_own_but_those_left_out(campaign: Campaign) -> None:
    _, numbers = campaign
    bulk = decided(campaign, case_1="a hospital: we ask first")
    assert fates(bulk) == ["decided", "excepted", "decided", "decided"]
    assert {one.reasons for one in Decision.objects.all()} == {WHY.public}
    assert {one.scope_value for one in Order.objects.all()} == {"a-1", "c-1", "d-1"}
    left = [entry for entry in audit.timeline(case=numbers[1], actor=ANALYST) if entry.verb == "left-out"]
    assert left[0].details["because"] == "a hospital: we ask first"
    assert Strike.objects.count() == 3


def test_what_stands_against_one_case_stops_that_one_alone(campaign: Campaign) -> None:
    _, numbers = campaign
    decided(campaign, case_1="wait", case_2="wait", case_3="wait")
    again = services.decide_all(cases=numbers, exceptions={}, why=WHY, actor=ANALYST, now=NOON)
    assert fates(again) == ["refused", "decided", "decided", "decided"]
    assert "in force already" in BulkItem.objects.get(bulk=again, case_id=numbers[0]).because


def test_half_is_drawn_for_a_second_person_and_a_clock_runs(campaign: Campaign) -> None:
    bulk = decided(campaign)
    first, second = sample(bulk)
    assert bulk.drawn == 2
    owed = Obligation.objects.get(noun="bulk-decision", noun_id=str(bulk.pk))
    assert owed.due == NOON + timedelta(days=1)
    for who in (ANALYST, AUDITOR, STRANGER, NARROW):
        with pytest.raises(NotPermitted):
            services.check(item=first, right=True, remark="", actor=who, now=NOON)
    services.check(item=first, right=True, remark="", actor=LEAD, now=NOON)
    with pytest.raises(StaleState):
        services.check(item=first, right=True, remark="", actor=LEAD, now=NOON)
    services.check(item=second, right=True, remark="", actor=LEAD, now=NOON)
    bulk.refresh_from_db()
    owed.refresh_from_db()
    assert (bulk.state, owed.state) == ("checked", "met")
    unsampled = BulkItem.objects.filter(bulk=bulk, sampled=False).values_list("id", flat=True)[0]
    with pytest.raises(NotThere):
        services.check(item=unsampled, right=True, remark="", actor=LEAD, now=NOON)


def test_one_found_wrong_puts_all_in_doubt_and_calls_the_lead(campaign: Campaign) -> None:
    bulk = decided(campaign)
    first, second = sample(bulk)
    with pytest.raises(NoReason):
        services.check(item=first, right=False, remark=" ", actor=LEAD, now=NOON)
    services.check(item=first, right=False, remark="their own shops", actor=LEAD, now=NOON)
    services.check(item=second, right=True, remark="", actor=LEAD, now=NOON)
    bulk.refresh_from_db()
    assert bulk.state == "doubted"
    assert any(f"bulk decision {bulk.pk} wrong" in alarm.text for alarm in decisions.alarms(actor=ANALYST))


def test_all_of_it_is_taken_back_at_once_with_every_strike(campaign: Campaign) -> None:
    desk, _ = campaign
    bulk = decided(campaign, case_3="wait")
    with pytest.raises(NoReason):
        services.undo(number=bulk.pk, because=" ", actor=LEAD, now=NOON)
    assert services.undo(number=bulk.pk, because="the script was a school's", actor=LEAD, now=NOON) == 3
    desk.work()
    assert fates(bulk) == ["undone", "undone", "undone", "excepted"]
    assert {order.state for order in Order.objects.all()} == {"removing"}
    assert all(strike.withdrawn for strike in Strike.objects.all())
    assert Decision.objects.filter(lifts__isnull=False, wrong=True).count() == 3
    with pytest.raises(StaleState):
        services.undo(number=bulk.pk, because="again", actor=LEAD, now=NOON)
    with pytest.raises(StaleState):
        services.check(item=sample(bulk)[0], right=True, remark="", actor=LEAD, now=NOON)


def test_who_may_not_decide_or_says_nothing_decides_nothing(campaign: Campaign) -> None:
    _, numbers = campaign
    for who in (AUDITOR, STRANGER, NARROW):
        with pytest.raises(NotPermitted):
            services.decide_all(cases=numbers, exceptions={}, why=WHY, actor=who, now=NOON)
    with pytest.raises(NoReason):
        services.decide_all(cases=numbers, exceptions={}, why=Why(" "), actor=ANALYST, now=NOON)
    with pytest.raises(NoReason, match="left out"):
        services.decide_all(cases=numbers, exceptions={numbers[0]: " "}, why=WHY, actor=ANALYST, now=NOON)
    with pytest.raises(NothingChosen):
        services.decide_all(cases=[], exceptions={}, why=WHY, actor=ANALYST, now=NOON)
    with pytest.raises(NotThere):
        services.decide_all(cases=[*numbers, 999_999], exceptions={}, why=WHY, actor=ANALYST, now=NOON)
    assert not Decision.objects.exists()
    assert not BulkDecision.objects.exists()


def test_pages_take_a_person_from_the_campaign_to_the_way_back(campaign: Campaign, client: Client) -> None:
    _, numbers = campaign
    client.force_login(Person.objects.create(username="leo", roles=["lead"], created=NOON))
    shown = client.get(f"/bulk/new/?linked={numbers[0]}").content.decode()
    assert "400 numbers" in shown
    told = {
        "case": [str(one) for one in numbers],
        "reasons": "One campaign.",
        f"out-{numbers[1]}": "yes",
        f"why-{numbers[1]}": "a school",
    }
    assert "Decided." in client.post("/bulk/new/", told, follow=True).content.decode()
    bulk = BulkDecision.objects.get()
    page = client.get(f"/bulk/{bulk.pk}/").content.decode()
    assert "a school" in page
    assert "Right" not in page, "who decided does not check"
    answer = client.get(f"/bulk/{bulk.pk}/bulk.json").json()
    assert [one["fate"] for one in answer["cases"]].count("decided") == 3
    client.post(f"/bulk/{bulk.pk}/undo/", {"because": "wrong script"})
    bulk.refresh_from_db()
    assert bulk.state == "undone"
    assert f"/bulk/{bulk.pk}/" in client.get("/bulk/").content.decode()

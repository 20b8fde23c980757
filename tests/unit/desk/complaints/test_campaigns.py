"""Complaints that tell the same story are grouped whatever numbers they name, each with why; people split and merge."""

import pytest
from tests.unit.desk.complaints.test_campaign_stories import STORIES, complaint_of
from tests.unit.desk.scene import ANALYST, AUDITOR, NOON, STRANGER

from ringfence.desk.actor import system
from ringfence.desk.audit import selectors as audit
from ringfence.desk.complaints import selectors, services
from ringfence.desk.complaints.campaigns import services as grouping
from ringfence.desk.complaints.campaigns.services import Grouping, NothingChosen
from ringfence.desk.complaints.handling import handle_received
from ringfence.desk.complaints.models import Campaign, Story
from ringfence.desk.errors import NotPermitted, NotThere, StaleState

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("policy")]

MAILBOX = system("mail")


def told(*texts: str, keeping: Grouping | None = None) -> list[int | None]:
    """Take mails in; return the campaign of each."""
    numbers = [services.take_in(raw=complaint_of(text), sender="a", actor=MAILBOX, now=NOON) for text in texts]
    while handle_received(actor=MAILBOX, now=NOON, grouping=keeping):
        pass
    return [Story.objects.get(complaint_id=number).campaign_id for number in numbers]


def test_the_same_story_from_rotating_numbers_is_one_campaign_and_others_are_not() -> None:
    groups = told(*STORIES)
    assert groups[0] is not None
    assert groups[0] == groups[1] == groups[2]
    assert groups[3] is not None
    assert groups[3] == groups[4] != groups[0]
    assert groups[5:] == [None] * len(groups[5:])


def test_each_member_says_why_and_no_words_are_kept() -> None:
    (campaign,) = set(told(*STORIES[:3]))
    members = list(selectors.members(campaign=campaign or 0, actor=AUDITOR))
    assert len(members) == 3
    assert all("the words are alike" in " ".join(one.why) for one in members)
    assert all(f"like complaint {one.complaint_id}:" not in " ".join(one.why) for one in members), "nobody is like himself"
    kept = b"".join(bytes(one.words) + bytes(one.names) for one in Story.objects.all())
    assert b"Norvalis" not in kept
    assert "+32470" not in str([vars(one) for one in members])
    assert not selectors.members(campaign=campaign or 0, actor=STRANGER)
    assert not selectors.campaigns(actor=STRANGER)


def test_the_number_to_call_back_joins_what_is_told_in_two_languages() -> None:
    groups = told(
        "A voice from Norvalis said my parcel waits. They asked me to call back +32 902 12 345",
        "Une voix parlait d'un colis bloqué. On m'a demandé de rappeler le 0902 12 345 chez Norvalis",
        "Quelqu'un vend des panneaux solaires, rappeler le 0902 99 999",
    )
    assert groups[0] == groups[1] is not None
    assert groups[2] is None
    assert "the same number to call back" in str(Story.objects.order_by("id")[1].why)


def test_what_a_process_remembers_and_what_it_reads_anew_group_alike() -> None:
    kept = Grouping()
    first = told(*STORIES[:2], keeping=kept)
    assert told(STORIES[2], keeping=kept) == told_anew(STORIES[2]) == [first[0]]


def told_anew(text: str) -> list[int | None]:
    return told(text + " Again.", keeping=Grouping())


def test_a_person_splits_and_merges_and_the_audit_says_so() -> None:
    (campaign,) = set(told(*STORIES[:3]))
    assert campaign is not None
    ids = list(Story.objects.order_by("id").values_list("complaint_id", flat=True))
    with pytest.raises(NothingChosen):
        grouping.split(campaign=campaign, complaints=[], actor=ANALYST, now=NOON)
    with pytest.raises(NothingChosen):
        grouping.split(campaign=campaign, complaints=ids, actor=ANALYST, now=NOON)
    with pytest.raises(NotPermitted):
        grouping.split(campaign=campaign, complaints=ids[:1], actor=AUDITOR, now=NOON)
    apart = grouping.split(campaign=campaign, complaints=ids[:1], actor=ANALYST, now=NOON)
    assert [one.complaints for one in selectors.campaigns(actor=AUDITOR).order_by("id")] == [2, 1]  # type: ignore[attr-defined]  # annotated
    with pytest.raises(NotThere):
        grouping.merge(campaign=apart, into=apart, actor=ANALYST, now=NOON)
    grouping.merge(campaign=apart, into=campaign, actor=ANALYST, now=NOON)
    with pytest.raises(StaleState):
        grouping.merge(campaign=apart, into=campaign, actor=ANALYST, now=NOON)
    assert Story.objects.filter(campaign_id=campaign).count() == 3
    assert Campaign.objects.get(id=apart).merged_into_id == campaign
    entries = [
        *audit.history(noun="campaign", noun_id=str(campaign), actor=AUDITOR),
        *audit.history(noun="campaign", noun_id=str(apart), actor=AUDITOR),
    ]
    assert {"opened", "split", "merged"} <= {entry.verb for entry in entries}

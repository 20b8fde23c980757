"""Grouping: each complaint as it comes, and by hand where a person knows better."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction

from ringfence.desk.actor import Actor, ActorKind, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.complaints.campaigns.index import LASTS_US, MOST, Index, Place
from ringfence.desk.complaints.campaigns.story import Story as Compared
from ringfence.desk.complaints.campaigns.story import blocks_of, common, marked, packed, sketch, unpacked
from ringfence.desk.complaints.models import Campaign, Complaint, Story
from ringfence.desk.complaints.statements import NumberRole, Statement
from ringfence.desk.errors import DeskError, NotThere, StaleState
from ringfence.desk.queues import hold_complaint
from ringfence.vocabulary.times import micros

_KEY_BYTES: Final = 32


class NothingChosen(DeskError):
    """Nothing that can be split off or merged was named."""


class Grouping:
    """The stories of late in memory, brought up to date from the database at each turn."""

    def __init__(self) -> None:
        self._index = Index(common(settings.RINGFENCE_KEY[:_KEY_BYTES]))
        self._last = 0

    def _refresh(self, now: datetime) -> None:
        rows = Story.objects.filter(id__gt=self._last, received__gt=now - timedelta(microseconds=LASTS_US)).order_by("id")
        for row in rows[:MOST]:
            self._index.add(_compared(row))
            self._last = row.id

    def place(self, *, complaint: Complaint, text: str, statement: Statement, actor: Actor, now: datetime) -> int | None:
        """Keep a complaint's story and put it where it belongs; return the campaign. Call inside a transaction. Twice is once."""
        require(actor.works_cases, actor, "group complaints")
        if Story.objects.filter(complaint=complaint).exists():
            return None
        self._refresh(now)
        row = _row(complaint, text, statement)
        found = self._index.campaign_of(_compared(row), _campaigns(self._index, now))
        number, members = found.campaign, found.members
        for other in found.likewise if number is not None else ():
            _merge(other, number or 0, "they turned out to tell the same story", actor, now)
        if number is None and members:
            number = self._open(members[0][0], _why_first(complaint.id, found), actor, now)
        if number is not None:
            row.campaign_id, row.why, row.by = number, _why(found), actor.id
            Campaign.objects.filter(id=number).update(latest=now)
            later = [f"like complaint {complaint.id}, which came later and bears it out"]
            Story.objects.filter(complaint_id__in=found.also, campaign=None).update(campaign_id=number, why=later, by=actor.id)
        row.save(force_insert=True)
        if number is not None:
            details: dict[str, Detail] = {
                "campaign": number,
                "like": [str(one) for one, _ in members],
                "also": [str(one) for one in found.also],
            }
            audit.record(acts=[Act(verb="grouped", about=("complaint", str(complaint.id)), details=details)], actor=actor, now=now)
        return number

    def _open(self, first: int, why: Sequence[str], actor: Actor, now: datetime) -> int:
        campaign = Campaign.objects.create(opened=now, latest=now)
        Story.objects.filter(complaint_id=first).update(campaign=campaign, why=list(why), by=actor.id)
        audit.record(
            acts=[Act(verb="opened", about=("campaign", str(campaign.id)), details={"complaint": first})], actor=actor, now=now
        )
        return campaign.id


def _why(found: Place) -> list[str]:
    likes = (f"like complaint {complaint}: {', '.join(like.why)}" for complaint, like in found.members[:3] if like.why)
    return [*likes, *found.why]


def _why_first(later: int, found: Place) -> list[str]:
    """Return why the complaint that a new one is like is in the campaign: in its turn it is like the new one."""
    like = found.members[0][1]
    return [*([f"like complaint {later}: {', '.join(like.why)}"] if like.why else []), *found.why]


def _campaigns(index: Index, now: datetime) -> dict[int, int]:
    grouped = Story.objects.filter(campaign__isnull=False, received__gt=now - timedelta(microseconds=LASTS_US))
    return dict(grouped.values_list("complaint_id", "campaign_id")) if len(index) else {}


def _token(number: str) -> str:
    return audit.token_of("number", number)


def _row(complaint: Complaint, text: str, statement: Statement) -> Story:
    callers = [one.readings[0] for one in statement.of(NumberRole.CALLER)]
    callbacks = [one.readings[0] for one in statement.of(NumberRole.CALLBACK)]
    answer = complaint.answers.order_by("-id").first()
    key = settings.RINGFENCE_KEY[:_KEY_BYTES]
    told = marked(text, key)
    return Story(
        complaint=complaint,
        received=complaint.received,
        words=packed(sketch(text, key)),
        names=packed(told.names),
        capitals=packed(told.capitals),
        amounts=packed(told.amounts),
        callbacks=sorted(map(_token, callbacks)),
        callers=sorted(map(_token, callers)),
        blocks=sorted(blocks_of(callers, lambda block: audit.token_of("block", block))),
        sender="" if answer is None else answer.account or answer.upstream,
    )


def _compared(row: Story) -> Compared:
    return Compared(
        complaint=row.complaint_id,
        received=micros(row.received),
        words=unpacked(bytes(row.words)),
        names=unpacked(bytes(row.names)),
        capitals=unpacked(bytes(row.capitals)),
        amounts=unpacked(bytes(row.amounts)),
        callbacks=frozenset(row.callbacks),
        callers=frozenset(row.callers),
        blocks=frozenset(row.blocks),
        sender=row.sender,
    )


@transaction.atomic
def split(*, campaign: int, complaints: Sequence[int], actor: Actor, now: datetime) -> int:
    """Put some of a campaign's complaints into one of their own; return it. Raises `NothingChosen`."""
    require(actor.kind is ActorKind.PERSON and actor.works_cases, actor, "split campaigns")
    for number in complaints:
        hold_complaint(number, actor)
    chosen = Story.objects.filter(campaign_id=campaign, complaint_id__in=list(complaints)[:1000])
    if not chosen.exists() or chosen.count() == Story.objects.filter(campaign_id=campaign).count():
        raise NothingChosen("choose some of its complaints, and not all")
    made = Campaign.objects.create(opened=now, latest=now)
    moved = chosen.update(campaign=made, by=actor.id, why=[f"split from campaign {campaign} by hand"])
    act = Act(verb="split", about=("campaign", str(campaign)), details={"into": made.id, "complaints": moved})
    audit.record(acts=[act], actor=actor, now=now)
    return made.id


@transaction.atomic
def merge(*, campaign: int, into: int, actor: Actor, now: datetime) -> None:
    """Put all of a campaign's complaints into another. Raises `NotThere`, `StaleState` where it was merged before."""
    require(actor.kind is ActorKind.PERSON and actor.works_cases, actor, "merge campaigns")
    for number in Story.objects.filter(campaign_id__in=(campaign, into)).values_list("complaint_id", flat=True):
        hold_complaint(number, actor)
    if campaign == into or not Campaign.objects.filter(id=into, merged_into=None).exists():
        raise NotThere(f"no campaign {into} to merge into")
    if not Campaign.objects.filter(id=campaign, merged_into=None).update(merged_into=into):
        raise StaleState(f"campaign {campaign} is not there, or was merged before")
    _moved(campaign, into, "by hand", actor, now)


def _merge(campaign: int, into: int, why: str, actor: Actor, now: datetime) -> None:
    if Campaign.objects.filter(id=campaign, merged_into=None).update(merged_into=into):
        _moved(campaign, into, why, actor, now)


def _moved(campaign: int, into: int, why: str, actor: Actor, now: datetime) -> None:
    says = f"merged from campaign {campaign}: {why}"
    moved = Story.objects.filter(campaign_id=campaign).update(campaign_id=into, by=actor.id, why=[says])
    Campaign.objects.filter(id=into).update(latest=now)
    act = Act(verb="merged", about=("campaign", str(campaign)), details={"into": into, "complaints": moved})
    audit.record(acts=[act], actor=actor, now=now)

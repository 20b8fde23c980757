"""Taking in how parties' traffic looks, and comparing it with that of parties whose contract was ended."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
from django.db import transaction

from ringfence.desk.actor import Actor, ActorKind, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act
from ringfence.desk.endings.models import Ending, EndingState
from ringfence.desk.outbox import services as outbox
from ringfence.desk.parties.models import Party
from ringfence.desk.returns.alike import alike
from ringfence.desk.returns.marks import token
from ringfence.desk.returns.models import Profile, Trait, TraitKind
from ringfence.feeds import Record
from ringfence.vocabulary.contracts import TrafficProfile
from ringfence.vocabulary.times import utc

_AT_ONCE: Final = 100
"""Profiles that are compared in one turn: the worker has other things to do."""


@transaction.atomic
def record_profiles(*, feed: str, records: Sequence[Record], after: int, actor: Actor, now: datetime) -> int:
    """Keep the profiles of `records`, which follow record `after` of `feed`; return how many were news. What is none is passed by.

    The software that a party sends with is kept as what it is known by, of every party alike.
    """
    require(actor.administers, actor, "record profiles of traffic")
    found = [profile for record in records if (profile := _decoded(record)) is not None]
    parties = set(Party.objects.filter(name__in=[profile.party for profile in found]).values_list("name", flat=True))
    news = sum(_keep(profile, actor, now) for profile in found if profile.party in parties)
    act = Act(verb="took-profiles", about=("feed-record", f"{feed}:{records[-1].number}"), details={"parties": news})
    audit.record(acts=[act], actor=actor, now=now)
    outbox.advance(feed=feed, after=after, to=records[-1].number)
    return news


def _decoded(record: Record) -> TrafficProfile | None:
    try:
        return msgspec.json.decode(record.payload, type=TrafficProfile)
    except msgspec.DecodeError:
        return None


def _keep(profile: TrafficProfile, actor: Actor, now: datetime) -> bool:
    until, facts = utc(profile.until), msgspec.to_builtins(profile)
    row, made = Profile.objects.get_or_create(party=profile.party, defaults={"until": until, "facts": facts})
    newer = Profile.objects.filter(id=row.pk, until__lt=until)
    if not made and not newer.update(until=until, facts=facts, compared=None, as_ended=False):
        return False
    for agent in profile.agents:
        _note(profile.party, TraitKind.AGENT, agent, actor, now)
    return True


def _note(party: str, kind: TraitKind, kept: str, actor: Actor, now: datetime) -> None:
    _, new = Trait.objects.get_or_create(party=party, kind=kind, token=kept, defaults={"noted": now, "noted_by": actor.id})
    if new:
        audit.record(acts=[Act(verb="noted-trait", about=("party", party), details={"kind": str(kind)})], actor=actor, now=now)


@transaction.atomic
def compare(*, actor: Actor, now: datetime) -> int:
    """Compare traffic that was not compared yet with that of ended parties; return how many pairs look the same.

    What looks the same is kept as a mark that both bear. One whose party was ended since is compared with all others.
    """
    require(actor.kind is ActorKind.SYSTEM, actor, "compare traffic")
    ended = set(Ending.objects.exclude(state=EndingState.REVERSED).values_list("party", flat=True))
    if not ended:
        return 0
    of_ended = list(Profile.objects.filter(party__in=ended).order_by("id"))
    fresh = [row for row in of_ended if not row.as_ended]
    waiting = list(Profile.objects.filter(compared__isnull=True).order_by("id")[:_AT_ONCE])
    pairs = {(row.party, one.party): (row, one) for row in waiting for one in of_ended if row.party != one.party}
    if fresh:
        others = list(Profile.objects.exclude(party__in=ended).order_by("id"))
        pairs |= {(row.party, one.party): (row, one) for row in others for one in fresh}
    same = sum(_compared(row, one, actor, now) for row, one in pairs.values())
    Profile.objects.filter(id__in=[row.pk for row in waiting]).update(compared=now)
    Profile.objects.filter(id__in=[row.pk for row in fresh]).update(as_ended=True)
    return same


def _compared(row: Profile, ended: Profile, actor: Actor, now: datetime) -> bool:
    kinds = alike(*(msgspec.convert(one.facts, TrafficProfile) for one in (row, ended)))
    for kind in kinds:
        for party in (row.party, ended.party):
            _note(party, TraitKind(kind), token("like", f"{kind} {ended.party}"), actor, now)
    return bool(kinds)

"""Looking again and again whose time is near or over: each warning and each miss is dealt with once, whenever somebody looks."""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Q

from ringfence.desk.actor import Actor, ActorKind, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.clocks.models import Obligation, ObligationState
from ringfence.desk.clocks.services import start_follower
from ringfence.desk.outbox import services as outbox
from ringfence.vocabulary.times import Micros, utc

MISSED: Final = "clock.missed"
WARNED: Final = "clock.warned"
_AT_ONCE: Final = 100


def sweep(*, actor: Actor, now: datetime) -> int:
    """Deal with warnings and misses that are due; return how many. What came while nobody looked is dealt with now, once."""
    require(actor.kind is ActorKind.SYSTEM, actor, "sweep clocks")
    wanted = Q(due__lte=now, missed__isnull=True) | Q(warn_at__lte=now)
    rows = Obligation.objects.filter(wanted, state=ObligationState.RUNNING).select_related("policy").order_by("due", "id")
    return sum(
        _missed(row, actor, now) if row.due is not None and row.due <= now else _warn(row, actor, now) for row in rows[:_AT_ONCE]
    )


@transaction.atomic
def _missed(row: Obligation, actor: Actor, now: datetime) -> int:
    mine = Obligation.objects.filter(id=row.id, state=ObligationState.RUNNING, missed__isnull=True, due=row.due)
    if not mine.update(missed=now, warn_at=None):
        return 0
    details: dict[str, Detail] = {"clock": row.clock, "does": row.on_miss, "role": row.role}
    audit.record(
        acts=[Act(verb="clock-missed", about=(row.noun, row.noun_id), case=row.case, details=details)], actor=actor, now=now
    )
    outbox.enqueue(topic=MISSED, payloads=[{"obligation": row.id}], now=now)
    assert row.due is not None
    start_follower(row, event=row.due, actor=actor, now=now)
    return 1


@transaction.atomic
def _warn(row: Obligation, actor: Actor, now: datetime) -> int:
    """Give the warnings whose time has come, and wait for the next. Of several at once each role hears one."""
    due = [(utc(Micros(at)), role) for at, role in row.warnings]
    later = min((at for at, _ in due if at > now), default=None)
    mine = Obligation.objects.filter(id=row.id, state=ObligationState.RUNNING, warn_at=row.warn_at)
    if not mine.update(warn_at=later):
        return 0
    assert row.warn_at is not None
    roles = sorted({role for at, role in due if row.warn_at <= at <= now})
    act = Act(verb="clock-warned", about=(row.noun, row.noun_id), case=row.case, details={"clock": row.clock, "roles": roles})
    audit.record(acts=[act], actor=actor, now=now)
    outbox.enqueue(topic=WARNED, payloads=[{"obligation": row.id, "role": role} for role in roles], now=now)
    return 1

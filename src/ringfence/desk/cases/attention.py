"""Who looks at a case, and when: watchers, and cases put off until a day."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from ringfence.desk.actor import Actor, ActorKind, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.cases import claims
from ringfence.desk.cases.models import Case, CaseState, Watcher
from ringfence.desk.cases.services import NothingSaid
from ringfence.desk.errors import NotThere, StaleState
from ringfence.desk.queues import hold_case

LONGEST_SNOOZE: Final = timedelta(days=180)


@transaction.atomic
def watch_case(*, case_id: int, actor: Actor, now: datetime) -> None:
    """Have the actor know what happens in a case. Raises `NotThere`, `StaleState` where that is so."""
    require(actor.kind is ActorKind.PERSON and actor.sees_the_desk, actor, "watch cases")
    hold_case(case_id, actor)
    if not Case.objects.filter(id=case_id).exists():
        raise NotThere(f"no case {case_id}")
    _, new = Watcher.objects.get_or_create(case_id=case_id, person=actor.id, defaults={"since": now, "looked": now})
    if not new:
        raise StaleState("you watch it already")
    _record("watched", case_id, {}, actor, now)


@transaction.atomic
def unwatch_case(*, case_id: int, actor: Actor, now: datetime) -> None:
    """Have the actor know of it no more. Raises `StaleState` where the actor does not watch it."""
    require(actor.kind is ActorKind.PERSON and actor.sees_the_desk, actor, "watch cases")
    gone, _ = Watcher.objects.filter(case_id=case_id, person=actor.id).delete()
    if not gone:
        raise StaleState("you do not watch it")
    _record("unwatched", case_id, {}, actor, now)


def note_looked(*, case_id: int, actor: Actor, now: datetime) -> None:
    """Note that a watcher opened the case: what happened before is no news to that one."""
    Watcher.objects.filter(case_id=case_id, person=actor.id, looked__lt=now).update(looked=now)


@transaction.atomic
def snooze_case(*, case_id: int, until: datetime, reason: str, actor: Actor, now: datetime) -> None:
    """Take a case out of the queue until a moment; what joins it brings it back. Raises `NothingSaid`, `StaleState`."""
    require(actor.kind is ActorKind.PERSON and actor.works_cases, actor, "put cases off")
    hold_case(case_id, actor)
    claims.heed(case_id=case_id, actor=actor, now=now)
    if not reason.strip() or not now < until <= now + LONGEST_SNOOZE:
        raise NothingSaid(f"say why, and until when: within {LONGEST_SNOOZE.days} days")
    changed = (
        Case.objects.filter(id=case_id).exclude(state=CaseState.CLOSED).update(snoozed_until=until, snoozed_by=actor.id, latest=now)
    )
    if not changed:
        raise StaleState(f"case {case_id} is not open")
    _record("snoozed", case_id, {"until": until.isoformat(), "reason": reason.strip()[:500]}, actor, now)


@transaction.atomic
def wake_case(*, case_id: int, actor: Actor, now: datetime) -> None:
    """Bring a case back into the queue. Raises `StaleState` where it is there."""
    require(actor.works_cases, actor, "bring cases back")
    hold_case(case_id, actor)
    claims.heed(case_id=case_id, actor=actor, now=now)
    if not Case.objects.filter(id=case_id, snoozed_until__gt=now).update(snoozed_until=None, latest=now):
        raise StaleState(f"case {case_id} is in the queue")
    _record("woken", case_id, {}, actor, now)


def stir(*, case_id: int, now: datetime) -> None:
    """Note that something happened in a case, which brings it back. The act itself is recorded by who acts."""
    Case.objects.filter(id=case_id).update(latest=now, snoozed_until=None)


def _record(verb: str, case_id: int, details: dict[str, Detail], actor: Actor, now: datetime) -> None:
    audit.record(acts=[Act(verb=verb, about=("case", str(case_id)), case=case_id, details=details)], actor=actor, now=now)

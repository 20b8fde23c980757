"""The second person behind grave decisions."""

from datetime import datetime

from django.db import transaction

from ringfence.desk.actor import Actor, ActorKind, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act
from ringfence.desk.cases.queues import works_on
from ringfence.desk.decisions import owed
from ringfence.desk.decisions.models import Confirmation, Decision
from ringfence.desk.decisions.services import raise_alarm
from ringfence.desk.errors import NotThere, StaleState
from ringfence.desk.outbox import services as outbox


@transaction.atomic
def confirm(*, decision_id: str, notes: str, actor: Actor, now: datetime) -> None:
    """Stand behind a grave decision as the second person; one that waited is ordered now.

    Raises `NotThere`, `NotPermitted` for who decided it, and `StaleState` where it is confirmed, lifted or over.
    """
    require(actor.kind == ActorKind.PERSON and actor.confirms, actor, "confirm decisions")
    decision = Decision.objects.select_for_update().filter(id=decision_id, grave=True).first()
    if decision is None or not works_on(case=decision.case_id, actor=actor):
        raise NotThere(f"no grave decision {decision_id}")
    require(decision.actor_id != actor.id, actor, "confirm their own decision: that takes a second person")
    if Confirmation.objects.filter(decision=decision).exists():
        raise StaleState("somebody confirmed it already")
    if Decision.objects.filter(lifts=decision).exists() or (decision.until is not None and decision.until <= now):
        raise StaleState("it was lifted, or is over")
    Confirmation.objects.create(decision=decision, by=actor.id, confirmed=now, notes=notes.strip())
    audit.record(acts=[Act(verb="confirmed", about=("decision", decision_id), case=decision.case_id)], actor=actor, now=now)
    owed.confirmed(decision=decision_id, actor=actor, now=now)
    if decision.waits:
        outbox.enqueue(topic="decision.made", payloads=[{"decision": decision_id}], now=now)


@transaction.atomic
def call_second_persons(*, actor: Actor, now: datetime) -> int:
    """Raise an alarm for each grave decision that nobody confirmed in time, once; return how many are overdue.

    The measure stays: to end it is a decision too.
    """
    require(actor.kind == ActorKind.SYSTEM, actor, "raise alarms")
    overdue = Decision.objects.filter(grave=True, confirm_by__lte=now, confirmation__isnull=True, lifted_by__isnull=True).exclude(
        until__lte=now
    )
    for decision in overdue.order_by("confirm_by")[:100]:
        text = (
            f"Decision {decision.id[:8]} ({decision.deed}) by {decision.actor_id} should have been confirmed by a second person"
            f" by {decision.confirm_by:%Y-%m-%d %H:%M} UTC. It stands until somebody lifts it. Case {decision.case_id}."
        )
        raise_alarm(kind="confirm", text=text, case=decision.case_id, actor=actor, now=now)
    return overdue.count()

"""The second person behind grave decisions."""

import secrets
from datetime import datetime
from typing import Final

from django.db import transaction

from ringfence.desk.actor import Actor, ActorKind, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act
from ringfence.desk.cases.queues import works_on
from ringfence.desk.decisions import owed, strikes
from ringfence.desk.decisions.models import Confirmation, Decision, DecisionKind
from ringfence.desk.decisions.services import CONFIRM_WITHIN, raise_alarm
from ringfence.desk.errors import NotThere, StaleState
from ringfence.desk.outbox import services as outbox
from ringfence.desk.policies import selectors as policies
from ringfence.policy.due_process import Unconfirmed
from ringfence.vocabulary.contracts import ActionKind

CALLED: Final = ("lead", "admin", "everybody")
"""Who is called at a miss, and at each further clock that passes without the second person."""
ENDED: Final = "contract.ended"
"""Topic: two persons decided the end of a contract."""
FELL: Final = "decision.fell"
"""Topic: nobody confirmed a grave measure in time, and its version says that it falls."""


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
    if decision.action == ActionKind.TERMINATE:
        outbox.enqueue(topic=ENDED, payloads=[{"decision": decision_id}], now=now)


@transaction.atomic
def call_second_persons(*, actor: Actor, now: datetime) -> int:
    """Follow up each grave decision that nobody confirmed in time, as its version says; return how many are overdue.

    A lead is called first, and after each further clock that passes the next: an admin, then everybody. Where the version says
    that an unconfirmed measure falls, it is lifted at the first miss, and the lead is told so.
    """
    require(actor.kind == ActorKind.SYSTEM, actor, "raise alarms")
    overdue = Decision.objects.filter(grave=True, confirm_by__lte=now, confirmation__isnull=True, lifted_by__isnull=True).exclude(
        until__lte=now
    )
    found = list(overdue.select_related("policy").order_by("confirm_by")[:100])
    for decision in found:
        assert decision.confirm_by is not None
        falls = policies.bundle(hash=decision.policy.hash).settings.due_process.unconfirmed is Unconfirmed.FALLS
        if falls:
            lift_unconfirmed(decision_id=decision.id, actor=actor, now=now)
        missed = 1 if falls else int((now - decision.confirm_by) / CONFIRM_WITHIN) + 1
        for turn, role in enumerate(CALLED[:missed]):
            _call(decision, role, falls=falls, again=turn > 0, actor=actor, now=now)
    return len(found)


def _call(decision: Decision, role: str, *, falls: bool, again: bool, actor: Actor, now: datetime) -> None:
    told = f"{decision.confirm_by:%Y-%m-%d %H:%M} UTC. " + (
        "By the policy it has fallen." if falls else "It stands until somebody lifts it."
    )
    text = (
        f"For {role}: decision {decision.id[:8]} ({decision.deed}) by {decision.actor_id}"
        f" should have been confirmed by a second person by {told} Case {decision.case_id}."
        f"{' Nobody came before.' if again else ''}"
    )
    raise_alarm(kind="confirm", text=text, case=decision.case_id, actor=actor, now=now)


@transaction.atomic
def lift_unconfirmed(*, decision_id: str, actor: Actor, now: datetime) -> str:
    """Lift a grave measure that no second person confirmed in time, by what its version says; return the lift. Its strike goes."""
    require(actor.kind == ActorKind.SYSTEM, actor, "let unconfirmed measures fall")
    decision = Decision.objects.select_for_update(of=("self",)).select_related("policy").get(id=decision_id)
    id = secrets.token_hex(16)
    Decision.objects.create(
        id=id,
        kind=DecisionKind.LIFT,
        case_id=decision.case_id,
        policy_id=decision.policy_id,
        clause=decision.clause,
        actor_kind=str(ActorKind.STANDING_ORDER),
        actor_id=decision.policy.hash,
        decided=now,
        scope_kind=decision.scope_kind,
        scope_value=decision.scope_value,
        lifts=decision,
        reasons="No second person confirmed this measure in time, and the policy says that it falls then.",
    )
    acts = [Act(verb="fell", about=("decision", id), case=decision.case_id, details={"lifts": decision_id})]
    if strikes.withdraw(decision=decision, now=now):
        acts.append(Act(verb="unstruck", about=("decision", decision_id), case=decision.case_id))
    audit.record(acts=acts, actor=actor, now=now)
    owed.lifted(decision=decision_id, actor=actor, now=now)
    outbox.enqueue(topic="decision.made", payloads=[{"decision": id}], now=now)
    outbox.enqueue(topic=FELL, payloads=[{"decision": decision_id}], now=now)
    return id

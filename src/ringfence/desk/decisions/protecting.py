"""Protecting a party whose login somebody else has: premium destinations are barred, and what staff asks for beside."""

from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final

from django.conf import settings
from django.db import transaction

from ringfence.desk.actor import Actor, ActorKind, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.decisions.models import Decision, DecisionKind, parameters_of
from ringfence.desk.outbox import services as outbox
from ringfence.desk.policies import rulings
from ringfence.desk.policies import selectors as policies
from ringfence.desk.policies.rulings import About
from ringfence.policy import Bundle
from ringfence.vocabulary.contracts import Action, ActionKind, CallClass, Scope, Subject
from ringfence.vocabulary.subjects import SubjectKind

CLAUSES: Final = ("compromised-password", "credentials", "technical-prevention")
"""What permits it: the first of these that the version in force has."""
REVIEWED_WITHIN: Final = timedelta(days=3)


@transaction.atomic
def decide_protection(*, case_id: int, scope: Scope, calls: CallClass, says: str, actor: Actor, now: datetime) -> str | None:
    """Decide that a class of calls is barred until a person reviews it; return the decision. It gives no strike.

    `None` where the same is in force already, no version is posted, or none of `CLAUSES` stands in it.
    """
    require(actor.decides and actor.kind in (ActorKind.PERSON, ActorKind.SYSTEM), actor, "protect parties")
    version = policies.current(actor=actor)
    clause = clause_for(policies.bundle(hash=version.hash), scope, actor, now) if version is not None else ""
    action = Action(kind=ActionKind.BAR, bars=calls)
    if version is None or not clause or _is_barred(scope, action):
        return None
    told = f"protection\0{case_id}\0{scope.kind}\0{scope.value}\0{calls}\0{now.isoformat()}"
    id = blake2b(told.encode(), digest_size=16, key=settings.RINGFENCE_KEY).hexdigest()
    Decision.objects.create(
        id=id,
        kind=DecisionKind.MEASURE,
        case_id=case_id,
        policy=version,
        clause=clause,
        actor_kind=str(actor.kind),
        actor_id=actor.id,
        decided=now,
        scope_kind=str(scope.kind),
        scope_value=scope.value,
        action=str(action.kind),
        parameters=parameters_of(action),
        potential=True,
        review=now + REVIEWED_WITHIN,
        reasons=says,
    )
    details: dict[str, Detail] = {
        "decision": id,
        "clause": clause,
        "action": str(action.kind),
        str(scope.kind): audit.token_of(str(scope.kind), scope.value),
    }
    audit.record(acts=[Act(verb="decided", about=("decision", id), case=case_id, details=details)], actor=actor, now=now)
    outbox.enqueue(topic="decision.made", payloads=[{"decision": id}], now=now)
    return id


def _is_barred(scope: Scope, action: Action) -> bool:
    """Tell whether the same bar stands until a review already."""
    measures = Decision.objects.filter(kind=DecisionKind.MEASURE, lifted_by__isnull=True, until__isnull=True)
    same = measures.filter(scope_kind=str(scope.kind), scope_value=scope.value, action=str(action.kind))
    return same.filter(parameters=parameters_of(action)).exists()


def clause_for(bundle: Bundle, scope: Scope, actor: Actor, now: datetime) -> str:
    """Return the clause that permits it; empty where the version has none of them, or courts struck all for whom it protects."""
    about = About(Subject(kind=scope.kind, id=scope.value), (scope.value,) if scope.kind is SubjectKind.PARTY else ())
    there = (slug for slug in CLAUSES if bundle.clause(slug) is not None)
    return next((slug for slug in there if rulings.striking(clause=slug, about=about, moments=[now], actor=actor) is None), "")

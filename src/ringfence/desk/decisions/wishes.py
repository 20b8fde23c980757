"""What a called person may decide for the own number: that a caller reach it no more."""

from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final

from django.conf import settings
from django.db import transaction

from ringfence.desk.actor import Actor, ActorKind, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act
from ringfence.desk.decisions.models import Decision, DecisionKind
from ringfence.desk.decisions.proposals import EMERGENCY_LIST
from ringfence.desk.outbox import services as outbox
from ringfence.desk.policies import rulings
from ringfence.desk.policies import selectors as policies
from ringfence.desk.policies.rulings import About
from ringfence.vocabulary.contracts import ActionKind, Subject
from ringfence.vocabulary.subjects import SubjectKind

CLAUSE: Final = "technical-prevention"
"""It permits to prevent by technical means what the called person does not want."""
LASTS: Final = timedelta(days=180)
_SAYS: Final = "The called person, who proved control of the called number, asked that this caller reach it no more."


@transaction.atomic
def decide_wish(*, case_id: int, pair: tuple[str, str], complaint: int, actor: Actor, now: datetime) -> str | None:
    """Decide that `pair`, caller and callee, is kept apart for half a year; return the decision. Twice is once.

    `None` where no version is posted, where a court struck the clause, or where either is an emergency number: these always come
    through.
    """
    require(actor.kind is ActorKind.SYSTEM, actor, "carry out called persons' wishes")
    version = policies.current(actor=actor)
    if version is None or set(pair) & set(policies.lists(hash=version.hash, on=now.date()).get(EMERGENCY_LIST, ())):
        return None
    about = About(Subject(kind=SubjectKind.PAIR, id=",".join(pair)))
    if rulings.striking(clause=CLAUSE, about=about, moments=[now], actor=actor) is not None:
        return None
    id = blake2b(f"wish\0{complaint}".encode(), digest_size=16, key=settings.RINGFENCE_KEY).hexdigest()
    if Decision.objects.filter(id=id).exists():
        return id
    Decision.objects.create(
        id=id,
        kind=DecisionKind.MEASURE,
        case_id=case_id,
        policy=version,
        clause=CLAUSE,
        actor_kind=str(actor.kind),
        actor_id=actor.id,
        decided=now,
        scope_kind=str(SubjectKind.PAIR),
        scope_value=",".join(pair),
        action=str(ActionKind.REFUSE),
        until=now + LASTS,
        reasons=_SAYS,
        notes=f"Complaint {complaint}",
    )
    details = {"decision": id, "clause": CLAUSE, "action": str(ActionKind.REFUSE), "pair": audit.token_of("pair", ",".join(pair))}
    audit.record(acts=[Act(verb="decided", about=("decision", id), case=case_id, details=details)], actor=actor, now=now)
    outbox.enqueue(topic="decision.made", payloads=[{"decision": id}], now=now)
    return id

"""What a struck clause does to orders: a standing order's is removed at once, a person's is looked at again."""

from datetime import datetime

from django.db import transaction

from ringfence.desk.actor import Actor, ActorKind, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.decisions import services as deciding
from ringfence.desk.decisions import struck
from ringfence.desk.decisions.models import Decision
from ringfence.desk.decisions.services import Why
from ringfence.desk.decisions.struck import Fate, Resting
from ringfence.desk.enforcement import services as enforcement
from ringfence.desk.enforcement.models import Order
from ringfence.desk.errors import NotThere, StaleState
from ringfence.desk.policies import rulings
from ringfence.desk.policies.models import Ruling
from ringfence.desk.policies.rulings import Strikes


@transaction.atomic
def carry_out(*, ruling_id: int, actor: Actor, now: datetime) -> None:
    """Do what follows where a strike has begun to hold. Nothing where it holds no more. Twice is once."""
    require(actor.kind == ActorKind.SYSTEM, actor, "carry out rulings")
    ruling = rulings.ruling(number=ruling_id, actor=actor)
    if ruling is None or not ruling.holds(now):
        return
    resting = struck.resting_on(clause=ruling.clause, strikes=Strikes(rulings.told(), actor), actor=actor, now=now)
    for one in resting:
        _carry_out(one, ruling, actor, now)
    waiting = sum(one.fate is Fate.REVIEWED for one in resting)
    if waiting:
        text = (
            f"Ruling {ruling.pk} struck the clause {ruling.clause}. Measures by people that rest on it alone: {waiting}."
            " Say on the ruling's page whether they stay."
        )
        deciding.raise_alarm(kind="ruling", text=text, actor=actor, now=now)
    counts: dict[str, Detail] = {fate.name.lower(): sum(one.fate is fate for one in resting) for fate in Fate}
    audit.record(acts=[Act(verb="ruling-carried-out", about=("ruling", str(ruling.pk)), details=counts)], actor=actor, now=now)


def _carry_out(one: Resting, ruling: Ruling, actor: Actor, now: datetime) -> None:
    decision = one.decision
    match one.fate:
        case Fate.REMOVED:
            struck.lift_struck(decision_id=decision.id, ruling=ruling, actor=actor, now=now)
            order = Order.objects.filter(decision=decision).first()
            if order is not None:
                enforcement.remove(order, "lifted", struck.told_of(ruling), actor, now)
        case Fate.REVIEWED:
            struck.reconsider(decision_id=decision.id, ruling=ruling, actor=actor, now=now)
        case Fate.STANDS:
            details: dict[str, Detail] = {"decision": decision.id, "ruling": ruling.pk, "because": one.because}
            act = Act(verb="stands", about=("decision", decision.id), case=decision.case_id, details=details)
            audit.record(acts=[act], actor=actor, now=now)


@transaction.atomic
def lift(*, number: int, reasons: str, actor: Actor, now: datetime) -> None:
    """End a measure that was looked at again, as a person. Raises `NotThere`, `NoReason`, `StaleState` where it is over."""
    found = struck.reconsideration(number=number, actor=actor)
    if found is None:
        raise NotThere(f"nothing to look at again has the number {number}")
    decision: Decision = found.decision
    if Order.objects.filter(decision=decision).exists():
        if not enforcement.lift_if_in_force(order_id=decision.id, why=Why(reasons), actor=actor, now=now):
            raise StaleState("the order is over already")
    else:
        deciding.decide_lift(decision_id=decision.id, why=Why(reasons), actor=actor, now=now)
    struck.note_lifted(number=number, reasons=reasons, actor=actor, now=now)

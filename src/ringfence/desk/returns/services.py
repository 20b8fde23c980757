"""Noting what parties are known by, looking for those that return, and answering."""

from collections import defaultdict
from datetime import datetime

from django.db import transaction

from ringfence.desk.actor import Actor, ActorKind, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.decisions import services as deciding
from ringfence.desk.endings.models import Ending, EndingState
from ringfence.desk.errors import DeskError, NotThere, StaleState
from ringfence.desk.parties.models import Membership, Party
from ringfence.desk.queues import hold_case
from ringfence.desk.returns import traffic
from ringfence.desk.returns.marks import COMMON, ENOUGH, WEIGHTS, Mark, marks, token
from ringfence.desk.returns.models import Return, ReturnState, Trait, TraitKind


class NotAnswered(DeskError):
    """Something is missing; the text says what."""


@transaction.atomic
def note_trait(*, party: str, kind: str, value: str, actor: Actor, now: datetime) -> None:
    """Keep, as a token, what a party is known by: a person behind it, a payment token, its software, how its traffic looks."""
    require(actor.keeps_parties or (actor.kind is ActorKind.PERSON and actor.works_cases), actor, "note what parties are known by")
    if kind not in TraitKind.values or not value.strip():
        raise NotAnswered("say what kind it is, and what")
    if not Party.objects.filter(name=party).exists():
        raise NotThere(f"no party {party}")
    _, new = Trait.objects.get_or_create(
        party=party, kind=kind, token=token(kind, value), defaults={"noted": now, "noted_by": actor.id}
    )
    if new:
        audit.record(acts=[Act(verb="noted-trait", about=("party", party), details={"kind": kind})], actor=actor, now=now)


@transaction.atomic
def look(*, actor: Actor, now: datetime) -> int:
    """Point out each party that bears marks of one whose contract was ended, once for each; return how many are new.

    Whoever stood above or below the ended one is not pointed out for what they shared, nor are marks that many bear counted.
    """
    require(actor.kind is ActorKind.SYSTEM, actor, "look for parties that return")
    traffic.compare(actor=actor, now=now)
    endings = list(Ending.objects.exclude(state=EndingState.REVERSED).order_by("id"))
    if not endings:
        return 0
    bearers, known = marks(), set(Return.objects.values_list("party", "ending_id"))
    return sum(_look_for(ending, bearers, known, actor, now) for ending in endings)


def _look_for(ending: Ending, bearers: dict[Mark, set[str]], known: set[tuple[str, int]], actor: Actor, now: datetime) -> int:
    shared: defaultdict[str, set[str]] = defaultdict(set)
    for (kind, _), parties in bearers.items():
        if ending.party in parties and len(parties) <= COMMON:
            for party in parties - {ending.party} - _kin(ending.party):
                shared[party].add(kind)
    new = 0
    for party, kinds in sorted(shared.items()):
        weight = sum(WEIGHTS[kind][0] for kind in kinds)
        if weight >= ENOUGH and (party, ending.pk) not in known:
            _point_out(ending, party, [kind for kind in WEIGHTS if kind in kinds], weight, actor, now)
            new += 1
    return new


def _kin(party: str) -> set[str]:
    """Return who stood directly above or below a party."""
    above = Membership.objects.filter(party__name=party).values_list("parent__name", flat=True)
    below = Membership.objects.filter(parent__name=party).values_list("party__name", flat=True)
    return {*above, *below}


def _point_out(ending: Ending, party: str, kinds: list[str], weight: int, actor: Actor, now: datetime) -> None:
    reasons = [WEIGHTS[kind][1] for kind in kinds]
    made = Return.objects.create(party=party, ending=ending, reasons=reasons, weight=weight, found=now)
    details: dict[str, Detail] = {"party": party, "kinds": kinds, "weight": weight}
    audit.record(
        acts=[Act(verb="seems-to-return", about=("return", str(made.pk)), case=ending.case_id, details=details)],
        actor=actor,
        now=now,
    )
    text = (
        f"For analyst: {party} shares with {ending.party}, whose contract was ended: {'; '.join(reasons)}. Case {ending.case_id}."
    )
    deciding.raise_alarm(kind="return", text=text, case=ending.case_id, actor=actor, now=now)


@transaction.atomic
def answer(*, number: int, same: bool, because: str, actor: Actor, now: datetime) -> None:
    """Say whether it is the same party. Nothing follows by itself: what does is a decision in a case."""
    require(actor.kind is ActorKind.PERSON and actor.decides, actor, "say who returned")
    found = Return.objects.select_related("ending").filter(id=number).first()
    if found is None:
        raise NotThere(f"nothing was pointed out as {number}")
    hold_case(found.ending.case_id, actor)
    if not because.strip():
        raise NotAnswered("say why")
    state = ReturnState.SAME if same else ReturnState.OTHER
    fresh = Return.objects.filter(id=number, state=ReturnState.OPEN)
    if not fresh.update(state=state, answered=now, answered_by=actor.id, because=because.strip()):
        raise StaleState("somebody answered it already")
    details: dict[str, Detail] = {"party": found.party, "is": str(state)}
    act = Act(verb="return-answered", about=("return", str(number)), case=found.ending.case_id, details=details)
    audit.record(acts=[act], actor=actor, now=now)

"""What a struck clause does to decisions: those that rest on it alone fall, or are looked at again; no further ones follow."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from ringfence.desk.actor import Actor, ActorKind, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.cases import selectors as cases
from ringfence.desk.decisions.models import Decision, DecisionKind, Reconsideration, Reconsidered
from ringfence.desk.decisions.services import NoReason
from ringfence.desk.detections import selectors as detections
from ringfence.desk.detections.models import Finding
from ringfence.desk.errors import NotThere, StaleState
from ringfence.desk.outbox import services as outbox
from ringfence.desk.policies import rulings
from ringfence.desk.policies import selectors as policies
from ringfence.desk.policies.models import Ruling
from ringfence.desk.policies.rulings import About, Strikes
from ringfence.desk.queues import of_cases
from ringfence.vocabulary.contracts import Subject
from ringfence.vocabulary.severity import Mode
from ringfence.vocabulary.subjects import Role, SubjectKind


class Fate(StrEnum):
    """What becomes of a measure when a clause is struck."""

    REMOVED = "removed"
    """A standing order decided it, and it rests on the clause alone."""
    REVIEWED = "looked at again"
    """A person decided it, or asked for it, and it rests on the clause alone."""
    STANDS = "stands"
    """It rests on something else as well."""


@dataclass(frozen=True, slots=True)
class Resting:
    """A measure in force that a strike of a clause touches, and what becomes of it. `because`: what it rests on as well."""

    decision: Decision
    fate: Fate
    because: str = ""


def about_of(finding: Finding) -> About:
    """Return whom a finding is about."""
    told = finding.contract
    return About(told.subject, told.party_path)


def resting_on(*, clause: str, strikes: Strikes, actor: Actor, now: datetime) -> list[Resting]:
    """Return the measures in force that name `clause` and are struck with it, oldest first, each with its fate."""
    named = _in_force(now).filter(Q(clause=clause) | Q(rule_clause=clause)).select_related("finding", "policy", "case")
    found = (_resting(decision, clause, strikes, actor, now) for decision in named.order_by("decided", "id"))
    return [one for one in found if one is not None]


def _in_force(now: datetime) -> QuerySet[Decision]:
    return Decision.objects.filter(kind=DecisionKind.MEASURE, lifted_by__isnull=True).exclude(until__lte=now)


def _resting(decision: Decision, clause: str, strikes: Strikes, actor: Actor, now: datetime) -> Resting | None:
    """Return what becomes of a measure; `None` where the ruling is not about whom it is against."""
    if strikes.on(clause, _about(decision), [now]) is None:
        return None
    if decision.clause != clause and decision.case.role == Role.OUTSIDER:
        # Nobody's contract binds an outsider: what holds him off never rested on what he broke.
        return Resting(decision, Fate.STANDS, f"it protects the network, under {decision.clause}")
    other = _other_ground(decision, strikes, actor, now)
    if other:
        return Resting(decision, Fate.STANDS, other)
    by_machine = decision.actor_kind == ActorKind.STANDING_ORDER
    return Resting(decision, Fate.REMOVED if by_machine else Fate.REVIEWED)


def _about(decision: Decision) -> About:
    if decision.finding is not None:
        return about_of(decision.finding)
    subject = Subject(kind=SubjectKind(decision.scope_kind), id=decision.scope_value)
    of_party = decision.case.subject_kind == SubjectKind.PARTY
    return About(subject, (decision.case.subject_id,) if of_party else ())


def _other_ground(decision: Decision, strikes: Strikes, actor: Actor, now: datetime) -> str:
    """Return what else the measure rests on: a finding of its case, known when it was decided, under clauses that stand.

    What somebody asked for, a called person or an account's owner, rests on no finding.
    """
    if decision.actor_kind == ActorKind.SYSTEM:
        return ""
    file = cases.case_file(number=decision.case_id, actor=actor)
    ladder = policies.bundle(hash=decision.policy.hash).ladder
    for finding in detections.findings_by_id(ids=file.findings if file else [], actor=actor):
        if finding.id == decision.finding_id or finding.found > decision.decided or finding.mode == Mode.SHADOW:
            continue
        step = ladder.step(finding.clause, Role(decision.case.role), 1)
        needed = {finding.clause, step.under if step is not None else finding.clause}
        if all(strikes.on(clause, about_of(finding), [now, finding.time]) is None for clause in sorted(needed)):
            return f"its case has a finding of {finding.rule}, under {finding.clause}"
    return ""


@transaction.atomic
def lift_struck(*, decision_id: str, ruling: Ruling, actor: Actor, now: datetime) -> str:
    """End a measure of a standing order because its clause was struck; return the decision that does. Twice is once."""
    require(actor.kind == ActorKind.SYSTEM, actor, "carry out rulings")
    id = blake2b(f"ruling\0{ruling.pk}\0{decision_id}".encode(), digest_size=16, key=settings.RINGFENCE_KEY).hexdigest()
    lifted = Decision.objects.select_for_update().get(id=decision_id)
    if Decision.objects.filter(lifts=lifted).exists():
        return id
    Decision.objects.create(
        id=id,
        kind=DecisionKind.LIFT,
        case_id=lifted.case_id,
        policy_id=lifted.policy_id,
        clause=lifted.clause,
        actor_kind=str(actor.kind),
        actor_id=f"ruling {ruling.pk}",
        decided=now,
        scope_kind=lifted.scope_kind,
        scope_value=lifted.scope_value,
        lifts=lifted,
        reasons=told_of(ruling),
    )
    details: dict[str, Detail] = {"lifts": decision_id, "ruling": ruling.pk}
    act = Act(verb="decided-to-lift", about=("decision", id), case=lifted.case_id, details=details)
    audit.record(acts=[act], actor=actor, now=now)
    outbox.enqueue(topic="decision.made", payloads=[{"decision": id}], now=now)
    return id


def told_of(ruling: Ruling) -> str:
    """Return what people are told of a ruling."""
    return f"The clause {ruling.clause} was struck by {ruling.court}, {ruling.reference}, of {ruling.decided.isoformat()}."


@transaction.atomic
def reconsider(*, decision_id: str, ruling: Ruling, actor: Actor, now: datetime) -> None:
    """Have a person look at a measure again. Twice is once."""
    require(actor.kind == ActorKind.SYSTEM, actor, "carry out rulings")
    found, made = Reconsideration.objects.get_or_create(decision_id=decision_id, ruling=ruling, defaults={"raised": now})
    if made:
        _note("to-reconsider", found, actor, now)


@transaction.atomic
def keep(*, number: int, clause: str, reasons: str, actor: Actor, now: datetime) -> None:
    """Let a measure stay, because it rests on another clause too. Raises `NotThere`, `NoReason`, `StaleState`."""
    require(actor.kind == ActorKind.PERSON and actor.works_cases, actor, "say that measures stay")
    found = reconsideration(number=number, actor=actor)
    if found is None:
        raise NotThere(f"nothing to look at again has the number {number}")
    if not reasons.strip():
        raise NoReason("say why it stays: the party may be told this")
    decision = found.decision
    if policies.bundle(hash=decision.policy.hash).clause(clause) is None:
        raise NoReason(
            f"name the clause that it rests on; version {decision.policy.number} has no clause {clause or 'without a name'}"
        )
    if rulings.striking(clause=clause, about=_about(decision), moments=[now], actor=actor) is not None:
        raise NoReason(f"the clause {clause} is struck as well")
    _settle(found, Reconsidered.KEPT, clause, reasons.strip(), actor, now)


@transaction.atomic
def note_lifted(*, number: int, reasons: str, actor: Actor, now: datetime) -> None:
    """Note that the measure was lifted. Raises `NotThere`, `StaleState`."""
    found = reconsideration(number=number, actor=actor)
    if found is None:
        raise NotThere(f"nothing to look at again has the number {number}")
    _settle(found, Reconsidered.LIFTED, "", reasons.strip(), actor, now)


def _settle(found: Reconsideration, state: Reconsidered, clause: str, reasons: str, actor: Actor, now: datetime) -> None:
    changed = Reconsideration.objects.filter(pk=found.pk, state=Reconsidered.OPEN)
    if not changed.update(state=state, clause=clause, reasons=reasons, by=actor.id, at=now):
        raise StaleState("somebody was first: look again")
    _note(f"reconsidered-{state}", found, actor, now)


def _note(verb: str, found: Reconsideration, actor: Actor, now: datetime) -> None:
    details: dict[str, Detail] = {"decision": found.decision_id, "ruling": found.ruling_id}
    about = ("decision", found.decision_id)
    audit.record(acts=[Act(verb=verb, about=about, case=found.decision.case_id, details=details)], actor=actor, now=now)


def reconsiderations(*, actor: Actor, ruling: int | None = None) -> QuerySet[Reconsideration]:
    """Return what is to be looked at again or was, oldest first; because of one ruling where it is named."""
    found = Reconsideration.objects.select_related("decision", "decision__policy", "decision__case", "decision__finding", "ruling")
    if not actor.sees_the_desk:
        return found.none()
    found = of_cases(found, actor, "decision__case")
    return found.filter(ruling_id=ruling).order_by("id") if ruling is not None else found.order_by("id")


def reconsideration(*, number: int, actor: Actor) -> Reconsideration | None:
    """Return one of them."""
    return reconsiderations(actor=actor).filter(pk=number).first()


def fallen(*, ruling: int, actor: Actor) -> QuerySet[Decision]:
    """Return the decisions by which a ruling ended measures of standing orders, oldest first."""
    found = Decision.objects.filter(kind=DecisionKind.LIFT, actor_kind=str(ActorKind.SYSTEM), actor_id=f"ruling {ruling}")
    return of_cases(found, actor).select_related("lifts").order_by("decided", "id") if actor.sees_the_desk else found.none()

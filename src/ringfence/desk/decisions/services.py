"""Deciding: by a person, or by a standing order of a posted policy version."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from django.conf import settings
from django.db import transaction

from ringfence.desk.actor import Actor, ActorKind, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act
from ringfence.desk.cases import selectors as cases
from ringfence.desk.decisions.models import Alarm, Automation, Decision, DecisionKind
from ringfence.desk.decisions.proposals import Proposal, propose
from ringfence.desk.detections import selectors as detections
from ringfence.desk.errors import DeskError, NotThere, StaleState
from ringfence.desk.outbox import services as outbox
from ringfence.desk.parties.told import Named, announce
from ringfence.vocabulary.contracts import ActionKind
from ringfence.vocabulary.severity import Mode, Severity

_AN_HOUR = timedelta(hours=1)
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
"""Since when automation decides where nobody has ever held it."""


class NoReason(DeskError):
    """A decision by a person needs a reason that can be told."""


class NothingProposed(DeskError):
    """The ladder has no measure for this, or the subject is protected."""


@dataclass(frozen=True, slots=True)
class Why:
    """`public` may be told to the party; `private` stays in the desk."""

    public: str
    private: str = ""


@transaction.atomic
def decide_by_standing_order(*, case_id: int, finding_id: str, actor: Actor, now: datetime) -> str | None:
    """Decide what the finding's policy version says must be done without a person; return the decision, if there is one.

    `None`: no standing order applies, or one of the brakes holds: automation paused, subject protected, a measure in force, a
    person's lift of an earlier one still meant, the hourly budget used up. A brake is recorded in the case. Twice is once.
    """
    require(actor.kind == ActorKind.SYSTEM, actor, "act on standing orders")
    id = blake2b(f"standing\0{finding_id}".encode(), digest_size=16, key=settings.RINGFENCE_KEY).hexdigest()
    if Decision.objects.filter(id=id).exists():
        return id
    finding = detections.finding(id=finding_id, actor=actor)
    if finding is None:
        raise NotThere(f"no finding {finding_id}")
    if finding.mode != Mode.ACT or finding.severity != Severity.ACT:
        return None
    proposal = propose(case_id=case_id, finding=finding, now=now, actor=actor)
    if proposal is None or not proposal.standing:
        return None
    brake = proposal.obstacle or _brake(proposal, actor, now)
    if brake:
        details = {"finding": finding_id, "rule": finding.rule, "because": brake}
        audit.record(
            acts=[Act(verb="left-to-a-person", about=("case", str(case_id)), case=case_id, details=details)], actor=actor, now=now
        )
        return None
    standing = Actor(ActorKind.STANDING_ORDER, finding.policy)
    _decide(id, proposal, Why(proposal.says, proposal.remark), standing, now)
    return id


def _brake(proposal: Proposal, actor: Actor, now: datetime) -> str:
    """Return why a standing order must not act, or empty text."""
    automation = _automation()
    if automation.held:
        return "automation is held"
    measures = Decision.objects.filter(
        kind=DecisionKind.MEASURE, scope_kind=proposal.scope_kind, scope_value=proposal.scope_value
    ).exclude(until__lte=now)
    if measures.filter(lifted_by__isnull=True).exists():
        return "a measure is in force already"
    if measures.filter(lifted_by__isnull=False, until__isnull=False).exists():
        return "a person lifted a measure that would still last"
    # Who resumes has looked, and grants a new budget: else automation would stop again with the next finding.
    since = max(now - _AN_HOUR, automation.since)
    spent = Decision.objects.filter(actor_kind=str(ActorKind.STANDING_ORDER), decided__gt=since).count()
    if spent >= settings.RINGFENCE_STANDING_ORDERS_PER_HOUR:
        _stop_beyond_budget(spent, actor, now)
        return "the hourly budget of standing orders is used up"
    return ""


def _automation() -> Automation:
    """Return whether standing orders may decide, held until the end of the transaction: one decision after the other.

    In PostgreSQL two decisions could else both find that no measure is in force, and one be made after automation was held.
    """
    row, _ = Automation.objects.select_for_update().get_or_create(id=1, defaults={"held": False, "since": _BEGINNING, "by": ""})
    return row


def _stop_beyond_budget(spent: int, actor: Actor, now: datetime) -> None:
    reason = f"{spent} automatic decisions within an hour: the budget is used up"
    _set_automation(held=True, reason=reason, by="budget", now=now)
    audit.record(acts=[Act(verb="held", about=("automation", ""), details={"by": "budget"})], actor=actor, now=now)
    text = f"Automation has stopped itself: {reason}. Look at the latest cases, then resume."
    Alarm.objects.create(kind="budget", text=text, raised=now)


@transaction.atomic
def raise_alarm(*, kind: str, text: str, actor: Actor, now: datetime) -> None:
    """Have a person see this. What was said before in the same words is not said again, acknowledged or not."""
    require(actor.kind == ActorKind.SYSTEM, actor, "raise alarms")
    _, new = Alarm.objects.get_or_create(kind=kind, text=text, defaults={"raised": now})
    if new:
        audit.record(acts=[Act(verb="alarmed", about=("alarm", kind))], actor=actor, now=now)


def _decide(id: str, proposal: Proposal, why: Why, actor: Actor, now: datetime) -> None:
    Decision.objects.create(
        id=id,
        kind=DecisionKind.MEASURE,
        case_id=proposal.case_id,
        policy_id=proposal.policy_id,
        clause=proposal.clause,
        rule_clause=proposal.rule_clause,
        rule=proposal.rule,
        finding_id=proposal.finding_id,
        actor_kind=str(actor.kind),
        actor_id=actor.id,
        decided=now,
        scope_kind=proposal.scope_kind,
        scope_value=proposal.scope_value,
        action=str(ActionKind.REFUSE),
        silent=proposal.silent,
        until=now + proposal.lasts if proposal.lasts else None,
        review=now + proposal.review if proposal.review and not proposal.lasts else None,
        reasons=why.public,
        notes=why.private,
    )
    details = {
        "decision": id,
        "clause": proposal.clause,
        "rule": proposal.rule,
        "action": str(ActionKind.REFUSE),
        proposal.scope_kind: audit.token_of(proposal.scope_kind, proposal.scope_value),
    }
    audit.record(acts=[Act(verb="decided", about=("decision", id), case=proposal.case_id, details=details)], actor=actor, now=now)
    outbox.enqueue(topic="decision.made", payloads=[{"decision": id}], now=now)


@transaction.atomic
def decide_by_person(*, case_id: int, finding_id: str, why: Why, actor: Actor, now: datetime) -> str:
    """Decide what the ladder proposes for a finding of the case.

    Raises `NoReason`, `NothingProposed`, and `StaleState` where a measure is in force.
    """
    require(actor.kind == ActorKind.PERSON and actor.works_cases, actor, "decide")
    if not why.public.strip():
        raise NoReason("say why: the party may be told this")
    finding = detections.finding(id=finding_id, actor=actor)
    if finding is None or cases.case_of_finding(finding_id=finding_id, actor=actor) != case_id:
        raise NotThere(f"case {case_id} has no finding {finding_id}")
    proposal = propose(case_id=case_id, finding=finding, now=now, actor=actor)
    if proposal is None:
        raise NothingProposed("the ladder of this version proposes no measure here")
    if proposal.obstacle:
        raise NothingProposed(f"not done: {proposal.obstacle}")
    _automation()
    in_force = Decision.objects.filter(kind=DecisionKind.MEASURE, scope_kind=proposal.scope_kind, scope_value=proposal.scope_value)
    if in_force.filter(lifted_by__isnull=True).exclude(until__lte=now).exists():
        raise StaleState("a measure against this subject is in force already")
    id = secrets.token_hex(16)
    _decide(id, proposal, why, actor, now)
    return id


@transaction.atomic
def decide_lift(*, decision_id: str, why: Why, actor: Actor, now: datetime) -> str:
    """Decide that a measure ends before its time. Raises `NoReason`, `NotThere`, `StaleState` where it was lifted already."""
    require(actor.kind == ActorKind.PERSON and actor.works_cases, actor, "lift measures")
    if not why.public.strip():
        raise NoReason("say why it is lifted")
    lifted = Decision.objects.select_for_update().filter(id=decision_id, kind=DecisionKind.MEASURE).first()
    if lifted is None:
        raise NotThere(f"no measure {decision_id}")
    if Decision.objects.filter(lifts=lifted).exists():
        raise StaleState("it was lifted already")
    id = secrets.token_hex(16)
    Decision.objects.create(
        id=id,
        kind=DecisionKind.LIFT,
        case_id=lifted.case_id,
        policy_id=lifted.policy_id,
        clause=lifted.clause,
        actor_kind=str(actor.kind),
        actor_id=actor.id,
        decided=now,
        scope_kind=lifted.scope_kind,
        scope_value=lifted.scope_value,
        lifts=lifted,
        reasons=why.public,
        notes=why.private,
    )
    act = Act(verb="decided-to-lift", about=("decision", id), case=lifted.case_id, details={"lifts": decision_id})
    audit.record(acts=[act], actor=actor, now=now)
    outbox.enqueue(topic="decision.made", payloads=[{"decision": id}], now=now)
    return id


@transaction.atomic
def hold_automation(*, reason: str, actor: Actor, now: datetime) -> None:
    """Stop all standing orders from deciding. Orders in force stay. Raises `NoReason`; holding twice is once."""
    require(actor.works_cases, actor, "hold automation")
    if not reason.strip():
        raise NoReason("say why automation is held")
    if _set_automation(held=True, reason=reason.strip(), by=actor.id, now=now):
        audit.record(acts=[Act(verb="held", about=("automation", ""))], actor=actor, now=now)


@transaction.atomic
def resume_automation(*, actor: Actor, now: datetime) -> None:
    """Let standing orders decide again. What came in between is left to people."""
    require(actor.leads, actor, "resume automation")
    if _set_automation(held=False, reason="", by=actor.id, now=now):
        audit.record(acts=[Act(verb="resumed", about=("automation", ""))], actor=actor, now=now)


def _set_automation(*, held: bool, reason: str, by: str, now: datetime) -> bool:
    """Set it and tell watch and gate; return whether that changed anything."""
    if not Automation.objects.filter(id=_automation().id, held=not held).update(held=held, reason=reason, by=by, since=now):
        return False
    announce(named=Named(), now=now)
    return True


@transaction.atomic
def acknowledge_alarm(*, alarm: int, actor: Actor, now: datetime) -> None:
    """Take an alarm off the pages. Raises `StaleState` where somebody did."""
    require(actor.works_cases, actor, "acknowledge alarms")
    if not Alarm.objects.filter(id=alarm, acknowledged__isnull=True).update(acknowledged=now, acknowledged_by=actor.id):
        raise StaleState("somebody acknowledged it already")
    audit.record(acts=[Act(verb="acknowledged", about=("alarm", str(alarm)))], actor=actor, now=now)

"""Deciding: by a person, or by a standing order of a posted policy version."""

import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Final

from django.conf import settings
from django.db import transaction

from ringfence.desk.actor import Actor, ActorKind, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act
from ringfence.desk.cases import claims
from ringfence.desk.cases import selectors as cases
from ringfence.desk.cases.queues import works_on
from ringfence.desk.decisions import asking, budget, owed, recording, strikes
from ringfence.desk.decisions.measures import REMOVES_ACCESS, Measure
from ringfence.desk.decisions.models import Alarm, Automation, Citation, Decision, DecisionKind, Spent, parameters_of
from ringfence.desk.decisions.proposals import Proposal, obstacle, propose
from ringfence.desk.detections import selectors as detections
from ringfence.desk.errors import DeskError, NotThere, StaleState
from ringfence.desk.outbox import services as outbox
from ringfence.desk.parties.told import Named, announce
from ringfence.desk.policies import interpretations
from ringfence.desk.policies import selectors as policies
from ringfence.desk.queues import of_cases
from ringfence.vocabulary.contracts import ActionKind
from ringfence.vocabulary.severity import Mode, Severity

CONFIRM_WITHIN: Final = timedelta(hours=4)
"""How long a grave decision may stand on one person's word before an alarm calls for the second."""
GRAVE: Final = frozenset({ActionKind.SUSPEND, ActionKind.TERMINATE, ActionKind.WITHDRAW})
"""Measures that take a second person also where the ladder is left."""

REVERSED: Final = "decision.reversed"
"""Topic: a measure should not have been, whether or not it still stood. What it cost its party goes back."""

OVERRIDDEN: Final = "decision.overridden"
"""Topic: another decision took a measure's place; its order ends."""
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
"""Since when automation decides where nobody has ever held it."""


class NoReason(DeskError):
    """A decision by a person needs a reason that can be told."""


class NothingProposed(DeskError):
    """The ladder has no measure for this, or the subject is protected."""


@dataclass(frozen=True, slots=True)
class Why:
    """`public` may be told to the party; `private` stays in the desk.

    `measure` is another one than the ladder's, with the reason `off_ladder`. `potential`: a violation that may come; no strike.
    `wrong`, of a lift: the measure should not have been taken. `interpretations` are the numbers of those that it rests on.
    `offered` is what the person was shown that the ladder proposes: nobody decides more, or less, than the button said.
    `clause` is the one that a person picked, empty for the rule's. `replaces` is the one of the case that this overrides.
    """

    public: str
    private: str = ""
    measure: Measure | None = None
    off_ladder: str = ""
    potential: bool = False
    wrong: bool = False
    interpretations: tuple[int, ...] = ()
    offered: str = ""
    clause: str = ""
    replaces: str = ""


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
    cost = budget.cost_of(proposal=proposal, finding=finding, now=now, actor=actor)
    brake = proposal.obstacle or _brake(proposal, cost, actor, now)
    if brake:
        details = {"finding": finding_id, "rule": finding.rule, "because": brake}
        audit.record(
            acts=[Act(verb="left-to-a-person", about=("case", str(case_id)), case=case_id, details=details)], actor=actor, now=now
        )
        return None
    standing = Actor(ActorKind.STANDING_ORDER, finding.policy)
    _decide(id, proposal, Why(proposal.says, proposal.remark), standing, now)
    cost.decision_id = id
    cost.save(force_insert=True)
    return id


def _brake(proposal: Proposal, cost: Spent, actor: Actor, now: datetime) -> str:
    """Return why a standing order must not act, or empty text."""
    if proposal.measure.action is not None and proposal.measure.action.kind in REMOVES_ACCESS:
        return "it takes away access, and with it a way to call for help: a person decides"
    automation = _automation()
    if automation.held:
        return "automation is held"
    if proposal.measure.action is None and Decision.objects.filter(case_id=proposal.case_id, kind=DecisionKind.WARNING).exists():
        return "it was warned of this matter already"
    measures = Decision.objects.filter(
        kind=DecisionKind.MEASURE, scope_kind=proposal.measure.scope.kind, scope_value=proposal.measure.scope.value
    ).exclude(until__lte=now)
    if measures.filter(lifted_by__isnull=True).exists():
        return "a measure is in force already"
    if measures.filter(lifted_by__isnull=False, until__isnull=False).exists():
        return "a person lifted a measure that would still last"
    # Who resumes has looked, and grants a new budget: else automation would stop again with the next finding.
    overdrawn = budget.overdrawn(policy=proposal.policy, cost=cost, since=automation.since, now=now)
    if overdrawn:
        _stop_beyond_budget(overdrawn, actor, now)
        return "the hourly budget of standing orders is used up"
    return ""


def _automation() -> Automation:
    """Return whether standing orders may decide, held until the end of the transaction: one decision after the other.

    In PostgreSQL two decisions could else both find that no measure is in force, and one be made after automation was held.
    """
    row, _ = Automation.objects.select_for_update().get_or_create(id=1, defaults={"held": False, "since": _BEGINNING, "by": ""})
    return row


def _stop_beyond_budget(overdrawn: str, actor: Actor, now: datetime) -> None:
    reason = f"{overdrawn}: the budget is used up"
    _set_automation(held=True, reason=reason, by="budget", now=now)
    audit.record(acts=[Act(verb="held", about=("automation", ""), details={"by": "budget"})], actor=actor, now=now)
    text = f"Automation has stopped itself: {reason}. Look at the latest cases, then resume."
    Alarm.objects.create(kind="budget", text=text, raised=now)


@transaction.atomic
def raise_alarm(*, kind: str, text: str, actor: Actor, now: datetime, case: int | None = None) -> None:
    """Have a person see this. What was said before in the same words is not said again, acknowledged or not.

    One about a case is for those in whose queues the case is.
    """
    require(actor.kind == ActorKind.SYSTEM, actor, "raise alarms")
    if Alarm.objects.filter(kind=kind, text=text).exists():
        return
    _automation()  # one alarm after the other: two workers may have the same to say
    _, new = Alarm.objects.get_or_create(kind=kind, text=text, defaults={"raised": now, "case": case})
    if new:
        audit.record(acts=[Act(verb="alarmed", about=("alarm", kind), case=case)], actor=actor, now=now)


def _decide(id: str, proposal: Proposal, why: Why, actor: Actor, now: datetime) -> None:
    measure = proposal.measure
    made = Decision.objects.create(
        id=id,
        kind=DecisionKind.WARNING if measure.action is None else DecisionKind.MEASURE,
        case_id=proposal.case_id,
        policy_id=proposal.policy_id,
        clause=proposal.clause,
        rule_clause=proposal.rule_clause,
        rule=proposal.rule,
        finding_id=proposal.finding_id or None,
        actor_kind=str(actor.kind),
        actor_id=actor.id,
        decided=now,
        scope_kind=str(measure.scope.kind),
        scope_value=measure.scope.value,
        action=str(measure.action.kind) if measure.action is not None else "",
        silent=measure.action is not None and measure.action.silent,
        parameters=parameters_of(measure.action) if measure.action is not None else {},
        off_ladder=why.off_ladder,
        potential=why.potential,
        grave=proposal.grave,
        waits=proposal.waits,
        confirm_by=now + CONFIRM_WITHIN if proposal.grave else None,
        until=now + measure.lasts if measure.lasts else None,
        review=now + measure.review if measure.review else None,
        reasons=why.public,
        notes=why.private,
        replaces_id=why.replaces or None,
    )
    strike = recording.strike_of(made, proposal, now) if not why.potential else None
    recording.record(made, strike, proposal.party, actor, now)
    owed.owe(made=made, actor=actor, now=now)
    owed.waive_cure(made=made, party=proposal.party, actor=actor, now=now)
    if not made.waits:
        outbox.enqueue(topic="decision.made", payloads=[{"decision": id}], now=now)


@transaction.atomic
def decide_by_person(*, case_id: int, finding_id: str, why: Why, actor: Actor, now: datetime) -> str:
    """Decide what the ladder proposes for a finding of the case, under its rule's clause or the one that a person picked.

    Without a finding, as where people alone complained, the picked clause is what it rests on; no clause, no decision. Where the
    ladder has no step, the person chooses the measure. Raises `NoReason`, `NothingProposed`, `NotThere`, and `StaleState` where a
    measure is in force, the case is closed, or another is proposed than was offered.
    """
    require(actor.kind == ActorKind.PERSON and actor.decides, actor, "decide")
    if not why.public.strip():
        raise NoReason("say why: the party may be told this")
    claims.heed(case_id=case_id, actor=actor, now=now)
    finding = detections.finding(id=finding_id, actor=actor) if finding_id else None
    if finding_id and (finding is None or cases.case_of_finding(finding_id=finding_id, actor=actor) != case_id):
        raise NotThere(f"case {case_id} has no finding {finding_id}")
    if finding is None:
        _refuse_without(case_id, why.clause, actor)
    _automation()  # before the ladder is looked at: strikes of a decision made at the same moment count
    proposal = propose(case_id=case_id, finding=finding, now=now, actor=actor, clause=why.clause, freely=True)
    if proposal is None or (not proposal.step and why.measure is None):
        raise NothingProposed("the ladder of this version proposes no measure here: choose one, and say why")
    if proposal.obstacle:
        raise NothingProposed(f"not done: {proposal.obstacle}")
    if why.offered and why.offered != proposal.deed:
        raise StaleState(f"the ladder proposes another measure since you opened the page: {proposal.deed}. Look again, then decide")
    if why.measure is not None:
        proposal = _otherwise(proposal, why, now)
    if why.replaces:
        _override(proposal, why, actor, now)
    _refuse_twice(proposal, now)
    cited = interpretations.citable(why.interpretations)
    id = secrets.token_hex(16)
    _decide(id, proposal, why, actor, now)
    Citation.objects.bulk_create(Citation(decision_id=id, interpretation=one) for one in cited)
    if proposal.measure.asks:
        asking.ask_with(decision=id, proposal=proposal, text=why.public, actor=actor, now=now)
    return id


def _refuse_without(case_id: int, clause: str, actor: Actor) -> None:
    """Raise where a decision without a finding cannot be: `NoReason` without a clause, `StaleState` in a closed case."""
    case = cases.case(number=case_id, actor=actor)
    if case is None:
        raise NotThere(f"no case {case_id}")
    if case.state == "closed":
        raise StaleState(f"case {case_id} is closed")
    if not clause:
        raise NoReason("pick the clause that was violated: no clause, no decision")


def _override(proposal: Proposal, why: Why, actor: Actor, now: datetime) -> None:
    """Lift the earlier decision that this one takes the place of. It was not wrong by that: its strike stays the matter's."""
    if proposal.waits:
        raise StaleState("what waits for a second person takes the place of nothing before that: decide it beside the other")
    if not Decision.objects.filter(id=why.replaces, case_id=proposal.case_id).exclude(kind=DecisionKind.LIFT).exists():
        raise NotThere(f"case {proposal.case_id} has no decision {why.replaces} to override")
    instead = replace(why, public=f"Another decision takes its place: {why.public}", wrong=False)
    decide_lift(decision_id=why.replaces, why=instead, actor=actor, now=now)
    outbox.enqueue(topic=OVERRIDDEN, payloads=[{"decision": why.replaces}], now=now)


def _refuse_twice(proposal: Proposal, now: datetime) -> None:
    """Raise where the same kind of measure against the same scope is in force, or the party was warned of the matter."""
    scope, action = proposal.measure.scope, proposal.measure.action
    standing = Decision.objects.filter(scope_kind=str(scope.kind), scope_value=scope.value, lifted_by__isnull=True)
    if action is None:
        if not proposal.party:
            raise NothingProposed("nobody answers for it, so there is nobody to warn")
        warned = standing.filter(kind=DecisionKind.WARNING, case_id=proposal.case_id, rule_clause=proposal.rule_clause)
        if warned.exists():
            raise StaleState("it was warned of this matter already")
        return
    same = standing.filter(kind=DecisionKind.MEASURE, action=str(action.kind))
    if same.exclude(until__lte=now).exists():
        raise StaleState("a measure against this subject is in force already")


def _otherwise(proposal: Proposal, why: Why, now: datetime) -> Proposal:
    """Return the proposal with the measure that a person chose instead of the ladder's. Raises `NoReason`, `NothingProposed`."""
    chosen = why.measure
    assert chosen is not None
    if not why.off_ladder.strip():
        raise NoReason("say why the ladder is left")
    stands_against = obstacle(chosen.scope, policies.lists(hash=proposal.policy, on=now.date()))
    if stands_against:
        raise NothingProposed(f"not done: {stands_against}")
    grave = chosen.action is not None and (proposal.grave or chosen.action.kind in GRAVE)
    return replace(proposal, measure=chosen, grave=grave, step="", remark="", obstacle="")


@transaction.atomic
def decide_lift(*, decision_id: str, why: Why, actor: Actor, now: datetime) -> str:
    """Decide that a measure ends before its time, or a warning is taken back. `why.wrong`: it was wrong; its strike goes.

    Raises `NoReason`, `NotThere`, `StaleState` where it was lifted already.
    """
    require(actor.kind == ActorKind.PERSON and actor.decides, actor, "lift measures")
    if not why.public.strip():
        raise NoReason("say why it is lifted")
    lifted = Decision.objects.select_for_update().filter(id=decision_id).exclude(kind=DecisionKind.LIFT).first()
    if lifted is None or not works_on(case=lifted.case_id, actor=actor):
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
        wrong=why.wrong,
        reasons=why.public,
        notes=why.private,
    )
    acts = [Act(verb="decided-to-lift", about=("decision", id), case=lifted.case_id, details={"lifts": decision_id})]
    if why.wrong and strikes.withdraw(decision=lifted, now=now):
        acts.append(Act(verb="unstruck", about=("decision", decision_id), case=lifted.case_id))
    owed.lifted(decision=decision_id, actor=actor, now=now)
    audit.record(acts=acts, actor=actor, now=now)
    outbox.enqueue(topic="decision.made", payloads=[{"decision": id}], now=now)
    if why.wrong:
        outbox.enqueue(topic=REVERSED, payloads=[{"decision": decision_id}], now=now)
    return id


@transaction.atomic
def withdraw_strike(*, decision_id: str, actor: Actor, now: datetime) -> None:
    """Take back the strike of a measure that should not have been, where it has one and the measure is over already."""
    require(actor.kind == ActorKind.PERSON and actor.works_cases, actor, "take strikes back")
    outbox.enqueue(topic=REVERSED, payloads=[{"decision": decision_id}], now=now)
    decision = Decision.objects.filter(id=decision_id).first()
    if decision is not None and strikes.withdraw(decision=decision, now=now):
        act = Act(verb="unstruck", about=("decision", decision_id), case=decision.case_id)
        audit.record(acts=[act], actor=actor, now=now)


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
    seen = of_cases(Alarm.objects.filter(id=alarm, acknowledged__isnull=True), actor, shared=True)
    if not seen.update(acknowledged=now, acknowledged_by=actor.id):
        raise StaleState("somebody acknowledged it already")
    audit.record(acts=[Act(verb="acknowledged", about=("alarm", str(alarm)))], actor=actor, now=now)

"""Filing appeals by the token of a notice, adding to them, and deciding them."""

from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction

from ringfence.desk.actor import ANONYMOUS, Actor, ActorKind, require, system
from ringfence.desk.appeals.models import Appeal, AppealState, Reply
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act
from ringfence.desk.clocks import services as clocks
from ringfence.desk.clocks.services import Owed
from ringfence.desk.decisions import services as deciding
from ringfence.desk.decisions.models import Confirmation, Decision
from ringfence.desk.decisions.services import NoReason, Why
from ringfence.desk.enforcement import services as enforcement
from ringfence.desk.enforcement.models import Order
from ringfence.desk.errors import DeskError, NotThere, StaleState
from ringfence.desk.notices import services as notices
from ringfence.desk.notices.models import Notice, NoticeKind
from ringfence.desk.policies import selectors as policies
from ringfence.desk.queues import hold_case
from ringfence.policy.due_process import Standing

CLOCK: Final = "appeal-answer"
_OURS: Final = system("appeals")
MOST_CHARACTERS: Final = 20_000
MOST_REPLIES: Final = 50


class NothingSaid(DeskError):
    """An appeal or a reply is empty, too long, or one too many."""


class NoStanding(DeskError):
    """The version that was decided by does not give this side an appeal."""


class TooLate(DeskError):
    """The time to appeal is over."""


@transaction.atomic
def file(*, notice: Notice, text: str, now: datetime) -> Appeal:
    """File an appeal against the measure of a notice, by whoever holds the notice's token.

    It suspends nothing. Raises `NothingSaid`, `TooLate`, `StaleState` where one is open or the notice is of no measure.
    """
    said = _said(text)
    if notice.kind != NoticeKind.MEASURE:
        raise StaleState("this notice is of no measure")
    if Standing.PARTY not in policies.bundle(hash=notice.decision.policy.hash).settings.due_process.appeal_by:
        raise NoStanding("the policy that was decided by gives the party no appeal")
    if is_late(notice, now):
        raise TooLate("the time to appeal is over")
    if Appeal.objects.filter(decision=notice.decision).exists():
        raise StaleState("there is an appeal against this measure")
    try:
        with transaction.atomic():
            appeal = Appeal.objects.create(
                decision=notice.decision, case_id=notice.case_id, notice=notice, rule=notice.decision.rule, text=said, filed=now
            )
    except IntegrityError as error:  # two windows at once
        raise StaleState("there is an appeal against this measure") from error
    _record("appealed", appeal, ANONYMOUS, now)
    owed = Owed(clock=CLOCK, about=("appeal", str(appeal.pk)), what=f"Decide appeal {appeal.pk}", case=appeal.case_id)
    clocks.start(owed=owed, actor=_OURS, now=now)
    return appeal


def is_late(notice: Notice, now: datetime) -> bool:
    """Tell whether the time to appeal against the notice's measure is over, by the version that it was decided by."""
    days = policies.bundle(hash=notice.decision.policy.hash).settings.due_process.appeal_days
    return now - notice.decision.decided > timedelta(days=days)


@transaction.atomic
def reply(*, notice: Notice, text: str, now: datetime) -> None:
    """Add to the open appeal of a notice. Raises `NothingSaid`, `StaleState` where none is open."""
    said = _said(text)
    appeal = Appeal.objects.select_for_update().filter(notice=notice, state=AppealState.OPEN).first()
    if appeal is None:
        raise StaleState("no appeal is open here")
    if appeal.replies.count() >= MOST_REPLIES:
        raise NothingSaid("that is enough to look at: please wait for what comes of it")
    Reply.objects.create(appeal=appeal, text=said, written=now)
    _record("appeal-added-to", appeal, ANONYMOUS, now)


@transaction.atomic
def review(*, appeal_id: int, outcome: str, why: Why, actor: Actor, now: datetime) -> None:
    """Decide an appeal, as another person than those who decided the measure. Overturned, the measure ends and its strike goes.

    The party is told. Raises `NotThere`, `NotPermitted`, `NoReason`, and `StaleState` where it was decided.
    """
    require(actor.kind == ActorKind.PERSON and actor.works_cases, actor, "decide appeals")
    if outcome not in (AppealState.UPHELD, AppealState.OVERTURNED):
        raise NoReason("choose what comes of the appeal")
    if not why.public.strip():
        raise NoReason("say why: the party is told this")
    appeal = Appeal.objects.select_for_update().select_related("decision", "decision__policy").filter(id=appeal_id).first()
    if appeal is None:
        raise NotThere(f"no appeal {appeal_id}")
    hold_case(appeal.case_id, actor)
    measure = appeal.decision
    deciders = {measure.actor_id, *Confirmation.objects.filter(decision=measure).values_list("by", flat=True)}
    require(actor.id not in deciders, actor, "decide on an appeal against their own decision: that takes another person")
    changed = Appeal.objects.filter(id=appeal_id, state=AppealState.OPEN).update(
        state=outcome, reviewer=actor.id, reviewed=now, reasons=why.public.strip(), notes=why.private.strip()
    )
    if not changed:
        raise StaleState("the appeal was decided already")
    _record(f"appeal-{outcome}", appeal, actor, now)
    clocks.meet(about=("appeal", str(appeal_id)), actor=actor, now=now)
    if outcome == AppealState.OVERTURNED:
        _reverse(measure, why, actor, now)
    told = notices.Outcome(outcome, why.public.strip())
    notices.write(kind=NoticeKind.APPEAL, decision=measure, outcome=told, actor=actor, now=now)


def _reverse(measure: Decision, why: Why, actor: Actor, now: datetime) -> None:
    """End the measure, if it still stands, and take its strike back."""
    wrong = Why(why.public, why.private, wrong=True)
    if Decision.objects.filter(lifts=measure).exists():
        deciding.withdraw_strike(decision_id=measure.id, actor=actor, now=now)
    elif Order.objects.filter(decision=measure).exists():
        if not enforcement.lift_if_in_force(order_id=measure.id, why=wrong, actor=actor, now=now):
            deciding.withdraw_strike(decision_id=measure.id, actor=actor, now=now)
    else:
        deciding.decide_lift(decision_id=measure.id, why=wrong, actor=actor, now=now)


def _said(text: str) -> str:
    said = text.strip()
    if not said or len(said) > MOST_CHARACTERS:
        raise NothingSaid(f"say something, in at most {MOST_CHARACTERS} characters")
    return said


def _record(verb: str, appeal: Appeal, actor: Actor, now: datetime) -> None:
    act = Act(verb=verb, about=("appeal", str(appeal.pk)), case=appeal.case_id, details={"decision": appeal.decision_id})
    audit.record(acts=[act], actor=actor, now=now)

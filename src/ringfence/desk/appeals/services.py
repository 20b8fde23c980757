"""Filing appeals by the token of a notice, adding to them, answering, and deciding them."""

from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction

from ringfence.desk.actor import ANONYMOUS, Actor, ActorKind, require, system
from ringfence.desk.appeals import complainants, telling
from ringfence.desk.appeals.filing import CLOCK, NoStanding, TooLate, add_reply, record, said
from ringfence.desk.appeals.models import Appeal, AppealState
from ringfence.desk.clocks import services as clocks
from ringfence.desk.clocks.services import Owed
from ringfence.desk.complaints.models import Complaint
from ringfence.desk.decisions import services as deciding
from ringfence.desk.decisions.models import Confirmation, Decision
from ringfence.desk.decisions.services import NoReason, Why
from ringfence.desk.enforcement import services as enforcement
from ringfence.desk.enforcement.models import Order
from ringfence.desk.errors import NotThere, StaleState
from ringfence.desk.notices import services as notices
from ringfence.desk.notices.models import Notice, NoticeKind
from ringfence.desk.policies import selectors as policies
from ringfence.desk.queues import hold_case, hold_complaint
from ringfence.policy.due_process import Standing

_OURS: Final = system("appeals")


@transaction.atomic
def file(*, notice: Notice, text: str, now: datetime) -> Appeal:
    """File an appeal against the measure of a notice, by whoever holds the notice's token.

    It suspends nothing. Raises `NothingSaid`, `TooLate`, `StaleState` where one is open or the notice is of no measure.
    """
    words = said(text)
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
                decision=notice.decision, case_id=notice.case_id, notice=notice, rule=notice.decision.rule, text=words, filed=now
            )
    except IntegrityError as error:  # two windows at once
        raise StaleState("there is an appeal against this measure") from error
    record("appealed", appeal, ANONYMOUS, now)
    owed = Owed(clock=CLOCK, about=("appeal", str(appeal.pk)), what=f"Decide appeal {appeal.pk}", case=appeal.case_id)
    clocks.start(owed=owed, actor=_OURS, now=now)
    return appeal


def is_late(notice: Notice, now: datetime) -> bool:
    """Tell whether the time to appeal against the notice's measure is over, by the version that it was decided by."""
    days = policies.bundle(hash=notice.decision.policy.hash).settings.due_process.appeal_days
    return now - notice.decision.decided > timedelta(days=days)


@transaction.atomic
def reply(*, text: str, now: datetime, notice: Notice | None = None, complaint: Complaint | None = None) -> None:
    """Add to the open appeal of a notice or complaint, by who holds its token. Raises `NothingSaid`, `StaleState`: none is."""
    mine = Appeal.objects.filter(notice=notice) if notice is not None else Appeal.objects.filter(complaint=complaint)
    appeal = mine.select_for_update().filter(state=AppealState.OPEN).first() if notice or complaint else None
    if appeal is None:
        raise StaleState("no appeal is open here")
    add_reply(appeal=appeal, text=text, actor=ANONYMOUS, now=now)


@transaction.atomic
def answer(*, appeal_id: int, text: str, actor: Actor, now: datetime) -> None:
    """Ask or answer who appealed, before it is decided: it stands on their page, and goes to them by mail."""
    require(actor.kind == ActorKind.PERSON and actor.works_cases, actor, "answer appeals")
    appeal = _held(appeal_id, actor)
    if appeal.state != AppealState.OPEN:
        raise StaleState("the appeal was decided already")
    made = add_reply(appeal=appeal, text=text, actor=actor, now=now, author=actor.id)
    telling.tell_answer(reply=made, actor=actor, now=now)


def _held(appeal_id: int, actor: Actor) -> Appeal:
    """Return an appeal of the actor's queues, held until the transaction's end. Raises `NotThere`."""
    appeal = Appeal.objects.select_for_update().filter(id=appeal_id).first()
    if appeal is None:
        raise NotThere(f"no appeal {appeal_id}")
    if appeal.case_id is not None:
        hold_case(appeal.case_id, actor)
    elif appeal.complaint_id is not None:
        hold_complaint(appeal.complaint_id, actor)
    return appeal


@transaction.atomic
def review(*, appeal_id: int, outcome: str, why: Why, actor: Actor, now: datetime, told_party: str = "") -> None:
    """Decide an appeal, as another person than those who decided what it is against. Both sides are told.

    A measure that was wrong ends and its strike goes. A complaint whose outcome was wrong is open again, and changes no measure by
    itself; `told_party` is what the one complained about is told then. Raises `NotThere`, `NotPermitted`, `NoReason`,
    `NamesComplainant`, and `StaleState` where it was decided.
    """
    require(actor.kind == ActorKind.PERSON and actor.works_cases, actor, "decide appeals")
    if outcome not in (AppealState.UPHELD, AppealState.OVERTURNED):
        raise NoReason("choose what comes of the appeal")
    if not why.public.strip():
        raise NoReason("say why: who appealed is told this")
    appeal = _held(appeal_id, actor)
    measure = appeal.decision
    if measure is None and complainants.party_of(appeal) and not told_party.strip():
        raise NoReason("say what the party is told, with nothing of who complained")
    require(actor.id not in deciders(appeal), actor, "decide on an appeal against their own decision: that takes another person")
    told = {"reasons": why.public.strip(), "notes": why.private.strip(), "told_party": told_party.strip()}
    changed = Appeal.objects.filter(id=appeal_id, state=AppealState.OPEN).update(
        state=outcome, reviewer=actor.id, reviewed=now, **told
    )
    if not changed:
        raise StaleState("the appeal was decided already")
    record(f"appeal-{outcome}", appeal, actor, now)
    clocks.meet(about=("appeal", str(appeal_id)), actor=actor, now=now)
    if measure is None:
        complainants.follow(appeal=Appeal.objects.get(id=appeal_id), actor=actor, now=now)
        return
    if outcome == AppealState.OVERTURNED:
        _reverse(measure, why, actor, now)
    news = notices.Outcome(outcome, why.public.strip())
    notices.write(kind=NoticeKind.APPEAL, decision=measure, outcome=news, actor=actor, now=now)


def deciders(appeal: Appeal) -> set[str]:
    """Return who may not decide an appeal: those who decided what it is against."""
    measure = appeal.decision
    if measure is None:
        return complainants.deciders(appeal)
    return {measure.actor_id, *Confirmation.objects.filter(decision=measure).values_list("by", flat=True)}


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

"""Deciding over many cases at once, checking a sample, and taking all of it back."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final

from django.conf import settings
from django.db import transaction

from ringfence.desk.actor import Actor, ActorKind, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.bulk.models import BulkDecision, BulkItem, BulkState, Fate
from ringfence.desk.bulk.selectors import MOST, Candidate, preview
from ringfence.desk.clocks import services as clocks
from ringfence.desk.clocks.services import Owed
from ringfence.desk.decisions import services as deciding
from ringfence.desk.decisions.models import Decision
from ringfence.desk.decisions.services import NoReason, Why
from ringfence.desk.enforcement import services as enforcement
from ringfence.desk.enforcement.models import Order
from ringfence.desk.errors import DeskError, NotThere, StaleState
from ringfence.desk.policies import selectors as policies

CLOCK: Final = "bulk-check"
CHECKED_WITHIN: Final = timedelta(days=1)
"""How long the sample may wait where the version in force names no clock `bulk-check`."""


class NothingChosen(DeskError):
    """There is no case to decide, or too many."""


@transaction.atomic
def decide_all(
    *, cases: Sequence[int], exceptions: Mapping[int, str], why: Why, actor: Actor, now: datetime, campaign: int | None = None
) -> BulkDecision:
    """Decide each case as its ladder says, with one reasoning; those in `exceptions` are left out, each with its reason.

    What stands against one case stops that one alone, and is kept. Each decision is one like any other: grave ones are interim.
    Raises `NoReason`, `NothingChosen`, and `NotPermitted` for who sees some queues alone.
    """
    require(actor.kind is ActorKind.PERSON and actor.decides and actor.queues is None, actor, "decide over many cases at once")
    if not why.public.strip():
        raise NoReason("say why: each party may be told this")
    numbers = list(dict.fromkeys(cases))
    if not numbers or len(numbers) > MOST:
        raise NothingChosen(f"choose 1 to {MOST} cases")
    unexplained = [number for number in numbers if number in exceptions and not exceptions[number].strip()]
    if unexplained:
        raise NoReason(f"say why case {unexplained[0]} is left out")
    found = preview(numbers=numbers, left_out=list(exceptions), actor=actor, now=now).candidates
    missing = set(numbers) - {one.case.pk for one in found}
    if missing:
        raise NotThere(f"no case {min(missing)}")
    bulk = BulkDecision.objects.create(
        campaign=campaign, reasons=why.public.strip(), notes=why.private.strip(), decided_by=actor.id, decided=now
    )
    made = [_decide(bulk, one, exceptions.get(one.case.pk), why, actor, now) for one in found]
    _sample(bulk, [item for item in made if item.fate == Fate.DECIDED], actor, now)
    counts: dict[str, Detail] = {str(fate): sum(item.fate == fate for item in made) for fate in (Fate.DECIDED, *_LEFT)}
    details: dict[str, Detail] = {**counts, "sampled": bulk.drawn, "campaign": campaign}
    audit.record(acts=[Act(verb="decided-over-many", about=("bulk-decision", str(bulk.pk)), details=details)], actor=actor, now=now)
    return bulk


_LEFT: Final = (Fate.EXCEPTED, Fate.REFUSED)


def _decide(bulk: BulkDecision, one: Candidate, excepted: str | None, why: Why, actor: Actor, now: datetime) -> BulkItem:
    item = BulkItem(bulk=bulk, case=one.case, party=one.party)
    if excepted is not None:
        item.fate, item.because = Fate.EXCEPTED, excepted.strip()
        details: dict[str, Detail] = {"bulk-decision": bulk.pk, "because": excepted.strip()[:200]}
        act = Act(verb="left-out", about=("case", str(one.case.pk)), case=one.case.pk, details=details)
        audit.record(acts=[act], actor=actor, now=now)
    elif one.proposal is None or one.stands_against:
        item.fate, item.because = Fate.REFUSED, one.stands_against
    else:
        try:
            with transaction.atomic():
                item.decision_id = deciding.decide_by_person(
                    case_id=one.case.pk, finding_id=one.proposal.finding_id, why=why, actor=actor, now=now
                )
            item.fate = Fate.DECIDED
        except DeskError as error:
            item.fate, item.because = Fate.REFUSED, str(error)
    item.save(force_insert=True)
    return item


def _sample(bulk: BulkDecision, decided: list[BulkItem], actor: Actor, now: datetime) -> None:
    """Draw which decisions a second person checks: a share of them, at least one. Nobody can choose which."""
    version = policies.current(actor=actor)
    percent = policies.bundle(hash=version.hash).settings.due_process.sampled_percent if version is not None else 100
    drawn = min(len(decided), max(1, -(-len(decided) * percent // 100))) if percent else 0
    order = sorted(decided, key=lambda item: blake2b(f"{bulk.pk}\0{item.pk}".encode(), key=settings.RINGFENCE_KEY).digest())
    BulkItem.objects.filter(id__in=[item.pk for item in order[:drawn]]).update(sampled=True)
    bulk.drawn = drawn
    if drawn == 0:
        bulk.state = BulkState.CHECKED
    bulk.save(update_fields=("drawn", "state"))
    if drawn:
        what = f"Check {drawn} of the {len(decided)} decisions of bulk decision {bulk.pk}"
        owed = Owed(clock=CLOCK, about=("bulk-decision", str(bulk.pk)), what=what, otherwise=CHECKED_WITHIN)
        clocks.start(owed=owed, actor=actor, now=now)


@transaction.atomic
def check(*, item: int, right: bool, remark: str, actor: Actor, now: datetime) -> None:
    """Say as the second person whether a sampled decision is right. One that is wrong puts the whole in doubt, and says so aloud.

    Raises `NotThere`, `NotPermitted` for who decided, `NoReason` where it is wrong without a word, `StaleState` after it was.
    """
    require(actor.kind is ActorKind.PERSON and actor.confirms and actor.queues is None, actor, "check bulk decisions")
    found = BulkItem.objects.select_related("bulk").filter(id=item, sampled=True).first()
    if found is None:
        raise NotThere("no such decision is in the sample")
    require(found.bulk.decided_by != actor.id, actor, "check their own bulk decision: that takes a second person")
    if not right and not remark.strip():
        raise NoReason("say what is wrong with it")
    bulk = BulkDecision.objects.select_for_update().get(id=found.bulk_id)
    fresh = BulkItem.objects.filter(id=item, checked__isnull=True)
    if bulk.state == BulkState.UNDONE or not fresh.update(checked=now, checked_by=actor.id, right=right, remark=remark.strip()):
        raise StaleState("it was checked already, or all of it was taken back")
    details: dict[str, Detail] = {"decision": found.decision_id, "right": right}
    about = ("bulk-decision", str(bulk.pk))
    audit.record(acts=[Act(verb="sample-checked", about=about, case=found.case_id, details=details)], actor=actor, now=now)
    if not right:
        BulkDecision.objects.filter(id=bulk.pk).update(state=BulkState.DOUBTED)
        text = (
            f"For lead: {actor.id} found a decision of bulk decision {bulk.pk} wrong (case {found.case_id}). It can be taken back."
        )
        deciding.raise_alarm(kind="bulk", text=text, actor=_SYSTEM, now=now)
    elif not bulk.items.filter(sampled=True, checked__isnull=True).exists() and bulk.state == BulkState.DECIDED:
        BulkDecision.objects.filter(id=bulk.pk).update(state=BulkState.CHECKED)
    if not bulk.items.filter(sampled=True, checked__isnull=True).exists():
        clocks.meet(about=about, actor=actor, now=now)


_SYSTEM: Final = Actor(ActorKind.SYSTEM, "bulk")


@transaction.atomic
def undo(*, number: int, because: str, actor: Actor, now: datetime) -> int:
    """Take back every decision of it as wrong, also the strikes of those that are over; return how many measures ended.

    Raises `NoReason`, `NotThere`, `StaleState` where that was done.
    """
    require(actor.kind is ActorKind.PERSON and actor.decides and actor.queues is None, actor, "take bulk decisions back")
    if not because.strip():
        raise NoReason("say why: each party may be told this")
    bulk = BulkDecision.objects.select_for_update().filter(id=number).first()
    if bulk is None:
        raise NotThere(f"no bulk decision {number}")
    if bulk.state == BulkState.UNDONE:
        raise StaleState("it was taken back already")
    ended = 0
    for item in bulk.items.filter(fate=Fate.DECIDED).order_by("id"):
        ended += _take_back(str(item.decision_id), Why(because.strip(), wrong=True), actor, now)
    bulk.items.filter(fate=Fate.DECIDED).update(fate=Fate.UNDONE)
    BulkDecision.objects.filter(id=number).update(
        state=BulkState.UNDONE, undone=now, undone_by=actor.id, undone_because=because.strip()
    )
    about = ("bulk-decision", str(number))
    clocks.drop(about=about, reason="the bulk decision was taken back", actor=actor, now=now)
    audit.record(acts=[Act(verb="took-back-many", about=about, details={"ended": ended})], actor=actor, now=now)
    return ended


def _take_back(decision: str, why: Why, actor: Actor, now: datetime) -> bool:
    """End a measure as wrong; tell whether it still stood. One that is over, or that somebody lifted, loses its strike alone."""
    if Decision.objects.filter(lifts_id=decision).exists():
        deciding.withdraw_strike(decision_id=decision, actor=actor, now=now)
        return False
    if not Order.objects.filter(decision_id=decision).exists():
        deciding.decide_lift(decision_id=decision, why=why, actor=actor, now=now)
        return True
    if enforcement.lift_if_in_force(order_id=decision, why=why, actor=actor, now=now):
        return True
    deciding.withdraw_strike(decision_id=decision, actor=actor, now=now)
    return False

"""Splitting, merging and linking cases."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import F

from ringfence.desk.actor import Actor, ActorKind, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.cases import claims
from ringfence.desk.cases.models import Case, CaseLink, CaseOutcome, CaseState, JoinedComplaint, JoinedFinding, LinkKind, Sighting
from ringfence.desk.cases.services import NothingSaid
from ringfence.desk.errors import NotThere, StaleState
from ringfence.desk.queues import hold_case

_LONGEST: Final = 500
_BY_HAND: Final = (LinkKind.RELATED, LinkKind.CAMPAIGN)


@transaction.atomic
def split_case(
    *, case_id: int, matter: str, findings: Sequence[str], complaints: Sequence[int], actor: Actor, now: datetime
) -> int:
    """Make a case of its own of some findings and complaints of a case, and return it. What is decided stays where it is.

    Raises `NothingSaid` where nothing is chosen or no matter named, `NotThere` for what the case does not have, `StaleState` where
    it is closed, nothing would be left, or such a matter is open.
    """
    require(actor.kind is ActorKind.PERSON and actor.works_cases, actor, "split cases")
    hold_case(case_id, actor)
    claims.heed(case_id=case_id, actor=actor, now=now)
    said = matter.strip()[:200]
    if not said or not (findings or complaints):
        raise NothingSaid("choose what goes, and say what it is about")
    case = _open(case_id)
    moving_f = JoinedFinding.objects.filter(case=case, finding_id__in=findings)
    moving_c = JoinedComplaint.objects.filter(case=case, complaint_id__in=complaints)
    counts = (moving_f.count(), moving_c.count())
    if counts != (len(set(findings)), len(set(complaints))):
        raise NotThere(f"case {case_id} does not have all of these")
    if counts == (case.findings, case.complaints):
        raise StaleState("nothing would be left: name the matter on the case instead")
    try:
        with transaction.atomic():
            made = Case.objects.create(
                subject_kind=case.subject_kind,
                subject_id=case.subject_id,
                matter=said,
                role=case.role,
                opened=now,
                latest=now,
                findings=counts[0],
                complaints=counts[1],
            )
    except IntegrityError as error:
        raise StaleState("a case of this subject about that matter is open already") from error
    move(list(moving_f.values_list("finding_id", flat=True)), list(moving_c.values_list("complaint_id", flat=True)), case, made)
    Case.objects.filter(id=case.id).update(findings=F("findings") - counts[0], complaints=F("complaints") - counts[1], latest=now)
    link(case, made, LinkKind.SPLIT, said, actor, now)
    told: dict[str, Detail] = {"findings": counts[0], "complaints": counts[1], "matter": said}
    _record("split", case, {"into": made.id, **told}, actor, now)
    _record("opened", made, {"split-off": case.id, **told}, actor, now)
    return made.id


def move(findings: Sequence[str], complaints: Sequence[int], before: Case, after: Case) -> None:
    """Move findings and complaints from one case to another, with where their identifiers were seen."""
    JoinedFinding.objects.filter(case=before, finding_id__in=findings).update(case=after)
    JoinedComplaint.objects.filter(case=before, complaint_id__in=complaints).update(case=after)
    Sighting.objects.filter(case=before, noun="finding", noun_id__in=findings).update(case=after)
    Sighting.objects.filter(case=before, noun="complaint", noun_id__in=[str(one) for one in complaints]).update(case=after)


@transaction.atomic
def merge_case(*, case_id: int, into: int, reason: str, actor: Actor, now: datetime) -> None:
    """Move what belongs to a case to another about the same subject, and close it as belonging there.

    Its decisions, orders and inquiries stay where they were made; the cases are linked. Raises `NothingSaid` without a reason,
    `NotThere`, and `StaleState` where either is closed, or they are about different subjects: those are linked instead.
    """
    require(actor.kind is ActorKind.PERSON and actor.works_cases, actor, "merge cases")
    for number in sorted((case_id, into)):
        hold_case(number, actor)
        claims.heed(case_id=number, actor=actor, now=now)
    if not reason.strip():
        raise NothingSaid("say why they are one")
    first, second = sorted((case_id, into))
    held = {
        number: _open(number) for number in (first, second)
    }  # in one order, so that two merges at once can't wait for each other
    case, target = held[case_id], held[into]
    if case.id == target.id:
        raise NotThere("a case is not merged into itself")
    if (case.subject_kind, case.subject_id) != (target.subject_kind, target.subject_id):
        raise StaleState("they are about different subjects: link them instead")
    findings = list(JoinedFinding.objects.filter(case=case).values_list("finding_id", flat=True))
    complaints = list(JoinedComplaint.objects.filter(case=case).values_list("complaint_id", flat=True))
    move(findings, complaints, case, target)
    Case.objects.filter(id=case.id).update(
        state=CaseState.CLOSED, outcome=CaseOutcome.DUPLICATE, closed=now, latest=now, merged_into=target, findings=0, complaints=0
    )
    news = {"findings": F("findings") + len(findings), "complaints": F("complaints") + len(complaints), "snoozed_until": None}
    Case.objects.filter(id=target.id).update(latest=now, matter="" if not case.matter else target.matter, **news)
    link(case, target, LinkKind.MERGED, reason.strip(), actor, now)
    told: dict[str, Detail] = {"findings": len(findings), "complaints": len(complaints), "reason": reason.strip()[:_LONGEST]}
    _record("merged", case, {"into": target.id, **told}, actor, now)
    _record("took-in", target, {"from": case.id, **told}, actor, now)


@transaction.atomic
def link_cases(*, case_id: int, other: int, kind: str, reason: str, actor: Actor, now: datetime) -> None:
    """Say that two cases belong together. Raises `NothingSaid` without a reason, `NotThere`, `StaleState` where they are linked."""
    require(actor.kind is ActorKind.PERSON and actor.works_cases, actor, "link cases")
    for number in (case_id, other):
        hold_case(number, actor)
    claims.heed(case_id=case_id, actor=actor, now=now)  # the other is told of it, and loses nothing
    if not reason.strip() or kind not in _BY_HAND:
        raise NothingSaid("say how and why they belong together")
    cases = {one.id: one for one in Case.objects.filter(id__in=(case_id, other))}
    if case_id == other or len(cases) != 2:
        raise NotThere(f"no case {other}")
    if not link(cases[case_id], cases[other], LinkKind(kind), reason.strip(), actor, now):
        raise StaleState("they are linked already")
    for one, another in ((case_id, other), (other, case_id)):
        _record("linked", cases[one], {"case": another, "kind": kind, "reason": reason.strip()[:_LONGEST]}, actor, now)


def link(one: Case, another: Case, kind: LinkKind, reason: str, actor: Actor, now: datetime) -> bool:
    """Link two cases; tell whether they were not."""
    first, second = sorted((one, another), key=lambda case: case.id)
    _, new = CaseLink.objects.get_or_create(
        case=first, other=second, defaults={"kind": kind, "reason": reason[:_LONGEST], "by": actor.id, "made": now}
    )
    return new


def _open(number: int) -> Case:
    case = Case.objects.select_for_update().filter(id=number).first()
    if case is None:
        raise NotThere(f"no case {number}")
    if case.state == CaseState.CLOSED:
        raise StaleState(f"case {number} is closed")
    return case


def _record(verb: str, case: Case, details: dict[str, Detail], actor: Actor, now: datetime) -> None:
    audit.record(acts=[Act(verb=verb, about=("case", str(case.id)), case=case.id, details=details)], actor=actor, now=now)

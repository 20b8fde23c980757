"""Cases that complaints open or join: of the party that answers for the call, or of the pair that a called person wants apart."""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import F

from ringfence.desk.actor import Actor, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.cases import sightings
from ringfence.desk.cases.matters import link, move
from ringfence.desk.cases.models import Case, CaseState, JoinedComplaint, LinkKind
from ringfence.desk.complaints import selectors as complaints
from ringfence.desk.errors import NotThere
from ringfence.vocabulary.subjects import Role, SubjectKind

_KINDS: Final = frozenset({SubjectKind.PARTY, SubjectKind.PAIR})


@transaction.atomic
def join_to_subject(*, complaint: int, kind: SubjectKind, subject: str, actor: Actor, now: datetime) -> int:
    """Join a complaint to its subject's open case, opened if there is none; return the case. One that has a case stays there."""
    require(actor.works_cases, actor, "join complaints to cases")
    assert kind in _KINDS
    joined = JoinedComplaint.objects.filter(complaint_id=complaint).first()
    if joined is not None:
        return joined.case_id
    if not complaints.complaints(actor=actor).filter(id=complaint).exists():
        raise NotThere(f"no complaint {complaint}")
    role = Role.OFFENDER if kind is SubjectKind.PARTY else Role.OUTSIDER
    case, made = Case.objects.exclude(state=CaseState.CLOSED).get_or_create(
        subject_kind=str(kind), subject_id=subject, matter="", defaults={"role": str(role), "opened": now, "latest": now}
    )
    about = ("case", str(case.id))
    details = {"role": str(role), str(kind): audit.token_of(str(kind), subject)}
    opened = [Act(verb="opened", about=about, case=case.id, details=details)] if made else []
    JoinedComplaint.objects.create(complaint_id=complaint, case=case, joined=now)
    Case.objects.filter(id=case.id).update(complaints=F("complaints") + 1, latest=now, snoozed_until=None)
    sightings.of_complaint(complaint=complaint, case=case.id, now=now)
    act = Act(verb="joined-complaint", about=about, case=case.id, details={"complaint": complaint})
    audit.record(acts=[*opened, act], actor=actor, now=now)
    return case.id


@transaction.atomic
def take_up_again(*, complaint: int, reason: str, actor: Actor, now: datetime) -> int | None:
    """Bring a complaint's case back before people; return it. Where that is closed, the complaint goes to its subject's open one.

    `None` where it belongs to no case. What was decided in a closed case stays where it was decided; the two are linked.
    """
    require(actor.works_cases, actor, "take complaints up again")
    joined = JoinedComplaint.objects.select_related("case").filter(complaint_id=complaint).first()
    if joined is None:
        return None
    before = joined.case
    if Case.objects.filter(id=before.id).exclude(state=CaseState.CLOSED).update(latest=now, snoozed_until=None):
        _record("taken-up-again", before.id, {"complaint": complaint, "reason": reason}, actor, now)
        return before.id
    case, made = Case.objects.exclude(state=CaseState.CLOSED).get_or_create(
        subject_kind=before.subject_kind,
        subject_id=before.subject_id,
        matter=before.matter,
        defaults={"role": before.role, "opened": now, "latest": now},
    )
    move([], [complaint], before, case)
    Case.objects.filter(id=before.id).update(complaints=F("complaints") - 1)
    Case.objects.filter(id=case.id).update(complaints=F("complaints") + 1, latest=now, snoozed_until=None)
    link(before, case, LinkKind.RELATED, reason, actor, now)
    if made:
        _record("opened", case.id, {"role": case.role, "again-of": before.id}, actor, now)
    _record("taken-up-again", case.id, {"complaint": complaint, "from": before.id, "reason": reason}, actor, now)
    return case.id


def _record(verb: str, case: int, details: dict[str, Detail], actor: Actor, now: datetime) -> None:
    audit.record(acts=[Act(verb=verb, about=("case", str(case)), case=case, details=details)], actor=actor, now=now)

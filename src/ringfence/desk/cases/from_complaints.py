"""Cases that complaints open or join: of the party that answers for the call, or of the pair that a called person wants apart."""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import F

from ringfence.desk.actor import Actor, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act
from ringfence.desk.cases import sightings
from ringfence.desk.cases.models import Case, CaseState, JoinedComplaint
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

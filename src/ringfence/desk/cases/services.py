"""Opening, joining, claiming, noting and closing cases."""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import F, Q

from ringfence.desk.actor import Actor, ActorKind, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.cases import claims, sightings
from ringfence.desk.cases.models import Case, CaseOutcome, CaseState, JoinedComplaint, JoinedFinding, Note
from ringfence.desk.cases.queues import works_on
from ringfence.desk.clocks import services as clocks
from ringfence.desk.complaints import selectors as complaints
from ringfence.desk.complaints import services as closing
from ringfence.desk.complaints.models import Outcome
from ringfence.desk.detections import selectors as detections
from ringfence.desk.errors import DeskError, NotThere, StaleState
from ringfence.desk.outbox import services as outbox
from ringfence.desk.policies import rulings
from ringfence.desk.policies.rulings import About
from ringfence.desk.queues import hold_case
from ringfence.vocabulary.severity import Mode, Severity
from ringfence.vocabulary.subjects import Role, SubjectKind

NOTE_LENGTH: Final = 20_000
_OUTCOMES: Final = {
    CaseOutcome.ACTED: Outcome.ACTIONED,
    CaseOutcome.NO_VIOLATION: Outcome.REVIEWED,
    CaseOutcome.HARMLESS: Outcome.REVIEWED,
}
"""What the outcome of a case is to who complained."""


class NothingSaid(DeskError):
    """A note or a reason is empty or too long."""


@transaction.atomic
def join_finding(*, finding_id: str, actor: Actor, now: datetime) -> int | None:
    """Join a finding to its subject's open case, opened if there is none; return the case.

    `None`: the finding stays without a case, because its rule runs in shadow, it is worth no more than knowing, or a court had
    struck its clause. Twice is once.
    """
    require(actor.works_cases, actor, "join findings to cases")
    finding = detections.finding(id=finding_id, actor=actor)
    if finding is None:
        raise NotThere(f"no finding {finding_id}")
    if finding.mode == Mode.SHADOW or finding.severity == Severity.INFO:
        return None
    joined = JoinedFinding.objects.filter(finding_id=finding_id).first()
    if joined is not None:
        return joined.case_id
    about = About(finding.contract.subject, finding.contract.party_path)
    ruling = rulings.striking(clause=finding.clause, about=about, moments=[finding.time], actor=actor)
    if ruling is not None:
        act = Act(verb="left-aside", about=("finding", finding_id), details={"clause": finding.clause, "ruling": ruling.pk})
        audit.record(acts=[act], actor=actor, now=now)
        return None
    if finding.party:
        case = _open_case(SubjectKind.PARTY, finding.party, Role.OFFENDER, actor, now)
    else:
        role = Role.OUTSIDER if finding.subject_kind == SubjectKind.SOURCE else Role.OFFENDER
        case = _open_case(SubjectKind(finding.subject_kind), finding.subject_id, role, actor, now)
    JoinedFinding.objects.create(finding_id=finding_id, case=case, joined=now)
    Case.objects.filter(id=case.id).update(findings=F("findings") + 1, latest=now, snoozed_until=None)
    details: dict[str, Detail] = {"finding": finding_id, "rule": finding.rule, "clause": finding.clause}
    audit.record(acts=[_act("joined-finding", case, details)], actor=actor, now=now)
    sightings.of_finding(finding=finding, case=case.id, now=now)
    outbox.enqueue(topic="case.finding-joined", payloads=[{"case": case.id, "finding": finding_id}], now=now)
    return case.id


def _open_case(kind: SubjectKind, subject: str, role: Role, actor: Actor, now: datetime) -> Case:
    case, made = Case.objects.exclude(state=CaseState.CLOSED).get_or_create(
        subject_kind=str(kind), subject_id=subject, matter="", defaults={"role": str(role), "opened": now, "latest": now}
    )
    if made:
        details = {"role": str(role), str(kind): audit.token_of(str(kind), subject)}
        audit.record(acts=[_act("opened", case, details)], actor=actor, now=now)
    return case


def _act(verb: str, case: Case, details: dict[str, Detail] | dict[str, str]) -> Act:
    return Act(verb=verb, about=("case", str(case.id)), case=case.id, details=details)


@transaction.atomic
def join_complaint(*, case_id: int, complaint: int, actor: Actor, now: datetime) -> None:
    """Join a complaint to a case. Raises `NotThere`, and `StaleState` where it belongs to a case or the case is closed."""
    require(actor.works_cases, actor, "join complaints to cases")
    hold_case(case_id, actor)
    if not complaints.complaints(actor=actor).filter(id=complaint).exists():
        raise NotThere(f"no complaint {complaint}")
    if JoinedComplaint.objects.filter(complaint_id=complaint).exists():
        raise StaleState(f"complaint {complaint} belongs to a case already")
    changed = (
        Case.objects.filter(id=case_id)
        .exclude(state=CaseState.CLOSED)
        .update(complaints=F("complaints") + 1, latest=now, snoozed_until=None)
    )
    if not changed:
        raise StaleState(f"case {case_id} is not open")
    JoinedComplaint.objects.create(complaint_id=complaint, case_id=case_id, joined=now)
    sightings.of_complaint(complaint=complaint, case=case_id, now=now)
    act = Act(verb="joined-complaint", about=("case", str(case_id)), case=case_id, details={"complaint": complaint})
    audit.record(acts=[act], actor=actor, now=now)


@transaction.atomic
def claim_case(*, case_id: int, actor: Actor, now: datetime) -> None:
    """Make the actor the one who works on it: others decide nothing in it (`claims.heed`). Raises `StaleState` after another."""
    require(actor.works_cases and works_on(case=case_id, actor=actor), actor, "claim cases")
    idle = now - claims.lapses_after()
    lapsed = Case.objects.filter(Q(claim__touched__lte=idle) | Q(claim__isnull=True, latest__lte=idle), state=CaseState.CLAIMED)
    free = Case.objects.filter(Q(state=CaseState.OPEN) | Q(pk__in=lapsed.values("pk")), id=case_id)
    if not free.update(state=CaseState.CLAIMED, assignee=actor.id, latest=now):
        raise StaleState(f"case {case_id} is claimed or closed already")
    claims.keep(case_id=case_id, now=now)
    audit.record(acts=[Act(verb="claimed", about=("case", str(case_id)), case=case_id)], actor=actor, now=now)


@transaction.atomic
def take_over(*, case_id: int, holder: str, actor: Actor, now: datetime) -> None:
    """Make a lead the one who works on a case that `holder` has claimed. Raises `StaleState` where that one does not hold it."""
    require(actor.works_cases and actor.leads and works_on(case=case_id, actor=actor), actor, "take cases over")
    held = Case.objects.filter(id=case_id, state=CaseState.CLAIMED, assignee=holder).exclude(assignee=actor.id)
    if not held.update(assignee=actor.id, latest=now):
        raise StaleState(f"case {case_id} is not {holder or 'anybody'}'s to take over")
    claims.keep(case_id=case_id, now=now)
    act = Act(verb="took-over", about=("case", str(case_id)), case=case_id, details={"from": holder})
    audit.record(acts=[act], actor=actor, now=now)


@transaction.atomic
def release_case(*, case_id: int, actor: Actor, now: datetime) -> None:
    """Give a claimed case back. Raises `StaleState` where the actor does not hold it."""
    require(actor.works_cases and works_on(case=case_id, actor=actor), actor, "release cases")
    held = Case.objects.filter(id=case_id, state=CaseState.CLAIMED, assignee=actor.id)
    if not held.update(state=CaseState.OPEN, assignee="", latest=now):
        raise StaleState(f"case {case_id} is not yours to release")
    audit.record(acts=[Act(verb="released", about=("case", str(case_id)), case=case_id)], actor=actor, now=now)


@transaction.atomic
def note_case(*, case_id: int, text: str, actor: Actor, now: datetime, public: bool = False) -> None:
    """Write a note. It stays in the desk, unless it is `public`; the audit holds that it was written, not what."""
    require(actor.works_cases and works_on(case=case_id, actor=actor), actor, "write notes")
    if not text.strip() or len(text) > NOTE_LENGTH:
        raise NothingSaid(f"a note has 1 to {NOTE_LENGTH} characters")
    claims.touch(case_id=case_id, actor=actor, now=now)
    if not Case.objects.filter(id=case_id).update(latest=now):
        raise NotThere(f"no case {case_id}")
    note = Note.objects.create(case_id=case_id, author=actor.id, written=now, text=text.strip(), public=public)
    act = Act(verb="noted", about=("case", str(case_id)), case=case_id, details={"note": note.id, "public": public})
    audit.record(acts=[act], actor=actor, now=now)


@transaction.atomic
def change_role(*, case_id: int, role: str, reason: str, actor: Actor, now: datetime, seen: str = "") -> None:
    """Say what the case's subject is, as `set_role` does, where nobody else works on the case."""
    claims.heed(case_id=case_id, actor=actor, now=now)
    set_role(case_id=case_id, role=role, reason=reason, actor=actor, now=now, seen=seen)


@transaction.atomic
def set_role(*, case_id: int, role: str, reason: str, actor: Actor, now: datetime, seen: str = "") -> None:
    """Say what the case's subject is: what may follow depends on it. What was decided before stays as it was decided.

    `seen`: as `close_case`. Raises `NothingSaid` without a reason or for an unknown role, `StaleState` where the case is closed or
    has that role.
    """
    require(actor.works_cases and works_on(case=case_id, actor=actor), actor, "change roles")
    if role not in {each.value for each in Role}:
        raise NothingSaid("choose a role")
    if not reason.strip() or len(reason) > NOTE_LENGTH:
        raise NothingSaid("say why: the case keeps it as a note")
    _hold_as_seen(case_id, seen)
    changed = Case.objects.filter(id=case_id).exclude(state=CaseState.CLOSED).exclude(role=role).update(role=role, latest=now)
    if not changed:
        raise StaleState(f"case {case_id} is closed, or has that role already")
    note = Note.objects.create(case_id=case_id, author=actor.id, written=now, text=f"Role {role}: {reason.strip()}")
    act = Act(verb="role-changed", about=("case", str(case_id)), case=case_id, details={"role": role, "note": note.id})
    audit.record(acts=[act], actor=actor, now=now)


@transaction.atomic
def grade_case(*, case_id: int, severity: str, reason: str, actor: Actor, now: datetime) -> None:
    """Say how grave a case is, with a reason; empty text gives it back to its findings and complaints.

    Raises `NothingSaid` without a reason or for an unknown severity, `StaleState` where the case is closed or is so already.
    """
    require(actor.kind is ActorKind.PERSON and actor.works_cases and works_on(case=case_id, actor=actor), actor, "grade cases")
    claims.heed(case_id=case_id, actor=actor, now=now)
    if severity not in {"", *(str(each) for each in Severity)}:
        raise NothingSaid("choose a severity")
    if not reason.strip() or len(reason) > NOTE_LENGTH:
        raise NothingSaid("say why: the case keeps it as a note")
    open_cases = Case.objects.filter(id=case_id).exclude(state=CaseState.CLOSED)
    if not open_cases.exclude(graded=severity).update(graded=severity, latest=now):
        raise StaleState(f"case {case_id} is closed, or is that already")
    said = f"Severity {severity or 'as findings and complaints say'}: {reason.strip()}"
    note = Note.objects.create(case_id=case_id, author=actor.id, written=now, text=said)
    details: dict[str, Detail] = {"severity": severity or "as found", "note": note.id}
    audit.record(acts=[Act(verb="graded", about=("case", str(case_id)), case=case_id, details=details)], actor=actor, now=now)


@transaction.atomic
def close_case(*, case_id: int, outcome: str, actor: Actor, now: datetime, seen: str = "") -> None:
    """Close a case with an outcome, and its complaints with what that is to who complained; they are told.

    Orders stay until they end or are lifted; a further finding opens a new case. What belongs to another case closes no complaint.
    `seen` is the version that a person had before its eyes (`Case.version`): raises `StaleState` where something came since.
    """
    require(actor.works_cases and works_on(case=case_id, actor=actor), actor, "close cases")
    claims.heed(case_id=case_id, actor=actor, now=now)
    if outcome not in CaseOutcome.values:
        raise NothingSaid("choose what came out of the case")
    _hold_as_seen(case_id, seen)
    if (
        not Case.objects.filter(id=case_id)
        .exclude(state=CaseState.CLOSED)
        .update(state=CaseState.CLOSED, outcome=outcome, closed=now, latest=now)
    ):
        raise StaleState(f"case {case_id} is closed already, or was never there")
    act = Act(verb="closed", about=("case", str(case_id)), case=case_id, details={"outcome": outcome})
    audit.record(acts=[act], actor=actor, now=now)
    clocks.meet(about=("case", str(case_id)), clock=clocks.CURE, actor=actor, now=now)
    told = _OUTCOMES.get(CaseOutcome(outcome))
    if told is not None:
        for joined in JoinedComplaint.objects.filter(case_id=case_id, complaint__outcome="").order_by("id"):
            closing.close_complaint(number=joined.complaint_id, outcome=told, actor=actor, now=now)


def _hold_as_seen(case_id: int, seen: str) -> None:
    """Hold a case until the transaction's end. Raises `StaleState` where it is no longer as somebody saw it who decides on it."""
    case = Case.objects.select_for_update().filter(id=case_id).first()
    if case is not None and seen and seen != case.version:
        raise StaleState(f"something happened in case {case_id} since you opened its page: look again, then decide")

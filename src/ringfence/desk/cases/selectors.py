"""Questions about cases."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q, QuerySet

from ringfence.desk.actor import Actor
from ringfence.desk.cases.models import Case, CaseLink, CaseState, JoinedComplaint, JoinedFinding, Note, Watcher
from ringfence.desk.cases.queues import in_queues, works_on
from ringfence.desk.queues import of_cases


@dataclass(frozen=True, slots=True)
class CaseFile:
    """One case with what belongs to it: ids of findings and complaints, and the notes."""

    case: Case
    findings: list[str]
    complaints: list[int]
    notes: list[Note]


def cases(*, actor: Actor, state: str = "", now: datetime | None = None) -> QuerySet[Case]:
    """Return cases, the latest changed first; `state` `""` is every case that is not closed, `all` every case.

    With `now`, what is put off until later is left out of those that are not closed; `snoozed` is that, `watched` what the actor
    watches, with `looked`, when it last opened each.
    """
    if not actor.sees_the_desk:
        return Case.objects.none()
    found = in_queues(Case.objects.order_by("-latest", "-id"), actor)
    if state == "all":
        return found
    if state == "watched":
        return found.filter(watchers__person=actor.id).annotate(looked=F("watchers__looked"))
    awake = found.exclude(state=CaseState.CLOSED)
    if state == "snoozed":
        return awake.filter(snoozed_until__gt=now) if now is not None else awake.none()
    if state:
        return found.filter(state=state)
    return awake.exclude(snoozed_until__gt=now) if now is not None else awake


def case(*, number: int, actor: Actor) -> Case | None:
    """Return one case."""
    return cases(actor=actor, state="all").filter(id=number).first()


def case_file(*, number: int, actor: Actor) -> CaseFile | None:
    """Return one case with what belongs to it; `None` where there is none, or none for this actor."""
    found = case(number=number, actor=actor)
    if found is None:
        return None
    return CaseFile(
        found,
        list(JoinedFinding.objects.filter(case=found).order_by("-id").values_list("finding_id", flat=True)[:200]),
        list(JoinedComplaint.objects.filter(case=found).order_by("id").values_list("complaint_id", flat=True)),
        list(Note.objects.filter(case=found).order_by("id")),
    )


def case_of_finding(*, finding_id: str, actor: Actor) -> int | None:
    """Return the case that a finding belongs to."""
    found = JoinedFinding.objects.filter(finding_id=finding_id).values_list("case_id", flat=True).first()
    return found if actor.sees_the_desk and found is not None and works_on(case=found, actor=actor) else None


def case_of_complaint(*, complaint: int, actor: Actor) -> int | None:
    """Return the case that a complaint belongs to."""
    found = JoinedComplaint.objects.filter(complaint_id=complaint).values_list("case_id", flat=True).first()
    return found if actor.sees_the_desk and found is not None and works_on(case=found, actor=actor) else None


def cases_of(*, subject_kind: str, subject_id: str, actor: Actor) -> list[Case]:
    """Return every case of a subject, newest first."""
    return list(cases(actor=actor, state="all").filter(subject_kind=subject_kind, subject_id=subject_id))


def links(*, case: int, actor: Actor) -> list[CaseLink]:
    """Return the links of a case, oldest first."""
    if not actor.sees_the_desk:
        return []
    found = CaseLink.objects.filter(Q(case_id=case) | Q(other_id=case)).order_by("id")
    return list(of_cases(of_cases(found, actor), actor, "other"))


def watchers(*, case: int, actor: Actor) -> list[str]:
    """Return who watches a case, by name."""
    found = of_cases(Watcher.objects.filter(case_id=case), actor).order_by("person").values_list("person", flat=True)
    return list(found) if actor.sees_the_desk else []


def unread(*, actor: Actor) -> int:
    """Return in how many of the cases that the actor watches something happened since it looked."""
    found = of_cases(Watcher.objects.filter(person=actor.id, case__latest__gt=F("looked")), actor)
    return found.count() if actor.sees_the_desk else 0

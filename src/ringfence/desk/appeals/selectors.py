"""Questions about appeals."""

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from ringfence.desk.actor import Actor
from ringfence.desk.appeals.models import Appeal, AppealState
from ringfence.desk.complaints.models import Complaint
from ringfence.desk.notices.models import Notice
from ringfence.desk.queues import of_cases


@dataclass(frozen=True, slots=True)
class RuleRecord:
    """How appeals against what a rule led to came out. Who complained filed `heard` of them; `right` of these were."""

    rule: str
    appeals: int
    overturned: int
    open: int
    heard: int = 0
    right: int = 0


def appeals(*, actor: Actor, state: str = "", case: int | None = None) -> QuerySet[Appeal]:
    """Return appeals, the longest waiting first; `state` "" is those that are open, `all` every one."""
    found = Appeal.objects.select_related("decision", "notice", "complaint", "case").order_by("filed", "id")
    if not actor.sees_the_desk:
        return found.none()
    found = of_cases(found, actor)
    if case is not None:
        return found.filter(case_id=case)
    return found if state == "all" else found.filter(state=state or AppealState.OPEN)


def appeal(*, number: int, actor: Actor) -> Appeal | None:
    """Return one appeal."""
    return appeals(actor=actor, state="all").filter(id=number).first()


def appeal_of(*, notice: Notice) -> Appeal | None:
    """Return the appeal against a notice's measure, for whoever holds the notice's token."""
    return Appeal.objects.filter(decision=notice.decision).order_by("id").last()


def appeal_about(*, complaint: Complaint) -> Appeal | None:
    """Return the appeal against what came of a complaint, for whoever holds the complaint's ticket."""
    return Appeal.objects.filter(complaint=complaint).first()


def by_rule(*, actor: Actor) -> list[RuleRecord]:
    """Return how appeals came out for each rule, the most often overturned first."""
    if not actor.sees_the_desk:
        return []
    rows = (
        of_cases(Appeal.objects.all(), actor)
        .values_list("rule")
        .annotate(
            appeals=Count("id"),
            overturned=Count("id", filter=Q(state="overturned")),
            open=Count("id", filter=Q(state="open")),
            heard=Count("id", filter=Q(by="complainant")),
            right=Count("id", filter=Q(by="complainant", state="overturned")),
        )
    )
    return [RuleRecord(*row) for row in rows.order_by("-overturned", "-appeals", "rule")]

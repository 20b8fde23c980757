"""Questions about decisions, automation and alarms."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from ringfence.desk.actor import Actor
from ringfence.desk.decisions.models import Alarm, Automation, Decision
from ringfence.desk.decisions.proposals import Proposal, propose
from ringfence.desk.detections import selectors as detections
from ringfence.desk.queues import of_cases


@dataclass(frozen=True, slots=True)
class AutomationState:
    """Whether standing orders may decide; since when and by whom not, and why."""

    held: bool = False
    since: datetime | None = None
    by: str = ""
    reason: str = ""


def decisions(*, actor: Actor) -> QuerySet[Decision]:
    """Return decisions, newest first."""
    found = Decision.objects.select_related("policy", "confirmation", "lifted_by").order_by("-decided", "-id")
    return of_cases(found, actor) if actor.sees_the_desk else found.none()


def decision(*, id: str, actor: Actor) -> Decision | None:
    """Return one decision, with its policy version and its lift."""
    return decisions(actor=actor).select_related("finding", "strike").filter(id=id).first()


def decisions_of_case(*, case: int, actor: Actor) -> list[Decision]:
    """Return the decisions of a case, oldest first."""
    return list(decisions(actor=actor).filter(case_id=case).order_by("decided", "id"))


def proposal(*, case: int, finding_id: str, actor: Actor, now: datetime, clause: str = "", freely: bool = False) -> Proposal | None:
    """Return what the ladder proposes for a finding of a case, or without one under a clause that a person picked."""
    found = detections.finding(id=finding_id, actor=actor) if finding_id else None
    if found is None and (finding_id or not clause):
        return None
    return propose(case_id=case, finding=found, now=now, actor=actor, clause=clause, freely=freely)


def automation(*, actor: Actor) -> AutomationState:
    """Return whether standing orders may decide; a stranger is told nothing but that they may."""
    row = Automation.objects.filter(id=1).first() if actor.sees_the_desk else None
    return AutomationState(row.held, row.since, row.by, row.reason) if row else AutomationState()


def alarms(*, actor: Actor) -> list[Alarm]:
    """Return the alarms that nobody has acknowledged, oldest first."""
    found = Alarm.objects.filter(acknowledged__isnull=True).order_by("id")
    return list(of_cases(found, actor, shared=True)) if actor.sees_the_desk else []

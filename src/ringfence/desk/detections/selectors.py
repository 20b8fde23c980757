"""Questions about findings and observations."""

from django.db.models import QuerySet

from ringfence.desk.actor import Actor
from ringfence.desk.detections.models import Finding, Observation


def findings(*, actor: Actor, rule: str = "", subject: str = "") -> QuerySet[Finding]:
    """Return findings, newest first, narrowed by what is not empty."""
    if not actor.sees_the_desk:
        return Finding.objects.none()
    found = Finding.objects.order_by("-time", "-id")
    if rule:
        found = found.filter(rule=rule)
    if subject:
        found = found.filter(subject_id=subject)
    return found


def finding(*, id: str, actor: Actor) -> Finding | None:
    """Return one finding."""
    return findings(actor=actor).filter(id=id).first()


def findings_by_id(*, ids: list[str], actor: Actor) -> list[Finding]:
    """Return the findings with these ids, oldest first."""
    return list(findings(actor=actor).filter(id__in=ids).order_by("time", "id"))


def agents(*, actor: Actor) -> list[Observation]:
    """Return the capture agents and how each stands, by name."""
    return list(Observation.objects.filter(kind="agent").order_by("subject")) if actor.sees_the_desk else []

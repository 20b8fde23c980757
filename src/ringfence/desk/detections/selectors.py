"""Questions about findings and observations."""

from django.db.models import QuerySet

from ringfence.desk.actor import Actor
from ringfence.desk.detections.models import Finding, Observation
from ringfence.desk.policies import selectors as policies
from ringfence.desk.queues import of_cases
from ringfence.words.findings import Explanation, explained


def findings(*, actor: Actor, rule: str = "", subject: str = "") -> QuerySet[Finding]:
    """Return findings, newest first, narrowed by what is not empty."""
    if not actor.sees_the_desk:
        return Finding.objects.none()
    found = of_cases(Finding.objects.order_by("-time", "-id"), actor, "joinedfinding__case")
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


def explanation(*, of: Finding, actor: Actor) -> Explanation:
    """Return what is to be told of a finding to whom it is about, in the words of the policy version that found it.

    Where that version was never posted here, it says less, and says so.
    """
    is_posted = policies.versions(actor=actor).filter(hash=of.policy).exists()
    bundle = policies.bundle(hash=of.policy) if is_posted else None
    rule = next((rule for rule in bundle.plan.rules if rule.name == of.rule), None) if bundle is not None else None
    clause = bundle.clause(of.clause) if bundle is not None else None
    return explained(of.contract, rule, clause.title if clause is not None else None)


def agents(*, actor: Actor) -> list[Observation]:
    """Return the capture agents and how each stands, by name."""
    return list(Observation.objects.filter(kind="agent").order_by("subject")) if actor.sees_the_desk else []

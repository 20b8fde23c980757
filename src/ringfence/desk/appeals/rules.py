"""A rule's page: what it says, what came of its findings, and how often what it led to was overturned."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render

from ringfence.desk.actor import Actor, DeskRequest
from ringfence.desk.appeals import selectors
from ringfence.desk.appeals.selectors import RuleRecord
from ringfence.desk.decisions import selectors as decisions
from ringfence.desk.decisions.models import DecisionKind
from ringfence.desk.detections import selectors as detections
from ringfence.desk.errors import NotThere
from ringfence.desk.pages import for_staff
from ringfence.desk.policies import selectors as policies
from ringfence.policy.plan import Rule


@dataclass(frozen=True, slots=True)
class RulePage:
    """A rule of the version in force (`None` where it has it no more), and what came of it. `wrong`: lifted as wrong."""

    name: str
    rule: Rule | None
    findings: int
    measures: int
    wrong: int
    record: RuleRecord
    latest: list[str]

    @property
    def share(self) -> int | None:
        """Of the measures, how many in a hundred were wrong; `None` where there were none."""
        return round(100 * self.wrong / self.measures) if self.measures else None


def rule_page(*, name: str, actor: Actor) -> RulePage | None:
    """Return a rule's page; `None` where neither the version in force nor any finding has it."""
    if not actor.sees_the_desk:
        return None
    version = policies.current(actor=actor)
    rules = policies.bundle(hash=version.hash).plan.rules if version is not None else ()
    rule = next((one for one in rules if one.name == name), None)
    found = detections.findings(actor=actor).filter(rule=name).count()
    if rule is None and not found:
        return None
    measures = decisions.decisions(actor=actor).filter(rule=name, kind=DecisionKind.MEASURE)
    record = next((one for one in selectors.by_rule(actor=actor) if one.rule == name), RuleRecord(name, 0, 0, 0))
    overturned = selectors.appeals(actor=actor, state="overturned").filter(rule=name).order_by("-reviewed")
    return RulePage(
        name=name,
        rule=rule,
        findings=found,
        measures=measures.count(),
        wrong=measures.filter(lifted_by__wrong=True).count(),
        record=record,
        latest=[one.reasons for one in overturned[:5]],
    )


@for_staff
def page(request: DeskRequest, name: str) -> HttpResponse:
    """Show a rule."""
    found = rule_page(name=name, actor=request.actor)
    if found is None:
        raise NotThere(f"no rule {name}")
    return render(request, "appeals/rule.html", {"found": found})

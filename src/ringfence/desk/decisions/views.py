"""Pages and forms of decisions, of automation and of alarms."""

from datetime import UTC, datetime
from typing import Final

from django.http import HttpResponse
from django.shortcuts import render, resolve_url

from ringfence.desk.actor import DeskRequest
from ringfence.desk.decisions import confirming, selectors, services
from ringfence.desk.decisions.choosing import NoMeasure, chosen, numbers_in
from ringfence.desk.decisions.reaching import reaching
from ringfence.desk.decisions.services import Why
from ringfence.desk.errors import NotThere
from ringfence.desk.pages import attempt, for_forms, for_staff, page_of, render_live

_DONE: Final = "Decided. The order is on its way to the edges; one that ends a contract goes when a second person has confirmed it."


@for_staff
def decisions(request: DeskRequest) -> HttpResponse:
    """List decisions, newest first."""
    page = page_of(request, selectors.decisions(actor=request.actor))
    return render_live(request, "decisions/decisions.html", "decisions/_decisions.html", {"page": page})


@for_staff
def decision(request: DeskRequest, id: str) -> HttpResponse:
    """Show one decision."""
    found = selectors.decision(id=id, actor=request.actor)
    if found is None:
        raise NotThere(f"no decision {id}")
    return render(request, "decisions/decision.html", {"decision": found})


@for_forms
def decide(request: DeskRequest, number: int) -> HttpResponse:
    """Decide what the ladder proposes for a finding of a case, or what a person chooses instead, with the reason."""
    told = request.POST

    def deed() -> None:
        why = Why(
            told.get("reasons", ""),
            told.get("notes", ""),
            measure=chosen(told) if told.get("do") else None,
            off_ladder=told.get("off_ladder", ""),
            potential=told.get("potential") == "yes",
            interpretations=numbers_in(told.get("interpretations", "")),
            offered=told.get("offered", ""),
            clause=told.get("clause", ""),
            replaces=told.get("replaces", ""),
        )
        finding = told.get("finding", "")
        services.decide_by_person(case_id=number, finding_id=finding, why=why, actor=request.actor, now=datetime.now(UTC))

    return attempt(request, deed, done=_DONE, back=resolve_url("cases:case", number=number))


@for_staff
def reach(request: DeskRequest) -> HttpResponse:
    """Show what the measure that a form names would do to people, before anybody decides it."""
    context: dict[str, object] = {}
    try:
        measure = chosen(request.POST if request.method == "POST" else request.GET)
        action = measure.action.kind if measure.action is not None else None
        context["measure"] = measure
        context["reaching"] = reaching(scope=measure.scope, action=action, now=datetime.now(UTC), actor=request.actor)
    except NoMeasure as error:
        context["problem"] = str(error)
    return render(request, "decisions/reaching.html", context)


@for_forms
def confirm(request: DeskRequest, id: str) -> HttpResponse:
    """Stand behind a grave decision as the second person."""

    def deed() -> None:
        notes = request.POST.get("notes", "")
        confirming.confirm(decision_id=id, notes=notes, actor=request.actor, now=datetime.now(UTC))

    return attempt(request, deed, done="Confirmed.", back=resolve_url("decisions:decision", id=id))


@for_staff
def automation(request: DeskRequest) -> HttpResponse:
    """Show whether standing orders may decide, and take the button that changes it."""
    if request.method != "POST":
        return render(request, "decisions/automation.html", {})
    actor, now, reason = request.actor, datetime.now(UTC), request.POST.get("reason", "")
    if request.POST.get("do") == "resume":
        return attempt(
            request,
            lambda: services.resume_automation(actor=actor, now=now),
            done="Standing orders decide again.",
            back="decisions:automation",
        )
    return attempt(
        request,
        lambda: services.hold_automation(reason=reason, actor=actor, now=now),
        done="Automation is held. Orders in force stay.",
        back="decisions:automation",
    )


@for_forms
def acknowledge(request: DeskRequest, alarm: int) -> HttpResponse:
    """Take an alarm off the pages."""

    def deed() -> None:
        services.acknowledge_alarm(alarm=alarm, actor=request.actor, now=datetime.now(UTC))

    return attempt(request, deed, done="Acknowledged.", back="site:dashboard")

"""Pages and forms of bulk decisions."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from django.http import HttpResponse, JsonResponse, QueryDict
from django.shortcuts import render, resolve_url

from ringfence.desk.actor import DeskRequest
from ringfence.desk.bulk import selectors, services
from ringfence.desk.bulk.models import BulkItem
from ringfence.desk.decisions.services import Why
from ringfence.desk.errors import NotThere
from ringfence.desk.pages import attempt, for_forms, for_staff, page_of

_LONGEST: Final = 15


@for_staff
def bulk_decisions(request: DeskRequest) -> HttpResponse:
    """List bulk decisions, and ask for the cases of a new one."""
    page = page_of(request, selectors.bulk_decisions(actor=request.actor))
    return render(request, "bulk/bulk_decisions.html", {"page": page})


@for_staff
def new(request: DeskRequest) -> HttpResponse:
    """Show what a bulk decision over the cases that the address names would touch; take it where it is posted."""
    actor, now = request.actor, datetime.now(UTC)
    told = request.POST if request.method == "POST" else request.GET
    campaign = _number(told.get("campaign", ""))
    numbers = _cases(told, campaign, request)
    if request.method == "POST":

        def deed() -> None:
            left = {number: told.get(f"why-{number}", "") for number in numbers if told.get(f"out-{number}") == "yes"}
            why = Why(told.get("reasons", ""), told.get("notes", ""))
            services.decide_all(cases=numbers, exceptions=left, why=why, campaign=campaign, actor=actor, now=now)

        return attempt(request, deed, done="Decided. A second person checks a sample.", back=resolve_url("bulk:all"))
    context = {"preview": selectors.preview(numbers=numbers, actor=actor, now=now), "numbers": numbers, "campaign": campaign}
    return render(request, "bulk/new.html", context)


def _cases(told: QueryDict, campaign: int | None, request: DeskRequest) -> Sequence[int]:
    if request.method != "POST" and campaign is not None:
        return selectors.campaign_cases(campaign=campaign, actor=request.actor)
    linked = _number(told.get("linked", ""))
    if request.method != "POST" and linked is not None:
        return selectors.linked_cases(case=linked, actor=request.actor)
    typed = " ".join(told.getlist("case")).replace(",", " ").replace("#", " ").split()
    return [int(one) for one in typed if one.isdecimal() and len(one) <= _LONGEST][: selectors.MOST]


def _number(typed: str) -> int | None:
    return int(typed) if typed.isdecimal() and len(typed) <= _LONGEST else None


@for_staff
def bulk_decision(request: DeskRequest, number: int) -> HttpResponse:
    """Show one: what became of each case, and the sample with the forms that check it."""
    found = selectors.bulk_decision(number=number, actor=request.actor)
    if found is None:
        raise NotThere(f"no bulk decision {number}")
    items = list(selectors.items(bulk=number, actor=request.actor))
    may = request.actor.confirms and found.decided_by != request.actor.id and found.state != "undone"
    return render(request, "bulk/bulk_decision.html", {"bulk": found, "items": items, "may_check": may})


@for_staff
def bulk_json(request: DeskRequest, number: int) -> HttpResponse:
    """Give one as JSON."""
    found = selectors.bulk_decision(number=number, actor=request.actor)
    if found is None:
        raise NotThere(f"no bulk decision {number}")
    told = {name: getattr(found, name) for name in ("id", "campaign", "reasons", "decided_by", "decided", "state", "drawn")}
    items = [_told(item) for item in selectors.items(bulk=number, actor=request.actor)]
    return JsonResponse({**told, "cases": items})


def _told(item: BulkItem) -> dict[str, object]:
    said = {
        name: getattr(item, name) for name in ("party", "fate", "because", "sampled", "checked_by", "checked", "right", "remark")
    }
    return {"case": item.case_id, "decision": item.decision_id, **said}


@for_forms
def check(request: DeskRequest, number: int, item: int) -> HttpResponse:
    """Say whether a sampled decision is right."""

    def deed() -> None:
        right = request.POST.get("right") == "yes"
        services.check(item=item, right=right, remark=request.POST.get("remark", ""), actor=request.actor, now=datetime.now(UTC))

    return attempt(request, deed, done="Noted.", back=resolve_url("bulk:one", number=number))


@for_forms
def undo(request: DeskRequest, number: int) -> HttpResponse:
    """Take all of it back."""

    def deed() -> None:
        services.undo(number=number, because=request.POST.get("because", ""), actor=request.actor, now=datetime.now(UTC))

    done = "Taken back. The edges are being told, and each party with them."
    return attempt(request, deed, done=done, back=resolve_url("bulk:one", number=number))

"""The obligation board: what is owed by when, over all cases and regimes."""

from datetime import UTC, datetime
from typing import Final

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render, resolve_url

from ringfence.desk.actor import DeskRequest
from ringfence.desk.clocks import selectors, services
from ringfence.desk.clocks.board import as_json
from ringfence.desk.clocks.models import ObligationState
from ringfence.desk.clocks.selectors import Wanted
from ringfence.desk.errors import NotThere
from ringfence.desk.pages import attempt, for_forms, for_staff, page_of, render_live

_MOST: Final = 1000
_STATES: Final = ("overdue", *ObligationState.values, "all")


def _wanted(request: DeskRequest) -> Wanted:
    told = {name: request.GET.get(name, "").strip() for name in ("state", "clock", "role", "party", "noun")}
    case = request.GET.get("case", "").strip().lstrip("#")
    return Wanted(**told, case=int(case) if case.isdecimal() and len(case) < 16 else None)


@for_staff
def board(request: DeskRequest) -> HttpResponse:
    """Show what is owed, the next due first; what is overdue stands at the top, and loud."""
    wanted, now = _wanted(request), datetime.now(UTC)
    page = page_of(request, selectors.obligations(actor=request.actor, now=now, wanted=wanted))
    context = {
        "page": page,
        "wanted": wanted,
        "states": _STATES,
        "regimes": selectors.regimes(actor=request.actor),
        "overdue": selectors.overdue(actor=request.actor, now=now),
        "minute": now.replace(second=0, microsecond=0),
        "now": now,
    }
    return render_live(request, "clocks/board.html", "clocks/_board.html", context)


@for_staff
def board_json(request: DeskRequest) -> HttpResponse:
    """Give the board as JSON, narrowed as its page is: at most a thousand rows."""
    now = datetime.now(UTC)
    rows = selectors.obligations(actor=request.actor, now=now, wanted=_wanted(request))
    return JsonResponse({"v": 1, "now": now.isoformat(), "obligations": as_json(rows[:_MOST], now)})


@for_staff
def obligation(request: DeskRequest, number: int) -> HttpResponse:
    """Show one obligation with its pauses, and the form that pauses it or lets it run on."""
    found = selectors.obligation(id=number, actor=request.actor)
    if found is None:
        raise NotThere(f"no clock {number}")
    by_hand = found.noun == services.BY_HAND or found.clock in (services.REASONS, services.CURE)
    may = request.actor.works_cases and by_hand and found.settled is None
    context = {"one": found, "may_meet": may, "pauses": found.pauses.order_by("id"), "now": datetime.now(UTC)}
    return render(request, "clocks/obligation.html", context)


@for_forms
def owe(request: DeskRequest, number: int) -> HttpResponse:
    """Start a clock of the version in force on a case, by hand."""

    def deed() -> None:
        name, what = request.POST.get("clock", ""), request.POST.get("what", "")
        services.owe_by_hand(case=number, clock=name, what=what, actor=request.actor, now=datetime.now(UTC))

    return attempt(request, deed, done="The clock runs.", back=resolve_url("cases:case", number=number))


@for_forms
def met(request: DeskRequest, number: int) -> HttpResponse:
    """Say that what was started by hand is done."""

    def deed() -> None:
        services.meet_by_hand(obligation=number, actor=request.actor, now=datetime.now(UTC))

    return attempt(request, deed, done="It is done.", back=resolve_url("clocks:obligation", number=number))


@for_forms
def pause(request: DeskRequest, number: int) -> HttpResponse:
    """Let a clock stand still, on a ground."""

    def deed() -> None:
        services.pause(
            obligation=number,
            ground=request.POST.get("ground", ""),
            note=request.POST.get("note", ""),
            actor=request.actor,
            now=datetime.now(UTC),
        )

    return attempt(request, deed, done="The clock stands still.", back=resolve_url("clocks:obligation", number=number))


@for_forms
def resume(request: DeskRequest, number: int) -> HttpResponse:
    """Let a clock run on."""

    def deed() -> None:
        services.resume(obligation=number, actor=request.actor, now=datetime.now(UTC))

    return attempt(request, deed, done="The clock runs on.", back=resolve_url("clocks:obligation", number=number))

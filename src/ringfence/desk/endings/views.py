"""Pages and forms of ends of contracts, and of numbers in quarantine."""

from datetime import UTC, datetime

from django.http import HttpResponse
from django.shortcuts import render, resolve_url

from ringfence.desk.actor import DeskRequest
from ringfence.desk.charges import selectors as charges
from ringfence.desk.endings import selectors, services
from ringfence.desk.errors import NotThere
from ringfence.desk.pages import attempt, for_forms, for_staff, page_of


@for_staff
def endings(request: DeskRequest) -> HttpResponse:
    """List ends of contracts, newest first."""
    return render(request, "endings/endings.html", {"page": page_of(request, selectors.endings(actor=request.actor))})


@for_staff
def ending(request: DeskRequest, number: int) -> HttpResponse:
    """Show the end of a contract: its numbers, port-outs and final charges."""
    found = selectors.ending(number=number, actor=request.actor)
    if found is None:
        raise NotThere(f"no end of a contract {number}")
    owed = list(charges.charges(actor=request.actor, party=found.party)[:50])
    return render(request, "endings/ending.html", {"ending": found, "numbers": found.numbers.order_by("prefix"), "charges": owed})


@for_forms
def settle(request: DeskRequest, number: int) -> HttpResponse:
    """Settle one number of an ended contract, or its final charges."""
    told, actor, now = request.POST, request.actor, datetime.now(UTC)

    def deed() -> None:
        chosen = told.get("number", "")
        if told.get("do") == "charges":
            services.settle_charges(number=number, note=told.get("to", ""), actor=actor, now=now)
        else:
            row = int(chosen) if chosen.isdecimal() and len(chosen) < 16 else 0
            services.settle_number(number=row, fate=told.get("do", ""), to=told.get("to", ""), actor=actor, now=now)

    return attempt(request, deed, done="Settled.", back=resolve_url("endings:ending", number=number))


@for_staff
def quarantine(request: DeskRequest) -> HttpResponse:
    """List numbers in quarantine, with the forms that release them."""
    over = request.GET.get("state") == "over"
    page = page_of(request, selectors.quarantines(actor=request.actor, over=over))
    return render(request, "endings/quarantine.html", {"page": page, "over": over})


@for_forms
def ask_release(request: DeskRequest, number: int) -> HttpResponse:
    """Decide that a number may be given out again."""
    told = request.POST

    def deed() -> None:
        services.ask_release(
            quarantine=number,
            clause=told.get("clause", "").strip(),
            reasons=told.get("reasons", ""),
            actor=request.actor,
            now=datetime.now(UTC),
        )

    return attempt(request, deed, done="It waits for a second person.", back="endings:quarantine")


@for_forms
def answer_release(request: DeskRequest, number: int) -> HttpResponse:
    """Release a number as the second person, or keep it."""
    told = request.POST

    def deed() -> None:
        services.answer_release(
            release=number,
            releases=told.get("do") == "release",
            answer=told.get("answer", ""),
            actor=request.actor,
            now=datetime.now(UTC),
        )

    return attempt(request, deed, done="Noted.", back="endings:quarantine")

"""The page of parties that return."""

from datetime import UTC, datetime

from django.http import HttpResponse
from django.shortcuts import render

from ringfence.desk.actor import DeskRequest
from ringfence.desk.pages import attempt, for_forms, for_staff, page_of
from ringfence.desk.returns import selectors, services
from ringfence.desk.returns.models import BY_HAND


@for_staff
def returns(request: DeskRequest) -> HttpResponse:
    """List parties that seem to return, with the forms that answer."""
    context = {"page": page_of(request, selectors.returns(actor=request.actor)), "kinds": BY_HAND}
    return render(request, "returns/returns.html", context)


@for_forms
def note(request: DeskRequest) -> HttpResponse:
    """Note what a party is known by."""
    told = request.POST

    def deed() -> None:
        party, kind, value = (told.get(name, "").strip() for name in ("party", "kind", "value"))
        services.note_trait(party=party, kind=kind, value=value, actor=request.actor, now=datetime.now(UTC))

    return attempt(request, deed, done="Noted, as a token. It is compared within seconds.", back="returns:all")


@for_forms
def answer(request: DeskRequest, number: int) -> HttpResponse:
    """Say whether it is the same party."""
    told = request.POST

    def deed() -> None:
        services.answer(
            number=number,
            same=told.get("do") == "same",
            because=told.get("because", ""),
            actor=request.actor,
            now=datetime.now(UTC),
        )

    return attempt(request, deed, done="Noted. What follows is a decision in a case.", back="returns:all")

"""Pages and forms of disclosures."""

from datetime import UTC, datetime, timedelta
from typing import Final

from django.http import HttpResponse
from django.shortcuts import render, resolve_url

from ringfence.desk.actor import DeskRequest
from ringfence.desk.disclosures import selectors, services
from ringfence.desk.disclosures.models import RequestKind
from ringfence.desk.disclosures.services import Asked, Item
from ringfence.desk.errors import NotThere
from ringfence.desk.pages import attempt, for_forms, for_staff, page_of

_DIGITS: Final = 15
_PARTS: Final = 3


@for_staff
def requests(request: DeskRequest) -> HttpResponse:
    """List requests of authorities, newest first, with the form that registers one."""
    page = page_of(request, selectors.requests(actor=request.actor))
    return render(request, "disclosures/requests.html", {"page": page, "kinds": RequestKind.choices})


@for_staff
def request(request: DeskRequest, number: int) -> HttpResponse:
    """Show one request, with what may be done about it."""
    found = selectors.request(number=number, actor=request.actor)
    if found is None:
        raise NotThere(f"no request {number}")
    may_confirm = request.actor.confirms and found.state == "waiting" and found.decided_by != request.actor.id
    return render(request, "disclosures/request.html", {"found": found, "may_confirm": may_confirm, "clauses": services.CLAUSES})


@for_forms
def register(request: DeskRequest) -> HttpResponse:
    """Take a request in."""
    told, now = request.POST, datetime.now(UTC)

    def deed() -> None:
        days, case = told.get("gag", ""), told.get("case", "").strip().lstrip("#")
        asked = Asked(
            case=int(case) if case.isdecimal() and len(case) <= _DIGITS else 0,
            kind=told.get("kind", ""),
            authority=told.get("authority", ""),
            reference=told.get("reference", ""),
            basis=told.get("basis", ""),
            asked_for=told.get("asked_for", ""),
            gag_until=now + timedelta(days=int(days)) if days.isdecimal() and len(days) < 5 else None,
        )
        services.register(asked=asked, actor=request.actor, now=now)

    return attempt(request, deed, done="Registered; its clock runs.", back="disclosures:all")


@for_forms
def do(request: DeskRequest, number: int) -> HttpResponse:
    """Verify a request, decide, confirm or refuse it, hand over, or note that the party was told."""
    told, actor, now = request.POST, request.actor, datetime.now(UTC)

    def deed() -> None:
        match told.get("do", ""):
            case "verify":
                services.verify(number=number, how=told.get("text", ""), actor=actor, now=now)
            case "decide":
                clause, reasons = told.get("clause", ""), told.get("text", "")
                services.decide(
                    number=number, clause=clause, items=_items(told.get("items", "")), reasons=reasons, actor=actor, now=now
                )
            case "confirm":
                services.confirm(number=number, answer=told.get("text", ""), actor=actor, now=now)
            case "hand-over":
                services.hand_over(number=number, actor=actor, now=now)
            case "told":
                services.note_told(number=number, actor=actor, now=now)
            case _:
                services.refuse(number=number, reasons=told.get("text", ""), actor=actor, now=now)

    return attempt(request, deed, done="Noted.", back=resolve_url("disclosures:request", number=number))


def _items(typed: str) -> list[Item]:
    """Return what was typed, one a line: what | why | SHA-256."""
    lines = [[part.strip() for part in line.split("|")] for line in typed.splitlines() if line.strip()]
    return [Item(*line) if len(line) == _PARTS else Item("", "", "") for line in lines]

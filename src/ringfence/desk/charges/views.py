"""Pages and forms of charges."""

import csv
import io
from datetime import UTC, datetime
from typing import Final

from django.http import HttpResponse
from django.shortcuts import render, resolve_url

from ringfence.desk.actor import DeskRequest
from ringfence.desk.charges import selectors, services
from ringfence.desk.charges.models import ChargeState
from ringfence.desk.decisions import selectors as decisions
from ringfence.desk.errors import NotThere
from ringfence.desk.pages import attempt, for_forms, for_staff, page_of

_DIGITS: Final = 7


@for_staff
def charges(request: DeskRequest) -> HttpResponse:
    """List charges, newest first, and what each party owes."""
    state = request.GET.get("state", "")
    page = page_of(request, selectors.charges(actor=request.actor, state=state))
    context = {
        "page": page,
        "state": state,
        "states": [*ChargeState.values, "all"],
        "owing": selectors.owing(actor=request.actor),
    }
    return render(request, "charges/charges.html", context)


@for_staff
def of_decision(request: DeskRequest, id: str) -> HttpResponse:
    """Show what a measure cost its party, and the form that charges a fee of its version."""
    actor, now = request.actor, datetime.now(UTC)
    found = decisions.decision(id=id, actor=actor)
    if found is None:
        raise NotThere(f"no decision {id}")
    fees = services.fees_of(found)
    context = {
        "decision": found,
        "charges": list(selectors.charges(actor=actor).filter(decision=found)),
        "fees": [
            (fee, services.proposed_units(decision=found, fee=fee, actor=actor, now=now), found.action in fee.actions)
            for fee in fees.values()
        ],
    }
    return render(request, "charges/of_decision.html", context)


@for_forms
def charge(request: DeskRequest, id: str) -> HttpResponse:
    """Charge a fee for a measure."""
    told = request.POST

    def deed() -> None:
        units = told.get("units", "")
        services.charge(
            decision_id=id,
            fee=told.get("fee", ""),
            units=int(units) if units.isdecimal() and len(units) <= _DIGITS else 0,
            evidence=told.get("evidence", ""),
            actor=request.actor,
            now=datetime.now(UTC),
        )

    return attempt(request, deed, done="Charged.", back=resolve_url("charges:of-decision", id=id))


@for_forms
def settle(request: DeskRequest, number: int) -> HttpResponse:
    """Waive a charge, give it back, or note its invoice."""
    told, actor, now = request.POST, request.actor, datetime.now(UTC)

    def deed() -> None:
        if told.get("do") == "waive":
            services.waive(number=number, because=told.get("because", ""), actor=actor, now=now)
        elif told.get("do") == "invoice":
            services.note_invoiced(number=number, invoice=told.get("because", ""), actor=actor, now=now)
        else:
            services.credit(number=number, because=told.get("because", ""), actor=actor, now=now)

    return attempt(request, deed, done="Noted.", back="charges:all")


@for_staff
def invoice_lines(request: DeskRequest) -> HttpResponse:
    """Give the lines for invoices as CSV, each with what it rests on."""
    text = io.StringIO()
    table = csv.DictWriter(text, selectors.COLUMNS)
    table.writeheader()
    for line in selectors.invoice_lines(actor=request.actor):
        # A cell that begins so is a formula to a spreadsheet.
        table.writerow({key: f"'{value}" if value[:1] in "=+@\t" else value for key, value in line.items()})
    headers = {"Content-Disposition": 'attachment; filename="charges.csv"'}
    return HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8", headers=headers)

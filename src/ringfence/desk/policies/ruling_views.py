"""Public pages of rulings. Recording one, and what rests on the clause, is `enforcement.ruling_views`."""

from datetime import UTC, datetime
from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ringfence.desk.actor import DeskRequest
from ringfence.desk.errors import NotThere
from ringfence.desk.policies import rulings as ruled


def rulings(request: HttpRequest) -> HttpResponse:
    """List what courts said of clauses, newest first."""
    actor = cast(DeskRequest, request).actor
    context = {"rulings": ruled.rulings(actor=actor), "now": datetime.now(UTC), "titles": ruled.clauses()}
    return render(request, "policies/rulings.html", context)


def ruling(request: HttpRequest, number: int) -> HttpResponse:
    """Show one ruling. For which parties it was given, staff alone are told."""
    actor, now = cast(DeskRequest, request).actor, datetime.now(UTC)
    found = ruled.ruling(number=number, actor=actor)
    if found is None:
        raise NotThere(f"no ruling {number}")
    ended = getattr(found, "reinstated_by", None)
    context = {"ruling": found, "ended": ended, "holds": found.holds(now), "title": ruled.clauses().get(found.clause, found.clause)}
    return render(request, "policies/ruling.html", context)

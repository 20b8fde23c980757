"""Pages and forms of parties."""

from datetime import UTC, datetime
from typing import Final, cast

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render

from ringfence.desk.actor import DeskRequest, require
from ringfence.desk.errors import NotThere
from ringfence.desk.pages import for_staff, page_of
from ringfence.desk.parties import selectors, services
from ringfence.desk.parties.branches import branches, roots
from ringfence.desk.parties.differences import csv_pieces
from ringfence.desk.parties.files import COLUMNS
from ringfence.vocabulary.numbers import to_e164

_PROBLEMS_SHOWN: Final = 200
_SHOWN: Final = 200


@for_staff
def parties(request: DeskRequest) -> HttpResponse:
    """Show the tree of parties; where something is searched for, a list of who has it."""
    search, now = request.GET.get("search", "").strip(), datetime.now(UTC)
    found = selectors.parties(actor=request.actor, now=now, search=search)
    page = page_of(request, found if search else roots(found, now))
    rows, more = branches(page, found, now)
    return render(request, "parties/parties.html", {"page": page, "branches": rows, "more": more, "search": search})


@for_staff
def party(request: DeskRequest, name: str) -> HttpResponse:
    """Show one party and all it holds."""
    found = selectors.party_page(name=name, actor=request.actor, now=datetime.now(UTC))
    if found is None:
        raise NotThere(f"no party {name}")
    return render(request, "parties/party.html", {"found": found, "party": found.party})


@for_staff
def who(request: DeskRequest) -> HttpResponse:
    """Say who held a number, or used a trunk, at a moment."""
    asked, written = request.GET.get("asked", "").strip(), request.GET.get("at", "").strip()
    moment, problem = datetime.now(UTC), ""
    if written:
        try:
            given = datetime.fromisoformat(written)
            moment = (given if given.tzinfo else given.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            problem = f"{written} is no moment. Write 2026-03-10T14:05:07Z."
    number = to_e164(asked)
    found = None
    if asked and not problem:
        if number is not None:
            found = selectors.number_holder(number=number, moment=moment, actor=request.actor)
        found = found or selectors.trunk_user(trunk=asked, moment=moment, actor=request.actor)
    context = {"asked": asked, "at": written, "moment": moment, "found": found, "problem": problem, "number": number}
    return render(request, "parties/who.html", context)


@for_staff
def import_files(request: DeskRequest) -> HttpResponse:
    """Take the CSV files: try them first, then write them."""
    require(request.actor.administers, request.actor, "change parties")
    context: dict[str, object] = {"columns": {name: ",".join(columns) for name, columns in COLUMNS.items()}}
    if request.method == "POST":
        files = {name: upload.read() for name in COLUMNS if (upload := request.FILES.get(name)) is not None}
        dry_run = request.POST.get("do") != "import"
        report = services.import_parties(files=files, actor=request.actor, now=datetime.now(UTC), dry_run=dry_run)
        problems, differences = report.problems, report.differences
        if request.POST.get("do") == "differences" and files and not problems:
            told = {"Content-Disposition": 'attachment; filename="differences.csv"'}
            response = StreamingHttpResponse(csv_pieces(differences), content_type="text/csv; charset=utf-8", headers=told)
            return cast(HttpResponse, response)  # Django's types have no word for either
        context |= {"report": report, "problems": problems[:_PROBLEMS_SHOWN], "problem_count": len(problems), "named": list(files)}
        context |= {"differences": differences.first(_SHOWN), "differing": len(differences)}
    return render(request, "parties/import.html", context)

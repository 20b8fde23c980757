"""Pages and forms of parties."""

from datetime import UTC, datetime
from typing import Final

from django.http import HttpResponse
from django.shortcuts import render

from ringfence.desk.actor import DeskRequest, require
from ringfence.desk.errors import NotThere
from ringfence.desk.pages import for_staff, page_of
from ringfence.desk.parties import selectors, services
from ringfence.desk.parties.branches import branches, roots
from ringfence.desk.parties.rows import COLUMNS, RowProblem

_PROBLEMS_SHOWN: Final = 200


@for_staff
def parties(request: DeskRequest) -> HttpResponse:
    """Show the tree of parties; where something is searched for, a list of who has it."""
    search = request.GET.get("search", "").strip()
    found = selectors.parties(actor=request.actor, search=search)
    page = page_of(request, found if search else roots(found))
    rows, more = branches(page, found)
    return render(request, "parties/parties.html", {"page": page, "branches": rows, "more": more, "search": search})


@for_staff
def party(request: DeskRequest, name: str) -> HttpResponse:
    """Show one party and all it holds."""
    found = selectors.party_page(name=name, actor=request.actor)
    if found is None:
        raise NotThere(f"no party {name}")
    return render(request, "parties/party.html", {"found": found, "party": found.party})


@for_staff
def import_files(request: DeskRequest) -> HttpResponse:
    """Take the CSV files: try them first, then write them."""
    require(request.actor.administers, request.actor, "change parties")
    context: dict[str, object] = {"columns": {name: ",".join(columns) for name, columns in COLUMNS.items()}}
    if request.method == "POST":
        files, unreadable = _uploaded(request)
        report = services.import_parties(
            files=files,
            actor=request.actor,
            now=datetime.now(UTC),
            dry_run=request.POST.get("do") != "import" or bool(unreadable),
        )
        problems = [*unreadable, *report.problems]
        context |= {"report": report, "problems": problems[:_PROBLEMS_SHOWN], "problem_count": len(problems), "named": list(files)}
    return render(request, "parties/import.html", context)


def _uploaded(request: DeskRequest) -> tuple[dict[str, str], list[RowProblem]]:
    """Return the texts of the files by the name that their field has, and a problem for each that is no text."""
    files, problems = {}, []
    for name in COLUMNS:
        upload = request.FILES.get(name)
        if upload is None:
            continue
        try:
            files[name] = upload.read().decode("utf-8")
        except UnicodeDecodeError as error:
            problems.append(RowProblem(name, 0, "", f"byte {error.start} is not UTF-8", "save the file as UTF-8"))
    return files, problems

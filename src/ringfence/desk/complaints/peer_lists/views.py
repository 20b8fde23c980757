"""The page of peers' lists."""

from datetime import UTC, datetime

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import redirect, render

from ringfence.desk.actor import DeskRequest
from ringfence.desk.complaints import selectors as complaints
from ringfence.desk.complaints.models import ListKind
from ringfence.desk.complaints.peer_lists import selectors, services
from ringfence.desk.complaints.peer_lists.reading import LARGEST, Problem
from ringfence.desk.complaints.peer_lists.services import Given
from ringfence.desk.errors import DeskError, NotPermitted
from ringfence.desk.pages import for_staff, page_of


@for_staff
def peer_lists(request: DeskRequest) -> HttpResponse:
    """List what other networks list, tell whether a number or an address is on it, and take a list in."""
    now, problems = datetime.now(UTC), list[Problem]()
    if request.method == "POST":
        try:
            taken = services.take_list(given=_given(request), actor=request.actor, now=now)
        except NotPermitted:
            raise
        except DeskError as refused:
            problems = [Problem(0, f"{refused}.")]
        else:
            problems = list(taken.problems)
            if not problems:
                messages.success(request, f"Taken: {taken.added} new, {taken.kept} stay, {taken.ended} went.")
                return redirect("complaints:peer-lists")
    asked = request.GET.get("asked", "").strip()[:64]
    context = {
        "page": page_of(request, selectors.peer_lists(actor=request.actor, now=now)),
        "kinds": ListKind.choices,
        "peers": complaints.peers(actor=request.actor),
        "asked": asked,
        "found": selectors.listed(asked=asked, actor=request.actor, now=now),
        "typed": request.POST,
        "problems": problems,
        "now": now,
    }
    return render(request, "complaints/peer_lists.html", context, status=400 if problems else 200)


def _given(request: DeskRequest) -> Given:
    upload, typed = request.FILES.get("file"), request.POST
    data = upload.read(LARGEST + 1) if isinstance(upload, UploadedFile) else typed.get("entries", "").encode()
    days = typed.get("days", "")
    return Given(
        name=typed.get("name", ""),
        kind=typed.get("kind", ""),
        data=data,
        provenance=typed.get("provenance", ""),
        peer=typed.get("peer", ""),
        days=int(days) if days.isdecimal() and len(days) < 5 else 0,
    )

"""The page of a report that who complained reads without signing in: how it stands, and the appeal against what came of it."""

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache

from ringfence.desk.appeals import complainants, selectors, services
from ringfence.desk.appeals.filing import TooLate
from ringfence.desk.complaints import public
from ringfence.desk.complaints.models import Complaint
from ringfence.desk.errors import DeskError


@never_cache
def status(request: HttpRequest, ticket: str) -> HttpResponse:
    """Say how a complaint stands to who has its ticket; take a proof of control, an appeal, or an addition to one."""
    complaint, now, problem = public.complaint_with(ticket), datetime.now(UTC), ""
    if request.method == "POST":
        try:
            _do(request, complaint, now)
        except DeskError as error:
            problem = f"{error}."
        else:
            return redirect("complaints:status", ticket=ticket)
    against = complainants.stands_against(complaint, now)
    context = {
        **public.standing(complaint),
        "appeal": selectors.appeal_about(complaint=complaint),
        "may_appeal": against is None,
        "late": isinstance(against, TooLate),
        "problem": problem,
    }
    response = render(request, "complaints/status.html", context, status=400 if problem else 200)
    response.headers["Referrer-Policy"] = "same-origin"  # the address is the right to read it
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _do(request: HttpRequest, complaint: Complaint, now: datetime) -> None:
    what, text = request.POST.get("do", ""), request.POST.get("text", "")
    if what == "appeal":
        complainants.contest(complaint=complaint, text=text, now=now)
    elif what == "reply":
        services.reply(complaint=complaint, text=text, now=now)
    else:
        public.prove(request, complaint)

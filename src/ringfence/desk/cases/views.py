"""Pages and forms of cases. The page of one case is made of several nouns: `site.views.case_page`."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.http import HttpResponse
from django.shortcuts import redirect, resolve_url

from ringfence.desk.actor import DeskRequest
from ringfence.desk.cases import attention, matters, selectors, services
from ringfence.desk.cases.models import CaseState
from ringfence.desk.cases.summaries import with_findings
from ringfence.desk.complaints.views import told_peer
from ringfence.desk.errors import NotThere
from ringfence.desk.pages import attempt, for_forms, for_staff, page_of, render_live


@for_staff
def cases(request: DeskRequest) -> HttpResponse:
    """List cases, the latest changed first, of one subject where the address names one."""
    state, subject = request.GET.get("state", ""), request.GET.get("subject", "").strip()
    found = selectors.cases(actor=request.actor, state=state, now=datetime.now(UTC))
    page = page_of(request, with_findings(found.filter(subject_id=subject) if subject else found))
    context = {
        "page": page,
        "state": state,
        "subject": subject,
        "states": [*CaseState.values, "snoozed", "watched", "all"],
        "unread": selectors.unread(actor=request.actor),
    }
    return render_live(request, "cases/cases.html", "cases/_cases.html", context)


@for_staff
def case_of_finding(request: DeskRequest, id: str) -> HttpResponse:
    """Go to the case that a finding belongs to."""
    number = selectors.case_of_finding(finding_id=id, actor=request.actor)
    if number is None:
        raise NotThere("this finding belongs to no case: its rule runs in shadow, or it is worth no more than knowing")
    return redirect("cases:case", number=number)


def _back(number: int) -> str:
    return resolve_url("cases:case", number=number)


def _simple(service: Callable[..., None], done: str) -> Callable[[DeskRequest, int], HttpResponse]:
    def view(request: DeskRequest, number: int) -> HttpResponse:
        def deed() -> None:
            service(case_id=number, actor=request.actor, now=datetime.now(UTC))

        return attempt(request, deed, done=done, back=_back(number))

    return view


@for_forms
def claim(request: DeskRequest, number: int) -> HttpResponse:
    """Claim a case, or take it over from the one whom the form names."""
    holder = request.POST.get("holder", "")

    def deed() -> None:
        if holder:
            services.take_over(case_id=number, holder=holder, actor=request.actor, now=datetime.now(UTC))
        else:
            services.claim_case(case_id=number, actor=request.actor, now=datetime.now(UTC))

    return attempt(request, deed, done="The case is yours.", back=_back(number))


release = for_forms(_simple(services.release_case, "The case is open to everybody again."))


@for_forms
def note(request: DeskRequest, number: int) -> HttpResponse:
    """Write a note."""

    def deed() -> None:
        text, public = request.POST.get("text", ""), request.POST.get("public") == "yes"
        services.note_case(case_id=number, text=text, public=public, actor=request.actor, now=datetime.now(UTC))

    return attempt(request, deed, done="The note is kept.", back=_back(number))


@for_forms
def grade(request: DeskRequest, number: int) -> HttpResponse:
    """Say how grave a case is."""

    def deed() -> None:
        severity, reason = request.POST.get("severity", ""), request.POST.get("reason", "")
        services.grade_case(case_id=number, severity=severity, reason=reason, actor=request.actor, now=datetime.now(UTC))

    return attempt(request, deed, done="The case is as grave as you say.", back=_back(number))


@for_forms
def role(request: DeskRequest, number: int) -> HttpResponse:
    """Change what the subject is in the case."""

    def deed() -> None:
        services.change_role(
            case_id=number,
            role=request.POST.get("role", ""),
            reason=request.POST.get("reason", ""),
            actor=request.actor,
            now=datetime.now(UTC),
            seen=request.POST.get("seen", ""),
        )

    return attempt(request, deed, done="The role is changed. What was decided before stays.", back=_back(number))


@for_forms
def close(request: DeskRequest, number: int) -> HttpResponse:
    """Close the case."""

    def deed() -> None:
        outcome, seen = request.POST.get("outcome", ""), request.POST.get("seen", "")
        services.close_case(case_id=number, outcome=outcome, actor=request.actor, now=datetime.now(UTC), seen=seen)

    return attempt(request, deed, done="The case is closed. Its orders stay until they end or are lifted.", back=_back(number))


def _numbers(typed: list[str]) -> list[int]:
    return [int(one) for one in typed if one.isdecimal() and len(one) < 16]


def _case_number(typed: str) -> int:
    """Return the number of a case that somebody typed. Raises `NotThere`."""
    found = _numbers([typed.strip().lstrip("#")])
    if not found:
        raise NotThere("type the number of a case")
    return found[0]


@for_forms
def split(request: DeskRequest, number: int) -> HttpResponse:
    """Make a case of its own of what was chosen."""
    typed = request.POST

    def deed() -> None:
        matters.split_case(
            case_id=number,
            matter=typed.get("matter", ""),
            findings=typed.getlist("finding"),
            complaints=_numbers(typed.getlist("complaint")),
            actor=request.actor,
            now=datetime.now(UTC),
        )

    return attempt(request, deed, done="What was chosen is a case of its own now.", back=_back(number))


@for_forms
def tie(request: DeskRequest, number: int) -> HttpResponse:
    """Merge the case into another, or link it with one."""
    typed, now = request.POST, datetime.now(UTC)

    def deed() -> None:
        other, reason = _case_number(typed.get("case", "")), typed.get("reason", "")
        if typed.get("do") == "merge":
            matters.merge_case(case_id=number, into=other, reason=reason, actor=request.actor, now=now)
        else:
            kind = typed.get("do", "")
            matters.link_cases(case_id=number, other=other, kind=kind, reason=reason, actor=request.actor, now=now)

    return attempt(request, deed, done="The cases are tied.", back=_back(number))


@for_forms
def look(request: DeskRequest, number: int) -> HttpResponse:
    """Watch a case, stop watching it, put it off, or bring it back."""
    typed, actor, now = request.POST, request.actor, datetime.now(UTC)

    def deed() -> None:
        if typed.get("do") == "snooze":
            until = now + timedelta(days=next(iter(_numbers([typed.get("days", "")])), 0))
            attention.snooze_case(case_id=number, until=until, reason=typed.get("reason", ""), actor=actor, now=now)
        elif typed.get("do") == "wake":
            attention.wake_case(case_id=number, actor=actor, now=now)
        elif typed.get("do") == "unwatch":
            attention.unwatch_case(case_id=number, actor=actor, now=now)
        else:
            attention.watch_case(case_id=number, actor=actor, now=now)

    return attempt(request, deed, done="Done.", back=_back(number))


@for_forms
def join_complaint(request: DeskRequest, complaint: int) -> HttpResponse:
    """Join a complaint to the case whose number was typed."""
    typed = request.POST.get("case", "").strip().lstrip("#")

    def deed() -> None:
        if not typed.isdecimal():
            raise NotThere("type the number of a case")
        services.join_complaint(case_id=int(typed), complaint=complaint, actor=request.actor, now=datetime.now(UTC))

    back = resolve_url("complaints:complaint", number=complaint)
    return attempt(request, deed, done=f"The complaint belongs to case {typed} now.", back=back)


@for_forms
def tell_peer(request: DeskRequest, number: int) -> HttpResponse:
    """Send a peer the report of one of the case's complaints, or give it as a file."""
    file, chosen = selectors.case_file(number=number, actor=request.actor), request.POST.get("complaint", "")
    if file is None or not chosen.isdecimal() or int(chosen) not in file.complaints:
        raise NotThere(f"case {number} has no complaint {chosen or '(none chosen)'}")
    return told_peer(request, int(chosen), number, _back(number))

"""The page of a notice that a party reads without signing in, and the desk's pages of appeals."""

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.views.decorators.cache import never_cache

from ringfence.desk.actor import ANONYMOUS, DeskRequest
from ringfence.desk.appeals import complainants, selectors, services
from ringfence.desk.appeals.models import AppealState
from ringfence.desk.decisions.services import Why
from ringfence.desk.errors import DeskError, NotThere
from ringfence.desk.letters.wording import filled
from ringfence.desk.notices import selectors as notices
from ringfence.desk.notices import services as telling
from ringfence.desk.notices.models import Notice, NoticeKind
from ringfence.desk.notices.wording import texts
from ringfence.desk.pages import attempt, for_forms, for_staff, page_of, render_live
from ringfence.desk.policies import selectors as policies


@never_cache
def public(request: HttpRequest, id: str, token: str) -> HttpResponse:
    """Show a notice to who holds its token, and take an appeal or an addition to one."""
    notice = notices.notice_by_token(id=id, token=token)
    if notice is None:
        raise NotThere("there is no such page; the address in the mail is complete only to its last character")
    now, problem = datetime.now(UTC), ""
    if request.method == "POST":
        text = request.POST.get("text", "")
        try:
            if request.POST.get("do") == "reply":
                services.reply(notice=notice, text=text, now=now)
            else:
                services.file(notice=notice, text=text, now=now)
        except DeskError as error:
            problem = str(error)
        else:
            return redirect("appeals:public", id=id, token=token)
    telling.note_opened(notice=notice, actor=ANONYMOUS, now=now)
    response = render(request, "appeals/public.html", _context(notice, now, problem), status=400 if problem else 200)
    response.headers["Referrer-Policy"] = (
        "same-origin"  # the address is the right to read it; none at all, and forms have no origin
    )
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _context(notice: Notice, now: datetime, problem: str) -> dict[str, object]:
    told = texts(notice.language).phrases
    appeal = selectors.appeal_of(notice=notice) if notice.kind == NoticeKind.MEASURE else None
    provider = policies.bundle(hash=notice.decision.policy.hash).settings.provider
    return {
        "notice": notice,
        "title": filled(told["page_title"], {"provider": provider}),
        "told": told,
        "appeal": appeal,
        "received": filled(told["appeal_open"], {"moment": f"{appeal.filed:%Y-%m-%d %H:%M} UTC"}) if appeal else "",
        "outcome": told[appeal.state] if appeal is not None and appeal.state != AppealState.OPEN else "",
        "may_appeal": notice.kind == NoticeKind.MEASURE and appeal is None and not services.is_late(notice, now),
        "late": notice.kind == NoticeKind.MEASURE and appeal is None and services.is_late(notice, now),
        "problem": problem,
    }


@for_staff
def appeals(request: DeskRequest) -> HttpResponse:
    """List appeals, the longest waiting first, and how they came out for each rule."""
    state = request.GET.get("state", "")
    page = page_of(request, selectors.appeals(actor=request.actor, state=state))
    context = {
        "page": page,
        "state": state,
        "states": [*AppealState.values, "all"],
        "rules": selectors.by_rule(actor=request.actor),
    }
    return render_live(request, "appeals/appeals.html", "appeals/_appeals.html", context)


@for_staff
def appeal(request: DeskRequest, number: int) -> HttpResponse:
    """Show one appeal, with the form that decides it for those who may."""
    found = selectors.appeal(number=number, actor=request.actor)
    if found is None:
        raise NotThere(f"no appeal {number}")
    works = found.state == AppealState.OPEN and request.actor.works_cases
    deciders = services.deciders(found)
    context = {
        "appeal": found,
        "may_answer": works,
        "may_decide": works and request.actor.id not in deciders,
        "deciders": sorted(deciders),
        "party": complainants.party_of(found) if found.complaint_id is not None else "",
        "replies": found.replies.order_by("id"),
    }
    return render(request, "appeals/appeal.html", context)


@for_forms
def review(request: DeskRequest, number: int) -> HttpResponse:
    """Decide an appeal, or answer who filed it."""
    typed, now = request.POST, datetime.now(UTC)

    def deed() -> None:
        if typed.get("do") == "answer":
            services.answer(appeal_id=number, text=typed.get("text", ""), actor=request.actor, now=now)
            return
        why = Why(typed.get("reasons", ""), typed.get("notes", ""))
        services.review(
            appeal_id=number,
            outcome=typed.get("outcome", ""),
            why=why,
            actor=request.actor,
            now=now,
            told_party=typed.get("told_party", ""),
        )

    done = "Sent; it stands on their page." if typed.get("do") == "answer" else "Decided. They are told."
    return attempt(request, deed, done=done, back=resolve_url("appeals:appeal", number=number))

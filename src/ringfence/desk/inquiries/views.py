"""Pages of inquiries: for the desk, and for who is asked, without a login."""

from datetime import UTC, datetime
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.views.decorators.cache import never_cache

from ringfence.desk.actor import DeskRequest, system
from ringfence.desk.errors import DeskError, NotThere
from ringfence.desk.inquiries import selectors, services
from ringfence.desk.inquiries.models import InquiryState, Tier, TierState
from ringfence.desk.inquiries.services import Question
from ringfence.desk.inquiries.wording import phrases, places_of
from ringfence.desk.letters.wording import filled
from ringfence.desk.pages import attempt, for_forms, for_staff, page_of, render_live

_OURS: Final = system("inquiries")
_LISTENING: Final = (TierState.ASKED, TierState.SILENT, TierState.PASSED)


@never_cache
def public(request: HttpRequest, number: int, token: str) -> HttpResponse:
    """Show who is asked what is asked and what is known, and take an answer, or that it was passed on."""
    tier = services.tier_by_token(number=number, token=token)
    if tier is None:
        raise NotThere("there is no such page; the address in the mail is complete only to its last character")
    now, problem, handed = datetime.now(UTC), "", ""
    if request.method == "POST":
        try:
            handed = _taken(request, tier, now)
        except DeskError as error:
            problem = str(error)
        else:
            if not handed:
                return redirect("inquiries:public", number=number, token=token)
        tier.refresh_from_db()
    services.note_opened(tier=tier, now=now)
    context = {**_context(tier), "problem": problem, "handed": handed, "typed": request.POST.get("text", "") if problem else ""}
    response = render(request, "inquiries/public.html", context, status=400 if problem else 200)
    response.headers["Referrer-Policy"] = (
        "same-origin"  # the address is the right to read it; none at all, and forms have no origin
    )
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _taken(request: HttpRequest, tier: Tier, now: datetime) -> str:
    """Do what the form says; return the address that is to be handed on, where there is one."""
    if request.POST.get("do") == "pass":
        lower = services.pass_on(tier=tier, now=now)
        return services.page_of(lower.id) if lower.forwarded else ""
    services.answer(tier=tier, text=request.POST.get("text", ""), refuses=request.POST.get("do") == "refuse", now=now)
    return ""


def _context(tier: Tier) -> dict[str, object]:
    inquiry = tier.inquiry
    told, below = phrases(tier.language), services.below(tier)
    places = {**places_of(inquiry, tier, _OURS), "below": below or "–"}
    is_open = inquiry.state in (InquiryState.OPEN, InquiryState.UNANSWERED) and tier.state in _LISTENING
    lower = Tier.objects.filter(inquiry=inquiry, party=below).first() if below else None
    return {
        "tier": tier,
        "inquiry": inquiry,
        "told": {name: filled(text, places) for name, text in told.items()},
        "places": places,
        "notes": inquiry.case.note_set.filter(public=True).order_by("id"),
        "is_open": is_open,
        "may_pass": is_open and tier.state == TierState.ASKED and bool(below) and lower is None,
        "may_refuse": is_open and inquiry.kind in ("authority", "emergency"),
        "hand_on": services.page_of(lower.id) if lower is not None and lower.forwarded and is_open else "",
    }


@for_staff
def inquiries(request: DeskRequest) -> HttpResponse:
    """List inquiries, newest first."""
    state = request.GET.get("state", "")
    page = page_of(request, selectors.inquiries(actor=request.actor, state=state))
    context = {"page": page, "state": state, "states": [*InquiryState.values[1:], "all"]}
    return render_live(request, "inquiries/inquiries.html", "inquiries/_inquiries.html", context)


@for_staff
def inquiry(request: DeskRequest, number: int) -> HttpResponse:
    """Show one inquiry with what was asked of whom and what they answered."""
    found = selectors.inquiry(number=number, actor=request.actor)
    if found is None:
        raise NotThere(f"no inquiry {number}")
    tiers = selectors.tiers(inquiry=number, actor=request.actor)
    may = request.actor.works_cases and found.state in (InquiryState.OPEN, InquiryState.UNANSWERED)
    return render(request, "inquiries/inquiry.html", {"inquiry": found, "tiers": tiers, "may_withdraw": may})


@for_forms
def ask(request: DeskRequest, number: int) -> HttpResponse:
    """Ask a party in a case."""
    typed = request.POST

    def deed() -> None:
        question = Question(
            case=number,
            kind=typed.get("kind", ""),
            party=typed.get("party", "").strip(),
            text=typed.get("text", ""),
            urgent=typed.get("urgent") == "yes",
            from_top=typed.get("begin") == "top",
        )
        services.ask(question=question, actor=request.actor, now=datetime.now(UTC))

    return attempt(request, deed, done="It is asked. Its clock runs.", back=resolve_url("cases:case", number=number))


@for_forms
def withdraw(request: DeskRequest, number: int) -> HttpResponse:
    """Ask nobody any more."""

    def deed() -> None:
        services.withdraw(inquiry=number, reason=request.POST.get("reason", ""), actor=request.actor, now=datetime.now(UTC))

    return attempt(request, deed, done="Nobody is asked any more.", back=resolve_url("inquiries:inquiry", number=number))

"""Pages of notices of rights: for the desk, for the party without a login, and the register of permissions."""

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.views.decorators.cache import never_cache

from ringfence.desk.actor import DeskRequest, system
from ringfence.desk.clocks import selectors as clocks
from ringfence.desk.clocks.selectors import Wanted
from ringfence.desk.complaints.models import RightsState
from ringfence.desk.complaints.rights import selectors, services
from ringfence.desk.complaints.rights.services import Claim, Unfit
from ringfence.desk.errors import DeskError, NotThere
from ringfence.desk.pages import attempt, for_forms, for_staff, page_of


@never_cache
def public(request: HttpRequest, number: int, token: str) -> HttpResponse:
    """Show a party what is claimed, and take its counter-notice."""
    notice = services.notice_by_token(number=number, token=token)
    if notice is None:
        raise NotThere("there is no such page; the address in the mail is complete only to its last character")
    now, problem = datetime.now(UTC), ""
    if request.method == "POST":
        try:
            good = request.POST.get("faith") == "yes"
            services.counter(notice=notice, text=request.POST.get("text", ""), in_good_faith=good, now=now)
        except DeskError as error:
            problem = str(error)
        else:
            return redirect("complaints:rights-public", number=number, token=token)
    services.note_opened(notice=notice, now=now)
    about = Wanted(state="all", noun=services.NOUN)
    clock = clocks.obligations(actor=system("rights"), now=now, wanted=about).filter(noun_id=str(number)).order_by("-id").first()
    context = {"notice": notice, "clock": clock, "problem": problem, "typed": request.POST.get("text", "")}
    response = render(request, "complaints/rights_public.html", context, status=400 if problem else 200)
    response.headers["Referrer-Policy"] = (
        "same-origin"  # the address is the right to read it; none at all, and forms have no origin
    )
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@for_staff
def rights_notices(request: DeskRequest) -> HttpResponse:
    """List notices of rights, and who infringes repeatedly."""
    state, now = request.GET.get("state", ""), datetime.now(UTC)
    context = {
        "page": page_of(request, selectors.rights_notices(actor=request.actor, state=state)),
        "state": state,
        "states": RightsState.choices,
        "repeated": selectors.repeat_infringers(actor=request.actor, now=now),
        "least": selectors.REPEAT,
    }
    return render(request, "complaints/rights.html", context)


@for_forms
def pass_on(request: DeskRequest, number: int) -> HttpResponse:
    """Pass a notice on to the party."""
    typed = request.POST

    def deed() -> None:
        claim = Claim(
            complaint=number,
            party=typed.get("party", "").strip(),
            work=typed.get("work", ""),
            holder=typed.get("holder", ""),
            anyway=typed.get("anyway") == "yes",
        )
        services.pass_on(claim=claim, actor=request.actor, now=datetime.now(UTC))

    return attempt(
        request, deed, done="It goes to the party. Its clock runs.", back=resolve_url("complaints:complaint", number=number)
    )


@for_forms
def settle(request: DeskRequest, number: int) -> HttpResponse:
    """Settle the notice of a complaint."""
    notice = selectors.rights_notices(actor=request.actor).filter(complaint_id=number).first()

    def deed() -> None:
        services.settle(
            notice=notice.id if notice is not None else 0,
            state=request.POST.get("state", ""),
            reasons=request.POST.get("reasons", ""),
            actor=request.actor,
            now=datetime.now(UTC),
        )

    return attempt(request, deed, done="It is settled.", back=resolve_url("complaints:complaint", number=number))


@for_staff
def marks(request: DeskRequest) -> HttpResponse:
    """List who may use which mark; a lead enters and revokes permissions."""
    now, typed = datetime.now(UTC), request.POST
    if request.method == "POST":

        def deed() -> None:
            if typed.get("do") == "revoke":
                number = typed.get("permission", "")
                services.revoke(
                    permission=int(number) if number.isdecimal() and len(number) < 16 else 0, actor=request.actor, now=now
                )
                return
            services.permit(
                party=typed.get("party", "").strip(),
                mark=typed.get("mark", ""),
                use=typed.get("use", ""),
                reference=typed.get("reference", ""),
                until=_day(typed.get("until", "")),
                actor=request.actor,
                now=now,
            )

        return attempt(request, deed, done="The register is changed.", back=resolve_url("complaints:marks"))
    return render(
        request, "complaints/marks.html", {"page": page_of(request, selectors.permissions(actor=request.actor)), "now": now}
    )


def _day(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        raise Unfit("until when: write a day such as 2027-12-31") from None

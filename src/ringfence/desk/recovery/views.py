"""The desk's pages of requests: finding out who asks, securing, unlocking."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render, resolve_url

from ringfence.desk.access.locks import Unlocking
from ringfence.desk.actor import Actor, DeskRequest, require
from ringfence.desk.errors import NotThere
from ringfence.desk.pages import attempt, for_forms, for_staff, page_of
from ringfence.desk.recovery import compromise, selectors, services
from ringfence.desk.recovery.compromise import Securing
from ringfence.desk.recovery.models import CallOutcome, RequestKind, RequestState

_DIGITS: Final = 18


@for_staff
def requests(request: DeskRequest) -> HttpResponse:
    """List requests that wait, the newest first; take one that was told by telephone."""
    actor, problem = request.actor, None
    require(actor.recovers, actor, "see requests")
    if request.method == "POST":
        form = request.POST
        asked = services.Asked(form.get("kind", ""), form.get("mail", ""), form.get("said", ""))
        try:
            number = services.ask(asked=asked, address="", actor=actor, now=datetime.now(UTC))
        except services.RequestRefused as error:
            problem = error
        else:
            return redirect("recovery:request", number=number)
    state = request.GET.get("state", "")
    page = page_of(request, selectors.requests(actor=actor, state=state))
    context = {"page": page, "state": state, "states": [*RequestState.values, "all"], "kinds": RequestKind.choices}
    return render(request, "recovery/requests.html", context | {"problem": problem})


@for_staff
def request_page(request: DeskRequest, number: int) -> HttpResponse:
    """Show one request, what is known of who asks, and what can be done."""
    actor, now = request.actor, datetime.now(UTC)
    found = selectors.request_page(number=number, actor=actor, now=now)
    if found is None:
        raise NotThere(f"no request {number}")
    party = found.request.party
    context = {
        "found": found,
        "request_row": found.request,
        "kinds": RequestKind.choices,
        "outcomes": CallOutcome.choices,
        "preview": compromise.preview_of_party(party=party.name, actor=actor, now=now) if party is not None else None,
    }
    return render(request, "recovery/request.html", context)


@for_forms
def do(request: DeskRequest, number: int) -> HttpResponse:
    """Do one thing about a request."""
    deed = _DEEDS.get(request.POST.get("do", ""))
    if deed is None:
        raise NotThere("nothing of that kind can be done")
    act, done = deed
    return attempt(
        request,
        lambda: act(number, request.POST, request.actor, datetime.now(UTC)),
        done=done,
        back=resolve_url("recovery:request", number=number),
    )


def _numbers(written: list[str]) -> list[int]:
    return [int(one) for one in written if one.isdecimal() and len(one) < _DIGITS]


def _number(written: str) -> int:
    return next(iter(_numbers([written])), 0)


def _place(number: int, form: QueryDict, actor: Actor, now: datetime) -> None:
    services.place(request=number, kind=form.get("kind", ""), party=form.get("party", "").strip(), actor=actor, now=now)


def _call(number: int, form: QueryDict, actor: Actor, now: datetime) -> None:
    services.record_call(
        request=number,
        contact=_number(form.get("contact", "")),
        outcome=form.get("outcome", ""),
        note=form.get("note", ""),
        actor=actor,
        now=now,
    )


def _send(number: int, form: QueryDict, actor: Actor, now: datetime) -> None:
    services.send_usernames(request=number, logins=_numbers(form.getlist("login")), to=form.get("to", ""), actor=actor, now=now)


def _secure(number: int, form: QueryDict, actor: Actor, now: datetime) -> None:
    securing = Securing(
        reason=form.get("reason", ""),
        logins=_numbers(form.getlist("login")),
        trunks=form.getlist("trunk"),
        rotate=form.getlist("rotate"),
        urgent=form.get("urgent") == "yes",
    )
    compromise.secure(request=number, securing=securing, actor=actor, now=now)


def _unlock(number: int, form: QueryDict, actor: Actor, now: datetime) -> None:
    how = Unlocking(form.get("reason", ""), drop_factors=form.get("keep") != "yes")
    login, to = _number(form.get("login", "")), form.get("to", "")
    compromise.unlock(request=number, login=login, how=how, to=to, actor=actor, now=now)


def _close(number: int, form: QueryDict, actor: Actor, now: datetime) -> None:
    done = {"done": True, "refused": False}.get(form.get("result", ""))
    services.close(request=number, done=done, outcome=form.get("outcome", ""), actor=actor, now=now)


_DEEDS: Final[dict[str, tuple[Callable[[int, QueryDict, Actor, datetime], None], str]]] = {
    "place": (_place, "Noted."),
    "call": (_call, "The call is recorded."),
    "send": (_send, "The names are on their way to the address on file."),
    "secure": (_secure, "Secured: the logins are locked, and the orders on their way to the edges."),
    "unlock": (_unlock, "Unlocked. A link to a new password is on its way to the address on file."),
    "close": (_close, "The request is closed."),
}

"""How views answer: whole pages, fragments that keep themselves fresh, and forms that say what came of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from hashlib import blake2b
from typing import Any, Concatenate, Final, ParamSpec, TypeVar, cast
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, QueryDict
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme

from ringfence.desk.actor import Actor, ActorKind, DeskRequest
from ringfence.desk.errors import DeskError, NotPermitted

ROWS: Final = 50

_Row = TypeVar("_Row", bound=Model)
_Arguments = ParamSpec("_Arguments")
View = Callable[Concatenate[DeskRequest, _Arguments], HttpResponse]
Plain = Callable[Concatenate[HttpRequest, _Arguments], HttpResponse]


def _refusal(actor: Actor) -> str:
    """Return why a person who has signed in may not read a page of the desk."""
    if actor.party is not None:
        return f"this page is for the provider's staff; what is yours stands under {actor.party}, at the top"
    return "this login has no role yet; an admin gives it one"


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """Send to the sign-in page, and from there back: to what was asked for, or to the page whose form was sent too late."""
    asked = request.get_full_path()
    if request.method == "POST":
        came_from = request.headers.get("Referer", "")
        ours = url_has_allowed_host_and_scheme(came_from, allowed_hosts={request.get_host()}, require_https=request.is_secure())
        parts = urlsplit(came_from if ours else "/")
        asked = f"{parts.path}?{parts.query}" if parts.query else parts.path
        messages.warning(request, "Nothing was done: your session was over when the form came. Please send it again.")
    return redirect_to_login(asked)


def for_staff(view: View[_Arguments]) -> Plain[_Arguments]:
    """Send who has not signed in to the sign-in page, and who has no role to the refusal."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: _Arguments.args, **kwargs: _Arguments.kwargs) -> HttpResponse:
        desk_request = cast(DeskRequest, request)
        actor = desk_request.actor
        if actor.sees_the_desk:
            return view(desk_request, *args, **kwargs)
        if actor.kind is ActorKind.PERSON:
            raise NotPermitted(_refusal(actor))
        if desk_request.htmx:
            return HttpResponse(status=204, headers={"HX-Refresh": "true"})
        return _to_sign_in(request)

    return guarded


def for_bound(view: View[_Arguments]) -> Plain[_Arguments]:
    """Let in staff and a party's own people; what they then see selectors narrow. Send who has not signed in to sign in."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: _Arguments.args, **kwargs: _Arguments.kwargs) -> HttpResponse:
        desk_request = cast(DeskRequest, request)
        if desk_request.actor.sees_parties:
            return view(desk_request, *args, **kwargs)
        if desk_request.actor.kind is ActorKind.PERSON:
            raise NotPermitted("this login has no role yet; an admin gives it one")
        return _to_sign_in(request)

    return guarded


def for_forms(view: View[_Arguments]) -> Plain[_Arguments]:
    """Guard as `for_staff` does, and take nothing but posted forms."""

    @wraps(view)
    def posted(request: DeskRequest, /, *args: _Arguments.args, **kwargs: _Arguments.kwargs) -> HttpResponse:
        return view(request, *args, **kwargs) if request.method == "POST" else HttpResponseNotAllowed(["POST"])

    return for_staff(posted)


@dataclass(frozen=True, slots=True)
class Live:
    """A fragment that asks for itself again every two seconds. `seen` tells the server what the reader has already."""

    html: str
    seen: str


def live(request: HttpRequest, fragment: str, context: Mapping[str, Any], *, address: str, query: QueryDict | None = None) -> Live:
    """Render a fragment so that htmx asks `address` for it again. It must hold no form: their tokens differ each time."""
    body = render_to_string(fragment, dict(context), request)
    seen = blake2b(body.encode(), digest_size=8).hexdigest()
    asked = query.copy() if query is not None else QueryDict(mutable=True)
    asked["seen"] = seen
    return Live(render_to_string("_live.html", {"body": body, "address": f"{address}?{asked.urlencode()}"}), seen)


def answer_live(request: DeskRequest, fragment: Live) -> HttpResponse:
    """Answer htmx with the fragment, or with 204 where nothing changed."""
    return HttpResponse(status=204) if request.GET.get("seen") == fragment.seen else HttpResponse(fragment.html)


def render_live(request: DeskRequest, page: str, fragment: str, context: Mapping[str, Any]) -> HttpResponse:
    """Render `page` with `fragment` in it as `live`; where htmx asks, the fragment alone."""
    part = live(request, fragment, context, address=request.path, query=request.GET)
    response = answer_live(request, part) if request.htmx else render(request, page, {**context, "live": part.html})
    response.headers["Vary"] = "HX-Request, Cookie"
    return response


def page_of(request: HttpRequest, rows: QuerySet[_Row]) -> Page[_Row]:
    """Return the page of rows that the address names; the nearest there is where it names none."""
    return Paginator(rows, ROWS).get_page(request.GET.get("page"))


def attempt(request: HttpRequest, deed: Callable[[], object], *, done: str, back: str) -> HttpResponse:
    """Do it, say on the next page what came of it, and go `back`. `NotPermitted` goes on to its own page."""
    try:
        deed()
    except NotPermitted:
        raise
    except DeskError as error:
        messages.error(request, f"Nothing was done: {error}.")
    else:
        messages.success(request, done)
    return redirect(back)

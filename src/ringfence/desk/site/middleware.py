"""What every request passes through."""

from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Final, cast
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from ringfence.desk.access import services as access
from ringfence.desk.access.models import Person
from ringfence.desk.actor import ANONYMOUS, DeskRequest
from ringfence.desk.errors import NotPermitted, NotThere

Next = Callable[[HttpRequest], HttpResponse]

CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)

LARGEST_FORM: Final = 1_000_000
LARGEST_REPORT: Final = 32_000_000
"""Bytes of a complaint by the public form, with what is handed in, and of a draft's archive."""
LARGEST_IMPORT: Final = 512_000_000
"""Bytes; some ten million numbers."""
_LENGTH_DIGITS: Final = 15
NOT_THERE: Final = 404
TOO_MANY: Final = 429
_SECRET_PARTS: Final = frozenset({"token", "ticket"})
"""How addresses of pages name the part that only who was given the link can know."""


def address_behind_proxies(get_response: Next) -> Next:
    """Put the address that a request came from where everything looks for it: behind proxies of ours they alone know it.

    Each adds to X-Forwarded-For whom it heard; what stands before that anybody may have written.
    """

    def respond(request: HttpRequest) -> HttpResponse:
        heard = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
        if 0 < settings.RINGFENCE_PROXIES <= len(heard):
            try:
                request.META["REMOTE_ADDR"] = str(ip_address(heard[-settings.RINGFENCE_PROXIES]))
            except ValueError:
                return HttpResponse("A proxy in front wrote no address.\n", status=400, content_type="text/plain")
        return get_response(request)

    return respond


def content_security_policy(get_response: Next) -> Next:
    """Let pages run no script and wear no style but the ones that lie beside the code."""

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        return response

    return respond


def bodies_of_bounded_size(get_response: Next) -> Next:
    """Refuse a body that is larger than any form before a byte of it is read: strangers could else fill the disk with uploads.

    Without a length nothing is read at all. The import's files, from who has signed in, may have up to `LARGEST_IMPORT`.
    """

    def respond(request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        imports = request.path == reverse("parties:import") and request.user.is_authenticated
        drafts = request.path == reverse("policies:drafts") and request.user.is_authenticated
        reports = request.path == reverse("complaints:report")
        most = LARGEST_IMPORT if imports else LARGEST_REPORT if reports or drafts else LARGEST_FORM
        if not length.isdecimal() or len(length) > _LENGTH_DIGITS or int(length) > most:
            text = f"The request is larger than {most // 1_000_000} MB, which is more than is taken here.\n"
            return HttpResponse(text, status=413, content_type="text/plain")
        return get_response(request)

    return respond


def actor_and_zone(get_response: Next) -> Next:
    """Put the actor on the request, and show times in the person's zone. Pages that know a person are never cached."""

    def respond(request: HttpRequest) -> HttpResponse:
        person = request.user
        desk_request = cast(DeskRequest, request)
        desk_request.actor = person.actor if isinstance(person, Person) else ANONYMOUS
        with timezone.override(ZoneInfo(person.time_zone) if isinstance(person, Person) else None):
            response = get_response(request)
        if isinstance(person, Person):
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return respond


def attacks_on_public_pages(get_response: Next) -> Next:
    """Note who tries public links whose secret part opens nothing, and whose forms are refused for their number: watch counts them.

    Whoever is signed in is known, and is left out.
    """

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        what = _refused(request, response.status_code)
        if what is not None and cast(DeskRequest, request).actor == ANONYMOUS:
            access.note_page_refused(what=what, address=request.META.get("REMOTE_ADDR", ""), now=datetime.now(UTC))
        return response

    return respond


def _refused(request: HttpRequest, status: int) -> str | None:
    """Return what watch is told of: a public link that opened nothing, too many forms, or nothing at all."""
    parts = request.resolver_match.kwargs if request.resolver_match is not None else {}
    if status == TOO_MANY and request.method == "POST":
        return "form-refused"
    return "link-refused" if status == NOT_THERE and _SECRET_PARTS & parts.keys() else None


def refusals_as_pages(get_response: Next) -> Next:
    """Turn what services refuse into pages: 403 for what this actor may not do, 404 for what is not there."""

    def respond(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def answer(request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, NotPermitted):
            return render(request, "403.html", {"reason": str(error)}, status=403)
        if isinstance(error, NotThere):
            return render(request, "404.html", {"reason": str(error)}, status=404)
        return None

    respond.process_exception = answer  # type: ignore[attr-defined] # where Django looks for it
    return respond

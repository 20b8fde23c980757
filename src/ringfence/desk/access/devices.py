"""Browsers that a person has signed in by: known again by a signed cookie, which opens nothing."""

import secrets
from typing import Final

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

COOKIE: Final = "known"
_SALT: Final = "access.devices"
_LASTS_S: Final = 180 * 24 * 3600
_MOST: Final = 5


def known_device(request: HttpRequest, username: str) -> str | None:
    """Return what stands for this browser, where this person has signed in by it."""
    return next((device for name, device in _held(request) if name == username), None)


def remember(request: HttpRequest, response: HttpResponse, username: str) -> None:
    """Have the browser known again. It keeps the last five people, by name; the cookie can't be read by pages."""
    others = [(name, device) for name, device in _held(request) if name != username]
    held = [(username, secrets.token_urlsafe(9)), *others][:_MOST]
    response.set_cookie(
        COOKIE,
        signing.dumps(held, salt=_SALT),
        max_age=_LASTS_S,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _held(request: HttpRequest) -> list[tuple[str, str]]:
    try:
        read = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=_LASTS_S)
    except signing.BadSignature:
        return []
    return [(str(name), str(device)) for name, device in read]

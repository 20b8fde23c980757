"""Where staff must have a second factor, nothing is open to them before they have one."""

from collections.abc import Callable
from typing import Final

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve

from ringfence.desk.access.models import Person

_OPEN: Final = frozenset(
    {
        "access:sign-out",
        "account_logout",
        "account_reauthenticate",
        "mfa_index",
        "mfa_activate_totp",
        "mfa_add_webauthn",
        "mfa_view_recovery_codes",
        "mfa_generate_recovery_codes",
        "site:health",
        "policies:policy",
        "policies:version",
    }
)


def second_factor_due(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Lead staff without a second factor to the page where one is set up."""

    def respond(request: HttpRequest) -> HttpResponse:
        person = request.user
        if not settings.RINGFENCE_STAFF_MFA or not isinstance(person, Person) or not person.roles or _is_open(request.path):
            return get_response(request)
        if Authenticator.objects.filter(user=person).exclude(type=Authenticator.Type.RECOVERY_CODES).exists():
            return get_response(request)
        if request.headers.get("HX-Request"):
            return HttpResponse(status=204, headers={"HX-Refresh": "true"})
        return redirect("mfa_index")

    return respond


def _is_open(path: str) -> bool:
    try:
        return resolve(path).view_name in _OPEN
    except Resolver404:
        return False

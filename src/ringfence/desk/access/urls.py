"""Addresses of signing in and of one's own login. Names with an underscore are the library's, which looks for them."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from allauth.account import views as account
from allauth.mfa.base import views as factors
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver, include, path, register_converter
from django.urls.converters import StringConverter

from ringfence.desk.access import people_views as people
from ringfence.desk.access import views
from ringfence.desk.access.adapter import SecondFactors
from ringfence.desk.pages import for_bound

Library = Callable[..., HttpResponse]


class _PersonConverter(StringConverter):
    """A person's row as the library writes it: no hyphen, which parts it from the key."""

    regex = "[0-9A-Za-z]+"


register_converter(_PersonConverter, "person")


def _own(view: Library) -> Library:
    """Guard a page of the library's as the desk's own pages are."""
    return for_bound(cast(Any, view))


def _kept_while_due(view: Library) -> Library:
    """Refuse to take off the passkey that staff must have: the library asks so for codes alone."""

    @wraps(view)
    def guarded(request: HttpRequest, pk: int) -> HttpResponse:
        found = Authenticator.objects.filter(pk=pk, user_id=request.user.pk).first()
        if request.method == "POST" and found is not None and not SecondFactors().can_delete_authenticator(found):
            messages.error(request, "Nothing was done: staff keep one second factor; add another first.")
            return redirect("mfa_index")
        return view(request, pk=pk)

    return guarded


OURS: list[URLPattern] = [
    path("sign-in/", views.sign_in, name="sign-in"),
    path("sign-out/", views.sign_out, name="sign-out"),
    path("me/", views.me, name="me"),
    path("me/password/", views.change_password, name="password"),
    path("me/sessions/", views.sessions, name="sessions"),
    path("keys/", views.api_keys, name="keys"),
    path("logins/", people.logins, name="logins"),
    path("logins/groups/", people.groups_page, name="groups"),
    path("logins/<int:number>/", people.login_page, name="login"),
]

LIBRARYS: list[URLPattern] = [
    path("sign-in/", views.sign_in, name="account_login"),
    path("sign-out/", views.sign_out, name="account_logout"),
    path("sign-in/closed/", account.account_inactive, name="account_inactive"),
    path("sign-in/second/", factors.authenticate, name="mfa_authenticate"),
    path("sign-in/passkey/", passkeys.login_webauthn, name="mfa_login_webauthn"),
    path("recover/password/", account.password_reset, name="account_reset_password"),
    path("recover/password/sent/", account.password_reset_done, name="account_reset_password_done"),
    path("recover/password/done/", account.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    path("recover/password/<person:uidb36>-<str:key>/", account.password_reset_from_key, name="account_reset_password_from_key"),
    path("me/again/", _own(account.reauthenticate), name="account_reauthenticate"),
    path("me/again/code/", _own(factors.reauthenticate), name="mfa_reauthenticate"),
    path("me/again/passkey/", _own(passkeys.reauthenticate_webauthn), name="mfa_reauthenticate_webauthn"),
    path("me/mail/", _own(account.email), name="account_email"),
    path("me/mail/sent/", account.email_verification_sent, name="account_email_verification_sent"),
    path("me/mail/confirm/<str:key>/", account.confirm_email, name="account_confirm_email"),
    path("me/factors/", _own(factors.index), name="mfa_index"),
    path("me/factors/app/", _own(totp.activate_totp), name="mfa_activate_totp"),
    path("me/factors/app/off/", _own(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("me/factors/codes/", _own(codes.view_recovery_codes), name="mfa_view_recovery_codes"),
    path("me/factors/codes/new/", _own(codes.generate_recovery_codes), name="mfa_generate_recovery_codes"),
    path("me/factors/codes/file/", _own(codes.download_recovery_codes), name="mfa_download_recovery_codes"),
    path("me/factors/passkeys/", _own(passkeys.list_webauthn), name="mfa_list_webauthn"),
    path("me/factors/passkeys/add/", _own(passkeys.add_webauthn), name="mfa_add_webauthn"),
    path("me/factors/passkeys/<int:pk>/off/", _own(_kept_while_due(passkeys.remove_webauthn)), name="mfa_remove_webauthn"),
    path("me/factors/passkeys/<int:pk>/name/", _own(passkeys.edit_webauthn), name="mfa_edit_webauthn"),
]

urlpatterns: list[URLPattern | URLResolver] = [path("", include((OURS, "access"))), *LIBRARYS]

"""Signing in and out, and one's own settings."""

from datetime import UTC, datetime
from typing import Final, cast
from zoneinfo import available_timezones

from allauth.account.views import LoginView
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth import logout, update_session_auth_hash
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, QueryDict
from django.shortcuts import redirect, render

from ringfence.desk.access import keys, locks, services
from ringfence.desk.access.models import Person
from ringfence.desk.actor import DeskRequest, KeyScope, require
from ringfence.desk.pages import attempt, for_bound, for_staff, page_of

_NO_REGION: Final = "Without a region"
_DIGITS: Final = 18


class SignIn(LoginView):  # type: ignore[misc] # the library has no types
    """The library's way in, with the desk's page and its manners."""

    template_name = "access/sign_in.html"

    def form_invalid(self, form: Form) -> HttpResponse:
        """Say so with a 403."""
        return self.render_to_response(self.get_context_data(form=form), status=403)  # type: ignore[no-any-return]


sign_in = SignIn.as_view()


def sign_out(request: HttpRequest) -> HttpResponse:
    """Forget who is there, or who was half in."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    logout(request)
    return redirect("access:sign-in")


@for_bound
def me(request: DeskRequest) -> HttpResponse:
    """Show one's own login; take another time zone."""
    if request.method == "POST":
        zone = request.POST.get("zone", "")
        return attempt(
            request,
            lambda: services.choose_time_zone(username=request.actor.id, zone=zone, actor=request.actor, now=datetime.now(UTC)),
            done=f"Times are shown in {zone} now.",
            back="access:me",
        )
    factors = Authenticator.objects.filter(user_id=request.user.pk).exclude(type=Authenticator.Type.RECOVERY_CODES).count()
    context = {"zones": _zones(), "roles": sorted(request.actor.roles), "now": datetime.now(UTC), "factors": factors}
    return render(request, "access/me.html", context)


@for_bound
def change_password(request: DeskRequest) -> HttpResponse:
    """Take a new password, and stay signed in here."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    person = cast(Person, request.user)

    def change() -> None:
        present, new = request.POST.get("present", "")[:1024], request.POST.get("new", "")[:1024]
        services.change_password(person=person, present=present, new=new, actor=request.actor, now=datetime.now(UTC))
        update_session_auth_hash(request, person)
        UserSession.objects.create_from_request(request)

    return attempt(
        request, change, done="Your password is changed. Other places where you were signed in are signed out.", back="access:me"
    )


@for_bound
def sessions(request: DeskRequest) -> HttpResponse:
    """Show where one is signed in; end one place, or all."""
    person, actor, now = cast(Person, request.user), request.actor, datetime.now(UTC)
    if request.method != "POST":
        rows = sorted(UserSession.objects.purge_and_list(person), key=lambda row: row.created_at, reverse=True)
        return render(request, "access/sessions.html", {"sessions": rows, "here": request.session.session_key})
    if request.POST.get("do") == "all":
        locks.end_sessions(username=person.username, actor=actor, now=now)
        logout(request)
        return redirect("access:sign-in")
    written = request.POST.get("session", "")
    number = int(written) if written.isdecimal() and len(written) < _DIGITS else 0
    return attempt(
        request,
        lambda: locks.end_session(person=person, session=number, actor=actor, now=now),
        done="That session is over.",
        back="access:sessions",
    )


def _zones() -> list[tuple[str, list[str]]]:
    """Return the names of time zones by region, those of no region first."""
    regions: dict[str, list[str]] = {}
    for zone in sorted(available_timezones()):
        region, _, place = zone.partition("/")
        regions.setdefault(region if place else _NO_REGION, []).append(zone)
    return sorted(regions.items(), key=lambda found: (found[0] != _NO_REGION, found[0]))


@for_staff
def api_keys(request: DeskRequest) -> HttpResponse:
    """Show keys by which programs come in; make one, which is shown this once; revoke one."""
    actor, now = request.actor, datetime.now(UTC)
    require(actor.administers, actor, "see keys")
    made, refusal = None, None
    if request.method == "POST" and request.POST.get("do") == "revoke":
        name = request.POST.get("name", "")
        return attempt(
            request, lambda: keys.revoke_key(name=name, actor=actor, now=now), done=f"{name} opens nothing now.", back="access:keys"
        )
    if request.method == "POST":
        try:
            made = keys.create_key(name=request.POST.get("name", ""), reach=_reach(request.POST), actor=actor, now=now)
        except keys.KeyRefused as error:
            refusal = error
    context = {"page": page_of(request, keys.keys(actor=actor)), "made": made, "refusal": refusal, "now": now}
    return render(request, "access/keys.html", context | {"scopes": list(KeyScope)})


def _reach(form: QueryDict) -> keys.Reach:
    written, expires = form.get("expires", "").strip(), None
    if written:
        try:
            given = datetime.fromisoformat(written)
        except ValueError:
            raise keys.KeyRefused(f"{written} is no moment; write 2027-03-10T00:00") from None
        expires = given if given.tzinfo else given.replace(tzinfo=UTC)
    scopes = [KeyScope(scope) for scope in form.getlist("scope") if scope in set(KeyScope)]
    return keys.Reach(scopes, form.get("party", "").strip() or None, expires)

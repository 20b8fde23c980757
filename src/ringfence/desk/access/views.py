"""Signing in and out, and one's own settings."""

from datetime import UTC, datetime
from typing import Final, cast
from zoneinfo import available_timezones

from django.contrib.auth import login, logout, update_session_auth_hash
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, QueryDict
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

from ringfence.desk.access import keys, services
from ringfence.desk.access.models import Person
from ringfence.desk.access.services import SignInRefused
from ringfence.desk.actor import DeskRequest, KeyScope, require
from ringfence.desk.pages import attempt, for_bound, for_staff, page_of

_NO_REGION: Final = "Without a region"


def sign_in(request: HttpRequest) -> HttpResponse:
    """Show the form; with a right name and password go where the person wanted to go."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if request.method != "POST":
        return render(request, "access/sign_in.html", {"next": wanted})
    username = request.POST.get("username", "")[:64]
    try:
        person = services.sign_in(
            username=username,
            password=request.POST.get("password", "")[:1024],
            address=request.META.get("REMOTE_ADDR", ""),
            actor=cast(DeskRequest, request).actor,
            now=datetime.now(UTC),
        )
    except SignInRefused as refusal:
        return render(request, "access/sign_in.html", {"next": wanted, "username": username, "refusal": refusal}, status=403)
    login(request, person, backend="django.contrib.auth.backends.ModelBackend")
    safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    home = resolve_url("policies:own" if person.party_id is not None else "site:dashboard")
    return redirect(wanted if safe else home)


def sign_out(request: HttpRequest) -> HttpResponse:
    """Forget who is there."""
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
    context = {"zones": _zones(), "roles": sorted(request.actor.roles), "now": datetime.now(UTC)}
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

    return attempt(
        request, change, done="Your password is changed. Other places where you were signed in are signed out.", back="access:me"
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

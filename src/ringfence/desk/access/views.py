"""Signing in and out, and one's own settings."""

from datetime import UTC, datetime
from typing import Final, cast
from zoneinfo import available_timezones

from django.contrib.auth import login, logout, update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

from ringfence.desk.access import services
from ringfence.desk.access.models import Person
from ringfence.desk.access.services import SignInRefused
from ringfence.desk.actor import DeskRequest
from ringfence.desk.pages import attempt, for_forms, for_staff

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
    return redirect(wanted if safe else resolve_url("site:dashboard"))


@for_forms
def sign_out(request: DeskRequest) -> HttpResponse:
    """Forget who is there."""
    logout(request)
    return redirect("access:sign-in")


@for_staff
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


@for_forms
@for_staff
def change_password(request: DeskRequest) -> HttpResponse:
    """Take a new password, and stay signed in here."""
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

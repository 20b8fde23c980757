"""Public pages of the policy: a version's text, what differs between two, the feed of versions, and paper."""

from typing import Final, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse

from ringfence.desk.actor import Actor, DeskRequest
from ringfence.desk.errors import NotThere
from ringfence.desk.policies import rulings, selectors
from ringfence.desk.policies.models import PolicyVersion, Ruling, RulingKind
from ringfence.desk.policies.paper import paper
from ringfence.desk.policies.side_by_side import chapters
from ringfence.policy.differences import Part

_FOR_ALL: Final = (Part.TEXT, Part.RULES, Part.LADDER, Part.CLOCKS, Part.FEES)
"""What binds people, they may read. Lists name addresses and numbers, and settings are the desk's own."""
_FEED_LENGTH: Final = 100


def _actor(request: HttpRequest) -> Actor:
    return cast(DeskRequest, request).actor


def _version(number: int | None, actor: Actor) -> PolicyVersion:
    found = selectors.version(number=number, actor=actor) if number else selectors.current(actor=actor)
    if found is None:
        raise NotThere("no such version of the policy is posted")
    return found


def policy(request: HttpRequest, number: int | None = None) -> HttpResponse:
    """Show the version in force, or the one that the address names. Whoever is bound by it may read it."""
    actor = _actor(request)
    version = _version(number, actor)
    context = {
        "version": version,
        "current": selectors.current(actor=actor),
        "versions": selectors.versions(actor=actor),
        "bundle": selectors.bundle(hash=version.hash),
        "laid_over": selectors.laid_over(actor=actor),
    }
    return render(request, "policies/policy.html", context)


def choose(request: HttpRequest) -> HttpResponse:
    """Go from the form that names two versions to the page of what differs."""
    told = [request.GET.get(name, "") for name in ("newer", "older")]
    if not all(each.isascii() and each.isdecimal() and len(each) < 9 for each in told):
        raise NotThere("choose two versions")
    newer, older = sorted((int(each) for each in told), reverse=True)
    return redirect("policies:since", number=newer, older=older)


def since(request: HttpRequest, number: int, older: int) -> HttpResponse:
    """Show what differs between two versions, side by side."""
    actor = _actor(request)
    new, old = _version(number, actor), _version(older, actor)
    parts = tuple(Part) if actor.sees_the_desk else _FOR_ALL
    found = chapters(selectors.differences(older=old.hash, newer=new.hash), parts)
    context = {"new": new, "old": old, "chapters": found, "versions": selectors.versions(actor=actor), "whole": actor.sees_the_desk}
    return render(request, "policies/since.html", context)


def feed(request: HttpRequest) -> HttpResponse:
    """Tell of versions and rulings, newest first, as an Atom feed (RFC 4287)."""
    actor, here = _actor(request), settings.RINGFENCE_PUBLIC_URL
    versions = list(selectors.versions(actor=actor)[:_FEED_LENGTH])
    if not versions:
        raise NotThere("no version of the policy is posted")
    entries = [
        *(_of_version(one, actor) for one in versions),
        *(_of_ruling(one) for one in rulings.rulings(actor=actor)[:_FEED_LENGTH]),
    ]
    entries.sort(key=lambda entry: str(entry["updated"]), reverse=True)
    bundle = selectors.bundle(hash=versions[0].hash)
    context = {
        "name": bundle.settings.name,
        "provider": bundle.settings.provider,
        "here": here,
        "self": here + reverse("policies:feed"),
        "page": here + reverse("policies:policy"),
        "entries": entries[:_FEED_LENGTH],
        "updated": entries[0]["updated"],
    }
    return HttpResponse(render_to_string("policies/feed.xml", context), content_type="application/atom+xml; charset=utf-8")


def _of_version(version: PolicyVersion, actor: Actor) -> dict[str, object]:
    told = selectors.changed_clauses(version=version, actor=actor)
    return {
        "id": f"urn:blake2b:{version.hash}",
        "title": f"Version {version.number}",
        "updated": version.posted.isoformat(),
        "link": settings.RINGFENCE_PUBLIC_URL + reverse("policies:version", args=[version.number]),
        "text": told,
    }


def _of_ruling(ruling: Ruling) -> dict[str, object]:
    where = ", ".join(ruling.jurisdictions) or "everywhere"
    verb = "is struck" if ruling.kind == RulingKind.STRIKE else "is reinstated"
    return {
        "id": f"urn:ringfence:ruling:{ruling.pk}:{ruling.recorded:%Y%m%dT%H%M%S}",
        "title": f"The clause {ruling.clause} {verb}: {ruling.court}, {ruling.reference}",
        "updated": ruling.recorded.isoformat(),
        "link": settings.RINGFENCE_PUBLIC_URL + reverse("policies:ruling", args=[ruling.pk]),
        "text": f"From {ruling.valid_from:%Y-%m-%d %H:%M} UTC, {where}.",
    }


def pdf(request: HttpRequest, number: int) -> HttpResponse:
    """Send a version as PDF, as it was posted; what courts said of it stands in front."""
    version = _version(number, _actor(request))
    response = HttpResponse(paper(version=version, actor=_actor(request)), content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="policy-version-{version.number}.pdf"'
    return response

"""Public pages of the policy's text."""

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ringfence.desk.actor import DeskRequest
from ringfence.desk.errors import NotThere
from ringfence.desk.policies import selectors


def policy(request: HttpRequest, number: int | None = None) -> HttpResponse:
    """Show the version in force, or the one that the address names. Whoever is bound by it may read it."""
    actor = cast(DeskRequest, request).actor
    version = selectors.version(number=number, actor=actor) if number else selectors.current(actor=actor)
    if version is None:
        raise NotThere("no such version of the policy is posted")
    current = selectors.current(actor=actor)
    context = {
        "version": version,
        "current": current,
        "versions": selectors.versions(actor=actor),
        "bundle": selectors.bundle(hash=version.hash),
    }
    return render(request, "policies/policy.html", context)

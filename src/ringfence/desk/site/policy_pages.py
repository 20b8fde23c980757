"""A draft's page: its problems, or what it changes in the policy and for open cases; and the buttons that settle it."""

from datetime import UTC, datetime

from django.http import HttpResponse
from django.shortcuts import render, resolve_url

from ringfence.desk.actor import DeskRequest
from ringfence.desk.errors import NotThere
from ringfence.desk.pages import attempt, for_staff
from ringfence.desk.policies import drafts, selectors
from ringfence.desk.policies.side_by_side import chapters
from ringfence.desk.site.impact import impact
from ringfence.policy import read_folder
from ringfence.policy.differences import Part, Version, compare


@for_staff
def draft(request: DeskRequest, number: int) -> HttpResponse:
    """Show a draft; post or discard it."""
    actor, now = request.actor, datetime.now(UTC)
    if request.method == "POST":
        return _settle(request, number, now)
    found = drafts.draft(number=number, actor=actor)
    if found is None:
        raise NotThere(f"no draft {number}")
    checked, current = drafts.content(found), selectors.current(actor=actor)
    context: dict[str, object] = {"draft": found, "checked": checked, "current": current, "names": sorted(checked.files)}
    if checked.bundle is not None and current is not None:
        old = selectors.bundle(hash=current.hash)
        before = Version(old, read_folder(selectors.folder(hash=current.hash)))
        differences = compare(before, Version(checked.bundle, checked.files))
        context["chapters"] = chapters(differences, tuple(Part))
        context["impact"] = impact(differences=differences, old=old, new=checked.bundle, actor=actor, now=now)
    return render(request, "site/draft.html", context)


def _settle(request: DeskRequest, number: int, now: datetime) -> HttpResponse:
    actor, form = request.actor, request.POST
    if form.get("do") == "discard":
        return attempt(
            request,
            lambda: drafts.discard_draft(number=number, actor=actor, now=now),
            done="Discarded. Its files are gone.",
            back="policies:drafts",
        )
    return attempt(
        request,
        lambda: drafts.post_draft(number=number, hash=form.get("hash", ""), actor=actor, now=now),
        done="Posted. It is in force from this moment, and everybody is bound by it.",
        back=resolve_url("policies:draft", number=number),
    )

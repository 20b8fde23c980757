"""What ends within a month, on one page and on the clocks' board, so that it is renewed before it ends."""

from datetime import UTC, datetime, timedelta
from typing import Final

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render, resolve_url

from ringfence.desk.actor import Actor, ActorKind, DeskRequest, require
from ringfence.desk.clocks import selectors as clocks
from ringfence.desk.clocks import services as running
from ringfence.desk.clocks.selectors import Wanted
from ringfence.desk.clocks.services import Owed
from ringfence.desk.complaints import expiries as complaints
from ringfence.desk.pages import for_staff
from ringfence.desk.parties import expiries as parties
from ringfence.desk.parties.expiries import Expiry

AHEAD: Final = timedelta(days=30)
LISTS_AHEAD: Final = timedelta(days=3)
"""Peers' lists come again every few days: a clock for each all the time would hide the others."""
CLOCK: Final = "expiry"
_PEER_LIST: Final = "peer-list"
_AT_ONCE: Final = 500


def expiring(*, actor: Actor, now: datetime) -> list[Expiry]:
    """Return what ends within `AHEAD`, and what is over and must be renewed all the same, the first end first."""
    before = now + AHEAD
    found = [*parties.expiries(actor=actor, now=now, before=before), *complaints.expiries(actor=actor, now=now, before=before)]
    return sorted(found, key=lambda one: (one.until, one.noun, one.id))


@for_staff
def page(request: DeskRequest) -> HttpResponse:
    """Show what ends soon, each with where it is renewed."""
    now = datetime.now(UTC)
    rows = [(one, _where(one)) for one in expiring(actor=request.actor, now=now)]
    return render(request, "expiring.html", {"rows": rows[:_AT_ONCE], "more": len(rows) - _AT_ONCE, "days": AHEAD.days, "now": now})


def _where(one: Expiry) -> str:
    if one.noun == "mark-permission":
        return resolve_url("complaints:marks")
    if one.noun == _PEER_LIST:
        return resolve_url("complaints:peer-lists")
    return resolve_url("parties:records", one.party) if one.party else resolve_url("parties:parties")


@transaction.atomic
def start_clocks(*, actor: Actor, now: datetime) -> int:
    """Run a clock for each thing that ends soon, and end those of what was renewed, revoked, or may end; return how many began."""
    require(actor.kind is ActorKind.SYSTEM, actor, "run the clocks of what ends")
    near = [one for one in expiring(actor=actor, now=now) if one.noun != _PEER_LIST or one.until <= now + LISTS_AHEAD]
    wanted = {(one.noun, _key(one)): one for one in near}
    rows = clocks.obligations(actor=actor, now=now, wanted=Wanted(clock=CLOCK))
    held = {(row.noun, row.noun_id) for row in rows}
    for about in sorted(held - wanted.keys()):
        running.drop(about=about, reason="renewed, revoked, or over", clock=CLOCK, actor=actor, now=now)
    fresh = [about for about in wanted if about not in held][:_AT_ONCE]
    for about in fresh:
        one = wanted[about]
        owed = Owed(clock=CLOCK, about=about, what=f"Renew, or let end: {one.what}", party=one.party, due=one.until)
        running.start(owed=owed, actor=actor, now=now)
    return len(fresh)


def _key(one: Expiry) -> str:
    """Return an id of the thing with its end: renewed, it ends at another moment and has a clock of its own."""
    return f"{one.id}-{one.until:%Y%m%dT%H%M%S}"

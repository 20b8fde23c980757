"""What a claim holds: while somebody works on a case, nobody else decides, asks, charges, discloses or settles in it.

Our own processes go on: they act by the posted policy, not for a person. So do second persons and reviewers of appeals, who must be
others than the one who works on the case; they do not ask here. Nor does who takes in what comes from outside: a complaint, an
authority's request, an invoice's number. Cases stand above most apps: they are named here, not imported.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.models import Manager

from ringfence.desk.actor import Actor, ActorKind
from ringfence.desk.errors import StaleState
from ringfence.desk.queues import of_cases


def _model(name: str) -> Manager[Any]:
    manager: Manager[Any] = apps.get_model("cases", name)._default_manager
    return manager


class ClaimedByAnother(StaleState):
    """Somebody else works on the case."""


@dataclass(frozen=True, slots=True)
class Held:
    """Who works on a case, since when, and when the claim lapses if that one does nothing more in it."""

    case: int
    by: str
    since: datetime
    lapses: datetime


def lapses_after() -> timedelta:
    """Return how long a claim holds after the last thing that its holder did in the case."""
    return timedelta(hours=settings.RINGFENCE_CLAIM_HOURS)


def held(*, case: int, actor: Actor, now: datetime) -> Held | None:
    """Return who holds a case; `None` where nobody does, where the claim lapsed, or where the actor may not see it."""
    found = of_cases(_model("Case").filter(pk=case, state="claimed"), actor, "pk").select_related("claim").first()
    if found is None or not actor.sees_the_desk:
        return None
    claim = getattr(found, "claim", None)  # a case claimed by the release before has none
    since, touched = (claim.since, claim.touched) if claim is not None else (found.latest, found.latest)
    lapses = touched + lapses_after()
    return Held(case, found.assignee, since, lapses) if lapses > now else None


def heed(*, case_id: int, actor: Actor, now: datetime) -> None:
    """Raise `ClaimedByAnother` where somebody else works on the case; what its holder does in it prolongs the claim.

    The case itself is not locked for that: the worker, which decides while it holds cases, would wait for a person and that one
    for the worker.
    """
    if actor.kind is not ActorKind.PERSON:
        return
    found = held(case=case_id, actor=actor, now=now)
    if found is None:
        return
    if found.by != actor.id:
        raise ClaimedByAnother(
            f"case {case_id} is claimed by {found.by} since {found.since.astimezone(UTC):%Y-%m-%d %H:%M} UTC. Ask {found.by}, or a"
            f" lead to take it over; the claim lapses at {found.lapses.astimezone(UTC):%Y-%m-%d %H:%M} UTC if {found.by} does"
            " nothing in it until then"
        )
    touch(case_id=case_id, actor=actor, now=now)


def touch(*, case_id: int, actor: Actor, now: datetime) -> None:
    """Prolong the actor's own claim, where it has one."""
    if actor.kind is ActorKind.PERSON:
        _model("Claim").filter(case=case_id, case__state="claimed", case__assignee=actor.id).update(touched=now)


def heed_complaint(*, complaint: int, actor: Actor, now: datetime) -> None:
    """Raise `ClaimedByAnother` where the complaint belongs to a case that somebody else works on."""
    for case in _model("JoinedComplaint").filter(complaint=complaint).values_list("case", flat=True):
        heed(case_id=case, actor=actor, now=now)

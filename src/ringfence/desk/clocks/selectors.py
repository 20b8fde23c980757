"""Questions about what is owed."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, QuerySet

from ringfence.desk.actor import Actor
from ringfence.desk.clocks.models import Obligation, ObligationState
from ringfence.desk.clocks.services import OPEN
from ringfence.desk.policies import selectors as policies
from ringfence.desk.queues import of_things


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How the board is narrowed; what is empty narrows nothing. `state`: one of an obligation's, `overdue`, or `all`."""

    state: str = ""
    clock: str = ""
    role: str = ""
    party: str = ""
    noun: str = ""
    case: int | None = None


def obligations(*, actor: Actor, now: datetime, wanted: Wanted | None = None) -> QuerySet[Obligation]:
    """Return what is owed: what runs, the next due first, then what stands still. `wanted` narrows it."""
    if not actor.sees_the_desk:
        return Obligation.objects.none()
    wanted = wanted or Wanted()
    found = of_things(Obligation.objects.prefetch_related("pauses").order_by(F("due").asc(nulls_last=True), "id"), actor)
    if wanted.state == "overdue":
        found = found.filter(state=ObligationState.RUNNING, due__lte=now)
    elif wanted.state == "":
        found = found.filter(state__in=OPEN)
    elif wanted.state != "all":
        found = found.filter(state=wanted.state)
    for column, value in (("clock", wanted.clock), ("role", wanted.role), ("party", wanted.party), ("noun", wanted.noun)):
        if value:
            found = found.filter(**{column: value})
    return found.filter(case=wanted.case) if wanted.case is not None else found


def obligation(*, id: int, actor: Actor) -> Obligation | None:
    """Return one obligation."""
    return of_things(Obligation.objects.filter(id=id), actor).first() if actor.sees_the_desk else None


def overdue(*, actor: Actor, now: datetime) -> int:
    """Return how many obligations are overdue."""
    return obligations(actor=actor, now=now, wanted=Wanted(state="overdue")).count()


def regimes(*, actor: Actor) -> list[str]:
    """Return the names of the clocks that anything was ever owed by."""
    if not actor.sees_the_desk:
        return []
    return list(Obligation.objects.order_by("clock").values_list("clock", flat=True).distinct())


def clock_names(*, actor: Actor) -> list[str]:
    """Return the names of the clocks of the version in force."""
    version = policies.current(actor=actor) if actor.sees_the_desk else None
    return sorted(policies.bundle(hash=version.hash).clocks.clocks) if version is not None else []

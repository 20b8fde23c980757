"""What a claim holds: while somebody works on a case, nobody else decides, asks, closes or reorders in it.

Our own processes go on: they act by the posted policy, not for a person. So do second persons and reviewers of appeals, who must be
others than the one who works on the case; they do not ask here.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction

from ringfence.desk.actor import Actor, ActorKind, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act
from ringfence.desk.cases.models import Case, CaseState, Claim
from ringfence.desk.errors import StaleState
from ringfence.desk.queues import of_cases


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
    found = of_cases(Case.objects.filter(pk=case, state=CaseState.CLAIMED), actor, "pk").select_related("claim").first()
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
        Claim.objects.filter(case=case_id, case__state=CaseState.CLAIMED, case__assignee=actor.id).update(touched=now)


def keep(*, case_id: int, now: datetime) -> None:
    """Write down who holds a case since when."""
    Claim.objects.update_or_create(case_id=case_id, defaults={"since": now, "touched": now})


@transaction.atomic
def let_lapse(*, actor: Actor, now: datetime) -> int:
    """Open the cases whose holder did nothing in them for too long; return how many. Twice is once."""
    require(actor.kind is ActorKind.SYSTEM, actor, "let claims lapse")
    idle = Claim.objects.select_related("case").filter(touched__lte=now - lapses_after()).order_by("touched")[:100]
    lapsed = 0
    for claim in list(idle):
        if not Claim.objects.filter(pk=claim.pk, touched=claim.touched).delete()[0]:
            continue
        opened = Case.objects.filter(pk=claim.case_id, state=CaseState.CLAIMED)
        if opened.update(state=CaseState.OPEN, assignee="", latest=now):
            about, told = ("case", str(claim.case_id)), {"by": claim.case.assignee}
            audit.record(acts=[Act(verb="claim-lapsed", about=about, case=claim.case_id, details=told)], actor=actor, now=now)
            lapsed += 1
    return lapsed

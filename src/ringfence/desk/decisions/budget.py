"""What standing orders may do within an hour: decisions, parties, numbers, and a share of the traffic that watch sees."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.db.models import Sum

from ringfence.desk.actor import Actor, ActorKind, require
from ringfence.desk.decisions.models import Decision, Spent, TrafficMark
from ringfence.desk.decisions.proposals import Proposal
from ringfence.desk.detections import selectors as detections
from ringfence.desk.detections.health import health_of
from ringfence.desk.parties.touched import touched
from ringfence.desk.policies import selectors as policies

if TYPE_CHECKING:
    from ringfence.desk.detections.models import Finding

HOUR: Final = timedelta(hours=1)
MARKED_EVERY: Final = timedelta(minutes=1)
_KEPT: Final = timedelta(hours=3)
LEAST_TRAFFIC: Final = 1000
"""Events an hour below which a share of them says nothing."""


def cost_of(*, proposal: Proposal, finding: "Finding", now: datetime, actor: Actor) -> Spent:
    """Return what a decision would take from the budget, not saved yet."""
    scope = proposal.measure.scope
    there = touched(kind=str(scope.kind), value=scope.value, now=now, actor=actor)
    return Spent(
        party=proposal.party,
        numbers=there.numbers if proposal.party else 0,
        events=finding.contract.evidence.events if proposal.party else 0,
        at=now,
    )


def overdrawn(*, policy: str, cost: Spent, since: datetime, now: datetime) -> str:
    """Return which part of a version's budget the decision would overdraw, or empty text. Spending before `since` is forgiven."""
    budget, since = policies.bundle(hash=policy).settings.budget, max(now - HOUR, since)
    decided = Decision.objects.filter(actor_kind=str(ActorKind.STANDING_ORDER), decided__gt=since).count()
    if decided >= settings.RINGFENCE_STANDING_ORDERS_PER_HOUR:
        return f"{decided} automatic decisions within an hour"
    spent = Spent.objects.filter(at__gt=since)
    parties = set(spent.exclude(party="").values_list("party", flat=True).distinct()) | ({cost.party} if cost.party else set())
    if len(parties) > budget.parties_per_hour:
        return f"{len(parties)} parties within an hour, where {budget.parties_per_hour} are allowed"
    sums = spent.aggregate(numbers=Sum("numbers"), events=Sum("events"))
    numbers = (sums["numbers"] or 0) + cost.numbers
    if cost.numbers and numbers > budget.numbers_per_hour:
        return f"{numbers} numbers within an hour, where {budget.numbers_per_hour} are allowed"
    events, seen = (sums["events"] or 0) + cost.events, traffic(now=now)
    if cost.events and seen >= LEAST_TRAFFIC and 100 * events > budget.traffic_percent * seen:
        share = f"{100 * events / seen:.0f} % of the hour's traffic ({events} of {seen} events)"
        return f"{share}, where {budget.traffic_percent} % is allowed"
    return ""


def traffic(*, now: datetime) -> int:
    """Return how many events all watch processes saw within the last hour; what came before the first mark is not known."""
    return TrafficMark.objects.filter(at__gt=now - HOUR, at__lte=now).aggregate(seen=Sum("seen"))["seen"] or 0


def mark_traffic(*, actor: Actor, now: datetime) -> int:
    """Keep how many events each watch process saw since the last mark, at most once a minute; return how many marks were made.

    A count that fell began anew with its process: all of it is new then.
    """
    require(actor.kind is ActorKind.SYSTEM, actor, "mark traffic")
    latest = {}
    for mark in TrafficMark.objects.filter(at__gt=now - _KEPT).order_by("at"):
        latest[mark.watch] = mark
    made = 0
    for health in health_of(detections.agents(actor=actor), now=now):
        before = latest.get(health.name)
        if before is not None and now - before.at < MARKED_EVERY:
            continue
        seen = 0 if before is None else health.events - before.total if health.events >= before.total else health.events
        TrafficMark.objects.create(watch=health.name, at=now, total=health.events, seen=seen)
        made += 1
    if made:
        TrafficMark.objects.filter(at__lte=now - _KEPT).delete()
    return made

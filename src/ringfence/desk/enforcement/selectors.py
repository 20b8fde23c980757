"""Questions about orders."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from ringfence.desk.actor import Actor
from ringfence.desk.decisions.models import action_of
from ringfence.desk.enforcement.models import Order, Placement
from ringfence.desk.enforcement.services import IN_FORCE
from ringfence.desk.queues import of_cases
from ringfence.vocabulary import contracts
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import micros


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way from the crossing request to the first refused one. Seconds are `None` where it has not happened."""

    name: str
    time: datetime | None
    seconds_since_crossing: float | None
    seconds_since_step: float | None


@dataclass(frozen=True, slots=True)
class OrderPage:
    """One order, how it stands at each edge, and how fast it got there."""

    order: Order
    placements: list[Placement]
    steps: list[Step]

    @property
    def carried(self) -> int:
        """How much the mirror showed as carried though the order refuses it."""
        return sum(placement.carried for placement in self.placements)

    @property
    def last_carried(self) -> datetime | None:
        """When the last of that began."""
        return max((each.last_carried for each in self.placements if each.last_carried is not None), default=None)


def orders(*, actor: Actor, state: str = "") -> QuerySet[Order]:
    """Return orders, newest first; `state` `""` is those in force, `all` every order."""
    if not actor.sees_the_desk:
        return Order.objects.none()
    found = of_cases(Order.objects.order_by("-start", "-id"), actor)
    if state == "all":
        return found
    return found.filter(state=state) if state else found.filter(state__in=IN_FORCE)


def orders_of_case(*, case: int, actor: Actor) -> list[Order]:
    """Return the orders of a case, oldest first."""
    return list(orders(actor=actor, state="all").filter(case_id=case).order_by("start", "id"))


def order_of_decision(*, decision: str, actor: Actor) -> Order | None:
    """Return the order that carries a decision out."""
    return orders(actor=actor, state="all").filter(decision_id=decision).first()


def order_page(*, id: str, actor: Actor) -> OrderPage | None:
    """Return one order; `None` where there is none, or none for this actor."""
    order = orders(actor=actor, state="all").filter(id=id).first()
    if order is None:
        return None
    return OrderPage(order, list(Placement.objects.filter(order=order).order_by("edge")), _steps(order))


def _steps(order: Order) -> list[Step]:
    times = (
        ("threshold crossed", order.crossing),
        ("finding read by the desk", order.found),
        ("decided", order.decided),
        ("order written for the edges", order.written),
        ("placed, read back from an edge", order.placed),
        ("first request refused", order.refused),
    )
    known = [time for _, time in times if time is not None]
    before = dict(zip(known[1:], known, strict=False))
    return [
        Step(name, time, _seconds(order.crossing, time), _seconds(before.get(time) if time else None, time)) for name, time in times
    ]


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    return (end - start).total_seconds() if start and end else None


def orders_now(*, actor: Actor, ids: list[str] | None = None) -> dict[str, contracts.Order | None]:
    """Return orders as edges must have them, `None` for those that must be gone; without `ids` all that are in force."""
    found = orders(actor=actor, state="all").filter(id__in=ids) if ids is not None else orders(actor=actor)
    return {order.id: _contract(order) if order.in_force else None for order in found}


def _contract(order: Order) -> contracts.Order:
    return contracts.Order(
        id=order.id,
        generation=order.generation or 0,
        decision=order.decision_id,
        policy=order.policy,
        clause=order.clause,
        rule=order.rule or None,
        scope=contracts.Scope(kind=SubjectKind(order.scope_kind), value=order.scope_value),
        action=action_of(order),
        start=micros(order.start),
        until=micros(order.until) if order.until else None,
        review=micros(order.review) if order.review else None,
        redress=f"/cases/{order.case_id}/" if not order.silent else None,
    )

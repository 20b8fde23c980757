"""Drift that only traffic shows: edges have an order, and what it refuses was carried all the same."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F

from ringfence.desk.actor import Actor, ActorKind, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.decisions import services as deciding
from ringfence.desk.enforcement.models import Order, OrderState, Placement
from ringfence.desk.enforcement.watching import WITHIN
from ringfence.desk.outbox import services as outbox
from ringfence.vocabulary.times import Micros, utc

REPEATED: Final = timedelta(seconds=30)
"""How long edges are left alone after they were told an order anew."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What was carried though `order` refuses it, as the mirror of `edge` showed: `count` of it, the first begun at `first`."""

    order: str
    edge: str
    count: int
    first: Micros


@transaction.atomic
def note_carried(*, seen: Carried, actor: Actor, now: datetime) -> bool:
    """Count what was carried against an order, have edges told the order anew, and call a person; tell whether it was drift.

    Not drift: what began before the order had been in place for `WITHIN`, or after it was lifted; nor what names no order of ours.
    """
    require(actor.kind is ActorKind.SYSTEM, actor, "note what was carried")
    order = Order.objects.select_for_update().filter(id=seen.order, state__in=(OrderState.PLACED, OrderState.OBSERVED)).first()
    began = utc(seen.first)
    if order is None or order.placed is None or began < order.placed + WITHIN or (order.until is not None and began >= order.until):
        return False
    placement, _ = Placement.objects.get_or_create(order=order, edge=(seen.edge or "mirror")[:64])
    before = Placement.objects.filter(order=order).order_by(F("last_carried").desc(nulls_last=True)).first()
    told_anew = before is None or before.last_carried is None or began - before.last_carried >= REPEATED
    last = max(began, placement.last_carried or began)
    Placement.objects.filter(id=placement.id).update(carried=F("carried") + seen.count, last_carried=last)
    if told_anew:
        _tell_anew(order, placement, actor, now)
    _call_somebody(order, began, actor, now)
    return True


def _tell_anew(order: Order, placement: Placement, actor: Actor, now: datetime) -> None:
    """Have the worker write the order to the feed under a new generation: edges then place it again, whatever they hold."""
    Placement.objects.filter(id=placement.id).update(drifts=F("drifts") + 1)
    Order.objects.filter(id=order.id).update(generation=None)
    text = "the mirror shows that what it refuses was carried; edges are told it anew"
    details: dict[str, Detail] = {"order": order.id, "edge": placement.edge, "text": text}
    audit.record(acts=[Act(verb="drifted", about=("order", order.id), case=order.case_id, details=details)], actor=actor, now=now)
    outbox.enqueue(topic="order.changed", payloads=[{"order": order.id}], now=now)


def _call_somebody(order: Order, began: datetime, actor: Actor, now: datetime) -> None:
    """Raise an alarm, one for each order and hour in which it goes on."""
    text = (
        f"For lead: order {order.id[:8]} ({order.deed}) is in place, and what it refuses is carried all the same, in the hour from"
        f" {began:%Y-%m-%d %H}:00 UTC. Edges are told it anew. If it goes on, calls take a way that asks no edge of ours."
        f" Case {order.case_id}."
    )
    deciding.raise_alarm(kind="order", text=text, case=order.case_id, actor=actor, now=now)

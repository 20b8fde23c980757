"""Wanted is not actual: an order that no edge took in time, or that an edge still has, calls a person."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Exists, OuterRef, Q

from ringfence.desk.actor import Actor, ActorKind, require
from ringfence.desk.decisions import services as deciding
from ringfence.desk.enforcement.models import Order, OrderState, Placement

WITHIN: Final = timedelta(seconds=5)
"""How long what is wanted and what edges say may differ before somebody is called."""
_NAMED: Final = 20
"""Orders that are named one by one; of more, the number is told."""


def alarm_differences(*, actor: Actor, now: datetime) -> int:
    """Raise an alarm for each order that differs from what edges say for longer than `WITHIN`, once; return how many differ.

    A party that is silent under an order in force is no difference: nothing it sends could be refused. Where no edge ever spoke
    there is none to differ: `ringfence doctor` says so.
    """
    require(actor.kind is ActorKind.SYSTEM, actor, "raise alarms")
    if not Placement.objects.exists():
        return 0
    found = list(_differences(now))
    for order, says in found[:_NAMED]:
        text = f"For lead: order {order.id[:8]} ({order.deed}) {says}. Case {order.case_id}."
        deciding.raise_alarm(kind="order", text=text, case=order.case_id, actor=actor, now=now)
    if len(found) > _NAMED:
        text = f"For lead: more than {_NAMED} orders differ from what edges say. The first are named; look at the orders' page."
        deciding.raise_alarm(kind="order", text=text, actor=actor, now=now)
    return len(found)


def _differences(now: datetime) -> Iterator[tuple[Order, str]]:
    there = Placement.objects.filter(order=OuterRef("pk"))
    held = Exists(there.filter(held=True))
    late = now - WITHIN
    wanted = Order.objects.filter(state=OrderState.WANTED, start__lte=late).exclude(until__lte=now)
    for order in wanted.order_by("start", "id")[:1000]:
        yield order, f"is wanted, and no edge has it{f': {order.rejection}' if order.rejection else ''}"
    lost = Order.objects.filter(~held, state__in=(OrderState.PLACED, OrderState.OBSERVED), placed__lte=late)
    for order in (
        lost.filter(Exists(there)).exclude(Q(placement__removed__gt=late) | Q(until__lte=now)).order_by("start", "id")[:1000]
    ):
        yield order, "was placed, and no edge has it any more"
    for order in Order.objects.filter(held, state=OrderState.REMOVING, removing__lte=late).order_by("removing", "id")[:1000]:
        yield order, "is over, and an edge still has it"

"""Ordering, lifting, ending, and following what edges say."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import QuerySet, Value
from django.db.models.functions import Coalesce

from ringfence.desk.actor import Actor, ActorKind, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.cases import claims
from ringfence.desk.decisions import selectors as decisions
from ringfence.desk.decisions import services as deciding
from ringfence.desk.decisions.holding import hold
from ringfence.desk.decisions.models import Decision
from ringfence.desk.decisions.services import Why
from ringfence.desk.enforcement.models import Order, OrderState
from ringfence.desk.errors import NotThere, StaleState
from ringfence.desk.outbox import services as outbox
from ringfence.vocabulary.contracts import ActionKind

WITHDRAWN: Final = "number.withdrawn"
RETURNED: Final = "number.returned"
"""Topics: an order withdraws a number; it is over."""
IN_FORCE: Final = (OrderState.WANTED, OrderState.PLACED, OrderState.OBSERVED)
_NOBODY_HAD_IT: Final = timedelta(minutes=1)
"""How long an order that no edge ever placed waits for a late receipt before it counts as removed."""


@transaction.atomic
def order_decision(*, decision_id: str, actor: Actor, now: datetime) -> str | None:
    """Order what a decision says; return the order, whose id is the decision's. Twice is once.

    `None` where the decision lifts, waits for a second person, or where its end has passed while nobody carried it out (recorded).
    """
    require(actor.works_cases, actor, "order")
    hold(decision_id)
    decision = decisions.decision(id=decision_id, actor=actor)
    if decision is None:
        raise NotThere(f"no decision {decision_id}")
    if decision.kind != "measure" or (decision.waits and decision.is_interim):
        return None
    if Order.objects.filter(decision_id=decision_id).exists():
        return decision_id
    if (decision.until or decision.review or now) <= now:
        details: dict[str, Detail] = {"decision": decision_id, "because": "its end had passed"}
        act = Act(verb="not-ordered", about=("decision", decision_id), case=decision.case_id, details=details)
        audit.record(acts=[act], actor=actor, now=now)
        return None
    _create(decision)
    details = {
        "order": decision_id,
        "action": decision.action,
        decision.scope_kind: audit.token_of(decision.scope_kind, decision.scope_value),
    }
    audit.record(acts=[_act("ordered", decision_id, decision.case_id, details)], actor=actor, now=now)
    outbox.enqueue(topic="order.changed", payloads=[{"order": decision_id}], now=now)
    if decision.action == ActionKind.WITHDRAW:
        outbox.enqueue(topic=WITHDRAWN, payloads=[{"order": decision_id}], now=now)
    return decision_id


def _create(decision: Decision) -> None:
    Order.objects.create(
        id=decision.id,
        decision_id=decision.id,
        case_id=decision.case_id,
        policy=decision.policy.hash,
        clause=decision.clause,
        rule=decision.rule,
        scope_kind=decision.scope_kind,
        scope_value=decision.scope_value,
        action=decision.action,
        silent=decision.silent,
        parameters=decision.parameters,
        start=decision.decided,
        until=decision.until,
        review=decision.review,
        crossing=decision.finding.time if decision.finding else None,
        found=decision.finding.found if decision.finding else None,
        decided=decision.decided,
    )


def _act(verb: str, order: str, case: int, details: dict[str, Detail] | None = None) -> Act:
    return Act(verb=verb, about=("order", order), case=case, details=details or {"order": order})


@transaction.atomic
def lift_order(*, order_id: str, why: Why, actor: Actor, now: datetime) -> None:
    """End an order before its time, by a decision of this person.

    Raises `NotThere`, `NoReason`, `StaleState` where it is over or somebody else works on its case.
    """
    require(actor.works_cases, actor, "lift orders")
    order = Order.objects.filter(id=order_id).first()
    if order is None:
        raise NotThere(f"no order {order_id}")
    claims.heed(case_id=order.case_id, actor=actor, now=now)
    _lift(order, why, actor, now)


def _lift(order: Order, why: Why, actor: Actor, now: datetime) -> None:
    deciding.decide_lift(decision_id=order.decision_id, why=why, actor=actor, now=now)
    if not remove(order, "lifted", why.public, actor, now):
        raise StaleState("the order is over already")


@transaction.atomic
def lift_if_in_force(*, order_id: str, why: Why, actor: Actor, now: datetime) -> bool:
    """End an order as `lift_order` does, whoever works on its case: an appeal was won, a clause was struck, a bulk decision undone.

    `False`, and nothing done, where it is over already.
    """
    order = Order.objects.filter(id=order_id).first()
    if order is None or not order.in_force:
        return False
    _lift(order, why, actor, now)
    return True


@transaction.atomic
def remove_fallen(*, decision_id: str, actor: Actor, now: datetime, reason: str = "no second person confirmed it in time") -> None:
    """Have the edges drop the order of a measure that fell, or that another took the place of. Twice is once."""
    require(actor.kind is ActorKind.SYSTEM, actor, "remove what fell")
    order = Order.objects.filter(decision_id=decision_id).first()
    if order is not None:
        remove(order, "lifted", reason, actor, now)


@transaction.atomic
def end_orders(*, actor: Actor, now: datetime) -> int:
    """End every order whose time has come; return how many. Also count as removed what no edge ever had."""
    require(actor.works_cases, actor, "end orders")
    ended = 0
    for order in Order.objects.filter(state__in=IN_FORCE, until__lte=now).order_by("until")[:500]:
        ended += remove(order, "ended", "its time was over", actor, now)
    forgotten = Order.objects.filter(state=OrderState.REMOVING, removing__lte=now - _NOBODY_HAD_IT)
    for order in forgotten.exclude(placement__placed__isnull=False)[:500]:
        _removed(order, "no edge ever reported having it", actor, now)
    return ended


def remove(order: Order, verb: str, reason: str, actor: Actor, now: datetime) -> bool:
    """Have the edges drop an order; tell whether it was in force. Call it inside the transaction of what ends it."""
    changed = Order.objects.filter(id=order.id, state__in=IN_FORCE).update(
        state=OrderState.REMOVING, removing=now, ended_by=actor.id, end_reason=reason
    )
    if not changed:
        return False
    audit.record(acts=[_act(verb, order.id, order.case_id)], actor=actor, now=now)
    outbox.enqueue(topic="order.changed", payloads=[{"order": order.id}], now=now)
    if order.action == ActionKind.WITHDRAW:
        outbox.enqueue(topic=RETURNED, payloads=[{"order": order.id}], now=now)
    settle_removal(order=order, actor=actor, now=now)
    return True


def settle_removal(*, order: Order, actor: Actor, now: datetime) -> None:
    """Mark a removing order removed once no edge that the gate drives has it any more. Call inside a transaction."""
    placements = list(order.placement_set.filter(placed__isnull=False).values_list("held", "removed"))
    if placements and not any(held for held, _ in placements):
        whole = all(removed is not None for _, removed in placements)
        _removed(
            order, "read back from every edge" if whole else "read back from every edge that the gate still drives", actor, now
        )


def _removed(order: Order, how: str, actor: Actor, now: datetime) -> None:
    if _removing(order.id).update(state=OrderState.REMOVED, removed=now):
        audit.record(acts=[_act("removed", order.id, order.case_id, {"order": order.id, "how": how})], actor=actor, now=now)


def _removing(order_id: str) -> QuerySet[Order]:
    return Order.objects.filter(id=order_id, state=OrderState.REMOVING)


@transaction.atomic
def note_written(*, order_ids: Sequence[str], generation: int, messages: Sequence[int], now: datetime) -> None:
    """Note that the orders feed's record `generation` carries these orders, and take out the messages that asked for it."""
    written = Coalesce("written", Value(now))
    Order.objects.filter(id__in=order_ids, generation__isnull=True).update(generation=generation, written=written)
    outbox.done(ids=messages)

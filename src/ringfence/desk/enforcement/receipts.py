"""Following what edges say of orders, and what the mirror shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from django.db import transaction
from django.db.models import F

from ringfence.desk.actor import Actor, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.enforcement.models import Order, OrderState, Placement
from ringfence.desk.enforcement.services import settle_removal
from ringfence.desk.outbox import services as outbox
from ringfence.feeds import Record
from ringfence.vocabulary.contracts import Receipt, ReceiptState
from ringfence.vocabulary.times import Micros, utc


@transaction.atomic
def record_receipts(*, feed: str, records: Sequence[Record], after: int, actor: Actor, now: datetime) -> None:
    """Take receipts in, each exactly once. One that is unreadable, or about no order of ours, is noted and passed by."""
    require(actor.administers, actor, "record receipts")
    for record in records:
        try:
            receipt = msgspec.json.decode(record.payload, type=Receipt)
        except msgspec.DecodeError:
            receipt = None
        order = Order.objects.filter(id=receipt.order).first() if receipt else None
        if receipt is None or order is None:
            details = {"cause": "unreadable" if receipt is None else "no such order"}
            act = Act(verb="passed-by", about=("feed-record", f"{feed}:{record.number}"), details=details)
            audit.record(acts=[act], actor=actor, now=now)
        else:
            _take(order, receipt, actor, now)
    outbox.advance(feed=feed, after=after, to=records[-1].number)


def _take(order: Order, receipt: Receipt, actor: Actor, now: datetime) -> None:
    placement, _ = Placement.objects.get_or_create(order=order, edge=receipt.edge[:64])
    match receipt.state:
        case ReceiptState.PLACED:
            _note_placed(order, placement, receipt, actor, now)
        case ReceiptState.REMOVED:
            Placement.objects.filter(id=placement.id).update(held=False, removed=utc(receipt.time))
            _tell("removed-at-edge", order, receipt, actor, now)
            settle_removal(order=order, actor=actor, now=now)
        case ReceiptState.FORGOTTEN:
            Placement.objects.filter(id=placement.id).update(held=False)
            _tell("forgotten-at-edge", order, receipt, actor, now)
            settle_removal(order=order, actor=actor, now=now)
        case ReceiptState.REJECTED:
            Order.objects.filter(id=order.id).update(rejection=f"{receipt.edge}: {receipt.text or 'no reason given'}")
            _tell("rejected-by-edge", order, receipt, actor, now)
        case ReceiptState.DRIFT:
            Placement.objects.filter(id=placement.id).update(drifts=F("drifts") + 1)
            _tell("drifted", order, receipt, actor, now)
        case ReceiptState.REFUSED:
            Placement.objects.filter(id=placement.id).update(refusals=F("refusals") + receipt.count, last_refusal=utc(receipt.time))
            _note_refused(order, receipt.edge, utc(receipt.time), actor, now)


def _note_placed(order: Order, placement: Placement, receipt: Receipt, actor: Actor, now: datetime) -> None:
    if placement.held:
        return
    time = utc(receipt.time)
    Placement.objects.filter(id=placement.id).update(held=True, placed=time, says=(receipt.text or "")[:200])
    Order.objects.filter(id=order.id, placed__isnull=True).update(placed=time, rejection="")
    Order.objects.filter(id=order.id, state=OrderState.WANTED).update(state=OrderState.PLACED)
    details: dict[str, Detail] = {"order": order.id, "edge": placement.edge}
    audit.record(acts=[Act(verb="placed", about=("order", order.id), case=order.case_id, details=details)], actor=actor, now=now)


def _note_refused(order: Order, edge: str, time: datetime, actor: Actor, now: datetime) -> None:
    """Keep the first refusal's time and mark the order observed; later ones are only counted."""
    changed = Order.objects.filter(id=order.id, state__in=(OrderState.WANTED, OrderState.PLACED)).update(state=OrderState.OBSERVED)
    earlier = Order.objects.filter(id=order.id)
    if not earlier.filter(refused__isnull=True).update(refused=time):
        earlier.filter(refused__gt=time).update(refused=time)
    if changed:
        details: dict[str, Detail] = {"order": order.id, "edge": edge}
        audit.record(
            acts=[Act(verb="observed", about=("order", order.id), case=order.case_id, details=details)], actor=actor, now=now
        )


def _tell(verb: str, order: Order, receipt: Receipt, actor: Actor, now: datetime) -> None:
    details: dict[str, Detail] = {"order": order.id, "edge": receipt.edge, "text": (receipt.text or "")[:200]}
    audit.record(acts=[Act(verb=verb, about=("order", order.id), case=order.case_id, details=details)], actor=actor, now=now)


@dataclass(frozen=True, slots=True)
class Refusals:
    """What watch saw in the mirror: `count` requests refused because of `order` at `edge`, the first at `first`."""

    order: str
    edge: str
    count: int
    first: Micros


@transaction.atomic
def note_refusals(*, seen: Refusals, actor: Actor, now: datetime) -> None:
    """Add refusals that watch saw in the mirror. An order that isn't ours is no news: mirrors may be shared."""
    require(actor.works_cases, actor, "note refusals")
    order = Order.objects.filter(id=seen.order).first()
    if order is None:
        return
    placement, _ = Placement.objects.get_or_create(order=order, edge=(seen.edge or "mirror")[:64])
    Placement.objects.filter(id=placement.id).update(mirrored=F("mirrored") + seen.count, last_refusal=utc(seen.first))
    _note_refused(order, placement.edge, utc(seen.first), actor, now)

"""The worker: from feed records to cases, decisions and orders, and back out to the feeds. One process; it may die at any line.

What comes in is committed together with the feed's position, what follows together with the taking out of its message: so each
happens once. What goes out is appended first and marked after: so it may be written twice, and says the same both times. What watch
counts, the desk's events, is looked up in the feed first, and so is written once.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final, Protocol

import msgspec
from django.db import DataError, IntegrityError, InterfaceError, OperationalError, transaction

from ringfence.desk.access.sweeping import sweep_sessions
from ringfence.desk.actor import Actor, system
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.cases.claims import let_lapse
from ringfence.desk.clocks.sweeping import sweep
from ringfence.desk.complaints.peer_lists import services as peer_lists
from ringfence.desk.decisions import services as deciding
from ringfence.desk.decisions.budget import mark_traffic
from ringfence.desk.decisions.confirming import call_second_persons
from ringfence.desk.detections import services as detections
from ringfence.desk.endings.services import sweep_quarantines
from ringfence.desk.enforcement import receipts
from ringfence.desk.enforcement import selectors as orders
from ringfence.desk.enforcement import services as enforcement
from ringfence.desk.enforcement.floods import alarm_floods_for_help
from ringfence.desk.enforcement.watching import alarm_differences
from ringfence.desk.outbox import services as outbox
from ringfence.desk.outbox.services import Due
from ringfence.desk.parties.told import named_in
from ringfence.desk.returns.services import look as look_for_returns
from ringfence.desk.returns.traffic import record_profiles
from ringfence.desk.site import checkpoints, expiring
from ringfence.desk.site.reference import reference
from ringfence.desk.site.wiring import DESK_EVENT, ORDER_CHANGED, REACTIONS, REFERENCE_CHANGED
from ringfence.feeds import FeedDamaged, FeedError, FeedGap, FeedReader, FeedWriter, Record
from ringfence.feeds.marks import mark_read, read_mark
from ringfence.feeds.segments import records_after
from ringfence.policy.list_files import FOLDER as LISTS
from ringfence.policy.list_files import ListFiles
from ringfence.vocabulary.contracts import DeskEvent, Order, OrderChange

log = logging.getLogger(__name__)

BATCH: Final = 50
"""Messages a transaction: it bounds how long people's own changes wait for the database."""

_HOUSEKEEPING: Final = timedelta(milliseconds=250)

_MARKING: Final = timedelta(seconds=10)

_LOOKING_BACK: Final = timedelta(minutes=10)
"""How often all entries without a seal are looked for, not only the newest: one may have been committed very late."""

_TOLD_AT_ONCE: Final = 1000

_CHANGES_TOLD: Final = 20_000
"""Records of changes, and things named in them, that follow one whole reference: who starts reads them all."""

RECEIPTS: Final = "receipts"
DESK_EVENTS: Final = "desk-events"


class _Intake(Protocol):
    """A service that takes records in together with the feed's position."""

    def __call__(self, *, feed: str, records: Sequence[Record], after: int, actor: Actor, now: datetime) -> object: ...


INTAKES: Final[dict[str, _Intake]] = {
    "findings": detections.record_findings,
    "gate-findings": detections.record_findings,
    "observations": detections.record_observations,
    RECEIPTS: receipts.record_receipts,
    "profiles": record_profiles,
}

_UNHOLDABLE: Final = (DataError, IntegrityError, OverflowError, ValueError)
"""What comes of a record that reads well and that the database cannot hold: a time after the year 9999, say."""

_DATABASE_AWAY: Final = (OperationalError, InterfaceError)


def clock() -> datetime:
    """Return the time that it is."""
    return datetime.now(UTC)


class Worker:
    """Holds the feeds open. Raises `FeedBusy` where another worker runs on this data folder."""

    def __init__(self, data: Path, *, clock: Callable[[], datetime] = clock) -> None:
        self._feeds = data / "feeds"
        self._clock = clock
        self._actor = system("worker")
        self._open = ExitStack()
        self._orders = self._writer("orders")  # its lock is also the lock of the only worker
        self._reference = self._writer("reference")
        self._desk_events = self._writer(DESK_EVENTS)
        self._lists = ListFiles(data / LISTS)
        self._told_watch = self._last_told()
        self._rotated: date | None = None
        self._changes_told = 0
        self._readers: dict[str, FeedReader] = {}
        self._kept_house = self._marked = self._looked_back = datetime.min.replace(tzinfo=UTC)

    def _writer(self, feed: str) -> FeedWriter:
        writer = FeedWriter(self._feeds / feed)
        self._open.callback(writer.close)
        return writer

    def start(self) -> None:
        """Write the whole reference and the whole orders table, which makes older records of both feeds needless."""
        self._read_lists()
        self._write_reference()
        generation = self._orders.last + 1
        upserts = _numbered(orders.orders_now(actor=self._actor).values(), generation)
        self._write_orders(OrderChange(generation=generation, full=True, upserts=upserts), ())
        self._orders.trim(generation)

    def close(self) -> None:
        """Give the feeds free."""
        self._open.close()

    def step(self) -> bool:
        """Do everything there is to do now; tell whether there was anything. What one part raises is raised after the others."""
        busy, failure = False, None
        parts: list[Callable[[], bool]] = [*(partial(self._take_in, feed) for feed in INTAKES), self._carry, self._keep_house]
        for part in parts:
            try:
                busy |= part()
            except _DATABASE_AWAY:
                raise  # no other part would fare better
            except Exception as error:  # noqa: BLE001 # raised below: a damaged feed must not keep orders from being lifted
                failure = failure or error
        if failure is not None:
            raise failure
        return busy

    def _carry(self) -> bool:
        if not outbox.anything_due(now=self._clock()):
            return False
        return self._react() | self._publish_orders() | self._publish_reference() | self._publish_desk_events()

    def _keep_house(self) -> bool:
        now = self._clock()
        if now - self._kept_house < _HOUSEKEEPING:
            return False
        self._kept_house = now
        ended = enforcement.end_orders(actor=self._actor, now=now)
        call_second_persons(actor=self._actor, now=now)
        let_lapse(actor=self._actor, now=now)
        mark_traffic(actor=self._actor, now=now)
        alarm_differences(actor=self._actor, now=now)
        alarm_floods_for_help(actor=self._actor, now=now)
        sweep_quarantines(actor=self._actor, now=now)
        peer_lists.let_go(actor=self._actor, now=now)
        self._read_lists()
        sweep(actor=self._actor, now=now)
        sealed = audit.seal(actor=self._actor, all_ids=now - self._looked_back >= _LOOKING_BACK)
        if now - self._looked_back >= _LOOKING_BACK:
            self._looked_back = now
            expiring.start_clocks(actor=self._actor, now=now)
        if now - self._marked >= _MARKING:
            self._marked = now
            checkpoints.sign(actor=self._actor, now=now)
            sweep_sessions(actor=self._actor, now=now)
            look_for_returns(actor=self._actor, now=now)
            read = outbox.position(feed=RECEIPTS)
            if read:
                mark_read(self._feeds / RECEIPTS, read)  # the gate throws away what lies before
            self._let_go(now)
        return ended + sealed > 0

    @transaction.atomic
    def _read_lists(self) -> None:
        """Read the operator's lists where files have changed; have watch and gate told. A bad file keeps what it said before."""
        if not self._lists.look():
            return
        for problem in self._lists.problems:
            log.error("list not taken: %s", problem)
        details: dict[str, Detail] = {name: len(brought.entries) for name, brought in self._lists.brought.items()}
        details["refused"] = [problem.told for problem in self._lists.problems[:10]]
        audit.record(acts=[Act(verb="read-lists", about=("lists", ""), details=details)], actor=self._actor, now=self._clock())
        outbox.enqueue(topic=REFERENCE_CHANGED, payloads=[{}], now=self._clock())

    def _take_in(self, feed: str) -> bool:
        reader = self._readers.get(feed)
        if reader is None:
            reader = FeedReader(self._feeds / feed, after=outbox.position(feed=feed))
        after = reader.after
        self._readers.pop(feed, None)  # kept only if all goes well: else the next step begins again at the committed position
        try:
            records = reader.read(limit=1000)
        except FeedGap as gap:
            self._alarm(str(gap), partial(outbox.advance, feed=feed, after=after, to=gap.resume))
            return True
        except FeedDamaged as damage:
            self._alarm(f"{damage}. What comes after it is not taken in; everything else goes on.")
            raise
        if records:
            try:
                INTAKES[feed](feed=feed, records=records, after=after, actor=self._actor, now=self._clock())
            except _UNHOLDABLE:
                log.exception("%d records of %s were refused together; trying each by itself", len(records), feed)
                self._take_in_singly(feed, records, after)
        self._readers[feed] = reader
        return bool(records)

    @transaction.atomic
    def _alarm(self, text: str, *deeds: Callable[[], None]) -> None:
        """Tell people, together with what is done about it."""
        deciding.raise_alarm(kind="feed", text=text, actor=self._actor, now=self._clock())
        for deed in deeds:
            deed()

    def _take_in_singly(self, feed: str, records: Sequence[Record], after: int) -> None:
        """Take in what can be, and pass the rest by: one bad record must not hold up what comes after it."""
        for record in records:
            try:
                INTAKES[feed](feed=feed, records=[record], after=after, actor=self._actor, now=self._clock())
            except _UNHOLDABLE as error:
                details = {"cause": type(error).__name__}
                act = Act(verb="passed-by", about=("feed-record", f"{feed}:{record.number}"), details=details)
                with transaction.atomic():
                    audit.record(acts=[act], actor=self._actor, now=self._clock())
                    outbox.advance(feed=feed, after=after, to=record.number)
            after = record.number

    def _react(self) -> bool:
        busy = False
        while batch := outbox.due(topics=tuple(REACTIONS), now=self._clock(), limit=BATCH):
            busy = True
            try:
                self._carry_out(batch)
            except Exception:  # one bad message must not hold the others up: each by itself, then
                log.exception("a batch of %d messages failed; trying each by itself", len(batch))
                self._carry_out_singly(batch)
        return busy

    @transaction.atomic
    def _carry_out(self, batch: Sequence[Due]) -> None:
        outbox.take(ids=[message.id for message in batch])
        for message in batch:
            REACTIONS[message.topic](message.payload, self._actor, self._clock())

    def _carry_out_singly(self, batch: Sequence[Due]) -> None:
        for message in batch:
            try:
                self._carry_out([message])
            except outbox.Taken:
                continue  # another worker's, on the same database
            except Exception as error:  # as above; it is tried again later and shown at the desk
                log.exception("message %d (%s) failed", message.id, message.topic)
                outbox.failed(message=message.id, error=f"{type(error).__name__}: {error}", now=self._clock())

    def _publish_orders(self) -> bool:
        messages = outbox.due(topics=(ORDER_CHANGED,), now=self._clock(), limit=1000)
        if not messages:
            return False
        wanted = orders.orders_now(actor=self._actor, ids=[message.payload["order"] for message in messages])
        generation = self._orders.last + 1
        upserts = _numbered(wanted.values(), generation)
        removals = tuple(id for id, order in wanted.items() if order is None)
        change = OrderChange(generation=generation, upserts=upserts, removals=removals)
        self._write_orders(change, [message.id for message in messages])
        return True

    def _write_orders(self, change: OrderChange, messages: Sequence[int]) -> None:
        self._orders.append([msgspec.json.encode(change)])
        ids = [order.id for order in change.upserts]
        enforcement.note_written(order_ids=ids, generation=change.generation, messages=messages, now=self._clock())

    def _publish_reference(self) -> bool:
        messages = outbox.due(topics=(REFERENCE_CHANGED,), now=self._clock(), limit=1000)
        if messages:
            named = named_in(message.payload for message in messages)
            if named is None or self._changes_told >= _CHANGES_TOLD:
                self._write_reference()
            else:
                self._reference.append([msgspec.json.encode(reference(actor=self._actor, now=self._clock(), named=named))])
                self._changes_told += 1 + named.size
            outbox.done(ids=[message.id for message in messages])
        return bool(messages)

    def _write_reference(self) -> None:
        """Write the whole reference in a segment of its own, which makes those before it needless."""
        self._reference.rotate()
        told = reference(actor=self._actor, now=self._clock(), files=self._lists.brought)
        self._reference.trim(self._reference.append([msgspec.json.encode(told)]))
        self._changes_told = 0

    def _publish_desk_events(self) -> bool:
        messages = outbox.due(topics=(DESK_EVENT,), now=self._clock(), limit=_TOLD_AT_ONCE)
        if messages:
            events = {_name(event): event for event in (msgspec.convert(message.payload, DeskEvent) for message in messages)}
            fresh = [event for name, event in events.items() if name not in self._told_watch]
            self._desk_events.append([msgspec.json.encode(event) for event in fresh])
            self._told_watch = frozenset(events)
            outbox.done(ids=[message.id for message in messages])
        return bool(messages)

    def _let_go(self, now: datetime) -> None:
        """Delete what watch has heard and no window needs; what was told last stays, to be known again. A new segment each day."""
        if self._rotated != now.date():
            self._desk_events.rotate()
            self._rotated = now.date()
        needless = min(read_mark(self._feeds / DESK_EVENTS), self._desk_events.last - _TOLD_AT_ONCE)
        self._desk_events.trim(needless + 1)

    def _last_told(self) -> frozenset[tuple[str, str]]:
        """Return the events of the last batch that watch was told: a worker that died may not have noted that it told them."""
        records = records_after(self._feeds / DESK_EVENTS, max(0, self._desk_events.last - _TOLD_AT_ONCE))
        try:
            return frozenset(_name(msgspec.json.decode(record.payload, type=DeskEvent)) for record in records)
        except (FeedError, msgspec.DecodeError):
            log.exception("what watch was told last can't be read: it may be told it again")
            return frozenset()


def _name(event: DeskEvent) -> tuple[str, str]:
    return event.kind, event.id


def _numbered(found: Iterable[Order | None], generation: int) -> tuple[Order, ...]:
    """Return the orders that are in force, with this generation where no record has carried them yet."""
    in_force = [order for order in found if order is not None]
    return tuple(order if order.generation else msgspec.structs.replace(order, generation=generation) for order in in_force)

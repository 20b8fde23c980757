"""What the gate tells the desk: its feed of receipts, and what it has already said."""

from collections import deque
from collections.abc import Collection, Iterator
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec
import structlog

from ringfence.feeds import FeedError, FeedWriter
from ringfence.feeds.marks import read_mark
from ringfence.feeds.segments import records_after
from ringfence.gate.order_ids import OrderIds
from ringfence.vocabulary.contracts import Receipt, ReceiptState
from ringfence.vocabulary.times import SECOND, Micros

SEGMENT_BYTES: Final = 8 * 1024 * 1024
CARRY_EVERY: Final = 20_000
"""After so many records, or twice as many as stand, what stands is said again: segments before can go once they are read."""

_BATCH: Final = 1_000
_CARRIED_AT_ONCE: Final = 100
"""So much of what stands is said again between two writes: answers wait for none of it."""
_DECODER: Final = msgspec.json.Decoder(Receipt)
_STANDING: Final = frozenset({ReceiptState.PLACED, ReceiptState.REMOVED, ReceiptState.REJECTED})
_PLAINLY: Final = (ReceiptState.PLACED, None)
_GONE: Final = frozenset({ReceiptState.REMOVED, ReceiptState.FORGOTTEN})
_LOG: Final = structlog.get_logger("gate.receipts")


class ReceiptBook:
    """Writes receipts, in order, and remembers the last word on each order at each edge, also over a restart.

    `say` and `refused` only take note; `settle` decides what is due to be written and `write` makes it durable: that one may run in
    another thread than the others. Raises what `FeedWriter` raises.
    """

    def __init__(self, folder: Path, *, segment_bytes: int = SEGMENT_BYTES, carry_every: int = CARRY_EVERY) -> None:
        self._folder = folder
        self._carry_every = carry_every
        self._writer = FeedWriter(folder, segment_bytes=segment_bytes)
        self._last: dict[tuple[str, str], tuple[ReceiptState, str | None]] = {}  # but a plain `placed`, which `_placed` knows
        self._placed: dict[str, OrderIds] = {}
        self._refusals: dict[tuple[str, str], _Refusals] = {}
        self._pending: deque[bytes] = deque()
        self._since_carried = 0
        self._carrying: Iterator[tuple[str, str]] | None = None
        self._carried_from = 0
        self._carried: tuple[int, int] | None = None
        for record in records_after(folder):
            self._since_carried += 1
            try:
                self._remember(_DECODER.decode(record.payload))
            except msgspec.MsgspecError as error:  # a newer gate's, before a step back
                _LOG.error("an old receipt is not understood", number=record.number, cause=str(error))

    @property
    def pending(self) -> int:
        """How many receipts wait to be written."""
        return len(self._pending)

    def say(self, receipt: Receipt) -> bool:
        """Take a receipt in; tell whether it will be written. What was the last word on this order and edge is not said again."""
        if receipt.state in _STANDING and self._last_word(receipt.edge, receipt.order) == (receipt.state, receipt.text):
            return False
        self._remember(receipt)
        self._pending.append(msgspec.json.encode(receipt))
        return True

    def refused(self, order: str, edge: str, *, call_id: str, now: Micros) -> None:
        """Take note of a refused request: the first is told at once, those that follow by the second, however many they are."""
        counted = self._refusals.get((edge, order))
        if counted is None:
            self._refusals[edge, order] = _Refusals(now)
            self.say(Receipt(order=order, edge=edge, state=ReceiptState.REFUSED, time=now, call_id=call_id))
        else:
            counted.count, counted.last, counted.call_id = counted.count + 1, now, call_id

    def settle(self, now: Micros) -> None:
        """Put what is due among what will be written: refusals of whole seconds, and from time to time all that stands.

        Not while `write` runs.
        """
        self._tell_refusals(now)
        if self._carrying is None and self._carried is None and self._since_carried >= self._carry_every:
            standing = sum(len(orders) for orders in self._placed.values())
            if self._since_carried >= 2 * standing:
                self._begin_to_carry()
        if self._carrying is not None:
            self._carry(self._carrying, now)

    def standing(self, edge: str) -> OrderIds:
        """Return the orders that `edge` was said to hold, and not yet said to have lost. To be read, not changed."""
        return self._placed.setdefault(edge, OrderIds())

    def forget_edges(self, *, but: Collection[str], now: Micros) -> None:
        """Say of each order at an edge that is not among `but` that nobody looks there any more: no order waits for it then."""
        for edge in [edge for edge, orders in self._placed.items() if orders and edge not in but]:
            for order in sorted(self._placed[edge]):
                text = "the edge is not in the gate's configuration any more; what it holds ends by itself"
                self.say(Receipt(order=order, edge=edge, state=ReceiptState.FORGOTTEN, time=now, text=text))

    def write(self) -> int:
        """Make what was said durable; return how many records. Raises `FeedError`, and then keeps them for the next time."""
        batch = list(islice(self._pending, _BATCH))
        if batch:
            self._writer.append(batch)
            self._since_carried += len(batch)
            for _ in batch:
                self._pending.popleft()
        if self._carried is not None and self._writer.last >= self._carried[1]:
            self._writer.trim(min(self._carried[0], read_mark(self._folder) + 1))
            self._carried = None
        return len(batch)

    def close(self, now: Micros) -> None:
        """Write what is left, if the disk lets us, and give the feed free."""
        self._tell_refusals(Micros(now + SECOND))
        try:
            while self.write():
                pass
        except FeedError:
            pass  # the process ends: the orders will be placed and told again by the next one
        self._writer.close()

    def _tell_refusals(self, now: Micros) -> None:
        for (edge, order), counted in list(self._refusals.items()):
            if now - counted.since < SECOND:
                continue
            if counted.count == 0:
                del self._refusals[edge, order]
                continue
            receipt = Receipt(
                order=order, edge=edge, state=ReceiptState.REFUSED, time=counted.last, call_id=counted.call_id, count=counted.count
            )
            self.say(receipt)
            self._refusals[edge, order] = _Refusals(now)

    def _begin_to_carry(self) -> None:
        """Begin to say again what stands, as the first records of what is kept from now on."""
        self._last = {key: word for key, word in self._last.items() if word[0] is ReceiptState.PLACED}
        self._carried_from, self._since_carried = self._writer.last + len(self._pending) + 1, 0
        self._carrying = ((edge, order) for edge in sorted(self._placed) for order in self._placed[edge])

    def _carry(self, standing: Iterator[tuple[str, str]], now: Micros) -> None:
        """Say some more of what stands again; not what is gone by now, for that has been said since."""
        several = list(islice(standing, _CARRIED_AT_ONCE))
        for edge, order in several:
            if order not in self._placed[edge]:
                continue
            text = self._last.get((edge, order), _PLAINLY)[1]
            self._pending.append(
                msgspec.json.encode(Receipt(order=order, edge=edge, state=ReceiptState.PLACED, time=now, text=text))
            )
            self._since_carried -= 1  # what is only said again is no reason to say it once more
        if not several:
            self._carrying, self._carried = None, (self._carried_from, self._writer.last + len(self._pending))

    def _last_word(self, edge: str, order: str) -> tuple[ReceiptState, str | None] | None:
        """Return what was last said of an order at an edge; `None` where nothing holds."""
        told = self._last.get((edge, order))
        if told is None and edge in self._placed and order in self._placed[edge]:
            return _PLAINLY
        return told

    def _remember(self, receipt: Receipt) -> None:
        key = (receipt.edge, receipt.order)
        if receipt.state is ReceiptState.PLACED:
            self._placed.setdefault(receipt.edge, OrderIds()).add(receipt.order)
        elif receipt.state in _GONE and receipt.edge in self._placed:
            self._placed[receipt.edge].discard(receipt.order)
        if receipt.state in _GONE or (receipt.state, receipt.text) == _PLAINLY:
            self._last.pop(key, None)
        elif receipt.state in _STANDING:
            self._last[key] = (receipt.state, receipt.text)


class _Refusals:
    """Refusals of one order at one edge that are not told yet: how many, when and which the last was, and since when they count."""

    __slots__ = ("call_id", "count", "last", "since")

    def __init__(self, since: Micros) -> None:
        self.since = since
        self.count = 0
        self.last = since
        self.call_id = ""

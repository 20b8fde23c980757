"""What the gate tells the desk: its feed of receipts, and what it has already said."""

from collections import deque
from pathlib import Path
from typing import Final

import msgspec

from ringfence.feeds import FeedError, FeedWriter
from ringfence.feeds.segments import records_after
from ringfence.vocabulary.contracts import Receipt, ReceiptState

MAX_PENDING: Final = 20_000
"""Receipts that wait for the disk. Beyond it refusals are counted instead of told: a flood must not fill the memory."""
_BATCH: Final = 2_000
_DECODER: Final = msgspec.json.Decoder(Receipt)
_STANDING: Final = frozenset({ReceiptState.PLACED, ReceiptState.REMOVED, ReceiptState.REJECTED})


class ReceiptBook:
    """Writes receipts, in order, and remembers the last word on each order at each edge, also over a restart.

    `say` only takes note; `write` makes durable, and may run in another thread than `say`. Raises what `FeedWriter` raises.
    """

    def __init__(self, folder: Path) -> None:
        self._writer = FeedWriter(folder)
        self._last: dict[tuple[str, str], tuple[ReceiptState, str | None]] = {}
        self._placed: dict[str, set[str]] = {}
        for record in records_after(folder):
            self._remember(_DECODER.decode(record.payload))
        self._pending: deque[bytes] = deque()
        self.untold_refusals = 0

    @property
    def pending(self) -> int:
        """How many receipts wait to be written."""
        return len(self._pending)

    def say(self, receipt: Receipt) -> bool:
        """Take a receipt in; tell whether it will be written. What was the last word on this order and edge is not said again."""
        if receipt.state in _STANDING:
            if self._last.get((receipt.edge, receipt.order)) == (receipt.state, receipt.text):
                return False
        elif receipt.state is ReceiptState.REFUSED and len(self._pending) >= MAX_PENDING:
            self.untold_refusals += 1
            return False
        self._remember(receipt)
        self._pending.append(msgspec.json.encode(receipt))
        return True

    def standing(self, edge: str) -> set[str]:
        """Return the orders that `edge` was said to hold, and not yet said to have lost."""
        return set(self._placed.get(edge, ()))

    def write(self) -> int:
        """Make what was said durable; return how many records. Raises `FeedError`, and then keeps them for the next time."""
        batch = [self._pending[index] for index in range(min(len(self._pending), _BATCH))]
        if batch:
            self._writer.append(batch)
            for _ in batch:
                self._pending.popleft()
        return len(batch)

    def close(self) -> None:
        """Write what is left, if the disk lets us, and give the feed free."""
        try:
            while self.write():
                pass
        except FeedError:
            pass  # the process ends: the orders will be placed and told again by the next one
        self._writer.close()

    def _remember(self, receipt: Receipt) -> None:
        if receipt.state in _STANDING:
            self._last[receipt.edge, receipt.order] = (receipt.state, receipt.text)
        if receipt.state is ReceiptState.PLACED:
            self._placed.setdefault(receipt.edge, set()).add(receipt.order)
        elif receipt.state is ReceiptState.REMOVED:
            self._placed.get(receipt.edge, set()).discard(receipt.order)

"""The edges that every test of conformance runs against, and the bench that drives one of them."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from tests.edges.rig import VALUES, Rig
from tests.edges.rig_asterisk import AsteriskRig
from tests.edges.rig_freeswitch import FreeswitchRig
from tests.edges.rig_freeswitch_protocol import FreeswitchProtocolRig
from tests.edges.rig_kamailio import KamailioRig
from tests.edges.rig_nftables import NftablesRig
from tests.edges.rig_opensips import OpensipsRig
from tests.edges.rig_opensips_protocol import OpensipsProtocolRig
from tests.edges.rig_webhook import WebhookRig
from tests.unit.gate.orders import order as made_order

from ringfence.feeds.segments import records_after
from ringfence.gate.edges import EdgeDriver
from ringfence.gate.receipts import ReceiptBook
from ringfence.gate.table import OrdersTable
from ringfence.vocabulary.contracts import Order, OrderChange, Receipt
from ringfence.vocabulary.times import SECOND, Micros

RIGS: Final[dict[str, Callable[[Path], Any]]] = {
    "asterisk": AsteriskRig,
    "freeswitch": FreeswitchRig,
    "freeswitch-protocol": lambda _folder: FreeswitchProtocolRig(),
    "kamailio": lambda _folder: KamailioRig(),
    "nftables": NftablesRig,
    "opensips": OpensipsRig,
    "opensips-protocol": lambda _folder: OpensipsProtocolRig(),
    "webhook": lambda _folder: WebhookRig(),
}


def now() -> Micros:
    """Return a time of day that real edges share: their entries' ends are counted by their own clocks."""
    return Micros(time.time_ns() // 1_000)


class Bench:
    """One driver on one edge, with a clock that moves by hand from the time of day on."""

    def __init__(self, folder: Path, rig: Rig) -> None:
        self.rig = rig
        self.folder = folder
        self.now = now()
        self.table = OrdersTable()
        self._generation = 0
        self.restart()

    def restart(self, deadline_ms: int = 10_000) -> None:
        """Begin as a new gate process does."""
        self.edge = self.rig.edge(deadline_ms)
        self.book = ReceiptBook(self.folder)
        self.driver = EdgeDriver(self.edge, self.table, self.book, clock=lambda: self.now, reconcile_s=5)

    async def end(self) -> None:
        await self.edge.close()
        self.book.close(self.now)

    def key(self, place: int) -> str:
        """Return the key of the edge's scope number `place`."""
        return f"{self.rig.kind}:{VALUES[self.rig.kind][place]}"

    def order(self, number: int, place: int = 0, **more: object) -> Order:
        """Return order `number` against the edge's scope number `place`, from now for an hour."""
        fields: dict[str, object] = {"start": self.now, "until": Micros(self.now + 3_600 * SECOND)}
        return made_order(number, self.rig.kind, VALUES[self.rig.kind][place], **(fields | more))

    def give(self, *orders: Order, removals: tuple[str, ...] = ()) -> None:
        """Have the desk order."""
        self._generation += 1
        self.table.apply(OrderChange(generation=self._generation, upserts=orders, removals=removals))

    def pass_time(self, seconds: float) -> None:
        self.now = Micros(self.now + int(seconds * SECOND))

    def said(self) -> list[tuple[str, str]]:
        """Return what the desk was told: order's number and state."""
        while self.book.pending:
            self.book.write()
        receipts = [msgspec.json.decode(record.payload, type=Receipt) for record in records_after(self.folder)]
        return [(f"{int(receipt.order, 16)}", str(receipt.state)) for receipt in receipts]


Story = Callable[[Bench], Coroutine[Any, Any, None]]


@pytest.fixture(params=sorted(RIGS))
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Story], None]:
    """Return what tells a story on a bench, for each kind of edge."""

    def run(story: Story) -> None:
        async def told() -> None:
            async with RIGS[request.param](tmp_path) as rig:
                made = Bench(tmp_path / "receipts", rig)
                try:
                    await story(made)
                finally:
                    await made.end()

        asyncio.run(told())

    return run

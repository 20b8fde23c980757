"""An edge is kept at what is ordered, and the desk hears only what was read back."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.unit.gate.htable_server import FOREIGN, HtableServer, http
from tests.unit.gate.orders import NOW, SCANNER, order

from ringfence.feeds.segments import records_after
from ringfence.gate.configuration import EdgeConfiguration
from ringfence.gate.edges import EdgeDriver, EdgeRefused
from ringfence.gate.edges.kamailio import KamailioEdge
from ringfence.gate.receipts import ReceiptBook
from ringfence.gate.table import OrdersTable, Reach
from ringfence.vocabulary.contracts import Action, ActionKind, Order, OrderChange, Receipt
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import HOUR, SECOND, Micros

KEY = f"source:{SCANNER}"


class Bench:
    """One driver on one server, with a clock that moves by hand."""

    def __init__(self, folder: Path, server: HtableServer) -> None:
        self.folder = folder
        self.server = server
        self.now = NOW
        self.table = OrdersTable()
        self.generation = 0
        self.restart()

    def restart(self) -> None:
        """Begin as a new gate process does: with what the feed of receipts remembers, and the table read again."""
        url = f"http://127.0.0.1:{self.server.port}/RPC"
        self.edge = KamailioEdge(EdgeConfiguration(name="edge-1", url=url, deadline_ms=200))
        self.book = ReceiptBook(self.folder)
        self.driver = EdgeDriver(self.edge, self.table, self.book, clock=lambda: self.now, reconcile_s=5)

    async def end(self) -> None:
        await self.edge.close()
        self.book.close(self.now)

    def order(self, *orders: Order, removals: tuple[str, ...] = ()) -> None:
        self.generation += 1
        self.table.apply(OrderChange(generation=self.generation, upserts=orders, removals=removals))

    def pass_time(self, seconds: float) -> None:
        self.now = Micros(self.now + int(seconds * SECOND))

    def said(self) -> list[tuple[str, str]]:
        """Return what the desk was told: order's number and state."""
        self.book.write()
        receipts = [msgspec.json.decode(record.payload, type=Receipt) for record in records_after(self.folder)]
        return [(f"{int(receipt.order, 16)}", str(receipt.state)) for receipt in receipts]


@pytest.fixture
def bench(tmp_path: Path) -> Callable[[Callable[[Bench], Coroutine[Any, Any, None]]], None]:
    def run(story: Callable[[Bench], Coroutine[Any, Any, None]]) -> None:
        async def told() -> None:
            async with HtableServer() as server:
                made = Bench(tmp_path / "receipts", server)
                try:
                    await story(made)
                finally:
                    await made.end()

        asyncio.run(told())

    return run


Run = Callable[[Callable[[Bench], Coroutine[Any, Any, None]]], None]


def test_an_order_is_placed_with_its_remaining_time_and_told_after_reading_back(bench: Run) -> None:
    async def story(b: Bench) -> None:
        b.order(order(1))
        b.pass_time(0.5)
        await b.driver.settle()
        assert b.server.table == {KEY: (f"{1:032x}", 3600)}
        assert [method for method, _ in b.server.commands] == ["htable.dump", "htable.get", "htable.setxs", "htable.get"]
        assert b.said() == [("1", "placed")]
        assert b.server.connections == 2  # one kept for commands, one for dumps

    bench(story)


def test_settling_again_asks_and_says_nothing_new(bench: Run) -> None:
    async def story(b: Bench) -> None:
        b.order(order(1))
        await b.driver.settle()
        commands = len(b.server.commands)
        await b.driver.settle()
        assert len(b.server.commands) == commands
        assert b.said() == [("1", "placed")]

    bench(story)


def test_an_order_that_the_desk_tells_anew_is_placed_anew_whatever_the_edge_seems_to_hold(bench: Run) -> None:
    async def story(b: Bench) -> None:
        b.order(order(1))
        await b.driver.settle()
        b.server.table.clear()  # it lets pass what it said it refuses; the next look is seconds away
        await b.driver.settle()
        assert b.server.table == {}
        b.order(order(1, generation=2))
        await b.driver.settle()
        assert set(b.server.table) == {KEY}

    bench(story)


def test_a_lifted_order_is_deleted_and_told_as_removed(bench: Run) -> None:
    async def story(b: Bench) -> None:
        b.order(order(1))
        await b.driver.settle()
        b.order(removals=(f"{1:032x}",))
        await b.driver.settle()
        assert b.server.table == {}
        assert b.said() == [("1", "placed"), ("1", "removed")]

    bench(story)


def test_an_order_that_ended_is_taken_away_even_where_the_edge_forgets_to(bench: Run) -> None:
    async def story(b: Bench) -> None:
        b.order(order(1))
        await b.driver.settle()
        b.pass_time(3600)
        await b.driver.settle()
        assert b.server.table == {}
        assert b.said() == [("1", "placed"), ("1", "removed")]

    bench(story)


def test_an_order_whose_end_has_passed_is_never_placed(bench: Run) -> None:
    async def story(b: Bench) -> None:
        b.order(order(1, until=Micros(NOW - 1), start=Micros(NOW - HOUR)))
        await b.driver.settle()
        with pytest.raises(EdgeRefused, match="has ended"):
            await b.edge.place(order(1), Micros(NOW + 2 * HOUR))
        assert b.server.table == {}
        assert b.said() == []

    bench(story)


def test_a_longer_end_is_written_again(bench: Run) -> None:
    async def story(b: Bench) -> None:
        b.order(order(1))
        await b.driver.settle()
        b.order(order(1, until=Micros(NOW + 2 * HOUR), generation=2))
        await b.driver.settle()
        assert b.server.table[KEY] == (f"{1:032x}", 7200)

    bench(story)


def test_the_shorter_of_two_orders_on_a_source_takes_over_when_the_longer_is_lifted(bench: Run) -> None:
    async def story(b: Bench) -> None:
        b.order(order(1), order(2, until=Micros(NOW + 2 * HOUR)))
        await b.driver.settle()
        assert b.server.table[KEY][0] == f"{2:032x}"
        b.order(removals=(f"{2:032x}",))
        await b.driver.settle()
        assert b.server.table[KEY] == (f"{1:032x}", 3600)
        assert b.said() == [("2", "placed"), ("1", "placed"), ("1", "placed"), ("2", "removed")]

    bench(story)


def test_of_two_orders_on_an_account_the_one_about_both_ways_stands_until_it_ends(bench: Run) -> None:
    async def story(b: Bench) -> None:
        b.order(order(1, SubjectKind.ACCOUNT, "acme"))
        ends = Micros(b.now + 60 * SECOND)
        b.order(order(2, SubjectKind.ACCOUNT, "acme", action=Action(kind=ActionKind.SUSPEND), until=ends))
        await b.driver.settle()
        assert [value for value, _ in b.server.table.values()] == [f"{2:032x} both"]
        b.now = ends
        b.table.forget_ended(ends)
        await b.driver.settle()
        assert [value for value, _ in b.server.table.values()] == [f"{1:032x}"]
        assert b.said() == [("2", "placed"), ("1", "placed"), ("1", "placed"), ("2", "removed")]

    bench(story)


def test_an_edge_that_restarted_empty_is_filled_again_and_the_drift_is_told(bench: Run) -> None:
    async def story(b: Bench) -> None:
        b.order(order(1), order(2, value="203.0.113.10"))
        await b.driver.settle()
        b.server.table.clear()
        b.server.drop_connections()
        b.pass_time(5)
        await b.driver.settle()
        assert len(b.server.table) == 2
        assert b.said()[2:] == [("1", "drift"), ("2", "drift")]

    bench(story)


def test_an_entry_like_an_order_that_nobody_ordered_is_taken_away_and_an_operators_own_stays(bench: Run) -> None:
    async def story(b: Bench) -> None:
        await b.driver.settle()
        b.server.table = {"source:192.0.2.1": (f"{9:032x}", 60), "source:192.0.2.2": (FOREIGN, 60), "source:192.0.2.3": (1, 60)}
        b.pass_time(5)
        await b.driver.settle()
        assert set(b.server.table) == {"source:192.0.2.2", "source:192.0.2.3"}
        assert b.said() == [("9", "drift")]

    bench(story)


def test_an_operators_own_entry_under_an_orders_key_is_left_and_the_order_rejected(bench: Run) -> None:
    async def story(b: Bench) -> None:
        b.server.table[KEY] = (FOREIGN, 0)
        b.order(order(1), order(2, value="203.0.113.10"))
        await b.driver.settle()
        assert b.server.table[KEY] == (FOREIGN, 0)
        assert b.said() == [("1", "rejected"), ("2", "placed")]

    bench(story)


def test_a_new_gate_process_says_nothing_twice_and_sets_the_ends_afresh(bench: Run) -> None:
    async def story(b: Bench) -> None:
        b.order(order(1))
        await b.driver.settle()
        await b.end()
        b.pass_time(60)
        b.restart()
        await b.driver.settle()
        assert b.server.table[KEY] == (f"{1:032x}", 3540)
        assert b.said() == [("1", "placed")]

    bench(story)


def test_an_order_lifted_while_the_gate_was_down_is_removed_and_told_by_the_next_one(bench: Run) -> None:
    async def story(b: Bench) -> None:
        b.order(order(1))
        await b.driver.settle()
        await b.end()
        b.order(removals=(f"{1:032x}",))
        b.restart()
        await b.driver.settle()
        assert b.server.table == {}
        assert b.said() == [("1", "placed"), ("1", "removed")]

    bench(story)


def test_an_order_that_the_edge_cannot_refuse_by_is_rejected_with_the_reason(bench: Run) -> None:
    async def story(b: Bench) -> None:
        b.order(order(1, SubjectKind.PARTY, "acme"))
        await b.driver.settle()
        assert b.server.table == {}
        assert b.said() == [("1", "rejected")]

    bench(story)


def test_a_write_that_does_not_read_back_is_rejected_and_not_told_as_placed(bench: Run) -> None:
    async def story(b: Bench) -> None:
        b.order(order(1))
        b.server.spoil = _losing_writes(b.server)
        await b.driver.settle()
        assert b.said() == [("1", "rejected")]

    bench(story)


def _losing_writes(server: HtableServer) -> Callable[[str, list[Any]], bytes | None]:
    """Take every write and forget it at once."""

    def spoil(method: str, _parameters: list[Any]) -> None:
        if method == "htable.get":
            server.table.clear()

    return spoil


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{}",
        http(b"Not for you.", "403 Forbidden"),
        http(b'{"id":1'),
        http(b'{"id":99,"result":[]}'),
        http(b'{"id":1,"result":{"slot":1}}'),
        b"A" * 100_000,
    ],
)
def test_whatever_comes_back_is_an_edge_refused_and_nothing_else(bench: Run, answer: bytes) -> None:
    async def story(b: Bench) -> None:
        b.order(order(1))
        b.server.spoil = lambda _method, _parameters: answer
        with pytest.raises(EdgeRefused):
            await b.driver.settle()
        b.server.spoil = None
        await b.driver.settle()
        assert b.said() == [("1", "placed")]

    bench(story)


def test_a_silent_edge_is_given_up_at_the_deadline(bench: Run) -> None:
    async def story(b: Bench) -> None:
        b.server.silent = True
        with pytest.raises(EdgeRefused, match="no answer in time"):
            await b.edge.remove(f"{1:032x}", KEY)

    bench(story)


def test_a_connection_that_the_edge_closed_between_commands_is_opened_again(bench: Run) -> None:
    async def story(b: Bench) -> None:
        b.order(order(1))
        await b.driver.settle()
        b.server.drop_connections()
        await asyncio.sleep(0)
        b.order(removals=(f"{1:032x}",))
        await b.driver.settle()
        assert b.said()[-1] == ("1", "removed")

    bench(story)


def test_an_edge_that_stays_away_is_told_once_and_served_when_it_is_back(bench: Run) -> None:
    async def story(b: Bench) -> None:
        await b.server.stop()
        b.order(order(1))
        running = asyncio.create_task(b.driver.run())
        async with asyncio.timeout(60):
            while ("1", "rejected") not in b.said():
                await asyncio.sleep(0.01)
            await b.server.start()
            while ("1", "placed") not in b.said():
                b.driver.notice()
                await asyncio.sleep(0.01)
        running.cancel()
        assert b.said() == [("1", "rejected"), ("1", "placed")]
        assert b.driver.failures == 0

    bench(story)


def test_an_edge_that_is_away_for_days_does_not_end_the_gate(bench: Run) -> None:
    async def story(b: Bench) -> None:
        await b.server.stop()
        b.driver.failures = 5_000
        running = asyncio.create_task(b.driver.run())
        while b.driver.failures == 5_000:
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.02)
        assert not running.done()
        running.cancel()

    bench(story)


def test_a_source_that_a_registration_used_leaves_the_firewall_and_does_not_come_back(bench: Run) -> None:
    async def story(b: Bench) -> None:
        firewall = Reach(frozenset({SubjectKind.SOURCE}), firewall=True)
        b.edge.reach = firewall  # type: ignore[misc]  # an edge that holds addresses, seen as a firewall
        b.driver = EdgeDriver(b.edge, b.table, b.book, clock=lambda: b.now, reconcile_s=5)
        b.order(order(1))
        await b.driver.settle()
        assert b.said() == [("1", "placed")]
        b.table.note_use(SCANNER, b.now)
        await b.driver.settle()
        assert b.server.table == {}
        assert b.said()[1:] == [("1", "rejected"), ("1", "removed")]

    bench(story)

"""The desk is told which orders work in path: some at a time, the newest first, and never what is gone."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.unit.gate.orders import NOW, order

from ringfence.gate.edges.in_path import NAME, InPath
from ringfence.gate.receipts import ReceiptBook
from ringfence.gate.table import OrdersTable
from ringfence.vocabulary.contracts import Action, ActionKind, Order, OrderChange, Receipt, ReceiptState
from ringfence.vocabulary.subjects import SubjectKind

MANY = 20_000


class Listened(ReceiptBook):
    """A book that remembers what it was told, in order."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.said: list[tuple[str, ReceiptState]] = []

    def say(self, receipt: Receipt) -> bool:
        self.said.append((receipt.order, receipt.state))
        return super().say(receipt)


class Told:
    """An InPath at work, and what it said."""

    def __init__(self, folder: Path) -> None:
        self.table = OrdersTable()
        self.book = Listened(folder)
        self.said = self.book.said
        self.in_path = InPath(self.table, self.book, clock=lambda: NOW)

    def change(self, generation: int, *orders: Order, removals: tuple[str, ...] = ()) -> None:
        self.table.apply(OrderChange(generation=generation, upserts=orders, removals=removals))
        self.in_path.notice()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not condition():
                await asyncio.sleep(0.001)

    def run(self, work: Callable[[], Awaitable[None]]) -> None:
        async def both() -> None:
            running = asyncio.create_task(self.in_path.run())
            await work()
            running.cancel()

        asyncio.run(both())
        self.book.close(NOW)


def number(place: int, generation: int = 1) -> Order:
    return order(place, SubjectKind.NUMBER, f"+3247{place:07d}", generation=generation)


def test_a_later_order_is_told_of_before_the_rest_of_a_large_table(tmp_path: Path) -> None:
    told = Told(tmp_path)
    told.change(1, *(number(place) for place in range(1, MANY + 1)))

    async def work() -> None:
        await told.until(lambda: len(told.said) > 100)
        told.change(2, number(MANY + 1, 2))
        newest = (f"{MANY + 1:032x}", ReceiptState.PLACED)
        await told.until(lambda: newest in told.said)

    told.run(work)
    assert len(told.said) < MANY


def test_what_goes_while_a_large_table_is_told_of_is_not_said_to_be_there(tmp_path: Path) -> None:
    told = Told(tmp_path)
    told.change(1, *(number(place) for place in range(1, 2_001)))
    gone = tuple(f"{place:032x}" for place in range(1, 2_001, 2))

    async def work() -> None:
        await told.until(lambda: len(told.said) > 100)
        told.change(2, removals=gone)
        await told.until(lambda: not told.in_path.is_behind)

    told.run(work)
    assert set(told.book.standing(NAME)) == {f"{place:032x}" for place in range(2, 2_001, 2)}
    assert {id for id, state in told.said if state is ReceiptState.REMOVED} == set(gone)


def test_what_an_earlier_process_said_and_stands_no_more_is_taken_back(tmp_path: Path) -> None:
    first = Told(tmp_path)
    first.change(1, number(1), number(2))

    async def until_told() -> None:
        await first.until(lambda: len(first.said) == 2)

    first.run(until_told)
    second = Told(tmp_path)
    second.change(1, number(2))

    async def until_taken_back() -> None:
        await second.until(lambda: bool(second.said) and not second.in_path.is_behind)

    second.run(until_taken_back)
    assert (f"{1:032x}", ReceiptState.REMOVED) in second.said
    assert set(second.book.standing(NAME)) == {f"{2:032x}"}


def test_what_is_done_once_cannot_be_done_by_who_only_answers(tmp_path: Path) -> None:
    told = Told(tmp_path)

    async def work() -> None:
        told.change(1, order(1, SubjectKind.ACCOUNT, "acme", action=Action(kind=ActionKind.END_CALLS)), number(2))
        await told.until(lambda: len(told.said) == 2)

    told.run(work)
    assert sorted(told.said) == [(f"{1:032x}", ReceiptState.REJECTED), (f"{2:032x}", ReceiptState.PLACED)]

"""The last table stays in force whatever happens to the feeds."""

import os
from pathlib import Path

import msgspec
from tests.unit.gate.orders import NOW, SCANNER, order

from ringfence.feeds import FeedWriter
from ringfence.gate.orders import OrdersTail
from ringfence.gate.table import OrdersTable
from ringfence.vocabulary.contracts import Ask, OrderChange, Reference, VerdictAction
from ringfence.vocabulary.times import HOUR, SECOND, Micros


def write(folder: Path, *records: msgspec.Struct | bytes) -> None:
    writer = FeedWriter(folder)
    writer.append([record if isinstance(record, bytes) else msgspec.json.encode(record) for record in records])
    writer.close()


def date(folder: Path, when: int) -> None:
    """Have a feed's segments say that they were written then."""
    for segment in folder.glob("*.seg"):
        os.utime(segment, ns=(0, when * 1_000))


def refuses(tail: OrdersTail) -> bool:
    return tail.table.decide(Ask(call_id="c", source=SCANNER), NOW).action is VerdictAction.REJECT


def test_a_gate_that_starts_before_the_desk_waits_for_its_first_word(tmp_path: Path) -> None:
    tail = OrdersTail(tmp_path, OrdersTable())
    assert not tail.poll(NOW)
    assert tail.changed_at is None
    write(tmp_path / "orders", OrderChange(generation=1, upserts=(order(1),)))
    date(tmp_path / "orders", NOW + 2 * SECOND)
    assert tail.poll(Micros(NOW + SECOND))
    assert tail.changed_at == NOW + SECOND
    assert refuses(tail)


def test_a_gate_that_begins_while_the_desk_is_down_says_how_old_its_table_is(tmp_path: Path) -> None:
    write(tmp_path / "orders", OrderChange(generation=1, upserts=(order(1),)))
    date(tmp_path / "orders", NOW - HOUR)
    tail = OrdersTail(tmp_path, OrdersTable())
    assert tail.poll(NOW)
    assert tail.changed_at == NOW - HOUR
    assert len(tail.table) == 1
    assert not tail.poll(Micros(NOW + SECOND))
    assert tail.changed_at == NOW - HOUR


def test_a_restarted_gate_has_the_same_table(tmp_path: Path) -> None:
    first = OrderChange(generation=1, full=True, upserts=(order(1), order(2, value="203.0.113.10")))
    write(tmp_path / "orders", first, OrderChange(generation=2, removals=(f"{2:032x}",)))
    for _ in range(2):
        tail = OrdersTail(tmp_path, OrdersTable())
        tail.poll(NOW)
        assert (refuses(tail), len(tail.table), tail.table.generation) == (True, 1, 2)


def test_a_record_that_is_not_understood_is_counted_and_the_next_one_read(tmp_path: Path) -> None:
    newer = b'{"v":2,"generation":1,"upserts":[{"id":"x","action":{"kind":"divert"}}]}'
    write(tmp_path / "orders", newer, OrderChange(generation=2, upserts=(order(1),)))
    tail = OrdersTail(tmp_path, OrdersTable())
    assert tail.poll(NOW)
    assert (tail.unreadable, refuses(tail)) == (1, True)


def test_a_damaged_feed_leaves_the_last_table_in_force_and_says_so(tmp_path: Path) -> None:
    write(tmp_path / "orders", OrderChange(generation=1, upserts=(order(1),)))
    tail = OrdersTail(tmp_path, OrdersTable())
    tail.poll(NOW)
    with next((tmp_path / "orders").glob("*.seg")).open("ab") as segment:
        segment.write(b"0000000000000002 00000000 {}\n")
    assert not tail.poll(NOW)
    assert tail.problem is not None
    assert refuses(tail)


def test_the_newest_reference_holds(tmp_path: Path) -> None:
    protected = Reference(time=NOW, lists={"protected-sources": (SCANNER, "no address")})
    write(tmp_path / "reference", Reference(time=NOW), protected)
    write(tmp_path / "orders", OrderChange(generation=1, upserts=(order(1),)))
    tail = OrdersTail(tmp_path, OrdersTable())
    tail.poll(NOW)
    assert not refuses(tail)


def test_an_ended_order_leaves_the_table_and_the_drivers_are_woken(tmp_path: Path) -> None:
    write(tmp_path / "orders", OrderChange(generation=1, upserts=(order(1),)))
    tail = OrdersTail(tmp_path, OrdersTable())
    tail.poll(NOW)
    assert not tail.poll(Micros(NOW + HOUR - 1))
    assert tail.poll(Micros(NOW + HOUR))
    assert len(tail.table) == 0


def test_lists_that_came_beside_a_damaged_feed_of_orders_hold_all_the_same(tmp_path: Path) -> None:
    write(tmp_path / "orders", OrderChange(generation=1, upserts=(order(1),)))
    tail = OrdersTail(tmp_path, OrdersTable())
    tail.poll(NOW)
    with next((tmp_path / "orders").glob("*.seg")).open("ab") as segment:
        segment.write(b"0000000000000002 00000000 {}\n")
    write(tmp_path / "reference", Reference(time=NOW, lists={"protected-sources": (SCANNER,)}))
    assert tail.poll(NOW)
    assert tail.problem is not None
    assert not refuses(tail)


def test_an_order_ends_in_the_table_also_while_its_feed_cannot_be_read(tmp_path: Path) -> None:
    write(tmp_path / "orders", OrderChange(generation=1, upserts=(order(1),)))
    tail = OrdersTail(tmp_path, OrdersTable())
    tail.poll(NOW)
    with next((tmp_path / "orders").glob("*.seg")).open("ab") as segment:
        segment.write(b"0000000000000002 00000000 {}\n")
    assert tail.poll(Micros(NOW + HOUR))
    assert len(tail.table) == 0

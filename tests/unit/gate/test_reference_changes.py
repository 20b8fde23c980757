"""The gate follows the reference feed over whole records and changes, and keeps the lists that a change does not name."""

from pathlib import Path

import msgspec

from ringfence.feeds import FeedWriter
from ringfence.gate.orders import OrdersTail
from ringfence.gate.table import OrdersTable
from ringfence.vocabulary.contracts import BlockLink, NumberLink, Reference
from ringfence.vocabulary.times import Micros

_NOW = Micros(1_000)
_LISTS = {"emergency-numbers": ("112",), "protected-sources": ("198.51.100.0/24",)}


def _number(account: str, *, full: bool = False, **more: object) -> bytes:
    links = (NumberLink(number="+3225551212", account=account),)
    return msgspec.json.encode(msgspec.structs.replace(Reference(time=_NOW, full=full, numbers=links), **more))


def test_a_change_changes_what_it_names_and_leaves_lists_and_others(tmp_path: Path) -> None:
    reference, orders = FeedWriter(tmp_path / "reference"), FeedWriter(tmp_path / "orders")
    tail = OrdersTail(tmp_path, OrdersTable())
    blocks = (BlockLink(prefix="+32255599", digits=11, account="block"),)
    reference.append([_number("before", full=True, lists=_LISTS, blocks=blocks), _number("a")])
    assert tail.poll(_NOW)
    assert [tail.directory.holder(asked, _NOW) for asked in ("+3225551212", "+3225559901")] == ["a", "block"]
    assert tail.directory.emergency_numbers == {"112"}
    reference.append([_number("b")])
    assert tail.poll(_NOW)
    assert [tail.directory.holder(asked, _NOW) for asked in ("+3225551212", "+3225559901")] == ["b", "block"]
    assert tail.directory.emergency_numbers == {"112"}
    reference.append([_number("c"), _number("whole", full=True), _number("last")])
    assert tail.poll(_NOW)
    assert [tail.directory.holder(asked, _NOW) for asked in ("+3225551212", "+3225559901")] == ["last", None]
    assert tail.directory.emergency_numbers == frozenset()
    assert not tail.poll(_NOW)
    reference.close()
    orders.close()

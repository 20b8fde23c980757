"""The tables of what is followed hold what they hold, in its order, and no trace of what left them."""

from msgspec.structs import replace

from ringfence.vocabulary.times import HOUR, SECOND, Micros
from ringfence.watch.calls.entries import Call, Origin
from ringfence.watch.calls.followed import Calls
from ringfence.watch.calls.notes import Notes
from ringfence.watch.calls.slots import Slots
from ringfence.watch.kernels import call_layout as c

_SPANS = (32 * SECOND, 300 * SECOND, 6 * HOUR)


def _table(limit: int) -> Calls:
    return Calls(Slots((limit, limit), _SPANS), limit, Notes(str, None))


def _call(number: int, deadline: int, *, tag: str = "a") -> Call:
    origin = Origin(
        call_id=f"c{number}",
        tag=tag,
        method="INVITE",
        time=Micros(0),
        source="192.0.2.1",
        source_port=5060,
        destination="192.0.2.2",
        transport="udp",
        caller=None,
        callee=None,
        dialled=None,
        target=None,
        domain=None,
        from_user=None,
        to_user=None,
        user=None,
        credentials=False,
        user_agent=None,
        agent=None,
    )
    key = (origin.call_id, tag)
    return Call(key=key, serial=number + 1, origin=origin, deadline=Micros(deadline), invite=number, seen=Micros(0), hops=["x"])


def test_deadlines_of_what_left_long_before_take_no_memory() -> None:
    """An answered call may last for hours; most end within minutes, and are asked for again at each change."""
    table = _table(1_000)
    for number in range(20_000):
        table.put(_call(number, 6 * HOUR))
        slot = table.put(_call(number, number + 32 * SECOND))
        table.remove(slot)
        table.changes()
    assert len(table.slots.book.due) < 10_000
    assert (len(table), sum(key is not None for key in table.keys)) == (0, 0)


def test_what_was_put_is_there_however_often_the_table_grew() -> None:
    table = _table(20_000)
    calls = [replace(_call(number, number), tags=["b"], named=["192.0.2.1"]) for number in range(9_000)]
    for call in calls:
        table.put(call)
    for number in range(0, 9_000, 7):
        table.remove(table.get(calls[number].key).slot)  # type: ignore[union-attr]  # it is there
    left = [call for number, call in enumerate(calls) if number % 7]
    assert table.entries() == left
    known = [table.get(call.key) for call in left]
    assert [table.entry(each.slot, table.rows[each.slot].tolist()) for each in known if each is not None] == left
    assert all(table.get(calls[number].key) is None for number in range(0, 9_000, 7))


def test_beyond_its_limit_those_leave_that_were_touched_least_lately() -> None:
    table = _table(3_000)
    slots = [table.put(_call(number, HOUR)) for number in range(3_000)]
    for number in range(0, 3_000, 2):
        table.touch(slots[number])
    for number in range(3_000, 4_600):
        table.put(_call(number, HOUR))
    known = [int(key[0][1:]) for key in (entry.key for entry in table.entries())]
    assert known == [*range(200, 3_000, 2), *range(3_000, 4_600)]
    assert (table.dropped, len(table)) == (1_600, 3_000)


def test_changes_tell_what_was_touched_in_its_order_and_what_left() -> None:
    table = _table(100)
    slots = [table.put(_call(number, HOUR)) for number in range(5)]
    assert ([entry.serial for entry in table.changes()[0]], table.changes()) == ([1, 2, 3, 4, 5], ([], []))
    table.touch(slots[3])
    table.touch(slots[1])
    table.remove(slots[4])
    table.remove(slots[0])
    table.put(_call(4, 2 * HOUR))
    kept, gone = table.changes()
    assert ([entry.serial for entry in kept], gone) == ([4, 2, 5], [("c0", "a")])


def test_a_key_that_is_put_again_replaces_what_was_there() -> None:
    table = _table(100)
    table.put(_call(1, HOUR))
    table.put(_call(2, HOUR))
    slot = table.put(replace(_call(1, 2 * HOUR), status=200))
    assert [(entry.serial, entry.status) for entry in table.entries()] == [(3, 0), (2, 200)]
    assert table.rows[slot, c.DEADLINE] == 2 * HOUR
    assert table.changes()[1] == []

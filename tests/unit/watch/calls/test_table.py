"""A table of entries with deadlines holds what it holds, and no trace of what left it."""

import gc
from dataclasses import dataclass

from ringfence.vocabulary.times import HOUR, SECOND, Micros
from ringfence.watch.calls.table import Table


@dataclass
class _Entry:
    serial: int
    deadline: Micros


@dataclass(frozen=True, order=True)
class _Key:
    number: int


def test_deadlines_of_what_left_long_before_take_no_memory() -> None:
    """An answered call may last for hours; most end within minutes, and are asked for again at each change."""
    table: Table[_Key, _Entry] = Table(1_000)
    for number in range(20_000):
        key = _Key(number)
        table.put(key, _Entry(number, Micros(6 * HOUR)))
        table.put(key, _Entry(number, Micros(number + 32 * SECOND)))
        table.remove(key)
        table.changes()
    assert sum(type(each) is _Key for each in gc.get_objects()) < 2_000


def test_the_earliest_deadline_is_known_after_many_have_gone() -> None:
    table: Table[int, _Entry] = Table(10_000)
    for number in range(5_000):
        table.put(number, _Entry(number, Micros(10_000 - number)))
        if number % 5:
            table.remove(number)
    due = []
    while table.due(Micros(10_000)) is not None:
        key, entry = table.pop_due()
        due.append((entry.deadline, key))
    assert due == [(10_000 - number, number) for number in reversed(range(0, 5_000, 5))]

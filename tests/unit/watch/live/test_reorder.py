"""Order of time within the allowed lateness; what comes later counts when it comes."""

from random import Random

import pytest
from tests.unit.watch.live.mirrored import mirrored

from ringfence.vocabulary.times import MILLISECOND, SECOND, Micros
from ringfence.watch.live import ReorderBuffer
from ringfence.watch.live.reorder import Run
from ringfence.watch.sources.datagram import Datagram, PayloadKind

_T = 1_000 * SECOND
_LATENESS = 100 * MILLISECOND


def _datagram(time_ms: int, arrival_ms: int, *, agent: int = 1, source: str = "192.0.2.1", payload: bytes = b"") -> Datagram:
    times = Micros(_T + time_ms * MILLISECOND), Micros(_T + arrival_ms * MILLISECOND)
    return Datagram(*times, PayloadKind.SIP, "udp", source, 1, "192.0.2.9", 2, payload, agent=agent)


def _ready(buffer: ReorderBuffer, at_ms: int, limit: int = 100) -> list[tuple[int, bool]]:
    runs = buffer.ready(Micros(_T + at_ms * MILLISECOND), limit=limit)
    return [((each.time - _T) // MILLISECOND, late) for run in runs for each, late in zip(run.packets, run.late, strict=True)]


def test_what_overtook_on_the_way_is_put_back_in_order() -> None:
    buffer = ReorderBuffer(_LATENESS)
    for time, arrival in ((20, 21), (10, 22), (30, 31)):
        buffer.add(_datagram(time, arrival))
    assert _ready(buffer, 109) == []
    assert _ready(buffer, 120) == [(10, False), (20, False)]
    assert _ready(buffer, 200) == [(30, False)]


def test_what_comes_after_its_time_was_closed_is_late() -> None:
    buffer = ReorderBuffer(_LATENESS)
    buffer.add(_datagram(50, 50))
    assert _ready(buffer, 150) == [(50, False)]
    buffer.add(_datagram(40, 160))
    assert _ready(buffer, 160) == [(40, True)]
    assert buffer.late == 1


def test_an_agent_with_a_slow_clock_is_not_late_for_ever() -> None:
    buffer = ReorderBuffer(_LATENESS)
    buffer.add(_datagram(5_000, 5_000, agent=1))
    assert _ready(buffer, 5_100) == [(5_000, False)]
    buffer.add(_datagram(2_000, 5_110, agent=2))
    buffer.add(_datagram(2_010, 5_120, agent=2))
    assert _ready(buffer, 5_120) == [(2_000, False), (2_010, False)]


def test_a_time_in_the_future_counts_as_the_arrival() -> None:
    buffer = ReorderBuffer(_LATENESS)
    buffer.add(_datagram(4_000, 10))
    assert _ready(buffer, 110) == [(10, False)]


def test_the_same_time_is_ordered_by_source_then_arrival() -> None:
    buffer = ReorderBuffer(_LATENESS)
    for source, agent in (("192.0.2.2", 1), ("192.0.2.1", 2), ("192.0.2.2", 3)):
        buffer.add(_datagram(10, 10, source=source, agent=agent))
    assert [each.agent for run in buffer.ready(Micros(_T + SECOND), limit=9) for each in run.packets] == [2, 1, 3]


def test_a_full_buffer_gives_the_oldest_early_and_counts_them() -> None:
    buffer = ReorderBuffer(_LATENESS, most_held=3)
    for n in range(5):
        buffer.add(_datagram(n, n))
    assert _ready(buffer, 5) == [(0, False), (1, False)]
    assert (buffer.hurried, len(buffer)) == (2, 3)


def test_it_says_how_much_room_it_has() -> None:
    buffer = ReorderBuffer(_LATENESS, most_held=3)
    assert buffer.room == 6
    for n in range(8):
        buffer.add(_datagram(n, n))
    assert buffer.room == 0


def test_a_limit_leaves_the_rest_for_the_next_turn() -> None:
    buffer = ReorderBuffer(_LATENESS)
    for n in range(5):
        buffer.add(_datagram(n, n))
    assert _ready(buffer, 500, limit=2) == [(0, False), (1, False)]
    assert [(each.time - _T) // MILLISECOND for run in buffer.rest() for each in run.packets] == [2, 3, 4]


def _mixed(seed: int) -> list[Datagram]:
    """Return datagrams of two agents in the order of their arrival, times as jumbled as they may be."""
    chance = Random(seed)
    sent: list[Datagram] = []
    for at in range(400):
        overtaken = chance.choice((0, 0, 1, 30, 90, 150, -40))
        sent.append(
            _datagram(at - overtaken, at, agent=chance.choice((1, 2)), source=f"192.0.2.{chance.randrange(8)}", payload=b"%d" % at)
        )
    return sent


@pytest.mark.parametrize(("seed", "apart"), [(1, 0.0), (2, 0.05), (3, 0.5), (4, 1.0)])
def test_messages_that_came_together_leave_in_the_order_of_those_that_came_one_by_one(seed: int, apart: float) -> None:
    chance = Random(seed)
    plain, buffer = ReorderBuffer(_LATENESS), ReorderBuffer(_LATENESS)
    expected: list[tuple[int, bytes, bool]] = []
    given: list[tuple[int, bytes, bool]] = []
    together: list[Datagram] = []
    for at, each in enumerate(_mixed(seed)):
        plain.add(each)
        if chance.random() < apart:
            buffer.add(each)
        else:
            together.append(each)
        if at % 7 == 0 and together:
            buffer.add_many(mirrored(together))
            together = []
        if at % 35 == 0:
            expected += _told(plain.ready(Micros(_T + at * MILLISECOND), limit=1_000))
            given += _told(buffer.ready(Micros(_T + at * MILLISECOND), limit=1_000))
    if together:
        buffer.add_many(mirrored(together))
    expected += _told(plain.rest())
    given += _told(buffer.rest())
    assert [time for time, _, _ in given] == [time for time, _, _ in expected]
    assert sorted(given) == sorted(expected)
    assert buffer.late == plain.late > 0
    assert len(buffer) == 0


def test_what_came_together_leaves_piece_by_piece_where_a_limit_is_set() -> None:
    buffer = ReorderBuffer(_LATENESS)
    sent = [_datagram(n, n, payload=b"%d" % n) for n in range(500)]
    buffer.add_many(mirrored(sent[:250]))
    buffer.add(_datagram(30, 30, payload=b"apart"))
    buffer.add_many(mirrored(sent[250:]))
    given: list[bytes] = []
    while runs := buffer.ready(Micros(_T + SECOND), limit=40):
        assert sum(len(run.packets) for run in runs) <= 80
        given += [each.payload for run in runs for each in run.packets]
    assert given == [*(b"%d" % n for n in range(31)), b"apart", *(b"%d" % n for n in range(31, 500))]


def test_payloads_stay_whole_while_many_more_come_than_leave() -> None:
    buffer = ReorderBuffer(_LATENESS)
    given: list[bytes] = []
    for nth in range(60):
        block = [_datagram(100 * nth + n, 100 * nth + n, payload=b"%d" % (100 * nth + n) * 200) for n in range(100)]
        buffer.add_many(mirrored(block))
        given += [each.payload for run in buffer.ready(Micros(_T + nth * 60 * MILLISECOND), limit=9_999) for each in run.packets]
    given += [each.payload for run in buffer.rest() for each in run.packets]
    assert given == [b"%d" % n * 200 for n in range(6_000)]


def test_beyond_its_bound_it_gives_those_early_that_came_together() -> None:
    buffer = ReorderBuffer(_LATENESS, most_held=3)
    buffer.add_many(mirrored([_datagram(n, n) for n in range(5)]))
    assert _ready(buffer, 5) == [(0, False), (1, False)]
    assert (buffer.hurried, len(buffer)) == (2, 3)


def _told(runs: list[Run]) -> list[tuple[int, bytes, bool]]:
    return [(each.time, each.payload, late) for run in runs for each, late in zip(run.packets, run.late, strict=True)]

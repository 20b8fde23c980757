"""Order of time within the allowed lateness; what comes later counts when it comes."""

from ringfence.vocabulary.times import MILLISECOND, SECOND, Micros
from ringfence.watch.live import ReorderBuffer
from ringfence.watch.sources.datagram import Datagram, PayloadKind

_T = 1_000 * SECOND
_LATENESS = 100 * MILLISECOND


def _datagram(time_ms: int, arrival_ms: int, *, agent: int = 1, source: str = "192.0.2.1") -> Datagram:
    times = Micros(_T + time_ms * MILLISECOND), Micros(_T + arrival_ms * MILLISECOND)
    return Datagram(*times, PayloadKind.SIP, "udp", source, 1, "192.0.2.9", 2, b"", agent=agent)


def _ready(buffer: ReorderBuffer, at_ms: int, limit: int = 100) -> list[tuple[int, bool]]:
    given = buffer.ready(Micros(_T + at_ms * MILLISECOND), limit=limit)
    return [((datagram.time - _T) // MILLISECOND, late) for datagram, late in given]


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
    assert [datagram.agent for datagram, _ in buffer.ready(Micros(_T + SECOND), limit=9)] == [2, 1, 3]


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
    assert [(datagram.time - _T) // MILLISECOND for datagram, _ in buffer.rest()] == [2, 3, 4]

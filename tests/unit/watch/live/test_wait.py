"""How long messages are waited for follows from how late they came, and is never more than what is configured."""

from tests.unit.watch.live.mirrored import mirrored

from ringfence.vocabulary.times import MILLISECOND, SECOND, Micros
from ringfence.watch.live import ReorderBuffer
from ringfence.watch.live.wait import LEAST_US, Wait
from ringfence.watch.sources.datagram import Datagram, PayloadKind

_T = 1_000 * SECOND
_MOST = 100 * MILLISECOND


def _waits(*told: tuple[int, int], most: int = _MOST) -> list[int]:
    """Return the milliseconds waited after each of: came at so many ms, so many ms late."""
    wait = Wait(most)
    waits: list[int] = []
    for at_ms, late_ms in told:
        wait.note(Micros(_T + at_ms * MILLISECOND), late_ms * MILLISECOND)
        waits.append(wait.us // MILLISECOND)
    return waits


def test_as_long_as_is_configured_until_it_is_known_how_late_messages_come() -> None:
    assert _waits((0, 0), (4_999, 1), (5_000, 1)) == [100, 100, 30]


def test_twice_as_long_as_the_latest_of_late() -> None:
    assert _waits((0, 0), (5_000, 1), (5_010, 20), (10_000, 0), (14_999, 0), (15_000, 0)) == [100, 30, 40, 40, 40, 30]


def test_never_longer_than_is_configured() -> None:
    assert _waits((0, 0), (5_000, 3_000), (5_001, 51)) == [100, 100, 100]
    assert _waits((0, 0), (5_000, 0), most=10 * MILLISECOND) == [10, 10]


def test_messages_from_the_future_are_not_late() -> None:
    assert _waits((0, 0), (5_000, -400)) == [100, 30]


def test_after_silence_and_after_a_clock_was_put_back_nobody_knows() -> None:
    assert _waits((0, 0), (5_000, 0), (60_000, 0), (65_000, 0)) == [100, 30, 100, 30]
    assert _waits((0, 0), (5_000, 0), (1_000, 0), (6_000, 0)) == [100, 30, 100, 30]


def _datagram(at_ms: int, late_ms: int = 0) -> Datagram:
    times = Micros(_T + (at_ms - late_ms) * MILLISECOND), Micros(_T + at_ms * MILLISECOND)
    return Datagram(*times, PayloadKind.SIP, "udp", "192.0.2.1", 1, "192.0.2.9", 2, b"", agent=1)


def test_what_comes_in_time_leaves_soon_also_where_it_came_together() -> None:
    for buffer in (ReorderBuffer(_MOST), ReorderBuffer(_MOST)):
        for at in range(0, 6_000, 100):
            if at % 200:
                buffer.add(_datagram(at))
            else:
                buffer.add_many(mirrored([_datagram(at)]))
        assert buffer.wait_us == LEAST_US
        buffer.rest()
        buffer.add_many(mirrored([_datagram(6_001), _datagram(6_002, late_ms=1)]))
        buffer.add(_datagram(6_003))
        assert sum(len(run.packets) for run in buffer.ready(Micros(_T + 6_031 * MILLISECOND), limit=9)) == 2
        buffer.add_many(mirrored([_datagram(6_040, late_ms=33)]))
        assert buffer.wait_us == 66 * MILLISECOND

from collections.abc import Sequence

import numpy as np
import pytest
from tests.property.paired_rules import compare, field, measured, number, rule

from ringfence.policy.plan import Measure, MeasureFunction
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.columns import Columns, TextHashes, columns_of
from ringfence.watch.kernels.compiled import compiled
from ringfence.watch.kernels.layout import State
from ringfence.watch.windows import Crossing, Limits, Room, RuleGroup, footprint
from ringfence.watch.windows.state import with_pairs

HASHES = TextHashes(b"")
COUNT = Measure("calls", MeasureFunction.COUNT)
SHORT = Measure("short", MeasureFunction.COUNT, where=compare(field("duration"), "<", number(6 * SECOND)))


def columns(window: RuleGroup, events: Sequence[Event]) -> Columns:
    return columns_of(events, sorted(window.fields), HASHES, clock=Micros(0), now=Micros(1 << 60))


def advanced(window: RuleGroup, events: Sequence[Event], first: int = 0) -> list[Crossing]:
    return [told.crossing for told in window.advance(columns(window, events), first)]


def at(second: int, kind: EventKind = EventKind.ATTEMPT, **fields: int) -> Event:
    return Event(kind=kind, time=Micros(second * SECOND), call_id=str(second), account="acme", **fields)  # type: ignore[arg-type]  # numbers only


def test_an_attempt_counts_at_its_start_and_a_filter_on_its_outcome_at_its_end() -> None:
    when = compare(measured("short"), ">=", number(1))
    window = RuleGroup([rule("mixed", measures=(COUNT, SHORT), when=when, window_s=60)], HASHES, Limits())
    events = [at(1), at(2), at(3, EventKind.ANSWER), at(4, EventKind.END, duration_ms=1000), at(5, EventKind.END, duration_ms=9000)]
    (crossing,) = advanced(window, events, first=100)
    assert crossing == Crossing(
        position=3, time=Micros(4 * SECOND), measures=(2.0, 1.0), events=3, forgotten=0, sample=(100, 101, 103)
    )


def test_a_rule_whose_own_filter_needs_the_outcome_reads_ends_alone() -> None:
    where = compare(field("status"), ">=", number(400))
    when = compare(measured("calls"), ">=", number(2))
    window = RuleGroup([rule("failed", measures=(COUNT,), when=when, where=where)], HASHES, Limits())
    events = [at(1), at(2), at(3, EventKind.END, status=486), at(4, EventKind.END, status=404)]
    assert [crossing.position for crossing in advanced(window, events)] == [3]


def test_more_crossings_than_the_kernel_can_write_at_once_all_come() -> None:
    when = compare(measured("calls"), ">=", number(1))
    window = RuleGroup([rule("every", measures=(COUNT,), when=when, window_s=1)], HASHES, Limits())
    crossings = advanced(window, [at(second) for second in range(1000)])
    assert [crossing.position for crossing in crossings] == list(range(1000))


@pytest.mark.parametrize("measures", [(COUNT,), (COUNT, Measure("who", MeasureFunction.DISTINCT, field("callee")))])
def test_pairs_that_never_come_are_counted_seldom(measures: tuple[Measure, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[int] = []

    def counting(state: State) -> State:
        counted.append(state.rows.size)
        return with_pairs(state)

    monkeypatch.setattr("ringfence.watch.windows.rule_group.with_pairs", counting)
    when = compare(measured("calls"), ">=", number(1_000_000))
    window = RuleGroup([rule("many", measures=measures, when=when, window_s=86_400)], HASHES, Limits())
    advanced(window, [at(second) for second in range(20_000)])
    assert window.live_events == 20_000
    assert len(counted) < 200  # sixteen times for each length of the ring


def test_a_window_grows_and_shrinks_with_its_traffic() -> None:
    callees = Measure("callees", MeasureFunction.DISTINCT, field("callee"))
    longest = Measure("longest", MeasureFunction.MAXIMUM, field("ring"))
    when = compare(measured("callees"), ">=", number(3000))
    window = RuleGroup([rule("grows", measures=(callees, longest), when=when, on=EventKind.END, window_s=4000)], HASHES, Limits())
    empty = window.memory_bytes
    events = [
        Event(kind=EventKind.END, time=Micros(n * SECOND), call_id="", account="acme", callee=str(n), ring_ms=9000 - n)
        for n in range(3500)
    ]
    (crossing,) = advanced(window, events)
    assert (crossing.position, crossing.measures) == (2999, (3000.0, 9_000_000.0))
    large = window.memory_bytes
    assert large > 20 * empty
    for second in (7999, 12_000, 12_001, 12_002, 12_003):
        advanced(window, [at(second, EventKind.END)])
        window.shrink()
    assert window.live_events == 4
    assert window.memory_bytes < large / 10


def test_sampled_events_are_the_last_ten_of_each_key() -> None:
    when = compare(measured("calls"), ">=", number(100))
    window = RuleGroup([rule("quiet", measures=(COUNT,), when=when, window_s=1000)], HASHES, Limits())
    advanced(window, [at(second) for second in range(25)], first=50)
    assert sorted(window.sampled_events(window.snapshot())) == list(range(65, 75))


def test_without_a_place_for_its_cache_a_kernel_still_compiles() -> None:
    names: dict[str, object] = {}
    exec("def double(numbers):\n    numbers *= 2\n", names)  # a function without a file has no cache either
    double = names["double"]
    assert callable(double)
    numbers = np.arange(3)
    compiled(double)(numbers)
    assert numbers.tolist() == [0, 2, 4]


def test_under_a_flood_of_keys_the_idle_ones_leave_first_and_the_loss_is_counted() -> None:
    """Two thousand keys once each, a tenth of that remembered; one key that calls all along is never lost."""
    when = compare(measured("calls"), ">=", number(2))
    most = 200
    window = RuleGroup([rule("flood", measures=(COUNT,), when=when, window_s=100_000)], HASHES, Limits(events=1 << 20, keys=most))
    told: list[Crossing] = []
    for second in range(2000):
        once = Event(kind=EventKind.ATTEMPT, time=Micros(2 * second * SECOND), call_id="", account=f"flood-{second}")
        told += advanced(window, [once, at(2 * second + 1)], first=2 * second)
        assert window.live_keys <= most
    assert [crossing.time for crossing in told] == [3 * SECOND]  # of the busy key, which never lost its standing
    assert window.losses.events == 4000 - window.live_events > 3000
    late = advanced(
        window, [at(4001), Event(kind=EventKind.ATTEMPT, time=Micros(4002 * SECOND), call_id="", account="flood-1990")], 4000
    )
    assert late[0].forgotten > 3000  # its window misses what was forgotten, and it says so


def test_the_memory_of_keys_is_what_the_footprint_says() -> None:
    when = compare(measured("calls"), ">=", number(1_000_000))
    made = rule("many", measures=(COUNT,), when=when, window_s=100_000)
    window = RuleGroup([made], HASHES, Limits())
    told = footprint([made])
    events = [Event(kind=EventKind.ATTEMPT, time=Micros(n), call_id="", account=str(n)) for n in range(1 << 14)]
    advanced(window, events)
    assert window.live_keys == 1 << 14
    assert abs(window.memory_bytes - told.bytes_of(Room(1 << 14, 1 << 14))) < 1000
    assert 1_000_000 * (told.key_bytes + told.event_bytes) < 1e9 / 5

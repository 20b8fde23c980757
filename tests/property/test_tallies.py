"""Each function's tally equals what its list of events says, whatever leaves when, and through a snapshot at any point."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.watch.tallies.asleep import decoded, encode
from ringfence.watch.tallies.exact import ExactSum
from ringfence.watch.tallies.keys import Key
from ringfence.watch.tallies.told_apart import Distinct, Most
from ringfence.watch.tallies.windowed import Counted, Deviating, Ended, Extreme, Peak, Summed, Windowed
from tests.property.oracles.tallies import Entry, same, taken

LENGTH = 7
MAKERS: dict[str, Callable[[], Windowed]] = {
    "count": Counted,
    "distinct": Distinct,
    "sum": Summed,
    "mean": lambda: Summed(mean=True),
    "maximum": Extreme,
    "minimum": lambda: Extreme(largest=False),
    "deviation": Deviating,
    "first": lambda: Ended(newest=False),
    "last": Ended,
    "most": Most,
    "peak": lambda: Peak(length_us=LENGTH),
}
TEXTS = st.sampled_from([None, "a", "b", "c", "d"])
NUMBERS = st.one_of(
    st.none(),
    st.integers(-3, 3).map(float),
    st.sampled_from([0.1, 0.2, 0.3, 1e-300, -1e16, 1e16, 0.010_416_7, float("nan")]),
)
# Time to the event before; how far the window looks back; whether the tally is packed and unpacked before.
steps = st.lists(st.tuples(st.integers(0, 6), TEXTS, NUMBERS, st.booleans()), max_size=60)


def through_a_snapshot(tally: Windowed) -> Windowed:
    key = Key(parts=("a",), tallies=[tally], held=[], quiet=[], time=0, billing_day=1)
    blob = bytearray()
    encode(key, blob)
    kept = decoded(bytes(blob))
    (restored,) = kept.tallies
    assert isinstance(restored, Windowed)
    assert type(restored) is type(tally)
    return restored


@pytest.mark.parametrize("function", MAKERS)
@pytest.mark.parametrize("grain", [1, 5])
@settings(deadline=None, max_examples=120)
@given(steps, st.integers(0, 25))
def test_a_tally_is_what_the_list_of_its_events_says(
    function: str, grain: int, events: list[tuple[int, str | None, float | None, bool]], length: int
) -> None:
    tally = MAKERS[function]()
    entries: list[Entry] = []
    time = 100
    for gap, text, number, restarts in events:
        time += gap
        stamp = time - time % grain
        horizon = time - length - grain
        tally.leave(horizon)
        value = time if function == "peak" else text if function in ("distinct", "most") else number
        counts = tally.add(stamp, value)
        assert counts == (function == "count" or (value is not None and value == value))
        if counts:
            entries.append((stamp, time, value))
        if restarts:
            tally = through_a_snapshot(tally)
        tally.leave(horizon)
        wanted = taken(function, entries, horizon, LENGTH)
        assert same(tally.value(), wanted)
        inside = [entry for entry in entries if entry[0] > horizon]
        assert (tally.entries > 0) == bool(inside)
        assert not inside or tally.oldest > horizon


@settings(deadline=None, max_examples=200)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=30))
def test_what_was_added_and_taken_away_again_leaves_nothing(numbers: list[float]) -> None:
    total = ExactSum()
    for number in numbers:
        total.add(number)
    for number in numbers:
        one = ExactSum()
        one.add(number)
        total.take(one)
    assert total == ExactSum()
    assert total.total == 0.0


def test_a_sum_beyond_all_doubles_is_infinite_and_comes_back() -> None:
    total, large = ExactSum(), ExactSum()
    large.add(1.7e308)
    for _ in range(2):
        total.add(1.7e308)
    assert total.total == float("inf")
    total.take(large)
    assert total.total == 1.7e308

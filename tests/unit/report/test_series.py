"""Series over time and sliding windows, against the plainest way to count, and within their bounds."""

from collections import Counter
from itertools import pairwise
from operator import add

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.report import series
from ringfence.report.series import MOST_BINS, SLOTS, WIDTHS, Bins, Sliding, SlidingDistinct
from ringfence.vocabulary.times import DAY, MINUTE, SECOND, Micros

TIMES = st.lists(st.integers(0, 10_000 * DAY), min_size=1, max_size=200)


@given(TIMES)
def test_bins_hold_everything_in_few_bins(times: list[int]) -> None:
    bins = Bins(add)
    for time in times:
        bins.add(Micros(time), 1)
    assert bins.values == Counter(time // bins.width for time in times)
    assert max(bins.values) - min(bins.values) < MOST_BINS


def test_bins_of_maxima_keep_the_highest_when_they_widen() -> None:
    bins = Bins(max)
    for minute in range(600):
        bins.add(Micros(minute * MINUTE), minute)
    assert bins.width > MINUTE
    minutes = bins.width // MINUTE
    assert bins.values == {place: place * minutes + minutes - 1 for place in range(600 // minutes)}


def test_bins_can_be_read_wider() -> None:
    bins = Bins(add)
    for second in range(90):
        bins.add(Micros(second * SECOND), 1)
    assert bins.at_width(MINUTE) == {0: 60, 1: 30}


def test_each_width_divides_the_next() -> None:
    assert all(wide % narrow == 0 for narrow, wide in pairwise(WIDTHS))


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 9)), max_size=150), st.sampled_from([SECOND, MINUTE]))
def test_a_sliding_window_counts_as_counting_anew_does(steps: list[tuple[int, int]], window: Micros) -> None:
    """Equal to counting everything within the window's slots."""
    slot, time = window // SLOTS, 0
    count, distinct = Sliding(window), SlidingDistinct(window)
    seen: list[tuple[int, int]] = []
    for wait, value in steps:
        time += wait * slot // 3
        seen.append((time // slot, value))
        within = [each for place, each in seen if place > time // slot - SLOTS]
        assert count.add(Micros(time), 1) == len(within)
        assert distinct.add(Micros(time), str(value)) == len(set(within))


def test_distinct_values_are_bounded_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(series, "MOST_VALUES", 100)
    window = SlidingDistinct(MINUTE)
    for number in range(1_000):
        window.add(Micros(number), str(number))
    assert window.held == 100
    assert window.is_cut


def test_a_window_that_emptied_holds_nothing_old() -> None:
    window = SlidingDistinct(SECOND)
    for number in range(50):
        window.add(Micros(number), str(number))
    assert window.add(Micros(DAY), "new") == 1
    assert window.held == 1

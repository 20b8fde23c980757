"""Series over time in bins of one width, which can be read wider."""

from itertools import pairwise

from ringfence.report.series import WIDTHS, Bins
from ringfence.vocabulary.times import MINUTE, SECOND


def test_bins_can_be_read_wider() -> None:
    values = dict.fromkeys(range(90), 1)
    assert Bins(SECOND, values, adds=True).at_width(MINUTE) == {0: 60, 1: 30}


def test_of_maxima_the_highest_is_read() -> None:
    values = {second: second for second in range(90)}
    assert Bins(SECOND, values, adds=False).at_width(MINUTE) == {0: 59, 1: 89}


def test_each_width_divides_the_next() -> None:
    assert all(wide % narrow == 0 for narrow, wide in pairwise(WIDTHS))

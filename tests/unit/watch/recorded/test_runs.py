"""Rows come in the order of their times and sequences, whatever comes late and however little is held."""

from random import Random

import numpy as np
import pytest

from ringfence.watch.recorded.runs import Runs

_DTYPE = np.dtype(
    [
        *(("time", np.int64), ("sequence", np.int64), ("place", np.int64), ("size", np.int32), ("kind", np.uint8)),
        *(("told", np.bool_), ("number", np.float64), ("hashed", np.uint64), ("same", np.uint64)),
    ]
)


def rows(seed: int, count: int, late: int) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    """Return rows that come up to `late` after others, some of the same time, and some the same in sequence too."""
    random = Random(seed)
    made = np.zeros(count, _DTYPE)
    for nth in range(count):
        time = (1 << 50) + 7 * nth // 3 - random.randrange(late + 1)
        sequence = 3 * (nth % 1_000)
        hashed = random.choice([random.getrandbits(64), random.getrandbits(9)])
        made[nth] = (time, sequence, nth * 200_000, nth % 300, nth % 3, nth % 2, nth / 3, hashed, 1 << 63)
    return made


@pytest.mark.parametrize("late", [0, 3, 40, 5_000, 1 << 40])
@pytest.mark.parametrize("held", [2, 3, 50, 700, 10_000])
def test_rows_come_in_order_whole(late: int, held: int) -> None:
    given = rows(late + held, 3_000, late)
    runs = Runs(_DTYPE, run_octets=held * _DTYPE.itemsize, held_octets=100 * _DTYPE.itemsize)
    for first in range(0, len(given), 170):
        runs.add(given[first : first + 170])
    parts = list(runs.merged())
    expected = given[np.lexsort((given["sequence"], given["time"]))]
    assert sum(map(len, parts)) == len(given)
    for name in _DTYPE.names or ():
        column = np.concatenate([part[name] for part in parts])
        assert column.dtype == _DTYPE[name]
        np.testing.assert_array_equal(column, expected[name], err_msg=name)


def test_rows_that_come_a_little_late_stand_in_one_run() -> None:
    given = rows(1, 3_000, 40)
    runs = Runs(_DTYPE, run_octets=700 * _DTYPE.itemsize, held_octets=100 * _DTYPE.itemsize)
    runs.add(given)
    # Of several runs, those that stand side by side would be cut where the other's rows that are held end.
    assert max(map(len, runs.merged())) == 256


def test_no_rows_are_no_rows() -> None:
    assert list(Runs(_DTYPE).merged()) == []

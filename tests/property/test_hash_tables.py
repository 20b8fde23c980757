"""The kernels' hash tables are dictionaries, also where all keys want the same place."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.watch.kernels import cells as kernel
from ringfence.watch.kernels.layout import CELL, NOBODY

_PLACES = 16
# Keys that share their low bits, near the table's end: runs that wrap around.
_KEYS = st.builds(lambda low, high: low + (high << 8), st.sampled_from([13, 14, 15, 16]), st.integers(0, 3))
_DEEDS = st.lists(st.tuples(st.booleans(), _KEYS, st.integers(0, 9)), max_size=80)


@settings(deadline=None, max_examples=400)
@given(_DEEDS)
def test_a_table_holds_what_a_dictionary_holds(deeds: list[tuple[bool, int, int]]) -> None:
    cells = np.zeros((2, _PLACES), CELL)
    held: dict[int, int] = {}
    for puts, key, value in deeds:
        if puts and (key in held or len(held) < _PLACES - 1):
            assert kernel.put(cells, 1, np.uint64(key), value) == (key not in held)
            held[key] = value
        elif not puts and key in held:
            kernel.remove(cells, 1, kernel.find(cells, 1, np.uint64(key)))
            del held[key]
        for known in {key, *held}:
            place = kernel.find(cells, 1, np.uint64(known))
            assert (None if place == NOBODY else cells["value"][1, place]) == held.get(known)
    assert np.count_nonzero(cells["key"]) == len(held)

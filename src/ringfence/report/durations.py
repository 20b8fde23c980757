"""How long calls lasted, in a few classes, by plan."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.kernels import evidence as kernels
from ringfence.watch.kernels import evidence_layout as layout

CLASSES: Final = (
    ("not answered", 0),
    ("under 6 s", 6),
    ("6 to 15 s", 15),
    ("15 to 30 s", 30),
    ("30 s to 1 min", 60),
    ("1 to 3 min", 180),
    ("3 to 10 min", 600),
    ("10 to 30 min", 1_800),
    ("30 min and more", 0),
)
"""Name, and the seconds below which a call belongs here, where it has not belonged before."""
LONGEST_MS: Final = tuple(seconds * 1_000 for _, seconds in CLASSES)
MOST_PLANS: Final = 200


def empty() -> list[int]:
    """Return a count for each class."""
    return [0] * len(CLASSES)


class PlanDurations:
    """All calls of the recording, by plan (those where none is known together; those of plans beyond `MOST_PLANS` with them).

    A plan is told by its hash, 0 where there is none.
    """

    def __init__(self) -> None:
        table = 4 << MOST_PLANS.bit_length()
        counts = np.zeros((MOST_PLANS, len(CLASSES)), np.int64)
        self._plans = layout.Plans(np.zeros(table, np.uint64), np.zeros(table, np.int64), counts)
        self._longest = np.array(LONGEST_MS, np.int64)
        self._known = 0

    def take(self, rows: layout.Rows, answered: NDArray[np.bool_]) -> None:
        """Take in the ends of calls among rows."""
        self._known = kernels.count_durations(rows, answered, self._longest, self._plans, self._known)

    def others(self, plan: int, own: list[int]) -> list[int]:
        """Return the calls of `plan` (of the whole recording for 0) that are not in `own`."""
        plans = self._plans
        found = np.flatnonzero(plans.keys == np.uint64(plan)) if plan else np.zeros(0, np.int64)
        every = plans.counts[plans.places[found[0]]] if found.size else plans.counts.sum(axis=0)
        return [max(0, count - mine) for count, mine in zip(every.tolist(), own, strict=True)]

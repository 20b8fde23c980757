"""Calls that a file holds twice: exports overlap, and switches repeat what was not confirmed."""

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.kernels import tables
from ringfence.watch.wire.cdr.blocks import RecordBlock
from ringfence.watch.wire.cdr.record import CallRecord, RowProblem

REMEMBERED: Final = 200_000
"""Calls that are remembered at least; twice as many at most, some 30 MB."""
REPEATED: Final = "the same call again: counted once"

_PLACES: Final = 1 << 19
"""Of a table; more than twice `REMEMBERED`, so that runs of full places stay short."""


class Repeats:
    """The same as `once`, a block of records at a time."""

    def __init__(self, *, remembered: int = REMEMBERED) -> None:
        self._remembered = self._room = remembered
        places = max(_PLACES, 1 << (2 * remembered).bit_length())
        self.known = 0
        """Of the last block's records, how many came before."""
        self._newer, self._older = np.zeros(places, np.uint64), np.zeros(places, np.uint64)

    def fresh(self, block: RecordBlock) -> NDArray[np.bool_]:
        """Tell which of the block's records are of calls that did not come before."""
        fresh = np.empty(block.calls.size, np.bool_)
        taken, self.known = 0, 0
        while taken < fresh.size:
            taken, self._room, known = tables.note(self._newer, self._older, block.calls, block.facts, taken, self._room, fresh)
            self.known += known
            if self._room == 0:
                self._newer, self._older, self._room = self._older, self._newer, self._remembered
                self._newer[:] = 0
        return fresh


def once(rows: Iterable[CallRecord | RowProblem], *, remembered: int = REMEMBERED) -> Iterator[CallRecord | RowProblem]:
    """Yield the rows; a record of a call, with the same id and times as one of the last `remembered`, as a problem instead."""
    newer: set[int] = set()
    older: set[int] = set()
    for row in rows:
        if isinstance(row, CallRecord):
            key = hash((row.call_id, row.start, row.answer, row.end))
            if key in newer or key in older:
                yield RowProblem(row.line, None, REPEATED)
                continue
            newer.add(key)
            if len(newer) >= remembered:
                newer, older = set(), newer
        yield row

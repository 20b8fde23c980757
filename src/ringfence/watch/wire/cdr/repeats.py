"""Calls that a file holds twice: exports overlap, and switches repeat what was not confirmed."""

from collections.abc import Iterable, Iterator
from typing import Final

from ringfence.watch.wire.cdr.record import CallRecord, RowProblem

REMEMBERED: Final = 200_000
"""Calls that are remembered at least; twice as many at most, some 30 MB."""


def once(rows: Iterable[CallRecord | RowProblem], *, remembered: int = REMEMBERED) -> Iterator[CallRecord | RowProblem]:
    """Yield the rows; a record of a call, with the same id and times as one of the last `remembered`, as a problem instead."""
    newer: set[int] = set()
    older: set[int] = set()
    for row in rows:
        if isinstance(row, CallRecord):
            key = hash((row.call_id, row.start, row.answer, row.end))
            if key in newer or key in older:
                yield RowProblem(row.line, None, "the same call again: counted once")
                continue
            newer.add(key)
            if len(newer) >= remembered:
                newer, older = set(), newer
        yield row

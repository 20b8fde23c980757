"""Under which keys an order could stand: a filter in front of the table, which never misses one and seldom errs."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ringfence.gate.table.columns import KIND_CODES, OrderColumns
from ringfence.gate.table.state import MERGED_AT, Standing
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.watch.kernels import plain_answers as answers

_BITS_A_KEY: Final = 16
"""With three bits set for each key, five of a thousand other keys seem to be there."""
_WORD: Final = 64
_INSIDE: Final = frozenset({SubjectKind.ACCOUNT, SubjectKind.PARTY})
_KINDS: Final = np.array([KIND_CODES[kind] for kind in (SubjectKind.NUMBER, SubjectKind.RANGE, SubjectKind.PAIR)], np.int64)
KEY: Final = np.frombuffer(os.urandom(16), np.uint64)
"""This process's own: nobody can choose numbers that seem to be ordered."""


@dataclass(frozen=True, slots=True)
class Possible:
    """What could be ordered while `standing` is in force. `marks` hold the keys of all its orders and the emergency numbers."""

    standing: Standing
    emergency: frozenset[str]
    marks: answers.Marks
    inbound: bool
    """Whether an order names an account or a party: one of theirs could then be called."""
    registrations: bool
    marked: int
    """How many keys were marked since what is merged: also of orders that are gone again."""

    @classmethod
    def of(cls, standing: Standing, emergency: frozenset[str], before: "Possible | None" = None) -> "Possible":
        """Return the filter for what stands. What it shares with the one `before` is not made again."""
        columns = standing.columns
        room = 2 * max(MERGED_AT, len(columns) // 4)
        same = before if before is not None and before.standing.columns is columns else None
        merged = same.marks.merged if same is not None else _of_columns(columns)
        if same is None or same.emergency != emergency or same.marked > room:
            recent, marked, keys = (
                _empty(room),
                0,
                [*_named(standing.by_key), *((number, answers.EMERGENCY_KIND) for number in emergency)],
            )
        else:
            recent, marked = same.marks.recent.copy(), same.marked
            keys = [*_named(standing.by_key.keys() - same.standing.by_key.keys())]
        _mark(recent, keys)
        kinds = {order.scope.kind for order in standing.recent.values()} | columns.kinds()
        return cls(
            standing,
            emergency,
            answers.Marks(merged, recent, _KINDS, np.array(standing.lengths, np.int64), KEY),
            inbound=not _INSIDE.isdisjoint(kinds),
            registrations=SubjectKind.REGISTRATION in kinds,
            marked=marked + len(keys),
        )


def _named(keys: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Yield the value and the kind's number of each key."""
    for key in keys:
        kind, _, value = key.partition(":")
        yield value, KIND_CODES[SubjectKind(kind)]


def _empty(keys: int) -> NDArray[np.uint64]:
    """Return a filter that holds nothing, large enough for so many keys."""
    return np.zeros((1 << max(6, (keys * _BITS_A_KEY - 1).bit_length())) // _WORD, np.uint64)


def _of_columns(columns: OrderColumns) -> NDArray[np.uint64]:
    bits = _empty(len(columns))
    octets, places, lengths, kinds = columns.values()
    answers.mark_keys(octets, places, lengths, kinds, KEY, bits)
    return bits


def _mark(bits: NDArray[np.uint64], named: Sequence[tuple[str, int]]) -> None:
    """Mark keys, each a value and the number of its kind."""
    texts, kinds = [value.encode() for value, _ in named], [kind for _, kind in named]
    lengths = np.array([len(text) for text in texts], np.int64)
    answers.mark_keys(
        np.frombuffer(b"".join(texts), np.uint8), np.cumsum(lengths) - lengths, lengths, np.array(kinds, np.int64), KEY, bits
    )

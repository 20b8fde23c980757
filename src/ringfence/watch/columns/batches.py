"""Events as columns: only the fields that the plan reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ringfence.policy.expressions import Type
from ringfence.policy.fields import FIELDS
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import Micros
from ringfence.watch.columns.hashes import TextHashes

KIND_CODES: Final = {kind: code for code, kind in enumerate(EventKind)}
"""How `Columns.kind` writes a kind."""

_TIME: Final = attrgetter("time")
_KIND: Final = attrgetter("kind")


@dataclass(frozen=True, slots=True)
class Columns:
    """A batch of n events. `time` never falls: it is when each event counts.

    `fields` maps a field's name to its column: text as hashes (uint64, 0 unset), numbers in the language's unit (float64), bool.
    """

    time: NDArray[np.int64]
    kind: NDArray[np.uint8]
    fields: dict[str, NDArray[Any]]


def columns_of(events: Sequence[Event], names: Sequence[str], hashes: TextHashes, *, clock: Micros, now: Micros) -> Columns:
    """Return `events`, in their order, with the fields `names` (see `policy.fields`).

    An event counts at its time, but never before `clock` (the latest time that counted) nor after `now`: one agent's clock
    that runs ahead must not push everybody's windows into the future.
    """
    size = len(events)
    time = np.fromiter(map(_TIME, events), np.int64, size)
    np.minimum(time, now, out=time)
    np.maximum(time, clock, out=time)
    np.maximum.accumulate(time, out=time)
    kind = np.fromiter(map(KIND_CODES.__getitem__, map(_KIND, events)), np.uint8, size)
    columns = Columns(time, kind, {name: _column(events, name, hashes) for name in names})
    hashes.bound()
    return columns


def _column(events: Sequence[Event], name: str, hashes: TextHashes) -> NDArray[Any]:
    field = FIELDS[name]
    values = map(attrgetter(field.attribute), events)
    if field.type is Type.TEXT:
        return np.fromiter(map(hashes.__getitem__, values), np.uint64, len(events))
    if field.type is Type.BOOL:
        return np.fromiter(values, np.bool_, len(events))
    numbers = np.fromiter(values, np.float64, len(events))
    return numbers if field.scale == 1 else numbers * field.scale

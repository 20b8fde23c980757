"""Events that are objects already, as columns: each made once, when it is first asked for."""

from collections.abc import Collection, Sequence
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ringfence.vocabulary.contracts import Event
from ringfence.watch.columns.batches import KIND_CODES, ColumnBatch, column_of
from ringfence.watch.columns.hashes import TextHashes
from ringfence.watch.columns.numbers import NumberCodes


class ListedEvents(ColumnBatch):
    """A list of events."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._events = events
        self._columns: dict[str, NDArray[Any]] = {}
        self.times = np.fromiter(map(attrgetter("time"), events), np.int64, len(events))
        self.kinds = np.fromiter(map(KIND_CODES.__getitem__, map(attrgetter("kind"), events)), np.uint8, len(events))

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._events)

    def __getitem__(self, place: Any) -> Any:  # noqa: ANN401 - an event, or a batch for a slice
        """Return an event, or a part of the batch."""
        return ListedEvents(self._events[place]) if isinstance(place, slice) else self._events[place]

    @property
    def call_ids(self) -> Sequence[str]:
        """The events' call ids."""
        return [event.call_id for event in self._events]

    def column(self, name: str, hashes: TextHashes) -> NDArray[Any]:
        """Return the field `name` of every event. All callers must have the same `hashes`."""
        column = self._columns.get(name)
        if column is None:
            column = self._columns[name] = column_of(self._events, name, hashes)
        return column

    def places_of_calls(self, call_ids: Collection[str], hashes: TextHashes) -> list[tuple[str, int]]:  # noqa: ARG002 - compared
        """Return where events of some calls stand, each with its call id."""
        if not call_ids:
            return []
        return [(event.call_id, place) for place, event in enumerate(self._events) if event.call_id in call_ids]

    def codes(self, name: str, numbers: NumberCodes) -> NDArray[np.uint64]:
        """Return the codes of the field `name`."""
        return numbers.of(map(attrgetter(name), self._events))

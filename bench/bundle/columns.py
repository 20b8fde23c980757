"""Events that stand in columns already, as those of call records do: what an engine reads of them, and the events for who asks."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ringfence.vocabulary.contracts import Event
from ringfence.watch.columns import ColumnBatch, ListedEvents, NumberCodes, TextHashes
from ringfence.watch.engine import Reads


class InColumns(ColumnBatch):
    """Events with the columns of `reads`, made beforehand."""

    def __init__(self, events: Sequence[Event], reads: Reads) -> None:
        listed, codes = ListedEvents(events), NumberCodes()
        self.times, self.kinds = listed.times, listed.kinds
        self._events = events
        self._columns = {name: listed.column(name, reads.hashes) for name in sorted(reads.fields)}
        self._words = {name: listed.codes(name, codes) for name in sorted(reads.numbers)}

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._events)

    def __getitem__(self, place: Any) -> Any:  # noqa: ANN401 - an event, or a batch for a slice
        """Return an event, or a part of the batch."""
        if not isinstance(place, slice):
            return self._events[place]
        part = InColumns.__new__(InColumns)
        part.times, part.kinds, part._events = self.times[place], self.kinds[place], self._events[place]
        part._columns = {name: column[place] for name, column in self._columns.items()}
        part._words = {name: column[place] for name, column in self._words.items()}
        return part

    @property
    def call_ids(self) -> Sequence[str]:
        """The events' call ids."""
        return [event.call_id for event in self._events]

    def column(self, name: str, hashes: TextHashes) -> NDArray[Any]:  # noqa: ARG002 - they were made with the engine's own
        """Return a field of every event."""
        return self._columns[name]

    def words(self, name: str) -> NDArray[np.uint64] | None:
        """Return a field's numbers as words."""
        return self._words.get(name)

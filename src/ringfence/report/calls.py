"""The last calls and requests, so that those a finding names can be shown step by step."""

from collections import deque
from typing import Final

from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.watch.columns import ColumnBatch, TextHashes

MOST_RECENT: Final = 20_000
"""Events looked through for a call that a finding names. A finding names calls of its window: older ones can't be shown."""
MOST_KEPT: Final = 600
"""Calls kept because a finding names them."""
MOST_STEPS: Final = 8
"""Events of one call."""


class Calls:
    """Batches of the last events, and the events of calls that were asked for, by Call-ID."""

    def __init__(self, hashes: TextHashes) -> None:
        self._hashes = hashes
        self._recent: deque[ColumnBatch] = deque()
        self._held = 0
        self._kept: dict[str, list[Event]] = {}

    def take(self, batch: ColumnBatch) -> None:
        """Take in a batch. A registration is its request a second time."""
        if not batch.tells_wholes:
            for call_id, place in batch.places_of_calls(self._kept, self._hashes):
                self._add(call_id, batch, place)
        batch = batch[-MOST_RECENT:]
        self._recent.append(batch)
        self._held += len(batch)
        while self._held - len(self._recent[0]) >= MOST_RECENT:
            self._held -= len(self._recent.popleft())

    def keep(self, call_id: str) -> None:
        """Keep a call for as long as the recording lasts, with what is still to come of it."""
        if call_id in self._kept or len(self._kept) >= MOST_KEPT:
            return
        for batch in self._recent:
            for _, place in batch.places_of_calls([call_id], self._hashes):
                self._add(call_id, batch, place)

    def of(self, call_id: str) -> list[Event]:
        """Return the events of a call that was kept; none where it was not known any more."""
        return self._kept.get(call_id, [])

    def _add(self, call_id: str, batch: ColumnBatch, place: int) -> None:
        steps = self._kept.setdefault(call_id, [])
        for event in batch.told_with(place):
            if event.kind is not EventKind.REGISTRATION and len(steps) < MOST_STEPS and event not in steps:
                steps.append(event)

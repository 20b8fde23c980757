"""The last calls and requests, so that those a finding names can be shown step by step."""

from collections import OrderedDict
from typing import Final

from ringfence.vocabulary.contracts import Event, EventKind

MOST_RECENT: Final = 12_000
"""Calls remembered in case a finding names them, some 15 MB. A finding names calls of its window: older ones can't be shown."""
MOST_KEPT: Final = 600
"""Calls kept because a finding names them."""
MOST_STEPS: Final = 8
"""Events of one call."""


class Calls:
    """Events by Call-ID, of the last calls and of those that were asked for."""

    def __init__(self) -> None:
        self._recent: OrderedDict[str, list[Event]] = OrderedDict()
        self._kept: dict[str, list[Event]] = {}

    def take(self, event: Event) -> None:
        """Take in an event. A registration is its request a second time."""
        if event.kind is EventKind.REGISTRATION:
            return
        steps = self._kept.get(event.call_id) or self._recent.get(event.call_id)
        if steps is None:
            self._recent[event.call_id] = [event]
            if len(self._recent) > MOST_RECENT:
                self._recent.popitem(last=False)
        elif len(steps) < MOST_STEPS:
            steps.append(event)

    def keep(self, call_id: str) -> None:
        """Keep a call for as long as the recording lasts, with what is still to come of it."""
        if call_id not in self._kept and len(self._kept) < MOST_KEPT and call_id in self._recent:
            self._kept[call_id] = self._recent.pop(call_id)

    def of(self, call_id: str) -> list[Event]:
        """Return the events of a call that was kept; none where it was not known any more."""
        return self._kept.get(call_id, [])

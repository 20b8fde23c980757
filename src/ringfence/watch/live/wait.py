"""How long messages are waited for that others have overtaken: as long as some came late of late."""

from typing import Final

from ringfence.vocabulary.times import MILLISECOND, SECOND, Micros

LEAST_US: Final = 30 * MILLISECOND
"""What is waited at least: a sender, or this process, may be held up for that long at any time."""
_SPARE: Final = 2
"""What came late of late may come later still by that factor."""
_SPAN_US: Final = 5 * SECOND
"""What was late counts for that long, and for up to twice as long."""


class Wait:
    """From how late messages arrive after their own time: how long one that comes now is waited for, at most `most_us`.

    At first nobody knows, so that it is `most_us`; and so it is while anything comes so late, such as from an agent whose clock is
    slow: nothing is ordered worse than if it always were that.
    """

    def __init__(self, most_us: int) -> None:
        self._most_us = most_us
        self._before = self._latest = most_us
        self._until: Micros | None = None
        self.us = most_us
        """Microseconds."""

    def note(self, arrival: Micros, late_us: int) -> None:
        """Take note of what came at a moment: how late after its own time, or the latest of several."""
        if self._until is None or not self._until - _SPAN_US <= arrival < self._until:
            is_next = self._until is not None and self._until <= arrival < self._until + _SPAN_US
            self._before, self._latest = (self._latest if is_next or self._until is None else self._most_us), 0
            self._until = Micros(arrival + _SPAN_US)
        self._latest = max(self._latest, late_us)
        self.us = min(self._most_us, max(LEAST_US, _SPARE * max(self._before, self._latest)))

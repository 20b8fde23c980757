"""The moments at which a rule is looked at without an event: ends of periods, and rounds every so often."""

from typing import Final

from ringfence.policy.plan import Evaluation, Rule
from ringfence.watch.tallies.spans import LATEST, Span

_DAYS: Final = range(1, 32)
"""On which a billing cycle may begin."""


class Boundaries:
    """What lies ahead: moments of `span` (at its periods' ends) or multiples of `every_us`. Nothing before `begin`."""

    def __init__(self, *, span: Span | None = None, every_us: int | None = None) -> None:
        self._span = span
        self._every_us = every_us
        self.next: int | None = None
        """The next moment."""

    def begin(self, time: int) -> None:
        """Let the next moment be the first after `time`."""
        self.next = self._after(time)

    def due(self, time: int) -> bool:
        """Tell whether a moment is reached at `time`."""
        return self.next is not None and self.next <= time

    def last(self, time: int) -> None:
        """Let the next moment be the last one up to `time`, where there are several."""
        if self._span is not None and self.next is not None:
            self.next = max(self.next, self._span.period(time).start)

    def _after(self, time: int) -> int | None:
        if time >= LATEST - 1:
            return None
        if self._every_us is not None:
            return time - time % self._every_us + self._every_us
        if self._span is None:
            return None
        return min(self._span.period(time, day).end for day in (_DAYS if self._span.is_billed else (1,)))


def boundaries_of(rule: Rule, span: Span | None) -> Boundaries | None:
    """Return when the rule is looked at without an event; `span` is its calendar window. `None`: never."""
    match rule.evaluation:
        case Evaluation.CLOSE:
            return Boundaries(span=span)
        case Evaluation.EVERY:
            return Boundaries(every_us=rule.every_us)
        case _:
            return None

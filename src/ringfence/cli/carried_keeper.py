"""Keeps live watch at what is ordered, so that it sees what is carried all the same."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from ringfence.feeds import FeedError
from ringfence.gate.carried import CarriedCalls
from ringfence.vocabulary.contracts import Event, Observation
from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.live import Log

_AGAIN_US: Final = 10 * SECOND
"""After which a feed that cannot be read is tried again."""


class CarriedKeeper:
    """Reads the orders under `feeds`; `follow` is to be called a few times a second, by the thread that calls `look`."""

    def __init__(self, feeds: Path, log: Log) -> None:
        self._orders = CarriedCalls(feeds)
        self._log = log
        self._tried = Micros(0)
        self._problem: str | None = None

    def follow(self, now: Micros) -> None:
        """Take in what was ordered since. A feed that cannot be read leaves the orders that are known."""
        if self._problem is not None and 0 <= now - self._tried < _AGAIN_US:
            return
        self._tried = now
        try:
            self._orders.follow()
            self._problem = None
        except (FeedError, OSError) as error:
            if self._problem != str(error):
                self._log.error("orders.unreadable", cause=str(error), hint="what is carried against newer orders is not seen")
            self._problem = str(error)

    def look(self, events: Sequence[Event], directory: Directory) -> Iterable[Observation]:
        """Return what was carried though an order refuses it."""
        return self._orders.look(events, directory)

"""Calls for help, counted: a flood of them passes every order, so a person must know of it at once."""

from collections import Counter, deque
from typing import Final

from msgspec import Struct

from ringfence.vocabulary.times import MINUTE, Micros

MOST_A_MINUTE: Final = 20
"""More calls for help within a minute are a flood. Ours: a provider of 100,000 lines has about one a minute."""
_KEPT: Final = 10_000
_NAMED: Final = 5


class Flood(Struct, frozen=True, kw_only=True):
    """More calls for help than there should be: since when, how many within the minute that began it, and most by whom."""

    since: Micros
    calls: int
    accounts: tuple[str, ...]


class HelpCalls:
    """Remembers the calls for help of the last minute, and the last flood of them. A flood is over after a minute without one."""

    def __init__(self) -> None:
        self.flood: Flood | None = None
        self._calls: deque[tuple[Micros, str]] = deque(maxlen=_KEPT)
        self._above = Micros(0)

    def note(self, account: str, now: Micros) -> None:
        """Take note of a call for help by an account."""
        self._calls.append((now, account))
        while self._calls[0][0] <= now - MINUTE:
            self._calls.popleft()
        if len(self._calls) <= MOST_A_MINUTE:
            return
        if self.flood is None or now - self._above > MINUTE:
            most = Counter(each for _, each in self._calls).most_common(_NAMED)
            self.flood = Flood(since=now, calls=len(self._calls), accounts=tuple(each for each, _ in most))
        self._above = now

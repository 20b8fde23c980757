"""Calls by price class: how many, how long, and what their minutes cost."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ringfence.report.rates import UNIT, Rate, RateDeck
from ringfence.vocabulary.times import MINUTE
from ringfence.watch.kernels.evidence_layout import ATTEMPT, END, Rows

MOST_CLASSES: Final = 400
"""Classes and currencies told apart; later ones count as one."""
OTHER: Final = Rate("further classes")
_MS_A_MINUTE: Final = MINUTE // 1_000


class ClassKey(NamedTuple):
    """A price class by name and currency."""

    name: str
    currency: str


@dataclass(slots=True)
class Spent:
    """What went into one class. `cost` is in millionths of the currency times milliseconds a minute; prices per minute."""

    attempts: int = 0
    answered: int = 0
    duration_ms: int = 0
    cost: int = 0
    lowest: int | None = None
    highest: int | None = None

    @property
    def minutes(self) -> float:
        """How long the calls were together."""
        return self.duration_ms / _MS_A_MINUTE

    @property
    def amount(self) -> float | None:
        """What the minutes cost, in the currency; `None` where no price is known."""
        return None if self.lowest is None else self.cost / _MS_A_MINUTE / UNIT


class Spending:
    """Calls by the class of the number called. Prices count by the length of the call, without minimum or rounding."""

    def __init__(self) -> None:
        self.classes: dict[ClassKey, Spent] = {}

    def add(self, rate: Rate, *, attempts: int, answered: int, duration_ms: int) -> None:
        """Add calls at one rate."""
        key = ClassKey(rate.name, rate.currency)
        if key not in self.classes and len(self.classes) >= MOST_CLASSES:
            rate, key = OTHER, ClassKey(OTHER.name, "")
        spent = self.classes.setdefault(key, Spent())
        spent.attempts += attempts
        spent.answered += answered
        spent.duration_ms += duration_ms
        if rate.price is not None:
            spent.cost += duration_ms * rate.price
            spent.lowest = rate.price if spent.lowest is None else min(spent.lowest, rate.price)
            spent.highest = rate.price if spent.highest is None else max(spent.highest, rate.price)


class AllSpent:
    """Adds up all calls of a recording by their rates."""

    def __init__(self, deck: RateDeck) -> None:
        self._deck = deck
        self._counts: NDArray[np.int64] = np.zeros((3, len(deck.rates)), np.int64)

    def take(self, rows: Rows, answered: NDArray[np.bool_]) -> None:
        """Take in rows with their rates."""
        began = (rows.parts & ATTEMPT) != 0
        ended = ((rows.parts & END) != 0) & answered
        for count, rates, added in (
            (self._counts[0], rows.rates[began], 1),
            (self._counts[1], rows.rates[ended], 1),
            (self._counts[2], rows.rates[ended], rows.duration_ms[ended]),
        ):
            np.add.at(count, rates, added)

    def spending(self) -> Spending:
        """Return what it came to."""
        return spent_at(self._deck, enumerate(self._counts.T.tolist()))


def spent_at(deck: RateDeck, counts: Iterable[tuple[int, Sequence[int]]]) -> Spending:
    """Return attempts, answered calls and milliseconds by the places of their rates in the deck, added up by class."""
    spending = Spending()
    for place, (attempts, answered, duration_ms, *_) in counts:
        if attempts or answered:
            spending.add(deck.rates[place], attempts=attempts, answered=answered, duration_ms=duration_ms)
    return spending

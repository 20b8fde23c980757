"""Calls by price class: how many, how long, and what their minutes cost."""

from dataclasses import dataclass
from typing import Final, NamedTuple

from ringfence.report.rates import UNIT, Rate, RateDeck
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import MINUTE

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
    """Adds up calls by the class of the number called. Prices count by the length of the call, without minimum or rounding."""

    def __init__(self, deck: RateDeck) -> None:
        self._deck = deck
        self.classes: dict[ClassKey, Spent] = {}

    def take(self, event: Event) -> None:
        """Take in an event; attempts and ends count."""
        if event.kind is EventKind.ATTEMPT:
            spent, _ = self._of(event)
            spent.attempts += 1
        elif event.kind is EventKind.END and event.answered:
            spent, price = self._of(event)
            spent.answered += 1
            spent.duration_ms += event.duration_ms
            spent.cost += event.duration_ms * (price or 0)

    def _of(self, event: Event) -> tuple[Spent, int | None]:
        rate = self._deck.of(event.callee)
        key = ClassKey(rate.name, rate.currency)
        spent = self.classes.get(key)
        if spent is None:
            if len(self.classes) >= MOST_CLASSES:
                rate, key = OTHER, ClassKey(OTHER.name, "")
            spent = self.classes.setdefault(key, Spent())
        if rate.price is not None:
            spent.lowest = rate.price if spent.lowest is None else min(spent.lowest, rate.price)
            spent.highest = rate.price if spent.highest is None else max(spent.highest, rate.price)
        return spent, rate.price

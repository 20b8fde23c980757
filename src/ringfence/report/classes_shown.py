"""Destinations by price class, ready to be shown: the picture and its table."""

from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from ringfence.report.charts.bars import Share, bars
from ringfence.report.rates import UNIT
from ringfence.report.spending import ClassKey, Spending, Spent
from ringfence.words.writing import number, plain

_MOST_DRAWN: Final = 12
_LONGEST_LABEL: Final = 34
MOST_ROWS: Final = 60
"""Classes in the table."""


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One class in words. `price` is a minute's, `amount` what all minutes cost; a dash where the deck tells no price."""

    name: str
    attempts: int
    answered: int
    minutes: str
    price: str
    amount: str


@dataclass(frozen=True, slots=True)
class ClassChart:
    """The picture of shares by class, its table, how many classes are not in it, and what it cost together, by currency."""

    drawing: Markup
    rows: tuple[ClassRow, ...]
    beyond: int
    totals: tuple[str, ...]


def class_chart(spending: Spending | None) -> ClassChart | None:
    """Return what is shown of calls by class, the class with most attempts first; `None` where no call was counted."""
    if spending is None or not spending.classes:
        return None
    classes = sorted(spending.classes.items(), key=lambda each: (-each[1].attempts, -(each[1].amount or 0), each[0]))
    shares = [Share(_short(key.name), spent.attempts) for key, spent in classes[:_MOST_DRAWN]]
    rest = sum(spent.attempts for _, spent in classes[_MOST_DRAWN:])
    if rest:
        shares.append(Share(f"{len(classes) - _MOST_DRAWN} others", rest))
    drawing = bars(shares, title="Destinations by price class", description="Shares of attempts.")
    return ClassChart(
        drawing, tuple(_row(*each) for each in classes[:MOST_ROWS]), max(0, len(classes) - MOST_ROWS), _totals(classes)
    )


def _row(key: ClassKey, spent: Spent) -> ClassRow:
    price = amount = "–"
    if spent.lowest is not None and spent.highest is not None and spent.amount is not None:
        price = _price(spent.lowest)
        if spent.highest != spent.lowest:
            price = f"{price} to {_price(spent.highest)}"
        price, amount = f"{price} {key.currency}", money(spent.amount, key.currency)
    return ClassRow(plain(key.name), spent.attempts, spent.answered, number(round(spent.minutes, 1)), price, amount)


def _totals(classes: list[tuple[ClassKey, Spent]]) -> tuple[str, ...]:
    sums: dict[str, float] = {}
    for key, spent in classes:
        if spent.amount is not None:
            sums[key.currency] = sums.get(key.currency, 0) + spent.amount
    return tuple(money(amount, currency) for currency, amount in sorted(sums.items()))


def money(amount: float, currency: str) -> str:
    """Return an amount of money as people write it.

    >>> money(1234.5, "EUR"), money(0.001, "EUR"), money(0, "EUR")
    ('1,234.50 EUR', '<0.01 EUR', '0.00 EUR')
    """
    return f"{'<0.01' if 0 < amount < 0.005 else format(amount, ',.2f')} {currency}"


def _price(price: int) -> str:
    text = f"{price / UNIT:.6f}".rstrip("0")
    whole, _, part = text.partition(".")
    return f"{whole}.{part.ljust(2, '0')}"


def _short(name: str) -> str:
    return plain(name, _LONGEST_LABEL)

"""A rate deck: which beginning of a number is of which price class, and what a minute costs there."""

import csv
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Final, NamedTuple

from ringfence.watch.attribution import CsvFile, RowProblem

COLUMNS: Final = "prefix,class[,price_per_minute,currency]"
UNIT: Final = 1_000_000
"""Prices are whole millionths of the currency, so that sums are exact."""
LONGEST_PREFIX: Final = 15
"""Digits of a number with its country code (ITU-T E.164 section 6.2)."""
_CACHED: Final = 65_536
_LONGEST_CLASS: Final = 60


class Rate(NamedTuple):
    """A price class. `price` is in millionths of `currency` a minute, `None` where the deck tells none."""

    name: str
    price: int | None = None
    currency: str = ""


UNLISTED: Final = Rate("in no class of the rate deck")
NOT_INTERNATIONAL: Final = Rate("no international number")


class RateDeck:
    """Tells a number's rate by the longest prefix that the deck has of it."""

    def __init__(self, rates: Mapping[str, Rate]) -> None:
        """`rates` by prefix: digits from the country code on, without +."""
        self._rates = dict(rates)
        self._lengths = sorted({len(prefix) for prefix in rates}, reverse=True)
        self.of: Final = lru_cache(maxsize=_CACHED)(self._of)
        """From a called number to its rate."""

    def __len__(self) -> int:
        """Return how many prefixes it has."""
        return len(self._rates)

    @property
    def has_prices(self) -> bool:
        """Tell whether it names any price."""
        return any(rate.price is not None for rate in self._rates.values())

    def _of(self, number: str | None) -> Rate:
        if number is None or not (number.startswith("+") and number[1:].isdecimal()):
            return NOT_INTERNATIONAL
        digits = number[1:]
        for length in self._lengths:
            rate = self._rates.get(digits[:length]) if len(digits) >= length else None
            if rate is not None:
                return rate
        return UNLISTED


class _BadValue(Exception):
    def __init__(self, column: str | None, cause: str, hint: str) -> None:
        super().__init__(cause)
        self.problem = (column, cause, hint)


def read_rates(file: CsvFile) -> tuple[RateDeck, list[RowProblem]]:
    """Return the deck, and the rows that were left out of it. A problem of line 1 without a column: the file can't be used.

    Columns are separated by comma, semicolon or tab; a price may have a decimal comma where columns have none.
    """
    lines = [(number, line) for number, line in enumerate(_text(file.data).splitlines(), start=1) if line.strip()]
    first = lines[0][1] if lines else ""
    delimiter = max(",;\t", key=first.count)
    header = [name.strip().strip('"').lower() for name in first.split(delimiter)]
    missing = [name for name in ("prefix", "class") if name not in header]
    if missing:
        hint = f"the first line must be: {COLUMNS}"
        return RateDeck({}), [RowProblem(file.name, 1, None, f"the header lacks {', '.join(missing)}", hint)]
    rates: dict[str, Rate] = {}
    problems: list[RowProblem] = []
    for number, line in lines[1:]:
        try:
            prefix, rate = _rate(_cells(line, delimiter, header), delimiter)
            if rates.setdefault(prefix, rate) is not rate:
                raise _BadValue("prefix", f"{prefix} stands twice", "the first row counts; take one out")
        except _BadValue as bad:
            column, cause, hint = bad.problem
            problems.append(RowProblem(file.name, number, column, cause, hint))
    if not rates:
        cause = "it has no row that can be used" if problems else "it has no rows"
        problems.insert(0, RowProblem(file.name, 1, None, cause, f"write rows as {COLUMNS}: 43,Austria fixed,0.01,EUR"))
    return RateDeck(rates), problems


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _cells(line: str, delimiter: str, header: list[str]) -> dict[str, str]:
    try:
        cells = next(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error:
        raise _BadValue(None, "a quotation mark that is never closed, or stands within a value", "quote the whole value") from None
    if len(cells) != len(header):
        raise _BadValue(None, f"{len(cells)} values under {len(header)} columns", f"quote values that hold a {delimiter!r}")
    return {name: cell.strip() for name, cell in zip(header, cells, strict=True)}


def _rate(row: Mapping[str, str], delimiter: str) -> tuple[str, Rate]:
    written = row["prefix"]
    prefix = written.removeprefix("+") if written.startswith("+") else written.removeprefix("00")
    if not (prefix.isascii() and prefix.isdecimal() and len(prefix) <= LONGEST_PREFIX):
        raise _BadValue("prefix", f"{written[:40]!r} is no beginning of a number", "write digits from the country code on: 43676")
    if not row["class"]:
        raise _BadValue("class", "empty", "every row needs it")
    text, currency = row.get("price_per_minute", ""), row.get("currency", "").upper()
    price = _price(text if delimiter == "," else text.replace(",", ".")) if text else None
    if price is not None and not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
        raise _BadValue("currency", f"{currency[:40]!r} is no currency", "write its three letters, as EUR")
    return prefix, Rate(row["class"][:_LONGEST_CLASS], price, currency if price is not None else "")


def _price(text: str) -> int:
    try:
        price = Decimal(text)
    except InvalidOperation:
        price = Decimal("NaN")
    if not price.is_finite() or not 0 <= price < UNIT:
        raise _BadValue("price_per_minute", f"{text[:40]!r} is no price", "write 0.05, without the currency")
    return round(price * UNIT)

"""A rate deck: which beginning of a number is of which price class, and what a minute costs there."""

import csv
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.attribution import CsvFile, RowProblem
from ringfence.watch.columns import number_code

COLUMNS: Final = "prefix,class[,price_per_minute,currency]"
UNIT: Final = 1_000_000
"""Prices are whole millionths of the currency, so that sums are exact."""
LONGEST_PREFIX: Final = 15
"""Digits of a number with its country code (ITU-T E.164 section 6.2)."""
_FIRST: Final = np.uint64(60)
_PLUS: Final = np.uint64(number_code("+") or 0) >> _FIRST
_NOT_INTERNATIONAL, _UNLISTED = 0, 1
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
        self.rates: Final = (NOT_INTERNATIONAL, UNLISTED, *dict.fromkeys(rates.values()))
        """Every rate once."""
        self._size = len(rates)
        places = {rate: place for place, rate in enumerate(self.rates)}
        by_length: dict[int, list[tuple[int, int]]] = {}
        for prefix, rate in rates.items():
            by_length.setdefault(len(prefix), []).append(((number_code(f"+{prefix}") or 0) >> _shift(len(prefix)), places[rate]))
        self._lengths: list[tuple[int, NDArray[np.uint64], NDArray[np.int64]]] = [
            (_shift(length), np.array([one for one, _ in known], np.uint64), np.array([place for _, place in known], np.int64))
            for length, known in ((length, sorted(known)) for length, known in sorted(by_length.items()))
        ]

    def __len__(self) -> int:
        """Return how many prefixes it has."""
        return self._size

    @property
    def has_prices(self) -> bool:
        """Tell whether it names any price."""
        return any(rate.price is not None for rate in self.rates)

    def of(self, codes: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Return where in `rates` those of called numbers stand, each given by its code (`watch.columns.NumberCodes`)."""
        found = np.where((codes >> _FIRST) == _PLUS, _UNLISTED, _NOT_INTERNATIONAL)
        for shift, prefixes, places in self._lengths:  # the longest last, so that it decides
            beginnings = codes >> np.uint64(shift)
            at = np.minimum(np.searchsorted(prefixes, beginnings), prefixes.size - 1)
            found = np.where(prefixes[at] == beginnings, places[at], found)
        return found


def _shift(length: int) -> int:
    """Return how far a code must be shifted so that + and `length` digits are left of it."""
    return 4 * (LONGEST_PREFIX - length)


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

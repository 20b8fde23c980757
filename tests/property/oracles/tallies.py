"""What a measure comes to, the slow and obvious way: over the list of all that is in its window. Imports nothing of the library."""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from math import isnan, nan, sqrt

Entry = tuple[int, int, float | str | None]
"""An event's stamp, time and value, in the order in which they came."""


def taken(function: str, entries: Sequence[Entry], horizon: int, length: int = 0) -> float:
    """Return `function` over the entries whose stamp is above `horizon`. `length` belongs to a peak."""
    inside = [entry for entry in entries if entry[0] > horizon]
    values = [value for _, _, value in inside if value is not None and value == value]
    numbers = [float(value) for value in values if isinstance(value, int | float)]
    match function:
        case "count":
            return len(inside)
        case "distinct":
            return len(set(values))
        case "most":
            return max(Counter(values).values(), default=0)
        case "peak":
            return max((_held(entries, place, length) for place, entry in enumerate(entries) if entry[0] > horizon), default=nan)
        case _:
            return _of_numbers(function, numbers)


def _of_numbers(function: str, numbers: list[float]) -> float:
    exact = [Fraction(number) for number in numbers]
    match function:
        case "sum":
            return float(sum(exact, Fraction(0)))
        case "mean":
            return float(sum(exact)) / len(exact) if exact else nan
        case "maximum":
            return max(numbers, default=nan)
        case "minimum":
            return min(numbers, default=nan)
        case "first":
            return numbers[0] if numbers else nan
        case "last":
            return numbers[-1] if numbers else nan
        case "deviation" if len(exact) < 2:
            return nan
        case "deviation":
            middle = sum(exact) / len(exact)
            return sqrt(float(sum((number - middle) ** 2 for number in exact) / len(exact)))
    raise ValueError(function)


def _held(entries: Sequence[Entry], place: int, length: int) -> int:
    """Return how many entries up to `place` lie within the span that ends with it."""
    end = entries[place][1]
    return sum(1 for _, time, _ in entries[: place + 1] if end - length < time)


def same(left: float, right: float) -> bool:
    """Tell whether two values are equal, or both not a number."""
    return left == right or (isnan(left) and isnan(right))

"""Sums of numbers without rounding: adding and taking away again leaves nothing behind, in whatever order."""

from math import inf, isfinite
from typing import Final, TypeGuard

_SHIFT: Final = 1074
"""Every finite double is a whole multiple of 2 to the power of minus this (IEEE 754 binary64)."""


class ExactSum:
    """A sum of doubles. Whole numbers, which durations and counts are, are kept apart: they are cheap."""

    __slots__ = ("_parts", "_whole")

    def __init__(self, whole: int = 0, parts: int = 0) -> None:
        self._whole = whole
        self._parts = parts

    def add(self, value: float) -> None:
        """Add a finite number."""
        if value.is_integer():
            self._whole += int(value)
        else:
            self._parts += _units(value)

    def take(self, other: "ExactSum") -> None:
        """Take away what another sum holds."""
        self._whole -= other._whole
        self._parts -= other._parts

    def add_square(self, value: float, sign: int = 1) -> None:
        """Add a finite number's square, or take it away. A sum of squares holds nothing else: its parts count by another unit."""
        if value.is_integer():
            self._whole += sign * int(value) ** 2
        else:
            self._parts += sign * _units(value) ** 2

    @property
    def total(self) -> float:
        """The sum, rounded once; infinite where it is too large."""
        try:
            if self._parts == 0:
                return float(self._whole)
            return ((self._whole << _SHIFT) + self._parts) / (1 << _SHIFT)
        except OverflowError:
            return inf if self._whole >= 0 else -inf

    def units(self) -> int:
        """Return the sum in units of 2 to the power of -1074."""
        return (self._whole << _SHIFT) + self._parts

    def square_units(self) -> int:
        """Return a sum of squares in units of 2 to the power of -2148."""
        return (self._whole << 2 * _SHIFT) + self._parts

    def packed(self) -> str:
        """Return the sum as text, for a snapshot."""
        return f"{self._whole:x},{self._parts:x}"

    @classmethod
    def unpacked(cls, packed: str) -> "ExactSum":
        """Return the sum that `packed` wrote."""
        whole, _, parts = packed.partition(",")
        return cls(int(whole, 16), int(parts, 16))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ExactSum) and self.units() == other.units()

    __hash__ = None  # type: ignore[assignment]  # it changes


def is_number(value: object) -> TypeGuard[float]:
    """Tell whether `value` is a finite number: not-a-number is an unset one, and infinities cannot be taken away again."""
    return isinstance(value, int | float) and isfinite(value)


def _units(value: float) -> int:
    numerator, denominator = value.as_integer_ratio()
    return numerator << (_SHIFT - denominator.bit_length() + 1)

"""Ranges of numbers as blocks: numbers that share a prefix, so that a holder is found by looking up a number's prefixes. Pure."""

from collections.abc import Iterator
from typing import Final, NamedTuple

MOST_NUMBERS: Final = 10_000_000
"""In one range: seven free digits."""


class Block(NamedTuple):
    """All numbers of `digits` characters (the `+` included) that begin with `prefix`. A single number is its own prefix."""

    prefix: str
    digits: int

    @property
    def numbers(self) -> int:
        """How many numbers it has."""
        return int(10 ** (self.digits - len(self.prefix)))

    @property
    def written(self) -> str:
        """The number, or the first and the last one: `+3225551000-+3225551999`.

        >>> Block("+3225551", 11).written, Block("+3225551212", 11).written
        ('+3225551000-+3225551999', '+3225551212')
        """
        free = self.digits - len(self.prefix)
        return f"{self.prefix}{'0' * free}-{self.prefix}{'9' * free}" if free else self.prefix

    def each(self) -> Iterator[str]:
        """Yield its numbers in order."""
        free = self.digits - len(self.prefix)
        return (f"{self.prefix}{number:0{free}d}" if free else self.prefix for number in range(self.numbers))


def blocks(first: str, last: str) -> list[Block]:
    """Return the fewest blocks that are exactly the numbers from `first` to `last`, E.164 of the same length.

    >>> [block.prefix for block in blocks("+3225551990", "+3225552009")]
    ['+322555199', '+322555200']

    Raises `ValueError` where they differ in length or order, or are too many.
    """
    start, end, digits = int(first[1:]), int(last[1:]), len(first)
    if len(last) != digits or end < start or end - start >= MOST_NUMBERS:
        raise ValueError(f"no range of at most {MOST_NUMBERS} numbers of one length")
    found = []
    while start <= end:
        free = 0
        while start % 10 ** (free + 1) == 0 and start + 10 ** (free + 1) - 1 <= end:
            free += 1
        found.append(Block(f"+{start // 10**free}", digits))
        start += 10**free
    return found


def covering(number: str) -> list[str]:
    """Return the prefixes under which a number may be held, the longest first."""
    return [number[:length] for length in range(len(number), 1, -1)]

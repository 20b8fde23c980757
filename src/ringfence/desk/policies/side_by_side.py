"""Two versions beside each other, word by word. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from ringfence.policy.differences import Difference, Edit, Part

_WORDS: Final = re.compile(r"\s+|\w+|[^\w\s]")
_MOST_WORDS: Final = 4_000
"""Words of a text that are compared one by one; longer ones are shown as they are."""
MOST_SHOWN: Final = 300
"""Differences of one part that are shown; a list may have ten thousand."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words. `changed`: they stand on this side alone."""

    text: str
    changed: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One key, before and after."""

    key: str
    before: tuple[Piece, ...]
    after: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """One thing that differs, with its rows."""

    anchor: str
    name: str
    fate: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Chapter:
    """All that differs in one part. `left_out`: how many are not shown."""

    part: str
    things: tuple[Compared, ...]
    left_out: int

    @property
    def count(self) -> int:
        """How many things differ."""
        return len(self.things) + self.left_out


def chapters(differences: Sequence[Difference], parts: Sequence[Part]) -> list[Chapter]:
    """Return those `parts` in which something differs, in that order."""
    told = []
    for part in parts:
        found = [one for one in differences if one.part is part]
        if found:
            things = tuple(_compared(number, one) for number, one in enumerate(found[:MOST_SHOWN], start=1))
            told.append(Chapter(str(part), things, max(0, len(found) - MOST_SHOWN)))
    return told


def _compared(number: int, difference: Difference) -> Compared:
    rows = tuple(_row(edit.shortened()) for edit in difference.edits)
    return Compared(f"{difference.part}-{number}", difference.name, str(difference.fate), rows)


def _row(edit: Edit) -> Row:
    before, after = words(edit.before or "", edit.after or "")
    return Row(edit.key, before, after)


def words(before: str, after: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Return both texts in pieces, those that differ marked.

    >>> words("at most 5 calls", "at most 3 calls")[1]
    (Piece(text='at most ', changed=False), Piece(text='3', changed=True), Piece(text=' calls', changed=False))
    """
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if max(len(old), len(new)) > _MOST_WORDS:
        return (Piece(before, True),), (Piece(after, True),)
    left, right = list[Piece](), list[Piece]()
    for code, start, end, begin, stop in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if end > start:
            left.append(Piece("".join(old[start:end]), code != "equal"))
        if stop > begin:
            right.append(Piece("".join(new[begin:stop]), code != "equal"))
    return tuple(left), tuple(right)

"""Called and calling numbers as codes, which pictures need where hashes don't do: a code can be read as its text again."""

import re
from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.kernels import numbers

NOTHING: Final = 0
"""The code of no text and of an empty one."""
MOST_TEXTS: Final = 65_536
"""Texts that are no numbers and are remembered; the codes of later ones say no more than that."""
_LONGEST_TEXT: Final = 120
"""Characters of such a text that are remembered."""
_REMEMBERED: Final = 1 << 17
_SHORTEST_LONG: Final = 6

_NUMBER: Final = re.compile(r"\+?[0-9]{0,16}")
_BEGUN: Final = re.compile(rf"(\+?[0-9]{{0,{numbers.LONGEST - 1}}})[^+0-9]", re.DOTALL)
_WRITTEN: Final = str.maketrans("+0123456789", "123456789ab")
_READ: Final = str.maketrans("123456789ab", "+0123456789")
_TEXT: Final = 0xF << 60
_LONG: Final = 1 << 32
_PLACE: Final = _LONG - 1


class NumberCodes:
    """Codes of up to 64 bits, as `kernels.numbers` writes numbers; other texts get a code each in the order in which they come.

    Of the upper 32 bits of such a text's code only the lowest varies: it tells texts of six characters or more.
    """

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._codes: dict[str | None, int] = {None: NOTHING}
        self._of_texts: dict[str, int] = {}

    def __len__(self) -> int:
        """Return how many texts are remembered that are no numbers."""
        return len(self._texts)

    def of(self, texts: Iterable[str | None]) -> NDArray[np.uint64]:
        """Return the codes of texts."""
        known = self._codes
        if len(known) > _REMEMBERED:
            known.clear()
            known[None] = NOTHING
        return np.array([known[text] if text in known else self._add(text) for text in texts], np.uint64)

    def of_cells(self, data: NDArray[np.uint8], cells: NDArray[np.int32], cell: int) -> NDArray[np.uint64]:
        """Return the codes of one cell of n rows. `cells` are int32[n, cells, 2]: where it begins in `data`, and its octets."""
        codes = np.empty(len(cells), np.uint64)
        if numbers.pack_cells(data, cells, cell, codes):
            for row in np.flatnonzero(codes == numbers.NO_NUMBER).tolist():
                begin, length = cells[row, cell].tolist()
                codes[row] = self._of_text(data[begin : begin + length].tobytes().decode("utf-8", "surrogatepass"))
        return codes

    def text(self, code: int) -> str:
        """Return the text of a code, `…` where it was not remembered."""
        if code < _TEXT:
            return number_of(code)
        place = code & _PLACE
        return self._texts[place] if place < len(self._texts) else "…"

    def _add(self, text: str | None) -> int:
        code = number_code(text or "")
        if code is None:
            code = self._of_text(text or "")
        self._codes[text] = code
        return code

    def _of_text(self, text: str) -> int:
        text = text[:_LONGEST_TEXT]
        code = self._of_texts.get(text)
        if code is None:
            place = len(self._texts)
            code = _TEXT | (_LONG if len(text) >= _SHORTEST_LONG else 0) | min(place, MOST_TEXTS)
            if place < MOST_TEXTS:
                self._texts.append(text)
                self._of_texts[text] = code
        return code


def number_of(code: int) -> str:
    """Return the number that has a code.

    >>> number_of(0x1662420000000000)
    '+4420'
    """
    return f"{code:016x}".rstrip("0").translate(_READ)


def number_code(text: str) -> int | None:
    """Return the code of a number; `None` for any other text.

    >>> f"{number_code('+4420'):x}", number_code("alice")
    ('1662420000000000', None)
    """
    if len(text) > numbers.LONGEST or not _NUMBER.fullmatch(text):
        return None
    return int(text.translate(_WRITTEN).ljust(numbers.LONGEST, "0"), 16)


def number_word(text: str | None) -> int:
    """Return the word of a number (see `kernels.numbers`), `BEGUN` or `NO_NUMBER` for anything else.

    >>> f"{number_word('+4420'):x}", f"{number_word('17-1'):x}", number_word("++1") == numbers.NO_NUMBER
    ('1662420000000000', 'e390000000000000', True)
    """
    if text is None:
        return numbers.NO_NUMBER
    code = number_code(text)
    if code is not None:
        return code
    begun = _BEGUN.match(text)
    if begun is None or len(begun[0]) > numbers.LONGEST:
        return numbers.NO_NUMBER
    return int("e" + begun[1].translate(_WRITTEN).ljust(numbers.LONGEST - 1, "0"), 16)

"""Telephone numbers as words (see `numbers`), read by automata and cut to texts, without their texts.

An automaton is a table of states, uint16[states, COLUMNS]: in the column 0 of a state stands the class of a number that ends there,
in the others the next state for each character, as words write it, and in the last, `ELSEWHERE`, the class of all texts that go on
with neither + nor digit. It begins in the state `BEGIN`.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.kernels.compiled import compiled, inner
from ringfence.watch.kernels.numbers import BEGUN, LONGEST
from ringfence.watch.kernels.texts import siphash

SYMBOLS: Final = 12
"""Nothing, + and the digits."""
ELSEWHERE: Final = SYMBOLS
COLUMNS: Final = SYMBOLS + 1
BEGIN: Final = 1
AS_TEXT: Final = 0xFFFF
"""The class of numbers, and of other texts, that are told apart by their texts."""

FIRST: Final = 0
WITHOUT_LAST: Final = 1
LAST: Final = 2

_PLUS: Final = 1
_PLUS_OCTET: Final = 43
_DIGIT_OCTETS: Final = 46
"""What a digit's octet is more than the digit as words write it."""


def is_number(words: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Tell which words are numbers: others are 0, or begin with what is no character, as `columns.NumberCodes` writes texts."""
    first = words >> np.uint64(60)
    are: NDArray[np.bool_] = (first != 0) & (first < SYMBOLS)
    return are


@compiled
def classify(
    words: NDArray[np.uint64], texts: NDArray[np.uint64], table: NDArray[np.uint16], unset: np.uint64, keys: NDArray[np.uint64]
) -> None:
    """Write a key for each row's text: 1 and its class, the text's hash where it has none, and `unset` where there is no text.

    `texts` are the hashes of the texts. Those have classes whose words are numbers (see `is_number`) or `BEGUN`.
    """
    for row in range(words.size):
        word = words[row]
        symbol = np.int64(word >> np.uint64(60))
        place = 60
        end = 0
        if symbol == BEGUN:
            place = 56
            end = ELSEWHERE
            symbol = np.int64((word >> np.uint64(56)) & np.uint64(15))
        elif symbol == 0 or symbol >= SYMBOLS:
            keys[row] = texts[row] if texts[row] != 0 else unset
            continue
        state = np.int64(BEGIN)
        while symbol != 0:
            state = np.int64(table[state, symbol])
            place -= 4
            if place < 0:
                break
            symbol = np.int64((word >> np.uint64(place)) & np.uint64(15))
        told = table[state, end]
        keys[row] = texts[row] if told == AS_TEXT else np.uint64(told) + np.uint64(1)


@inner
def characters(word: np.uint64) -> int:
    """Return how many characters a word has."""
    count = 0
    while count < LONGEST and (word >> np.uint64(60 - 4 * count)) & np.uint64(15):
        count += 1
    return count


@compiled
def cut(
    words: NDArray[np.uint64],
    way: int,
    count: int,
    key: NDArray[np.uint64],
    room: tuple[NDArray[np.uint8], NDArray[np.uint8]],
    hashes: NDArray[np.uint64],
) -> int:
    """Write the hash of part of each number's text, 0 where it is unset; return how many rows are no number, which get 0 too.

    `way` is `FIRST` (the first `count` characters, beside a leading +), `WITHOUT_LAST` (all but the last `count`, unset where no
    digit is left) or `LAST` (the last `count`, without a leading +, unset where there are fewer). `room` is for a text: to write
    it, and the same read-only, so that no hash is compiled for what is written alone.
    """
    octets, written = room
    others = 0
    for row in range(words.size):
        word = words[row]
        hashes[row] = 0
        first = np.int64(word >> np.uint64(60))
        if first == 0 or first >= SYMBOLS:
            others += 1
            continue
        length = characters(word)
        plus = int(first == _PLUS)
        begin = 0
        end = length
        if way == FIRST:
            end = min(length, count + plus)
        elif way == WITHOUT_LAST:
            end = length - count
            if end <= plus:
                continue
        else:
            begin = length - count
            if begin < plus:
                continue
        for place in range(begin, end):
            symbol = np.int64((word >> np.uint64(60 - 4 * place)) & np.uint64(15))
            octets[place - begin] = _PLUS_OCTET if symbol == _PLUS else _DIGIT_OCTETS + symbol
        hashed = siphash(written, int(np.int64(0)), end - begin, key)
        hashes[row] = hashed if hashed != 0 else np.uint64(1)
    return others

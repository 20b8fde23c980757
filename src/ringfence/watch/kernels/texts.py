"""Text as keyed hashes.

SipHash-2-4 (Aumasson and Bernstein 2012): nobody who lacks the key finds texts with the same hash.
"""

from collections.abc import Callable
from typing import Any, Final, cast

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from ringfence.watch.kernels.compiled import compiled

PADDING: Final = 8
"""Octets behind the last text with which it is hashed as fast as the others. They need not be there."""
_WORD_BITS: Final = 64


def _load_word(_typing: Any, data: Any, place: Any) -> Any:  # noqa: ANN401, ARG001 - Numba's own types
    """Return what Numba needs to read eight octets at any place as one number, as machines do and NumPy's arrays don't."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401 - likewise
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        octets = builder.gep(array.data, [arguments[1]])
        word = builder.load(builder.bitcast(octets, ir.IntType(_WORD_BITS).as_pointer()))
        word.align = 1
        return word

    return types.uint64(data, types.int64), generate


def _count_below(_typing: Any, word: Any) -> Any:  # noqa: ANN401, ARG001 - likewise
    """Return what Numba needs to count a word's zero bits below its lowest one."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401, ARG001 - likewise
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.uint64(types.uint64), generate


zeros_below: Final[Callable[[np.uint64], np.uint64]] = cast(Any, intrinsic(_count_below))
"""How many zero bits a word has below its lowest one."""
word_at: Final[Callable[[NDArray[np.uint8], int], np.uint64]] = cast(Any, intrinsic(_load_word))
"""The eight octets at a place as one number, the first the lowest. They must be there."""


@compiled
def rotated(word: np.uint64, bits: int) -> np.uint64:
    """Return the word with its bits moved up by `bits`, those that fall out coming in again below."""
    return (word << np.uint64(bits)) | (word >> np.uint64(_WORD_BITS - bits))


@compiled
def stirred(a: np.uint64, b: np.uint64, c: np.uint64, d: np.uint64) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    """Return the four words after one SipRound."""
    a += b
    b = rotated(b, 13) ^ a
    a = rotated(a, 32)
    c += d
    d = rotated(d, 16) ^ c
    a += d
    d = rotated(d, 21) ^ a
    c += b
    b = rotated(b, 17) ^ c
    c = rotated(c, 32)
    return a, b, c, d


@compiled
def rest_at(data: NDArray[np.uint8], place: int, length: int) -> np.uint64:
    """Return the last word that is hashed of a text of `length` octets: those from `place` on, fewer than eight, and the length."""
    rest = np.uint64(length & 255) << np.uint64(56)
    if place + 8 <= data.size:
        return rest | (word_at(data, place) & ((np.uint64(1) << np.uint64(8 * (length & 7))) - np.uint64(1)))
    for nth in range(length & 7):
        rest |= np.uint64(data[place + nth]) << np.uint64(8 * nth)
    return rest


@compiled
def siphash(data: NDArray[np.uint8], begin: int, length: int, key: NDArray[np.uint64]) -> np.uint64:
    """Return SipHash-2-4 of `length` octets from `begin` on, under a key of two words."""
    a = key[0] ^ np.uint64(0x736F6D6570736575)
    b = key[1] ^ np.uint64(0x646F72616E646F6D)
    c = key[0] ^ np.uint64(0x6C7967656E657261)
    d = key[1] ^ np.uint64(0x7465646279746573)
    place = int(begin)
    last = place + (length & ~7)
    while place <= last:
        word = word_at(data, place) if place < last else rest_at(data, place, length)
        d ^= word
        a, b, c, d = stirred(a, b, c, d)
        a, b, c, d = stirred(a, b, c, d)
        a ^= word
        place += 8
    c ^= np.uint64(255)
    for _ in range(4):
        a, b, c, d = stirred(a, b, c, d)
    hashed: np.uint64 = a ^ b ^ c ^ d
    return hashed


@compiled
def text_hash(data: NDArray[np.uint8], begin: int, length: int, key: NDArray[np.uint64]) -> np.uint64:
    """Return the hash of a text, never 0; 0 where it is empty."""
    if length == 0:
        return np.uint64(0)
    hashed = siphash(data, begin, length, key)
    return hashed if hashed != 0 else np.uint64(1)


@compiled
def hash_cells(
    data: NDArray[np.uint8], cells: NDArray[np.int32], cell: int, key: NDArray[np.uint64], hashes: NDArray[np.uint64]
) -> None:
    """Write the hash of each row's cell, never 0; 0 where the cell is empty.

    `cells` are int32[rows, cells, 2]: where a cell begins in `data` and how long it is.
    """
    for row in range(hashes.size):
        hashes[row] = text_hash(data, cells[row, cell, 0], cells[row, cell, 1], key)

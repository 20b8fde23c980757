"""Text as keyed hashes.

SipHash-2-4 (Aumasson and Bernstein 2012): nobody who lacks the key finds texts with the same hash.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.kernels.compiled import compiled, inner
from ringfence.watch.kernels.octets import first_octets, octets_at, word_at

PADDING: Final = 8
"""Octets behind the last text with which it is hashed as fast as the others. They need not be there."""
_WORD_BITS: Final = np.uint64(64)


@inner
def rotated(word: np.uint64, bits: np.uint64) -> np.uint64:
    """Return the word with its bits moved up by `bits`, those that fall out coming in again below."""
    return (word << bits) | (word >> (_WORD_BITS - bits))


@inner
def stirred(a: np.uint64, b: np.uint64, c: np.uint64, d: np.uint64) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    """Return the four words after one SipRound."""
    a += b
    b = rotated(b, np.uint64(13)) ^ a
    a = rotated(a, np.uint64(32))
    c += d
    d = rotated(d, np.uint64(16)) ^ c
    a += d
    d = rotated(d, np.uint64(21)) ^ a
    c += b
    b = rotated(b, np.uint64(17)) ^ c
    c = rotated(c, np.uint64(32))
    return a, b, c, d


@inner
def rest_at(data: NDArray[np.uint8], place: int, length: int) -> np.uint64:
    """Return the last word that is hashed of a text of `length` octets: those from `place` on, fewer than eight, and the length."""
    return (np.uint64(length & 255) << np.uint64(56)) | first_octets(octets_at(data, place), length & 7)


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
        hashes[row] = text_hash(data, int(np.int64(cells[row, cell, 0])), int(np.int64(cells[row, cell, 1])), key)

"""Text as keyed 64-bit hashes: what equality, membership, keys and distinct counts need of it."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.kernels import noted, number_words, texts
from ringfence.watch.kernels.numbers import LONGEST
from ringfence.watch.kernels.row_layout import Hashing

UNSET: Final = 0
"""The hash of a field that is not set. No text and no key has it."""

_NUMBERS: Final = "\0number"  # no field says this
_WORD: Final = (1 << 64) - 1
_KEY_BYTES: Final = 16
_FIRST: Final = np.uint64(0x9E3779B97F4A7C15)
_SECOND: Final = np.uint64(0xBF58476D1CE4E5B9)
_THIRD: Final = np.uint64(0x94D049BB133111EB)


class TextHashes(dict[str | None, int]):
    """Text to its 64-bit hash under an installation's `key`, remembered for up to `remembered` texts. `None` is `UNSET`.

    SipHash-2-4 under a key that BLAKE2b derives: nobody who lacks it can make two subjects fall on one hash, which a faster hash
    with a seed would not promise; two of n texts do by chance, n² in 2^65. Look up with `[]`; call `bound` between batches.
    """

    def __init__(self, key: bytes, *, remembered: int = 1 << 18) -> None:
        super().__init__({None: UNSET})
        derived = blake2b(b"ringfence columns", digest_size=_KEY_BYTES, key=key).digest()
        self._key: NDArray[np.uint64] = np.frombuffer(derived, np.dtype("<u8")).astype(np.uint64)
        self._remembered = remembered
        room = np.zeros(LONGEST + texts.PADDING, np.uint8)
        self._room = (room, room.view())
        self._room[1].flags.writeable = False

    def __missing__(self, text: str | None) -> int:
        # A broken wire can bring lone surrogates: they are as good as any other text.
        octets = (text or "").encode("utf-8", "surrogatepass")
        data = np.frombuffer(octets, np.uint8)
        hashed = int(texts.siphash(data, 0, len(octets), self._key)) or 1
        self[text] = hashed
        return hashed

    def of_numbers(self, bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """Return hashes of numbers, which are given by their bits (see `as_hashes`)."""
        return fold(np.full(1, self[_NUMBERS], np.uint64), bits)

    def of_number(self, bits: int) -> int:
        """Return what `of_numbers` does for one."""
        word = (self[_NUMBERS] * int(_SECOND) + (bits ^ bits >> 32) * int(_FIRST)) & _WORD
        word = (word ^ word >> 30) * int(_SECOND) & _WORD
        word = (word ^ word >> 27) * int(_THIRD) & _WORD
        return (word ^ word >> 31) or 1

    def of_cells(self, data: NDArray[np.uint8], cells: NDArray[np.int32], cell: int) -> NDArray[np.uint64]:
        """Return the hashes of one cell of n rows, `UNSET` where it is empty.

        `cells` are int32[n, cells, 2]: where a cell begins in `data` and how many octets of UTF-8 it has.
        """
        hashes = np.empty(len(cells), np.uint64)
        texts.hash_cells(data, cells, cell, self._key, hashes)
        return hashes

    def of_call_records(self, cells: Sequence[int]) -> Hashing:
        """Return how readers of call records are to hash these cells of `kernels.row_layout`."""
        # Python's own hashes of text are under a key that nobody knows: so are those by which a call that comes again is known.
        call_key = [hash((__name__, half)) & ((1 << 64) - 1) for half in ("low", "high")]
        return Hashing(self._key, np.array(cells, np.int64), np.array(call_key, np.uint64))

    def of_texts(self, values: Sequence[str]) -> NDArray[np.uint64]:
        """Return the hashes of texts, none of which is empty; they are not remembered."""
        octets = [value.encode("utf-8", "surrogatepass") for value in values]
        cells = np.zeros((len(octets), 1, 2), np.int32)
        cells[:, 0, 1] = list(map(len, octets))
        cells[:, 0, 0] = np.cumsum(cells[:, 0, 1]) - cells[:, 0, 1]
        return self.of_cells(np.frombuffer(b"".join(octets), np.uint8), cells, 0)

    def of_column(self, values: Sequence[str | None]) -> NDArray[np.uint64]:
        """Return the hashes of texts, which are not remembered, and `UNSET` where one is `None`."""
        hashes: NDArray[np.uint64] = np.full(len(values), UNSET, np.uint64)
        told = [place for place, value in enumerate(values) if value]
        hashes[told] = self.of_texts([value for value in values if value])
        hashes[[place for place, value in enumerate(values) if value == ""]] = self[""]
        return hashes

    def of_notes(
        self, notes: NDArray[np.uint8], heads: NDArray[np.int64], text: int, hashes: NDArray[np.uint64], numbers: int
    ) -> int:
        """Write the hash of a text of notes of requests (see `kernels.noted`); return how many must be read as numbers first."""
        return noted.hash_texts(notes, heads, text, self._key, hashes, numbers)

    def of_parts(self, words: NDArray[np.uint64], way: int, count: int) -> tuple[NDArray[np.uint64], int]:
        """Return the hashes of parts of numbers that are given as words (see `kernels.number_words.cut`), and how many are none."""
        hashes = np.empty(words.size, np.uint64)
        others = number_words.cut(words, way, count, self._key, self._room, hashes)
        return hashes, others

    def bound(self) -> None:
        """Forget all texts once there are too many of them. They hash alike when they come again."""
        if len(self) > self._remembered:
            self.clear()
            self[None] = UNSET


def fold(left: NDArray[np.uint64], right: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Hash two columns into one, row by row, not symmetric; `UNSET` where either is.

    Mixes by SplitMix64's finaliser (Steele, Lea and Flood 2014).
    """
    mixed = np.add(left * _SECOND, _stirred(right, 32, _FIRST))
    mixed = _stirred(_stirred(mixed, 30, _SECOND), 27, _THIRD)
    mixed ^= np.right_shift(mixed, np.uint64(31))
    mixed[mixed == UNSET] = 1
    mixed[(left == UNSET) | (right == UNSET)] = UNSET
    return mixed


def _stirred(column: NDArray[np.uint64], shift: int, factor: np.uint64) -> NDArray[np.uint64]:
    return np.bitwise_xor(column, np.right_shift(column, np.uint64(shift))) * factor

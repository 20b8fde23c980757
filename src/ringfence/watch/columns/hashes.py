"""Text as keyed 64-bit hashes: what equality, membership, keys and distinct counts need of it."""

from hashlib import blake2b
from typing import Final

import numpy as np
from numpy.typing import NDArray

UNSET: Final = 0
"""The hash of a field that is not set. No text and no key has it."""

_FIRST: Final = np.uint64(0x9E3779B97F4A7C15)
_SECOND: Final = np.uint64(0xBF58476D1CE4E5B9)
_THIRD: Final = np.uint64(0x94D049BB133111EB)


class TextHashes(dict[str | None, int]):
    """Text to its 64-bit hash under an installation's `key`, remembered for up to `remembered` texts. `None` is `UNSET`.

    BLAKE2b under a key, so that nobody outside can make two subjects fall on one hash, which a faster hash with a seed would not
    promise; two of n texts do by chance, n² in 2^65. Look up with `[]`; call `bound` between batches.
    """

    def __init__(self, key: bytes, *, remembered: int = 1 << 18) -> None:
        super().__init__({None: UNSET})
        self._key = blake2b(b"ringfence columns", digest_size=32, key=key).digest()
        self._remembered = remembered

    def __missing__(self, text: str | None) -> int:
        # A broken wire can bring lone surrogates: they are as good as any other text.
        octets = (text or "").encode("utf-8", "surrogatepass")
        hashed = int.from_bytes(blake2b(octets, digest_size=8, key=self._key).digest(), "little") or 1
        self[text] = hashed
        return hashed

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

"""Calls for help among a block's records, which are told by where the sender's callers are."""

from collections.abc import Collection
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.attribution import Directory
from ringfence.watch.columns.hashes import UNSET, TextHashes
from ringfence.watch.kernels import tables


class Emergencies:
    """Which numbers call for help where."""

    def __init__(self, directory: Directory, hashes: TextHashes) -> None:
        self._directory = directory
        self._hashes = hashes
        self._here: Final = _FewNumbers(directory.emergency_in(None), hashes)
        countries = directory.countries_of_accounts
        self._there = {int(hashes[country]): _FewNumbers(directory.emergency_in(country), hashes) for country in countries}
        self.are_any: Final = self._here.are_any or any(numbers.are_any for numbers in self._there.values())

    def called(self, callees: NDArray[np.uint64], countries: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Tell which of the called numbers, given as hashes, call for help in the countries of their senders, given likewise."""
        found = self._here.among(callees)
        if self._there:
            found &= countries == UNSET
            for country, numbers in self._there.items():
                found |= numbers.among(callees) & (countries == np.uint64(country))
        return found


class _FewNumbers:
    """A few numbers, by their hashes."""

    def __init__(self, numbers: Collection[str], hashes: TextHashes) -> None:
        self.are_any: Final = bool(numbers)
        self._keys: NDArray[np.uint64] = np.zeros(4 << len(numbers).bit_length(), np.uint64)
        self._values = np.zeros(self._keys.size, np.int64)
        for number in numbers:
            tables.put(self._keys, self._values, np.uint64(hashes[number]), 1)

    def among(self, hashes: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Tell which hashes are of one of them."""
        found = np.empty(hashes.size, np.int64)
        tables.look_up(self._keys, self._values, hashes, found)
        return np.equal(found, 1)

"""Who holds the numbers of a column: the reference is asked once for each number that comes."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ringfence.policy.context import Holders
from ringfence.vocabulary.times import Micros
from ringfence.watch.columns.hashes import UNSET, TextHashes
from ringfence.watch.columns.remembered import Remembered
from ringfence.watch.columns.senders import LONG_AGO
from ringfence.watch.kernels import tables

_REMEMBERED: Final = 1 << 18
_NEVER_HELD: Final = 0


class Holdings:
    """Answers for one reference at a time; all is asked anew when another is asked about."""

    def __init__(self, hashes: TextHashes) -> None:
        self._hashes = hashes
        self._arrays: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
        self._accounts: list[int]
        """The hash of each code's account."""
        self._forget(None)

    def holder(
        self, holders: Holders | None, numbers: NDArray[np.uint64], times: NDArray[np.int64], text: Callable[[int], str | None]
    ) -> NDArray[np.uint64]:
        """Return the hash of the account that held each number at its time, `UNSET` where none did.

        Numbers come as keys, none of which is 0; `text` gives the number at a place, `None` where it is unset.
        """
        if holders is not self._holders or len(self._known) > _REMEMBERED:
            self._forget(holders)
        if holders is None:
            return np.full(numbers.size, UNSET, np.uint64)
        entries = self._known.of(numbers, lambda place: self._entry(holders, text(place)))
        if not entries.any():
            return np.full(numbers.size, UNSET, np.uint64)
        if self._arrays[0].size < len(self._firsts):
            self._arrays = np.array(self._firsts), np.array(self._bounds), np.array(self._codes)
        codes = np.empty(numbers.size, np.int64)
        tables.in_spans(entries, times, *self._arrays, codes)
        return np.array(self._accounts, np.uint64)[codes]

    def _forget(self, holders: Holders | None) -> None:
        self._holders = holders
        self._known = Remembered(np.int64, 2 * _REMEMBERED)
        self._entries: dict[tuple[tuple[Micros, int], ...], int] = {}
        self._firsts, self._bounds, self._codes = [0], list[int](), list[int]()
        self._arrays = np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64)
        self._accounts = [UNSET]
        self._code_of: dict[str | None, int] = {None: 0}
        self._add(((LONG_AGO, 0),))

    def _entry(self, holders: Holders, number: str | None) -> int:
        """Return where stands who held a number from when on."""
        if number is None:
            return _NEVER_HELD
        times = (LONG_AGO, *holders.changes_of_holder(number))
        return self._add(tuple((time, self._code(holders.holder(number, time))) for time in times))

    def _add(self, spans: tuple[tuple[Micros, int], ...]) -> int:
        """Return the entry of these spans, which many numbers may share."""
        entry = self._entries.setdefault(spans, len(self._entries))
        if entry == len(self._firsts) - 1:
            self._bounds += [time for time, _ in spans]
            self._codes += [code for _, code in spans]
            self._firsts.append(len(self._codes))
        return entry

    def _code(self, account: str | None) -> int:
        code = self._code_of.setdefault(account, len(self._accounts))
        if code == len(self._accounts):
            self._accounts.append(self._hashes[account])
        return code

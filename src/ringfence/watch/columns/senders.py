"""Who answers for a block of records: the directory asked once for each account or address and time, not for each record."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import Directory, Sender
from ringfence.watch.columns.hashes import UNSET, TextHashes
from ringfence.watch.kernels import row_layout as layout
from ringfence.watch.kernels import tables
from ringfence.watch.wire.cdr.blocks import RecordBlock

NOBODY: Final = 0
"""The code of no sender."""
LONG_AGO: Final = Micros(-(1 << 62))
"""Before anything happened."""
_MOST: Final = 1 << 17
"""Accounts, or addresses, that are remembered."""
_PLACES: Final = 4 * _MOST


class Spans:
    """What stands under a key at a time, as a code. What changes it for a key is asked for once."""

    def __init__(self) -> None:
        self._places: NDArray[np.uint64] = np.zeros(1 << 12, np.uint64)
        self._entries: NDArray[np.int64] = np.zeros(1 << 12, np.int64)
        self._firsts: list[int] = [0]
        self._bounds: list[int] = []
        self._codes: list[int] = []
        self.add(0, [(LONG_AGO, NOBODY)])
        self._arrays = self._laid_out()

    def add(self, key: int, spans: Sequence[tuple[int, int]]) -> None:
        """Let a new `key` have each code from its time on, the first from ever on. The key 0 is that of what is unset."""
        entry = len(self._firsts) - 1
        for time, code in spans:
            self._bounds.append(time)
            self._codes.append(code)
        self._firsts.append(len(self._codes))
        if key:
            if 2 * entry > self._places.size:
                self._grow()
            tables.put(self._places, self._entries, np.uint64(key), entry)

    def of(
        self, keys: NDArray[np.uint64], times: NDArray[np.int64], spans: Callable[[int], Sequence[tuple[int, int]]] | None = None
    ) -> NDArray[np.int64]:
        """Return each key's code at its time.

        `spans` gives those of a key that is new, by a position where it stands; without it, a key that is not there has the code 0.
        """
        entries = np.empty(keys.size, np.int64)
        if tables.look_up(self._places, self._entries, keys, entries) and spans is None:
            np.maximum(entries, 0, out=entries)
        elif spans is not None and (missing := np.flatnonzero(entries < 0)).size:
            new, first = np.unique(keys[missing], return_index=True)
            for key, position in zip(new.tolist(), missing[first].tolist(), strict=True):
                self.add(key, spans(position))
            tables.look_up(self._places, self._entries, keys, entries)
        if self._arrays[0].size < len(self._firsts):
            self._arrays = self._laid_out()
        codes = np.empty(keys.size, np.int64)
        tables.in_spans(entries, times, *self._arrays, codes)
        return codes

    @property
    def size(self) -> int:
        """How many keys it remembers."""
        return len(self._firsts) - 2

    def _laid_out(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        return np.array(self._firsts, np.int64), np.array(self._bounds, np.int64), np.array(self._codes, np.int64)

    def _grow(self) -> None:
        keys, entries = self._places, self._entries
        self._places, self._entries = np.zeros(4 * keys.size, np.uint64), np.zeros(4 * keys.size, np.int64)
        for place in np.flatnonzero(keys).tolist():
            tables.put(self._places, self._entries, keys[place], int(entries[place]))


class Senders:
    """Codes for senders, and what is known of each: `columns` are hashes by name, one for each code."""

    def __init__(self, directory: Directory, hashes: TextHashes) -> None:
        self._directory = directory
        self._hashes = hashes
        self.forget()

    def forget(self) -> None:
        """Forget all codes."""
        self._codes: dict[Sender | None, int] = {None: NOBODY}
        self._senders: list[Sender | None] = [None]
        self._accounts, self._sources = Spans(), Spans()
        self._columns: dict[str, NDArray[np.uint64]] = {}

    def of(self, block: RecordBlock, accounts: NDArray[np.uint64], sources: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Return the code of each record's sender, as `calls.records` tells it. The columns hash the records' own texts."""
        if max(self._accounts.size, self._sources.size) > _MOST:
            self.forget()
        times = np.ascontiguousarray(block.facts["start"])
        codes = self._accounts.of(accounts, times, lambda row: self._account_spans(_text(block, row, layout.ACCOUNT)))
        if self._directory.knows_addresses:
            rows = np.flatnonzero(accounts == UNSET)
            if rows.size:
                codes[rows] = self._sources.of(
                    sources[rows], times[rows], lambda nth: self._source_spans(_text(block, int(rows[nth]), layout.SOURCE))
                )
        return codes

    def column(self, name: str) -> NDArray[np.uint64]:
        """Return the hash of each sender's `account`, `trunk`, `plan`, `party` or `root`, by code."""
        known = self._columns.get(name, np.empty(0, np.uint64))
        if known.size < len(self._senders):
            new = [self._hashes[told_of(sender, name)] for sender in self._senders[known.size :]]
            known = self._columns[name] = np.concatenate((known, np.array(new, np.uint64)))
        return known

    def _account_spans(self, account: str) -> list[tuple[int, int]]:
        times = [LONG_AGO, *self._directory.changes_of_account(account)]
        return [(time, self._code(self._directory.account(account, None, time))) for time in times]

    def _source_spans(self, source: str) -> list[tuple[int, int]]:
        times = [LONG_AGO, *self._directory.changes_at_source(source)]
        return [(time, self._code(self._directory.sender(source, None, time))) for time in times]

    def _code(self, sender: Sender | None) -> int:
        code = self._codes.setdefault(sender, len(self._senders))
        if code == len(self._senders):
            self._senders.append(sender)
        return code


class Holders:
    """Which called numbers somebody of ours held at a time."""

    def __init__(self, directory: Directory, hashes: TextHashes) -> None:
        self._spans = Spans()
        for number, hashed in zip(directory.numbers, hashes.of_texts(list(directory.numbers)).tolist(), strict=True):
            times = [LONG_AGO, *directory.changes_of_holder(number)]
            self._spans.add(hashed, [(time, int(directory.holder(number, time) is not None)) for time in times])

    def hold(self, numbers: NDArray[np.uint64], times: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell which of the numbers, given as hashes, were held at their times."""
        return self._spans.of(numbers, times).astype(np.bool_)


def _text(block: RecordBlock, row: int, cell: int) -> str:
    begin, length = block.cells[row, cell].tolist()
    return block.data[begin : begin + length].tobytes().decode("utf-8", "surrogatepass")


def told_of(sender: Sender | None, name: str) -> str | None:
    """Return a sender's `account`, `trunk`, `plan`, `party` or `root`."""
    if sender is None:
        return None
    if name in ("party", "root"):
        return (sender.party_path or (None,))[0 if name == "root" else -1]
    text: str | None = getattr(sender, name)
    return text

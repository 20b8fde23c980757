"""Files of call records, or of switch logs, as batches of events in columns, in the order of their times."""

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.columns import ColumnBatch
from ringfence.watch.columns.entries import LogExpander
from ringfence.watch.columns.records import RecordExpander, Wholes
from ringfence.watch.engine import Reads
from ringfence.watch.recorded.ahead import ahead
from ringfence.watch.recorded.counts import FileCounts
from ringfence.watch.recorded.formats import Options
from ringfence.watch.recorded.opened import Opened
from ringfence.watch.recorded.runs import Runs
from ringfence.watch.recorded.spool import EntrySpool, Spool
from ringfence.watch.wire.cdr.blocks import RecordBlock
from ringfence.watch.wire.logs.blocks import LogBlock

Block = TypeVar("Block", RecordBlock, LogBlock)


class _Columns(ABC, Generic[Block]):
    """Reads `files` once, as `batches` is drawn on."""

    def __init__(
        self,
        files: Sequence[Opened],
        options: Options,
        spool: Spool | EntrySpool,
        dtype: np.dtype[np.void],
        progress: Callable[[], None],
    ) -> None:
        self.events_counted = 0
        """Of all kinds."""
        self._files = tuple(files)
        self._options = options
        self._progress = progress
        self._spool = spool
        self._dtype = dtype

    def batches(self) -> Iterator[ColumnBatch]:
        """Yield the events by time, then sequence. Raises `OSError` where temporary files can't be written."""
        runs = Runs(self._dtype)
        try:
            for opened in self._files:
                self._spool.begin(opened.descriptor)
                for block in ahead(self._blocks(opened)):
                    self._progress()
                    place = self._spool.add(block)
                    used = self._counted(block, opened.counts)
                    if len(used.lines):
                        events, every = self._expand(used, place)
                        self.events_counted += every
                        runs.add(events)
                _let_go(opened)
            for rows in ahead(runs.merged()):
                yield self._batch(rows)
        finally:
            self._spool.close()
            for opened in self._files:
                _let_go(opened)

    @abstractmethod
    def _blocks(self, opened: Opened) -> Iterator[Block]:
        """Yield what a file holds."""

    @abstractmethod
    def _expand(self, block: Block, place: int) -> tuple[NDArray[np.void], int]:
        """Return the wanted events of a block, and how many there are of all kinds."""

    @abstractmethod
    def _batch(self, rows: NDArray[np.void]) -> ColumnBatch:
        """Return events as a batch."""

    def _counted(self, block: Block, counts: FileCounts) -> Block:
        """Count a block's rows and problems; return what of it is within the range of time that was asked for."""
        for problem in block.problems:
            counts.refuse(problem)
        starts, options = block.facts["start"], self._options
        wanted = np.ones(starts.size, np.bool_)
        if options.since is not None:
            wanted &= starts >= options.since
        if options.until is not None:
            wanted &= starts < options.until
        used = block if wanted.all() else block.only(wanted)
        counts.outside_range += len(block.lines) - len(used.lines)
        counts.use_rows(len(used.lines))
        if len(used.lines):
            counts.saw(Micros(int(used.facts["start"].min())))
            counts.saw(Micros(int(used.facts["start"].max())))
        return used


class ColumnRecords(_Columns[RecordBlock]):
    """Call records: the events of the kinds and with the fields that `reads` names."""

    def __init__(
        self,
        files: Sequence[Opened],
        directory: Directory,
        options: Options,
        reads: Reads,
        *,
        progress: Callable[[], None],
        wholes: Wholes | None = None,
    ) -> None:
        """With `wholes` attempts tell their whole calls."""
        self._expander: Final = RecordExpander(directory, reads.hashes, reads.kinds, reads.fields, wholes, reads.numbers)
        self._records: Final = Spool(directory)
        super().__init__(files, options, self._records, self._expander.dtype, progress)

    def _blocks(self, opened: Opened) -> Iterator[RecordBlock]:
        return opened.blocks(self._expander.hashing)

    def _expand(self, block: RecordBlock, place: int) -> tuple[NDArray[np.void], int]:
        return self._expander.expand(block, place)

    def _batch(self, rows: NDArray[np.void]) -> ColumnBatch:
        return self._expander.batch(rows, self._records)


class ColumnEntries(_Columns[LogBlock]):
    """Entries of switch logs, likewise."""

    def __init__(
        self, files: Sequence[Opened], directory: Directory, options: Options, reads: Reads, *, progress: Callable[[], None]
    ) -> None:
        self._expander: Final = LogExpander(directory, reads.hashes, reads.kinds, reads.fields, reads.numbers)
        self._entries: Final = EntrySpool(directory)
        super().__init__(files, options, self._entries, self._expander.dtype, progress)

    def _blocks(self, opened: Opened) -> Iterator[LogBlock]:
        return opened.entries(self._expander.hashing)

    def _expand(self, block: LogBlock, place: int) -> tuple[NDArray[np.void], int]:
        return self._expander.expand(block, place)

    def _batch(self, rows: NDArray[np.void]) -> ColumnBatch:
        return self._expander.batch(rows, self._entries)


def _let_go(opened: Opened) -> None:
    """Close the file where nobody keeps it."""
    descriptor = opened.descriptor()
    if descriptor is not None:
        os.close(descriptor)

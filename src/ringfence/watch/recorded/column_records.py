"""Files of call records as batches of events in columns, in the order of their times."""

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np

from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.columns.records import RecordEvents, RecordExpander, Wholes
from ringfence.watch.engine import Reads
from ringfence.watch.recorded.ahead import ahead
from ringfence.watch.recorded.counts import FileCounts
from ringfence.watch.recorded.formats import Options
from ringfence.watch.recorded.opened import Opened
from ringfence.watch.recorded.runs import Runs
from ringfence.watch.recorded.spool import Spool
from ringfence.watch.wire.cdr.blocks import RecordBlock


class ColumnRecords:
    """Reads `files` once, as `batches` is drawn on: the events of the kinds and with the fields that `reads` names."""

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
        self.events_counted = 0
        """Of all kinds."""
        self._files = tuple(files)
        self._directory = directory
        self._options = options
        self._progress = progress
        self._expander: Final = RecordExpander(directory, reads.hashes, reads.kinds, reads.fields, wholes)

    def batches(self) -> Iterator[RecordEvents]:
        """Yield the events by time, then sequence. Raises `OSError` where temporary files can't be written."""
        runs = Runs(self._expander.dtype)
        spool = Spool(self._directory)
        try:
            for opened in self._files:
                spool.begin(opened.descriptor)
                for block in ahead(opened.blocks(self._expander.hashing)):
                    self._progress()
                    used = self._counted(block, opened.counts)
                    if len(used.lines):
                        events, every = self._expander.expand(used, spool.add(used))
                        self.events_counted += every
                        runs.add(events)
                _let_go(opened)
            for rows in ahead(runs.merged()):
                yield RecordEvents(rows, spool, self._expander.hashes)
        finally:
            spool.close()
            for opened in self._files:
                _let_go(opened)

    def _counted(self, block: RecordBlock, counts: FileCounts) -> RecordBlock:
        """Count a block's records and problems; return what of it is within the range of time that was asked for."""
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
        counts.records += len(used.lines)
        if len(used.lines):
            counts.saw(Micros(int(used.facts["start"].min())))
            counts.saw(Micros(int(used.facts["start"].max())))
        return used


def _let_go(opened: Opened) -> None:
    """Close the file where nobody keeps it."""
    descriptor = opened.descriptor()
    if descriptor is not None:
        os.close(descriptor)

"""One input while it is read: opened when its turn comes, counted, and closed at its end."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import BinaryIO, Final, TypeVar

from ringfence.vocabulary.times import Micros
from ringfence.watch.kernels.packets import TIME
from ringfence.watch.kernels.row_layout import Hashing
from ringfence.watch.recorded.counts import FileCounts
from ringfence.watch.recorded.formats import Options, Timed
from ringfence.watch.recorded.inputs import Input
from ringfence.watch.recorded.ordering import HELD_DATAGRAMS, in_order, nearly_sorted
from ringfence.watch.sources.datagram import Datagram
from ringfence.watch.sources.errors import UnreadableFile
from ringfence.watch.sources.pcap.clock import DISORDER_US
from ringfence.watch.sources.stretch import Stretch
from ringfence.watch.wire.cdr.blocks import RecordBlock
from ringfence.watch.wire.logs.blocks import LogBlock

_Block = TypeVar("_Block", RecordBlock, LogBlock)


class Opened:
    """An input with its counts. `first` is the time of its first packet, 0 where it has none, `None` where it holds no packets."""

    def __init__(self, source: Input, options: Options) -> None:
        """Check the header. Raises `UnreadableFile` with the file's name where it is not as it must be."""
        self.counts: Final = FileCounts(source.name, source.format.name)
        self.first: Final = self._checked(source, options)
        self.is_packets: Final = source.format.is_packets
        self._descriptor: int | None = None
        self._source = source
        self._options = options

    def items(self) -> Iterator[Timed]:
        """Yield all that the file holds, and note at its end what was wrong with its packing."""
        source, counts = self._source, self.counts
        try:
            yield from source.format.open(source.open(), self._options, counts)
            counts.damage = source.damage
        finally:
            source.is_read = True
            source.close()

    def blocks(self, hashing: Hashing) -> Iterator[RecordBlock]:
        """Yield all that a file of records holds, likewise."""
        return self._in_blocks(self._source.format.blocks, hashing)

    def entries(self, hashing: Hashing) -> Iterator[LogBlock]:
        """Yield all that a switch's log holds, likewise."""
        return self._in_blocks(self._source.format.entries, hashing)

    def _in_blocks(
        self, read: Callable[[BinaryIO, Options, Hashing], Iterator[_Block]] | None, hashing: Hashing
    ) -> Iterator[_Block]:
        source, counts = self._source, self.counts
        try:
            if read is not None:
                file = source.open()
                self._descriptor = source.descriptor()
                yield from read(file, self._options, hashing)
            counts.damage = source.damage
        finally:
            source.is_read = True
            source.close()

    def descriptor(self) -> int | None:
        """Return once, after the first block, a descriptor by which the file can be read again; `None` where there is none.

        Whoever asks closes it.
        """
        descriptor, self._descriptor = self._descriptor, None
        return descriptor

    @property
    def gives_blocks(self) -> bool:
        """Tell whether it holds records and nothing else."""
        return self._source.format.blocks is not None

    @property
    def gives_entries(self) -> bool:
        """Tell whether it is a log that is read in blocks."""
        return self._source.format.entries is not None

    def stretches(self) -> Iterator[Stretch | list[Datagram]]:
        """Yield the same packets as `datagrams` in parts."""
        source, counts, options = self._source, self.counts, self._options
        if source.format.stretches is None or options.since is not None or options.until is not None:
            datagrams = self.datagrams()
            while apart := list(islice(datagrams, HELD_DATAGRAMS)):
                yield apart
            return
        latest: Micros | None = None
        try:
            for part in in_order(source.format.stretches(source.open(), options, counts)):
                if latest is None:
                    counts.saw(_time(part, 0))
                latest = _time(part, -1)
                yield part
            counts.damage = source.damage
        finally:
            source.is_read = True
            source.close()
        if latest is not None:
            counts.saw(latest)

    def datagrams(self) -> Iterator[Datagram]:
        """Yield the packets by time that are within the range asked for. Reading ends where the range does."""
        counts, options = self.counts, self._options
        if options.since is None and options.until is None:
            return nearly_sorted(self._seen())
        return nearly_sorted(each for each in self._seen() if options.wants(each.time) or counts.leave_out())

    def _seen(self) -> Iterator[Datagram]:
        counts, until = self.counts, self._options.until
        end = None if until is None else Micros(until + DISORDER_US)
        latest: Micros | None = None
        for each in self.items():
            if isinstance(each, Datagram):
                if end is not None and each.time >= end:
                    counts.leave_out()  # it alone: what comes after it is not even read
                    break
                if latest is None:
                    counts.saw(each.time)
                latest = each.time
                yield each
        if latest is not None:
            counts.saw(latest)

    @staticmethod
    def _checked(source: Input, options: Options) -> Micros | None:
        try:
            if source.path is None:
                return Micros(0)  # standard input can be read once: it is opened first, and its header is checked then
            if source.format.first_time is not None:
                return source.format.first_time(source.open()) or Micros(0)
            source.format.open(source.open(), options, FileCounts(source.name, source.format.name))
            return None
        except UnreadableFile as refused:
            raise UnreadableFile(f"{source.name}: {refused}", permanent=refused.permanent) from refused
        finally:
            if source.path is not None:
                source.close()


def _time(part: Stretch | list[Datagram], nth: int) -> Micros:
    return Micros(part.rows.item(nth, TIME)) if isinstance(part, Stretch) else part[nth].time

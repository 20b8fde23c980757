"""What a file can be: how each format is recognised, and how it is read. One table lists them all (`table.py`)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import tzinfo
from enum import IntEnum
from typing import BinaryIO, NamedTuple

from ringfence.vocabulary.contracts import Event
from ringfence.vocabulary.times import Micros
from ringfence.watch.identity import Identities
from ringfence.watch.kernels.row_layout import Hashing
from ringfence.watch.recorded.counts import FileCounts
from ringfence.watch.sources.datagram import Datagram
from ringfence.watch.sources.stretch import Stretch
from ringfence.watch.wire.cdr import CallRecord, RowProblem
from ringfence.watch.wire.cdr.blocks import RecordBlock
from ringfence.watch.wire.logs.blocks import LogBlock

Timed = Datagram | CallRecord | Event | RowProblem
"""What a file gives, one after another: packets give datagrams; records and logs give records, events and unusable rows."""


class Confidence(IntEnum):
    """How sure a format is that a file is one of its own. The highest takes it; of equals the first in the table."""

    NO = 0
    POSSIBLE = 1  # nothing speaks against it, and its name or one trait for it
    LIKELY = 2  # several traits together that chance does not bring
    CERTAIN = 3  # a magic number or a header that nothing else has


class MappingFile(NamedTuple):
    """A mapping file as read: which of its columns is which of ours. `name` is for messages."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Options:
    """What somebody says of his files. `zone` and `country` are where unmarked times and national numbers are from."""

    zone: tzinfo | None = None
    country: str | None = None
    mapping: MappingFile | None = None
    since: Micros | None = None
    """What is older is left out, and counted; the reader of files does that, no format needs to."""
    until: Micros | None = None
    """What is of this time or later is left out."""
    identities: Identities | None = None
    """Verifies the signed identities of captured calls; `None`: nobody does."""

    def wants(self, time: Micros) -> bool:
        """Tell whether something of `time` is within the range that was asked for."""
        return (self.since is None or time >= self.since) and (self.until is None or time < self.until)


Open = Callable[[BinaryIO, Options, FileCounts], Iterator[Timed]]
"""From an unpacked file at its start to what it holds, in the file's order and as it is read.

Reads no further than it must for each item, with memory that does not grow with the file; takes no `seek` for granted (pipes,
packed and growing files have none). Unusable rows are yielded as `RowProblem`, damage to packets is counted in `counts.capture`.
Raises `UnreadableFile` at once where the header is not as it must be, and nothing later.
"""


Stretches = Callable[[BinaryIO, Options, FileCounts], Iterator[Stretch | Datagram]]
Blocks = Callable[[BinaryIO, Options, Hashing], Iterator[RecordBlock]]
Entries = Callable[[BinaryIO, Options, Hashing], Iterator[LogBlock]]


@dataclass(frozen=True, slots=True)
class Format:
    """One format. `name` is how `--format` names it; `looks_like` completes "it looks like …"."""

    name: str
    looks_like: str
    recognise: Callable[[bytes, str], Confidence]
    """From the file's first octets (up to `START` of them, unpacked) and its name without folder and packing."""
    open: Open
    first_time: Callable[[BinaryIO], Micros | None] | None = None
    """For packets: the time of the first one in an unpacked file at its start, so that files are opened when their time comes."""
    stretches: Stretches | None = None
    """For packets: the same, with what stands together and is plain together. It raises as `open` does."""
    blocks: Blocks | None = None
    """For what gives records and unusable rows and nothing else: the same in blocks of columns. It raises as `open` does."""
    entries: Entries | None = None
    """For what gives events of log entries and unusable rows and nothing else, likewise."""

    @property
    def is_packets(self) -> bool:
        """Tell whether it gives datagrams and nothing else."""
        return self.first_time is not None


START = 65_536
"""Octets that `recognise` is shown at most."""

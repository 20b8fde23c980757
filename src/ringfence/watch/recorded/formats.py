"""What a file can be: how each format is recognised, and how it is read. One table lists them all (`table.py`)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import tzinfo
from enum import IntEnum
from typing import BinaryIO, NamedTuple

from ringfence.vocabulary.contracts import Event
from ringfence.watch.recorded.counts import FileCounts
from ringfence.watch.sources.datagram import Datagram
from ringfence.watch.wire.cdr import CallRecord, RowProblem

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


Open = Callable[[BinaryIO, Options, FileCounts], Iterator[Timed]]
"""From an unpacked file at its start to what it holds, in the file's order and as it is read.

Reads no further than it must for each item, with memory that does not grow with the file; takes no `seek` for granted (pipes,
packed and growing files have none). Unusable rows are yielded as `RowProblem`, damage to packets is counted in `counts.capture`.
Raises `UnreadableFile` at once where the header is not as it must be, and nothing later.
"""


@dataclass(frozen=True, slots=True)
class Format:
    """One format. `name` is how `--format` names it; `looks_like` completes "it looks like …"."""

    name: str
    looks_like: str
    recognise: Callable[[bytes, str], Confidence]
    """From the file's first octets (up to `START` of them, unpacked) and its name without folder and packing."""
    open: Open
    is_packets: bool = False
    """It gives datagrams and nothing else."""


START = 65_536
"""Octets that `recognise` is shown at most."""

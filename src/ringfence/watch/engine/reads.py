"""What an engine looks at of events."""

from typing import NamedTuple

from ringfence.vocabulary.contracts import EventKind
from ringfence.watch.columns import TextHashes


class Reads(NamedTuple):
    """The kinds and fields of events that an engine reads, and how it hashes text. Everything else may be left away.

    `numbers` are fields that it reads as numbers too: see `ColumnBatch.words`.
    """

    hashes: TextHashes
    kinds: frozenset[EventKind]
    fields: frozenset[str]
    numbers: frozenset[str] = frozenset()

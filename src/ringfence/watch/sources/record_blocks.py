"""Files of call records as blocks of columns: the same records and problems as row by row, sooner."""

import os
from collections.abc import Iterable, Iterator
from datetime import tzinfo
from itertools import islice
from typing import BinaryIO, Final

from ringfence.watch.kernels.row_layout import Hashing
from ringfence.watch.sources.call_records import unreadable
from ringfence.watch.sources.holes import skip_hole
from ringfence.watch.sources.text_lines import is_utf16, text_lines
from ringfence.watch.wire.cdr import LONGEST_LINE, CallRecord, FileMapping, RowProblem, WrongHeader
from ringfence.watch.wire.cdr.blocks import BlockReader, RecordBlock, block_of
from ringfence.watch.wire.cdr.reader import Lines
from ringfence.watch.wire.cdr.repeats import REPEATED, Repeats
from ringfence.watch.wire.cdr.rows import MappedLines

_OCTETS: Final = 1 << 20
"""Of a block: its columns stay in the processor's cache, and what one block costs is nothing to what its rows do."""
_ROWS: Final = 4_096
_FEW: Final = 16
"""A file of so small a part of a block is read row by row: what reads blocks may have to be compiled first, which takes seconds."""
VERSTAT: Final = "verstat"
"""A column that is read row by row: few files have it."""


def read_blocks(
    file: BinaryIO,
    hashing: Hashing,
    *,
    zone: tzinfo | None = None,
    country: str | None = None,
    mapping: FileMapping | None = None,
    octets: int = _OCTETS,
) -> Iterator[RecordBlock]:
    """Yield what `call_records.read` does, in blocks of some `octets`. Raises `UnreadableFile` as it does."""
    begun = _Begun(file)
    numbered = enumerate(text_lines(begun), start=1)
    has_header = mapping is None or mapping.header is None
    number, header = next(((number, line) for number, line in numbered if line.strip()), (1, "")) if has_header else (0, "")
    try:
        reader: Lines | MappedLines = (
            Lines(header, zone=zone, country=country)
            if mapping is None
            else MappedLines(header if has_header else None, mapping, zone=zone, country=country)
        )
    except WrongHeader as wrong:
        raise unreadable(wrong, mapping) from wrong
    is_odd = not has_header or is_utf16(begun.first) or (isinstance(reader, MappedLines) and not reader.is_plain)
    if is_odd or VERSTAT in reader.names or _is_short(file, octets // _FEW):
        rows = (row for nth, line in numbered if (row := reader.row(nth, line)) is not None)
        return once_in_blocks(blocks_of(rows, hashing))
    return once_in_blocks(_blocks(file, BlockReader(reader, hashing), number + 1, octets))


def _is_short(file: BinaryIO, octets: int) -> bool:
    """Tell whether no more than so many octets are left to be read."""
    if not file.seekable():
        return False
    place = file.tell()
    left = file.seek(0, os.SEEK_END) - place
    file.seek(place)
    return left <= octets


def blocks_of(rows: Iterable[CallRecord | RowProblem], hashing: Hashing, *, size: int = _ROWS) -> Iterator[RecordBlock]:
    """Yield records and problems that were read one by one as blocks of up to `size` of them."""
    rows = iter(rows)
    while held := list(islice(rows, size)):
        yield block_of(held, hashing)


def _blocks(file: BinaryIO, reader: BlockReader, number: int, octets: int) -> Iterator[RecordBlock]:
    while True:
        place = file.tell() if file.seekable() else None
        text = file.read(octets)
        if not text:
            return
        if not text.endswith(b"\n"):
            text = with_whole_lines(text, file)
        yield reader.read(text, number, place)
        number += reader.counted


def with_whole_lines(text: bytes, file: BinaryIO) -> bytes:
    """Return `text` with the rest of its last line. Of a line that is too long only so much is kept as tells that it is."""
    held = [text]
    length = len(text) - 1 - text.rfind(b"\n")
    piece = b"-"
    while piece and not piece.endswith(b"\n"):
        piece = file.readline(LONGEST_LINE + 1)
        if not piece.strip(b"\0"):
            skip_hole(file)
        if length <= LONGEST_LINE:
            held.append(piece)
        length += len(piece)
    return b"".join(held) if held[-1].endswith(b"\n") else b"".join((*held, b"\n"))


def once_in_blocks(blocks: Iterator[RecordBlock]) -> Iterator[RecordBlock]:
    """Yield the blocks with repeated calls as problems."""
    repeats = Repeats()
    for block in blocks:
        fresh = repeats.fresh(block)
        if not repeats.known:
            yield block
        else:
            again = block.lines[~fresh].tolist()
            yield block.only(fresh, *(RowProblem(line, None, REPEATED) for line in again))


class _Begun:
    """A file whose first line is remembered, for `text_lines` to read."""

    def __init__(self, file: BinaryIO) -> None:
        self.first = b""
        self._file = file

    def readline(self, size: int, /) -> bytes:
        """Return the next line, or its first `size` octets."""
        line = self._file.readline(size)
        self.first = self.first or line
        return line

    def read(self, size: int, /) -> bytes:
        """Return the next octets."""
        return self._file.read(size)

"""Files of switch logs as blocks of columns: the same entries and problems as line by line, sooner."""

from collections.abc import Iterator
from datetime import tzinfo
from itertools import islice
from typing import BinaryIO, Final

from ringfence.watch.kernels.row_layout import Hashing
from ringfence.watch.sources.record_blocks import with_whole_lines
from ringfence.watch.sources.switch_records import zone_of
from ringfence.watch.sources.text_lines import is_utf16, text_lines
from ringfence.watch.wire.cdr import LONGEST_LINE, RowProblem
from ringfence.watch.wire.logs import LogEntry, read_freeswitch_log, read_security_log
from ringfence.watch.wire.logs.asterisk_blocks import SecurityLines
from ringfence.watch.wire.logs.blocks import LogBlock, LogReader, block_of
from ringfence.watch.wire.logs.freeswitch_blocks import FreeswitchLines

_OCTETS: Final = 1 << 22
"""Of a block: the lines that are held back between two of them are few beside it."""
_ENTRIES: Final = 4_096


def asterisk_security(file: BinaryIO, hashing: Hashing, *, octets: int = _OCTETS) -> Iterator[LogBlock]:
    """Yield what `switch_logs.asterisk_security` does, in blocks of some `octets`."""
    first = file.readline(LONGEST_LINE + 1)
    if is_utf16(first):
        return _one_by_one(read_security_log(text_lines(_Again(first, file))), hashing)
    return _blocks(file, first, LogReader(SecurityLines(), hashing), octets)


def freeswitch(file: BinaryIO, hashing: Hashing, *, zone: tzinfo | None, octets: int = _OCTETS) -> Iterator[LogBlock]:
    """Yield what `switch_logs.freeswitch` does, likewise. Raises `UnreadableFile` without a zone."""
    zone = zone_of(zone, "FreeSWITCH")
    first = file.readline(LONGEST_LINE + 1)
    if is_utf16(first):
        return _one_by_one(read_freeswitch_log(text_lines(_Again(first, file)), zone=zone), hashing)
    return _blocks(file, first, LogReader(FreeswitchLines(zone), hashing), octets)


class _Again:
    """A file of which the first octets were read already."""

    def __init__(self, first: bytes, file: BinaryIO) -> None:
        self._first = first
        self._file = file

    def readline(self, size: int, /) -> bytes:
        """Return what was read already, then the next lines."""
        first, self._first = self._first, b""
        return first or self._file.readline(size)

    def read(self, size: int, /) -> bytes:
        """Return the next octets."""
        return self._file.read(size)


def _one_by_one(entries: Iterator[LogEntry | RowProblem], hashing: Hashing) -> Iterator[LogBlock]:
    while held := list(islice(entries, _ENTRIES)):
        yield block_of(held, hashing)


def _blocks(file: BinaryIO, first: bytes, reader: LogReader, octets: int) -> Iterator[LogBlock]:
    """Yield the blocks of a file whose `first` octets were read already."""
    place = 0 if file.seekable() else None
    text = first + file.read(octets)
    while text:
        is_cut = False
        if not text.endswith(b"\n"):
            text = with_whole_lines(text, file)
            # Of a line that is too long a part was passed over: what was held back would be looked for at a wrong place.
            is_cut = len(text) - text.rfind(b"\n", 0, -1) > LONGEST_LINE
        yield reader.read(text, place, is_last=is_cut)
        place = file.tell() if file.seekable() else None
        text = file.read(octets)
    yield reader.read(b"", place, is_last=True)

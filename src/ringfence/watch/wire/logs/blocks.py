"""Switch logs as columns: blocks of lines read at once, with the same entries and problems as line by line."""

import codecs
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from ringfence.watch.kernels import log_layout as layout
from ringfence.watch.kernels.octets import count_lines
from ringfence.watch.kernels.row_layout import Hashing
from ringfence.watch.kernels.texts import hash_cells
from ringfence.watch.wire.cdr.record import RowProblem
from ringfence.watch.wire.logs.entry import LogEntry, call_id_of_line

METHODS: Final = ("REGISTER", "UNKNOWN", "INVITE", "OPTIONS", "SUBSCRIBE", "MESSAGE", "PUBLISH", "NOTIFY", "REFER", "ACK", "BYE")
TRANSPORTS: Final = ("udp", "tcp", "tls", "ws", "wss")
"""The words that `FACTS` counts from 1."""

Again = Callable[[int, bytes], LogEntry | None]
_TEXTS: Final = ("session", "user", "domain", "source", "destination")
"""What stands in the first cells."""


@dataclass(frozen=True, slots=True)
class LogBlock:
    """n entries of a log, in its order, and the problems among its lines.

    `cells` say where each entry's texts stand in `data`, as UTF-8; an empty one is not told. What each entry was read from is
    `sizes` octets from `begins` on in the log, counted from the begin of `text`: less than 0 where it began in a block before.
    Where two lines tell of one attempt, that is all from the first to the last of them.
    """

    data: NDArray[np.uint8]
    cells: NDArray[np.int32]  # [n, CELLS, 2]
    facts: NDArray[np.void]  # FACTS[n]
    lines: NDArray[np.int64]  # [n]
    begins: NDArray[np.int64]  # [n]
    sizes: NDArray[np.int64]  # [n]
    text: bytes
    again: Again
    """Reads an entry once more, from the number of its line and what it was read from."""
    hashes: Mapping[int, NDArray[np.uint64]]
    """Of the cells that were to be hashed, 0 where a cell is empty: [n] each."""
    place: int | None = None
    """Where in its file the text begins, for files that can be read again."""
    problems: tuple[RowProblem, ...] = ()

    def only(self, kept: NDArray[np.bool_]) -> "LogBlock":
        """Return the block with the kept entries alone."""
        return replace(
            self,
            cells=self.cells[kept],
            facts=self.facts[kept],
            lines=self.lines[kept],
            begins=self.begins[kept],
            sizes=self.sizes[kept],
            hashes={cell: hashes[kept] for cell, hashes in self.hashes.items()},
        )


class OneByOne(Protocol):
    """What reads the lines of one kind of log."""

    def fill(self, draft: "Draft") -> list[RowProblem]:
        """Fill the draft from its lines; return why some can't be used."""

    def join(self, draft: "Draft", *, is_last: bool) -> NDArray[np.int64]:
        """Let the lines that tell of one attempt be one entry; return the rows that later lines may join, none after the last."""

    def again(self, number: int, octets: bytes) -> LogEntry | None:
        """Return the entry of a line, or of the first and the last of several."""


class Draft:
    """A block while it is read. The first `carried` rows are of lines that a block before held back.

    `begins` are where lines begin in the log, counted from the begin of the block's own text.
    """

    def __init__(self, text: bytes, numbers: NDArray[np.int64], carried: int, key: NDArray[np.uint64]) -> None:
        self.text: Final = text
        self.data: NDArray[np.uint8] = np.frombuffer(text, np.uint8)
        self.numbers: Final = numbers
        self.carried: Final = carried
        self.key: Final = key
        size = numbers.size
        self.lines: Final = layout.Lines(
            np.empty(size, np.int64),
            np.empty(size, np.uint8),
            np.empty((size, layout.CELLS, 2), np.int32),
            np.zeros(size, layout.FACTS),
        )
        self.states: Final = self.lines.states
        self.begins: NDArray[np.int64] = np.zeros(size, np.int64)
        self.sizes: NDArray[np.int64] = np.zeros(size, np.int64)
        self._behind = bytearray()

    def measure(self, begins: Sequence[int]) -> None:
        """Note where lines begin, once all were read: the carried ones at `begins`, the others one behind another from 0 on."""
        ends = self.lines.ends
        self.sizes = np.diff(ends, prepend=0)
        own = ends[self.carried - 1] if self.carried else 0
        self.begins = ends - self.sizes - own
        self.begins[: self.carried] = begins

    def line(self, row: int) -> bytes:
        """Return what a line was read from."""
        return self.text[0 if row == 0 else int(self.lines.ends[row - 1]) : int(self.lines.ends[row])]

    def put(self, row: int, entry: LogEntry, half: int = layout.WHOLE) -> None:
        """Write an entry that was read by itself to its row."""
        method = 1 + METHODS.index(entry.method) if entry.method in METHODS else 0
        transport = 1 + TRANSPORTS.index(entry.transport) if entry.transport in TRANSPORTS else 0
        fact = (entry.time, entry.source_port, entry.status, method, transport, half, entry.credentials)
        self.lines.facts[row] = fact
        texts = [getattr(entry, name) or "" for name in _TEXTS]
        for cell, text in enumerate((*texts, "" if method else entry.method, "" if transport else entry.transport or "")):
            octets = text.encode("utf-8", "surrogatepass")
            self.lines.cells[row, cell] = (len(self.text) + len(self._behind), len(octets))
            self._behind += octets
        self.states[row] = 0

    def name_sessions(self) -> None:
        """Let entries without a session be told apart by their lines, as events are."""
        without = (self.states == 0) & (self.lines.cells[:, layout.SESSION, 1] == 0)
        for row in np.flatnonzero(without).tolist():
            octets = call_id_of_line(int(self.numbers[row])).encode()
            self.lines.cells[row, layout.SESSION] = (len(self.text) + len(self._behind), len(octets))
            self._behind += octets

    def hashed(self, cell: int, key: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """Return the hashes of a cell of all rows."""
        if self.data.size < len(self.text) + len(self._behind):
            self.data = np.frombuffer(self.text + self._behind, np.uint8)
        hashes = np.empty(self.numbers.size, np.uint64)
        hash_cells(self.data, self.lines.cells, cell, key, hashes)
        return hashes


class LogReader:
    """Reads a log block by block."""

    def __init__(self, lines: OneByOne, hashing: Hashing) -> None:
        self._lines = lines
        self._hashing = hashing
        self._number = 1
        self._carried: list[tuple[int, int, bytes]] = []
        """Lines that are held back: number, where it begins before the next block, and what it says."""

    def read(self, text: bytes, place: int | None = None, *, is_last: bool = False) -> LogBlock:
        """Return the entries of `text`, lines that follow those before; each ends with a newline.

        Lines that later ones may join are held back, unless it `is_last`.
        """
        held, self._carried = self._carried, []
        before = b"".join(line for _, _, line in held)
        data = before + text
        fresh = count_lines(np.frombuffer(text, np.uint8))
        numbers = np.array([*(number for number, _, _ in held), *range(self._number, self._number + fresh)], np.int64)
        self._number += fresh
        draft = Draft(data, numbers, len(held), self._hashing.call_key)
        problems = self._lines.fill(draft)
        draft.measure([begin for _, begin, _ in held])
        for row in self._lines.join(draft, is_last=is_last).tolist():
            self._carried.append((int(numbers[row]), int(draft.begins[row]) - len(text), draft.line(row)))
            draft.states[row] = layout.SILENT
        draft.name_sessions()
        kept = draft.states == 0
        whole = LogBlock(
            draft.data,
            draft.lines.cells,
            draft.lines.facts,
            numbers,
            draft.begins,
            draft.sizes,
            text,
            self._lines.again,
            {cell: draft.hashed(cell, self._hashing.key) for cell in self._hashing.cells.tolist()},
            place,
            tuple(problems),
        )
        return replace(whole, data=draft.data).only(kept)


def block_of(entries: Sequence[LogEntry | RowProblem], hashing: Hashing) -> LogBlock:
    """Return the block of entries and problems that were read one by one."""
    told = [entry for entry in entries if isinstance(entry, LogEntry)]
    draft = Draft(b"", np.array([entry.line for entry in told], np.int64), 0, hashing.call_key)
    for row, entry in enumerate(told):
        draft.put(row, entry)
    draft.name_sessions()
    encoded = list(map(msgspec.msgpack.encode, told))
    sizes = np.fromiter(map(len, encoded), np.int64, len(encoded))
    hashes = {cell: draft.hashed(cell, hashing.key) for cell in hashing.cells.tolist()}
    return LogBlock(
        draft.data,
        draft.lines.cells,
        draft.lines.facts,
        draft.numbers,
        np.cumsum(sizes) - sizes,
        sizes,
        b"".join(encoded),
        _decoded,
        hashes,
        problems=tuple(entry for entry in entries if isinstance(entry, RowProblem)),
    )


def as_text(line: bytes, number: int) -> str:
    """Return a line as it is read one by one."""
    line = (line.removeprefix(codecs.BOM_UTF8) if number == 1 else line)[: layout.LONGEST_LINE + 1]
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")


def _decoded(line: int, octets: bytes) -> LogEntry:  # noqa: ARG001 - the entry knows it
    return msgspec.msgpack.decode(octets, type=LogEntry)

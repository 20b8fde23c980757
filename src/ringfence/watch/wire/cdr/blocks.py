"""Records as columns: blocks of lines read at once, with the same records and problems as line by line."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from ringfence.vocabulary.identity import IdentityOutcome
from ringfence.vocabulary.times import SECOND
from ringfence.watch.kernels import row_layout as layout
from ringfence.watch.kernels.octets import count_lines
from ringfence.watch.kernels.rows import read_lines
from ringfence.watch.kernels.texts import hash_cells
from ringfence.watch.wire.cdr.reader import ATTESTATIONS, DIRECTIONS, RELEASED_BY
from ringfence.watch.wire.cdr.record import CallRecord, RowProblem
from ringfence.watch.wire.cdr.values import BadValue

RELEASES: Final = tuple(filter(None, RELEASED_BY))
LETTERS: Final = tuple(filter(None, ATTESTATIONS))
WAYS: Final = tuple(filter(None, DIRECTIONS))
OUTCOMES: Final = tuple(IdentityOutcome)
"""The words that `FACTS` counts from 1."""

_TEXTS: Final = {
    layout.CALL_ID: "call_id",
    layout.ACCOUNT: "account",
    layout.CALLER: "caller",
    layout.CALLEE: "callee",
    layout.SOURCE: "source_ip",
    layout.TRUNK: "trunk",
    layout.USER_AGENT: "user_agent",
    layout.PAI: "pai",
    layout.DIVERSION: "diversion",
}
_FORMED: Final = (layout.CALLER, layout.CALLEE, layout.SOURCE)
_BEYOND_ASCII_BLANK: Final = re.compile(r"[\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")
_SAME_OFFSET_US: Final = 900 * SECOND
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_MICROSECOND: Final = timedelta(microseconds=1)
_REMEMBERED: Final = 65_536


Again = Callable[[int, bytes], CallRecord | RowProblem | None]


@dataclass(frozen=True, slots=True)
class RecordBlock:
    """n records of a file, in its order, and the problems among them.

    `cells` say where each record's texts stand in `data`, as UTF-8, by the places of `row_layout`; an empty one is not told.
    What each record was read from is `sizes` octets from `begins` on in `text`.
    """

    data: NDArray[np.uint8]
    cells: NDArray[np.int32]  # [n, TEXTS, 2]
    facts: NDArray[np.void]  # FACTS[n]
    lines: NDArray[np.int64]  # [n]
    begins: NDArray[np.int64]  # [n]
    sizes: NDArray[np.int64]  # [n]
    text: bytes
    again: Again
    """Reads a record once more, from the number of its line and what it was read from."""
    hashes: Mapping[int, NDArray[np.uint64]]
    """Of the cells that were to be hashed, 0 where a cell is empty: [n] each."""
    calls: NDArray[np.uint64]
    """Hashes of the call ids, by which calls that come again are known: [n]."""
    place: int | None = None
    """Where in its file the text begins, for files that can be read again."""
    problems: tuple[RowProblem, ...] = ()

    def only(self, kept: NDArray[np.bool_], *problems: RowProblem) -> "RecordBlock":
        """Return the block with the kept records alone, and further problems."""
        joined = tuple(sorted((*self.problems, *problems), key=lambda problem: problem.line))
        return replace(
            self,
            cells=self.cells[kept],
            facts=self.facts[kept],
            lines=self.lines[kept],
            begins=self.begins[kept],
            sizes=self.sizes[kept],
            hashes={cell: hashes[kept] for cell, hashes in self.hashes.items()},
            calls=self.calls[kept],
            problems=joined,
        )


class _Texts:
    """Texts that stand behind a block's own."""

    def __init__(self, begin: int) -> None:
        self._begin = begin
        self.octets = bytearray()

    def add(self, text: bytes) -> tuple[int, int]:
        """Return where the text stands, and how long it is."""
        place = self._begin + len(self.octets)
        self.octets += text
        return place, len(text)

    def put(self, record: CallRecord, row: int, cells: NDArray[np.int32], facts: NDArray[np.void]) -> None:
        """Write a record that was read one by one to its row."""
        facts[row] = (
            record.start,
            layout.NEVER if record.answer is None else record.answer,
            layout.NEVER if record.end is None else record.end,
            layout.NONE if record.ring_ms is None else record.ring_ms,
            record.status,
            0 if record.released_by is None else 1 + RELEASES.index(record.released_by),
            0 if record.attestation is None else 1 + LETTERS.index(record.attestation),
            0 if record.direction is None else 1 + WAYS.index(record.direction),
            0 if record.verification is None else 1 + OUTCOMES.index(record.verification),
        )
        for cell, name in _TEXTS.items():
            cells[row, cell] = self.add((getattr(record, name) or "").encode("utf-8", "surrogatepass"))


def block_of(rows: Iterable[CallRecord | RowProblem], hashing: layout.Hashing) -> RecordBlock:
    """Return the block of records and problems that were read one by one."""
    rows = list(rows)
    records = [row for row in rows if isinstance(row, CallRecord)]
    cells, facts = np.zeros((len(records), layout.TEXTS, 2), np.int32), np.zeros(len(records), layout.FACTS)
    behind = _Texts(0)
    for row, record in enumerate(records):
        behind.put(record, row, cells, facts)
    encoded = list(map(msgspec.msgpack.encode, records))
    sizes = np.fromiter(map(len, encoded), np.int64, len(encoded))
    data = np.frombuffer(bytes(behind.octets), np.uint8)
    return RecordBlock(
        data,
        cells,
        facts,
        np.fromiter((record.line for record in records), np.int64, len(records)),
        np.cumsum(sizes) - sizes,
        sizes,
        b"".join(encoded),
        _decoded,
        {cell: _hashed(data, cells, cell, hashing.key) for cell in hashing.cells.tolist()},
        _hashed(data, cells, layout.CALL_ID, hashing.call_key),
        problems=tuple(row for row in rows if isinstance(row, RowProblem)),
    )


def _hashed(data: NDArray[np.uint8], cells: NDArray[np.int32], cell: int, key: NDArray[np.uint64]) -> NDArray[np.uint64]:
    hashes = np.empty(len(cells), np.uint64)
    hash_cells(data, cells, cell, key, hashes)
    return hashes


def _decoded(line: int, octets: bytes) -> CallRecord:  # noqa: ARG001 - the record knows it
    return msgspec.msgpack.decode(octets, type=CallRecord)


class OneByOne(Protocol):
    """What reads lines one by one: the one definition of what they say."""

    @property
    def names(self) -> Sequence[str]:
        """The columns of a line, as the generic layout names them."""

    @property
    def delimiter(self) -> str:
        """What stands between values."""

    @property
    def zone(self) -> tzinfo | None:
        """Where times without a zone of their own are from."""

    @property
    def drops_answers(self) -> bool:
        """Tell whether a call that was refused was not answered, whatever its record says."""

    def row(self, number: int, line: str) -> CallRecord | RowProblem | None:
        """Return the record of a line, or why it has none; `None` where it is empty."""

    def in_form(self, name: str, text: str) -> str:
        """Return the number or address `text` of a column as records have it. Raises `BadValue`."""


class BlockReader:
    """Reads blocks of the lines that `lines` would read one by one."""

    def __init__(self, lines: OneByOne, hashing: layout.Hashing) -> None:
        self._lines = lines
        self._hashing = hashing
        targets = [layout.PLACES.get(name, layout.NONE) for name in lines.names]
        self._table = layout.Table(
            ord(lines.delimiter),
            _classes(lines.delimiter),
            np.array(targets, np.int64),
            packed_words(RELEASES, LETTERS, WAYS),
            np.array([cell for cell in _FORMED if cell not in hashing.cells], np.int64),
            np.zeros(3, np.uint64),
            np.zeros((hashing.cells.size, 1 << layout.KNOWN_BITS, 4), np.uint64),
        )
        self._cells = np.zeros((layout.CELLS, 2), np.int32)
        self._canonical: dict[tuple[int, bytes], bytes] = {}
        """Numbers and addresses in other forms, by cell, and their own."""
        self.counted = 0
        """Lines of the last text."""

    def read(self, text: bytes, first: int, place: int | None = None) -> RecordBlock:
        """Return the records of `text`, lines of which the first is number `first`; each ends with a newline."""
        draft = _Draft(text, first, place, self._hashing, self.row)
        self.counted = draft.size
        read_lines(draft.data, self._table, self._hashing, self._cells, draft.rows)
        if self._lines.drops_answers:
            draft.drop_answers()
        if not draft.states.any():
            return draft.block(None, ())
        behind = _Texts(len(text))
        draft.refuse_strange_texts()
        draft.place_in(self._lines.zone)
        for state, cell in (
            (layout.CALLER_ODD, layout.CALLER),
            (layout.CALLEE_ODD, layout.CALLEE),
            (layout.SOURCE_ODD, layout.SOURCE),
        ):
            self._bring_into_form(draft, behind, state, cell)
        kept = (draft.states & layout.BLANK) == 0
        problems = []
        for row in np.flatnonzero(draft.states & layout.ODD).tolist():
            read = self.row(first + row, draft.line(row))
            kept[row] = isinstance(read, CallRecord)
            if isinstance(read, CallRecord):
                behind.put(read, row, draft.cells, draft.facts)
            elif read is not None:
                problems.append(read)
        draft.append(behind.octets)
        draft.hash_again(np.flatnonzero(kept & (draft.states != 0)))
        return draft.block(kept, problems)

    def row(self, number: int, line: bytes) -> CallRecord | RowProblem | None:
        """Return the record of one line, or why it has none; `None` where it is empty."""
        line = line[: layout.LONGEST_LINE + 1]  # as lines are read one by one
        try:
            return self._lines.row(number, line.decode("utf-8"))
        except UnicodeDecodeError:
            return self._lines.row(number, line.decode("latin-1"))

    def _bring_into_form(self, draft: "_Draft", behind: _Texts, state: int, cell: int) -> None:
        """Let cells stand as what numbers and addresses in them come to; mark rows odd where they come to nothing."""
        for row in np.flatnonzero(((draft.states & state) != 0) & ((draft.states & layout.ODD) == 0)).tolist():
            written = draft.cell(row, cell)
            canonical = self._canonical.get((cell, written))
            if canonical is None:
                if len(self._canonical) >= _REMEMBERED:
                    self._canonical.clear()
                canonical = self._canonical[cell, written] = self._in_form(written.decode(), cell)
            if canonical:
                draft.cells[row, cell] = behind.add(canonical)
            else:
                draft.states[row] |= layout.ODD

    def _in_form(self, written: str, cell: int) -> bytes:
        try:
            return self._lines.in_form(_TEXTS[cell], written).encode()
        except BadValue:
            return b""


class _Draft:
    """A block while it is read."""

    def __init__(self, text: bytes, first: int, place: int | None, hashing: layout.Hashing, again: Again) -> None:
        self.text = text
        self.data: NDArray[np.uint8] = np.frombuffer(text, np.uint8)
        self.size = count_lines(self.data)
        self.rows = layout.Rows(
            np.empty(self.size, np.int64),
            np.empty(self.size, np.uint8),
            np.empty((self.size, layout.TEXTS, 2), np.int32),
            np.zeros(self.size, layout.FACTS),
            np.empty((hashing.cells.size, self.size), np.uint64),
            np.empty(self.size, np.uint64),
        )
        self.ends, self.states, self.cells, self.facts = self.rows[:4]
        self._first = first
        self._place = place
        self._hashing = hashing
        self._again = again

    def line(self, row: int) -> bytes:
        """Return what a row was read from."""
        return self.text[0 if row == 0 else int(self.ends[row - 1]) : int(self.ends[row])]

    def cell(self, row: int, cell: int) -> bytes:
        """Return a row's text in a cell."""
        begin, length = self.cells[row, cell].tolist()
        return self.text[begin : begin + length]

    def append(self, octets: bytearray) -> None:
        """Let texts stand behind the block's own."""
        if octets:
            self.data = np.frombuffer(self.text + octets, np.uint8)

    def hash_again(self, rows: NDArray[np.intp]) -> None:
        """Hash the texts of some rows once more."""
        cells, hashing = self.cells[rows], self._hashing
        for nth, cell in enumerate(hashing.cells.tolist()):
            self.rows.hashes[nth, rows] = _hashed(self.data, cells, cell, hashing.key)
        self.rows.calls[rows] = _hashed(self.data, cells, layout.CALL_ID, hashing.call_key)

    def drop_answers(self) -> None:
        """Let refused calls be unanswered."""
        status = self.facts["status"]
        self.facts["answer"][(status != 0) & ((status < 200) | (status >= 300))] = layout.NEVER  # those of odd rows are read anew

    def refuse_strange_texts(self) -> None:
        """Mark rows odd that are no UTF-8, or hold blanks that only Unicode knows."""
        for row in np.flatnonzero(self.states & layout.BEYOND_ASCII).tolist():
            try:
                is_strange = _BEYOND_ASCII_BLANK.search(self.line(row).decode("utf-8")) is not None
            except UnicodeDecodeError:
                is_strange = True
            if is_strange:
                self.states[row] |= layout.ODD

    def place_in(self, zone: tzinfo | None) -> None:
        """Turn times without a zone into those of `zone`; mark rows odd where there is none, or they are not in order."""
        naive = np.flatnonzero(((self.states & layout.NAIVE) != 0) & ((self.states & layout.ODD) == 0))
        if zone is None:
            self.states[naive] |= layout.ODD
            return
        for name in ("start", "answer", "end"):
            times = self.facts[name][naive]
            told = times != layout.NEVER
            times[told] = in_zone(times[told], zone)
            self.facts[name][naive] = times
        facts = self.facts[naive]
        early = (facts["answer"] != layout.NEVER) & ((facts["answer"] < facts["start"]) | (facts["answer"] > facts["end"]))
        self.states[naive[early | (facts["end"] < facts["start"])]] |= layout.ODD

    def block(self, kept: NDArray[np.bool_] | None, problems: Sequence[RowProblem]) -> RecordBlock:
        """Return the block, without the rows that are not kept."""
        begins = np.concatenate((np.zeros(1, np.int64), self.ends[:-1]))
        lines = np.arange(self._first, self._first + self.size)
        hashes = dict(zip(self._hashing.cells.tolist(), self.rows.hashes, strict=True))
        whole = RecordBlock(
            self.data,
            self.cells,
            self.facts,
            lines,
            begins,
            self.ends - begins,
            self.text,
            self._again,
            hashes,
            self.rows.calls,
            self._place,
        )
        return whole if kept is None else whole.only(kept, *problems)


def in_zone(local: NDArray[np.int64], zone: tzinfo, *, fold: int = 0) -> NDArray[np.int64]:
    """Return the moments of local times that were read as if they were UTC; of two possible ones the first, or that of `fold` 1."""
    quarters, of_each = np.unique(local // _SAME_OFFSET_US, return_inverse=True)
    begins = [_offset_us(quarter * _SAME_OFFSET_US, zone, fold) for quarter in quarters.tolist()]
    ends = [_offset_us(quarter * _SAME_OFFSET_US + _SAME_OFFSET_US - 1, zone, fold) for quarter in quarters.tolist()]
    moments = local - np.array(begins, np.int64)[of_each]
    for place in np.flatnonzero((np.array(begins) != np.array(ends))[of_each]).tolist():
        moments[place] = local[place] - _offset_us(int(local[place]), zone, fold)
    return moments


def _offset_us(local: int, zone: tzinfo, fold: int) -> int:
    """Return how far east of UTC `zone` is at a local time."""
    told = (_EPOCH + timedelta(microseconds=local)).replace(tzinfo=zone, fold=fold)
    return (told.utcoffset() or timedelta()) // _MICROSECOND


def _classes(delimiter: str) -> NDArray[np.uint8]:
    classes = np.full(256, layout.PLAIN, np.uint8)
    classes[:32] = layout.CONTROL
    classes[128:] = layout.HIGH
    for mark, kind in (("\t", layout.PLAIN), ("\n", layout.NEWLINE), ("\r", layout.RETURN), ('"', layout.QUOTE)):
        classes[ord(mark)] = kind
    classes[ord(delimiter)] = layout.DELIMITER
    return classes


def packed_words(*groups: Sequence[str]) -> NDArray[np.uint64]:
    """Return the words of each group, each after its length, eight octets together."""
    longest = -(-max(len(word) for group in groups for word in group) // 8)
    words = np.zeros((len(groups), max(map(len, groups)), 1 + longest), np.uint64)
    for group, each in enumerate(groups):
        for nth, word in enumerate(each):
            words[group, nth, 0] = len(word)
            words[group, nth, 1:] = np.frombuffer(word.encode().ljust(8 * longest, b"\0"), "<u8")
    return words

"""The arrays in which all that is followed stands: room for it, and the keys by which it is found."""

from collections.abc import Callable, Collection, Iterable
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.calls.entries import CallKey, ClaimKey, Origin, TransactionKey
from ringfence.watch.calls.states import CALLEE_REFUSES, CHALLENGES, MENDABLE, NEXT, RINGS, CallState, Trigger
from ringfence.watch.kernels import call_entries as kernel
from ringfence.watch.kernels import call_layout as c
from ringfence.watch.kernels import sip_fields, texts
from ringfence.watch.kernels.layout import CELL

STATES: Final = tuple(CallState)
METHOD_NUMBERS: Final = {method: number for number, method in enumerate(sip_fields.METHODS, start=1)}
_TRIGGERS: Final = tuple(Trigger)
_CAPACITY: Final = 1 << 10
_TOLD: Final = 4_096
_NOTED: Final = 1 << 19
"""Octets of what requests said, that are told together."""
_FEWEST_KEYS: Final = 256
_HASHED: Final = 65_536
_WITHOUT_BRANCH: Final = np.uint64(1 << 63)


class Slots:
    """Slots for each table, twice as many when one is full. `spans` are how long an answer, ringing, silence may last."""

    def __init__(self, limits: tuple[int, int], spans: tuple[int, int, int]) -> None:
        marks = np.zeros(c.MARKS, np.int64)
        marks[c.LIMIT : c.LIMIT + 2] = limits
        marks[c.ANSWER_US], marks[c.RING_US], marks[c.SILENT_US] = spans
        # Python's own hashes of text are under a key that nobody knows: so are those by which entries are found.
        key = [hash((__name__, half)) & ((1 << 64) - 1) for half in ("low", "high")]
        self.book = c.Book(
            marks=marks,
            requests=np.zeros((0, c.COLUMNS[c.REQUESTS]), np.int64),
            calls=np.zeros((0, c.COLUMNS[c.CALLS]), np.int64),
            cells=np.zeros((2, 0), CELL),
            free=np.zeros((2, 0), np.int64),
            due=np.zeros((4 * _CAPACITY, 3), np.int64),
            told=np.zeros((_TOLD, c.TOLD_COLUMNS), np.int64),
            notes=np.zeros(_NOTED, np.uint8),
            claimed=np.zeros(_FEWEST_KEYS, np.uint64),
            helping=np.zeros(_FEWEST_KEYS, np.uint64),
            key=np.array(key, np.uint64),
            course=_course(),
            meanings=_meanings(),
        )
        self.accepted: Callable[[], Iterable[ClaimKey]] = tuple
        """Gives the keys of all credentials that were accepted."""
        self.hash: Final[Callable[[str], np.uint64]] = lru_cache(maxsize=_HASHED)(self._hash)
        """Return the hash of a text, 0 of an empty one."""
        self._enlarge(_CAPACITY)

    @property
    def capacity(self) -> int:
        """How many entries a table has room for."""
        return int(self.book.free.shape[1])

    def make_room(self) -> None:
        """Make whatever is nearly full larger."""
        marks = self.book.marks
        if min(marks[c.FREE : c.FREE + 2]) == 0:
            self._enlarge(2 * self.capacity)
        entries = 2 * self.capacity - int(marks[c.FREE : c.FREE + 2].sum())
        if marks[c.QUEUED] + c.MARKS > len(self.book.due):
            if marks[c.QUEUED] > 4 * entries:  # else those of entries gone stay for hours
                self._queue_anew()
            else:
                self.book = self.book._replace(due=np.concatenate((self.book.due, np.zeros_like(self.book.due))))
        self._make_room_for_claims()

    def clear(self) -> None:
        """Let all slots be free."""
        book = self.book
        for entries in (book.requests, book.calls):
            entries[:] = 0
            entries[:, c.SERIAL] = -1
        book.cells[:] = np.zeros((), CELL)
        book.free[:] = np.arange(self.capacity)
        book.marks[c.FREE : c.FREE + 2] = self.capacity
        book.marks[c.QUEUED] = 0
        book.claimed[:] = 0
        book.marks[c.CLAIMED] = 0

    def told(self) -> tuple[list[list[Any]], bytes]:
        """Return what the kernel told, with the notes that it tells of, and let it begin to tell anew."""
        marks = self.book.marks
        told: list[list[Any]] = self.book.told[: marks[c.TOLD]].tolist()
        notes = self.book.notes[: marks[c.NOTED]].tobytes()
        marks[c.TOLD] = marks[c.NOTED] = 0
        return told, notes

    def may_vouch(self, slot: int, origin: Origin) -> None:
        """Let the kernel say of all for which credentials of `origin` may vouch, once they are accepted, that they do so."""
        claims = self.book.requests[slot, c.CLAIMS : c.CLAIMS + 2]
        claims[:] = 0
        if origin.credentials and origin.user is not None:
            claims[0] = self.claim_key((origin.user, origin.source, 0)).astype(np.int64)
            if origin.from_user is not None:
                claims[1] = self.claim_key((origin.from_user, origin.source, origin.source_port)).astype(np.int64)
            for key in claims[claims != 0].view(np.uint64):
                self.vouch(key)

    def vouch(self, key: np.uint64) -> None:
        """Note a key of the table `claimed`."""
        self._make_room_for_claims()
        self.book.marks[c.CLAIMED] += kernel.note_key(self.book.claimed, key)

    def claim_key(self, key: ClaimKey) -> np.uint64:
        """Return by what the kernel looks for accepted credentials."""
        user, source, port = key
        return np.uint64(kernel.claim_hash(self.hash(user), self.hash(source), np.int64(port)))

    def _make_room_for_claims(self) -> None:
        book = self.book
        if 2 * (int(book.marks[c.CLAIMED]) + c.MARKS) > book.claimed.size:
            open_ones = book.requests[:, c.CLAIMS : c.CLAIMS + 2][book.requests[:, c.KEY] != 0].ravel().view(np.uint64)
            keys = {*open_ones.tolist(), *(int(self.claim_key(key)) for key in self.accepted())} - {0}
            self.book = book._replace(claimed=_keys(keys))
            self.book.marks[c.CLAIMED] = len(keys)

    def may_help(self, numbers: Collection[str]) -> None:
        """Let the kernel say of calls to one of the numbers, and of all that are there already, that they may call for help."""
        self.book = self.book._replace(helping=_keys({int(self.hash(number)) for number in numbers if number}))
        self.book.marks[c.HELPING] = len(numbers)
        self.book.calls[:, c.HELP] = 1

    def request_key(self, key: TransactionKey) -> np.uint64:
        """Return by what a request is found."""
        call_id, cseq, method, branch, source = key
        number = METHOD_NUMBERS.get(method)
        named = np.uint64(number) if number is not None else self.hash(method)
        branched = self.hash(branch) if branch is not None else _WITHOUT_BRANCH
        hashed = kernel.request_hash(self.hash(call_id), np.int64(-1 if cseq is None else cseq), named, branched, self.hash(source))
        return np.uint64(hashed)

    def call_key(self, key: CallKey) -> np.uint64:
        """Return by what a call is found."""
        return np.uint64(kernel.call_hash(self.hash(key[0]), self.hash(key[1])))

    def _hash(self, text: str) -> np.uint64:
        octets = text.encode("utf-8", "surrogatepass")
        return np.uint64(texts.text_hash(np.frombuffer(octets, np.uint8), 0, len(octets), self.book.key))

    def _enlarge(self, capacity: int) -> None:
        book, before = self.book, self.capacity
        tables = []
        cells = np.zeros((2, 4 * capacity), CELL)
        free = np.zeros((2, capacity), np.int64)
        for table, entries in enumerate((book.requests, book.calls)):
            larger = np.zeros((capacity, entries.shape[1]), np.int64)
            larger[:before] = entries
            larger[before:, c.SERIAL] = -1
            tables.append(larger)
            left = int(book.marks[c.FREE + table])
            # The lowest are given out first.
            new = np.arange(capacity - 1, before - 1, -1)
            free[table, : new.size] = new
            free[table, new.size : new.size + left] = book.free[table, :left]
            book.marks[c.FREE + table] = new.size + left
        self.book = book._replace(requests=tables[c.REQUESTS], calls=tables[c.CALLS], cells=cells, free=free)
        for table, entries in enumerate(tables):
            kernel.place_all(cells, table, entries)

    def _queue_anew(self) -> None:
        queued = []
        for table, entries in enumerate((self.book.requests, self.book.calls)):
            slots = np.flatnonzero(entries[:, c.KEY])
            codes = slots if table == c.REQUESTS else -1 - slots
            queued.append(np.column_stack((entries[slots, c.DEADLINE], entries[slots, c.SERIAL], codes)))
        due = np.concatenate(queued)
        order = np.lexsort((due[:, 1], due[:, 0]))  # what is in order is a heap
        self.book.due[: len(due)] = due[order]
        self.book.marks[c.QUEUED] = len(due)


def _keys(keys: Collection[int]) -> NDArray[np.uint64]:
    """Return a table of keys with room for as many more."""
    table = np.zeros(max(_FEWEST_KEYS, 8 << len(keys).bit_length()), np.uint64)
    for key in keys:
        kernel.note_key(table, np.uint64(key))
    return table


def _course() -> NDArray[np.int8]:
    course = np.full((len(STATES), len(_TRIGGERS)), c.STAYS, np.int8)
    for (state, trigger), following in NEXT.items():
        course[STATES.index(state), _TRIGGERS.index(trigger)] = STATES.index(following)
    return course


def _meanings() -> NDArray[np.uint8]:
    meanings = np.zeros(c.STATUSES, np.uint8)
    for statuses, bit in ((MENDABLE, c.MENDABLE), (CHALLENGES, c.DEMANDS), (CALLEE_REFUSES, c.REFUSED_BY_CALLEE), (RINGS, c.RINGS)):
        meanings[sorted(statuses)] |= bit
    return meanings

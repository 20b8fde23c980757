"""Entries that are followed: found, entered, kept and released, with their deadlines in a queue."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.kernels import call_layout as c
from ringfence.watch.kernels.cells import find, put, remove
from ringfence.watch.kernels.compiled import called, compiled, seldom
from ringfence.watch.kernels.layout import NOBODY
from ringfence.watch.kernels.tables import mixed, place_of
from ringfence.watch.kernels.texts import text_hash

_CALL_SALT, _REQUEST_SALT = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD1B54A32D192ED03)
_CLAIM_SALT: Final = np.uint64(0x8CB92BA72F3D8DD7)

Rows = NDArray[np.int64]


@compiled
def request_hash(call_id: np.uint64, cseq: np.int64, method: np.uint64, branch: np.uint64, source: np.uint64) -> np.uint64:
    """Return the key of a request, never 0. `method` is its number, or the hash of another's name; texts are given as hashes."""
    hashed = mixed(mixed(mixed(call_id + _REQUEST_SALT) ^ branch) ^ source)
    hashed = mixed(hashed ^ (np.uint64(cseq) << np.uint64(8)) ^ method)
    return hashed if hashed != np.uint64(0) else np.uint64(1)


@compiled
def call_hash(call_id: np.uint64, tag: np.uint64) -> np.uint64:
    """Return the key of a call, never 0."""
    hashed = mixed(mixed(call_id + _CALL_SALT) ^ tag)
    return hashed if hashed != np.uint64(0) else np.uint64(1)


@compiled
def claim_hash(user: np.uint64, source: np.uint64, port: np.int64) -> np.uint64:
    """Return the key under which accepted credentials are looked for, never 0: who claims to be `user` at an address and port."""
    hashed = mixed(mixed(mixed(user + _CLAIM_SALT) ^ source) ^ np.uint64(port))
    return hashed if hashed != np.uint64(0) else np.uint64(1)


@seldom
def stands_in(keys: NDArray[np.uint64], key: np.uint64) -> bool:
    """Tell whether a key stands in a table of keys."""
    return bool(keys[place_of(keys, key)] != 0)


@compiled
def note_key(keys: NDArray[np.uint64], key: np.uint64) -> bool:
    """Put a key into a table, which must have an empty place left; tell whether it is new."""
    place = place_of(keys, key)
    is_new = keys[place] == 0
    keys[place] = key
    return bool(is_new)


@seldom
def hash_of(octets: NDArray[np.uint8], begin: int, end: int, key: NDArray[np.uint64]) -> np.uint64:
    """Return the hash of the text that stands there; 0 where there is none."""
    return text_hash(octets, begin, end - begin, key)


@called
def slot_of(cells: NDArray[np.void], table: int, key: np.uint64) -> int:
    """Return the slot of the entry under a key, or `NOBODY`."""
    place = find(cells, table, key)
    return int(cells[table, place].value) if place != NOBODY else NOBODY


@seldom
def await_deadline(marks: Rows, due: Rows, deadline: int, serial: int, code: int) -> None:
    """Put a deadline into the queue."""
    at = int(marks[c.QUEUED])
    marks[c.QUEUED] = at + 1
    while at > 0:
        above = (at - 1) >> 1
        if due[above, 0] < deadline or (due[above, 0] == deadline and due[above, 1] < serial):
            break
        for column in range(3):
            due[at, column] = due[above, column]
        at = above
    due[at, 0], due[at, 1], due[at, 2] = deadline, serial, code


@seldom
def settle(marks: Rows, due: Rows, deadline: int, serial: int, code: int) -> None:
    """Put a deadline into the queue instead of the first."""
    at, size = 0, int(marks[c.QUEUED])
    while 2 * at + 1 < size:
        below = 2 * at + 1
        other = below + 1
        if other < size and (due[other, 0] < due[below, 0] or (due[other, 0] == due[below, 0] and due[other, 1] < due[below, 1])):
            below = other
        if deadline < due[below, 0] or (deadline == due[below, 0] and serial < due[below, 1]):
            break
        for column in range(3):
            due[at, column] = due[below, column]
        at = below
    due[at, 0], due[at, 1], due[at, 2] = deadline, serial, code


@seldom
def drop_first(marks: Rows, due: Rows) -> None:
    """Take the first deadline out of the queue."""
    last = int(marks[c.QUEUED]) - 1
    marks[c.QUEUED] = last
    if last > 0:
        settle(marks, due, due[last, 0], due[last, 1], due[last, 2])


@called
def keep_entry(marks: Rows, due: Rows, entries: Rows, slot: int, code: int, deadline: int) -> None:
    """Make an entry the most recent, with that deadline. One that was put off stays in the queue until it is looked at there."""
    if deadline < entries[slot, c.DEADLINE]:
        await_deadline(marks, due, deadline, entries[slot, c.SERIAL], code)
    entries[slot, c.DEADLINE] = deadline
    marks[c.TOUCHES] += 1
    entries[slot, c.TOUCHED] = marks[c.TOUCHES]


@called
def enter_entry(book: c.Book, entries: Rows, table: int, key: np.uint64, deadline: int, serial: int) -> int:
    """Give a new entry a slot, `serial` (0: the next one) and its deadline; return the slot. There must be room."""
    marks = book.marks
    marks[c.FREE + table] -= 1
    slot = int(book.free[table, marks[c.FREE + table]])
    if serial == 0:
        marks[c.SERIALS] += 1
        serial = int(marks[c.SERIALS])
    marks[c.TOUCHES] += 1
    for column in range(entries.shape[1]):
        entries[slot, column] = 0
    entries[slot, c.KEY], entries[slot, c.SERIAL], entries[slot, c.DEADLINE] = np.int64(key), serial, deadline
    entries[slot, c.TOUCHED] = marks[c.TOUCHES]
    put(book.cells, table, key, slot)
    await_deadline(marks, book.due, deadline, serial, slot if table == c.REQUESTS else -1 - slot)
    return slot


@called
def release_entry(book: c.Book, entries: Rows, table: int, slot: int) -> None:
    """Give a slot back."""
    remove(book.cells, table, find(book.cells, table, np.uint64(entries[slot, c.KEY])))
    entries[slot, c.KEY] = 0
    entries[slot, c.SERIAL] = -1
    book.free[table, book.marks[c.FREE + table]] = slot
    book.marks[c.FREE + table] += 1


@compiled
def place_all(cells: NDArray[np.void], table: int, entries: Rows) -> None:
    """Let all entries be found by their keys, in cells that are empty."""
    for slot in range(entries.shape[0]):
        if entries[slot, c.KEY] != 0:
            put(cells, table, np.uint64(entries[slot, c.KEY]), slot)

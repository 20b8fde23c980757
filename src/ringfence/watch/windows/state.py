"""A group's arrays: made, packed to what is live, and laid out again larger or smaller."""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.kernels import windows as kernel
from ringfence.watch.kernels.cells import move
from ringfence.watch.kernels.layout import (
    CELL,
    DISTINCT,
    KEY,
    MARKS,
    NEVER,
    NEWEST,
    NEXT,
    NOBODY,
    REST,
    ROW,
    SAMPLE,
    SAMPLED,
    SPAN,
    VALUE,
    State,
    Terms,
)
from ringfence.watch.windows.terms import Pooled, samples_of, tables_of

FEWEST: Final = 64
"""The least length of a ring, and the least number of slots."""


_LINE: Final = 64
_ROWS_A_CELL: Final = 16
"""A table of pairs has at least a place for so many rows: its pairs, however few, are then counted seldom."""


class Room(NamedTuple):
    """How many rows and keys a group may hold: 1 at least."""

    rows: int
    keys: int


class Packed(NamedTuple):
    """A group without its free places: L rows oldest first, S keys, each rule's resting slots one after another."""

    marks: NDArray[np.void]  # MARKS[1]; `free`, `pairs_until` and `sample_free` mean nothing here
    spans: NDArray[np.void]  # SPAN[W]
    rows: NDArray[np.void]  # ROW[L], `slot` counted from 0 to S - 1
    pairs: NDArray[np.uint64]  # [L, D]
    values: NDArray[np.void]  # VALUE[L, V]
    words: NDArray[np.int64]  # [S, N]
    rests: NDArray[np.void]  # REST[G], `tail` where the rule's part of `resting` begins, `head` where it ends
    resting: NDArray[np.int64]  # [Q], next to wake first


def nothing(pooled: Pooled, terms: Terms, room: Room) -> Packed:
    """Return the group before any event."""
    marks = np.zeros(1, MARKS)
    marks["most_rows"], marks["most_keys"] = room
    spans = np.zeros(len(pooled.lengths), SPAN)
    spans["length_us"] = pooled.lengths
    return Packed(
        marks,
        spans,
        np.zeros(0, ROW),
        np.zeros((0, len(pooled.pair_lanes)), np.uint64),
        np.zeros((0, len(pooled.value_lanes)), VALUE),
        np.zeros((0, terms.words), np.int64),
        np.zeros(len(pooled.judged), REST),
        np.zeros(0, np.int64),
    )


def pack(state: State, terms: Terms) -> Packed:
    """Return a copy of what is live in `state`."""
    places = np.arange(state.spans["tail"][-1], state.marks["head"][0]) & (state.rows.size - 1)
    live = np.flatnonzero(state.words[:, KEY])
    number = np.zeros(state.words.shape[0], np.int64)
    number[live] = np.arange(live.size)
    rows = state.rows[places]
    rows["slot"] = number[rows["slot"]]
    mask = state.resting.shape[1] - 1
    queues = [
        number[queue[np.arange(rest["tail"], rest["head"]) & mask]] for queue, rest in zip(state.resting, state.rests, strict=True)
    ]
    rests = np.zeros(state.rests.size, REST)
    rests["head"] = np.cumsum([queue.size for queue in queues])
    rests["tail"][1:] = rests["head"][:-1]
    marks, words = state.marks.copy(), state.words[live]
    marks["pairs_until"] = marks["sample_free"] = 0
    words[:, terms.place[terms.function == DISTINCT] + 1] = 0
    return Packed(
        marks,
        state.spans.copy(),
        rows,
        state.pairs[places],
        state.values[places],
        words,
        rests,
        np.concatenate(queues),
    )


def lay_out(packed: Packed, terms: Terms, *, rows: int, slots: int) -> State:
    """Return `packed` as a state with a ring of `rows` and `slots`: powers of two, and enough for what is live."""
    marks, kept = packed.marks.copy(), packed.words.shape[0]
    marks["free"] = slots - kept
    pairs = _pairs_in(packed, terms)
    cells = min(2 * rows, max(power_of_two(4 * pairs), rows // _ROWS_A_CELL))
    marks["pairs_until"] = _pairs_until(marks, rows, (tables_of(terms), cells), pairs)
    marks["sample_free"] = bool(samples_of(terms, rows))
    distinct, numeric, rules = packed.pairs.shape[1], packed.values.shape[1], packed.rests.size
    state = State(
        marks,
        packed.spans.copy(),
        np.zeros(rows, ROW),
        np.zeros((rows, distinct), np.uint64),
        np.zeros((rows, numeric), VALUE),
        _aligned(slots, terms.words),
        np.zeros(slots, np.int32),
        np.zeros(rules, REST),
        np.zeros((rules, slots), np.int32),
        np.zeros((1, 2 * slots), CELL),
        np.zeros((tables_of(terms), cells), CELL),
        _samples(samples_of(terms, rows)),
    )
    begin = int(packed.spans["tail"][-1]) & (rows - 1)
    for ring, live in ((state.rows, packed.rows), (state.pairs, packed.pairs), (state.values, packed.values)):
        _octets(ring[begin : begin + len(live)])[:] = _octets(live[: rows - begin])
        _octets(ring[: max(0, begin + len(live) - rows)])[:] = _octets(live[rows - begin :])
    _octets(state.words[:kept])[:] = _octets(packed.words)
    for rule, rest in enumerate(packed.rests):
        queue = packed.resting[rest["tail"] : rest["head"]]
        state.resting[rule, : queue.size] = queue
        state.rests["head"][rule] = queue.size
    state.free[: slots - kept] = np.arange(slots - 1, kept - 1, -1)
    if kept or packed.rows.size:
        kernel.index(state, terms)
    return state


def with_rows(state: State, terms: Terms, rows: int) -> State:
    """Return `state` with a longer ring. Only what the ring holds is moved: keys keep their slots."""
    tail, head = int(state.spans["tail"][-1]), int(state.marks["head"][0])
    longer = [np.zeros((rows, *array.shape[1:]), array.dtype) for array in (state.rows, state.pairs, state.values)]
    for array, new in zip((state.rows, state.pairs, state.values), longer, strict=True):
        _move_ring(array, new, tail, head)
    marks, before = state.marks.copy(), len(state.samples)
    samples = _samples(samples_of(terms, rows))
    samples[1:before] = state.samples[1:]
    if len(samples) > before:
        samples[-1, NEXT], marks["sample_free"] = marks["sample_free"][0], before
    return with_pairs(state._replace(marks=marks, rows=longer[0], pairs=longer[1], values=longer[2], samples=samples))


def with_pairs(state: State) -> State:
    """Return `state` with room for more pairs: most values come again, and of very many of a key some are let go of."""
    cells, marks = state.pair_cells, state.marks.copy()
    most = max((int(np.count_nonzero(table["key"])) for table in cells), default=0)
    size = cells.shape[1]
    least = state.rows.size // _ROWS_A_CELL
    if (4 * most > size and size < 2 * state.rows.size) or size < least:
        cells = np.zeros((cells.shape[0], max(min(4 * size, 2 * state.rows.size), least)), CELL)
        move(state.pair_cells, cells)
    marks["pairs_until"] = _pairs_until(marks, state.rows.size, cells.shape, most)
    return state._replace(marks=marks, pair_cells=cells)


def with_slots(state: State, slots: int) -> State:
    """Return `state` with more slots; keys keep theirs."""
    before = state.words.shape[0]
    words = _aligned(slots, state.words.shape[1])
    words[:before] = state.words
    marks, known = state.marks.copy(), int(state.marks["free"][0])
    free = np.zeros(slots, np.int32)
    free[: slots - before] = np.arange(slots - 1, before - 1, -1)
    free[slots - before : slots - before + known] = state.free[:known]
    marks["free"] = slots - before + known
    resting = np.zeros((state.rests.size, slots), np.int32)
    for queue, longer, rest in zip(state.resting, resting, state.rests, strict=True):
        _move_ring(queue, longer, int(rest["tail"]), int(rest["head"]))
    keys = np.zeros((1, 2 * slots), CELL)
    move(state.keys, keys)
    return state._replace(marks=marks, words=words, free=free, resting=resting, keys=keys)


def _octets(array: NDArray[Any]) -> NDArray[np.uint8]:
    """Return an array's octets: they are copied several times as fast as rows of several columns."""
    return array.reshape(-1).view(np.uint8)


def _pairs_until(marks: NDArray[np.void], rows: int, cells: tuple[int, ...], pairs: int) -> int:
    """Return before which row tables, so many of so many places, of which `pairs` are taken at most, are no more than half full."""
    tables, places = cells
    return NEVER if tables == 0 or places >= 2 * rows else int(marks["head"][0]) + places // 2 - pairs


def _pairs_in(packed: Packed, terms: Terms) -> int:
    """Return how many pairs the fullest of the tables has; more, perhaps."""
    rows, most = packed.rows, 0
    for lane, (members, ranks) in enumerate(zip(terms.lane_member, terms.ranks, strict=True)):
        counted = (rows["members"] & members) != 0
        if ranks == NOBODY:
            counted &= (rows["replaced"] >> np.uint32(lane)) & np.uint32(1) == 0
        most = max(most, int(np.count_nonzero(counted)))
    return most


def _samples(count: int) -> NDArray[np.int64]:
    """Return so many of `State.samples`, each free, behind the one to work in."""
    samples = np.zeros((count + 1, SAMPLED), np.int64)
    samples[1:count, NEXT] = np.arange(2, count + 1)
    return samples


def _move_ring(ring: NDArray[Any], longer: NDArray[Any], tail: int, head: int) -> None:
    """Put what stands in a ring from `tail` to `head` into a longer one; both have lengths that are powers of two."""
    while tail < head:
        begin, new = tail & (len(ring) - 1), tail & (len(longer) - 1)
        size = min(head - tail, len(ring) - begin, len(longer) - new)
        longer[new : new + size] = ring[begin : begin + size]
        tail += size


def sampled_events(packed: Packed, terms: Terms) -> NDArray[np.int64]:
    """Return the numbers of the events that the keys' next crossings may name, in no order."""
    numbers = [np.zeros(0, np.int64)]
    ring = packed.spans["tail"][-1]
    for span, members in zip(terms.rule_span, terms.rule_members, strict=True):
        tail = packed.spans["tail"][span]
        sequences = packed.words[:, NEWEST]
        named = np.zeros(sequences.size, np.int64)
        while (inside := (sequences >= tail) & (named < SAMPLE)).any():
            sequences, named = sequences[inside], named[inside]
            rows = packed.rows[sequences - ring]
            counted = (rows["members"] & members) != 0
            numbers.append(rows["event"][counted])
            named = named + counted
            sequences = rows["older"]
    return np.unique(np.concatenate(numbers))


def _aligned(slots: int, words: int) -> NDArray[np.int64]:
    """Return zeros that begin where a line of the processor's cache does."""
    octets = 8 * slots * words
    raw = np.zeros(octets + _LINE, np.uint8)
    begin = -raw.ctypes.data % _LINE
    return raw[begin : begin + octets].view(np.int64).reshape(slots, words)


def power_of_two(least: int) -> int:
    """Return the smallest power of two that is no less than `least` and `FEWEST`."""
    return max(FEWEST, 1 << max(least - 1, 0).bit_length())

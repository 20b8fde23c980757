"""One measure of one key: a row counted in, a row taken out, and what it comes to."""

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.kernels.cells import change
from ringfence.watch.kernels.compiled import inner
from ringfence.watch.kernels.layout import (
    COUNT,
    DISTINCT,
    HALF,
    HALF_BITS,
    KEY,
    MAXIMUM,
    MEAN,
    MOST,
    NOBODY,
    ONE_LESS,
    ONE_MORE,
    SUM,
    State,
    Terms,
)
from ringfence.watch.kernels.sampling import VALUE_OF, estimated, sample_in, sample_out
from ringfence.watch.kernels.tables import mixed


@inner
def bit(members: np.uint64, place: int) -> np.uint64:
    """Return 1 where a row counts for the measure (a rule's bit is set), else 0."""
    return (members >> np.uint64(place)) & np.uint64(1)


@inner
def halves(value: float) -> tuple[int, int]:
    """Return a whole number as how often it has 2 to the power of 32 in it, and what is left."""
    high = np.floor(value / HALF)
    return int(high), int(value - high * HALF)


@inner
def whole(high: int, low: int) -> float:
    """Return the number that sums of halves come to, rounded once."""
    return float(high + (low >> HALF_BITS)) * HALF + float(low & ((1 << HALF_BITS) - 1))


@inner
def rank_of(key: int, rows: int) -> np.uint64:
    """Return what stands for the key's values that have so many rows."""
    return mixed(np.uint64(key) ^ mixed(np.uint64(rows))) | np.uint64(1)


@inner
def rank(cells: NDArray[np.void], table: int, key: int, before: int, rows: int) -> int:
    """Note in a table of ranks that one of a key's values has `rows` rows; return how many are left with as many as `before`."""
    left = 0
    if before > 0:
        left = change(cells, table, rank_of(key, before), ONE_LESS)
    if rows > 0:
        change(cells, table, rank_of(key, rows), ONE_MORE)
    return left


@inner
def uncount(state: State, terms: Terms, measure: int, sequence: int, slot: int) -> None:
    """Take the row `sequence` out of one measure, no count, of its key."""
    place = sequence & (state.rows.size - 1)
    word = terms.place[measure]
    lane = terms.lane[measure]
    if terms.function[measure] == DISTINCT:
        state.words[slot, word] -= np.int64(bit(np.uint64(state.rows[place].replaced), lane) ^ np.uint64(1))
        if state.words[slot, word + 1] != 0:
            sample_out(state, terms, measure, sequence, slot)
    elif terms.function[measure] == MOST:
        rows = change(state.pair_cells, lane, state.pairs[place, lane], ONE_LESS)
        left = rank(state.pair_cells, terms.ranks[lane], state.words[slot, KEY], rows + 1, rows)
        if left == 0 and state.words[slot, word] == rows + 1:
            state.words[slot, word] = rows
    elif terms.function[measure] == MAXIMUM:
        if state.words[slot, word] == sequence:  # else a later row was no smaller, and took its place
            largest = state.values[place, lane].smaller
            state.words[slot, word] = largest
            if largest == NOBODY:
                state.words[slot, word + 1] = NOBODY
            else:
                state.values[largest & (state.rows.size - 1), lane].larger = NOBODY
    else:
        high, low = halves(state.values[place, lane].value)
        state.words[slot, word] -= 1
        state.words[slot, word + 1] -= high
        state.words[slot, word + 2] -= low


@inner
def follow(state: State, lane: int, word: int, sequence: int, slot: int) -> None:
    """Append a row to its key's falling run of values, whose ends stand in `word` and the next."""
    mask = state.rows.size - 1
    value = state.values[sequence & mask, lane]
    last = state.words[slot, word + 1]
    while last != NOBODY and state.values[last & mask, lane].value <= value.value:
        last = state.values[last & mask, lane].larger
    if last == NOBODY:
        state.words[slot, word] = sequence
    else:
        state.values[last & mask, lane].smaller = sequence
    value.larger = last
    value.smaller = NOBODY
    state.words[slot, word + 1] = sequence


@inner
def count_in(state: State, terms: Terms, measure: int, sequence: int, slot: int, before: NDArray[np.int64]) -> None:
    """Let the new row `sequence` count for one measure, no count, of its key. `before` has its pairs' rows before it."""
    place = sequence & (state.rows.size - 1)
    word = terms.place[measure]
    lane = terms.lane[measure]
    if terms.function[measure] == DISTINCT:
        earlier = before[lane]
        outside = earlier < state.spans[terms.span[measure]].tail  # also where the pair is new
        if outside or not bit(state.rows[earlier & (state.rows.size - 1)].members, measure):
            state.words[slot, word] += 1  # a row that was taken over may have counted for another length alone
            if state.words[slot, word] > terms.exact or state.words[slot, word + 1] != 0:
                sample_in(state, terms, measure, sequence, slot)
        return
    if terms.function[measure] == MOST:
        rows = change(state.pair_cells, lane, state.pairs[place, lane], ONE_MORE)
        rank(state.pair_cells, terms.ranks[lane], state.words[slot, KEY], rows - 1, rows)
        state.words[slot, word] = max(state.words[slot, word], rows)
        return
    if terms.peak_of[measure] != NOBODY:
        state.values[place, lane].value = state.words[slot, terms.place[terms.peak_of[measure]]]
    if terms.function[measure] == MAXIMUM:
        follow(state, lane, word, sequence, slot)
    else:
        high, low = halves(state.values[place, lane].value)
        state.words[slot, word] += 1
        state.words[slot, word + 1] += high
        state.words[slot, word + 2] += low


@inner
def measure_key(state: State, terms: Terms, slot: int, measures: NDArray[np.float64]) -> None:
    """Write the present measures of a key. The mean and the maximum of nothing are not-a-number."""
    for measure in range(terms.function.size):
        word = terms.place[measure]
        if terms.function[measure] == COUNT or terms.function[measure] == MOST:
            measures[measure] = state.words[slot, word]
        elif terms.function[measure] == DISTINCT:
            measures[measure] = state.words[slot, word]
            if state.words[slot, word] > terms.exact:
                measures[measure] = estimated(state.samples[state.words[slot, word + 1]], np.int64(terms.exact), VALUE_OF)
        elif terms.function[measure] == SUM:
            measures[measure] = whole(state.words[slot, word + 1], state.words[slot, word + 2])
        elif terms.function[measure] == MEAN:
            count = state.words[slot, word]
            total = whole(state.words[slot, word + 1], state.words[slot, word + 2])
            measures[measure] = total / count if count > 0 else np.nan
        else:
            largest = state.words[slot, word]
            if largest == NOBODY:
                measures[measure] = np.nan
            else:
                measures[measure] = state.values[largest & (state.rows.size - 1), terms.lane[measure]].value

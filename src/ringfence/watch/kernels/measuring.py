"""One measure of one key: a row counted in, a row taken out, and what it comes to."""

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.kernels.compiled import inner
from ringfence.watch.kernels.layout import COUNT, DISTINCT, MAXIMUM, MEAN, NOBODY, SUM, State, Terms


@inner
def bit(members: np.uint64, place: int) -> np.uint64:
    """Return 1 where a row counts for the measure (a rule's bit is set), else 0."""
    return (members >> np.uint64(place)) & np.uint64(1)


@inner
def uncount(state: State, terms: Terms, measure: int, sequence: int, slot: int) -> None:
    """Take the row `sequence` out of one measure, no count, of its key."""
    place = sequence & (state.rows.size - 1)
    word = terms.place[measure]
    lane = terms.lane[measure]
    if terms.function[measure] == DISTINCT:
        state.words[slot, word] -= np.int64(bit(np.uint64(state.rows[place].replaced), lane) ^ np.uint64(1))
    elif terms.function[measure] == MAXIMUM:
        if state.words[slot, word] == sequence:  # else a later row was no smaller, and took its place
            largest = state.values[place, lane].smaller
            state.words[slot, word] = largest
            if largest == NOBODY:
                state.words[slot, word + 1] = NOBODY
            else:
                state.values[largest & (state.rows.size - 1), lane].larger = NOBODY
    else:
        state.words[slot, word] -= 1
        total = state.reals[slot, word + 1] - state.values[place, lane].value
        state.reals[slot, word + 1] = total if state.words[slot, word] > 0 else 0.0


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
        if before[lane] < state.spans[terms.span[measure]].tail:  # also where the pair is new
            state.words[slot, word] += 1
        return
    if terms.peak_of[measure] != NOBODY:
        state.values[place, lane].value = state.words[slot, terms.place[terms.peak_of[measure]]]
    if terms.function[measure] == MAXIMUM:
        follow(state, lane, word, sequence, slot)
    else:
        state.words[slot, word] += 1
        state.reals[slot, word + 1] += state.values[place, lane].value


@inner
def measure_key(state: State, terms: Terms, slot: int, measures: NDArray[np.float64]) -> None:
    """Write the present measures of a key. The mean and the maximum of nothing are not-a-number."""
    for measure in range(terms.function.size):
        word = terms.place[measure]
        if terms.function[measure] == COUNT or terms.function[measure] == DISTINCT:
            measures[measure] = state.words[slot, word]
        elif terms.function[measure] == SUM:
            measures[measure] = state.reals[slot, word + 1]
        elif terms.function[measure] == MEAN:
            count = state.words[slot, word]
            measures[measure] = state.reals[slot, word + 1] / count if count > 0 else np.nan
        else:
            largest = state.words[slot, word]
            if largest == NOBODY:
                measures[measure] = np.nan
            else:
                measures[measure] = state.values[largest & (state.rows.size - 1), terms.lane[measure]].value

"""Distinct values of a key beyond those that are counted one by one: estimated from a sample, as `tallies.sampled` does.

A value's *level* is how many zeros its hash ends in. Let j be the smallest level that no more than `exact` of the window's values
reach: the estimate is 2^j times those that do. A value is let go of once more than `exact` newer ones have its level or more: then
it can't be in the sample of any window that holds it, and its place in the table of pairs is free. Its row stays, marked as if a
later one had its pair: whatever is counted of rows is exact. A count that never went beyond `exact` has none of `samples`.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.kernels.cells import find, remove
from ringfence.watch.kernels.compiled import inner, seldom
from ringfence.watch.kernels.layout import DISTINCT, KEY, LEVELS, NEWEST, NEXT, ROOM, State, Terms
from ringfence.watch.kernels.octets import zeros_below

VALUE_OF: Final = np.bool_(False)
ERROR_OF: Final = np.bool_(True)
"""What `estimated` is asked for."""
_DEVIATIONS: Final = 2
_SECOND: Final = np.uint64(0xBF58476D1CE4E5B9)
_FIRST_BACK: Final = np.uint64(0xF1DE83E19937733D)
_SECOND_BACK: Final = np.uint64(0x96DE1B173F119089)
_THIRD_BACK: Final = np.uint64(0x319642B2D24D8EC3)
"""What is left of the factors of `columns.fold`: each times its factor is 1, modulo 2 to the power of 64."""


@inner
def value_of(key: np.uint64, pair: np.uint64) -> np.uint64:
    """Return the hash of the value that `columns.fold` made a pair with a key."""
    word = pair ^ (pair >> np.uint64(31)) ^ (pair >> np.uint64(62))
    word *= _THIRD_BACK
    word ^= (word >> np.uint64(27)) ^ (word >> np.uint64(54))
    word *= _SECOND_BACK
    word ^= (word >> np.uint64(30)) ^ (word >> np.uint64(60))
    word = (word - key * _SECOND) * _FIRST_BACK
    return np.uint64(word ^ (word >> np.uint64(32)))


@inner
def level_of(key: np.int64, pair: np.uint64) -> int:
    """Return the level of the value of a key that a row has as a pair."""
    value = value_of(np.uint64(key), pair)
    return int(np.int64(zeros_below(value))) if value != 0 else LEVELS - 1


@inner
def stands(members: np.uint64, replaced: np.uint32, measure: int, lane: int) -> bool:
    """Tell whether a row is the last one of its value that the measure counts."""
    counts = (members >> np.uint64(measure)) & np.uint64(1)
    return bool(counts) and not (replaced >> np.uint32(lane)) & np.uint32(1)


@seldom
def begin_sample(state: State, terms: Terms, measure: int, slot: int) -> None:
    """Give one of `samples` to a key's count, with all that it has in its window."""
    marks = state.marks[0]
    sample = marks.sample_free
    marks.sample_free = state.samples[sample, NEXT]
    state.words[slot, terms.place[measure] + 1] = sample
    for level in range(LEVELS):
        state.samples[sample, level] = 0
    state.samples[sample, ROOM] = 4 * terms.exact
    mask = state.rows.size - 1
    sequence = state.words[slot, NEWEST]
    while sequence >= state.spans[terms.span[measure]].tail:  # `NOBODY` comes before every tail
        row = state.rows[sequence & mask]
        lane = terms.lane[measure]
        if stands(row.members, row.replaced, measure, lane):
            state.samples[sample, level_of(state.words[slot, KEY], state.pairs[sequence & mask, lane])] += 1
        sequence = row.older


@seldom
def let_go(state: State, terms: Terms, lane: int, slot: int) -> int:
    """Keep of a key's pairs in a lane those that may be in a sample; return how many those are."""
    mask = state.rows.size - 1
    newer = state.samples[0]
    for level in range(LEVELS):
        newer[level] = 0
    kept = 0
    sequence = state.words[slot, NEWEST]
    while sequence >= state.spans[terms.lane_span[lane]].tail:
        place = sequence & mask
        row = state.rows[place]
        if row.members & terms.lane_member[lane] and not (row.replaced >> np.uint32(lane)) & np.uint32(1):
            level = level_of(state.words[slot, KEY], state.pairs[place, lane])
            if newer[level] > terms.exact:
                row.replaced |= np.uint32(1) << np.uint32(lane)
                remove(state.pair_cells, lane, find(state.pair_cells, lane, state.pairs[place, lane]))
                for measure in range(terms.function.size):  # every one of its lane that counts it
                    if terms.function[measure] != DISTINCT or terms.lane[measure] != lane:
                        continue
                    if (row.members >> np.uint64(measure)) & np.uint64(1) and sequence >= state.spans[terms.span[measure]].tail:
                        word = terms.place[measure]
                        state.words[slot, word] -= 1
                        if state.words[slot, word + 1] != 0:
                            state.samples[state.words[slot, word + 1], level] -= 1
            else:
                kept += 1
                if row.members & terms.lane_member[lane] == terms.lane_member[lane]:  # one that was taken over may count for some
                    for lower in range(level + 1):
                        newer[lower] += 1
        sequence = row.older
    return kept


@seldom
def sample_in(state: State, terms: Terms, measure: int, sequence: int, slot: int) -> None:
    """Let a value that is new to a key's count, which goes or went beyond `exact`, be of its sample."""
    word = terms.place[measure]
    lane = terms.lane[measure]
    sample = state.words[slot, word + 1]
    if sample == 0:
        begin_sample(state, terms, measure, slot)
        return
    place = sequence & (state.rows.size - 1)
    state.samples[sample, level_of(state.words[slot, KEY], state.pairs[place, lane])] += 1
    if terms.span[measure] == terms.lane_span[lane] and state.words[slot, word] > state.samples[sample, ROOM]:
        kept = let_go(state, terms, lane, slot)
        state.samples[sample, ROOM] = kept + kept // 2 + terms.exact


@seldom
def sample_out(state: State, terms: Terms, measure: int, sequence: int, slot: int) -> None:
    """Take a row that left out of the sample of a key's count; a count far below `exact` needs none."""
    word = terms.place[measure]
    sample = state.words[slot, word + 1]
    lane = terms.lane[measure]
    place = sequence & (state.rows.size - 1)
    if stands(state.rows[place].members, state.rows[place].replaced, measure, lane):
        state.samples[sample, level_of(state.words[slot, KEY], state.pairs[place, lane])] -= 1
    if 2 * state.words[slot, word] < terms.exact:
        state.samples[sample, NEXT] = state.marks[0].sample_free
        state.marks[0].sample_free = sample
        state.words[slot, word + 1] = 0


@seldom
def estimated(sample: NDArray[np.int64], exact: np.int64, bound: np.bool_) -> float:
    """Return how many distinct values a count beyond `exact` stands for; or the `bound` of its error, as a share of it."""
    level = LEVELS
    reach = 0
    while level > 0 and reach + sample[level - 1] <= exact:
        level -= 1
        reach += sample[level]
    if bound:
        return float(_DEVIATIONS * np.sqrt((1.0 - 2.0**-level) / max(reach, 1)))
    return float(max(reach * 2.0**level, exact + 1.0))


@seldom
def index_samples(state: State, terms: Terms) -> None:
    """Give samples to the counts that need them; nobody has any."""
    for slot in range(state.words.shape[0]):
        for measure in range(terms.function.size):
            if terms.function[measure] == DISTINCT:
                state.words[slot, terms.place[measure] + 1] = 0
                if state.words[slot, KEY] != 0 and state.words[slot, terms.place[measure]] > terms.exact:
                    begin_sample(state, terms, measure, slot)

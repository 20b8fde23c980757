"""The pass over a batch for several rules that count by one key: every event is placed once, whatever number of rules count it.

`specialising` writes these functions out for the terms of one group: loops that it is to write out range over `terms` alone and
hold no `break`.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.kernels.cells import change, find, put, remove, replace
from ringfence.watch.kernels.compiled import compiled, inner, seldom
from ringfence.watch.kernels.layout import (
    COUNT,
    DISTINCT,
    HOLDS,
    KEY,
    KEYS,
    NEWEST,
    NOBODY,
    ONE_MORE,
    RESTS_UNTIL,
    ROWS,
    Batch,
    Crossings,
    State,
    Terms,
)
from ringfence.watch.kernels.measuring import bit, count_in, measure_key, rank, uncount
from ringfence.watch.kernels.prefetching import AHEAD, fetch
from ringfence.watch.kernels.programs import condition_holds
from ringfence.watch.kernels.sampling import ERROR_OF, estimated, index_samples
from ringfence.watch.kernels.slots import release_if_idle, rest_until, take_slot, wake

DONE: Final = 0
NEEDS_ROWS: Final = -2
NEEDS_SLOTS: Final = -3
NEEDS_CROSSINGS: Final = -4
NEEDS_PAIRS: Final = -5


@inner
def leave(state: State, terms: Terms, span: int, now: int) -> None:
    """Take the oldest row of a span out of it; out of the longest, it leaves the ring."""
    sequence = state.spans[span].tail
    place = sequence & (state.rows.size - 1)
    members = state.rows[place].members
    slot = int(np.int64(state.rows[place].slot))
    state.spans[span].tail = sequence + 1
    for nth in range(terms.measures_from[span], terms.measures_from[span + 1]):
        measure = terms.measures_of[nth]
        if terms.function[measure] == COUNT:
            state.words[slot, terms.place[measure]] -= np.int64(bit(members, measure))
        elif bit(members, measure):
            uncount(state, terms, measure, sequence, slot)
    for lane in range(terms.lane_span.size):
        if terms.lane_span[lane] == span and terms.ranks[lane] == NOBODY:
            standing = members & terms.lane_member[lane] and not bit(np.uint64(state.rows[place].replaced), lane)
            if standing:
                remove(state.pair_cells, lane, find(state.pair_cells, lane, state.pairs[place, lane]))
    for presence in range(terms.presence_span.size):
        if terms.presence_span[presence] == span:
            if terms.presence_own[presence] == 1:
                state.words[slot, terms.presence_place[presence]] -= np.int64((members & terms.presence_members[presence]) != 0)
            if state.words[slot, terms.presence_place[presence]] == 0:
                state.words[slot, HOLDS] &= ~np.int64(terms.presence_rules[presence])
    if span == terms.length_us.size - 1:
        state.words[slot, ROWS] -= 1
        if state.words[slot, ROWS] == 0:
            release_if_idle(state, slot, now)


@inner
def expire(state: State, terms: Terms, now: int) -> None:
    """Take out of each span what is older than it is long."""
    mask = state.rows.size - 1
    for span in range(terms.length_us.size):
        until = now - terms.length_us[span]
        if terms.grain_us[span] != 1:
            until += terms.grain_us[span] - 1 - until % terms.grain_us[span]
        while state.spans[span].tail < state.marks[0].head and state.rows[state.spans[span].tail & mask].time <= until:
            leave(state, terms, span, now)


@seldom
def forget(state: State, terms: Terms, now: int) -> None:
    """Drop the oldest row before its time, or where there is none end the oldest cool-down."""
    marks = state.marks[0]
    longest = state.spans.size - 1
    tail = state.spans[longest].tail
    if tail < marks.head:
        time = state.rows[tail & (state.rows.size - 1)].time
        marks.forgotten_rows += 1
        for span in range(state.spans.size):
            if state.spans[span].tail == tail:
                state.spans[span].short_until = max(state.spans[span].short_until, time + state.spans[span].length_us)
                leave(state, terms, span, now)
        return
    mask = state.resting.shape[1] - 1
    first = NOBODY
    earliest = 0
    for rule in range(state.rests.size):
        rest = state.rests[rule]
        if rest.tail < rest.head:
            until = state.words[np.int64(state.resting[rule, rest.tail & mask]), terms.quiet + rule]
            if first == NOBODY or until < earliest:
                first = rule
                earliest = until
    slot = int(np.int64(state.resting[first, state.rests[first].tail & mask]))
    state.rests[first].tail += 1
    state.words[slot, terms.quiet + first] = 0
    rest_until(state, terms, slot)
    marks.forgotten_rests += 1
    release_if_idle(state, slot, now)


@inner
def add(state: State, terms: Terms, batch: Batch, position: int, slot: int, before: NDArray[np.int64]) -> None:
    """Append the batch's row at `position` to the ring, which must have room."""
    sequence = state.marks[0].head
    mask = state.rows.size - 1
    place = sequence & mask
    members = batch.members[position]
    row = state.rows[place]
    row.time = batch.time[position]
    row.event = batch.event[position]
    row.members = members
    row.slot = np.int32(slot)
    row.older = state.words[slot, NEWEST]
    row.replaced = np.uint32(0)
    for lane in range(terms.lane_span.size):
        state.pairs[place, lane] = batch.pairs[position, lane]
        if terms.ranks[lane] == NOBODY and members & terms.lane_member[lane]:
            earlier = replace(state.pair_cells, lane, batch.pairs[position, lane], sequence)
            before[lane] = earlier
            if earlier != NOBODY:
                state.rows[earlier & mask].replaced |= np.uint32(1) << np.uint32(lane)
    for lane in range(terms.value_lanes):
        state.values[place, lane].value = batch.values[position, lane]
    state.words[slot, NEWEST] = sequence
    state.words[slot, ROWS] += 1
    state.marks[0].head = sequence + 1
    for measure in range(terms.function.size):
        if terms.function[measure] == COUNT:
            state.words[slot, terms.place[measure]] += np.int64(bit(members, measure))
        elif bit(members, measure):
            count_in(state, terms, measure, sequence, slot, before)
    for presence in range(terms.presence_span.size):
        if terms.presence_own[presence] == 1:
            state.words[slot, terms.presence_place[presence]] += np.int64((members & terms.presence_members[presence]) != 0)


@inner
def admit(state: State, terms: Terms, batch: Batch, position: int, before: NDArray[np.int64]) -> int:
    """Let the batch's row at `position` into the ring and return its key's slot.

    A row that counts for no measure changes nothing and gets its key's slot, or `NOBODY` where the key has none. Returns
    `NEEDS_ROWS`, `NEEDS_PAIRS` or `NEEDS_SLOTS`, with nothing changed but rows forgotten, where the state must grow first.
    """
    marks = state.marks[0]
    now = batch.time[position]
    counted = batch.members[position] != 0
    if counted:
        while marks.head - state.spans[terms.length_us.size - 1].tail >= marks.most_rows:
            forget(state, terms, now)
        if marks.head - state.spans[terms.length_us.size - 1].tail == state.rows.size:
            return NEEDS_ROWS
        if marks.head >= marks.pairs_until:
            return NEEDS_PAIRS
    cell = find(state.keys, KEYS, batch.key[position])
    if cell != NOBODY:
        slot = state.keys[0, cell].value
    elif not counted:
        return NOBODY
    else:
        while state.words.shape[0] - marks.free >= marks.most_keys:
            forget(state, terms, now)
        if marks.free == 0:
            return NEEDS_SLOTS
        slot = take_slot(state, terms, batch.key[position])
    if counted:
        add(state, terms, batch, position, slot, before)
    return int(slot)


@inner
def present(state: State, terms: Terms, slot: int) -> np.uint64:
    """Return a bit for each rule in whose window the key has a row."""
    rules = np.uint64(0)
    for presence in range(terms.presence_span.size):
        if state.words[slot, terms.presence_place[presence]] > 0:
            rules |= terms.presence_rules[presence]
    return rules


@inner
def promising(state: State, terms: Terms, slot: int) -> np.uint64:
    """Return a bit for each rule whose condition may hold: most keys stay far below what most conditions ask for first."""
    bits = np.uint64(0)
    for rule in range(terms.rule_span.size):
        enough = np.uint64(1)
        for guard in range(terms.guard_from[rule], terms.guard_from[rule + 1]):
            enough &= np.uint64(state.words[slot, terms.guard_place[guard]] >= terms.guard_least[guard])
        bits |= enough << np.uint64(rule)
    return bits


@inner
def conditions_hold(terms: Terms, measures: NDArray[np.float64], stack: NDArray[np.float64], looks: np.uint64) -> np.uint64:
    """Return for each rule a bit: its condition holds. Of rules that are not looked at the bit means nothing."""
    bits = np.uint64(0)
    for rule in range(terms.rule_span.size):
        begin, end = terms.begin[rule], terms.begin[rule + 1]
        if not bit(looks, rule) or (terms.only_after[rule] != NOBODY and not bit(bits, terms.only_after[rule])):
            continue
        if condition_holds(terms.operation, terms.operand, begin, end, measures, stack):
            bits |= np.uint64(1) << np.uint64(rule)
    return bits


@seldom
def report(state: State, terms: Terms, batch: Batch, position: int, slot: int, rule: int, crossings: Crossings) -> None:  # noqa: PLR0913 - inlined, so arguments cost nothing; a kernel has no object to hold them
    """Write down a crossing."""
    span = state.spans[terms.rule_span[rule]]
    mask = state.rows.size - 1
    found = crossings.written[0]
    crossing = crossings.found[found]
    crossing.position = position
    crossing.rule = rule
    crossing.events = state.words[slot, terms.rule_rows[rule]]
    crossing.forgotten = state.marks[0].forgotten_rows if batch.time[position] < span.short_until else 0
    for measure in range(terms.function.size):
        crossings.measures[found, measure] = crossings.measures[crossings.found.size, measure]
        crossings.errors[found, measure] = 0.0
        if terms.function[measure] == DISTINCT and state.words[slot, terms.place[measure]] > terms.exact:
            crossings.errors[found, measure] = estimated(
                state.samples[state.words[slot, terms.place[measure] + 1]], np.int64(terms.exact), ERROR_OF
            )
    sequence = state.words[slot, NEWEST]
    named = 0
    while named < crossings.sample.shape[1] and sequence >= span.tail:  # `NOBODY` comes before every tail
        if state.rows[sequence & mask].members & terms.rule_members[rule]:
            crossings.sample[found, named] = state.rows[sequence & mask].event
            named += 1
        sequence = state.rows[sequence & mask].older
    crossings.sample[found, named:] = NOBODY
    crossings.written[0] += 1


@seldom
def cross(state: State, terms: Terms, batch: Batch, position: int, slot: int, crossed: np.uint64, crossings: Crossings) -> None:  # noqa: PLR0913 - as `report`
    """Write down each of the rules that became true and is not silent."""
    now = batch.time[position]
    for rule in range(state.rests.size):
        if not bit(crossed, rule) or now < state.words[slot, terms.quiet + rule]:
            continue
        report(state, terms, batch, position, slot, rule, crossings)
        if terms.cool_down_us[rule] > 0:
            until = now + terms.cool_down_us[rule]
            state.words[slot, terms.quiet + rule] = until
            state.words[slot, RESTS_UNTIL] = max(state.words[slot, RESTS_UNTIL], until)
            rest = state.rests[rule]
            state.resting[rule, rest.head & (state.resting.shape[1] - 1)] = np.int32(slot)
            rest.head += 1
            state.marks[0].next_wake = min(state.marks[0].next_wake, until)


@inner
def judge(state: State, terms: Terms, batch: Batch, position: int, slot: int, crossings: Crossings) -> None:
    """Look at the rules' conditions for one key, and write down those that became true."""
    looks = batch.looks[position]
    asked = looks & promising(state, terms, slot)
    holds = np.uint64(0)
    if asked:
        measures = crossings.measures[crossings.found.size]
        measure_key(state, terms, slot, measures)
        holds = conditions_hold(terms, measures, crossings.stack, asked) & asked & present(state, terms, slot)
    held = np.uint64(state.words[slot, HOLDS])
    state.words[slot, HOLDS] = np.int64((held & ~looks) | holds)
    crossed = holds & (~held | np.uint64(terms.each))
    if crossed:
        cross(state, terms, batch, position, slot, crossed, crossings)


@inner
def fetch_ahead(state: State, terms: Terms, batch: Batch, position: int) -> None:
    """Have fetched what the rows that come and go soon will touch: their pairs' places, and their keys'."""
    pair_mask = np.uint64(state.pair_cells.shape[1] - 1)
    leaving = (state.spans[terms.length_us.size - 1].tail + AHEAD) & (state.rows.size - 1)
    coming = min(position + AHEAD, batch.time.size - 1)
    for lane in range(terms.lane_span.size):
        fetch(state.pair_cells, lane, int(batch.pairs[coming, lane] & pair_mask))
        fetch(state.pair_cells, lane, int(state.pairs[leaving, lane] & pair_mask))
    for span in range(terms.length_us.size):
        leaving = (state.spans[span].tail + AHEAD) & (state.rows.size - 1)
        fetch(state.words, int(state.rows[leaving].slot), 0)
        fetch(state.words, int(state.rows[leaving].slot), 8)
    fetch(state.keys, 0, int(batch.key[coming] & np.uint64(state.keys.shape[1] - 1)))


@compiled
def advance(state: State, terms: Terms, batch: Batch, start: int, crossings: Crossings) -> tuple[int, int]:
    """Advance the group over the batch's rows from `start` on, and write crossings from the first place on.

    Returns the position of the first row not taken, and why it was not (`DONE`: there is none). Nothing is allocated: the caller
    makes what is needed larger (or empties `crossings`) and enters again at that position.
    """
    crossings.written[0] = 0
    for position in range(start, batch.time.size):
        if crossings.written[0] + terms.rule_span.size > crossings.found.size:
            return position, NEEDS_CROSSINGS
        now = batch.time[position]
        fetch_ahead(state, terms, batch, position)
        if now >= state.marks[0].next_wake:
            wake(state, terms, now)
        expire(state, terms, now)
        slot = admit(state, terms, batch, position, crossings.before)
        if slot >= 0:
            judge(state, terms, batch, position, slot, crossings)
        elif slot != NOBODY:
            return position, slot
    return batch.time.size, DONE


@compiled
def trim(state: State, terms: Terms, now: int) -> None:
    """Forget the oldest rows, and end the oldest cool-downs, until the state is within its bounds."""
    marks = state.marks[0]
    while marks.head - state.spans[terms.length_us.size - 1].tail > marks.most_rows:
        forget(state, terms, now)
    while state.words.shape[0] - marks.free > marks.most_keys:
        forget(state, terms, now)


@compiled
def index(state: State, terms: Terms) -> None:
    """Fill the hash tables, which are empty, from the slots and the rows."""
    for slot in range(state.words.shape[0]):
        if state.words[slot, KEY] != 0:
            put(state.keys, KEYS, np.uint64(state.words[slot, KEY]), slot)
    mask = state.rows.size - 1
    for sequence in range(state.spans[state.spans.size - 1].tail, state.marks[0].head):
        for lane in range(terms.lane_span.size):
            inside = sequence >= state.spans[terms.lane_span[lane]].tail
            if inside and state.rows[sequence & mask].members & terms.lane_member[lane]:
                pair = state.pairs[sequence & mask, lane]
                if terms.ranks[lane] == NOBODY:
                    if not bit(np.uint64(state.rows[sequence & mask].replaced), lane):
                        put(state.pair_cells, lane, pair, sequence)
                else:
                    rows = change(state.pair_cells, lane, pair, ONE_MORE)
                    key = state.words[np.int64(state.rows[sequence & mask].slot), KEY]
                    rank(state.pair_cells, terms.ranks[lane], key, rows - 1, rows)
    index_samples(state, terms)

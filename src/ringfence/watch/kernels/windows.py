"""The pass over a batch for several rules that count by one key: every event is placed once, whatever number of rules count it."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.kernels.cells import find, put, remove, replace
from ringfence.watch.kernels.compiled import compiled
from ringfence.watch.kernels.layout import NOBODY, Batch, Crossings, State, Terms
from ringfence.watch.kernels.programs import condition_holds
from ringfence.watch.kernels.slots import release_if_idle, take_slot, wake

COUNT: Final = 0
DISTINCT: Final = 1
SUM: Final = 2
MEAN: Final = 3
MAXIMUM: Final = 4

DONE: Final = 0
NEEDS_ROWS: Final = -2
NEEDS_SLOTS: Final = -3
NEEDS_CROSSINGS: Final = -4

Conditions = Callable[[NDArray[np.float64]], int]
"""From a key's measures to a bit for each rule of the group."""


@compiled
def has(members: np.uint64, measure: int) -> bool:
    """Tell whether a row counts for a measure."""
    return bool((members >> np.uint64(measure)) & np.uint64(1))


@compiled
def uncount(state: State, terms: Terms, measure: int, sequence: int) -> None:
    """Take the row `sequence` out of one measure of its key."""
    place = sequence & (state.rows.size - 1)
    counter = state.counters[state.rows[place].slot, measure]
    lane = terms.lane[measure]
    function = terms.function[measure]
    if function == DISTINCT:
        cell = find(state.last_of_pair, lane, state.pairs[place, lane])
        if state.last_of_pair[lane, cell].value == sequence:  # else a later row of the pair stands for it
            counter.count -= 1
        return
    counter.count -= 1
    if function == MAXIMUM:
        if counter.largest == sequence:  # else a later row was no smaller, and took its place
            counter.largest = state.values[place, lane].smaller
            if counter.largest == NOBODY:
                counter.smallest = NOBODY
            else:
                state.values[counter.largest & (state.rows.size - 1), lane].larger = NOBODY
    elif function != COUNT:
        counter.total = counter.total - state.values[place, lane].value if counter.count > 0 else 0.0


@compiled
def leave(state: State, terms: Terms, span: int, now: int) -> None:
    """Take the oldest row of a span out of it; out of the longest, it leaves the ring."""
    sequence = state.spans[span].tail
    place = sequence & (state.rows.size - 1)
    row = state.rows[place]
    state.spans[span].tail += 1
    for nth in range(terms.measures_from[span], terms.measures_from[span + 1]):
        if has(row.members, terms.measures_of[nth]):
            uncount(state, terms, terms.measures_of[nth], sequence)
    for lane in range(terms.lane_span.size):
        if terms.lane_span[lane] == span and row.members & terms.lane_member[lane]:
            cell = find(state.last_of_pair, lane, state.pairs[place, lane])
            if state.last_of_pair[lane, cell].value == sequence:
                remove(state.last_of_pair, lane, cell)
    for rule in range(terms.rule_span.size):
        if terms.rule_span[rule] == span and row.members & terms.rule_members[rule]:
            standing = state.standings[row.slot, rule]
            standing.rows -= 1
            if standing.rows == 0:
                standing.holds = 0
    if span == state.spans.size - 1:
        state.slots[row.slot].rows -= 1
        if state.slots[row.slot].rows == 0:
            release_if_idle(state, row.slot, now)


@compiled
def expire(state: State, terms: Terms, now: int) -> None:
    """Take out of each span what is older than it is long."""
    mask = state.rows.size - 1
    for span in range(state.spans.size):
        until = now - state.spans[span].length_us
        while state.spans[span].tail < state.marks[0].head and state.rows[state.spans[span].tail & mask].time <= until:
            leave(state, terms, span, now)


@compiled
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
    for rule in range(state.rests.size):
        rest = state.rests[rule]
        if rest.tail < rest.head:
            until = state.standings[state.resting[rule, rest.tail & mask], rule].quiet_until
            if first == NOBODY or until < state.standings[state.resting[first, state.rests[first].tail & mask], first].quiet_until:
                first = rule
    slot = state.resting[first, state.rests[first].tail & mask]
    state.rests[first].tail += 1
    state.standings[slot, first].quiet_until = 0
    marks.forgotten_rests += 1
    release_if_idle(state, slot, now)


@compiled
def follow(state: State, lane: int, measure: int, sequence: int) -> None:
    """Append a row to its key's falling run of values."""
    mask = state.rows.size - 1
    counter = state.counters[state.rows[sequence & mask].slot, measure]
    value = state.values[sequence & mask, lane]
    last = counter.smallest
    while last != NOBODY and state.values[last & mask, lane].value <= value.value:
        last = state.values[last & mask, lane].larger
    if last == NOBODY:
        counter.largest = sequence
    else:
        state.values[last & mask, lane].smaller = sequence
    value.larger = last
    value.smaller = NOBODY
    counter.smallest = sequence


@compiled
def count_in(state: State, terms: Terms, measure: int, sequence: int, before: NDArray[np.int64]) -> None:
    """Let the new row `sequence` count for one measure of its key."""
    place = sequence & (state.rows.size - 1)
    slot = state.rows[place].slot
    counter = state.counters[slot, measure]
    lane = terms.lane[measure]
    function = terms.function[measure]
    if function == DISTINCT:
        if before[lane] < state.spans[terms.span[measure]].tail:  # also where the pair is new
            counter.count += 1
        return
    counter.count += 1
    if function == COUNT:
        return
    if terms.peak_of[measure] != NOBODY:
        state.values[place, lane].value = state.counters[slot, terms.peak_of[measure]].count
    if function == MAXIMUM:
        follow(state, lane, measure, sequence)
    else:
        counter.total += state.values[place, lane].value


@compiled
def add(state: State, terms: Terms, batch: Batch, position: int, slot: int, before: NDArray[np.int64]) -> None:
    """Append the batch's row at `position` to the ring, which must have room."""
    sequence = state.marks[0].head
    place = sequence & (state.rows.size - 1)
    row = state.rows[place]
    row.time = batch.time[position]
    row.event = batch.event[position]
    row.members = batch.members[position]
    row.slot = slot
    row.older = state.slots[slot].newest
    for lane in range(batch.pairs.shape[1]):
        state.pairs[place, lane] = batch.pairs[position, lane]
        if row.members & terms.lane_member[lane]:
            before[lane] = replace(state.last_of_pair, lane, batch.pairs[position, lane], sequence)
    for lane in range(batch.values.shape[1]):
        state.values[place, lane].value = batch.values[position, lane]
    state.slots[slot].newest = sequence
    state.slots[slot].rows += 1
    state.marks[0].head += 1
    for rule in range(terms.rule_span.size):
        if row.members & terms.rule_members[rule]:
            state.standings[slot, rule].rows += 1
    for measure in range(terms.function.size):
        if has(row.members, measure):
            count_in(state, terms, measure, sequence, before)


@compiled
def admit(state: State, terms: Terms, batch: Batch, position: int, before: NDArray[np.int64]) -> int:
    """Let the batch's row at `position` into the ring and return its key's slot.

    A row that counts for no measure changes nothing and gets its key's slot, or `NOBODY` where the key has none. Returns
    `NEEDS_ROWS` or `NEEDS_SLOTS`, with nothing changed but rows forgotten, where the state must grow first.
    """
    marks = state.marks[0]
    now = batch.time[position]
    counted = batch.members[position] != 0
    if counted:
        rows = marks.head - state.spans[state.spans.size - 1].tail
        if rows >= terms.most_rows:
            forget(state, terms, now)
        elif rows == state.rows.size:
            return NEEDS_ROWS
    cell = find(state.keys, 0, batch.key[position])
    if cell != NOBODY:
        slot = state.keys[0, cell].value
        if counted:
            add(state, terms, batch, position, slot, before)
        return int(slot)
    if not counted:
        return NOBODY
    while state.slots.size - marks.free >= terms.most_keys:
        forget(state, terms, now)
    if marks.free == 0:
        return NEEDS_SLOTS
    slot = take_slot(state, batch.key[position])
    add(state, terms, batch, position, slot, before)
    return int(slot)


@compiled
def measure_key(state: State, terms: Terms, slot: int, measures: NDArray[np.float64]) -> None:
    """Write the present measures of a key. The mean and the maximum of nothing are not-a-number."""
    for measure in range(terms.function.size):
        counter = state.counters[slot, measure]
        function = terms.function[measure]
        if function in (COUNT, DISTINCT):
            measures[measure] = counter.count
        elif function == SUM:
            measures[measure] = counter.total
        elif counter.count == 0:
            measures[measure] = np.nan
        elif function == MEAN:
            measures[measure] = counter.total / counter.count
        else:
            measures[measure] = state.values[counter.largest & (state.rows.size - 1), terms.lane[measure]].value


@compiled
def conditions_hold(
    terms: Terms, measures: NDArray[np.float64], stack: NDArray[np.float64], conditions: Conditions, looks: np.uint64
) -> np.uint64:
    """Return for each rule a bit: its condition holds. Of rules that are not looked at the bit means nothing."""
    if terms.is_compiled:
        return np.uint64(conditions(measures))
    bits = np.uint64(0)
    for rule in range(terms.rule_span.size):
        begin, end = terms.begin[rule], terms.begin[rule + 1]
        if has(looks, rule) and condition_holds(terms.operation, terms.operand, begin, end, measures, stack):
            bits |= np.uint64(1) << np.uint64(rule)
    return bits


@compiled
def report(  # noqa: PLR0913 - inlined, so arguments cost nothing; a kernel has no object to hold them
    state: State, terms: Terms, batch: Batch, position: int, slot: int, rule: int, crossings: Crossings
) -> None:
    """Write down a crossing."""
    span = state.spans[terms.rule_span[rule]]
    mask = state.rows.size - 1
    found = crossings.written[0]
    crossing = crossings.found[found]
    crossing.position = position
    crossing.rule = rule
    crossing.events = state.standings[slot, rule].rows
    crossing.forgotten = state.marks[0].forgotten_rows if batch.time[position] < span.short_until else 0
    for measure in range(terms.function.size):
        crossings.measures[found, measure] = crossings.measures[crossings.found.size, measure]
    sequence = state.slots[slot].newest
    named = 0
    while named < crossings.sample.shape[1] and sequence >= span.tail:  # `NOBODY` comes before every tail
        if state.rows[sequence & mask].members & terms.rule_members[rule]:
            crossings.sample[found, named] = state.rows[sequence & mask].event
            named += 1
        sequence = state.rows[sequence & mask].older
    crossings.sample[found, named:] = NOBODY
    crossings.written[0] += 1


@compiled
def judge(  # noqa: PLR0913 - as `report`
    state: State,
    terms: Terms,
    batch: Batch,
    position: int,
    slot: int,
    crossings: Crossings,
    conditions: Conditions,
) -> None:
    """Look at the rules' conditions for one key, and write down those that became true."""
    now = batch.time[position]
    measures = crossings.measures[crossings.found.size]
    measure_key(state, terms, slot, measures)
    holds = conditions_hold(terms, measures, crossings.stack, conditions, batch.looks[position])
    for rule in range(terms.rule_span.size):
        standing = state.standings[slot, rule]
        if standing.rows == 0 or not has(batch.looks[position], rule):
            continue
        held = standing.holds
        standing.holds = 1 if has(holds, rule) else 0
        if standing.holds == 0 or held == 1 or now < standing.quiet_until:
            continue
        report(state, terms, batch, position, slot, rule, crossings)
        if terms.cool_down_us[rule] > 0:
            standing.quiet_until = now + terms.cool_down_us[rule]
            rest = state.rests[rule]
            state.resting[rule, rest.head & (state.resting.shape[1] - 1)] = slot
            rest.head += 1
            state.marks[0].next_wake = min(state.marks[0].next_wake, standing.quiet_until)


@compiled
def advance(state: State, terms: Terms, batch: Batch, start: int, crossings: Crossings, conditions: Conditions) -> tuple[int, int]:
    """Advance the group over the batch's rows from `start` on, and write crossings from the first place on.

    Returns the position of the first row not taken, and why it was not (`DONE`: there is none). Nothing is allocated: the caller
    makes what is needed larger (or empties `crossings`) and enters again at that position. `conditions` gives a bit for each rule
    from the measures, and is asked where the terms say that it is compiled.
    """
    crossings.written[0] = 0
    for position in range(start, batch.time.size):
        if crossings.written[0] + terms.rule_span.size > crossings.found.size:
            return position, NEEDS_CROSSINGS
        now = batch.time[position]
        wake(state, now)
        expire(state, terms, now)
        slot = admit(state, terms, batch, position, crossings.before)
        if slot == NOBODY:
            continue
        if slot < 0:
            return position, slot
        judge(state, terms, batch, position, slot, crossings, conditions)
    return batch.time.size, DONE


@compiled
def index(state: State, terms: Terms) -> None:
    """Fill the hash tables, which are empty, from the slots and the rows."""
    for slot in range(state.slots.size):
        if state.slots[slot].key != 0:
            put(state.keys, 0, state.slots[slot].key, slot)
    mask = state.rows.size - 1
    for sequence in range(state.spans[state.spans.size - 1].tail, state.marks[0].head):
        for lane in range(terms.lane_span.size):
            inside = sequence >= state.spans[terms.lane_span[lane]].tail
            if inside and state.rows[sequence & mask].members & terms.lane_member[lane]:
                put(state.last_of_pair, lane, state.pairs[sequence & mask, lane], sequence)

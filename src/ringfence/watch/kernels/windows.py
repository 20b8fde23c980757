"""The pass over a batch: window, measures, condition, edge and cool-down, event by event, in constant time for each."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.kernels.compiled import compiled
from ringfence.watch.kernels.layout import NOBODY, Batch, Crossings, State, Terms

COUNT: Final = 0
DISTINCT: Final = 1
SUM: Final = 2
MEAN: Final = 3
MAXIMUM: Final = 4

CONSTANT: Final = 0
MEASURE: Final = 1
NOT: Final = 2
AND: Final = 3
OR: Final = 4
ADD: Final = 5
SUBTRACT: Final = 6
MULTIPLY: Final = 7
DIVIDE: Final = 8
EQUAL: Final = 9
UNEQUAL: Final = 10
LESS: Final = 11
LESS_OR_EQUAL: Final = 12
GREATER: Final = 13
GREATER_OR_EQUAL: Final = 14

DONE: Final = 0
NEEDS_ROWS: Final = -2
NEEDS_SLOTS: Final = -3
NEEDS_CROSSINGS: Final = -4


@compiled
def find(cells: NDArray[np.void], table: int, key: np.uint64) -> int:
    """Return the place of `key` in `cells[table]`, or `NOBODY`."""
    mask = cells.shape[1] - 1
    place = np.int64(key & np.uint64(mask))
    while cells[table, place].key != 0:
        if cells[table, place].key == key:
            return int(place)
        place = (place + 1) & mask
    return NOBODY


@compiled
def put(cells: NDArray[np.void], table: int, key: np.uint64, value: int) -> bool:
    """Set the value of `key`; true where it is new. The table must have an empty place left."""
    mask = cells.shape[1] - 1
    place = np.int64(key & np.uint64(mask))
    while cells[table, place].key != 0:
        if cells[table, place].key == key:
            cells[table, place].value = value
            return False
        place = (place + 1) & mask
    cells[table, place].key = key
    cells[table, place].value = value
    return True


@compiled
def remove(cells: NDArray[np.void], table: int, place: int) -> None:
    """Empty a place and close the gap by moving later keys back, so that no tombstones are needed."""
    mask = cells.shape[1] - 1
    gap = place
    probe = (place + 1) & mask
    while cells[table, probe].key != 0:
        home = np.int64(cells[table, probe].key & np.uint64(mask))
        if ((probe - home) & mask) >= ((probe - gap) & mask):
            cells[table, gap].key = cells[table, probe].key
            cells[table, gap].value = cells[table, probe].value
            gap = probe
        probe = (probe + 1) & mask
    cells[table, gap].key = 0


@compiled
def release(state: State, slot: int) -> None:
    """Give a slot back."""
    remove(state.keys, 0, find(state.keys, 0, state.slots[slot].key))
    state.slots[slot].key = 0
    state.slots[slot].quiet_until = 0
    state.free[state.marks[0].free] = slot
    state.marks[0].free += 1


@compiled
def take_slot(state: State, key: np.uint64) -> int:
    """Give `key` a free slot."""
    state.marks[0].free -= 1
    slot = state.free[state.marks[0].free]
    state.slots[slot].key = key
    state.slots[slot].rows = 0
    state.slots[slot].newest = NOBODY
    state.slots[slot].quiet_until = 0
    state.slots[slot].holds = 0
    for measure in range(state.counters.shape[1]):
        counter = state.counters[slot, measure]
        counter.count = 0
        counter.total = 0.0
        counter.largest = NOBODY
        counter.smallest = NOBODY
    put(state.keys, 0, key, slot)
    return int(slot)


@compiled
def wake(state: State, now: int) -> None:
    """End the cool-downs that are over; a slot that nothing else holds goes back."""
    marks = state.marks[0]
    mask = state.resting.size - 1
    while marks.rest_tail < marks.rest_head:
        slot = state.resting[marks.rest_tail & mask]
        if state.slots[slot].quiet_until > now:
            return
        marks.rest_tail += 1
        if state.slots[slot].rows == 0:
            release(state, slot)


@compiled
def uncount(state: State, terms: Terms, measure: int, sequence: int) -> None:
    """Take the row `sequence` out of one measure of its key."""
    place = sequence & (state.rows.size - 1)
    counter = state.counters[state.rows[place].slot, measure]
    lane = terms.lane[measure]
    if terms.function[measure] == DISTINCT:
        cell = find(state.last_of_pair, lane, state.pairs[place, lane])
        if state.last_of_pair[lane, cell].value == sequence:  # else a later row of the pair stands for it
            remove(state.last_of_pair, lane, cell)
            counter.count -= 1
        return
    counter.count -= 1
    if terms.function[measure] == MAXIMUM:
        if counter.largest == sequence:  # else a later row was no smaller, and took its place
            counter.largest = state.values[place, lane].smaller
            if counter.largest == NOBODY:
                counter.smallest = NOBODY
            else:
                state.values[counter.largest & (state.rows.size - 1), lane].larger = NOBODY
    elif terms.function[measure] != COUNT:
        counter.total = counter.total - state.values[place, lane].value if counter.count > 0 else 0.0


@compiled
def drop(state: State, terms: Terms, now: int) -> None:
    """Take the oldest row out of the window; a key without rows is false again, and gives its slot back unless it rests."""
    marks = state.marks[0]
    row = state.rows[marks.tail & (state.rows.size - 1)]
    for measure in range(terms.function.size):
        if (row.members >> np.uint64(measure)) & np.uint64(1):
            uncount(state, terms, measure, marks.tail)
    marks.tail += 1
    slot = state.slots[row.slot]
    slot.rows -= 1
    if slot.rows == 0:
        slot.holds = 0
        if slot.quiet_until <= now:
            release(state, row.slot)


@compiled
def forget(state: State, terms: Terms, now: int) -> None:
    """Drop the oldest row before its time, or where there is none end the oldest cool-down."""
    marks = state.marks[0]
    if marks.tail < marks.head:
        marks.short_until = max(marks.short_until, state.rows[marks.tail & (state.rows.size - 1)].time + terms.window_us)
        marks.forgotten_rows += 1
        drop(state, terms, now)
    else:
        slot = state.resting[marks.rest_tail & (state.resting.size - 1)]
        marks.rest_tail += 1
        marks.forgotten_rests += 1
        release(state, slot)


@compiled
def count_in(state: State, terms: Terms, measure: int, sequence: int) -> None:
    """Let the new row `sequence` count for one measure of its key."""
    mask = state.rows.size - 1
    place = sequence & mask
    counter = state.counters[state.rows[place].slot, measure]
    lane = terms.lane[measure]
    if terms.function[measure] == DISTINCT:
        if put(state.last_of_pair, lane, state.pairs[place, lane], sequence):
            counter.count += 1
        return
    counter.count += 1
    if terms.function[measure] == MAXIMUM:
        value = state.values[place, lane]
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
    elif terms.function[measure] != COUNT:
        counter.total += state.values[place, lane].value


@compiled
def add(state: State, terms: Terms, batch: Batch, position: int, slot: int) -> None:
    """Append the batch's row at `position` to the window. The ring must have room."""
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
    for lane in range(batch.values.shape[1]):
        state.values[place, lane].value = batch.values[position, lane]
    state.slots[slot].newest = sequence
    state.slots[slot].rows += 1
    state.marks[0].head += 1
    for measure in range(terms.function.size):
        if (row.members >> np.uint64(measure)) & np.uint64(1):
            count_in(state, terms, measure, sequence)


@compiled
def admit(state: State, terms: Terms, batch: Batch, position: int) -> int:
    """Let the batch's row at `position` into the window and return its slot.

    A row that counts for no measure changes nothing and gets its key's slot, or `NOBODY` where no row of the key is in the window.
    Returns `NEEDS_ROWS` or `NEEDS_SLOTS`, with nothing changed but rows forgotten, where the state must grow first.
    """
    marks = state.marks[0]
    now = batch.time[position]
    counted = batch.members[position] != 0
    if counted:
        if marks.head - marks.tail >= terms.most_rows:
            forget(state, terms, now)
        elif marks.head - marks.tail == state.rows.size:
            return NEEDS_ROWS
    cell = find(state.keys, 0, batch.key[position])
    if cell != NOBODY:
        slot = state.keys[0, cell].value
        if counted:
            add(state, terms, batch, position, slot)
        return int(slot) if state.slots[slot].rows > 0 else NOBODY
    if not counted:
        return NOBODY
    while state.slots.size - marks.free >= terms.most_keys:
        forget(state, terms, now)
    if marks.free == 0:
        return NEEDS_SLOTS
    slot = take_slot(state, batch.key[position])
    add(state, terms, batch, position, slot)
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
def apply(operation: int, left: float, right: float) -> float:
    """Return one operator's result; truth is 1.0. A comparison with not-a-number is false, and so is dividing by zero a number."""
    if operation == AND:
        return min(left, right)
    if operation == OR:
        return max(left, right)
    if operation == ADD:
        return left + right
    if operation == SUBTRACT:
        return left - right
    if operation == MULTIPLY:
        return left * right
    if operation == DIVIDE:
        return left / right if right != 0.0 else np.nan
    if np.isnan(left) or np.isnan(right):
        return 0.0
    truth = (
        (operation == EQUAL and left == right)
        or (operation == UNEQUAL and left != right)
        or (operation == LESS and left < right)
        or (operation == LESS_OR_EQUAL and left <= right)
        or (operation == GREATER and left > right)
        or (operation == GREATER_OR_EQUAL and left >= right)
    )
    return 1.0 if truth else 0.0


@compiled
def condition_holds(terms: Terms, measures: NDArray[np.float64], stack: NDArray[np.float64]) -> bool:
    """Evaluate the rule's condition over a key's measures."""
    top = -1
    for step in range(terms.operation.size):
        operation = terms.operation[step]
        if operation == CONSTANT:
            top += 1
            stack[top] = terms.operand[step]
        elif operation == MEASURE:
            top += 1
            stack[top] = measures[np.int64(terms.operand[step])]
        elif operation == NOT:
            stack[top] = 1.0 - stack[top]
        else:
            top -= 1
            stack[top] = apply(operation, stack[top], stack[top + 1])
    return bool(stack[0] != 0.0)


@compiled
def report(state: State, batch: Batch, position: int, slot: int, found: int, crossings: Crossings) -> None:
    """Write down a crossing; its measures stand there already."""
    marks = state.marks[0]
    mask = state.rows.size - 1
    crossing = crossings.found[found]
    crossing.position = position
    crossing.events = state.slots[slot].rows
    crossing.forgotten = marks.forgotten_rows if batch.time[position] < marks.short_until else 0
    sequence = state.slots[slot].newest
    for nth in range(crossings.sample.shape[1]):
        if sequence < marks.tail:  # also where it is nobody
            crossings.sample[found, nth:] = NOBODY
            return
        crossings.sample[found, nth] = state.rows[sequence & mask].event
        sequence = state.rows[sequence & mask].older


@compiled
def advance(state: State, terms: Terms, batch: Batch, start: int, crossings: Crossings) -> tuple[int, int, int]:
    """Advance the window over the batch's rows from `start` on.

    Returns the position of the first row not taken, why it was not (`DONE`: there is none), and how many crossings were written.
    Nothing is allocated: the caller makes what is needed larger (or empties `crossings`) and enters again at that position.
    """
    marks = state.marks[0]
    found = 0
    for position in range(start, batch.time.size):
        if found == crossings.found.size:
            return position, NEEDS_CROSSINGS, found
        now = batch.time[position]
        wake(state, now)
        while marks.tail < marks.head and state.rows[marks.tail & (state.rows.size - 1)].time <= now - terms.window_us:
            drop(state, terms, now)
        slot = admit(state, terms, batch, position)
        if slot == NOBODY:
            continue
        if slot < 0:
            return position, slot, found
        key = state.slots[slot]
        measure_key(state, terms, slot, crossings.measures[found])
        held = key.holds
        key.holds = 1 if condition_holds(terms, crossings.measures[found], crossings.stack) else 0
        if key.holds == 0 or held == 1 or now < key.quiet_until:
            continue
        report(state, batch, position, slot, found, crossings)
        found += 1
        if terms.cool_down_us > 0:
            key.quiet_until = now + terms.cool_down_us
            state.resting[marks.rest_head & (state.resting.size - 1)] = slot
            marks.rest_head += 1
    return batch.time.size, DONE, found


@compiled
def index(state: State, terms: Terms) -> None:
    """Fill the hash tables, which are empty, from the slots and the rows."""
    for slot in range(state.slots.size):
        if state.slots[slot].key != 0:
            put(state.keys, 0, state.slots[slot].key, slot)
    for sequence in range(state.marks[0].tail, state.marks[0].head):
        row = state.rows[sequence & (state.rows.size - 1)]
        for measure in range(terms.function.size):
            if terms.function[measure] == DISTINCT and (row.members >> np.uint64(measure)) & np.uint64(1):
                lane = terms.lane[measure]
                put(state.last_of_pair, lane, state.pairs[sequence & (state.rows.size - 1), lane], sequence)

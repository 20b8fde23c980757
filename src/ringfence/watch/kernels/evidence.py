"""Evidence gathered row by row: of each subject that is followed what it did, in bounded room.

Who is followed is told by space-saving (Metwally, Agrawal and El Abbadi 2005): a new subject takes the slot of one that counts
least, and its count. So whoever makes more than a share of 1 / slots of all rows is followed. Nothing is remembered of who went.
"""

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.kernels.compiled import compiled, inner
from ringfence.watch.kernels.courses import add_distinct, add_to_series, move_on
from ringfence.watch.kernels.evidence_layout import (
    AGENT,
    ANSWER,
    ANSWERED,
    ASKED,
    ATTEMPT,
    ATTEMPTS,
    BEYOND,
    BINS,
    CALLER,
    CLASSES,
    DOTS_EVERY,
    DOTS_HELD,
    DOTS_SEEN,
    DURATIONS,
    END,
    FLOOR,
    GIVEN_UP,
    HAND,
    HELD,
    ITEMS_HELD,
    NOTHING,
    OUTCOMES,
    PAIR,
    PREFIX,
    RATE,
    REGISTRATION,
    REQUEST,
    SERIAL,
    SLOTS,
    STATUS,
    USED,
    Dots,
    Evidence,
    Items,
    Lines,
    Plans,
    Rows,
    Slots,
)
from ringfence.watch.kernels.tables import mixed, place_of


@inner
def remove_key(keys: NDArray[np.uint64], values: NDArray[np.int64], place: int) -> None:
    """Empty a place and close the gap by moving later keys back."""
    mask = keys.size - 1
    gap = place
    probe = (place + 1) & mask
    while keys[probe] != 0:
        home = np.int64(keys[probe] & np.uint64(mask))
        if ((probe - home) & mask) >= ((probe - gap) & mask):
            keys[gap] = keys[probe]
            values[gap] = values[probe]
            gap = probe
        probe = (probe + 1) & mask
    keys[gap] = 0


@inner
def least_slot(slots: Slots) -> int:
    """Return the slot of a subject without a finding that counts least: of several the one that the hand comes to first."""
    marks = slots.marks
    size = slots.subjects.size
    while True:
        if marks[HAND] == size:
            marks[HAND] = 0
            floor = np.int64(1) << 62
            for slot in range(size):
                if slots.kept[slot] == NOTHING:
                    floor = min(floor, slots.counts[slot])
            marks[FLOOR] = floor
        slot = marks[HAND]
        marks[HAND] += 1
        if slots.kept[slot] == NOTHING and slots.counts[slot] <= marks[FLOOR]:
            return int(slot)


@compiled
def begin_subject(state: Evidence, slot: int, key: np.uint64, time: int) -> None:
    """Let a slot be that of a subject of which nothing was seen."""
    slots = state.slots
    slots.subjects[slot] = key
    slots.serials[slot] = slots.marks[SERIAL]
    slots.marks[SERIAL] += 1
    slots.since[slot] = time
    slots.inherited[slot] = slots.counts[slot]
    slots.plans[slot] = 0
    for figure in range(slots.figures.shape[1]):
        slots.figures[slot, figure] = 0
    series = state.series
    for nth in range(series.width.shape[0]):
        if series.first[nth, slot] <= series.last[nth, slot]:
            for place in range(BINS):
                series.values[nth, slot, place] = 0
        series.first[nth, slot] = 0
        series.last[nth, slot] = NOTHING
        series.width[nth, slot] = 0
    lines = state.lines
    for line in range(lines.rules.size):
        if lines.newest[line, slot] != NOTHING:
            for place in range(SLOTS):
                lines.sums[line, slot, place] = 0
        lines.newest[line, slot] = NOTHING
        lines.totals[line, slot] = 0
        lines.cut[line, slot] = False


@compiled
def slot_for(state: Evidence, key: np.uint64, time: int) -> int:
    """Return the slot of a subject, that of another where it has none and none is left."""
    slots = state.slots
    place = place_of(slots.keys, key)
    if slots.keys[place] == key:
        return int(slots.slots[place])
    if slots.marks[USED] < slots.subjects.size:
        slot = int(slots.marks[USED])
        slots.marks[USED] += 1
        slots.counts[slot] = 0
    else:
        slot = least_slot(slots)
        remove_key(slots.keys, slots.slots, place_of(slots.keys, slots.subjects[slot]))
        slots.marks[GIVEN_UP] += 1
        place = place_of(slots.keys, key)
    slots.keys[place] = key
    slots.slots[place] = slot
    begin_subject(state, slot, key, time)
    return slot


@inner
def halve(times: NDArray[np.int64], codes: NDArray[np.uint64], held: int) -> int:
    """Keep every second dot; return how many that are."""
    kept = (held + 1) // 2
    for nth in range(kept):
        times[nth] = times[2 * nth]
        codes[nth] = codes[2 * nth]
    return kept


@inner
def add_dot(slots: Slots, dots: Dots, which: int, slot: int, time: int, code: np.uint64) -> None:
    """Add a dot to one of a subject's rasters; a full one keeps every second dot, and takes in as few from then on."""
    figures = slots.figures
    seen = figures[slot, DOTS_SEEN + which]
    figures[slot, DOTS_SEEN + which] += 1
    if seen & figures[slot, DOTS_EVERY + which]:
        return
    held = figures[slot, DOTS_HELD + which]
    kept = slots.kept[slot]
    times = dots.times[which, slot] if kept == NOTHING else dots.long_times[which, kept]
    codes = dots.codes[which, slot] if kept == NOTHING else dots.long_codes[which, kept]
    times[held] = time
    codes[held] = code
    held += 1
    if held == times.size:  # one more than it may hold
        held = halve(times, codes, held)
        figures[slot, DOTS_EVERY + which] = 2 * figures[slot, DOTS_EVERY + which] + 1
    figures[slot, DOTS_HELD + which] = held


@inner
def item_place(slots: Slots, items: Items, slot: int, kind: int, what: np.uint64) -> int:
    """Return where an item of a subject is counted; `NOTHING` where there is no room for it, which is counted too."""
    owner = slots.serials[slot]
    key = mixed(what ^ mixed(np.uint64(owner * 8 + kind + 1)))
    if key == 0:
        key = np.uint64(1)
    place = place_of(items.keys, key)
    if items.keys[place] == 0:
        if slots.figures[slot, HELD + kind] >= items.limits[kind] or slots.marks[ITEMS_HELD] >= items.room:
            slots.figures[slot, BEYOND + kind] += 1
            return NOTHING
        slots.figures[slot, HELD + kind] += 1
        slots.marks[ITEMS_HELD] += 1
        items.keys[place] = key
        items.owners[place] = owner
        items.slots[place] = slot
        items.kinds[place] = kind
        items.what[place] = what
        for column in range(items.counts.shape[1]):
            items.counts[place, column] = 0
    return int(place)


@inner
def count_item(slots: Slots, items: Items, slot: int, kind: int, what: np.uint64, column: int) -> None:
    """Count an item of a subject once."""
    place = item_place(slots, items, slot, kind, what)
    if place != NOTHING:
        items.counts[place, column] += 1


@inner
def duration_class(longest: NDArray[np.int64], answered: bool, duration_ms: int) -> int:
    """Return the class of a call that ended."""
    if not answered:
        return 0
    for place in range(1, CLASSES - 1):
        if duration_ms < longest[place]:
            return place
    return CLASSES - 1


@inner
def take_attempt(state: Evidence, rows: Rows, row: int, slot: int) -> None:
    """Take in an attempt."""
    slots = state.slots
    slots.figures[slot, ATTEMPTS] += 1
    slots.plans[slot] = rows.plans[row]
    code = rows.others[row]
    add_dot(slots, state.dots, 0, slot, rows.times[row], code)
    count_item(slots, state.items, slot, PREFIX, code >> np.uint64(32), 0)
    if rows.agents[row] != 0:
        count_item(slots, state.items, slot, AGENT, rows.agents[row], 0)
    if rows.rates[row] != NOTHING:
        count_item(slots, state.items, slot, RATE, np.uint64(rows.rates[row]), 0)


@inner
def take_end(state: Evidence, rows: Rows, row: int, slot: int, answered: bool) -> None:
    """Take in a call's end."""
    slots = state.slots
    slots.figures[slot, DURATIONS + duration_class(state.longest, answered, rows.duration_ms[row])] += 1
    count_item(slots, state.items, slot, STATUS, np.uint64(rows.status[row]), 0)
    if answered and rows.rates[row] != NOTHING:
        place = item_place(slots, state.items, slot, RATE, np.uint64(rows.rates[row]))
        if place != NOTHING:
            state.items.counts[place, 1] += 1
            state.items.counts[place, 2] += rows.duration_ms[row]


@inner
def take_row(state: Evidence, rows: Rows, row: int, slot: int, answered: bool) -> None:
    """Take in what a row tells of its subject, rules aside."""
    slots = state.slots
    parts = rows.parts[row]
    if parts & ATTEMPT:
        take_attempt(state, rows, row, slot)
    if parts & ANSWER:
        slots.figures[slot, ANSWERED] += 1
        if rows.callers[row] != 0 and slots.figures[slot, HELD + CALLER] < state.items.limits[CALLER]:
            count_item(slots, state.items, slot, CALLER, rows.callers[row], 0)
    if parts & END:
        take_end(state, rows, row, slot, answered)
    if parts & REQUEST:
        slots.figures[slot, ASKED] += 1
        add_dot(slots, state.dots, 1, slot, rows.times[row], rows.targets[row])
        count_item(slots, state.items, slot, STATUS, np.uint64(rows.status[row]), 0)
    if parts & REGISTRATION:
        slots.figures[slot, OUTCOMES + rows.outcomes[row]] += 1
        count_item(slots, state.items, slot, PAIR, rows.pairs[row], rows.outcomes[row])


@inner
def take_line(state: Evidence, rows: Rows, row: int, slot: int, line: int) -> None:
    """Take in what a row adds to a rule's measure, and note how much its window then holds."""
    lines = state.lines
    moment = move_on(lines, line, slot, rows.times[row] // lines.slot_us[line])
    value = rows.values[line, row]
    if lines.distinct[line]:
        add_distinct(state.slots, lines, line, slot, moment, np.uint64(value))
    else:
        lines.sums[line, slot, moment % SLOTS] += value
        lines.totals[line, slot] += value
    rules = rows.passes.shape[0]
    add_to_series(state.series, rules + line, slot, rows.times[row], lines.totals[line, slot], False)


@compiled
def gather(state: Evidence, rows: Rows, answered: NDArray[np.bool_]) -> None:
    """Take in rows in their order."""
    for row in range(rows.subjects.size):
        key = rows.subjects[row]
        if key == 0:
            continue
        time = rows.times[row]
        slot = slot_for(state, key, time)
        state.slots.counts[slot] += 1
        take_row(state, rows, row, slot, answered[row])
        for rule in range(rows.passes.shape[0]):
            if rows.passes[rule, row]:
                add_to_series(state.series, rule, slot, time, 1, True)
        for line in range(state.lines.rules.size):
            if rows.passes[state.lines.rules[line], row] and rows.present[line, row]:
                take_line(state, rows, row, slot, line)


@compiled
def put_back_items(items: Items, held: Items) -> None:
    """Put items that were `held` into an empty table."""
    for nth in range(held.keys.size):
        place = place_of(items.keys, held.keys[nth])
        items.keys[place] = held.keys[nth]
        items.owners[place] = held.owners[nth]
        items.slots[place] = held.slots[nth]
        items.kinds[place] = held.kinds[nth]
        items.what[place] = held.what[nth]
        for column in range(items.counts.shape[1]):
            items.counts[place, column] = held.counts[nth, column]


@compiled
def put_back_values(lines: Lines, held: Lines) -> None:
    """Put values that were `held` into an empty table."""
    for nth in range(held.value_keys.size):
        place = place_of(lines.value_keys, held.value_keys[nth])
        lines.value_keys[place] = held.value_keys[nth]
        lines.value_owners[place] = held.value_owners[nth]
        lines.value_slots[place] = held.value_slots[nth]
        lines.value_lines[place] = held.value_lines[nth]
        lines.value_seen[place] = held.value_seen[nth]


@compiled
def count_durations(rows: Rows, answered: NDArray[np.bool_], longest: NDArray[np.int64], plans: Plans, known: int) -> int:
    """Count the ends of calls by plan and class; return how many plans are known then."""
    for row in range(rows.plans.size):
        if rows.parts[row] & END == 0:
            continue
        plan = np.int64(0)
        if rows.plans[row] != 0:
            place = place_of(plans.keys, rows.plans[row])
            if plans.keys[place] == 0 and known + 1 < plans.counts.shape[0]:
                known += 1
                plans.keys[place] = rows.plans[row]
                plans.places[place] = known
            if plans.keys[place] != 0:
                plan = plans.places[place]
        plans.counts[plan, duration_class(longest, answered[row], rows.duration_ms[row])] += 1
    return known


@compiled
def add_hashes(keys: NDArray[np.uint64], hashes: NDArray[np.uint64], room: int) -> int:
    """Put hashes into a table, 0 aside, until `room` of them are new; return the room that is left."""
    for row in range(hashes.size):
        if room == 0:
            break
        if hashes[row] != 0:
            place = place_of(keys, hashes[row])
            room -= keys[place] == 0
            keys[place] = hashes[row]
    return room

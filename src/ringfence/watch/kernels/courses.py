"""The course of counts over time, and what stands within a sliding window: in few bins and slots of time, however long it goes."""

import numpy as np

from ringfence.watch.kernels.compiled import inner
from ringfence.watch.kernels.evidence_layout import BINS, MOST_BINS, NOTHING, SLOTS, VALUES_HELD, Lines, Series, Slots
from ringfence.watch.kernels.tables import mixed, place_of


@inner
def merged_value(one: int, other: int, adds: bool) -> int:
    """Return what two values of a bin come to: their sum, or the larger."""
    return one + other if adds else max(one, other)


@inner
def widen(series: Series, nth: int, slot: int, adds: bool) -> None:
    """Let a series have wider bins."""
    width = series.width[nth, slot]
    times = series.widths[width + 1] // series.widths[width]
    values = series.values[nth, slot]
    for place in range(BINS):
        series.scratch[place] = 0
    for place in range(series.first[nth, slot], series.last[nth, slot] + 1):
        wider = (place // times) & (BINS - 1)
        series.scratch[wider] = merged_value(series.scratch[wider], values[place & (BINS - 1)], adds)
    for place in range(BINS):
        values[place] = series.scratch[place]
    series.width[nth, slot] = width + 1
    series.first[nth, slot] //= times
    series.last[nth, slot] //= times


@inner
def add_to_series(series: Series, nth: int, slot: int, time: int, value: int, adds: bool) -> None:
    """Add a value at a time; the bins widen until all of them are few enough."""
    place = time // series.widths[series.width[nth, slot]]
    if series.first[nth, slot] > series.last[nth, slot]:
        series.first[nth, slot] = place
        series.last[nth, slot] = place
    while True:
        first = min(place, series.first[nth, slot])
        last = max(place, series.last[nth, slot])
        if last - first < MOST_BINS or series.width[nth, slot] + 1 >= series.widths.size:
            break
        widen(series, nth, slot, adds)
        place = time // series.widths[series.width[nth, slot]]
    series.first[nth, slot] = first
    series.last[nth, slot] = last
    held = series.values[nth, slot, place & (BINS - 1)]
    series.values[nth, slot, place & (BINS - 1)] = merged_value(held, value, adds)


@inner
def move_on(lines: Lines, line: int, slot: int, moment: int) -> int:
    """Let a line's window end with the slot of time `moment`, or later where it does already; return which it ends with."""
    newest = lines.newest[line, slot]
    if newest == NOTHING or moment - newest >= SLOTS:
        for place in range(SLOTS):
            lines.sums[line, slot, place] = 0
        lines.totals[line, slot] = 0
        newest = moment
    while newest < moment:
        newest += 1
        lines.totals[line, slot] -= lines.sums[line, slot, newest % SLOTS]
        lines.sums[line, slot, newest % SLOTS] = 0
    lines.newest[line, slot] = newest
    return int(newest)


@inner
def add_distinct(slots: Slots, lines: Lines, line: int, slot: int, moment: int, value: np.uint64) -> None:
    """Count a value within a line's window, where it does not count yet."""
    serial = slots.serials[slot]
    key = mixed(value ^ mixed(np.uint64(serial * lines.rules.size + line + 1)))
    if key == 0:
        key = np.uint64(1)
    place = place_of(lines.value_keys, key)
    if lines.value_keys[place] == 0:
        if slots.marks[VALUES_HELD] >= lines.value_room or lines.totals[line, slot] >= lines.most:
            lines.cut[line, slot] = True
            return
        slots.marks[VALUES_HELD] += 1
        lines.value_keys[place] = key
        lines.value_owners[place] = serial
        lines.value_slots[place] = slot
        lines.value_lines[place] = line
    elif lines.value_seen[place] > moment - SLOTS:
        lines.sums[line, slot, lines.value_seen[place] % SLOTS] -= 1
        lines.totals[line, slot] -= 1
    elif lines.totals[line, slot] >= lines.most:
        lines.cut[line, slot] = True
        return
    lines.value_seen[place] = moment
    lines.sums[line, slot, moment % SLOTS] += 1
    lines.totals[line, slot] += 1

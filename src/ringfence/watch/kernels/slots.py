"""Slots: each live key has one for as long as it has a row or rests after a finding."""

import numpy as np

from ringfence.watch.kernels.cells import find, put, remove
from ringfence.watch.kernels.compiled import compiled
from ringfence.watch.kernels.layout import NEVER, NOBODY, State


@compiled
def release(state: State, slot: int) -> None:
    """Give a slot back."""
    remove(state.keys, 0, find(state.keys, 0, state.slots[slot].key))
    state.slots[slot].key = 0
    state.free[state.marks[0].free] = slot
    state.marks[0].free += 1


@compiled
def release_if_idle(state: State, slot: int, now: int) -> None:
    """Give a slot back that holds no row and rests for no rule."""
    if state.slots[slot].key == 0 or state.slots[slot].rows > 0:
        return
    for rule in range(state.standings.shape[1]):
        if state.standings[slot, rule].quiet_until > now:
            return
    release(state, slot)


@compiled
def take_slot(state: State, key: np.uint64) -> int:
    """Give `key` a free slot."""
    state.marks[0].free -= 1
    slot = state.free[state.marks[0].free]
    state.slots[slot].key = key
    state.slots[slot].rows = 0
    state.slots[slot].newest = NOBODY
    for rule in range(state.standings.shape[1]):
        standing = state.standings[slot, rule]
        standing.rows = 0
        standing.quiet_until = 0
        standing.holds = 0
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
    if now < state.marks[0].next_wake:
        return
    mask = state.resting.shape[1] - 1
    next_wake = NEVER
    for rule in range(state.rests.size):
        rest = state.rests[rule]
        while rest.tail < rest.head:
            slot = state.resting[rule, rest.tail & mask]
            if state.standings[slot, rule].quiet_until > now:
                next_wake = min(next_wake, state.standings[slot, rule].quiet_until)
                break
            rest.tail += 1
            release_if_idle(state, slot, now)
    state.marks[0].next_wake = next_wake

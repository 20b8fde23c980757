"""Slots: each live key has one for as long as it has a row or rests after a finding."""

import numpy as np

from ringfence.watch.kernels.cells import find, put, remove
from ringfence.watch.kernels.compiled import inner, seldom
from ringfence.watch.kernels.layout import HEADER, HOLDS, KEY, KEYS, MAXIMUM, NEVER, NEWEST, NOBODY, RESTS_UNTIL, ROWS, State, Terms


@inner
def release(state: State, slot: int) -> None:
    """Give a slot back."""
    remove(state.keys, KEYS, find(state.keys, KEYS, np.uint64(state.words[slot, KEY])))
    state.words[slot, KEY] = 0
    state.free[state.marks[0].free] = slot
    state.marks[0].free += 1


@inner
def release_if_idle(state: State, slot: int, now: int) -> None:
    """Give a slot back that holds no row and rests for no rule."""
    if state.words[slot, KEY] != 0 and state.words[slot, ROWS] == 0 and state.words[slot, RESTS_UNTIL] <= now:
        release(state, slot)


@inner
def take_slot(state: State, terms: Terms, key: np.uint64) -> int:
    """Give `key` a free slot."""
    state.marks[0].free -= 1
    slot = int(np.int64(state.free[state.marks[0].free]))
    state.words[slot, KEY] = np.int64(key)
    state.words[slot, ROWS] = 0
    state.words[slot, NEWEST] = NOBODY
    state.words[slot, HOLDS] = 0
    state.words[slot, RESTS_UNTIL] = 0
    for word in range(HEADER, terms.words):
        state.words[slot, word] = 0
    for measure in range(terms.function.size):
        if terms.function[measure] == MAXIMUM:
            state.words[slot, terms.place[measure]] = NOBODY
            state.words[slot, terms.place[measure] + 1] = NOBODY
    put(state.keys, KEYS, key, slot)
    return slot


@seldom
def rest_until(state: State, terms: Terms, slot: int) -> None:
    """Find out anew when the last of a key's cool-downs ends."""
    last = 0
    for rule in range(terms.rule_span.size):
        last = max(last, state.words[slot, terms.quiet + rule])
    state.words[slot, RESTS_UNTIL] = last


@seldom
def wake(state: State, terms: Terms, now: int) -> None:
    """End the cool-downs that are over; a slot that nothing else holds goes back."""
    mask = state.resting.shape[1] - 1
    next_wake = NEVER
    for rule in range(state.rests.size):
        rest = state.rests[rule]
        while rest.tail < rest.head:
            slot = int(np.int64(state.resting[rule, rest.tail & mask]))
            quiet_until = state.words[slot, terms.quiet + rule]
            if quiet_until > now:
                next_wake = min(next_wake, quiet_until)
                break
            rest.tail += 1
            release_if_idle(state, slot, now)
    state.marks[0].next_wake = next_wake

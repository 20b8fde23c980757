"""Hash tables with open addressing: which records came before, and what stands under a key."""

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.kernels.compiled import compiled, inner


@compiled
def mixed(word: np.uint64) -> np.uint64:
    """Return the word with every bit of it spread over all (the finaliser of SplitMix64, Steele, Lea and Flood 2014)."""
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.uint64(word ^ (word >> np.uint64(31)))


@compiled
def place_of(keys: NDArray[np.uint64], key: np.uint64) -> int:
    """Return where `key` stands, or the empty place (0) that it would take. The table must have an empty place."""
    mask = keys.size - 1
    place = np.int64(key & np.uint64(mask))
    while keys[place] != 0 and keys[place] != key:
        place = (place + 1) & mask
    return int(place)


@compiled
def note(  # noqa: PLR0913 - the tables are the caller's, and a kernel has no object to hold them
    newer: NDArray[np.uint64],
    older: NDArray[np.uint64],
    calls: NDArray[np.uint64],
    facts: NDArray[np.void],
    start: int,
    room: int,
    fresh: NDArray[np.bool_],
) -> tuple[int, int, int]:
    """Put calls from `start` on into `newer` until `room` of them are new there; tell which stood neither there nor in `older`.

    `calls` are hashes of their ids, `facts` their times (`row_layout.FACTS`). Returns the position of the first one not taken, the
    room that is left, and how many stood there.
    """
    position = start
    known = 0
    while position < calls.size and room > 0:
        fact = facts[position]
        hashed = with_time(with_time(with_time(calls[position], fact.start), fact.answer), fact.end)
        place = place_of(newer, hashed)
        is_fresh = newer[place] == 0 and older[place_of(older, hashed)] == 0
        fresh[position] = is_fresh
        if is_fresh:
            newer[place] = hashed
            room -= 1
        else:
            known += 1
        position += 1
    return position, room, known


@inner
def with_time(hashed: np.uint64, time: int) -> np.uint64:
    """Let a hash stand for a time too. None becomes 0."""
    hashed = mixed(hashed ^ np.uint64(time))
    return hashed if hashed != 0 else np.uint64(1)


@compiled
def put(keys: NDArray[np.uint64], values: NDArray[np.int64], key: np.uint64, value: int) -> None:
    """Set the value of `key`, which is not 0. The table must have an empty place left."""
    place = place_of(keys, key)
    keys[place] = key
    values[place] = value


@compiled
def put_all(keys: NDArray[np.uint64], values: NDArray[np.int64], new: NDArray[np.uint64], first: int) -> None:
    """Set the values of keys, none of which is 0, to `first` and the numbers that follow it. The table must have room for them."""
    for nth in range(new.size):
        place = place_of(keys, new[nth])
        keys[place] = new[nth]
        values[place] = first + nth


@compiled
def look_up(keys: NDArray[np.uint64], values: NDArray[np.int64], wanted: NDArray[np.uint64], found: NDArray[np.int64]) -> int:
    """Write the value of each wanted key; return how many are missing, which get -1. The key 0 has the value 0."""
    missing = 0
    for row in range(wanted.size):
        found[row] = 0
        if wanted[row] != 0:
            place = place_of(keys, wanted[row])
            found[row] = values[place] if keys[place] != 0 else -1
            missing += keys[place] == 0
    return missing


@compiled
def in_spans(
    entries: NDArray[np.int64],
    times: NDArray[np.int64],
    firsts: NDArray[np.int64],
    bounds: NDArray[np.int64],
    values: NDArray[np.int64],
    found: NDArray[np.int64],
) -> None:
    """Write the value that each row's entry has at the row's time.

    An entry e has the values from `firsts[e]` to `firsts[e + 1]`; the n-th holds from `bounds[n]` on, the first always.
    """
    for row in range(entries.size):
        nth = firsts[entries[row]]
        last = firsts[entries[row] + 1] - 1
        while nth < last and bounds[nth + 1] <= times[row]:
            nth += 1
        found[row] = values[nth]

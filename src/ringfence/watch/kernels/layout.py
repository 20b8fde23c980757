"""What the arrays of a group of windows hold: the state that `windows` owns and the kernels advance.

A group serves several rules that count by one key. Its counted events stand in one ring in the order of their times; each length
of window is a tail pointer into it. A row's *sequence* counts from the group's first row ever and never restarts; its place is the
sequence modulo the ring's length (a power of two). `NOBODY` is no row.
"""

from typing import Final, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

NOBODY: Final = -1
SAMPLE: Final = 10
"""How many call ids a crossing names at most."""

KEYS: Final = cast(int, np.int64(0))
ONE_MORE: Final = cast(int, np.int64(1))
ONE_LESS: Final = cast(int, np.int64(-1))
"""The one table of `State.keys`, and what a pair's rows change by. A function is compiled apart for each number of Python's that
stands in a call of it, and not for these."""

NEVER: Final = 1 << 62
"""A time that does not come."""

COUNT: Final = 0
DISTINCT: Final = 1
SUM: Final = 2
MEAN: Final = 3
MAXIMUM: Final = 4
MOST: Final = 5
"""What a measure is."""

HALF_BITS: Final = 32
HALF: Final = 2.0**HALF_BITS
"""Of whole numbers the halves are added up apart, each exactly: a sum of doubles would not be, beyond 2 to the power of 53."""

MARKS: Final = np.dtype(
    [
        ("head", np.int64),  # the sequence that the next row gets
        ("free", np.int64),  # slots without a key
        ("next_wake", np.int64),  # no cool-down ends before this time
        ("forgotten_rows", np.int64),  # left before their time, to bound memory
        ("forgotten_rests", np.int64),  # cool-downs ended before their time, likewise
        ("most_rows", np.int64),  # more than these are not held, nor keys than those below: a bound may move between two batches
        ("most_keys", np.int64),
        ("pairs_until", np.int64),  # the tables of pairs have room for all rows before this sequence
        ("sample_free", np.int64),  # the first of `samples` that nobody has; 0: none
    ]
)
SPAN: Final = np.dtype(  # one length of window
    [
        ("length_us", np.int64),
        ("tail", np.int64),  # the sequence of its oldest row
        ("short_until", np.int64),  # its measures rest on less than the whole window before this time
    ]
)
KEY: Final = 0
ROWS: Final = 1
NEWEST: Final = 2
HOLDS: Final = 3
RESTS_UNTIL: Final = 4
HEADER: Final = 5
"""The first words of a slot: its key's hash (0 where it is free), its rows in the ring, the sequence of the last one, a bit for
each rule whose condition was true at the key's last event, and when the last of its cool-downs ends."""

LEVELS: Final = 65
ROOM: Final = LEVELS
NEXT: Final = LEVELS + 1
SAMPLED: Final = LEVELS + 2
"""The words of one of `samples`: how many of a measure's values have each level, beyond how many values some are let go of, and
which is free behind this one where it is free."""

REST: Final = np.dtype([("head", np.int64), ("tail", np.int64)])  # of one rule's queue of slots in their cool-down

CROSSING: Final = np.dtype(
    [
        ("position", np.int64),  # in the batch
        ("rule", np.int64),  # in the group
        ("events", np.int64),  # of the key, in the rule's window
        ("forgotten", np.int64),  # rows ever forgotten, where some are missing in this window; else 0
    ]
)
ROW: Final = np.dtype(
    [
        ("time", np.int64),
        ("event", np.int64),  # the engine's number of the event
        ("older", np.int64),  # the sequence of the same key's row before
        ("members", np.uint64),  # bit m: measure m counts the row
        ("slot", np.int32),
        ("replaced", np.uint32),  # bit d: a later row has the same pair in lane d, or the pair was let go of
    ]
)
VALUE: Final = np.dtype(  # a row's number for one measure; for a maximum, its neighbours in the key's falling run of values
    [("value", np.float64), ("larger", np.int64), ("smaller", np.int64)]
)
CELL: Final = np.dtype([("key", np.uint64), ("value", np.int64)])
"""A hash table's place, open addressing; `key` 0 where empty. `value` is a slot, the sequence of a pair's last row, or a number."""


class State(NamedTuple):
    """A ring of R rows, K slots (powers of two) of N words, W spans, G rules, D pair lanes, V value lanes and T tables.

    One key's words stand together, so that all of a key is in one place of the processor's cache. `Terms` say which is which.
    The first D tables are those of the pair lanes.
    """

    marks: NDArray[np.void]  # MARKS[1]
    spans: NDArray[np.void]  # SPAN[W], shortest first
    rows: NDArray[np.void]  # ROW[R]
    pairs: NDArray[np.uint64]  # [R, D], the row's (key, value) as one hash
    values: NDArray[np.void]  # VALUE[R, V]
    words: NDArray[np.int64]  # [K, N]
    free: NDArray[np.int32]  # [K], the first `marks.free` are slots without a key
    rests: NDArray[np.void]  # REST[G]
    resting: NDArray[np.int32]  # [G, K], for each rule a ring of slots in the order in which their cool-downs end
    keys: NDArray[np.void]  # CELL[1, 2K]
    pair_cells: NDArray[np.void]  # CELL[T, C], C a power of two up to 2R: twice as many as stand there at least
    samples: NDArray[np.int64]  # [P + 1, SAMPLED], the first one to work in: see `sampling`


class Terms(NamedTuple):
    """The group's measures and rules as the kernel reads them.

    A peak is a maximum whose value in a row is a count's at that row: `peak_of` names the count, `NOBODY` for others.
    Of a lane whose commonest value is asked for (`MOST`), the table has how many rows each pair has, and another one, `ranks`, how
    many of a key's values have each number of rows. Of others it has each pair's last row.
    A *presence* is how many rows a rule's window holds of those that any of its measures counts; where one of the group's counts is
    the same number by its meaning, it is that count's word, else it has a word of its own.
    """

    length_us: NDArray[np.int64]  # [W], the grain included
    grain_us: NDArray[np.int64]  # [W], rows leave a whole grain at a time; 1: each by itself
    function: NDArray[np.int64]  # [M]; counts that peaks look at stand before them
    lane: NDArray[np.int64]  # [M], the column in `pairs` or `values`; 0 for a count
    span: NDArray[np.int64]  # [M]
    peak_of: NDArray[np.int64]  # [M]
    exact: int  # beyond so many distinct values of a key they are estimated
    # [M], the word of the count; a sum's halves follow, or which of `samples` a distinct count has (0: none);
    # a maximum has the ends of its falling run instead
    place: NDArray[np.int64]
    lane_member: NDArray[np.uint64]  # [D], the bits of its measures: a row with any counts in this lane
    lane_span: NDArray[np.int64]  # [D], the longest span of the lane's measures
    ranks: NDArray[np.int64]  # [D], the table of ranks; `NOBODY` for a lane that has none
    value_lanes: int  # V
    measures_of: NDArray[np.int64]  # [M], the measures by their spans
    measures_from: NDArray[np.int64]  # [W + 1], where each span's begin in `measures_of`
    presence_span: NDArray[np.int64]  # [P]
    presence_members: NDArray[np.uint64]  # [P], the bits of its measures
    presence_place: NDArray[np.int64]  # [P]
    presence_own: NDArray[np.int64]  # [P], 1: the word is its own
    presence_rules: NDArray[np.uint64]  # [P], a bit for each rule
    rule_span: NDArray[np.int64]  # [G]
    rule_members: NDArray[np.uint64]  # [G], the bits of the rule's measures
    rule_rows: NDArray[np.int64]  # [G], the word of its presence
    cool_down_us: NDArray[np.int64]  # [G]
    quiet: int  # rule g's cool-down ends at the time in word `quiet` + g
    words: int  # N
    guard_from: NDArray[np.int64]  # [G + 1], where each rule's begin in `guard_place`
    guard_place: NDArray[np.int64]  # the words of numbers without which a rule's condition can't hold
    guard_least: NDArray[np.int64]  # what each of them must reach
    each: int  # a bit for each rule that is found at every event for which its condition holds, not where it becomes true
    only_after: NDArray[np.int64]  # [G], a rule before without whose condition this one's can't hold; `NOBODY`: none is known
    begin: NDArray[np.int64]  # [G + 1], where each rule's condition begins in `operation`
    operation: NDArray[np.int64]  # the conditions in postfix form
    operand: NDArray[np.float64]


class Batch(NamedTuple):
    """The events that take part, n of them, times never falling. `key` is never 0; `members` 0 only evaluates."""

    time: NDArray[np.int64]  # [n]
    event: NDArray[np.int64]  # [n]
    key: NDArray[np.uint64]  # [n]
    members: NDArray[np.uint64]  # [n], bit m: measure m counts the event
    looks: NDArray[np.uint64]  # [n], bit g: rule g's condition is looked at
    pairs: NDArray[np.uint64]  # [n, D]
    values: NDArray[np.float64]  # [n, V]


class Crossings(NamedTuple):
    """Where the kernel writes what it found, and what it needs to work. F is how many crossings one call may find."""

    found: NDArray[np.void]  # CROSSING[F]
    measures: NDArray[np.float64]  # [F + 1, M]; the last row is where the kernel works
    errors: NDArray[np.float64]  # [F, M], the bound of a measure's error as a share of it; 0 where it is exact
    sample: NDArray[np.int64]  # [F, SAMPLE], event numbers, newest first, then NOBODY
    stack: NDArray[np.float64]  # as deep as the deepest condition
    written: NDArray[np.int64]  # [1], how many stand in `found`
    before: NDArray[np.int64]  # [D], a pair's row before the present one

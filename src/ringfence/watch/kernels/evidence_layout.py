"""What the arrays hold in which a report gathers evidence: a slot for each subject that is followed, and tables of what it did.

S slots, of which those with a finding have one of `KEPT` long rasters beside; R rules and L lines of theirs over time.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

ATTEMPT: Final = 1
ANSWER: Final = 2
END: Final = 4
REQUEST: Final = 8
REGISTRATION: Final = 16
"""Bits of what a row tells."""

PREFIX: Final = 0
STATUS: Final = 1
AGENT: Final = 2
RATE: Final = 3
PAIR: Final = 4
CALLER: Final = 5
ITEMS: Final = 6
"""Kinds of items that are counted one by one for each subject."""

ATTEMPTS: Final = 0
ANSWERED: Final = 1
ASKED: Final = 2
DURATIONS: Final = 3  # nine classes
OUTCOMES: Final = 12  # four
HELD: Final = 16  # different items, by kind
BEYOND: Final = 22  # items that came when as many different ones were held as can be, by kind
DOTS_SEEN: Final = 28  # of two rasters
DOTS_HELD: Final = 30
DOTS_EVERY: Final = 32  # every so manieth is held, less one: a power of two less one
FIGURES: Final = 34
"""The places of a slot's figures."""

CLASSES: Final = 9
"""Classes of durations: not answered, then by how long."""

NOTHING: Final = -1
BINS: Final = 128
"""Places of a series; it spans at most `MOST_BINS` of them."""
MOST_BINS: Final = 120
SLOTS: Final = 50
"""How finely a sliding window is kept: by a fiftieth of its length."""

USED: Final = 0  # slots
HAND: Final = 1
FLOOR: Final = 2  # no slot that the hand has passed has counted less
SERIAL: Final = 3  # the next subject's
GIVEN_UP: Final = 4
ITEMS_HELD: Final = 5  # in the table, of subjects gone too
VALUES_HELD: Final = 6
MARKS: Final = 7


class Slots(NamedTuple):
    """Who is followed. `keys` and `slots` are a hash table; the rest is by slot: subject, count, serial, long raster."""

    keys: NDArray[np.uint64]  # [table]
    slots: NDArray[np.int64]  # [table]
    subjects: NDArray[np.uint64]  # [S]
    counts: NDArray[np.int64]  # [S], how much it counts against being replaced: never less than what it did
    serials: NDArray[np.int64]  # [S], each subject's own number, another one when it comes again
    kept: NDArray[np.int64]  # [S], its long raster, `NOTHING` for a subject without a finding
    since: NDArray[np.int64]  # [S], when it was first seen since it is followed
    inherited: NDArray[np.int64]  # [S], what it counted then: it may have done as much before, and was given up
    figures: NDArray[np.int64]  # [S, FIGURES]
    plans: NDArray[np.uint64]  # [S]
    marks: NDArray[np.int64]  # [MARKS]


class Dots(NamedTuple):
    """Two rasters of a subject: numbers dialled, users asked for. Long ones are those of subjects with a finding."""

    times: NDArray[np.int64]  # [2, S, few]
    codes: NDArray[np.uint64]
    long_times: NDArray[np.int64]  # [2, KEPT, many]
    long_codes: NDArray[np.uint64]


class Items(NamedTuple):
    """A hash table of what is counted one by one: of the subject `owners`, `what` of a kind."""

    keys: NDArray[np.uint64]
    owners: NDArray[np.int64]
    slots: NDArray[np.int32]  # whose they were when they were put in
    kinds: NDArray[np.uint8]
    what: NDArray[np.uint64]
    counts: NDArray[np.int64]  # [table, 4]
    limits: NDArray[np.int64]  # [ITEMS], different ones of one subject
    room: int


class Series(NamedTuple):
    """Counts over time: R of events, then L of the most within a window. Bins are of one of the `widths`, at most `MOST_BINS`."""

    values: NDArray[np.int64]  # [R + L, S, BINS], by the bin's place since the epoch, modulo
    width: NDArray[np.int64]  # [R + L, S], which of `widths`
    first: NDArray[np.int64]  # [R + L, S]
    last: NDArray[np.int64]  # less than `first` where it is empty
    widths: NDArray[np.int64]
    scratch: NDArray[np.int64]  # [BINS]


class Lines(NamedTuple):
    """L measures within a sliding window: sums of slots of time, and for distinct values a hash table of when each came last."""

    rules: NDArray[np.int64]  # [L]
    slot_us: NDArray[np.int64]  # [L]
    distinct: NDArray[np.bool_]  # [L]
    sums: NDArray[np.int64]  # [L, S, SLOTS]
    newest: NDArray[np.int64]  # [L, S], the newest slot of time
    totals: NDArray[np.int64]  # [L, S]
    cut: NDArray[np.bool_]  # [L, S], more was distinct than is remembered
    value_keys: NDArray[np.uint64]
    value_owners: NDArray[np.int64]
    value_slots: NDArray[np.int32]
    value_lines: NDArray[np.int16]
    value_seen: NDArray[np.int64]
    value_room: int
    most: int
    """Distinct values that one line of one subject counts."""


class Evidence(NamedTuple):
    """All that is gathered of one kind of subject."""

    slots: Slots
    dots: Dots
    items: Items
    series: Series
    lines: Lines
    longest: NDArray[np.int64]  # [CLASSES], in milliseconds: below which a call belongs to a class; the first is not answered


class Plans(NamedTuple):
    """Calls by plan: a hash table to a plan's place from 1 on; 0 is that of none, and of those that come when all are taken."""

    keys: NDArray[np.uint64]
    places: NDArray[np.int64]
    counts: NDArray[np.int64]  # [plans, CLASSES]


class Rows(NamedTuple):
    """n rows. `subjects` 0: about nobody. Codes, hashes and rates are 0 or `NOTHING` where there is none."""

    subjects: NDArray[np.uint64]
    times: NDArray[np.int64]
    parts: NDArray[np.uint8]
    status: NDArray[np.int16]
    duration_ms: NDArray[np.int64]
    plans: NDArray[np.uint64]
    agents: NDArray[np.uint64]
    others: NDArray[np.uint64]  # codes of the numbers at calls' other ends
    targets: NDArray[np.uint64]  # codes of the users that requests other than calls are for
    rates: NDArray[np.int64]
    pairs: NDArray[np.uint64]  # who registers as whom
    outcomes: NDArray[np.int64]  # of registrations
    callers: NDArray[np.uint64]
    passes: NDArray[np.bool_]  # [R, n], which rules look at it
    values: NDArray[np.int64]  # [L, n], what it adds to a line; the bits of a value to be told apart
    present: NDArray[np.bool_]  # [L, n], whether it adds anything

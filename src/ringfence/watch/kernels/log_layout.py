"""What the arrays hold through which a log's lines pass: cells, states of lines, and facts."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

ODD: Final = 1  # not read here
SILENT: Final = 2  # it tells of no request
"""What can be said of a line; 0: it is read."""

SESSION: Final = 0
USER: Final = 1
DOMAIN: Final = 2
SOURCE: Final = 3
DESTINATION: Final = 4
METHOD: Final = 5
TRANSPORT: Final = 6
"""The places of a line's texts. A method or transport that is one of the known words stands in the facts alone."""
CELLS: Final = 7

FACTS: Final = np.dtype(
    [
        ("start", np.int64),  # in microseconds; of local time as if it were UTC
        ("source_port", np.int32),
        ("status", np.int16),
        ("method", np.int8),  # which of its words, counted from 1; 0: it stands in its cell
        ("transport", np.int8),  # likewise; 0: likewise
        ("half", np.int8),  # what it can be of an attempt that two lines tell
        ("credentials", np.bool_),
    ]
)

WHOLE: Final = 0
NAMED: Final = 1
FAILED: Final = 2
"""Halves: the line that names the account of an attempt, and the one that says that its response failed."""
DROPPED: Final = -2
ALONE: Final = -1
"""Partners: no entry of its own, and the entry of one line."""

LONGEST_LINE: Final = 65_536
LONGEST_VALUE: Final = 256


class Lines(NamedTuple):
    """What is read of n lines. `ends` is where each ends, its newline included; `states` what is to be said of it."""

    ends: NDArray[np.int64]
    states: NDArray[np.uint8]
    cells: NDArray[np.int32]  # [n, CELLS, 2]: where each text begins, and how long it is
    facts: NDArray[np.void]  # FACTS[n]


class Meanings(NamedTuple):
    """What the words of logs stand for.

    `names` are the names of values, each its length and its octets, eight together; the first `VALUES` are those whose values are
    used, and those beyond stand there to be known. `words` are texts that can stand in values, by group, as `rows.choice` has them;
    `events` are what each event of the first group stands for: status (0: nothing is told), method, credentials, and half.
    `texts` are those between the values of other logs, each ends with an octet 0; `day` is as `moments.day_us` has it.
    """

    names: NDArray[np.uint64]  # [names, 4]
    words: NDArray[np.uint64]
    events: NDArray[np.int64]  # [events, 4]
    texts: NDArray[np.uint8]
    day: NDArray[np.uint64]  # [3]


EVENT: Final = 0
TIME: Final = 1
ACCOUNT: Final = 2
SESSION_ID: Final = 3
LOCAL: Final = 4
REMOTE: Final = 5
REQUEST: Final = 6
VALUES: Final = 7
"""The places of the names whose values are used."""


class Held(NamedTuple):
    """Where pairs of lines are found: a hash table of rows by their keys, and rows in the order in which they came.

    The first `carried` rows were held back before. At most `most` are, none for longer than `held_us`; two that are further apart
    than `near_us` are no pair.
    """

    carried: int
    most: int
    near_us: int
    held_us: int

    keys: NDArray[np.uint64]
    rows: NDArray[np.int64]
    slots: NDArray[np.int64]  # [n] of each row
    queue: NDArray[np.int64]  # [n]

"""What the arrays hold through which a call-record row passes: classes of octets, cells, states of rows, and facts."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

PLAIN: Final = 0
DELIMITER: Final = 1
NEWLINE: Final = 2
RETURN: Final = 3
QUOTE: Final = 4
CONTROL: Final = 5
HIGH: Final = 6
"""Classes of octets: `HIGH` are those beyond ASCII."""

ODD: Final = 1  # not read here
BLANK: Final = 2  # nothing but blanks and tabs
BEYOND_ASCII: Final = 4
CALLER_ODD: Final = 8  # a number in no canonical form
CALLEE_ODD: Final = 16
SOURCE_ODD: Final = 32  # no IPv4 address in canonical form
NAIVE: Final = 64  # times without a zone, all of the row's: as if they were UTC
"""What can be said of a row, as bits; 0: it is read."""

NEVER: Final = -(1 << 63)
"""No time."""
NONE: Final = -1
"""No number, no cell."""

CALL_ID: Final = 0
ACCOUNT: Final = 1
CALLER: Final = 2
CALLEE: Final = 3
SOURCE: Final = 4
TRUNK: Final = 5
USER_AGENT: Final = 6
PAI: Final = 7
DIVERSION: Final = 8
START: Final = 9
ANSWER: Final = 10
END: Final = 11
STATUS: Final = 12
RELEASED: Final = 13
ATTESTED: Final = 14
DIRECTION: Final = 15
RING: Final = 16
Q850: Final = 17
"""The places of a row's cells."""
TEXTS: Final = 9
"""Cells that stay texts: the first ones."""
CELLS: Final = 18
PLACES: Final = {
    "call_id": CALL_ID,
    "account": ACCOUNT,
    "caller": CALLER,
    "callee": CALLEE,
    "source_ip": SOURCE,
    "trunk": TRUNK,
    "user_agent": USER_AGENT,
    "start": START,
    "answer": ANSWER,
    "end": END,
    "status": STATUS,
    "released_by": RELEASED,
    "attestation": ATTESTED,
    "direction": DIRECTION,
    "ring_ms": RING,
    "q850": Q850,
    "pai": PAI,
    "diversion": DIVERSION,
}
"""The cells by the names of their columns."""
FACTS: Final = np.dtype(
    [
        ("start", np.int64),
        ("answer", np.int64),  # `NEVER`: not answered
        ("end", np.int64),
        ("ring_ms", np.int64),  # `NONE`: not told
        ("status", np.int16),  # 0: not told
        ("released_by", np.int8),  # which of its words, counted from 1; 0: not told
        ("attestation", np.int8),
        ("direction", np.int8),
        ("verification", np.int8),  # likewise; never told where lines are read by the kernel
    ]
)
"""What `read` reads of a row."""

KNOWN_BITS: Final = 10
"""Of the number of a column's texts that reading remembers with their hashes."""

LONGEST_LINE: Final = 65_536
"""Characters of a line. A longer one is a bad row."""


class Table(NamedTuple):
    """How a file is laid out. `delimiter` is the octet between values.

    `targets[c]` is the cell that a line's c-th value goes to, or `NONE`; lines have as many values.

    `words[group]` are what can stand in `RELEASED`, `ATTESTED` and `DIRECTION`, each word after its length, eight octets together.

    `unhashed` are the cells with a form (numbers, addresses) that are not hashed.

    `day` is where reading remembers the date of the last time, its octets and its begin in microseconds;
    `known` are texts of the hashed cells that came lately, each three words of octets and the hash.
    """

    delimiter: int
    classes: NDArray[np.uint8]  # [256]
    targets: NDArray[np.int64]
    words: NDArray[np.uint64]  # [3, most words, 1 + longest / 8]
    unhashed: NDArray[np.int64]
    day: NDArray[np.uint64]  # [3]
    known: NDArray[np.uint64]  # [cells that are hashed, 2**KNOWN_BITS, 4]


class Hashing(NamedTuple):
    """Which texts are hashed: those of `cells` under `key`, and the call id under `call_key`, both of two words."""

    key: NDArray[np.uint64]
    cells: NDArray[np.int64]
    call_key: NDArray[np.uint64]


class Rows(NamedTuple):
    """What is read of n lines. `ends` is where each ends, its newline included; `states` what is to be said of it."""

    ends: NDArray[np.int64]
    states: NDArray[np.uint8]
    cells: NDArray[np.int32]  # [n, TEXTS, 2]: where each text begins, and how long it is
    facts: NDArray[np.void]  # FACTS[n]
    hashes: NDArray[np.uint64]  # [cells that are hashed, n]
    calls: NDArray[np.uint64]  # [n], a hash of the call id

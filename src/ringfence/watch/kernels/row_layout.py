"""What the arrays hold through which a call-record row passes: classes of octets, cells, states of rows, and facts."""

from typing import Final

import numpy as np

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
START: Final = 1
ANSWER: Final = 2
END: Final = 3
ACCOUNT: Final = 4
CALLER: Final = 5
CALLEE: Final = 6
SOURCE: Final = 7
STATUS: Final = 8
RELEASED: Final = 9
ATTESTED: Final = 10
TRUNK: Final = 11
DIRECTION: Final = 12
RING: Final = 13
Q850: Final = 14
PAI: Final = 15
DIVERSION: Final = 16
USER_AGENT: Final = 17
CELLS: Final = 18
"""The places of a row's cells."""
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
    ]
)
"""What `read` reads of a row."""

PADDING: Final = 8
"""Octets after the last line, so that whole words can be read."""

LONGEST_LINE: Final = 65_536
"""Characters of a line. A longer one is a bad row."""

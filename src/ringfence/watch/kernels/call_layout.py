"""How the requests and calls that are followed stand in arrays, and what the kernel tells of them.

An entry has a slot of its table for as long as it is remembered. Texts stand nowhere here: they are compared by their keyed hashes,
0 for an empty one, and kept by whoever owns the arrays under the entry's slot.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

NEVER: Final = -(1 << 62)
"""The time of what has not happened."""

REQUESTS, CALLS = 0, 1
"""Which table an entry stands in."""

# Columns of both tables, int64.
KEY: Final = 0  # hash of what it is known by, 0 where the slot is free
SERIAL: Final = 1
DEADLINE: Final = 2
TOUCHED: Final = 3  # counts up with each touch of any entry
STATUS: Final = 4
# Of requests.
METHOD: Final = 5  # its number in `sip_fields`, 0 for others
CALL: Final = 6  # the key of its call, or 0
BEGUN: Final = 7
OWN_LEG: Final = 8
INNER_STATUS: Final = 9
CREDENTIALS: Final = 10  # 1: there were some
CLAIMS: Final = 11  # where they vouch once they are accepted: a key of `claimed`, and another or 0
# Of calls.
STATE: Final = 5  # a number of `TRYING` to `ENDED`
INVITE: Final = 6  # the serial of its newest INVITE
SEEN: Final = 7
RANG: Final = 8
ANSWERED: Final = 9
CHALLENGED: Final = 10
CANCELLED: Final = 11
TAGS: Final = 12  # how many callees answered
TAG: Final = 13  # the tag of the first
TO_USER: Final = 14
SOURCE: Final = 15  # the addresses of its first INVITE
DESTINATION: Final = 16
HELP: Final = 17  # 1: it may call for help, which Python must ask
COLUMNS: Final = (13, 18)

TRYING, RINGING, CHALLENGES, ANSWERS, ENDED = range(5)
"""States of calls, in the order of `calls.states.CallState`."""
BY_INVITE, BY_RING, BY_CHALLENGE, BY_SUCCESS, BY_FAILURE, BY_BYE, BY_TIMEOUT = range(7)
"""What moves them, in the order of `calls.states.Trigger`."""
STAYS: Final = -1

MENDABLE, DEMANDS, REFUSED_BY_CALLEE, RINGS = 1, 2, 4, 8
"""Bits of what a status means."""
STATUSES: Final = 1_000

# Marks, int64.
CLOCK, SERIALS, TOUCHES, UNMATCHED, QUEUED, TOLD, STOP = range(7)
FREE: Final = 7  # free slots of requests, then of calls
LIMIT: Final = 9  # entries that each table may have
ANSWER_US, RING_US, SILENT_US = 11, 12, 13
TELLS_GONE: Final = 14  # of each table: whether it is told what leaves its slot
NOTED: Final = 16  # where the last note ends
CLAIMED: Final = 17  # how many keys stand in `claimed`
HELPING: Final = 18  # and in `helping`
MARKS: Final = 20

DONE, UNUSUAL, ROOM = range(3)
"""Why the kernel stops: all messages are taken; Python must take the one that stands there; the arrays are too small for more."""

# Columns of what is told, int64.
WHAT, ROW, SLOT, OF_CALL, TIME, TOLD_STATUS, FLAGS, DURATION_MS, RING_MS, RELEASED = range(10)
AT, END = 10, 11  # of a request that began: its note in `notes`. Of an answer `WITH_TAG`: the callee's tag in the messages' octets
NAMED, NAMED_END = 12, 13  # and what it names where further requests come from, -1: nothing; see `sip_fields.NAMING`
TOLD_COLUMNS: Final = 14

BEGAN, CLOSED, HUNG_UP, GONE_REQUEST, GONE_CALL = range(5)
"""What is told: a request was seen for the first time, had its final response (perhaps the call's), a call ended without one, an
entry left its slot. `ROW` is the message that tells it, -1 where time alone does."""

NEW_CALL, JOINS, WAS_CHALLENGED, WAS_OPEN, ANSWERS_CALL, ENDS_CALL, WITH_TAG, STALE, WAS_ANSWERED = (1 << bit for bit in range(9))
"""Flags of what is told."""

CREDENTIALED, MAY_BE_VOUCHED, ALL_DIGITS, MAY_HELP, REGISTERS, SENDS_MESSAGE = (1 << bit for bit in range(9, 15))
"""More of them, of the request: there were credentials; earlier ones may vouch for it; its Call-ID is digits alone; its call may be
one for help; it is a REGISTER, or a MESSAGE."""

NOBODY_RELEASED, CALLER, CALLEE, NETWORK = range(4)

PLAIN, FROM_EDGE, OTHER, PASSED = range(4)
"""Ways of messages: from a customer or to one, a request from one of our own servers, no SIP, none of our business."""


class Book(NamedTuple):
    """All that is remembered in arrays, and room for what is told."""

    marks: NDArray[np.int64]
    requests: NDArray[np.int64]  # [capacity, COLUMNS[REQUESTS]]
    calls: NDArray[np.int64]  # [capacity, COLUMNS[CALLS]]
    cells: NDArray[np.void]  # CELL[2, size]: key to slot
    free: NDArray[np.int64]  # [2, capacity]
    due: NDArray[np.int64]  # a heap of deadline, serial, and slot or, for calls, -1 - slot
    told: NDArray[np.int64]  # [room, TOLD_COLUMNS]
    notes: NDArray[np.uint8]  # of requests that are told to have begun, see `noted`
    claimed: NDArray[np.uint64]  # where credentials vouch or may soon, by `call_entries.claim_hash`: a table of keys, some outdated
    helping: NDArray[np.uint64]  # hashes of numbers that call for help anywhere: a table of keys
    key: NDArray[np.uint64]  # of the hashes
    course: NDArray[np.int8]  # state and what moves it to the next state
    meanings: NDArray[np.uint8]  # status to bits


class Coming(NamedTuple):
    """Messages: where they were sent, by hashes of the addresses, and when."""

    octets: NDArray[np.uint8]
    times: NDArray[np.int64]
    sources: NDArray[np.uint64]
    destinations: NDArray[np.uint64]
    ways: NDArray[np.uint8]
    ports: NDArray[np.int64]  # they were sent from
    agents: NDArray[np.int64]  # that captured them, -1 where none did
    words: NDArray[np.uint8]  # octets of addresses and transports, one after another
    word_ends: NDArray[np.int64]  # word n is from this n to before n + 1
    source_words: NDArray[np.int64]
    destination_words: NDArray[np.int64]
    transport_words: NDArray[np.int64]

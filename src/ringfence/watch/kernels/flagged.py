"""What of a request asks for a closer look than the kernel's, when it is seen for the first time."""

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.kernels import call_layout as c
from ringfence.watch.kernels import sip_fields as f
from ringfence.watch.kernels.call_entries import claim_hash, hash_of, note_key, stands_in
from ringfence.watch.kernels.compiled import seldom
from ringfence.watch.kernels.sip_scanner import Found

_ZERO, _NINE = 48, 57


@seldom
def _user_hash(book: c.Book, octets: NDArray[np.uint8], details: NDArray[np.int32], column: int) -> np.uint64:
    begin, end = int(np.int64(details[column])), int(np.int64(details[column + 1]))  # of one type: see `calls`
    return hash_of(octets, begin, min(end, begin + f.LONGEST_TEXT), book.key)


@seldom
def _is_vouched(book: c.Book, coming: c.Coming, details: NDArray[np.int32], row: int, slot: int) -> bool:
    """Tell whether earlier credentials may vouch for a request; note where its own may vouch for others."""
    marks, requests, source = book.marks, book.requests, coming.sources[row]
    requests[slot, c.CREDENTIALS] = details[f.CREDENTIALS] == 1
    if not requests[slot, c.CREDENTIALS] and not marks[c.CLAIMED]:
        return False
    by_port = claim_hash(_user_hash(book, coming.octets, details, f.FROM + 1), source, coming.ports[row])
    if not requests[slot, c.CREDENTIALS]:
        return bool(stands_in(book.claimed, by_port))
    by_user = claim_hash(_user_hash(book, coming.octets, details, f.USER_NAME), source, np.int64(0))
    vouched = stands_in(book.claimed, by_user)
    # They are judged when Python is told how they were answered: until then everything that they might vouch for is looked at.
    marks[c.CLAIMED] += note_key(book.claimed, by_user)
    requests[slot, c.CLAIMS] = np.int64(by_user)
    if details[f.FROM + 1] >= 0:
        marks[c.CLAIMED] += note_key(book.claimed, by_port)
        requests[slot, c.CLAIMS + 1] = np.int64(by_port)
    return bool(vouched)


@seldom
def flags_of(book: c.Book, coming: c.Coming, found: Found, row: int, slot: int) -> int:
    """Return the flags of what a request says that asks for a closer look."""
    octets, head = coming.octets, found.heads[row]
    flags = c.MAY_BE_VOUCHED if _is_vouched(book, coming, found.details[row], row, slot) else 0
    flags |= c.CREDENTIALED if book.requests[slot, c.CREDENTIALS] else 0
    place, end = np.int64(head[f.CALL_ID]), np.int64(head[f.CALL_ID + 1])
    while place < end and _ZERO <= octets[place] <= _NINE:
        place += 1
    return flags | (c.ALL_DIGITS if place == end else 0)


@seldom
def may_help(book: c.Book, octets: NDArray[np.uint8], details: NDArray[np.int32]) -> bool:
    """Tell whether the request URI's user is a number that calls for help anywhere."""
    begin, end = int(np.int64(details[f.URI + 1])), int(np.int64(details[f.URI + 2]))
    return bool(book.marks[c.HELPING] and begin < end and stands_in(book.helping, hash_of(octets, begin, end, book.key)))

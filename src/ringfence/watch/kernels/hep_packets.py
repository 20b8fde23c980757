"""HEP packets read in one pass, where they are what nearly all are: SIP between IPv4 addresses, laid out as the format says.

A packet that is anything else, or does not hold together, is left to plain Python. So nothing here decides what is damage, and
nothing outside the octets given is read. Chunks as in the HEP specification, revision 37, sections 3 and 4.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.kernels.compiled import compiled, inner

TIME, SOURCE, DESTINATION, SOURCE_PORT, DESTINATION_PORT, PAYLOAD, PAYLOAD_END = 0, 1, 2, 3, 4, 5, 6
"""As in the rows of captures."""
AGENT, TRANSPORT = 7, 8
"""The number that the agent gives itself, and the number of the IP protocol."""
ARRIVAL, SENDER = 9, 10
"""When it came, and a number for the address that sent it: for whoever received it to write."""
COLUMNS: Final = 11

Octets = NDArray[np.uint8]

_HEADER: Final = 6
_SECOND: Final = 1_000_000
_SIP: Final = 1
_TCP, _UDP, _SCTP = 6, 17, 132
_FAMILY, _PROTOCOL, _FROM, _TO, _FROM_PORT, _TO_PORT, _SECONDS, _MICROSECONDS = 1, 2, 3, 4, 7, 8, 9, 10
_KIND, _AGENT, _KEY, _CARRIED, _CORRELATION, _NAME = 11, 12, 14, 15, 17, 19
_LAST: Final = 19
_WANTED: Final = 0b1001_1111_1001_1100  # bits of the types that every packet must have: 2 to 4, 7 to 12, 15


@compiled
def _number(octets: Octets, at: int, count: int) -> int:
    # Signed: of an unsigned and a signed number the compiler would make a broken one.
    number = np.int64(0)
    for place in range(at, at + count):
        number = number << 8 | np.int64(octets[place])
    return int(number)


@compiled
def _size(kind: int) -> int:
    """Return how many octets the value of a chunk has that is read here; 0 for any number, -1 where plain Python must read it."""
    if kind in (_KEY, _CARRIED, _CORRELATION, _NAME):
        return 0
    if kind in (_FAMILY, _PROTOCOL, _KIND):
        return 1
    if kind in (_FROM_PORT, _TO_PORT):
        return 2
    if kind in (_FROM, _TO, _SECONDS, _MICROSECONDS, _AGENT):
        return 4
    return -1


@inner
def _is_key(octets: Octets, begin: int, end: int, key: Octets) -> bool:
    """Tell whether the key stands there, in a time that does not tell how much of it does."""
    if end - begin != key.size:
        return False
    other = 0
    for place in range(key.size):
        other |= int(np.int64(octets[begin + place] ^ key[place]))
    return other == 0


@inner
def _is_read(octets: Octets, at: int, end: int, key: Octets, row: NDArray[np.int64]) -> bool:
    # size: one line a chunk of the format
    """Read a packet into a row; tell whether it is plain."""
    if end - at < _HEADER or _number(octets, at, 4) != 0x48455033 or _number(octets, at + 4, 2) != end - at:
        return False
    seen, seconds, microseconds, has_key = 0, 0, 0, key.size == 0
    at += _HEADER
    while at < end:
        if at + _HEADER > end:
            return False
        vendor, kind, length = _number(octets, at, 2), _number(octets, at + 2, 2), _number(octets, at + 4, 2)
        begin, at = at + _HEADER, at + length
        if length < _HEADER or at > end:
            return False
        if vendor != 0:
            continue
        size = _size(kind) if kind <= _LAST else -1
        if size < 0 or (size > 0 and at - begin != size) or seen >> kind & 1:
            return False
        seen |= 1 << kind
        if kind == _PROTOCOL:
            row[TRANSPORT] = _number(octets, begin, 1)
        elif kind == _FROM:
            row[SOURCE] = _number(octets, begin, 4)
        elif kind == _TO:
            row[DESTINATION] = _number(octets, begin, 4)
        elif kind == _FROM_PORT:
            row[SOURCE_PORT] = _number(octets, begin, 2)
        elif kind == _TO_PORT:
            row[DESTINATION_PORT] = _number(octets, begin, 2)
        elif kind == _SECONDS:
            seconds = _number(octets, begin, 4)
        elif kind == _MICROSECONDS:
            microseconds = _number(octets, begin, 4)
        elif kind == _KIND:
            if octets[begin] != _SIP:
                return False
        elif kind == _AGENT:
            row[AGENT] = _number(octets, begin, 4)
        elif kind == _KEY:
            has_key = has_key or _is_key(octets, begin, at, key)
        elif kind == _CARRIED:
            row[PAYLOAD], row[PAYLOAD_END] = begin, at
    row[TIME] = seconds * _SECOND + microseconds
    known = row[TRANSPORT] in (_TCP, _UDP, _SCTP)
    return bool(has_key and known and seen & _WANTED == _WANTED and microseconds < _SECOND and row[PAYLOAD] < row[PAYLOAD_END])


@inner
def _copy(octets: Octets, begin: int, others: Octets, at: int, size: int) -> None:
    for place in range(size):  # not by slices: for them memory would have to be allocated
        others[at + place] = octets[begin + place]


@compiled
def read_packets(
    octets: Octets, begins: NDArray[np.int64], ends: NDArray[np.int64], key: Octets, rows: NDArray[np.int64], payloads: Octets
) -> int:
    """Read packets that begin and end there; of each plain one write a row, and its payload behind the one before.

    Return how many octets of `payloads` are written; it must have room for all. Rows, int64[n, COLUMNS], stand in the packets'
    order; that of a packet that is not plain, or lacks the `key` where that is not empty, has -1 as its payload's place.
    """
    used = 0
    for nth in range(begins.size):
        row = rows[nth]
        if not _is_read(octets, begins[nth], ends[nth], key, row):
            row[PAYLOAD] = -1
            continue
        begin, size = row[PAYLOAD], row[PAYLOAD_END] - row[PAYLOAD]
        _copy(octets, begin, payloads, used, size)
        row[PAYLOAD], row[PAYLOAD_END] = used, used + size
        used += size
    return used


@compiled
def gather(octets: Octets, rows: NDArray[np.int64], payloads: Octets) -> int:
    """Write the payloads of the rows one after another, and into the rows where they stand then; return their octets."""
    used = 0
    for nth in range(rows.shape[0]):
        begin, size = rows[nth, PAYLOAD], rows[nth, PAYLOAD_END] - rows[nth, PAYLOAD]
        _copy(octets, begin, payloads, used, size)
        rows[nth, PAYLOAD], rows[nth, PAYLOAD_END] = used, used + size
        used += size
    return used

"""The records of a classic capture walked in one pass, for as long as they hold what nearly all do: SIP in whole UDP over IPv4.

The first record that holds anything else, or does not hold together, ends the walk before it: plain Python reads that one. So
nothing here decides what is damage, and nothing outside the octets given is read.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.kernels.compiled import compiled, inner

TIME, SOURCE, DESTINATION, SOURCE_PORT, DESTINATION_PORT, PAYLOAD, PAYLOAD_END = 0, 1, 2, 3, 4, 5, 6
COLUMNS: Final = 7
"""Of a packet: its time in microseconds, addresses as numbers, ports, and where its payload stands."""

Octets = NDArray[np.uint8]

_RECORD: Final = 16
_SECOND: Final = 1_000_000
_LARGEST: Final = 1 << 20
_UDP: Final = 17
_LONGEST_METHOD, _LONGEST_TARGET = 64, 3_000
_NOWHERE: Final = -1
_SPREAD: Final = np.uint64(0x9E3779B97F4A7C15)


class Form(NamedTuple):
    """How a capture's records are written.

    `parts` of a record's fractions make a microsecond. `kind_at` is where a frame tells its network protocol, -1 where it does not;
    `tagged`: VLAN tags may follow there. `network_at` is where the network's header starts without any.
    """

    little: bool
    parts: int
    kind_at: int
    network_at: int
    tagged: bool


class Walked(NamedTuple):
    """How many packets of SIP and others there were, the times of the first, lowest, highest and last, and where the walk ended."""

    found: int
    others: int
    first: int
    lowest: int
    highest: int
    last: int
    end: int


class Bounds(NamedTuple):
    """How far a time may lie before and after the latest so far."""

    before: int
    after: int


@inner
def _octet(octets: Octets, at: int) -> int:
    # Signed: of an unsigned and a signed number the compiler would make a broken one.
    return int(np.int64(octets[at]))


@inner
def _four(octets: Octets, at: int, little: bool) -> int:
    one, two, three, four = _octet(octets, at), _octet(octets, at + 1), _octet(octets, at + 2), _octet(octets, at + 3)
    return four << 24 | three << 16 | two << 8 | one if little else one << 24 | two << 16 | three << 8 | four


@inner
def _two(octets: Octets, at: int) -> int:
    return _octet(octets, at) << 8 | _octet(octets, at + 1)


@inner
def _network(octets: Octets, at: int, end: int, form: Form) -> int:
    """Return where the IPv4 header of the frame starts, -1 where it has none."""
    if form.kind_at < 0:
        return at + form.network_at
    kind_at, start = at + form.kind_at, at + form.network_at
    for _ in range(3):
        if kind_at + 2 > end:
            return _NOWHERE
        kind = _two(octets, kind_at)
        if kind == 0x0800:
            return start
        if not form.tagged or kind not in (0x8100, 0x88A8, 0x9100):
            return _NOWHERE
        kind_at, start = kind_at + 4, start + 4
    return _NOWHERE


@inner
def _is_token(octet: int) -> bool:
    """Tell whether it may stand in a method."""
    return 48 <= octet <= 57 or 65 <= octet <= 90 or 97 <= octet <= 122 or octet in (33, 37, 39, 42, 43, 45, 46, 95, 96, 126)


@inner
def _is_version(octets: Octets, at: int) -> bool:
    """Tell whether `SIP/2.0` stands there."""
    named = octets[at] == 83 and octets[at + 1] == 73 and octets[at + 2] == 80 and octets[at + 3] == 47
    return bool(named and octets[at + 4] == 50 and octets[at + 5] == 46 and octets[at + 6] == 48)


@inner
def _is_sip(octets: Octets, at: int, end: int) -> bool:
    """Tell whether a payload starts with a usual start line."""
    if end - at >= 12 and _is_version(octets, at):
        for place in (8, 9, 10):
            if octets[at + place] < 48 or octets[at + place] > 57:
                return False
        return bool(octets[at + 7] == 32 and octets[at + 11] == 32)
    begin = at
    while at < end and at - begin <= _LONGEST_METHOD and _is_token(octets[at]):
        at += 1
    if at in (begin, end) or at - begin > _LONGEST_METHOD or octets[at] != 32:
        return False
    begin = at
    while at < end and at - begin <= _LONGEST_TARGET and octets[at] not in (10, 13):
        at += 1
    if at + 1 >= end or octets[at] != 13 or octets[at + 1] != 10 or at - begin < 10:
        return False
    return bool(_is_version(octets, at - 7) and octets[at - 8] == 32)


@compiled
def _packet(octets: Octets, at: int, end: int, form: Form, row: NDArray[np.int64]) -> int:
    """Read a frame; return 1 for SIP, 0 for what is certainly neither SIP nor HEP, -1 for anything else."""
    start = _network(octets, at, end, form)
    if start < 0 or start + 28 >= end or octets[start] != 0x45 or octets[start + 9] != _UDP:
        return _NOWHERE
    if _two(octets, start + 6) & 0x3FFF:
        return _NOWHERE
    total, length = _two(octets, start + 2), _two(octets, start + 24)
    close = start + 20 + min(length, total - 20)
    if total <= 28 or length <= 8 or close > end:
        return _NOWHERE
    begin = start + 28
    row[SOURCE], row[DESTINATION] = _four(octets, start + 12, False), _four(octets, start + 16, False)
    row[SOURCE_PORT], row[DESTINATION_PORT] = _two(octets, start + 20), _two(octets, start + 22)
    row[PAYLOAD], row[PAYLOAD_END] = begin, close
    if octets[begin] >= 0x80:  # such as RTP: no method, and no version of HEP, starts so
        return 0
    return 1 if _is_sip(octets, begin, close) else _NOWHERE


@compiled
def walk(octets: Octets, at: int, form: Form, bounds: Bounds, rows: NDArray[np.int64]) -> Walked:
    """Walk the records from `at` on, until there are as many SIP packets as `rows`, int64[n, COLUMNS], has; each fills a row."""
    found = others = first = lowest = latest = last = 0
    while found < rows.shape[0] and at + _RECORD <= octets.size:
        captured = _four(octets, at + 8, form.little)
        end = at + _RECORD + captured
        if captured == 0 or captured > _LARGEST or captured != _four(octets, at + 12, form.little) or end > octets.size:
            break
        time = _four(octets, at, form.little) * _SECOND + _four(octets, at + 4, form.little) // form.parts
        if found + others == 0:
            first = lowest = latest = time
        if time < latest - bounds.before or time > latest + bounds.after:
            break
        kind = _packet(octets, at + _RECORD, end, form, rows[found])
        if kind < 0:
            break
        latest, lowest, last = max(latest, time), min(lowest, time), time
        rows[found, TIME] = time
        found, others, at = found + kind, others + 1 - kind, end
    return Walked(found, others, first, lowest, latest, last, at)


@compiled
def distinct_addresses(
    rows: NDArray[np.int64], cells: NDArray[np.int64], numbers: NDArray[np.int64], places: NDArray[np.int64]
) -> int:
    """Write each address of the rows once, and where each row's source and destination stands among them; return their number.

    `cells` are zeros, a power of two and more than twice as many as addresses. `places` are int64[2, rows].
    """
    found, mask = 0, cells.size - 1
    for row in range(rows.shape[0]):
        for which in range(2):
            number = rows[row, SOURCE + which]
            at = np.int64((np.uint64(number) * _SPREAD) >> np.uint64(32)) & mask
            while cells[at] != 0 and numbers[cells[at] - 1] != number:
                at = (at + 1) & mask
            if cells[at] == 0:
                numbers[found] = number
                found += 1
                cells[at] = found
            places[which, row] = cells[at] - 1
    return found

# size: each log's line is read in one pass
"""Lines of switches' logs: to cells and facts, as far as they are written as most are.

A line that is written in any other way is marked, and nothing else is said of it: plain Python reads it then. So what a kernel
takes, Python must take alike; what it leaves is only slower. Every line must end with a newline.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.kernels.compiled import compiled, inner, seldom
from ringfence.watch.kernels.log_layout import (
    ACCOUNT,
    ALONE,
    DESTINATION,
    DOMAIN,
    DROPPED,
    EVENT,
    FAILED,
    LOCAL,
    LONGEST_LINE,
    LONGEST_VALUE,
    ODD,
    REMOTE,
    REQUEST,
    SESSION,
    SESSION_ID,
    SILENT,
    SOURCE,
    TIME,
    USER,
    VALUES,
    WHOLE,
    Held,
    Lines,
    Meanings,
)
from ringfence.watch.kernels.moments import clock_us, day_us, whole
from ringfence.watch.kernels.octets import first_octets, octets_at, specials
from ringfence.watch.kernels.row_layout import NEVER, NONE
from ringfence.watch.kernels.rows import choice, is_dotted_quad, next_special

_QUOTE: Final = 34
_NEWLINE: Final = 10
_RETURN: Final = 13
_SPACE: Final = 32
_COMMA: Final = 44
_SLASH: Final = 47
_EQUALS: Final = 61
_SECURITY: Final = np.uint64(int.from_bytes(b"Security", "little"))
_EVENT_IS: Final = np.uint64(int.from_bytes(b"Event=", "little"))
_UNKNOWN: Final = np.uint64(int.from_bytes(b"<unknown", "little"))
_FAMILY: Final = np.uint64(int.from_bytes(b"IPV4/", "little"))
_BY_EVENTS, _BY_TRANSPORT, _BY_METHOD = 0, 1, 2
_LONGEST_TRANSPORT: Final = 4
_LONGEST_PORT: Final = 5
_STAMP: Final = 28
_FAILURE, _PROFILE, _FOR, _FROM_IP, _NO_USER, _FROM, _ADDRESS, _REJECTED = range(8)
REFUSALS: Final = (
    *("SIP auth failure (", ") on sofia profile '", "' for [", "] from ip", "Can't find user [", "] from", "IP "),
    " Rejected by register acl",
)
"""What stands in FreeSWITCH's refusals, in the order of their places above."""
_FAILURE_TEXT, _PROFILE_TEXT, _FOR_TEXT, _FROM_TEXT, _NO_USER_TEXT, _FROM_SHORT, _, _REJECTED_TEXT = map(len, REFUSALS)


@compiled
def tells_event(data: NDArray[np.uint8], begin: int, place: int) -> bool:
    """Tell whether `SecurityEvent=` stands before `place` on the line that begins at `begin`."""
    first = place - 14
    return first >= begin and octets_at(data, first) == _SECURITY and first_octets(octets_at(data, first + 8), 6) == _EVENT_IS


@inner
def name_at(data: NDArray[np.uint8], begin: int, length: int, names: NDArray[np.uint64], last: int) -> int:
    """Return which of `names` stands there, `NONE` where it is none of them. It is looked for from the one after `last` on."""
    first = first_octets(octets_at(data, begin), length)
    second = first_octets(octets_at(data, begin + 8), length - 8)
    third = first_octets(octets_at(data, begin + 16), length - 16)
    count = names.shape[0]
    for step in range(1, count + 1):
        nth = (last + step) % count
        if names[nth, 0] == np.uint64(length) and names[nth, 1] == first and names[nth, 2] == second and names[nth, 3] == third:
            return int(nth)
    return NONE


@inner
def event_time(data: NDArray[np.uint8], begin: int, length: int, day: NDArray[np.uint64]) -> int:
    """Return the moment of `YYYY-MM-DDThh:mm:ss.mmm+hhmm`; `NEVER` where it is written otherwise."""
    if length != _STAMP or data[begin + 10] != ord("T") or data[begin + 19] != ord("."):
        return NEVER
    date = day_us(data, begin, day)
    clock = clock_us(octets_at(data, begin + 11))
    millis = whole(data, begin + 20, 3)
    hours = whole(data, begin + 24, 2)
    minutes = whole(data, begin + 26, 2)
    sign = data[begin + 23]
    if date == NEVER or clock == NEVER or millis == NONE or (sign != ord("+") and sign != ord("-")):
        return NEVER
    if hours == NONE or hours > 23 or minutes == NONE or minutes > 59:
        return NEVER
    offset = (60 * hours + minutes) * 60_000_000
    return date + clock + 1_000 * millis - (offset if sign == ord("+") else -offset)


@seldom
def address_at(data: NDArray[np.uint8], begin: int, length: int, words: NDArray[np.uint64]) -> tuple[int, int, int, int]:
    """Return transport, place and length of the address, and port of `IPV4/UDP/192.0.2.1/5060`; `NONE` first where it isn't so."""
    end = begin + length
    if length < 5 or first_octets(octets_at(data, begin), 5) != _FAMILY:
        return NONE, 0, 0, 0
    first = begin + 5
    place = first
    while place < end and place - first <= _LONGEST_TRANSPORT and data[place] != _SLASH:
        place += 1
    if place in (first, end) or data[place] != _SLASH:
        return NONE, 0, 0, 0
    transport = choice(data, first, place - first, words, _BY_TRANSPORT)
    address = place + 1
    place = address
    while place < end and data[place] != _SLASH:
        place += 1
    size = place - address
    digits = end - place - 1
    if transport == NONE or size == 0 or not is_dotted_quad(data, address, size) or digits < 1 or digits > _LONGEST_PORT:
        return NONE, 0, 0, 0
    port = whole(data, place + 1, digits)
    return (transport, address, size, port) if 0 <= port <= 65_535 else (NONE, 0, 0, 0)


@seldom
def split_event(
    data: NDArray[np.uint8],
    place: int,
    names: NDArray[np.uint64],
    values: NDArray[np.int32],
    base: int,
    marks: np.uint64,
) -> tuple[int, int, np.uint64, int]:
    """Write where the values of an event stand, from the quotation mark before its first one on.

    Return how far was read, where to look on, and what is to be said of the line: read to its newline where that is nothing.
    """
    for nth in range(VALUES):
        values[nth, 0] = 0
        values[nth, 1] = NONE
    seen = np.int64(0)
    nth = EVENT
    while True:
        begin = place + 1
        base, marks, place = next_special(data, _QUOTE, base, marks)
        if data[place] != _QUOTE or seen & (1 << nth):
            return place, base, marks, ODD
        seen |= 1 << nth
        if nth < VALUES:
            values[nth, 0] = begin
            values[nth, 1] = place - begin
        begin = place + 2
        following = data[place + 1]
        base, marks, place = next_special(data, _QUOTE, base, marks)
        if following == _RETURN and data[place] == _RETURN:
            base, marks, place = next_special(data, _QUOTE, base, marks)
            return place, base, marks, 0 if data[place] == _NEWLINE and place == begin else ODD
        if following == _NEWLINE:
            return place, base, marks, 0
        length = place - 1 - begin
        if following != _COMMA or data[place] != _QUOTE or length < 1 or length > 24 or data[place - 1] != _EQUALS:
            return place, base, marks, ODD
        nth = name_at(data, begin, length, names, nth)
        if nth == NONE:
            return place, base, marks, ODD


@seldom
def read_event(data: NDArray[np.uint8], values: NDArray[np.int32], meanings: Meanings, lines: Lines, row: int) -> int:
    """Read an event's values into the row's facts and cells; return what is to be said of it."""
    words = meanings.words
    fact = lines.facts[row]
    cells = lines.cells[row]
    if values[TIME, 1] < 1 or values[REMOTE, 1] < 1 or values[SESSION_ID, 1] < 1 or values[SESSION_ID, 1] > LONGEST_VALUE:
        return ODD
    event = choice(data, values[EVENT, 0], values[EVENT, 1], words, _BY_EVENTS)
    if event <= 0:
        return ODD
    fact.status = meanings.events[event - 1, 0]
    if fact.status == 0:
        return SILENT
    fact.method = meanings.events[event - 1, 1]
    fact.credentials = meanings.events[event - 1, 2] != 0
    fact.half = meanings.events[event - 1, 3]
    fact.start = event_time(data, values[TIME, 0], values[TIME, 1], meanings.day)
    transport, begin, length, port = address_at(data, values[REMOTE, 0], values[REMOTE, 1], words)
    if fact.start == NEVER or transport == NONE or values[ACCOUNT, 1] > LONGEST_VALUE:
        return ODD
    fact.transport = transport
    fact.source_port = port
    cells[SOURCE, 0] = begin
    cells[SOURCE, 1] = length
    cells[SESSION, 0] = values[SESSION_ID, 0]
    cells[SESSION, 1] = values[SESSION_ID, 1]
    if values[LOCAL, 1] > 0:
        transport, begin, length, port = address_at(data, values[LOCAL, 0], values[LOCAL, 1], words)
        if transport == NONE:
            return ODD
        cells[DESTINATION, 0] = begin
        cells[DESTINATION, 1] = length
    if values[REQUEST, 1] > 0:
        fact.method = choice(data, values[REQUEST, 0], values[REQUEST, 1], words, _BY_METHOD)
        if fact.method == NONE:
            return ODD
    begin = values[ACCOUNT, 0]
    length = max(0, values[ACCOUNT, 1])
    is_nobody = length == 9 and octets_at(data, begin) == _UNKNOWN and data[begin + 8] == ord(">")
    cells[USER, 0] = begin
    cells[USER, 1] = 0 if is_nobody else length
    return 0


@inner
def clear_cells(cells: NDArray[np.int32], row: int) -> None:
    """Let a row have no texts."""
    for cell in range(cells.shape[1]):
        cells[row, cell, 0] = 0
        cells[row, cell, 1] = 0


@compiled
def read_security_lines(data: NDArray[np.uint8], meanings: Meanings, values: NDArray[np.int32], lines: Lines) -> int:
    """Read the lines of Asterisk's security log in `data` until they or the rows are used up; return how many.

    `values` are int32[VALUES, 2]: room for where each value of a line begins, and how long it is.
    """
    base = 0
    marks = specials(data, 0, _QUOTE)
    begin = 0
    row = 0
    while begin < data.size and row < lines.ends.size:
        clear_cells(lines.cells, row)
        state = SILENT
        is_first = True
        base, marks, place = next_special(data, _QUOTE, base, marks)
        while data[place] != _NEWLINE:
            if data[place] == _QUOTE and tells_event(data, begin, place):
                place, base, marks, state = split_event(data, place, meanings.names, values, base, marks)
                state = read_event(data, values, meanings, lines, row) if state == 0 and is_first else ODD
                while data[place] != _NEWLINE:
                    base, marks, place = next_special(data, _QUOTE, base, marks)
            else:
                is_first = is_first and data[place] != _QUOTE
                base, marks, place = next_special(data, _QUOTE, base, marks)
        if state != SILENT and place + 1 - begin > LONGEST_LINE:
            state = ODD
        lines.states[row] = state
        lines.ends[row] = place + 1
        begin = place + 1
        row += 1
    return row


@compiled
def find(keys: NDArray[np.uint64], key: np.uint64) -> int:
    """Return the slot of `key`, or the free one where it belongs. No key is 0; the table must have room."""
    mask = keys.size - 1
    slot = np.int64(key >> np.uint64(32)) & mask
    while keys[slot] != 0 and keys[slot] != key:
        slot = (slot + 1) & mask
    return int(slot)


@compiled
def pair(  # size: one loop over what is held back
    keys: NDArray[np.uint64], facts: NDArray[np.void], held: Held, partners: NDArray[np.int64]
) -> tuple[int, int]:
    """Find the two lines that tell of one attempt; return the part of `held.queue` with rows that may yet find their other half.

    `keys` are of each row what both lines share, 0 for a row without an entry.
    `partners` of a row that says that a response failed is the row that names the account, whose own is `DROPPED`; else `ALONE`.
    """
    count = 0
    head = 0
    tail = 0
    for row in range(keys.size):
        partners[row] = ALONE
        if keys[row] == 0:
            continue
        while row >= held.carried and head < tail:
            first = held.queue[head]
            if held.rows[held.slots[first]] != first:
                head += 1  # it found its other half
                continue
            if count <= held.most and facts[first].start >= facts[row].start - held.held_us:
                break
            held.rows[held.slots[first]] = NONE
            head += 1
            count -= 1
        half = facts[row].half
        if half == WHOLE:
            continue
        slot = find(held.keys, keys[row])
        other = held.rows[slot] if held.keys[slot] != 0 else NONE
        held.keys[slot] = keys[row]
        if other != NONE:
            held.rows[slot] = NONE
            count -= 1
            if facts[other].half != half and abs(facts[other].start - facts[row].start) <= held.near_us:
                failed = row if half == FAILED else other
                partners[failed] = row + other - failed
                partners[row + other - failed] = DROPPED
                continue
        held.rows[slot] = row
        held.slots[row] = slot
        held.queue[tail] = row
        tail += 1
        count += 1
    return head, tail


@inner
def is_text_at(data: NDArray[np.uint8], begin: int, end: int, texts: NDArray[np.uint8], nth: int) -> bool:
    """Tell whether the octets before `end` begin with `texts[nth]`, which ends with an octet 0."""
    place = 0
    while texts[nth, place] != 0:
        if begin + place >= end or data[begin + place] != texts[nth, place]:
            return False
        place += 1
    return True


@seldom
def past_source(data: NDArray[np.uint8], begin: int, end: int) -> int:
    """Return where the message of `[WARNING] sofia_reg.c:3223 message` begins; `NONE` where it is written otherwise."""
    place = begin + 1
    while place < end and ord("A") <= data[place] <= ord("Z"):
        place += 1
    letters = place - begin - 1
    if data[begin] != ord("[") or letters < 3 or letters > 10 or data[place] != ord("]") or data[place + 1] != _SPACE:
        return NONE
    place += 2
    dots = 0
    first = place
    while place < end and data[place] != ord(":"):
        octet = data[place]
        is_dot = octet == ord(".")
        is_word = (
            ord("a") <= octet <= ord("z") or ord("A") <= octet <= ord("Z") or ord("0") <= octet <= ord("9") or octet == ord("_")
        )
        if not (is_word or is_dot) or (is_dot and (place == first or data[place - 1] == ord("."))):
            return NONE
        dots += is_dot
        place += 1
    if place == end or dots != 1 or data[place - 1] == ord("."):
        return NONE
    place += 1
    first = place
    while place < end and ord("0") <= data[place] <= ord("9"):
        place += 1
    return NONE if place in (first, end) or data[place] != _SPACE else place + 1


@inner
def is_past_stamp(data: NDArray[np.uint8], begin: int, end: int) -> bool:
    """Tell whether no line that begins so can have a stamp: it begins with neither a date nor an id nor a blank."""
    octet = data[begin]
    is_hex = ord("0") <= octet <= ord("9") or ord("a") <= octet <= ord("f") or octet == ord("-")
    return octet > _SPACE and octet < 128 and not is_hex if end > begin else True


@seldom
def stamp_at(data: NDArray[np.uint8], begin: int, end: int, day: NDArray[np.uint64]) -> int:
    """Return the local time of `YYYY-MM-DD hh:mm:ss.uuuuuu `, which has 27 octets; `NEVER` where it is written otherwise."""
    if end - begin < 27 or data[begin + 10] != _SPACE or data[begin + 19] != ord(".") or data[begin + 26] != _SPACE:
        return NEVER
    date = day_us(data, begin, day)
    clock = clock_us(octets_at(data, begin + 11))
    decimals = whole(data, begin + 20, 6)
    return NEVER if date == NEVER or clock == NEVER or decimals == NONE else date + clock + decimals


@seldom
def put_user(data: NDArray[np.uint8], begin: int, end: int, cells: NDArray[np.int32], row: int) -> None:
    """Write where user and domain of `user@domain` stand."""
    at = begin
    while at < end and data[at] != ord("@"):
        at += 1
    cells[row, USER, 0] = begin
    cells[row, USER, 1] = at - begin
    cells[row, DOMAIN, 0] = min(at + 1, end)
    cells[row, DOMAIN, 1] = max(0, end - at - 1)


@inner
def put_address(data: NDArray[np.uint8], begin: int, end: int, cells: NDArray[np.int32], row: int) -> bool:
    """Write where the sender's address stands; tell whether it is one in canonical form."""
    cells[row, SOURCE, 0] = begin
    cells[row, SOURCE, 1] = end - begin
    return is_dotted_quad(data, begin, end - begin)


@inner
def last_blank(data: NDArray[np.uint8], begin: int, end: int) -> int:
    """Return where the last blank stands, `begin` where there is none."""
    while end > begin and data[end] != _SPACE:
        end -= 1
    return end


@seldom
def refusal_at(  # size: each of three refusals in its place
    data: NDArray[np.uint8], begin: int, end: int, meanings: Meanings, lines: Lines, row: int
) -> int:
    """Read the message of a refusal into the row's facts and cells; return what is to be said of it."""
    texts = meanings.texts
    fact = lines.facts[row]
    if is_text_at(data, begin, end, texts, _FAILURE):
        first = begin + _FAILURE_TEXT
        place = first
        while place < end and data[place] != ord(")"):
            place += 1
        fact.method = choice(data, first, place - first, meanings.words, _BY_METHOD) if place > first else NONE
        if fact.method <= 0 or not is_text_at(data, place, end, texts, _PROFILE):
            return ODD
        place += _PROFILE_TEXT
        while place < end and not is_text_at(data, place, end, texts, _FOR):
            place += 1
        first = place + _FOR_TEXT
        last = last_blank(data, begin, end - 1)
        if first + _FROM_TEXT > last or not is_text_at(data, last - _FROM_TEXT, end, texts, _FROM_IP):
            return ODD
        put_user(data, first, last - _FROM_TEXT, lines.cells, row)
        fact.status = 403
        fact.credentials = True
        return 0 if last - first < LONGEST_VALUE and put_address(data, last + 1, end, lines.cells, row) else ODD
    if is_text_at(data, begin, end, texts, _NO_USER):
        first = begin + _NO_USER_TEXT
        last = last_blank(data, begin, end - 1)
        if first + _FROM_SHORT > last or not is_text_at(data, last - _FROM_SHORT, end, texts, _FROM):
            return ODD
        put_user(data, first, last - _FROM_SHORT, lines.cells, row)
        fact.status = 404
        fact.credentials = True
        fact.method = 1
        return 0 if last - first < LONGEST_VALUE and put_address(data, last + 1, end, lines.cells, row) else ODD
    if is_text_at(data, begin, end, texts, _ADDRESS):
        first = begin + 3
        place = first
        while place < end and data[place] != _SPACE:
            place += 1
        if not is_text_at(data, place, end, texts, _REJECTED):
            return ODD
        fact.status = 403
        fact.credentials = False
        fact.method = 1
        beyond = data[place + _REJECTED_TEXT]
        is_whole = beyond in (_NEWLINE, _RETURN, _SPACE)
        return 0 if is_whole and put_address(data, first, place, lines.cells, row) else ODD
    return SILENT


@inner
def freeswitch_line(data: NDArray[np.uint8], begin: int, end: int, meanings: Meanings, lines: Lines, row: int) -> int:
    """Read one line, whose newline stands at `end` or behind it; return what is to be said of it."""
    if is_past_stamp(data, begin, end):
        return SILENT
    if end - begin > 37 and data[begin + 8] == ord("-") and data[begin + 36] == _SPACE:
        for place in range(begin, begin + 36):
            octet = data[place]
            if not (ord("0") <= octet <= ord("9") or ord("a") <= octet <= ord("f") or octet == ord("-")):
                return ODD
        begin += 37
    time = stamp_at(data, begin, end, meanings.day)
    place = begin + 27
    if time == NEVER or data[end - 1] <= _SPACE:
        return ODD
    while place < end and data[place] != ord("["):
        place += 1
    first = past_source(data, place, end) if place < end else NONE
    if first == NONE:
        return ODD
    lines.facts[row].start = time
    return refusal_at(data, first, end, meanings, lines, row)


@compiled
def read_freeswitch_lines(data: NDArray[np.uint8], meanings: Meanings, lines: Lines) -> int:
    """Read the lines of FreeSWITCH's log in `data` until they or the rows are used up; return how many."""
    base = 0
    marks = specials(data, 0, _NEWLINE)
    begin = 0
    row = 0
    while begin < data.size and row < lines.ends.size:
        clear_cells(lines.cells, row)
        fact = lines.facts[row]
        fact.transport = 0
        fact.source_port = 0
        fact.half = WHOLE
        is_plain = True
        base, marks, place = next_special(data, _NEWLINE, base, marks)
        while data[place] != _NEWLINE:
            is_plain = is_plain and (data[place] == _QUOTE or (data[place] == _RETURN and data[place + 1] == _NEWLINE))
            base, marks, place = next_special(data, _NEWLINE, base, marks)
        end = place - 1 if place > begin and data[place - 1] == _RETURN else place
        state = freeswitch_line(data, begin, end, meanings, lines, row)
        if state != SILENT and (not is_plain or place + 1 - begin > LONGEST_LINE):
            state = ODD
        lines.states[row] = state
        lines.ends[row] = place + 1
        begin = place + 1
        row += 1
    return row

"""Cells of call records' rows to times, statuses and choices, as far as they are written as most files do it.

A row that is written in any other way is marked, as in `lines`. `cells` are int32[rows, cells, 2]: where a cell begins in
`data` and how long it is; `PADDING` octets follow the last.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.kernels.compiled import compiled
from ringfence.watch.kernels.row_layout import (
    ANSWER,
    ATTESTED,
    BLANK,
    CALL_ID,
    CALLEE,
    CALLEE_ODD,
    CALLER,
    CALLER_ODD,
    DIRECTION,
    END,
    NAIVE,
    NEVER,
    NONE,
    ODD,
    Q850,
    RELEASED,
    RING,
    SOURCE,
    SOURCE_ODD,
    START,
    STATUS,
)

_SPACE: Final = 32
_ZERO: Final = 48
_PLUS: Final = 43
_LONGEST_WHOLE: Final = 12
_LONGEST_SHORT_CODE: Final = 6
_SHORTEST_E164: Final = 4
_LONGEST_E164: Final = 16
_SECOND: Final = 1_000_000
_DATE_AND_TIME: Final = 19
_MOST_DECIMALS: Final = 9


@compiled
def digit_at(data: NDArray[np.uint8], place: int) -> int:
    """Return the digit at `place`; less than 0 or more than 9 where there is none."""
    return int(np.int64(data[place]) - _ZERO)


@compiled
def whole(data: NDArray[np.uint8], begin: int, length: int) -> int:
    """Return the number of `length` digits at `begin`, at most 18 of them; `NONE` where one is no digit."""
    value = 0
    for place in range(begin, begin + length):
        digit = digit_at(data, place)
        if digit < 0 or digit > 9:
            return NONE
        value = 10 * value + digit
    return value


@compiled
def days_since_epoch(year: int, month: int, day: int) -> int:
    """Return the days from 1970-01-01 to a day of the Gregorian calendar; `NEVER` where there is no such day."""
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if year < 1 or month < 1 or month > 12 or day < 1:
        return NEVER
    if day > 28 and day > (28 + leap if month == 2 else 30 + ((month + (month >= 8)) & 1)):
        return NEVER
    # The year begins in March, so that the day which leap years have more is the last.
    year -= month <= 2
    month += 9 if month <= 2 else -3
    return 365 * year + year // 4 - year // 100 + year // 400 + (153 * month + 2) // 5 + day - 1 - 719_468


@compiled
def offset_us(data: NDArray[np.uint8], place: int, length: int) -> int:
    """Return how far east of UTC the zone at `place` is: `Z`, `+hh:mm` or `-hh:mm`; `NEVER` where it is written otherwise."""
    if length == 1 and data[place] == ord("Z"):
        return 0
    if length != 6 or data[place + 3] != ord(":") or (data[place] != _PLUS and data[place] != ord("-")):
        return NEVER
    hours = whole(data, place + 1, 2)
    minutes = whole(data, place + 4, 2)
    if hours < 0 or hours > 23 or minutes < 0 or minutes > 59:
        return NEVER
    offset = (60 * hours + minutes) * 60 * _SECOND
    return offset if data[place] == _PLUS else -offset


@compiled
def clock_us(data: NDArray[np.uint8], place: int) -> int:
    """Return the length since midnight that `hh:mm:ss` names; `NEVER` where it is written otherwise."""
    hours = whole(data, place, 2)
    minutes = whole(data, place + 3, 2)
    seconds = whole(data, place + 6, 2)
    if data[place + 2] != ord(":") or data[place + 5] != ord(":") or hours < 0 or minutes < 0 or seconds < 0:
        return NEVER
    if hours > 23 or minutes > 59 or seconds > 59:
        return NEVER
    return ((60 * hours + minutes) * 60 + seconds) * _SECOND


@compiled
def moment(data: NDArray[np.uint8], begin: int, length: int) -> tuple[int, int]:
    """Return the time that `YYYY-MM-DD hh:mm:ss` (or with a T), decimals of a second and a zone name, and `NAIVE` without a zone.

    `NEVER` where it is written otherwise. Decimals beyond the sixth are cut off.
    """
    if length < _DATE_AND_TIME or data[begin + 4] != ord("-") or data[begin + 7] != ord("-"):
        return NEVER, 0
    if data[begin + 10] != ord("T") and data[begin + 10] != _SPACE:
        return NEVER, 0
    year = whole(data, begin, 4)
    days = days_since_epoch(year, whole(data, begin + 5, 2), whole(data, begin + 8, 2))
    clock = clock_us(data, begin + 11)
    if days == NEVER or clock == NEVER:
        return NEVER, 0
    time = days * 86_400 * _SECOND + clock
    place = begin + _DATE_AND_TIME
    end = begin + length
    if place < end and (data[place] == ord(".") or data[place] == ord(",")):
        unit = _SECOND
        place += 1
        first = place
        while place < end and 0 <= digit_at(data, place) <= 9 and place - first < _MOST_DECIMALS:
            unit //= 10
            time += unit * digit_at(data, place)
            place += 1
        if place == first:
            return NEVER, 0
    if place == end:
        return time, NAIVE
    offset = offset_us(data, place, end - place)
    return (NEVER if offset == NEVER else time - offset), 0


@compiled
def is_number(data: NDArray[np.uint8], begin: int, length: int) -> bool:
    """Tell whether it is E.164, or a short code of two to six digits."""
    if length > 1 and length <= _LONGEST_SHORT_CODE and data[begin] != _PLUS:
        return bool(whole(data, begin, length) != NONE)
    if length < _SHORTEST_E164 or length > _LONGEST_E164 or data[begin] != _PLUS or data[begin + 1] == _ZERO:
        return False
    return bool(whole(data, begin + 1, length - 1) != NONE)


@compiled
def is_dotted_quad(data: NDArray[np.uint8], begin: int, length: int) -> bool:
    """Tell whether it is an IPv4 address in canonical form: four decimal numbers up to 255 without leading zeros."""
    end = begin + length
    parts = 0
    place = begin
    while place < end:
        first = place
        value = 0
        while place < end and place - first < 3 and 0 <= digit_at(data, place) <= 9:
            value = 10 * value + digit_at(data, place)
            place += 1
        if place == first or value > 255 or (data[first] == _ZERO and place - first > 1):
            return False
        parts += 1
        if place == end:
            return parts == 4
        if data[place] != ord("."):
            return False
        place += 1
    return False


@compiled
def choice(data: NDArray[np.uint8], begin: int, length: int, words: NDArray[np.uint8], group: int) -> int:
    """Return which of `words[group]`, counted from 1, the cell is; 0 where it is empty, `NONE` where it is none of them.

    A word stands after its length.
    """
    if length == 0:
        return 0
    for nth in range(words.shape[1]):
        if words[group, nth, 0] == length:
            same = 0
            while same < length and words[group, nth, 1 + same] == data[begin + same]:
                same += 1
            if same == length:
                return nth + 1
    return NONE


@compiled
def read_outcome(
    data: NDArray[np.uint8], cells: NDArray[np.int32], row: int, words: NDArray[np.uint8], facts: NDArray[np.void]
) -> int:
    """Read the cells that tell the outcome into `facts[row]`; return `ODD` where one is not as most files write it, else 0."""
    facts[row].released_by = choice(data, cells[row, RELEASED, 0], cells[row, RELEASED, 1], words, 0)
    facts[row].attestation = choice(data, cells[row, ATTESTED, 0], cells[row, ATTESTED, 1], words, 1)
    facts[row].direction = choice(data, cells[row, DIRECTION, 0], cells[row, DIRECTION, 1], words, 2)
    if facts[row].released_by == NONE or facts[row].attestation == NONE or facts[row].direction == NONE:
        return ODD
    facts[row].status = 0
    if cells[row, STATUS, 1] > 0:
        facts[row].status = whole(data, cells[row, STATUS, 0], 3)
        if cells[row, STATUS, 1] != 3 or facts[row].status < 100 or facts[row].status > 699:
            return ODD
    facts[row].ring_ms = NONE
    if cells[row, RING, 1] > 0:
        facts[row].ring_ms = whole(data, cells[row, RING, 0], min(cells[row, RING, 1], _LONGEST_WHOLE))
        if facts[row].ring_ms == NONE or cells[row, RING, 1] > _LONGEST_WHOLE:
            return ODD
    length = cells[row, Q850, 1]
    return ODD if length > _LONGEST_WHOLE or whole(data, cells[row, Q850, 0], length) == NONE else 0


@compiled
def answer_between(facts: NDArray[np.void], row: int) -> bool:
    """Tell whether the answer is between start and end."""
    return bool(facts[row].start <= facts[row].answer <= facts[row].end)


@compiled
def read_times(data: NDArray[np.uint8], cells: NDArray[np.int32], row: int, facts: NDArray[np.void]) -> int:
    """Read the times into `facts[row]`; return `NAIVE` where they lack a zone, `ODD` where one is not as most files write it."""
    facts[row].start, naive = moment(data, cells[row, START, 0], cells[row, START, 1])
    facts[row].end, end_naive = moment(data, cells[row, END, 0], cells[row, END, 1])
    facts[row].answer = NEVER
    if cells[row, ANSWER, 1] > 0:
        facts[row].answer, answer_naive = moment(data, cells[row, ANSWER, 0], cells[row, ANSWER, 1])
        if facts[row].answer == NEVER or answer_naive != naive:
            return ODD
    if facts[row].start == NEVER or facts[row].end == NEVER or end_naive != naive:
        return ODD
    if naive == 0 and (facts[row].end < facts[row].start or (facts[row].answer != NEVER and not answer_between(facts, row))):
        return ODD
    return naive


@compiled
def read(
    data: NDArray[np.uint8],
    cells: NDArray[np.int32],
    rows: int,
    words: NDArray[np.uint8],
    facts: NDArray[np.void],
    states: NDArray[np.uint8],
) -> None:
    """Read the cells of the first `rows` rows into `facts`, and add to `states` what is to be said of each."""
    for row in range(rows):
        state = states[row]
        if state & (ODD | BLANK):
            continue
        state |= read_times(data, cells, row, facts)
        state |= read_outcome(data, cells, row, words, facts)
        if cells[row, CALL_ID, 1] == 0 or cells[row, CALLEE, 1] == 0:
            state |= ODD
        if not is_number(data, cells[row, CALLEE, 0], cells[row, CALLEE, 1]):
            state |= CALLEE_ODD
        if cells[row, CALLER, 1] > 0 and not is_number(data, cells[row, CALLER, 0], cells[row, CALLER, 1]):
            state |= CALLER_ODD
        if cells[row, SOURCE, 1] > 0 and not is_dotted_quad(data, cells[row, SOURCE, 0], cells[row, SOURCE, 1]):
            state |= SOURCE_ODD
        states[row] = state

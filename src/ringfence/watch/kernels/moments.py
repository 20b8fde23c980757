"""Times and numbers of call records as they are written most: ISO 8601 with date, clock, decimals and zone; E.164."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.kernels.compiled import compiled, inner
from ringfence.watch.kernels.octets import are_digits, eight_digits, first_octets, no_digits, octets_at, zeros_below
from ringfence.watch.kernels.row_layout import NAIVE, NEVER, NONE

_SPACE: Final = 32
_ZERO: Final = 48
_PLUS: Final = 43
_SECOND: Final = 1_000_000
_DAY: Final = 86_400 * _SECOND
_DATE: Final = 10
_DATE_AND_TIME: Final = 19
_MOST_DECIMALS: Final = 9
_LONGEST_SHORT_CODE: Final = 6
_SHORTEST_E164: Final = 4
_LONGEST_E164: Final = 16
_ZEROS: Final = np.uint64(0x3030303030303030)
_CLOCK_ZEROS: Final = np.uint64(0x30303A30303A3030)
_COLONS: Final = np.uint64(0x0000FF0000FF0000)
_ABOVE_NINE: Final = np.uint64(0x7676767676767676)
_HIGHEST: Final = np.uint64(0x8080808080808080)


@inner
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


@inner
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


@inner
def day_us(data: NDArray[np.uint8], begin: int, day: NDArray[np.uint64]) -> int:
    """Return the begin of the day that `YYYY-MM-DD` names; `NEVER` where it is written otherwise.

    `day` is the date that was read last, its first eight octets and the rest, and its begin: most are the same.
    """
    head = octets_at(data, begin)
    rest = first_octets(octets_at(data, begin + 8), _DATE - 8)
    if head == day[0] and rest == day[1]:
        return int(np.int64(day[2]))
    if data[begin + 4] != ord("-") or data[begin + 7] != ord("-"):
        return NEVER
    days = days_since_epoch(whole(data, begin, 4), whole(data, begin + 5, 2), whole(data, begin + 8, 2))
    if days == NEVER:
        return NEVER
    day[0] = head
    day[1] = rest
    day[2] = np.uint64(days * _DAY)
    return days * _DAY


@inner
def clock_us(word: np.uint64) -> int:
    """Return the length since midnight that the eight octets `hh:mm:ss` name; `NEVER` where they say something else."""
    digits = word - _CLOCK_ZEROS  # colons become 0
    if ((digits + _ABOVE_NINE) | digits) & _HIGHEST or digits & _COLONS:
        return NEVER
    digits = digits * np.uint64(10) + (digits >> np.uint64(8))
    hours = np.int64(digits & np.uint64(0xFF))
    minutes = np.int64((digits >> np.uint64(24)) & np.uint64(0xFF))
    seconds = np.int64((digits >> np.uint64(48)) & np.uint64(0xFF))
    if hours > 23 or minutes > 59 or seconds > 59:
        return NEVER
    return int(((60 * hours + minutes) * 60 + seconds) * _SECOND)


@inner
def decimals_us(data: NDArray[np.uint8], begin: int, end: int) -> tuple[int, int]:
    """Return the decimals of a second at `begin`, those beyond the sixth cut off, and where they end."""
    word = octets_at(data, begin)
    count = int(np.int64(zeros_below(no_digits(word)) >> np.uint64(3)))
    if count < 8 and begin + count <= end:
        value = eight_digits((word - _ZEROS) << np.uint64(64 - 8 * count)) if count > 0 else 0
        for _ in range(count, 6):
            value *= 10
        return (value if count <= 6 else value // 10), begin + count
    value = 0
    unit = _SECOND
    place = begin
    while place < end and 0 <= digit_at(data, place) <= 9 and place - begin < _MOST_DECIMALS:
        unit //= 10
        value += unit * digit_at(data, place)
        place += 1
    return value, place


@inner
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
def moment(data: NDArray[np.uint8], begin: int, length: int, day: NDArray[np.uint64]) -> tuple[int, int]:
    """Return the time that `YYYY-MM-DD hh:mm:ss` (or with a T), decimals of a second and a zone name, and `NAIVE` without a zone.

    `NEVER` where it is written otherwise. Decimals beyond the sixth are cut off. `day` is as `day_us` has it.
    """
    if length < _DATE_AND_TIME or (data[begin + _DATE] != ord("T") and data[begin + _DATE] != _SPACE):
        return NEVER, 0
    time = day_us(data, begin, day)
    clock = clock_us(octets_at(data, begin + _DATE + 1))
    if time == NEVER or clock == NEVER:
        return NEVER, 0
    time += clock
    place = begin + _DATE_AND_TIME
    end = begin + length
    if place < end and (data[place] == ord(".") or data[place] == ord(",")):
        first = place + 1
        decimals, place = decimals_us(data, first, end)
        if place == first:
            return NEVER, 0
        time += decimals
    if place == end:
        return time, NAIVE
    offset = offset_us(data, place, end - place)
    return (NEVER if offset == NEVER else time - offset), 0


@compiled
def is_number(data: NDArray[np.uint8], begin: int, length: int) -> bool:
    """Tell whether it is E.164, or a short code of two to six digits."""
    word = octets_at(data, begin)
    if data[begin] != _PLUS:
        return 1 < length <= _LONGEST_SHORT_CODE and are_digits(word, length)
    if length < _SHORTEST_E164 or length > _LONGEST_E164 or data[begin + 1] == _ZERO:
        return False
    return are_digits(word >> np.uint64(8), min(length, 8) - 1) and (
        length <= 8 or are_digits(octets_at(data, begin + 8), length - 8)
    )

# size: a line, its cells and their values are read in one pass
"""Call records' rows: lines to cells, and cells to times, statuses, choices and hashes, as far as they are written as most are.

A row that is written in any other way is marked, and nothing else is said of it: plain Python reads it then. So what a kernel
takes, Python must take alike; what it leaves is only slower. Every line must end with a newline. A row's cells are
int32[CELLS, 2]: where each begins in `data`, and how long it is.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.kernels.compiled import compiled
from ringfence.watch.kernels.row_layout import (
    ANSWER,
    ATTESTED,
    BEYOND_ASCII,
    BLANK,
    CALL_ID,
    CALLEE,
    CALLEE_ODD,
    CALLER,
    CALLER_ODD,
    DELIMITER,
    DIRECTION,
    END,
    HIGH,
    LONGEST_LINE,
    NAIVE,
    NEVER,
    NEWLINE,
    NONE,
    ODD,
    PLAIN,
    Q850,
    QUOTE,
    RELEASED,
    RETURN,
    RING,
    SOURCE,
    SOURCE_ODD,
    START,
    STATUS,
    TEXTS,
    Hashing,
    Rows,
    Table,
)
from ringfence.watch.kernels.texts import text_hash, word_at, zeros_below

_SPACE: Final = 32
_TAB: Final = 9
_ZERO: Final = 48
_PLUS: Final = 43
_LONGEST_WHOLE: Final = 12
_LONGEST_SHORT_CODE: Final = 6
_SHORTEST_E164: Final = 4
_LONGEST_E164: Final = 16
_SECOND: Final = 1_000_000
_DATE_AND_TIME: Final = 19
_MOST_DECIMALS: Final = 9
_ONES: Final = np.uint64(0x0101010101010101)
_BLANKS: Final = np.uint64(0x2020202020202020)
_QUOTES: Final = np.uint64(0x2222222222222222)
_HIGHEST: Final = np.uint64(0x8080808080808080)


@compiled
def past_line(data: NDArray[np.uint8], classes: NDArray[np.uint8], place: int) -> int:
    """Return where the next line begins."""
    while classes[data[place]] != NEWLINE:
        place += 1
    return place + 1


@compiled
def past_blanks(data: NDArray[np.uint8], place: int) -> int:
    """Return where something else than blanks and tabs stands."""
    while data[place] == _SPACE or data[place] == _TAB:
        place += 1
    return place


@compiled
def put_cell(data: NDArray[np.uint8], cells: NDArray[np.int32], cell: int, begin: int, end: int) -> None:
    """Write where a cell begins and how long it is, without the blanks and tabs around it."""
    while begin < end and (data[begin] == _SPACE or data[begin] == _TAB):
        begin += 1
    while begin < end and (data[end - 1] == _SPACE or data[end - 1] == _TAB):
        end -= 1
    cells[cell, 0] = begin
    cells[cell, 1] = end - begin


@compiled
def special_at(data: NDArray[np.uint8], classes: NDArray[np.uint8], place: int, delimiters: np.uint64) -> int:
    """Return the place from `place` on of the next octet that is not `PLAIN`. `delimiters` is a word of them.

    Eight octets are looked at together: where a word less 1 in each octet has an octet's highest bit, which the word itself lacks,
    that octet was 0, or one below it was.
    """
    while place + 8 <= data.size:
        word = word_at(data, place)
        marked = (word - _BLANKS) & ~word  # below a blank
        other = word ^ delimiters
        marked |= (other - _ONES) & ~other
        other = word ^ _QUOTES
        marked |= ((other - _ONES) & ~other) | word
        marked &= _HIGHEST
        if marked == 0:
            place += 8
            continue
        place += int(np.int64(zeros_below(marked) >> np.uint64(3)))
        if classes[data[place]] != PLAIN:
            return place
        place += 1
    while classes[data[place]] == PLAIN:
        place += 1
    return place


@compiled
def value_end(data: NDArray[np.uint8], classes: NDArray[np.uint8], place: int, delimiters: np.uint64) -> tuple[int, int]:
    """Return where the value without quotation marks ends that holds `place`, and what is to be said of it."""
    state = 0
    place = special_at(data, classes, place, delimiters)
    while classes[data[place]] == HIGH:
        state = BEYOND_ASCII
        place = special_at(data, classes, place + 1, delimiters)
    return place, state


@compiled
def quoted_end(data: NDArray[np.uint8], classes: NDArray[np.uint8], place: int) -> tuple[int, int]:
    """Return where the value is closed that begins at `place`, after its quotation mark, and what is to be said of it."""
    state = 0
    while True:
        kind = classes[data[place]]
        if kind == HIGH:
            state = BEYOND_ASCII
        elif kind not in (PLAIN, DELIMITER):
            return place, state if kind == QUOTE else ODD
        place += 1


@compiled
def split_line(data: NDArray[np.uint8], place: int, table: Table, cells: NDArray[np.int32]) -> tuple[int, int]:
    """Write the wanted cells of the line at `place`; return where the next line begins, and what is to be said of this one."""
    classes = table.classes
    targets = table.targets
    delimiters = np.uint64(table.delimiter) * _ONES
    state = 0
    for nth in range(targets.size):
        begin = place
        while data[place] == _SPACE:
            place += 1
        if classes[data[place]] == QUOTE:
            begin = place + 1
            end, said = quoted_end(data, classes, begin)
            place = end + 1
        else:
            end, said = value_end(data, classes, place, delimiters)
            place = end
        state |= said
        if said == ODD:
            place = end
            break
        if targets[nth] != NONE:
            put_cell(data, cells, targets[nth], begin, end)
        kind = classes[data[place]]
        if kind == RETURN and classes[data[place + 1]] == NEWLINE:
            place += 1
            kind = NEWLINE
        if kind == NEWLINE and nth == targets.size - 1:
            return place + 1, state
        if kind != DELIMITER:
            break
        place += 1
    return past_line(data, classes, place), ODD


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
    data: NDArray[np.uint8], cells: NDArray[np.int32], words: NDArray[np.uint8], facts: NDArray[np.void], row: int
) -> int:
    """Read the cells that tell the outcome into `facts[row]`; return `ODD` where one is not as most files write it, else 0."""
    fact = facts[row]
    fact.released_by = choice(data, cells[RELEASED, 0], cells[RELEASED, 1], words, 0)
    fact.attestation = choice(data, cells[ATTESTED, 0], cells[ATTESTED, 1], words, 1)
    fact.direction = choice(data, cells[DIRECTION, 0], cells[DIRECTION, 1], words, 2)
    if fact.released_by == NONE or fact.attestation == NONE or fact.direction == NONE:
        return ODD
    fact.status = 0
    if cells[STATUS, 1] > 0:
        fact.status = whole(data, cells[STATUS, 0], min(cells[STATUS, 1], 3))
        if cells[STATUS, 1] != 3 or fact.status < 100 or fact.status > 699:
            return ODD
    fact.ring_ms = NONE
    if cells[RING, 1] > 0:
        fact.ring_ms = whole(data, cells[RING, 0], min(cells[RING, 1], _LONGEST_WHOLE))
        if fact.ring_ms == NONE or cells[RING, 1] > _LONGEST_WHOLE:
            return ODD
    length = cells[Q850, 1]
    return ODD if length > _LONGEST_WHOLE or whole(data, cells[Q850, 0], length) == NONE else 0


@compiled
def read_times(data: NDArray[np.uint8], cells: NDArray[np.int32], facts: NDArray[np.void], row: int) -> int:
    """Read the times into `facts[row]`; return `NAIVE` where they lack a zone, `ODD` where one is not as most files write it."""
    fact = facts[row]
    fact.start, naive = moment(data, cells[START, 0], cells[START, 1])
    fact.end, end_naive = moment(data, cells[END, 0], cells[END, 1])
    fact.answer = NEVER
    if cells[ANSWER, 1] > 0:
        fact.answer, answer_naive = moment(data, cells[ANSWER, 0], cells[ANSWER, 1])
        if fact.answer == NEVER or answer_naive != naive:
            return ODD
    if fact.start == NEVER or fact.end == NEVER or end_naive != naive:
        return ODD
    if naive == 0 and (fact.end < fact.start or (fact.answer != NEVER and not fact.start <= fact.answer <= fact.end)):
        return ODD
    return naive


@compiled
def texts_state(data: NDArray[np.uint8], cells: NDArray[np.int32]) -> int:
    """Return what is to be said of the row's texts."""
    state = ODD if cells[CALL_ID, 1] == 0 or cells[CALLEE, 1] == 0 else 0
    if not is_number(data, cells[CALLEE, 0], cells[CALLEE, 1]):
        state |= CALLEE_ODD
    if cells[CALLER, 1] > 0 and not is_number(data, cells[CALLER, 0], cells[CALLER, 1]):
        state |= CALLER_ODD
    if cells[SOURCE, 1] > 0 and not is_dotted_quad(data, cells[SOURCE, 0], cells[SOURCE, 1]):
        state |= SOURCE_ODD
    return state


@compiled
def keep_texts(data: NDArray[np.uint8], cells: NDArray[np.int32], hashing: Hashing, rows: Rows, row: int) -> None:
    """Write where the row's texts stand, and the hashes of those that are hashed."""
    for cell in range(TEXTS):
        rows.cells[row, cell, 0] = cells[cell, 0]
        rows.cells[row, cell, 1] = cells[cell, 1]
    for nth in range(hashing.cells.size):
        cell = hashing.cells[nth]
        rows.hashes[nth, row] = text_hash(data, cells[cell, 0], cells[cell, 1], hashing.key)
    rows.calls[row] = text_hash(data, cells[CALL_ID, 0], cells[CALL_ID, 1], hashing.call_key)


@compiled
def read_lines(data: NDArray[np.uint8], table: Table, hashing: Hashing, cells: NDArray[np.int32], rows: Rows) -> int:
    """Read the lines of `data` into `rows` until they or these are used up; return how many.

    `cells` are int32[CELLS, 2], zero at first: where each cell of a line begins, and how long it is.
    """
    place = 0
    row = 0
    while place < data.size and row < rows.ends.size:
        begin = past_blanks(data, place)
        begin += table.classes[data[begin]] == RETURN
        if table.classes[data[begin]] == NEWLINE:
            rows.states[row] = BLANK
            place = begin + 1
        else:
            begin = place
            place, state = split_line(data, begin, table, cells)
            if state & ODD == 0 and place - begin <= LONGEST_LINE:
                state |= read_times(data, cells, rows.facts, row)
                state |= read_outcome(data, cells, table.words, rows.facts, row)
                state |= texts_state(data, cells)
                keep_texts(data, cells, hashing, rows, row)
            else:
                state = ODD
            rows.states[row] = state
        rows.ends[row] = place
        row += 1
    return row

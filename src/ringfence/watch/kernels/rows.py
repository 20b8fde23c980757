# size: a line, its cells and their values are read in one pass
"""Call records' rows: lines to cells, and cells to times, statuses, choices and hashes, as far as they are written as most are.

A row that is written in any other way is marked, and nothing else is said of it: plain Python reads it then. So what a kernel
takes, Python must take alike; what it leaves is only slower. Every line must end with a newline. A row's cells are
int32[CELLS, 2]: where each begins in `data`, and how long it is.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.kernels.compiled import compiled, inner
from ringfence.watch.kernels.moments import digit_at, is_number, moment, whole
from ringfence.watch.kernels.octets import LOOKED_AT, first_octets, octets_at, specials, zeros_below
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
    KNOWN_BITS,
    LONGEST_LINE,
    NEVER,
    NEWLINE,
    NONE,
    ODD,
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
from ringfence.watch.kernels.texts import text_hash

_SPACE: Final = 32
_TAB: Final = 9
_ZERO: Final = 48
_LONGEST_WHOLE: Final = 12
_LONGEST_KNOWN: Final = 24


@inner
def next_special(data: NDArray[np.uint8], delimiter: int, base: int, marks: np.uint64) -> tuple[int, np.uint64, int]:
    """Return where to look on, and the place of the next octet that is not plain; `marks` are those from `base` on to look at."""
    while marks == 0:
        base += LOOKED_AT
        marks = specials(data, base, delimiter)
    place = base + int(np.int64(zeros_below(marks)))
    return base, marks & (marks - np.uint64(1)), place


@inner
def put_cell(data: NDArray[np.uint8], cells: NDArray[np.int32], cell: int, begin: int, end: int) -> None:
    """Write where a cell begins and how long it is, without the blanks and tabs around it."""
    while begin < end and (data[begin] == _SPACE or data[begin] == _TAB):
        begin += 1
    while begin < end and (data[end - 1] == _SPACE or data[end - 1] == _TAB):
        end -= 1
    cells[cell, 0] = begin
    cells[cell, 1] = end - begin


@inner
def are_spaces(data: NDArray[np.uint8], begin: int, end: int) -> bool:
    """Tell whether nothing but spaces stands there."""
    while begin < end and data[begin] == _SPACE:
        begin += 1
    return begin == end


@inner
def split_line(  # size: one loop over what is not plain
    data: NDArray[np.uint8], begin: int, table: Table, cells: NDArray[np.int32], base: int, marks: np.uint64
) -> tuple[int, int, int, np.uint64]:
    """Write the wanted cells of the line at `begin`; return where the next line begins, what is to be said of this one, and where
    to look on.
    """
    classes = table.classes
    targets = table.targets
    delimiter = table.delimiter
    state = 0
    nth = 0
    while True:
        base, marks, place = next_special(data, delimiter, base, marks)
        kind = classes[data[place]]
        while kind == HIGH:
            state = BEYOND_ASCII
            base, marks, place = next_special(data, delimiter, base, marks)
            kind = classes[data[place]]
        end = place
        if kind == QUOTE:
            if not are_spaces(data, begin, place):
                break
            begin = place + 1
            base, marks, place = next_special(data, delimiter, base, marks)
            kind = classes[data[place]]
            while kind in (DELIMITER, HIGH):
                state |= BEYOND_ASCII if kind == HIGH else 0
                base, marks, place = next_special(data, delimiter, base, marks)
                kind = classes[data[place]]
            if kind != QUOTE:
                break
            end = place
            base, marks, place = next_special(data, delimiter, base, marks)
            kind = classes[data[place]]
            if place != end + 1:
                break
        if targets[nth] != NONE:
            put_cell(data, cells, targets[nth], begin, end)
        if kind == DELIMITER and nth < targets.size - 1:
            begin = place + 1
            nth += 1
            continue
        if kind == RETURN:
            end = place
            base, marks, place = next_special(data, delimiter, base, marks)
            kind = classes[data[place]]
            if place != end + 1:
                break
        if kind != NEWLINE or nth < targets.size - 1:
            break
        return place + 1, state, base, marks
    while classes[data[place]] != NEWLINE:
        base, marks, place = next_special(data, delimiter, base, marks)
    return place + 1, ODD, base, marks


@inner
def past_blanks(data: NDArray[np.uint8], place: int) -> int:
    """Return where something else than blanks and tabs stands."""
    while data[place] == _SPACE or data[place] == _TAB:
        place += 1
    return place


@inner
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
def choice(data: NDArray[np.uint8], begin: int, length: int, words: NDArray[np.uint64], group: int) -> int:
    """Return which of `words[group]`, counted from 1, the cell is; 0 where it is empty, `NONE` where it is none of them.

    A word, its octets eight together, stands after its length.
    """
    if length == 0:
        return 0
    for nth in range(words.shape[1]):
        if words[group, nth, 0] == np.uint64(length):
            same = True
            for part in range((length + 7) >> 3):
                same &= words[group, nth, 1 + part] == first_octets(octets_at(data, begin + 8 * part), length - 8 * part)
            if same:
                return nth + 1
    return NONE


@inner
def read_outcome(
    data: NDArray[np.uint8], cells: NDArray[np.int32], words: NDArray[np.uint64], facts: NDArray[np.void], row: int
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


@inner
def read_times(
    data: NDArray[np.uint8], cells: NDArray[np.int32], day: NDArray[np.uint64], facts: NDArray[np.void], row: int
) -> int:
    """Read the times into `facts[row]`; return `NAIVE` where they lack a zone, `ODD` where one is not as most files write it.

    `day` is as `day_us` has it.
    """
    fact = facts[row]
    fact.start, naive = moment(data, cells[START, 0], cells[START, 1], day)
    fact.end, end_naive = moment(data, cells[END, 0], cells[END, 1], day)
    fact.answer = NEVER
    if cells[ANSWER, 1] > 0:
        fact.answer, answer_naive = moment(data, cells[ANSWER, 0], cells[ANSWER, 1], day)
        if fact.answer == NEVER or answer_naive != naive:
            return ODD
    if fact.start == NEVER or fact.end == NEVER or end_naive != naive:
        return ODD
    if naive == 0 and (fact.end < fact.start or (fact.answer != NEVER and not fact.start <= fact.answer <= fact.end)):
        return ODD
    return naive


@inner
def form_state(data: NDArray[np.uint8], cell: int, begin: int, length: int) -> int:
    """Return what is to be said of a cell's form."""
    if cell == CALLEE:
        return 0 if is_number(data, begin, length) else CALLEE_ODD
    if cell == CALLER:
        return 0 if length == 0 or is_number(data, begin, length) else CALLER_ODD
    if cell == SOURCE:
        return 0 if length == 0 or is_dotted_quad(data, begin, length) else SOURCE_ODD
    return 0


@inner
def known_text(
    data: NDArray[np.uint8], cell: int, cells: NDArray[np.int32], key: NDArray[np.uint64], known: NDArray[np.uint64]
) -> tuple[np.uint64, int]:
    """Return the hash of a cell and what is to be said of its form. `known` are texts that came lately, and their hashes."""
    begin, length = cells[cell, 0], cells[cell, 1]
    if length == 0 or length > _LONGEST_KNOWN:
        return text_hash(data, begin, length, key), form_state(data, cell, begin, length)
    first = first_octets(octets_at(data, begin), length)
    second = first_octets(octets_at(data, begin + 8), length - 8)
    third = first_octets(octets_at(data, begin + 16), length - 16)
    folded = first * np.uint64(0x9E3779B97F4A7C15) + second * np.uint64(0xBF58476D1CE4E5B9) + third * np.uint64(0x94D049BB133111EB)
    text = known[np.int64(folded >> np.uint64(64 - KNOWN_BITS))]
    # No text holds octets 0: one that is shorter is not one that is longer.
    if text[0] == first and text[1] == second and text[2] == third:
        return text[3], 0
    hashed = text_hash(data, begin, length, key)
    said = form_state(data, cell, begin, length)
    if said == 0:
        text[0] = first
        text[1] = second
        text[2] = third
        text[3] = hashed
    return hashed, said


@inner
def read_texts(data: NDArray[np.uint8], cells: NDArray[np.int32], table: Table, hashing: Hashing, rows: Rows, row: int) -> int:
    """Write where the row's texts stand, and the hashes of those that are hashed; return what is to be said of them."""
    for cell in range(TEXTS):
        rows.cells[row, cell, 0] = cells[cell, 0]
        rows.cells[row, cell, 1] = cells[cell, 1]
    state = ODD if cells[CALL_ID, 1] == 0 or cells[CALLEE, 1] == 0 else 0
    for nth in range(hashing.cells.size):
        cell = hashing.cells[nth]
        if cell == CALLEE:  # most are new
            rows.hashes[nth, row] = text_hash(data, cells[cell, 0], cells[cell, 1], hashing.key)
            state |= form_state(data, cell, cells[cell, 0], cells[cell, 1])
        else:
            rows.hashes[nth, row], said = known_text(data, cell, cells, hashing.key, table.known[nth])
            state |= said
    for nth in range(table.unhashed.size):
        cell = table.unhashed[nth]
        state |= form_state(data, cell, cells[cell, 0], cells[cell, 1])
    rows.calls[row] = text_hash(data, cells[CALL_ID, 0], cells[CALL_ID, 1], hashing.call_key)
    return state


@compiled
def read_lines(data: NDArray[np.uint8], table: Table, hashing: Hashing, cells: NDArray[np.int32], rows: Rows) -> int:
    """Read the lines of `data` into `rows` until they or these are used up; return how many.

    `cells` are int32[CELLS, 2], zero at first: where each cell of a line begins, and how long it is.
    """
    base = 0
    marks = specials(data, 0, table.delimiter)
    place = 0
    row = 0
    while place < data.size and row < rows.ends.size:
        begin = place
        special = past_blanks(data, place)
        special += table.classes[data[special]] == RETURN
        if table.classes[data[special]] == NEWLINE:
            rows.states[row] = BLANK
            while place <= special:
                base, marks, place = next_special(data, table.delimiter, base, marks)
                place += 1
        else:
            place, state, base, marks = split_line(data, begin, table, cells, base, marks)
            if state & ODD == 0 and place - begin <= LONGEST_LINE:
                state |= read_times(data, cells, table.day, rows.facts, row)
                state |= read_outcome(data, cells, table.words, rows.facts, row)
                state |= read_texts(data, cells, table, hashing, rows, row)
            else:
                state = ODD
            rows.states[row] = state
        rows.ends[row] = place
        row += 1
    return row

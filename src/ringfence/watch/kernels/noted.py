"""What requests said, noted in octets: written once by the kernel that follows calls, read only where somebody asks.

A note is a head of fixed size and behind it the texts, one after another, each in ASCII. The head, little-endian: the time, the
capture agent (0: none, else one more than its id), CSeq, the sender's port, the method's number, whether there were credentials,
and the length of each text, `NONE` where it has none.
"""

import struct
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.kernels import call_layout as c
from ringfence.watch.kernels import sip_fields as f
from ringfence.watch.kernels.compiled import compiled, inner, seldom
from ringfence.watch.kernels.numbers import BEGUN, LONGEST, NO_NUMBER
from ringfence.watch.kernels.sip_scanner import Found
from ringfence.watch.kernels.texts import siphash

(
    CALL_ID,
    TAG,
    BRANCH,
    SOURCE,
    DESTINATION,
    TRANSPORT,
    DIALLED,
    DOMAIN,
    FROM_USER,
    TO_USER,
    USER,
    USER_AGENT,
    ASSERTED,
    DIVERTED,
) = range(14)
"""The texts, in their order."""
TEXTS: Final = 14
NONE: Final = 255

HEAD: Final = struct.Struct(f"<qqIHBB{TEXTS}B")
"""Time, agent, CSeq, port, method, credentials, and the lengths."""
MOST: Final = HEAD.size + TEXTS * f.LONGEST_TEXT
"""Octets of the longest note."""
_TIME, _AGENT, _CSEQ, _PORT, METHOD, CREDENTIALS, LENGTHS = 0, 8, 16, 20, 22, 23, 24
_SIZE: Final = HEAD.size

TARGET, CALLED = -1, -2
"""What stands for several texts: whom a request is for, and its callee, who is in To where the request URI names nobody."""

UNREAD: Final = np.uint64(NO_NUMBER - 1)
"""Stands for a number's word until it was read."""

_PLUS, _ZERO, _NINE, _SHORTEST, _LONGEST = 43, 48, 57, 3, 24
_MARKS: Final = (32, 40, 41, 45, 46, 47)  # blank ( ) - . /

Octets = NDArray[np.uint8]


@seldom
def _number(octets: Octets, at: int, value: np.int64, size: int) -> None:
    for nth in range(size):
        octets[at + nth] = np.uint8((value >> (8 * nth)) & 255)


@seldom
def _text(note: Octets, head: int, at: int, which: int, octets: Octets, begin: int, end: int) -> int:  # noqa: PLR0913 - arrays
    """Note a text, or where `begin` is none that there is none; return the place behind it."""
    if begin < 0:
        note[head + LENGTHS + which] = NONE
        return at
    length = min(end - begin, f.LONGEST_TEXT)
    note[head + LENGTHS + which] = length
    for nth in range(length):
        note[at + nth] = octets[begin + nth]
    return at + length


@inner
def _found(note: Octets, head: int, at: int, which: int, octets: Octets, columns: NDArray[np.int32], column: int) -> int:  # noqa: PLR0913
    """Note a text that was scanned."""
    begin, end = int(np.int64(columns[column])), int(np.int64(columns[column + 1]))  # of one type, or it would be compiled twice
    return int(_text(note, head, at, which, octets, begin, end))


@inner
def _word(note: Octets, head: int, at: int, which: int, coming: c.Coming, word: int) -> int:
    """Note one of the words that packets have in common."""
    begin, end = int(coming.word_ends[word]), int(coming.word_ends[word + 1])
    return int(_text(note, head, at, which, coming.words, begin, end))


@seldom
def write(book: c.Book, coming: c.Coming, found: Found, row: int) -> int:
    """Note what the request in a row says; return where the note begins. It ends at the mark `NOTED`."""
    marks, note, octets = book.marks, book.notes, coming.octets
    heads, details = found.heads[row], found.details[row]
    head = int(marks[c.NOTED])
    _number(note, head + _TIME, marks[c.CLOCK], 8)
    _number(note, head + _AGENT, coming.agents[row] + 1, 8)
    _number(note, head + _CSEQ, np.int64(heads[f.CSEQ]), 4)
    _number(note, head + _PORT, coming.ports[row], 2)
    note[head + METHOD] = heads[f.METHOD]
    note[head + CREDENTIALS] = details[f.CREDENTIALS] == 1
    at = head + _SIZE
    at = _found(note, head, at, CALL_ID, octets, heads, f.CALL_ID)
    at = _found(note, head, at, TAG, octets, heads, f.FROM_TAG)
    if heads[f.FROM_TAG] < 0:
        note[head + LENGTHS + TAG] = 0  # no tag is as good as an empty one
    at = _found(note, head, at, BRANCH, octets, heads, f.BRANCH)
    at = _word(note, head, at, SOURCE, coming, coming.source_words[row])
    at = _word(note, head, at, DESTINATION, coming, coming.destination_words[row])
    at = _word(note, head, at, TRANSPORT, coming, coming.transport_words[row])
    at = _found(note, head, at, DIALLED, octets, details, f.URI + 1)
    at = _found(note, head, at, DOMAIN, octets, details, f.URI + 3)
    at = _found(note, head, at, FROM_USER, octets, details, f.FROM + 1)
    at = _found(note, head, at, TO_USER, octets, details, f.TO + 1)
    at = _found(note, head, at, USER, octets, details, f.USER_NAME)
    at = _found(note, head, at, USER_AGENT, octets, details, f.USER_AGENT)
    at = _found(note, head, at, ASSERTED, octets, details, f.ASSERTED_USER)
    at = _found(note, head, at, DIVERTED, octets, details, f.DIVERTED_USER)
    marks[c.NOTED] = at
    return head


@inner
def _place(notes: Octets, head: int, which: int) -> tuple[int, int]:
    """Return where a text begins and how long it is, -1 where there is none."""
    is_registration = notes[head + METHOD] == f.REGISTER
    if which == TARGET:
        which = TO_USER if is_registration else DIALLED
    elif which == CALLED:
        which = TO_USER if is_registration or notes[head + LENGTHS + DIALLED] == NONE else DIALLED
    at = head + _SIZE
    for nth in range(which):
        length = notes[head + LENGTHS + nth]
        at += 0 if length == NONE else int(np.int64(length))
    length = notes[head + LENGTHS + which]
    return at, -1 if length == NONE else int(np.int64(length))


@inner
def _stands_as_it_is(notes: Octets, at: int, length: int, has_country: bool) -> bool:
    """Tell whether a user part is certainly written already as `vocabulary.numbers` writes it where it names a number."""
    if length < _SHORTEST or length > _LONGEST:
        return True
    digits, pluses, others = 0, 0, False
    for nth in range(length):
        octet = notes[at + nth]
        if _ZERO <= octet <= _NINE:
            digits += 1
        elif octet == _PLUS:
            pluses += 1
        elif octet not in _MARKS:
            others = True
    if others or (pluses == 0 and not has_country):
        return True
    return bool(notes[at] == _PLUS and digits == length - 1 and _SHORTEST <= digits < LONGEST and notes[at + 1] != _ZERO)


@compiled
def hash_texts(
    notes: Octets, heads: NDArray[np.int64], which: int, key: NDArray[np.uint64], hashes: NDArray[np.uint64], numbers: int
) -> int:
    """Write the hash of a text of each note, never 0; 0 where it has none.

    With `numbers` 1 or 2 it is a number as events have it, dialled nowhere or in a country: of those that must be read for that the
    hash is 0, and how many there are is returned.
    """
    left = 0
    for row in range(heads.size):
        at, length = _place(notes, heads[row], which)
        if length < 0:
            hashes[row] = 0
        elif numbers and not _stands_as_it_is(notes, at, length, numbers == 2):
            hashes[row] = 0
            left += 1
        else:
            hashed = siphash(notes, at, length, key)
            hashes[row] = hashed if hashed != 0 else np.uint64(1)
    return left


@compiled
def words_of(notes: Octets, heads: NDArray[np.int64], which: int, numbers: int, words: NDArray[np.uint64]) -> int:
    """Write a text of each note as a number's word (see `numbers`): 0 where there is none, `BEGUN` or `NO_NUMBER` for other texts.

    With `numbers` as for `hash_texts`; those that must be read first become `UNREAD`, and how many there are is returned.
    """
    left = 0
    for row in range(heads.size):
        at, length = _place(notes, heads[row], which)
        word = np.uint64(0)
        if length > 0 and numbers and not _stands_as_it_is(notes, at, length, numbers == 2):
            words[row] = UNREAD
            left += 1
            continue
        words[row] = np.uint64(NO_NUMBER)
        for nth in range(min(length, LONGEST)):
            digit = int(np.int64(notes[at + nth])) - _ZERO
            if nth == 0 and digit == _PLUS - _ZERO:
                digit = -1
            elif digit < 0 or digit > _NINE - _ZERO:
                if digit != _PLUS - _ZERO:
                    words[row] = (np.uint64(BEGUN) << np.uint64(60)) | (word >> np.uint64(4))
                length = LONGEST + 1
                break
            word |= np.uint64(digit + 2) << np.uint64(60 - 4 * nth)
        if length <= LONGEST:
            words[row] = word
    return left

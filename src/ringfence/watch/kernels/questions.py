"""What a proxy asks about: where stands in a scanned request what an answer repeats, and what orders could be against.

A question may be plain where its head is usual (see `sip_scanner`) and its texts need no rewriting.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.kernels import sip_fields as f
from ringfence.watch.kernels.compiled import compiled, inner

Octets = NDArray[np.uint8]
Places = NDArray[np.int32]

# Columns of `asked`, int32[n, ASKED_COLUMNS]. Each text takes two: its place and its end in the buffer, -1 where there is none.
PLAIN: Final = 0  # 1: the request may be answered on the plain course, as far as its head says
FROM, TO, CALL_ID, CSEQ = 1, 3, 5, 7  # values as they were sent
SOURCE: Final = 9  # what the second Via says of where the request came from: received, else host
NAMED: Final = 11  # the value of P-Ringfence-Source
VIA_LINES: Final = 13  # how many; their values follow
VIA: Final = 14
ASKED_COLUMNS: Final = VIA + 2 * f.MOST_VIAS

_NOT: Final = -1
_LF, _CR, _SPACE, _PLUS, _COLON = 10, 13, 32, 43, 58
_MARKS: Final = (40, 41, 45, 46, 47, 32)  # those that may stand before a number: ( ) - . / and a blank


def _word(text: bytes) -> Octets:
    return np.frombuffer(text, np.uint8)


_NAMES: Final = (_word(b"via"), _word(b"from"), _word(b"to"), _word(b"call-id"), _word(b"cseq"), _word(b"p-ringfence-source"))
_VIA_NAME, _FROM_NAME, _TO_NAME, _CALL_ID_NAME, _CSEQ_NAME, _NAMED_NAME = _NAMES


class Read(NamedTuple):
    """Messages as they were scanned, and what is noted of each: int32[n, HEAD_COLUMNS], [n, DETAIL_COLUMNS], [n, ASKED_COLUMNS]."""

    octets: Octets
    heads: Places
    details: Places
    asked: Places


@inner
def _is_named(octets: Octets, at: int, end: int, name: Octets) -> bool:
    """Tell whether a header field's name is this one, in any case."""
    if end - at != name.size:
        return False
    for place in range(name.size):
        octet = octets[at + place]
        if octet != name[place] and (octet | 32 != name[place] or name[place] < 97):
            return False
    return True


@inner
def _is_letter(octets: Octets, at: int, end: int, letter: int) -> bool:
    """Tell whether a name is one letter, in either case."""
    return end - at == 1 and octets[at] | 32 == letter


@inner
def _column(octets: Octets, at: int, end: int) -> int:
    """Return into which column of `asked` the field of this name goes, -1 for a field that no answer repeats."""
    if _is_letter(octets, at, end, 118) or _is_named(octets, at, end, _VIA_NAME):
        return VIA
    if _is_letter(octets, at, end, 102) or _is_named(octets, at, end, _FROM_NAME):
        return FROM
    if _is_letter(octets, at, end, 116) or _is_named(octets, at, end, _TO_NAME):
        return TO
    if _is_letter(octets, at, end, 105) or _is_named(octets, at, end, _CALL_ID_NAME):
        return CALL_ID
    if _is_named(octets, at, end, _CSEQ_NAME):
        return CSEQ
    return NAMED if _is_named(octets, at, end, _NAMED_NAME) else _NOT


@inner
def _keep(octets: Octets, at: int, end: int, asked: Places, row: int, column: int) -> bool:
    """Note the value that stands between these places, blanks around it left out; false where its edges are in doubt."""
    while at < end and octets[at] == _SPACE:
        at += 1
    while end > at and octets[end - 1] == _SPACE:
        end -= 1
    if at == end or not (_SPACE < octets[at] < 127 and _SPACE < octets[end - 1] < 127):
        return False
    if column == VIA:
        nth = asked[row, VIA_LINES]
        if nth == f.MOST_VIAS:
            return False
        asked[row, VIA_LINES] = nth + 1
        column = VIA + 2 * nth
    elif asked[row, column] >= 0:
        return False
    asked[row, column], asked[row, column + 1] = at, end
    return True


@inner
def _fields(octets: Octets, at: int, end: int, asked: Places, row: int) -> bool:
    """Note where the header fields stand that an answer repeats. The scanner has found each line whole."""
    while octets[at] != _LF:  # the start line
        at += 1
    at += 1
    while at < end and octets[at] != _CR:
        colon = at
        while octets[colon] != _COLON:
            colon += 1
        close = colon + 1
        while octets[close] != _CR:
            close += 1
        column = _column(octets, at, colon)
        if column >= 0 and not _keep(octets, colon + 1, close, asked, row, column):
            return False
        at = close + 2
    return bool(
        asked[row, VIA_LINES] > 0 and min(asked[row, FROM], asked[row, TO]) >= 0 and min(asked[row, CALL_ID], asked[row, CSEQ]) >= 0
    )


@inner
def is_number_text(octets: Octets, at: int, end: int) -> bool:
    """Tell whether a user part names what it says: E.164 as it is written, or what cannot be a number in international form."""
    if at < 0 or at == end:
        return True
    if octets[at] != _PLUS:
        return octets[at] not in _MARKS
    if not (3 <= end - at - 1 <= 15) or octets[at + 1] == 48:
        return False
    digits = at + 1
    while digits < end and 48 <= octets[digits] <= 57:
        digits += 1
    return digits == end


@inner
def _may_be_plain(read: Read, at: int, end: int, row: int) -> bool:
    """Tell whether the request may be answered on the plain course, as far as its head says."""
    octets, heads, details, asked = read
    method, vias = heads[row, f.METHOD], heads[row, f.VIAS]
    if method in (0, f.ACK, f.CANCEL) or heads[row, f.STATUS] != 0 or heads[row, f.TO_TAG] >= 0:
        return False
    if method == f.OPTIONS and vias == 1:
        return False
    for column in (f.URI + 1, f.FROM + 1, f.ASSERTED_USER):
        user, user_end = details[row, column], details[row, column + 1]
        if not is_number_text(octets, user, user_end) or user_end - user > f.LONGEST_TEXT:
            return False
    if not _fields(octets, at, end, asked, row):
        return False
    if vias > 1:
        second = f.VIA + f.VIA_COLUMNS
        said = second + (f.VIA_RECEIVED if details[row, second + f.VIA_RECEIVED] >= 0 else f.VIA_HOST)
        asked[row, SOURCE], asked[row, SOURCE + 1] = details[row, said], details[row, said + 1]
    return True


@compiled
def read_questions(read: Read, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> None:
    """Note of each scanned message what an answer repeats, and what is asked about."""
    for row in range(starts.size):
        read.asked[row] = _NOT
        read.asked[row, VIA_LINES] = 0
        read.asked[row, PLAIN] = int(_may_be_plain(read, starts[row], ends[row], row))

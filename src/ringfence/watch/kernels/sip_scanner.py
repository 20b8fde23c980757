# size: one grammar, read in one pass; its rules call one another
"""The heads of many SIP messages, scanned in one pass: where each text that the tracker needs stands (RFC 3261 section 25.1).

Only what is written as nearly everybody writes it is understood; any doubt makes a message *unusual*, and `wire` reads it. So where
a message is not unusual, `wire` finds nothing wrong with it, and reads the same: that is tested. Nothing outside a message is read.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.kernels import sip_fields as f
from ringfence.watch.kernels.compiled import compiled, inner

Octets = NDArray[np.uint8]
Rows = NDArray[np.int32]


class Found(NamedTuple):
    """What is written of n messages: int32[n, HEAD_COLUMNS] and int32[n, DETAIL_COLUMNS], see `sip_fields`."""

    heads: Rows
    details: Rows


Place = tuple[int, int, int, int, int, int]
"""A URI as six columns: scheme, user's place and end, host's place and end, port."""

_MOST_LINES: Final = 200
_MOST_VALUES: Final = 32
_NOT: Final = -1
_TAB, _LF, _CR, _SPACE, _QUOTE, _COMMA, _COLON, _SEMICOLON, _LESS, _EQUALS, _MORE, _AT, _BACKSLASH, _STAR = (
    *(9, 10, 13, 32, 34, 44, 58, 59),
    *(60, 61, 62, 64, 92, 42),
)
_NOWHERE: Final = (_NOT, _NOT, _NOT, _NOT, _NOT, _NOT)
_CSEQ_DIGITS, _CSEQ_LIMIT, _MOST_HOPS = 10, 2**31 - 1, 255


def _word(text: bytes) -> Octets:
    return np.frombuffer(text + b"\0", np.uint8)


_COOKIE, _VERSION, _SENT_BY, _TAG = _word(b"z9hG4bK"), _word(b"SIP/2.0"), _word(b"SIP/2.0/"), _word(b";tag=")
_SIP, _SIPS, _TEL, _DIGEST = _word(b"sip:"), _word(b"sips:"), _word(b"tel:"), _word(b"digest ")
_BRANCH, _RECEIVED, _RPORT, _EXPIRES = _word(b"branch"), _word(b"received"), _word(b"rport"), _word(b"expires")
_USER_NAME, _REALM, _STALE, _TRUE = _word(b"username"), _word(b"realm"), _word(b"stale"), _word(b"true")
_BROADCAST, _GMT, _SIP_2 = _word(b"255.255.255.255"), _word(b" GMT"), _word(b"SIP/2.0 ")


@compiled
def _run(octets: Octets, at: int, end: int, group: int) -> int:
    """Return the place after the octets of `group` that start at `at`."""
    while at < end and f.CLASSES[octets[at]] & group:
        at += 1
    return at


@compiled
def _number(octets: Octets, at: int, end: int, digits: int) -> int:
    """Return the number that the octets are, of at most so many digits; -1 where they are none."""
    if end <= at or end - at > digits:
        return _NOT
    value = 0
    for place in range(at, end):
        digit = int(np.int64(octets[place])) - 48  # signed: of an unsigned and a signed number the compiler makes a broken one
        if digit < 0 or digit > 9:
            return _NOT
        value = value * 10 + digit
    return value


@inner
def _is_word(octets: Octets, at: int, end: int, word: NDArray[np.uint8], folded: int) -> bool:
    """Tell whether the octets are `word`; with `folded` 32 it is in lower case, and they in any."""
    size = end - at
    if size < 0 or size >= word.size or word[size] != 0:
        return False
    place = 0
    while place < size and octets[at + place] | folded == word[place]:
        place += 1
    return place == size


@inner
def _starts_with(octets: Octets, at: int, end: int, word: Octets, folded: int) -> bool:
    """Tell whether the octets start with `word`."""
    size = word.size - 1
    return end - at >= size and _is_word(octets, at, at + size, word, folded)


@inner
def _method(octets: Octets, at: int, end: int) -> int:
    """Return the number of a method, 0 for one that is not known here."""
    for row in range(f.METHOD_WORDS.shape[0]):
        if _is_word(octets, at, end, f.METHOD_WORDS[row], 0):
            return row + 1
    return 0


@compiled
def _field(octets: Octets, at: int, end: int) -> int:
    """Return the number of the header field that is named so, 0 for one passed over."""
    size = end - at
    if size > f.LONGEST_NAME:
        return 0
    for row in range(f.NAME_STARTS[size], f.NAME_STARTS[size + 1]):
        if octets[at] | 32 == f.NAME_WORDS[row, 0] and _is_word(octets, at, end, f.NAME_WORDS[row], 32):
            return int(f.NAME_FIELDS[row])
    return 0


@inner
def _port(octets: Octets, at: int, end: int) -> int:
    """Return a port, or -1 where it is none."""
    port = _number(octets, at, end, 5)
    return port if port <= 65_535 else _NOT


@inner
def _ends_well(octets: Octets, at: int, end: int) -> bool:
    """Tell whether a URI ends here, or with parameters."""
    return at == end or (octets[at] == _SEMICOLON and _run(octets, at, end, f.URI_PARAMETER) == end)


@compiled
def _uri(octets: Octets, at: int, end: int) -> tuple[bool, Place]:
    """Read a whole URI of sip, sips or tel; false where it is unusual."""
    if _starts_with(octets, at, end, _TEL, 0):
        after = _run(octets, at + 4, end, f.TEL)
        sound = at + 4 < after <= at + 4 + f.LONGEST_TEXT and _ends_well(octets, after, end)
        return sound, (2, at + 4, after, _NOT, _NOT, _NOT)
    secure = _starts_with(octets, at, end, _SIPS, 0)
    if not secure and not _starts_with(octets, at, end, _SIP, 0):
        return False, _NOWHERE
    at += 5 if secure else 4
    user, user_end, host = _NOT, _NOT, at
    after = _run(octets, at, end, f.USER)
    if after - at > f.LONGEST_TEXT:
        return False, _NOWHERE
    if after < end and octets[after] == _AT:
        host = after + 1
        if after > at:
            user, user_end = at, after
    after = _run(octets, host, end, f.HOST)
    host_end = after
    if after - host < 2 or not f.CLASSES[octets[host]] & f.HOST_EDGE or not f.CLASSES[octets[after - 1]] & f.HOST_EDGE:
        return False, _NOWHERE
    port = _NOT
    if after < end and octets[after] == _COLON:
        begin = after + 1
        while after + 1 < end and 48 <= octets[after + 1] <= 57:
            after += 1
        after += 1
        port = _port(octets, begin, after)
        if port < 0:
            return False, _NOWHERE
    return _ends_well(octets, after, end), (int(secure), user, user_end, host, host_end, port)


@inner
def _is_bare(octets: Octets, at: int, end: int) -> bool:
    """Tell whether an address is an URI without brackets, and nothing up to the line's end could be taken for a bracket."""
    if not (_starts_with(octets, at, end, _SIP, 0) or _starts_with(octets, at, end, _SIPS, 0)):
        return False
    while at < end and octets[at] != _LESS and octets[at] != _QUOTE:
        at += 1
    return at == end


@compiled
def _address(octets: Octets, at: int, end: int) -> tuple[int, Place]:
    """Read an address; return also the place after it, where its parameters start, -1 where it is unusual."""
    if _is_bare(octets, at, end):
        close = at
        while close < end and octets[close] != _SEMICOLON and octets[close] != _COMMA:
            close += 1
        sound, place = _uri(octets, at, close)
        return (close if sound else _NOT), place
    if at < end and octets[at] == _QUOTE:
        at += 1
        while at < end and octets[at] != _QUOTE and octets[at] != _BACKSLASH:
            at += 1
        if at == end or octets[at] == _BACKSLASH:
            return _NOT, _NOWHERE
        at += 1
        while at < end and octets[at] == _SPACE:
            at += 1
    else:
        while at < end and (octets[at] == _SPACE or f.CLASSES[octets[at]] & f.TOKEN):
            at += 1
    if at == end or octets[at] != _LESS:
        return _NOT, _NOWHERE
    close = at + 1
    while close < end and octets[close] != _MORE:
        close += 1
    if close == end:
        return _NOT, _NOWHERE
    sound, place = _uri(octets, at + 1, close)
    return (close + 1 if sound else _NOT), place


@inner
def _parameters(octets: Octets, at: int, end: int) -> int:
    """Return the place after `;`-separated parameters: the end or a comma; -1 where one is unusual or `expires` no number."""
    while at < end and octets[at] != _COMMA:
        if octets[at] != _SEMICOLON:
            return _NOT
        begin = at + 1
        at = _run(octets, begin, end, f.KEY)
        key = at
        if at == begin:
            return _NOT
        value = at
        if at < end and octets[at] == _EQUALS:
            value = at + 1
            if value < end and octets[value] == _QUOTE:
                at = value + 1
                while at < end and octets[at] != _QUOTE:
                    if octets[at] == _BACKSLASH or not f.CLASSES[octets[at]] & f.PRINTABLE:
                        return _NOT
                    at += 1
                at += 1
                if at > end:
                    return _NOT
            else:
                at = _run(octets, value, end, f.VALUE)
                if at == value:
                    return _NOT
        if _is_word(octets, begin, key, _EXPIRES, 32) and _number(octets, value, at, 9) < 0:
            return _NOT
    return at


@compiled
def _addresses(octets: Octets, at: int, end: int, details: NDArray[np.int32], column: int) -> bool:
    """Tell whether it is a list of usual addresses with parameters. The first user goes to `column`, where there is one."""
    for _ in range(_MOST_VALUES):
        after, place = _address(octets, at, end)
        if after < 0:
            return False
        if column >= 0 and details[column] < 0:
            details[column], details[column + 1] = place[1], place[2]
        after = _parameters(octets, after, end)
        if after < 0:
            return False
        if after == end:
            return True
        at = after + 1
        while at < end and octets[at] == _SPACE:
            at += 1
    return False


@inner
def _tagged(octets: Octets, at: int, end: int, found: Found, row: int, to: bool) -> bool:
    """Read a From or To."""
    heads, details = found
    after, place = _address(octets, at, end)
    if after < 0:
        return False
    first, tag = (f.TO, f.TO_TAG) if to else (f.FROM, f.FROM_TAG)
    for column in range(6):
        details[row, first + column] = place[column]
    if after == end:
        return True
    if not _starts_with(octets, after, end, _TAG, 0) or after + 5 == end:
        return False
    heads[row, tag], heads[row, tag + 1] = after + 5, end
    return _run(octets, after + 5, end, f.TOKEN) == end


@compiled
def _via(octets: Octets, at: int, end: int, details: Rows, row: int, first: int) -> int:
    """Read one Via value into the columns from `first` on; return the place after it: the end or a comma, -1 for an unusual one."""
    if not _starts_with(octets, at, end, _SENT_BY, 0):
        return _NOT
    begin = at + 8
    at = begin
    while at < end and f.CLASSES[octets[at]] & f.TOKEN and f.CLASSES[octets[at] | 32] & f.HOST_EDGE:
        at += 1
    if at in (begin, end) or octets[at] != _SPACE:
        return _NOT
    host = at + 1
    at = _run(octets, host, end, f.HOST)
    if at == host or not f.CLASSES[octets[host]] & f.HOST_EDGE or not f.CLASSES[octets[at - 1]] & f.HOST_EDGE:
        return _NOT
    if _is_word(octets, host, at, _BROADCAST, 0):
        return _NOT
    details[row, first + f.VIA_HOST], details[row, first + f.VIA_HOST + 1] = host, at
    if at < end and octets[at] == _COLON:
        begin = at + 1
        at = _run(octets, begin, end, f.HOST_EDGE)
        port = _port(octets, begin, at)
        if port < 0:
            return _NOT
        details[row, first + f.VIA_PORT] = port
    return _via_parameters(octets, at, end, details, row, first)


@inner
def _via_parameters(octets: Octets, at: int, end: int, details: Rows, row: int, first: int) -> int:
    while at < end and octets[at] != _COMMA:
        if octets[at] != _SEMICOLON:
            return _NOT
        begin = at + 1
        at = _run(octets, begin, end, f.KEY)
        key = at
        if at == begin:
            return _NOT
        value = at
        if at < end and octets[at] == _EQUALS:
            value = at + 1
            at = _run(octets, value, end, f.VALUE)
        column, is_rport = _NOT, False
        if _is_word(octets, begin, key, _BRANCH, 32):
            column = f.VIA_BRANCH
        elif _is_word(octets, begin, key, _RECEIVED, 32):
            column = f.VIA_RECEIVED
        elif _is_word(octets, begin, key, _RPORT, 32):
            column, is_rport = f.VIA_RPORT, True
        if column < 0:
            continue
        if details[row, first + column] != _NOT or (at == value and not is_rport):
            return _NOT
        if is_rport:
            port = 0 if at == value else _number(octets, value, at, 5)
            if port < 0:
                return _NOT
            details[row, first + column] = port
        else:
            details[row, first + column], details[row, first + column + 1] = value, at
    return at


@compiled
def _vias(octets: Octets, at: int, end: int, found: Found, row: int) -> bool:
    """Read the values of one Via line."""
    heads, details = found
    for _ in range(f.MOST_VIAS):
        nth = heads[row, f.VIAS]
        if nth == f.MOST_VIAS:
            return False
        first = f.VIA + nth * f.VIA_COLUMNS
        after = _via(octets, at, end, details, row, first)
        if after < 0:
            return False
        heads[row, f.VIAS] = nth + 1
        if nth == 0:
            branch, branch_end = details[row, first + f.VIA_BRANCH], details[row, first + f.VIA_BRANCH + 1]
            if branch < 0 or branch_end - branch <= 7 or not _starts_with(octets, branch, branch_end, _COOKIE, 0):
                return False
            heads[row, f.BRANCH], heads[row, f.BRANCH + 1] = branch, branch_end
            sent_by = first + (f.VIA_HOST if details[row, first + f.VIA_RECEIVED] < 0 else f.VIA_RECEIVED)
            heads[row, f.SENT_BY], heads[row, f.SENT_BY + 1] = details[row, sent_by], details[row, sent_by + 1]
        if after == end:
            return True
        at = after + 1
        while at < end and octets[at] == _SPACE:
            at += 1
    return False


@inner
def _credential(octets: Octets, at: int, end: int, name: Octets) -> int:
    """Return where the value of a credentials' or challenge's parameter starts, as `wire` looks for it; -1 where it has none."""
    begin = at
    size = name.size - 1
    while at + size < end:
        may_start = at == begin or octets[at - 1] in (_COMMA, _SPACE, _TAB)
        if may_start and _is_word(octets, at, at + size, name, 32):
            after = at + size
            while after < end and octets[after] in (_SPACE, _TAB):
                after += 1
            if after < end and octets[after] == _EQUALS:
                after += 1
                while after < end and octets[after] in (_SPACE, _TAB):
                    after += 1
                return after
        at += 1
    return _NOT


@inner
def _claim(octets: Octets, at: int, end: int) -> int:
    """Return where the quoted text that starts at `at` ends; -1 where it is unusual, or could hold what must be dropped."""
    if at >= end or octets[at] != _QUOTE:
        return _NOT
    at += 1
    while at < end and octets[at] != _QUOTE:
        octet = octets[at]
        if octet in (_BACKSLASH, _EQUALS) or not f.CLASSES[octet] & f.PRINTABLE:
            return _NOT
        if octet == _SPACE and octets[at - 1] | 32 == 101:  # an "e" before it: "nonce " or "response "
            return _NOT
        at += 1
    return at if at < end else _NOT


@inner
def _credentials(octets: Octets, at: int, end: int, found: Found, row: int) -> bool:
    """Read whose Digest credentials they claim to be."""
    details = found.details
    if not _starts_with(octets, at, end, _DIGEST, 32):
        return False
    details[row, f.CREDENTIALS] = 1
    at += 7
    user = _credential(octets, at, end, _USER_NAME)
    realm = _credential(octets, at, end, _REALM)
    user_end, realm_end = _claim(octets, user, end), _claim(octets, realm, end)
    if user < 0 or realm < 0 or user_end < 0 or realm_end < 0:
        return False
    details[row, f.USER_NAME], details[row, f.USER_NAME + 1] = user + 1, user_end
    details[row, f.REALM], details[row, f.REALM + 1] = realm + 1, realm_end
    return True


@inner
def _is_stale(octets: Octets, at: int, end: int) -> bool:
    """Tell whether a challenge says `stale=true`."""
    value = _credential(octets, at, end, _STALE)
    if value < 0 or value >= end:
        return False
    if octets[value] == _QUOTE:
        return value + 5 < end and octets[value + 5] == _QUOTE and _is_word(octets, value + 1, value + 5, _TRUE, 32)
    after = value
    while after < end and octets[after] != _COMMA:
        after += 1
    while after > value and (octets[after - 1] == _SPACE or octets[after - 1] == _TAB):
        after -= 1
    return _is_word(octets, value, after, _TRUE, 32)


@inner
def _is_date(octets: Octets, at: int, end: int) -> bool:
    """Tell whether it is a date in RFC 1123's form that every month has."""
    if end - at != 29 or not _is_word(octets, at + 25, end, _GMT, 0):
        return False
    days, is_day = 0, False
    for row in range(f.DAY_WORDS.shape[0]):
        is_day |= _is_word(octets, at, at + 3, f.DAY_WORDS[row], 0)
    for row in range(f.MONTH_WORDS.shape[0]):
        if _is_word(octets, at + 8, at + 11, f.MONTH_WORDS[row], 0):
            days = f.MONTH_DAYS[row]
    marks = octets[at + 3] == _COMMA and octets[at + 19] == _COLON and octets[at + 22] == _COLON
    for gap in (4, 7, 11, 16):
        marks &= octets[at + gap] == _SPACE
    in_year = 1 <= _number(octets, at + 5, at + 7, 2) <= days and _number(octets, at + 12, at + 16, 4) >= 1
    for place, limit in ((17, 23), (20, 59), (23, 59)):
        marks &= 0 <= _number(octets, at + place, at + place + 2, 2) <= limit
    return bool(is_day and marks and in_year)


@inner
def _is_plain(octets: Octets, at: int, end: int) -> bool:
    """Tell whether it is one value without a comma, so that nothing in it needs to be looked at."""
    while at < end and octets[at] != _COMMA:
        at += 1
    return at == end


@inner
def _read_call_id(octets: Octets, at: int, end: int, heads: Rows, row: int) -> bool:
    heads[row, f.CALL_ID], heads[row, f.CALL_ID + 1] = at, end
    while at < end and octets[at] != _SPACE:
        at += 1
    return at == end and at > heads[row, f.CALL_ID]


@inner
def _read_cseq(octets: Octets, at: int, end: int, heads: Rows, row: int) -> bool:
    """Read number and method. A request's method must be the same, which the start line has said."""
    space = at
    while space < end and octets[space] != _SPACE:
        space += 1
    number = _number(octets, at, space, _CSEQ_DIGITS)
    method = _method(octets, space + 1, end)
    if number < 0 or number > _CSEQ_LIMIT or method == 0:
        return False
    if heads[row, f.STATUS] == 0 and heads[row, f.METHOD] != method:
        return False
    heads[row, f.METHOD], heads[row, f.CSEQ] = method, number
    return True


@inner
def _has_number(octets: Octets, at: int, end: int, limit: int) -> bool:
    return 0 <= _number(octets, at, end, 9) <= limit


@compiled
def _read(octets: Octets, at: int, end: int, field: int, found: Found, row: int) -> bool:  # size: one case a header field
    """Read the value of one header field that matters; false where it is unusual."""
    if _run(octets, at, end, f.PRINTABLE) != end:
        # A display name may be written in any script.
        return (field == f.FROM_FIELD or field == f.TO_FIELD) and _tagged(octets, at, end, found, row, field == f.TO_FIELD)
    heads = found.heads
    if field == f.VIA_FIELD:
        return _vias(octets, at, end, found, row)
    if field == f.FROM_FIELD or field == f.TO_FIELD:
        return _tagged(octets, at, end, found, row, field == f.TO_FIELD)
    if field == f.CALL_ID_FIELD:
        return _read_call_id(octets, at, end, heads, row)
    if field == f.CSEQ_FIELD:
        return _read_cseq(octets, at, end, heads, row)
    if field == f.MAX_FORWARDS:
        return octets[at] != 48 and _has_number(octets, at, end, _MOST_HOPS)
    if field == f.CONTENT_LENGTH:
        heads[row, f.BODY] = _number(octets, at, end, 9)
        return bool(heads[row, f.BODY] >= 0)
    if field == f.EXPIRES or field == f.RETRY_AFTER:
        return _has_number(octets, at, end, 999_999_999)
    if field == f.USER_AGENT_FIELD:
        found.details[row, f.USER_AGENT], found.details[row, f.USER_AGENT + 1] = at, end
        return True
    if field in (f.CONTACT, f.RECORD_ROUTE, f.ASSERTED, f.DIVERSION):
        column = f.ASSERTED_USER if field == f.ASSERTED else f.DIVERTED_USER if field == f.DIVERSION else _NOT
        if field == f.CONTACT or field == f.RECORD_ROUTE:
            if found.details[row, f.NAMING] == _NOT:
                found.details[row, f.NAMING] = at
            found.details[row, f.NAMING + 1] = end
        is_star = field == f.CONTACT and end - at == 1 and octets[at] == _STAR
        return is_star or _addresses(octets, at, end, found.details[row], column)
    if field == f.AUTHORIZATION:
        return found.details[row, f.CREDENTIALS] != 1 and _credentials(octets, at, end, found, row)
    if field == f.CHALLENGE:
        if _is_stale(octets, at, end):
            heads[row, f.STALE] = 1
        return True
    if field == f.DATE:
        return _is_date(octets, at, end)
    if field == f.PRIVACY:
        return True
    # Of these two a second line, or a list, would have to be taken apart. Require is taken apart always.
    is_second = heads[row, f.SEEN] >> field & 1
    return (field == f.IDENTITY or field == f.REASON) and is_second == 0 and _is_plain(octets, at, end)


@inner
def _start_line(octets: Octets, at: int, end: int, found: Found, row: int) -> int:
    """Read the start line; return the place after it, -1 where it is unusual."""
    close = at
    while close < end and octets[close] >= _SPACE and octets[close] != 127:
        close += 1
    if close + 1 >= end or octets[close] != _CR or octets[close + 1] != _LF:
        return _NOT
    heads = found.heads
    if _starts_with(octets, at, close, _SIP_2, 0):
        status = _number(octets, at + 8, at + 11, 3) if close >= at + 12 and octets[at + 11] == _SPACE else _NOT
        if status < 100 or status > 699:
            return _NOT
        heads[row, f.STATUS] = status
        return close + 2
    space = at
    while space < close and octets[space] != _SPACE:
        space += 1
    last = close - 8
    method = _method(octets, at, space)
    if method == 0 or last <= space or octets[last] != _SPACE or not _is_word(octets, last + 1, close, _VERSION, 0):
        return _NOT
    sound, place = _uri(octets, space + 1, last)
    if not sound:
        return _NOT
    heads[row, f.METHOD] = method
    for column in range(6):
        found.details[row, f.URI + column] = place[column]
    return close + 2


@inner
def _line(octets: Octets, at: int, end: int, found: Found, row: int) -> int:
    """Read one header line; return the place after it, -1 where it is unusual."""
    colon = _run(octets, at, end, f.TOKEN)
    if colon == at or colon >= end or octets[colon] != _COLON:
        return _NOT
    field = _field(octets, at, colon)
    close = colon + 1
    while close < end and (octets[close] >= _SPACE or octets[close] == _TAB) and octets[close] != 127:
        close += 1
    if close + 1 >= end or octets[close] != _CR or octets[close + 1] != _LF:
        return _NOT
    if field:
        begin, last = colon + 1, close
        while begin < last and octets[begin] == _SPACE:
            begin += 1
        while last > begin and octets[last - 1] == _SPACE:
            last -= 1
        seen = found.heads[row, f.SEEN]
        if seen & f.ONCE & (1 << field) or begin == last or not _read(octets, begin, last, field, found, row):
            return _NOT
        found.heads[row, f.SEEN] = seen | 1 << field
    return close + 2


@inner
def _message(octets: Octets, at: int, end: int, found: Found, row: int) -> bool:
    """Read one message; false where it is unusual."""
    heads = found.heads
    at = _start_line(octets, at, end, found, row)
    for _ in range(_MOST_LINES):
        if at < 0 or at + 1 >= end:
            return False
        if octets[at] == _CR:
            break
        at = _line(octets, at, end, found, row)
    if octets[at] != _CR or octets[at + 1] != _LF:
        return False
    for column in (f.CALL_ID, f.BRANCH, f.FROM_TAG, f.TO_TAG):
        if heads[row, column + 1] - heads[row, column] > f.LONGEST_TEXT:
            return False
    body, seen = heads[row, f.BODY], heads[row, f.SEEN]
    needed = f.REQUIRED if heads[row, f.STATUS] else f.REQUIRED | 1 << f.MAX_FORWARDS
    return bool(seen & needed == needed and (body < 0 or body == end - at - 2))


@compiled
def scan(octets: Octets, starts: NDArray[np.int64], ends: NDArray[np.int64], found: Found) -> None:
    """Read the messages that stand from `starts` to before `ends` in `octets`, each into its row of `found`."""
    for row in range(starts.size):
        found.heads[row] = _NOT
        found.details[row] = _NOT
        for column in (f.METHOD, f.STATUS, f.VIAS, f.STALE, f.SEEN):
            found.heads[row, column] = 0
        if not _message(octets, starts[row], ends[row], found, row):
            found.heads[row, f.METHOD] = 0

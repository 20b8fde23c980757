"""What the scanner of SIP heads writes of each message, and the words it knows.

All places are octets of the buffer that was scanned, so that a text is `buffer[place:end]`; -1 where there is none. Nothing of a
body, and of credentials nothing but who they claim to be, has a place here.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

METHODS: Final = (
    *("INVITE", "ACK", "BYE", "CANCEL", "REGISTER", "OPTIONS", "SUBSCRIBE"),
    *("NOTIFY", "PUBLISH", "MESSAGE", "INFO", "UPDATE", "PRACK", "REFER"),
)
"""Method number 1 is the first. A message of another is unusual."""
INVITE, ACK, BYE, CANCEL, REGISTER, OPTIONS, PUBLISH, MESSAGE, PRACK = 1, 2, 3, 4, 5, 6, 9, 10, 13
SCHEMES: Final = ("sip", "sips", "tel")

# Columns of `heads`, int32[n, HEAD_COLUMNS]: what the answer to every message needs.
METHOD: Final = 0  # 0: unusual, to be read by `wire`; what else stands in the row means nothing then
STATUS: Final = 1  # 0: a request
CALL_ID: Final = 2  # its place; each text takes two columns, the second is its end
CSEQ: Final = 4
BRANCH: Final = 5  # of the topmost Via
FROM_TAG: Final = 7
TO_TAG: Final = 9
VIAS: Final = 11  # how many
STALE: Final = 12  # 1: a challenge says `stale=true`
SENT_BY: Final = 13  # of the topmost Via: whom it came from, else who says that he sent it
ROW_COLUMNS: Final = 15  # those before are for the reader, the others are the scanner's own notes
SEEN: Final = 15  # bit f: header field number f came
BODY: Final = 16  # what Content-Length says
HEAD_COLUMNS: Final = 17

LONGEST_TEXT: Final = 128
"""A message with a longer text in these columns is unusual."""

# Columns of `details`, int32[n, DETAIL_COLUMNS]: what is needed where a request is seen first.
URI: Final = 0  # scheme's number, user's place and end, host's place and end, port or -1
FROM: Final = 6
TO: Final = 12
USER_AGENT: Final = 18
USER_NAME: Final = 20  # of the credentials
REALM: Final = 22
CREDENTIALS: Final = 24  # 1: there are some
ASSERTED_USER: Final = 25  # of the first P-Asserted-Identity that has one
DIVERTED_USER: Final = 27  # of the first Diversion that has one
NAMING: Final = 29  # from the first to the last value of Contact and Record-Route, whatever stands between
VIA: Final = 31  # of the topmost Via; the others follow
VIA_HOST, VIA_PORT, VIA_BRANCH, VIA_RECEIVED, VIA_RPORT = 0, 2, 3, 5, 7  # rport -1: none, 0: asked for
VIA_COLUMNS: Final = 8
MOST_VIAS: Final = 6  # a message with more is unusual
DETAIL_COLUMNS: Final = VIA + MOST_VIAS * VIA_COLUMNS

# Numbers of header fields, 0 for those passed over.
(
    _PASSED,
    AUTHORIZATION,
    CHALLENGE,
    CALL_ID_FIELD,
    CONTACT,
    CONTENT_LENGTH,
    CSEQ_FIELD,
    DATE,
    DIVERSION,
    EXPIRES,
    FROM_FIELD,
    IDENTITY,
    MAX_FORWARDS,
    ASSERTED,
    PRIVACY,
    REQUIRE,
    REASON,
    RECORD_ROUTE,
    RETRY_AFTER,
    TO_FIELD,
    USER_AGENT_FIELD,
    VIA_FIELD,
) = range(22)

NAMES: Final[dict[str, int]] = {
    "authorization": AUTHORIZATION,
    "proxy-authorization": AUTHORIZATION,
    "www-authenticate": CHALLENGE,
    "proxy-authenticate": CHALLENGE,
    "call-id": CALL_ID_FIELD,
    "i": CALL_ID_FIELD,
    "contact": CONTACT,
    "m": CONTACT,
    "content-length": CONTENT_LENGTH,
    "l": CONTENT_LENGTH,
    "cseq": CSEQ_FIELD,
    "date": DATE,
    "diversion": DIVERSION,
    "expires": EXPIRES,
    "from": FROM_FIELD,
    "f": FROM_FIELD,
    "identity": IDENTITY,
    "y": IDENTITY,
    "max-forwards": MAX_FORWARDS,
    "p-asserted-identity": ASSERTED,
    "privacy": PRIVACY,
    "proxy-require": REQUIRE,
    "require": REQUIRE,
    "reason": REASON,
    "record-route": RECORD_ROUTE,
    "retry-after": RETRY_AFTER,
    "to": TO_FIELD,
    "t": TO_FIELD,
    "user-agent": USER_AGENT_FIELD,
    "via": VIA_FIELD,
    "v": VIA_FIELD,
}
"""Header name or compact form, in lower case, to the number of its field."""

ONCE: Final = sum(
    1 << number
    for number in (CALL_ID_FIELD, CSEQ_FIELD, FROM_FIELD, TO_FIELD, MAX_FORWARDS, CONTENT_LENGTH, EXPIRES, USER_AGENT_FIELD, DATE)
)
"""Fields of which a second line is a defect."""
REQUIRED: Final = sum(1 << number for number in (CALL_ID_FIELD, CSEQ_FIELD, FROM_FIELD, TO_FIELD, VIA_FIELD))

# Classes of octets.
TOKEN, HOST, HOST_EDGE, USER, URI_PARAMETER, KEY, VALUE, PRINTABLE, TEL = 1, 2, 4, 8, 16, 32, 64, 128, 256


def _classes() -> NDArray[np.uint16]:
    """Return for each octet the classes that it is in."""
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    digits = "0123456789"
    visible = "".join(map(chr, range(0x21, 0x7F)))
    members = {
        TOKEN: letters + digits + "-.!%*_+`'~",
        HOST: letters[:26] + digits + ".-",
        HOST_EDGE: letters[:26] + digits,
        USER: set(visible) - set('@:;%?<>"'),
        URI_PARAMETER: set(visible) - set('@?<>",'),
        KEY: set(visible) - set(';,="<>'),
        VALUE: set(visible) - set(';,"<>'),
        PRINTABLE: " " + visible,
        TEL: letters + digits + "+*#().-",
    }
    classes = np.zeros(256, np.uint16)
    for bit, characters in members.items():
        classes[[ord(character) for character in characters]] |= bit
    return classes


def _words(texts: tuple[str, ...]) -> NDArray[np.uint8]:
    """Return the texts as rows of octets, each followed by zeros."""
    words = np.zeros((len(texts), max(map(len, texts)) + 1), np.uint8)
    for row, text in zip(words, texts, strict=True):
        row[: len(text)] = list(text.encode())
    return words


CLASSES: Final = _classes()
METHOD_WORDS: Final = _words(METHODS)
NAME_WORDS: Final = _words(tuple(sorted(NAMES, key=lambda name: (len(name), name))))
NAME_FIELDS: Final = np.array([NAMES[name] for name in sorted(NAMES, key=lambda name: (len(name), name))], np.int64)
LONGEST_NAME: Final = max(map(len, NAMES))
NAME_STARTS: Final = np.array([sum(len(name) < length for name in NAMES) for length in range(LONGEST_NAME + 2)], np.int64)
"""The names of length n are those from `NAME_STARTS[n]` to before `NAME_STARTS[n + 1]`."""
MONTH_WORDS: Final = _words(("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"))
MONTH_DAYS: Final = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], np.int64)
DAY_WORDS: Final = _words(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"))

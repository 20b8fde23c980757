"""A SIP message as far as the policy needs it (RFC 3261). Bodies and digest responses have no place here, so they cannot leak.

The types are structs and not dataclasses because a message has some forty parts: building them took longer than reading them.
"""

from enum import StrEnum
from typing import Final

from msgspec import Struct


class Defect(StrEnum):
    """What was wrong with a message. Each is counted; none stops the parser.

    A defect of syntax breaks RFC 3261's grammar or framing (section 25); any other is a message well formed that cannot mean what
    it says, or that a receiver cannot serve (RFC 4475 sections 3.2 to 3.4).
    """

    EMPTY = "empty"  # no message at all, or only keep-alive
    START_LINE = "start-line"  # neither a request line nor a status line, or with white space too much
    VERSION = "version"  # not SIP/2.0
    METHOD = "method"  # not a token
    REQUEST_URI = "request-uri"  # unreadable, in angle brackets, or with header fields in it
    STATUS_CODE = "status-code"  # not a number from 100 to 699
    HEAD_UNFINISHED = "head-unfinished"  # no empty line ends the header fields: cut off
    HEADER_LINE = "header-line"  # without a colon, or its name is no token
    LINE_END = "line-end"  # a carriage return alone
    HEADER_COUNT = "header-count"  # more header fields, or values in one, than anybody needs: the rest is not read
    URI = "uri"  # unreadable, or where it must not stand
    HOST = "host"  # of a URI or Via: not a name or address, or a bad port
    ESCAPE = "escape"  # a percent sign not followed by two hexadecimal digits, in a user part
    ADDRESS = "address"  # a name-addr or addr-spec against the grammar
    DISPLAY_NAME = "display-name"  # unquoted, and more than tokens
    QUOTE = "quote"  # a quoted string that never ends
    PARAMETER = "parameter"  # an empty or unreadable one
    VIA = "via"  # not protocol, version, transport and sent-by
    CALL_ID = "call-id"  # empty, or with white space in it
    CSEQ = "cseq"  # not a number and a method
    CSEQ_METHOD = "cseq-method"  # not the request line's
    NUMBER = "number"  # not digits where a number stands
    NUMBER_RANGE = "number-range"  # larger than its field can be
    DATE = "date"  # not an RFC 1123 date in GMT
    CREDENTIALS = "credentials"  # unreadable
    BODY_SHORT = "body-short"  # shorter than Content-Length

    EXCESS = "excess"  # octets after what Content-Length announced; over UDP they are to be discarded
    MISSING_HEADER = "missing-header"  # To, From, Call-ID, CSeq, Via, or Max-Forwards in a request
    REPEATED_HEADER = "repeated-header"  # one that may stand once; the first is read
    BRANCH = "branch"  # the topmost Via's is absent, lacks the cookie z9hG4bK, or is nothing else
    UNKNOWN_SCHEME = "unknown-scheme"  # of a URI: not sip, sips or tel
    UNKNOWN_EXTENSION = "unknown-extension"  # required, and registered with nobody
    UNKNOWN_CREDENTIALS = "unknown-credentials"  # an authentication scheme nobody registered
    HOPS_EXHAUSTED = "hops-exhausted"  # Max-Forwards is 0
    BROADCAST = "broadcast"  # a Via would send the response to everybody
    CONTROL_CHARACTER = "control-character"  # in the head; shown as a question mark

    @property
    def is_syntax(self) -> bool:
        """Tell whether it breaks the grammar or the framing, and not only the sense."""
        return self not in _OF_SENSE


_OF_SENSE: Final = frozenset(list(Defect)[list(Defect).index(Defect.EXCESS) :])


class Uri(Struct, frozen=True, gc=False):
    """`user` is unescaped (RFC 3986), without password and parameters; `None` where absent. `host` in lower case.

    Escaped control characters stay escaped. A `tel` URI has its number as `user`, `urn:service:sos` its `service:sos`, lower case;
    of a scheme unknown here only the name is kept.
    """

    scheme: str
    user: str | None
    host: str | None
    port: int | None = None


class Via(Struct, frozen=True, gc=False):
    """One Via value (RFC 3261 section 20.42; RFC 3581 for `rport`). `transport` in upper case.

    `rport` is 0 where it was asked for and not yet filled.
    """

    transport: str
    host: str
    port: int | None
    branch: str | None
    received: str | None = None
    rport: int | None = None


class Authorization(Struct, frozen=True, gc=False):
    """That credentials came, and whose they claim to be. Response, nonce and cnonce are dropped.

    `scheme` in lower case; `unknown` for one that nobody registered, since what stands there might be the secret itself.
    """

    scheme: str
    username: str | None
    realm: str | None


class Message(Struct, frozen=True, gc=False):
    """A request (`method` and `uri` set, `status` 0) or a response (`status` 100 to 699, `method` from CSeq).

    What is missing or unreadable is `None` or empty, and a defect says so.
    """

    method: str | None
    uri: Uri | None
    status: int
    reason_phrase: str | None
    call_id: str | None
    cseq: int | None
    cseq_method: str | None
    from_uri: Uri | None
    from_tag: str | None
    to_uri: Uri | None
    to_tag: str | None
    vias: tuple[Via, ...] = ()
    contacts: tuple[Uri, ...] = ()
    record_routes: tuple[Uri, ...] = ()
    authorization: Authorization | None = None
    stale: bool = False
    """A challenge in it says `stale=true` (RFC 7616 section 3.3)."""
    asserted: tuple[Uri, ...] = ()
    """P-Asserted-Identity (RFC 3325)."""
    diversions: tuple[Uri, ...] = ()
    """Diversion (RFC 5806), newest first."""
    identities: tuple[str, ...] = ()
    """Identity header values as sent (RFC 8224)."""
    privacy: tuple[str, ...] = ()
    reason: tuple[str, ...] = ()
    """Reason header values as sent (RFC 3326)."""
    user_agent: str | None = None
    max_forwards: int | None = None
    expires: int | None = None
    content_length: int | None = None
    body_bytes: int = 0
    """How long the body was. It itself is dropped."""
    defects: tuple[Defect, ...] = ()

    @property
    def is_request(self) -> bool:
        """Tell whether it is a request. A status line that cannot be read is none either: its `method` is `None`."""
        return self.status == 0

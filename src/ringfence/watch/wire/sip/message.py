"""A SIP message as far as the policy needs it (RFC 3261). Bodies and digest responses have no place here, so they cannot leak."""

from dataclasses import dataclass
from enum import StrEnum


class Defect(StrEnum):
    """What was wrong with a message. Each is counted; none stops the parser. The list grows with the torture tests."""

    EMPTY = "empty"
    START_LINE = "start-line"


@dataclass(frozen=True, slots=True)
class Uri:
    """`user` is unescaped (RFC 3986), without password and parameters; `None` where absent. `host` in lower case."""

    scheme: str
    user: str | None
    host: str | None
    port: int | None = None


@dataclass(frozen=True, slots=True)
class Via:
    """One Via value (RFC 3261 section 20.42; RFC 3581 for `rport`)."""

    transport: str
    host: str
    port: int | None
    branch: str | None
    received: str | None = None
    rport: int | None = None


@dataclass(frozen=True, slots=True)
class Authorization:
    """That credentials came, and whose they claim to be. Response, nonce and cnonce are dropped."""

    scheme: str
    username: str | None
    realm: str | None


@dataclass(frozen=True, slots=True)
class Message:
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
        """Tell whether it is a request."""
        return self.status == 0

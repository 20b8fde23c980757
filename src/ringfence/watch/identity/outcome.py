"""What verifying a call's signed identity came to, and the SIP answer that says so."""

from enum import StrEnum
from typing import Final, NamedTuple


class Outcome(StrEnum):
    """One word for a signed identity (RFC 8224, RFC 8225, RFC 8588, RFC 8946), in the order in which they are looked for."""

    UNSIGNED = "unsigned"  # no Identity header
    UNREADABLE = "unreadable"  # the header, the token's JSON or one of its claims
    UNSUPPORTED = "unsupported"  # a PASSporT type, algorithm or compact form that nobody here verifies
    LOCATION_REFUSED = "location-refused"  # the certificate's URL breaks ATIS-1000074 section 5.3.1
    UNFETCHED = "unfetched"  # the certificate could not be had
    CERTIFICATE_REFUSED = "certificate-refused"  # no path to a trusted root, out of its time, revoked, or names no authority
    STALE = "stale"  # signed too long ago, or in the future
    SIGNATURE_WRONG = "signature-wrong"
    REPLAYED = "replayed"  # the same signature stood on another call
    CALLER_MISMATCH = "caller-mismatch"  # signed for another caller
    CALLEE_MISMATCH = "callee-mismatch"  # signed for another callee, and no diversion leads there
    NOT_COVERED = "not-covered"  # the certificate speaks for other numbers
    OVER_ATTESTED = "over-attested"  # attested A for a number that nobody can answer for
    VERIFIED = "verified"
    VERIFIED_DIVERTED = "verified-diverted"  # a chain of diversions leads from the signed callee to this one


class Response(NamedTuple):
    """A final answer, or (RFC 9410) the cause of a `Reason: STIR` header where the call goes on."""

    code: int
    phrase: str


_INVALID: Final = Response(438, "Invalid Identity Header")
RESPONSES: Final = {
    Outcome.UNSIGNED: Response(428, "Use Identity Header"),
    Outcome.UNREADABLE: _INVALID,
    Outcome.UNSUPPORTED: _INVALID,
    Outcome.LOCATION_REFUSED: Response(436, "Bad Identity Info"),
    Outcome.UNFETCHED: Response(436, "Bad Identity Info"),
    Outcome.CERTIFICATE_REFUSED: Response(437, "Unsupported Credential"),
    Outcome.STALE: Response(403, "Stale Date"),
    Outcome.SIGNATURE_WRONG: _INVALID,
    Outcome.REPLAYED: _INVALID,
    Outcome.CALLER_MISMATCH: _INVALID,
    Outcome.CALLEE_MISMATCH: _INVALID,
    Outcome.NOT_COVERED: _INVALID,
}
"""RFC 8224 section 6.2.2. An over-attested call is answered by the rule that finds it, not by the verifier."""

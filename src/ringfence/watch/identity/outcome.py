"""The SIP answer that says what verifying a call's signed identity came to."""

from typing import Final, NamedTuple

from ringfence.vocabulary.identity import IdentityOutcome as Outcome

__all__ = ["RESPONSES", "Outcome", "Response"]


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

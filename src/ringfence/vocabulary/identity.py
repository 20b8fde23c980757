"""What verifying a call's signed identity (STIR/SHAKEN) came to, in one word."""

from enum import StrEnum
from typing import Final


class IdentityOutcome(StrEnum):
    """One word for a signed identity (RFC 8224, RFC 8225, RFC 8588, RFC 8946), in the order in which they are looked for."""

    UNSIGNED = "unsigned"  # no Identity header
    UNREADABLE = "unreadable"  # the header, the token's JSON or one of its claims
    UNSUPPORTED = "unsupported"  # a PASSporT type, algorithm or compact form that nobody here verifies
    LOCATION_REFUSED = "location-refused"  # the certificate's URL breaks ATIS-1000074 section 5.3.1
    UNFETCHED = "unfetched"  # the certificate could not be had
    CERTIFICATE_REFUSED = "certificate-refused"  # no path to a trusted root, out of its time, revoked, or names no authority
    STALE = "stale"  # signed too long ago, or in the future
    SIGNATURE_WRONG = "signature-wrong"
    FAILED = "failed"  # another server's verdict (verstat TN-Validation-Failed, 3GPP TS 24.229 section 7.2A.20): why it doesn't say
    REPLAYED = "replayed"  # the same signature stood on another call
    CALLER_MISMATCH = "caller-mismatch"  # signed for another caller
    CALLEE_MISMATCH = "callee-mismatch"  # signed for another callee, and no diversion leads there
    NOT_COVERED = "not-covered"  # the certificate speaks for other numbers
    OVER_ATTESTED = "over-attested"  # attested A for a number that nobody can answer for
    VERIFIED = "verified"
    VERIFIED_DIVERTED = "verified-diverted"  # a chain of diversions leads from the signed callee to this one


_VERSTAT: Final = {"tn-validation-passed": IdentityOutcome.VERIFIED, "tn-validation-failed": IdentityOutcome.FAILED}
_ATTESTED: Final = ("-a", "-b", "-c")


def of_verstat(text: str) -> IdentityOutcome | None:
    """Return what a `verstat` says (3GPP TS 24.229 section 7.2A.20; some write the attestation behind it), or one of our own words.

    `None` for `No-TN-Validation` and whatever else says nothing.

    >>> of_verstat("TN-Validation-Passed-A").value, of_verstat("No-TN-Validation"), of_verstat("replayed").value
    ('verified', None, 'replayed')
    """
    word = text.strip().lower()
    found = _VERSTAT.get(word[:-2] if word.endswith(_ATTESTED) else word)
    if found is not None:
        return found
    return IdentityOutcome(word) if word in _WORDS else None


_WORDS: Final = frozenset(str(word) for word in IdentityOutcome)

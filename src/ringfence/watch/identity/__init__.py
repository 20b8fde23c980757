"""STIR/SHAKEN verification, pure: certificates, trusted roots and the time are arguments (RFC 8224, 8225, 8226, 8588, 8946)."""

from ringfence.watch.identity.authority import Authority
from ringfence.watch.identity.certificates import CertificateRefused, Trust, read_certificates, read_revocations, revoked_by
from ringfence.watch.identity.identities import UNSIGNED, Identified, Identities
from ringfence.watch.identity.location import location_defect
from ringfence.watch.identity.outcome import RESPONSES, Outcome, Response
from ringfence.watch.identity.passport import Passport, PassportRefused, read_passport
from ringfence.watch.identity.verification import FRESHNESS_US, SignedCall, Verification, Verifier, digits_of

__all__ = [
    "FRESHNESS_US",
    "RESPONSES",
    "UNSIGNED",
    "Authority",
    "CertificateRefused",
    "Identified",
    "Identities",
    "Outcome",
    "Passport",
    "PassportRefused",
    "Response",
    "SignedCall",
    "Trust",
    "Verification",
    "Verifier",
    "digits_of",
    "location_defect",
    "read_certificates",
    "read_passport",
    "read_revocations",
    "revoked_by",
]

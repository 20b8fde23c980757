"""Signed identities in the path: verified, told to rules and askers, and made for an originating provider (docs/stir.md)."""

from ringfence.gate.identity.checks import Checked, IdentityChecks
from ringfence.gate.identity.fetching import Fetcher
from ringfence.gate.identity.keys import Keys, KeyUnusable
from ringfence.gate.identity.service import Identity
from ringfence.gate.identity.signing import NotSigned, Signature, Signing
from ringfence.gate.identity.store import CertificateStore

__all__ = [
    "CertificateStore",
    "Checked",
    "Fetcher",
    "Identity",
    "IdentityChecks",
    "KeyUnusable",
    "Keys",
    "NotSigned",
    "Signature",
    "Signing",
]

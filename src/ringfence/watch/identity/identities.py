"""The signed identities of a network's calls, each verified once: what calls are told by, and nothing of the signature itself."""

from typing import Final

from msgspec import Struct

from ringfence.vocabulary.attestation import Attestation
from ringfence.vocabulary.identity import IdentityOutcome
from ringfence.watch.identity.verification import SignedCall, Verifier


class Identified(Struct, frozen=True):
    """What an event says of a call's identity. `signer` is the provider code of the certificate, else its subject."""

    verification: IdentityOutcome
    attestation: Attestation | None = None
    signer: str | None = None


UNSIGNED: Final = Identified(IdentityOutcome.UNSIGNED)


class Identities:
    """Verifies calls in the order of their times. `own_code` is the code by which this provider signs, `None` where nobody told it.

    With it, an A that somebody else signed for a number held here is more than they can know.
    """

    def __init__(self, verifier: Verifier, own_code: str | None = None) -> None:
        self.verifier: Final = verifier
        self.own_code: Final = own_code

    def of(self, call: SignedCall) -> Identified:
        """Return what the Identity headers of a call come to."""
        found = self.verifier.verify(call)
        return Identified(found.outcome, found.attestation, found.provider)

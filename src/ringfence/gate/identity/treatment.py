"""What is done about each outcome of verifying a signed identity, and how an answer says it (RFC 8224, RFC 9410)."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from ringfence.gate.configuration import FAILING, PENDING, Treatment
from ringfence.gate.reasons import speakable
from ringfence.vocabulary.contracts import Verdict, VerdictAction
from ringfence.vocabulary.identity import IdentityOutcome
from ringfence.vocabulary.numbers import is_e164
from ringfence.watch.identity import RESPONSES, Response, Verification

IDENTITY_HEADER: Final = "P-Ringfence-Identity"
"""The outcome in one word, what was attested, and who signed."""

_OTHERWISE: Final = Response(438, "Invalid Identity Header")
"""For an identity whose signature holds and that says more than its signer can know: what it states is not so."""
_SOUND: Final = (IdentityOutcome.VERIFIED, IdentityOutcome.VERIFIED_DIVERTED)
_SIGNATURE: Final = re.compile(r"[A-Za-z0-9_-]{1,128}\Z")
_LONGEST_SIGNER: Final = 128


def treatment_of(word: str, treatments: Mapping[str, Treatment]) -> Treatment:
    """Return what is done about an outcome: what is said of that word, else of all that failed, else nothing."""
    said = treatments.get(word)
    if said is None and word in FAILING:
        said = treatments.get("failed")
    return said or "allow"


def refusal(outcome: IdentityOutcome, reasons: str) -> Verdict:
    """Return the verdict on a call that is refused for its identity: the code of RFC 8224 section 6.2.2 and the reasons."""
    code, phrase = RESPONSES.get(outcome, _OTHERWISE)
    return Verdict(action=VerdictAction.REJECT, code=code, phrase=phrase, reason=reasons)


def reasons_of(found: Verification, headers: Sequence[str]) -> str:
    """Return the value of a Reason header: for each Identity header that failed its code, with its signature to tell it by.

    Empty where none failed.
    """
    told = [
        _reason(outcome, header)
        for (outcome, _), header in zip(found.each, headers, strict=False)
        if outcome not in _SOUND and outcome is not IdentityOutcome.UNSIGNED
    ]
    if not told and found.outcome not in _SOUND:
        told = [_reason(found.outcome, "")]
    return ", ".join(told)


def marks(word: str, found: Verification, reasons: str, caller: str | None) -> dict[str, str]:
    """Return the header fields that tell an asker what verification came to."""
    said = word
    if found.attestation is not None:
        said += f";attest={found.attestation}"
    if found.provider is not None:
        said += f';signer="{speakable(found.provider)[:_LONGEST_SIGNER]}"'
    headers = {IDENTITY_HEADER: said}
    if caller is not None and is_e164(caller):
        headers["P-Asserted-Identity"] = f"<tel:{caller};verstat={_verstat(word)}>"
    if reasons:
        headers["Reason"] = reasons
    return headers


def _verstat(word: str) -> str:
    """Return the outcome in the words of 3GPP TS 24.229 section 7.2A.20."""
    if word in _SOUND:
        return "TN-Validation-Passed"
    return "TN-Validation-Failed" if word in FAILING else "No-TN-Validation"


def _reason(outcome: IdentityOutcome, header: str) -> str:
    code, phrase = RESPONSES.get(outcome, _OTHERWISE)
    signature = header.partition(";")[0].strip().rpartition(".")[2]
    named = f';ppi="..{signature}"' if _SIGNATURE.match(signature) else ""
    return f'STIR;cause={code};text="{phrase}"{named}'


def word_of(outcome: IdentityOutcome, *, pending: bool) -> str:
    """Return the word for an outcome; `pending`: its certificate is on its way."""
    return PENDING if pending and outcome is IdentityOutcome.UNFETCHED else str(outcome)

"""Verifying calls while they are asked about: bound to the call as it was sent, and to what is known of its sender."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from msgspec import Struct

from ringfence.gate.configuration import Treatment
from ringfence.gate.identity.store import CertificateStore
from ringfence.gate.identity.treatment import marks, reasons_of, refusal, treatment_of, word_of
from ringfence.gate.inline.situations import Situation
from ringfence.vocabulary.contracts import Verdict
from ringfence.vocabulary.numbers import to_e164
from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.identity import Identified, SignedCall, Trust, Verification, Verifier, digits_of

_EMERGENCY_SERVICE: Final = "urn:service:sos"


class Checked(Struct, frozen=True, kw_only=True):
    """What verifying came to in one word, the header fields that tell it where it passes, and the refusal where it must not."""

    word: str
    headers: dict[str, str] = {}
    refusal: Verdict | None = None


class IdentityChecks:
    """Verifies each call once it is asked about. Nothing in a request makes it raise, and nothing here waits."""

    def __init__(
        self,
        trust: Trust,
        store: CertificateStore,
        *,
        own_code: str | None = None,
        country: str | None = None,
        freshness_s: int = 60,
    ) -> None:
        self._store = store
        self._own_code = own_code
        self._verifier = Verifier(trust, store, comparable=_comparable(country), freshness_us=freshness_s * SECOND)
        self.outcomes: Counter[str] = Counter()

    @property
    def forgotten(self) -> int:
        """How many signatures were forgotten before their time: a replay of one of them would pass."""
        return self._verifier.forgotten

    def trust(self, trust: Trust) -> None:
        """Trust these roots, less what they revoked, from now on."""
        self._verifier.trust(trust)

    def look(
        self,
        situation: Situation,
        directory: Directory,
        now: Micros,
        *,
        treatments: Mapping[str, Treatment],
        own: bool = False,
    ) -> tuple[Situation, Checked | None]:
        """Return the situation with what the call's signatures come to, and what follows from that; only INVITEs are looked at.

        `own`: it comes from a node of one's own, which asks about its calls itself.
        """
        ask = situation.ask
        if ask.method != "INVITE":
            return situation, None
        caller = ask.asserted or ask.caller
        found = self._verified(situation, caller, directory, now, own=own)
        word = word_of(found.outcome, pending=self._store.missed)
        self.outcomes[word] += 1
        situation = replace(situation, identified=Identified(found.outcome, found.attestation, found.provider))
        treatment = treatment_of(word, treatments)
        if treatment == "allow" or calls_for_help(ask.callee, directory):
            return situation, Checked(word=word)
        reasons = reasons_of(found, ask.identity)
        if treatment == "refuse":
            return situation, Checked(word=word, refusal=refusal(found.outcome, reasons))
        return situation, Checked(word=word, headers=marks(word, found, reasons, caller))

    def _verified(self, situation: Situation, caller: str | None, directory: Directory, now: Micros, *, own: bool) -> Verification:
        self._store.begin()
        ask = situation.ask
        holder = customer_of = None
        if ask.identity and caller is not None and self._own_code is not None:
            held_by = directory.holder(caller, now)
            holder = self._own_code if held_by is not None else None
            if _has_no_right(ask.account, caller, held_by, directory, now):
                customer_of = self._own_code
        callees = (ask.callee, situation.target, situation.called_to)
        return self._verifier.verify(
            SignedCall(
                call_id=ask.call_id,
                time=now,
                caller=caller,
                callees=tuple(dict.fromkeys(each for each in callees if each is not None)),
                identities=ask.identity,
                holder=holder,
                customer_of=customer_of,
                own=own,
            )
        )


def _has_no_right(account: str | None, caller: str, held_by: str | None, directory: Directory, now: Micros) -> bool:
    """Tell whether a customer whose numbers are known shows one that is none of them.

    Of an account without numbers nobody can say: it may carry calls of others.
    """
    if account is None or held_by == account or not directory.has_numbers(account):
        return False
    return not directory.may_show(account, caller, now)


def calls_for_help(callee: str | None, directory: Directory) -> bool:
    """Tell whether the call may be for help, anywhere: nothing about an identity stands in its way."""
    if callee is None:
        return False
    return callee.startswith(_EMERGENCY_SERVICE) or callee in directory.every_emergency_number


def _comparable(country: str | None) -> Callable[[str], str]:
    """Return what makes numbers alike: as E.164 where they are dialled in `country`, in digits alone."""
    if country is None:
        return digits_of

    def comparable(number: str) -> str:
        digits = digits_of(number)
        # What is signed has no plus sign (RFC 8224 section 8.3): a national form begins with the prefix for trunk calls.
        return digits_of(to_e164(number, country) or number) if number.startswith(("+", "0")) else digits

    return comparable

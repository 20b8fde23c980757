"""Verifying the signed identity of a call: bound to its numbers, fresh, by a trusted signer, and on one call only (RFC 8224)."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from ringfence.vocabulary.attestation import Attestation
from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.identity.certificates import CertificateRefused, Signer, Trust, read_certificates, signature_holds, signer_of
from ringfence.watch.identity.location import location_defect
from ringfence.watch.identity.outcome import Outcome
from ringfence.watch.identity.passport import Passport, PassportRefused, read_passport

FRESHNESS_US: Final = Micros(60 * SECOND)
"""How old a signature may be: what two widely used SIP servers allow (others 15 s and 300 s)."""
_MOST_HEADERS: Final = 10
_MOST_REMEMBERED: Final = 500_000
_MOST_SIGNERS: Final = 10_000
_REFUSED_FOR_US: Final = Micros(60 * SECOND)
"""For so long a file that was refused is not looked at again: its path takes ten times what a signature takes."""
_ORDER: Final = {outcome: place for place, outcome in enumerate(Outcome)}
_SEPARATORS: Final = str.maketrans("", "", "+-.() ")


class SignedCall(Struct, frozen=True, kw_only=True):
    """What verification needs of an initial INVITE. Numbers as sent; `comparable` of the verifier makes them alike."""

    call_id: str
    time: Micros
    caller: str | None
    """P-Asserted-Identity where a trusted peer sent one, else From (ATIS-1000074 section 5.3)."""
    callees: tuple[str, ...]
    """The numbers of To and of the request URI."""
    identities: tuple[str, ...]
    """Identity header values."""
    caller_defect: str | None = None
    """Why nobody can answer for the caller's number ("unallocated", "do-not-originate" …), where that is known."""
    holder: str | None = None
    """The code of the provider that holds the caller's number, where that is known."""
    customer_of: str | None = None
    """The code of the provider whose customer sends it without any right to the caller's number, where that is known."""
    own: bool = False
    """Seen again on a leg of one's own, behind a node that changes Call-IDs: no replay."""


class Verification(Struct, frozen=True, kw_only=True):
    """What it came to. `cause` says why in words; the other fields are what was signed, `None` where no signature was believed."""

    outcome: Outcome
    cause: str | None = None
    attestation: Attestation | None = None
    provider: str | None = None
    """The signer's provider code, else the subject of its certificate."""
    origin_id: str | None = None
    each: tuple[tuple[Outcome, str | None], ...] = ()
    """What each header came to, in their order: one `Reason: STIR` per header that failed (RFC 9410)."""


class _Failed(Struct, frozen=True):
    """A header that proves nothing about this call. With a `sound` token it was at least signed by somebody trusted."""

    outcome: Outcome
    cause: str
    sound: "_Sound | None" = None


class _Sound(Struct, frozen=True):
    """A token of a trusted signer, fresh and with its signature: not yet held against the call."""

    passport: Passport
    signer: Signer


class _Bound(Struct, frozen=True):
    """A sound SHAKEN token that is about this call."""

    sound: _Sound
    diverted: bool


def digits_of(number: str) -> str:
    """Return a number's canonical form where all are international already: digits alone (RFC 8224 section 8.3)."""
    return number.translate(_SEPARATORS)


class Verifier:
    """Verifies calls in the order of their times. `certificates` maps URLs to files already fetched; it may grow meanwhile."""

    def __init__(
        self,
        trust: Trust,
        certificates: Mapping[str, bytes],
        *,
        comparable: Callable[[str], str] = digits_of,
        freshness_us: int = FRESHNESS_US,
    ) -> None:
        self._trust, self._certificates = trust, certificates
        self._comparable, self._freshness_us = comparable, freshness_us
        self._signers: dict[str, tuple[bytes, Signer]] = {}
        self._refused: dict[str, tuple[bytes, Micros, str]] = {}
        self._seen: OrderedDict[bytes, tuple[str, int]] = OrderedDict()
        self.forgotten = 0
        """Signatures forgotten before their time because there were too many: a replay of one of them would pass."""

    def trust(self, trust: Trust) -> None:
        """Trust these roots, less what they revoked, from now on."""
        self._trust = trust
        self._signers.clear()
        self._refused.clear()

    def verify(self, call: SignedCall) -> Verification:
        """Return what the call's Identity headers come to. No text in them makes it raise."""
        if not call.identities:
            return Verification(outcome=Outcome.UNSIGNED)
        alone = self._alone(call)
        judged = [self._held(call, one, alone) for one in alone]
        each = tuple(_said(one) for one in judged)
        best = judged[max(range(len(judged)), key=lambda place: (_ORDER[each[place][0]], -place))]
        outcome, cause = _said(best)
        if isinstance(best, _Sound):
            return Verification(outcome=Outcome.UNREADABLE, cause="a diversion without the identity that was diverted", each=each)
        if best.sound is None:
            return Verification(outcome=outcome, cause=cause, each=each)
        passport, signer = best.sound.passport, best.sound.signer
        return Verification(
            outcome=outcome,
            cause=cause,
            attestation=passport.attestation,
            provider=(signer.authority.providers or (signer.name,))[0],
            origin_id=passport.origin_id,
            each=each,
        )

    def snapshot(self) -> bytes:
        """Return the signatures still remembered; `restore` takes them back."""
        return msgspec.msgpack.encode(list(self._seen.items()))

    def restore(self, snapshot: bytes) -> None:
        """Remember what `snapshot` holds instead of what is remembered now. Raises `msgspec.MsgspecError` where it is none."""
        self._seen = OrderedDict(msgspec.msgpack.decode(snapshot, type=list[tuple[bytes, tuple[str, int]]]))

    def _alone(self, call: SignedCall) -> list[_Failed | _Sound]:
        """Judge each header alone.

        A call rings before it is forwarded: its first signature need only be as fresh as the first diversion is.
        """
        read = [_read(header) for header in call.identities[:_MOST_HEADERS]]
        judged: dict[int, _Failed | _Sound] = {}
        first = call.time
        for place, one in sorted(enumerate(read), key=lambda at: isinstance(at[1], Passport) and at[1].kind == "shaken"):
            judged[place] = sound = one if isinstance(one, _Failed) else self._sound(one, call.time, first)
            if isinstance(sound, _Sound) and sound.passport.kind == "div":
                first = Micros(min(first, sound.passport.issued_s * SECOND))
        return [judged[place] for place in range(len(read))]

    def _sound(self, passport: Passport, now: Micros, reference: Micros) -> _Failed | _Sound:
        """Judge a token by its certificate, age and signature; `reference` is when it had to be fresh."""
        defect = location_defect(passport.location)
        if defect is not None:
            return _Failed(Outcome.LOCATION_REFUSED, defect)
        data = self._certificates.get(passport.location)
        if data is None:
            return _Failed(Outcome.UNFETCHED, "the certificate is not at hand")
        try:
            signer = self._signer(passport.location, data, now)
        except CertificateRefused as refused:
            return _Failed(Outcome.CERTIFICATE_REFUSED, str(refused))
        issued = passport.issued_s * SECOND
        if not reference - self._freshness_us <= issued <= now + self._freshness_us:
            return _Failed(
                Outcome.STALE, f"signed {abs(now - issued) // SECOND} s {'before' if issued <= now else 'after'} the call"
            )
        if not signature_holds(signer.key, passport.signed, passport.signature):
            return _Failed(Outcome.SIGNATURE_WRONG, "not signed with the certificate's key")
        return _Sound(passport, signer)

    def _signer(self, location: str, data: bytes, now: Micros) -> Signer:
        """Return who signs with the certificate there; a path once found holds while the file and all its certificates do."""
        known = self._signers.get(location)
        if known is not None and known[0] is data and known[1].valid_from <= now <= known[1].valid_until:
            return known[1]
        refused = self._refused.get(location)
        if refused is not None and refused[0] is data and refused[1] <= now < refused[1] + _REFUSED_FOR_US:
            raise CertificateRefused(refused[2])
        for memory in (self._signers, self._refused):
            if len(memory) >= _MOST_SIGNERS:
                memory.clear()
        try:
            signer = signer_of(read_certificates(data), self._trust, now)
        except CertificateRefused as cause:
            self._refused[location] = (data, now, str(cause))
            raise
        self._signers[location] = (data, signer)
        return signer

    def _held(self, call: SignedCall, one: _Failed | _Sound, others: Sequence[_Failed | _Sound]) -> _Failed | _Sound | _Bound:
        """Hold a sound SHAKEN token against the call that it stands on."""
        if isinstance(one, _Failed) or one.passport.kind == "div":
            return one
        origin = self._comparable(one.passport.origin)
        if self._replayed(call, one.passport):
            return _Failed(Outcome.REPLAYED, "the same signature stood on another call", one)
        if call.caller is None or self._comparable(call.caller) != origin:
            return _Failed(Outcome.CALLER_MISMATCH, "signed for another caller", one)
        diverted = self._leads(call, one.passport, others)
        if diverted is None:
            return _Failed(Outcome.CALLEE_MISMATCH, "signed for another callee", one)
        if not one.signer.authority.covers(origin):
            return _Failed(Outcome.NOT_COVERED, "the certificate speaks for other numbers", one)
        self._remember(call, one.passport)
        lie = _over_attested(call, one)
        return _Bound(one, diverted) if lie is None else _Failed(Outcome.OVER_ATTESTED, lie, one)

    def _leads(self, call: SignedCall, passport: Passport, judged: Sequence[_Failed | _Sound]) -> bool | None:
        """Tell whether the signed callee is the call's (`False`), leads there by sound diversions (`True`), or neither (`None`)."""
        targets = {self._comparable(callee) for callee in call.callees}
        reached = {self._comparable(number) for number in passport.destinations}
        if reached & targets:
            return False
        origin = self._comparable(passport.origin)
        divs = [one.passport for one in judged if isinstance(one, _Sound) and one.passport.diverted_from is not None]
        steps = [div for div in divs if self._comparable(div.origin) == origin]
        for _ in steps:
            for step in steps:
                if self._comparable(step.diverted_from or "") in reached:
                    reached |= {self._comparable(number) for number in step.destinations}
        return True if reached & targets else None

    def _replayed(self, call: SignedCall, passport: Passport) -> bool:
        """Tell whether another call, to which it belonged, carried this signature."""
        while self._seen and next(iter(self._seen.values()))[1] < call.time - 2 * self._freshness_us:
            self._seen.popitem(last=False)
        known = self._seen.get(_mark(passport))
        return known is not None and known[0] != call.call_id and not call.own

    def _remember(self, call: SignedCall, passport: Passport) -> None:
        """Remember that this call carried the signature. Only calls that it is about: a thief who comes first is none."""
        if _mark(passport) in self._seen:
            return
        if len(self._seen) >= _MOST_REMEMBERED:
            self._seen.popitem(last=False)
            self.forgotten += 1
        self._seen[_mark(passport)] = (call.call_id, call.time)


def _mark(passport: Passport) -> bytes:
    """Return what two copies of a signature share: of (r, s) only r, as whoever holds one can write down a second s."""
    return passport.signature[: len(passport.signature) // 2]


def _read(header: str) -> _Failed | Passport:
    try:
        return read_passport(header)
    except PassportRefused as refused:
        return _Failed(refused.outcome, refused.cause)


def _said(one: _Failed | _Sound | _Bound) -> tuple[Outcome, str | None]:
    match one:
        case _Failed(outcome, cause):
            return outcome, cause
        case _Bound(_, diverted):
            return (Outcome.VERIFIED_DIVERTED if diverted else Outcome.VERIFIED), None
        case _:
            return Outcome.UNSIGNED, None  # a diversion alone says nothing about who calls


def _over_attested(call: SignedCall, one: _Sound) -> str | None:
    """Return why an A is more than the signer can know, or `None`."""
    if one.passport.attestation is not Attestation.A:
        return None
    if call.caller_defect is not None:
        return f"attested A for a number that is {call.caller_defect}"
    providers = one.signer.authority.providers
    if call.holder is not None and providers and call.holder not in providers:
        return "attested A for a number that another provider holds"
    if call.customer_of is not None and call.customer_of in providers:
        return "attested A for a number to which its sender has no right"
    return None

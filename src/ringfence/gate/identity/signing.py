"""Signing calls that begin here: what is attested follows from the numbers table, not from the caller (RFC 8588, RFC 8946)."""

import json
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from hashlib import blake2b
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from msgspec import Struct

from ringfence.gate.identity.keys import Keys, LoadedKey
from ringfence.gate.inline.situations import Situation
from ringfence.vocabulary.attestation import Attestation
from ringfence.vocabulary.numbers import to_e164
from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.attribution import Directory

MOST_KEPT: Final = 100_000
"""Records of what was signed that wait to be written; beyond it they are counted and dropped: the disk has refused for long."""


class Basis(StrEnum):
    """Why a call is attested as it is."""

    HOLDS = "holds-number"  # A: the account holds the number
    RIGHT = "right-to-show"  # A: a record gives the account the right to show it
    CUSTOMER = "customer"  # B: the customer is known, its right to the number is not
    GATEWAY = "gateway"  # C: it came from another network
    DIVERTS = "diverts"  # a diversion by the account that holds the number which the call was for


class Signature(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A signed identity: `identity` is the header's value. A diversion has neither attestation nor origin."""

    identity: str
    basis: Basis
    attestation: Attestation | None = None
    origid: str | None = None


class Signed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """That a call was signed, for the record: neither the numbers nor the token."""

    v: int = 1
    time: Micros
    call_id: str
    account: str | None = None
    trunk: str | None = None
    attestation: Attestation | None = None
    basis: Basis
    verified: str | None = None
    """How somebody made sure of the right to show the number, where there is one."""
    origid: str | None = None
    location: str
    """Of the certificate."""


class NotSigned(Exception):
    """The call is not signed: why, and what would help."""

    def __init__(self, cause: str, hint: str) -> None:
        super().__init__(cause)
        self.cause, self.hint = cause, hint


class Signing:
    """Signs one call at a time, and keeps a record of each for `taken`. `secret` is the installation's key."""

    def __init__(self, keys: Keys, *, secret: bytes, gateways: tuple[str, ...] = (), country: str | None = None) -> None:
        self.keys: Final = keys
        self._secret = secret
        self._gateways = frozenset(gateways)
        self._country = country
        self._records: list[Signed] = []
        self.signed: Counter[str] = Counter()
        self.dropped = 0

    def sign(self, situation: Situation, directory: Directory, now: Micros, *, diverted_from: str | None = None) -> Signature:
        """Return the call's signed identity. Raises `NotSigned`.

        With `diverted_from` it is a diversion: the call, signed already, was for that number and goes on to its callee.
        """
        ask = situation.ask
        key = self.keys.current(now)
        if key is None:
            raise NotSigned("no certificate holds now", "see gate.signing.keys, and renew it")
        caller = self._number(ask.asserted or ask.caller)
        if caller is None:
            raise NotSigned("the caller is no number", "send P-Asserted-Identity, or a From, with a number as E.164")
        callee = self._number(ask.callee) or _digits(ask.callee)
        if callee is None:
            raise NotSigned("the callee is no number", "calls to names are not signed")
        if diverted_from is not None:
            made = self._diverted(situation, directory, now, key, (caller, callee, diverted_from))
        elif ask.identity:
            raise NotSigned("the call is signed already", "it goes on as it came; a diversion names the number that it was for")
        else:
            made = self._begun(situation, directory, now, key, (caller, callee))
        self.signed[str(made.attestation or "div")] += 1
        self._note(situation, made, key, now, directory, caller)
        return made

    def attested(self, situation: Situation, directory: Directory, now: Micros, caller: str) -> tuple[Attestation, Basis]:
        """Return what can be attested of a caller (ATIS-1000074 section 5.2.3), `caller` in E.164, and why."""
        account, trunk = situation.ask.account, situation.ask.trunk
        if account is None or trunk in self._gateways:
            return Attestation.C, Basis.GATEWAY
        if directory.holder(caller, now) == account:
            return Attestation.A, Basis.HOLDS
        if directory.may_show(account, caller, now):
            return Attestation.A, Basis.RIGHT
        return Attestation.B, Basis.CUSTOMER

    def taken(self) -> list[Signed]:
        """Return the records since the last call, to be written."""
        records, self._records = self._records, []
        return records

    def give_back(self, records: list[Signed]) -> None:
        """Take back what could not be written."""
        kept = records + self._records
        self.dropped += max(0, len(kept) - MOST_KEPT)
        self._records = kept[:MOST_KEPT]

    def _begun(
        self, situation: Situation, directory: Directory, now: Micros, key: LoadedKey, numbers: tuple[str, str]
    ) -> Signature:
        caller, callee = numbers
        attestation, basis = self.attested(situation, directory, now, caller)
        if not key.authority.covers(caller.lstrip("+")):
            raise NotSigned("the certificate speaks for other numbers", "use one with a provider code, or with this number")
        origid = self._origin(situation)
        claims = {
            "attest": str(attestation),
            "dest": {"tn": [callee.lstrip("+")]},
            "iat": now // SECOND,
            "orig": {"tn": caller.lstrip("+")},
            "origid": origid,
        }
        return Signature(identity=_header("shaken", claims, key), basis=basis, attestation=attestation, origid=origid)

    def _diverted(
        self, situation: Situation, directory: Directory, now: Micros, key: LoadedKey, numbers: tuple[str, str, str]
    ) -> Signature:
        caller, callee, diverted_from = numbers
        account = situation.ask.account
        left = self._number(diverted_from)
        if left is None:
            raise NotSigned("the number that the call was for is none", "name it as E.164")
        if not situation.ask.identity:
            raise NotSigned("a diversion of a call that nobody signed", "send the Identity header fields that the call came with")
        if account is None or (directory.holder(left, now) != account and not directory.may_show(account, left, now)):
            raise NotSigned("the account that diverts does not hold that number", "only who holds a number diverts its calls")
        claims = {
            "dest": {"tn": [callee.lstrip("+")]},
            "div": {"tn": left.lstrip("+")},
            "iat": now // SECOND,
            "orig": {"tn": caller.lstrip("+")},
        }
        return Signature(identity=_header("div", claims, key), basis=Basis.DIVERTS)

    def _number(self, text: str | None) -> str | None:
        return None if text is None else to_e164(text, self._country)

    def _origin(self, situation: Situation) -> str:
        """Return who began the call, for tracing and for nobody else: always the same for one account, or one way in."""
        ask = situation.ask
        about = f"account:{ask.account}" if ask.account is not None and ask.trunk not in self._gateways else f"way:{ask.trunk}"
        return str(UUID(bytes=blake2b(about.encode(), digest_size=16, key=self._secret[:64], person=b"origid").digest(), version=4))

    def _note(self, situation: Situation, made: Signature, key: LoadedKey, now: Micros, directory: Directory, caller: str) -> None:
        ask = situation.ask
        verified = None
        if made.basis is Basis.RIGHT and ask.account is not None:
            verified = directory.right_verified(ask.account, caller, now)
        record = Signed(
            time=now,
            call_id=ask.call_id,
            account=ask.account,
            trunk=ask.trunk,
            attestation=made.attestation,
            basis=made.basis,
            verified=verified,
            origid=made.origid,
            location=key.location,
        )
        if len(self._records) < MOST_KEPT:
            self._records.append(record)
        else:
            self.dropped += 1


def _digits(text: str | None) -> str | None:
    """Return a number that is dialled as it stands, such as that of a service, or `None`."""
    return text if text is not None and text.isascii() and text.isdigit() and len(text) <= 15 else None


def _header(kind: str, claims: dict[str, object], key: LoadedKey) -> str:
    """Return an Identity header's value (RFC 8224 section 4), the token in the one order of RFC 8225 section 9."""
    head = {"alg": "ES256", "ppt": kind, "typ": "passport", "x5u": key.location}
    signed = f"{_part(head)}.{_part(claims)}"
    r, s = decode_dss_signature(key.key.sign(signed.encode(), ec.ECDSA(SHA256())))
    signature = _encoded(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    return f"{signed}.{signature};info=<{key.location}>;alg=ES256;ppt={kind}"


def _part(value: Mapping[str, object]) -> str:
    return _encoded(json.dumps(value, separators=(",", ":"), sort_keys=True).encode())


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")

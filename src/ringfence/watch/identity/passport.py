"""PASSporTs (RFC 8225) as Identity headers carry them (RFC 8224): read and checked for form, never trusted here."""

import binascii
import json
from base64 import b64decode
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from ringfence.vocabulary.attestation import Attestation
from ringfence.watch.identity.outcome import Outcome

LONGEST: Final = 16_384
"""Characters of an Identity header's value; a SHAKEN one has about 600."""
_SIGNATURE_BYTES: Final = 64
_TYPES: Final = ("shaken", "div")


class Passport(Struct, frozen=True, kw_only=True):
    """One signed token. Numbers as they stand in it; `signed` are the bytes that `signature` (r and s, 32 bytes each) is over."""

    kind: str
    """`shaken` (RFC 8588) or `div` (RFC 8946)."""
    location: str
    """Where the certificate lies: the claim `x5u`."""
    origin: str
    destinations: tuple[str, ...]
    issued_s: int
    """Seconds since 1970: the claim `iat`."""
    attestation: Attestation | None
    origin_id: str | None
    diverted_from: str | None
    signed: bytes
    signature: bytes


class PassportRefused(Exception):
    """The header holds no token that could be verified: `outcome` unreadable or unsupported, `cause` in words."""

    def __init__(self, outcome: Outcome, cause: str) -> None:
        super().__init__(cause)
        self.outcome, self.cause = outcome, cause


def read_passport(header: str) -> Passport:
    """Return what an Identity header's value carries. Raises `PassportRefused`, whatever the text is, and nothing else."""
    if len(header) > LONGEST:
        raise _unreadable(f"longer than {LONGEST} characters")
    token, _, parameters = header.strip().partition(";")
    parts = token.strip().split(".")
    if len(parts) != 3:
        raise _unreadable("not three parts between two dots")
    if not (parts[0] and parts[1]):
        raise PassportRefused(Outcome.UNSUPPORTED, "compact form")
    head, claims = _object(parts[0], "header"), _object(parts[1], "claims")
    kind = _kind(head)
    location = _text(head, "x5u")
    _agree(parameters, location, kind)
    return Passport(
        kind=kind,
        location=location,
        origin=_numbers(claims, "orig")[0],
        destinations=_numbers(claims, "dest"),
        issued_s=_seconds(claims),
        attestation=_attestation(claims) if kind == "shaken" else None,
        origin_id=_text(claims, "origid") if kind == "shaken" else None,
        diverted_from=_numbers(claims, "div")[0] if kind == "div" else None,
        signed=f"{parts[0]}.{parts[1]}".encode("ascii"),
        signature=_signature(parts[2]),
    )


def _unreadable(cause: str) -> PassportRefused:
    return PassportRefused(Outcome.UNREADABLE, cause)


def _bytes(part: str, what: str) -> bytes:
    """Decode base64url without padding (RFC 7515 section 2)."""
    try:
        if "=" in part or not part.isascii():
            raise ValueError
        return b64decode(part.translate({ord("+"): "!", ord("/"): "!"}) + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raise _unreadable(f"{what} is not base64url") from None


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Refuse a name that stands twice: two readers would believe two things (RFC 7519 section 4)."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _object(part: str, what: str) -> Mapping[str, object]:
    try:
        found = json.loads(_bytes(part, what), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise _unreadable(f"{what} is not a JSON object with every name once") from None
    if not isinstance(found, dict):
        raise _unreadable(f"{what} is not a JSON object")
    return found


def _text(claims: Mapping[str, object], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise _unreadable(f"no {name}")
    return value


def _kind(head: Mapping[str, object]) -> str:
    if head.get("typ") != "passport":
        raise _unreadable("typ is not passport")
    if head.get("alg") != "ES256":
        raise PassportRefused(Outcome.UNSUPPORTED, "alg is not ES256")
    kind = head.get("ppt")
    if kind not in _TYPES:
        raise PassportRefused(Outcome.UNSUPPORTED, "ppt is neither shaken nor div")
    return str(kind)


def _agree(parameters: str, location: str, kind: str) -> None:
    """Refuse a header whose parameters say something else than the token (RFC 8224 section 4)."""
    said = {}
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        said[name.strip().lower()] = value.strip().strip('"')
    # A URL may hold a semicolon: what stands between the angle brackets is taken from the whole.
    info = parameters[parameters.find("<") + 1 : parameters.find(">")] if "<" in parameters and ">" in parameters else None
    if info is not None and info != location:
        raise _unreadable("info is not x5u")
    if said.get("ppt", kind) != kind or said.get("alg", "ES256") != "ES256":
        raise _unreadable("ppt or alg beside the token is not the token's")


def _numbers(claims: Mapping[str, object], name: str) -> tuple[str, ...]:
    """Return the telephone numbers of `orig`, `dest` or `div`: never none. One signer writes the object as a JSON string."""
    holder = claims.get(name)
    if isinstance(holder, str):
        try:
            holder = json.loads(holder, object_pairs_hook=_once)
        except (ValueError, RecursionError):
            holder = None
    if not isinstance(holder, dict):
        raise _unreadable(f"no {name}")
    found = holder.get("tn", holder.get("uri"))
    many = found if isinstance(found, list) else [found]
    if not many or not all(isinstance(one, str) and one for one in many) or (name != "dest" and len(many) != 1):
        raise _unreadable(f"{name} names no number")
    return tuple(str(one) for one in many)


def _seconds(claims: Mapping[str, object]) -> int:
    issued = claims.get("iat")
    if not isinstance(issued, int) or isinstance(issued, bool) or not 0 <= issued < 2**33:
        raise _unreadable("iat is no time")
    return issued


def _attestation(claims: Mapping[str, object]) -> Attestation:
    try:
        return Attestation(_text(claims, "attest"))
    except ValueError:
        raise _unreadable("attest is none of A, B, C") from None


def _signature(part: str) -> bytes:
    signature = _bytes(part, "signature")
    if len(signature) != _SIGNATURE_BYTES:
        raise _unreadable("signature is not 64 bytes")
    return signature

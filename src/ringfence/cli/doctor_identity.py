"""What doctor says of certificates: by which the gate verifies, and with which it signs, from the gate's own health."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

_SOON_DAYS: Final = 30
"""A certificate that ends sooner wants another one."""
_OLD_S: Final = 2 * 86_400
"""A revocation list that is older says nothing of what was revoked since."""


@dataclass(frozen=True, slots=True)
class Check:
    """One look: what was looked at, whether it is well, what was found, and what would help."""

    name: str
    well: bool
    found: str
    hint: str = ""


class _List(Struct):
    address: str
    age_s: int | None = None
    overdue: bool = False
    problem: str | None = None


class _Store(Struct):
    given: int = 0
    kept: int = 0
    waiting: int = 0
    failures: dict[str, str] = {}  # msgspec copies an empty dict


class _Verification(Struct):
    roots: int
    roots_expired: int = 0
    next_root_ends_in_days: int | None = None
    revoked: int = 0
    revocation_lists: tuple[_List, ...] = ()
    problem: str | None = None
    certificates: _Store = msgspec.field(default_factory=_Store)


class _Signing(Struct):
    location: str | None = None
    ends_in_days: int | None = None
    next: str | None = None
    problem: str | None = None


class _Identity(Struct):
    verification: _Verification | None = None
    signing: _Signing | None = None


class _GateHealth(Struct):
    identity: _Identity = msgspec.field(default_factory=_Identity)


def identity_checks(health: Path) -> list[Check]:
    """Say how certificates stand where the gate verifies or signs; nothing where it does neither, or has said nothing."""
    try:
        identity = msgspec.json.decode(health.read_bytes(), type=_GateHealth).identity
    except (OSError, msgspec.DecodeError):
        return []
    checks = [] if identity.verification is None else _verification(identity.verification)
    return [*checks, _signing(identity.signing)] if identity.signing is not None else checks


def _verification(found: _Verification) -> list[Check]:
    ends, store = found.next_root_ends_in_days, found.certificates
    lasting = ends is not None and ends > _SOON_DAYS and not found.roots_expired
    failures = "".join(f"; {host}: {cause}" for host, cause in sorted(store.failures.items()))
    return [
        Check(
            "trusted roots",
            lasting and found.problem is None,
            found.problem or f"{found.roots}, of which {found.roots_expired} are over; the next one ends in {ends} days",
            "put the authorities' new roots beside the old ones into the folder that gate.identity.certificates names",
        ),
        Check(
            "signers' certificates",
            True,
            f"{store.given} given, {store.kept} fetched, {store.waiting} on their way" + failures,
        ),
        *(_list(each) for each in found.revocation_lists),
    ]


def _list(found: _List) -> Check:
    if found.age_s is None:
        said = found.problem or "not fetched yet"
    else:
        said = f"{found.age_s // 3_600} hours old" + (f"; {found.problem}" if found.problem else "")
    fresh = found.age_s is not None and found.age_s < _OLD_S and not found.overdue
    return Check(f"revocation list {found.address}", fresh, said, "see whether this machine may reach it, and who signs it")


def _signing(found: _Signing) -> Check:
    ends = found.ends_in_days
    well = found.problem is None and ends is not None and (ends > _SOON_DAYS or found.next is not None)
    said = found.problem or (
        "no certificate holds now: nothing is signed" if ends is None else f"{found.location} ends in {ends} days"
    )
    return Check("signing key", well, said, "add the next key and certificate to gate.signing.keys; it takes over when it begins")

"""Keys that sign: read from files that nobody else may read, held against their certificates, each taking over by its date."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import structlog
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from msgspec import Struct

from ringfence.gate.configuration import SigningKey
from ringfence.gate.errors import GateError
from ringfence.vocabulary.times import Micros, micros
from ringfence.watch.identity import Authority, CertificateRefused, location_defect, read_certificates
from ringfence.watch.identity.authority import AuthorityUnreadable, authority_of

_LARGEST: Final = 65_536
_LOG: Final = structlog.get_logger("gate.identity")


class KeyUnusable(GateError):
    """A key cannot sign: which file, why, and what would help."""

    def __init__(self, message: str) -> None:
        super().__init__(message, permanent=True)


class LoadedKey(Struct, frozen=True):
    """A key that fits its certificate, which lies at `location`. It signs from `valid_from` to before `valid_until`."""

    location: str
    key: ec.EllipticCurvePrivateKey
    authority: Authority
    valid_from: Micros
    valid_until: Micros


class Keys:
    """All keys that are configured. `refresh` reads again what changed, which may wait for the disk."""

    def __init__(self, configured: Sequence[SigningKey], folder: Path) -> None:
        """Paths are taken from `folder`. Raises `KeyUnusable`."""
        self._configured = tuple(configured)
        self._folder = folder
        self.problem: str | None = None
        """Why a file that changed is not taken: the key read before it signs on."""
        self._stamp = self._files()
        self._loaded = self._read()

    def current(self, now: Micros) -> LoadedKey | None:
        """Return the key whose certificate holds at `now` and began last, `None` where none holds."""
        holding = [key for key in self._loaded if key.valid_from <= now < key.valid_until]
        return max(holding, key=lambda key: key.valid_from, default=None)

    def next(self, now: Micros) -> LoadedKey | None:
        """Return the key that takes over next, `None` where there is none."""
        return min((key for key in self._loaded if key.valid_from > now), key=lambda key: key.valid_from, default=None)

    def refresh(self) -> None:
        """Take in files that changed. What can't be used is told, and the keys before stay."""
        stamp = self._files()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._loaded = self._read()
            self.problem = None
            _LOG.info("keys that sign were read again", keys=len(self._loaded))
        except KeyUnusable as unusable:
            self.problem = str(unusable)
            _LOG.error("keys that sign cannot be used; those before sign on", cause=self.problem)

    def _read(self) -> tuple[LoadedKey, ...]:
        return tuple(_loaded(self._folder, each) for each in self._configured)

    def _files(self) -> tuple[tuple[int, int, int] | None, ...]:
        return tuple(_state(self._folder / name) for each in self._configured for name in (each.key, each.certificate))


def _state(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _loaded(folder: Path, configured: SigningKey) -> LoadedKey:
    """Return a key that can sign. Raises `KeyUnusable`."""
    defect = location_defect(configured.location)
    if defect is not None:
        raise KeyUnusable(
            f"gate.signing.keys: location {configured.location}: {defect}. Hint: https://host/path, as others fetch it"
        )
    path = folder / configured.certificate
    try:
        leaf = read_certificates(_content(path))[0]
        authority = authority_of(leaf)
    except (CertificateRefused, AuthorityUnreadable, OSError) as error:
        raise KeyUnusable(f"{path}: {_said(error)}. Hint: the certificate in PEM, that of the key first") from error
    if authority is None:
        raise KeyUnusable(f"{path}: no TNAuthList, so nobody would believe it. Hint: ask your certification authority for one")
    key = _private(folder / configured.key)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise KeyUnusable(f"{folder / configured.key}: not a key of P-256. Hint: signatures are ES256 (RFC 8225 section 8)")
    if not _fits(key, leaf):
        raise KeyUnusable(f"{folder / configured.key}: not the key of {path}. Hint: name the two files that belong together")
    begins, ends = micros(leaf.not_valid_before_utc), micros(leaf.not_valid_after_utc)
    return LoadedKey(configured.location, key, authority, begins, ends)


def _private(path: Path) -> object:
    """Return a private key from a file that nobody but its owner may touch. Raises `KeyUnusable`."""
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            data = file.read(_LARGEST)
    except OSError as error:
        raise KeyUnusable(f"{path}: {_said(error)}. Hint: a PEM file that this user may read") from error
    if not stat.S_ISREG(found.st_mode) or found.st_mode & 0o077:
        raise KeyUnusable(f"{path}: others may read or write it (mode {found.st_mode & 0o777:04o}). Hint: chmod 600 {path}")
    if found.st_uid not in (0, os.geteuid()):
        raise KeyUnusable(f"{path}: it belongs to another user. Hint: chown it to the user that runs the gate")
    try:
        return load_pem_private_key(data, password=None)
    except (ValueError, TypeError) as error:
        raise KeyUnusable(f"{path}: no private key can be read in it. Hint: PEM, not encrypted") from error


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_LARGEST + 1)


def _fits(key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> bool:
    return key.public_key() == certificate.public_key()


def _said(error: Exception) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)

"""The operator's folder of certificates for signed identities, read whole when a command starts.

    roots/*.pem        roots that are trusted (STI-CA or others)
    revoked/*.pem      revocation lists, each signed by a root or by a certificate of a signer's file; may be absent
    HOST/PATH          the file of the certificate that lies at https://HOST/PATH (HOST with :PORT where the address has one)

Nothing is fetched: what a signature points to and the folder lacks is told as `unfetched`.
"""

from pathlib import Path
from typing import Final

from cryptography import x509

from ringfence.watch.identity import CertificateRefused, Identities, Trust, Verifier, read_certificates, revoked_by

ROOTS: Final = "roots"
REVOKED: Final = "revoked"
_MOST_FILES: Final = 100_000
_LARGEST: Final = 1 << 16


class CertificatesRefused(Exception):
    """The folder can't be used: which file, why, and what would help."""


def identities_of(folder: Path, *, own_code: str | None = None) -> Identities:
    """Return what verifies by the certificates in `folder`. Raises `CertificatesRefused`, `OSError`."""
    return Identities(Verifier(*certificates_in(folder)), own_code)


def certificates_in(folder: Path) -> tuple[Trust, dict[str, bytes]]:
    """Return what `folder` says is trusted, and its files by their addresses. Raises `CertificatesRefused`, `OSError`."""
    if not folder.is_dir():
        raise CertificatesRefused(f"{folder}: no such folder; it holds {ROOTS}/*.pem and HOST/PATH for each certificate")
    roots = tuple(one for path in _files(folder / ROOTS) for one in _certificates(path))
    if not roots:
        raise CertificatesRefused(f"{folder / ROOTS}: no certificate of a trusted root; put its PEM file there")
    signers = {
        _location(folder, path): path for path in _files(folder) if path.relative_to(folder).parts[0] not in (ROOTS, REVOKED)
    }
    files = {url: _content(path) for url, path in signers.items()}
    issuers = (*roots, *(one for path in signers.values() for one in _certificates(path)))
    revoked = frozenset[tuple[str, int]]()
    for path in _files(folder / REVOKED):
        try:
            revoked |= revoked_by([_content(path)], issuers)
        except CertificateRefused as refused:
            raise CertificatesRefused(
                f"{path}: {refused}; remove it, or put the certificate that signed it into {ROOTS}"
            ) from refused
    return Trust(roots, revoked), files


def _files(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    if len(found) > _MOST_FILES:
        raise CertificatesRefused(f"{folder}: more than {_MOST_FILES} files; is this the folder of certificates?")
    return found


def _location(folder: Path, path: Path) -> str:
    return f"https://{path.relative_to(folder).as_posix()}"


def _certificates(path: Path) -> tuple[x509.Certificate, ...]:
    try:
        return read_certificates(_content(path))
    except CertificateRefused as refused:
        raise CertificatesRefused(f"{path}: {refused}; it must be a certificate in PEM or DER") from refused


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_LARGEST + 1)

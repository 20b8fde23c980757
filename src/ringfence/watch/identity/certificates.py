"""Certificate paths of signers: from the certificate that signed to a root that the operator trusts (after RFC 5280 section 6)."""

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from msgspec import Struct

from ringfence.vocabulary.times import Micros, micros
from ringfence.watch.identity.authority import Authority, AuthorityUnreadable, authority_of

_MOST_CERTIFICATES: Final = 10
_LARGEST: Final = 65_536
_DEEPEST: Final = 5


class CertificateRefused(Exception):
    """No signer is to be believed by this certificate, and why."""


class Signer(Struct, frozen=True):
    """Whose certificate it is and how long its path holds. `name` is the subject (RFC 4514)."""

    name: str
    authority: Authority
    key: ec.EllipticCurvePublicKey
    valid_from: Micros
    valid_until: Micros


class Trust(Struct, frozen=True):
    """Roots that the operator trusts, and what was revoked: (issuer as RFC 4514 text, serial number)."""

    roots: tuple[x509.Certificate, ...]
    revoked: frozenset[tuple[str, int]] = frozenset()


class RevocationList(Struct, frozen=True):
    """What a revocation list names, when it was issued, and when the next one is due (RFC 5280 section 5.1.2), where it says so."""

    revoked: frozenset[tuple[str, int]]
    issued: Micros
    due: Micros | None


def read_certificates(data: bytes) -> tuple[x509.Certificate, ...]:
    """Return the certificates of a PEM file, or the one of a DER file. Raises `CertificateRefused`."""
    if len(data) > _LARGEST:
        raise CertificateRefused(f"larger than {_LARGEST} bytes")
    try:
        found = x509.load_pem_x509_certificates(data) if b"-----BEGIN" in data else [x509.load_der_x509_certificate(data)]
    except ValueError:
        raise CertificateRefused("no certificate can be read in it") from None
    if len(found) > _MOST_CERTIFICATES:
        raise CertificateRefused(f"more than {_MOST_CERTIFICATES} certificates")
    return tuple(found)


def revoked_by(lists: Iterable[bytes], signers: Sequence[x509.Certificate]) -> frozenset[tuple[str, int]]:
    """Return what revocation lists (PEM or DER) name, each signed by one of `signers`. Raises `CertificateRefused`.

    A list of the policy administrator is an indirect one (ATIS-1000080): an entry may name the issuer it is about, which then holds
    for the entries after it too (RFC 5280 section 5.3.3).
    """
    return frozenset(entry for data in lists for entry in read_revocations(data, signers).revoked)


def read_revocations(data: bytes, signers: Sequence[x509.Certificate]) -> RevocationList:
    """Return a revocation list (PEM or DER) that one of `signers` signed, however old. Raises `CertificateRefused`."""
    try:
        found = x509.load_pem_x509_crl(data) if b"-----BEGIN" in data else x509.load_der_x509_crl(data)
    except ValueError:
        raise CertificateRefused("no revocation list can be read in it") from None
    if not any(_signed(found, signer) for signer in signers if signer.subject == found.issuer):
        raise CertificateRefused("a revocation list is not signed by a trusted certificate")
    due = found.next_update_utc
    return RevocationList(frozenset(_entries(found)), micros(found.last_update_utc), None if due is None else micros(due))


def _entries(found: x509.CertificateRevocationList) -> list[tuple[str, int]]:
    issuer = found.issuer.rfc4514_string()
    entries = []
    for entry in found:
        try:
            names = entry.extensions.get_extension_for_class(x509.CertificateIssuer).value
            issuer = names.get_values_for_type(x509.DirectoryName)[0].rfc4514_string()
        except (x509.ExtensionNotFound, IndexError, ValueError):
            pass
        entries.append((issuer, entry.serial_number))
    return entries


def _signed(found: x509.CertificateRevocationList, signer: x509.Certificate) -> bool:
    key = signer.public_key()
    try:
        return isinstance(key, ec.EllipticCurvePublicKey) and found.is_signature_valid(key)
    except (UnsupportedAlgorithm, ValueError, TypeError):
        return False


def signer_of(chain: Sequence[x509.Certificate], trust: Trust, at: Micros) -> Signer:
    """Return who signs by the first certificate of `chain`, whose others may lie on its path to a root.

    Raises `CertificateRefused`: no path at that time, not a P-256 key, not for signatures, or no TNAuthList that can be read.
    """
    if not chain:
        raise CertificateRefused("no certificate")
    leaf = chain[0]
    path = _path(leaf, chain[1:], trust, at)
    if path is None:
        raise CertificateRefused("no path to a trusted root, each certificate in its time and none revoked")
    key = leaf.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise CertificateRefused("its key is not one of P-256")
    if not _signs(leaf):
        raise CertificateRefused("it is not for signatures")
    try:
        authority = authority_of(leaf)
    except AuthorityUnreadable as unreadable:
        raise CertificateRefused(f"its TNAuthList can't be read: {unreadable}") from None
    if authority is None:
        raise CertificateRefused("it has no TNAuthList")
    return Signer(
        leaf.subject.rfc4514_string(),
        authority,
        key,
        max(micros(one.not_valid_before_utc) for one in path),
        min(micros(one.not_valid_after_utc) for one in path),
    )


def _path(
    certificate: x509.Certificate, others: Collection[x509.Certificate], trust: Trust, at: Micros, depth: int = 0
) -> list[x509.Certificate] | None:
    """Return the certificates from this one to a root, or `None`. At most `_DEEPEST` deep, whatever circle they form."""
    if not _in_force(certificate, trust, at):
        return None
    if certificate in trust.roots:
        return [certificate]
    if depth == _DEEPEST:
        return None
    for issuer in (*trust.roots, *others):
        if issuer.subject == certificate.issuer and _may_issue(issuer, depth) and _issued(certificate, issuer):
            rest = _path(issuer, others, trust, at, depth + 1)
            if rest is not None:
                return [certificate, *rest]
    return None


def _in_force(certificate: x509.Certificate, trust: Trust, at: Micros) -> bool:
    if not micros(certificate.not_valid_before_utc) <= at <= micros(certificate.not_valid_after_utc):
        return False
    return (certificate.issuer.rfc4514_string(), certificate.serial_number) not in trust.revoked


def _may_issue(issuer: x509.Certificate, below: int) -> bool:
    """Tell whether it is an authority with at most `below` authorities under it."""
    try:
        basic = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return False
    return basic.ca and (basic.path_length is None or below <= basic.path_length)


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _signs(leaf: x509.Certificate) -> bool:
    try:
        return leaf.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature
    except x509.ExtensionNotFound:
        return True
    except (x509.DuplicateExtension, ValueError):
        return False


def signature_holds(key: ec.EllipticCurvePublicKey, signed: bytes, signature: bytes) -> bool:
    """Tell whether `signature` (r and s, 32 bytes each; RFC 7518 section 3.4) is the key's over `signed`."""
    half = len(signature) // 2
    try:
        der = encode_dss_signature(int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big"))
        key.verify(der, signed, ec.ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True

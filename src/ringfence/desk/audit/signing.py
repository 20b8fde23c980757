"""Signing with the installation's own key: Ed25519 (RFC 8032), the private key derived from the installation's secret."""

from hashlib import blake2b
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

_PERSON: Final = b"desk signing"


def _private() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(
        blake2b(b"ed25519", key=settings.RINGFENCE_KEY, person=_PERSON, digest_size=32).digest()
    )


def public_key() -> bytes:
    """Return the 32 bytes by which anybody can verify what this installation signed."""
    return _private().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def sign(document: bytes) -> bytes:
    """Return the signature of `document`, 64 bytes."""
    return _private().sign(document)


def is_signed(document: bytes, signature: bytes, *, key: bytes | None = None) -> bool:
    """Tell whether `signature` is that of `document` by the public `key`, this installation's where none is given."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key() if key is None else key).verify(signature, document)
    except (InvalidSignature, ValueError):
        return False
    return True

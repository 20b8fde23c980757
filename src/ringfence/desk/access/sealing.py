"""Sealing what the database keeps and the database alone must not give: AES-256-GCM under a key of the installation's."""

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import blake2b
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

_NONCE: Final = 12


class Unreadable(Exception):
    """It was sealed under another installation's key, or changed."""


def sealed(text: str) -> str:
    """Return a text, sealed."""
    nonce = os.urandom(_NONCE)
    return urlsafe_b64encode(nonce + AESGCM(_key()).encrypt(nonce, text.encode(), None)).decode()


def opened(text: str) -> str:
    """Return what was sealed. Raises `Unreadable`.

    >>> opened(sealed("secret"))
    'secret'
    """
    octets = urlsafe_b64decode(text)
    try:
        return AESGCM(_key()).decrypt(octets[:_NONCE], octets[_NONCE:], None).decode()
    except InvalidTag as error:
        raise Unreadable("it was sealed under another key: was installation.key replaced?") from error


def _key() -> bytes:
    return blake2b(b"access", key=settings.RINGFENCE_KEY, person=b"sealing", digest_size=32).digest()

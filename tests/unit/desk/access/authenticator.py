"""An authenticator app: codes of a secret (RFC 6238), written apart from what checks them."""

import hmac
import time
from base64 import b32decode


def code_of(secret: str, *, at: float | None = None) -> str:
    counter = int((time.time() if at is None else at) // 30)
    digest = hmac.digest(b32decode(secret), counter.to_bytes(8, "big"), "sha1")
    place = digest[-1] & 15
    return f"{(int.from_bytes(digest[place : place + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"

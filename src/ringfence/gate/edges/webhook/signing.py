"""The signature of a webhook's request: who holds the secret sent it, just now, with this body to this place."""

import hashlib
import hmac
from typing import Final

HEADER: Final = "Ringfence-Signature"
IDEMPOTENCY: Final = "Idempotency-Key"


def signature(secret: str, *, method: str, target: str, body: bytes, seconds: int) -> str:
    """Return the header's value for a request to `target` (path and query as sent) at `seconds` since 1970.

    >>> signature("s" * 16, method="GET", target="/orders?after=", body=b"", seconds=1)[:30]
    't=1,v1=e1100482435999b3bf658f5'
    """
    text = f"{seconds}.{method}.{target}.{hashlib.sha256(body).hexdigest()}"
    made = hmac.new(secret.encode("utf-8"), text.encode("utf-8"), hashlib.sha256).hexdigest()
    return f"t={seconds},v1={made}"

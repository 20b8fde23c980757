"""Where a certificate may lie: the URL policy of ATIS-1000074 section 5.3.1."""

from typing import Final
from urllib.parse import urlsplit

_PORTS: Final = (None, 443, 8443)
_LONGEST: Final = 2_048


def location_defect(url: str) -> str | None:
    """Return why a certificate is not fetched from `url`, or `None`. Whom the name resolves to is for the one who fetches."""
    if len(url) > _LONGEST or not url.isascii() or not url.isprintable() or " " in url:
        return "not a plain URL"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "not a URL"
    if parts.scheme != "https":
        return "not https"
    if not parts.hostname:
        return "no host"
    if parts.username is not None or parts.password is not None:
        return "holds a user"
    if port not in _PORTS:
        return "port is neither 443 nor 8443"
    if "?" in url or "#" in url:
        return "holds a query or a fragment"
    return None

"""Fetching certificates and revocation lists: https alone, from public addresses, small, soon, and following nobody elsewhere."""

import asyncio
import re
import ssl
from ipaddress import ip_network
from typing import Final
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector
from msgspec import Struct
from yarl import URL

from ringfence.gate.identity.addresses import GuardedResolver, check_literal
from ringfence.watch.identity import location_defect

LARGEST: Final = 65_536
"""Octets of a certificate's file."""
LARGEST_LIST: Final = 4 * 1024 * 1024
"""Octets of a revocation list."""
WAIT_S: Final = 2.0
"""For all of it: name, connection, handshake, answer."""
_LONGEST_LINE: Final = 8_190
_HOST: Final = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]+)?\Z")
"""What every reader of URLs takes for the same host."""
_MAX_AGE: Final = re.compile(r"(?:^|[,\s])max-age=\"?([0-9]{1,9})", re.IGNORECASE)
_UNKEPT: Final = re.compile(r"(?:^|[,\s])no-(?:store|cache)(?:$|[,\s=])", re.IGNORECASE)


class Fetched(Struct, frozen=True):
    """What lay there, and for how many seconds its server says that it may be kept; `None` where it doesn't say."""

    data: bytes
    max_age_s: int | None


class FetchFailed(Exception):
    """It could not be had: why, without anything of what came."""


class Fetcher:
    """Fetches one file at a time from anywhere that it may. No proxy, no cookie, no redirect, no compression."""

    def __init__(self, *, networks: tuple[str, ...] = (), authorities: str | None = None, wait_s: float = WAIT_S) -> None:
        """`networks` may be fetched from although they are not public. Raises `OSError` for the authorities' file."""
        self._permitted = tuple(ip_network(text) for text in networks)
        self._context = ssl.create_default_context(cafile=authorities)
        self._wait_s = wait_s
        self._session: ClientSession | None = None

    async def fetch(self, url: str, *, largest: int = LARGEST) -> Fetched:
        """Return what lies at `url`. Raises `FetchFailed`, and nothing else."""
        defect = location_defect(url)
        if defect is not None:
            raise FetchFailed(defect)
        if not _HOST.match(urlsplit(url).netloc):
            raise FetchFailed("the host is no plain name or address")
        try:
            check_literal(urlsplit(url).hostname or "", self._permitted)
            async with asyncio.timeout(self._wait_s):
                return await self._fetch(url, largest)
        except TimeoutError:
            raise FetchFailed(f"no whole answer within {self._wait_s:g} s") from None
        except (ClientError, ssl.SSLError, OSError, ValueError) as error:
            raise FetchFailed(_cause(error)) from None

    async def close(self) -> None:
        """Close what is open."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _fetch(self, url: str, largest: int) -> Fetched:
        if self._session is None:
            self._session = self._opened()
        async with self._session.get(URL(url, encoded=True), allow_redirects=False) as answer:
            if answer.status != 200:
                raise FetchFailed(f"answered with {answer.status}")
            if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
                raise FetchFailed("packed, which nobody asked for")
            data = bytearray()
            async for piece in answer.content.iter_chunked(largest):
                data += piece
                if len(data) > largest:
                    answer.close()
                    raise FetchFailed(f"larger than {largest} octets")
            return Fetched(bytes(data), max_age_of(answer.headers.get("Cache-Control", "")))

    def _opened(self) -> ClientSession:
        connector = TCPConnector(
            ssl=self._context, resolver=GuardedResolver(self._permitted), use_dns_cache=False, force_close=True, limit=0
        )
        return ClientSession(
            connector=connector,
            timeout=ClientTimeout(total=self._wait_s),
            auto_decompress=False,
            trust_env=False,
            headers={"Accept-Encoding": "identity", "User-Agent": "ringfence"},
            max_line_size=_LONGEST_LINE,
            max_field_size=_LONGEST_LINE,
            read_bufsize=LARGEST,
        )


def max_age_of(header: str) -> int | None:
    """Return for how many seconds a Cache-Control header lets something be kept (RFC 9111), `None` where it doesn't say.

    >>> max_age_of("public, max-age=3600"), max_age_of("no-store"), max_age_of("private")
    (3600, 0, None)
    """
    if _UNKEPT.search(header):
        return 0
    said = _MAX_AGE.search(header)
    return None if said is None else int(said[1])


def _cause(error: Exception) -> str:
    """Return why, of our own words: what a server sends has no place in a log."""
    inner = getattr(error, "os_error", None)
    said = inner if isinstance(inner, OSError) and not isinstance(inner, ssl.SSLError) else error
    if isinstance(said, ssl.SSLError) or isinstance(inner, ssl.SSLError):
        return "the server's certificate or handshake is refused"
    if isinstance(said, OSError):
        return said.strerror or (str(said) if type(said).__module__.startswith("ringfence") else type(said).__name__)
    return f"not HTTP that can be read ({type(said).__name__})"

"""Orders to a system of the provider's own: told by signed POST, read back by signed GET (docs/edges/webhook.md)."""

import asyncio
import secrets
import time
from typing import Final, TypeVar
from urllib.parse import quote, urlsplit

import msgspec
from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar
from msgspec import Struct
from yarl import URL

from ringfence.gate.edges.edge import looks_like_order
from ringfence.gate.edges.webhook.settings import WebhookSettings
from ringfence.gate.edges.webhook.signing import HEADER, IDEMPOTENCY, signature
from ringfence.gate.errors import EdgeRefused
from ringfence.gate.table import Reach, order_key
from ringfence.vocabulary.contracts import Action, Order, Scope
from ringfence.vocabulary.times import Micros, iso

MAX_PAGE_BYTES: Final = 4 * 1024 * 1024
MAX_PAGES: Final = 10_000
_PAUSE_S: Final = 0.05
_TRY_AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_SHOWN: Final = 200

_Told = TypeVar("_Told")


class Instruction(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of a POST. `do` is `place` or `remove`; all but `edge`, `key` and `order` is told with `place` alone."""

    v: int
    do: str
    edge: str
    key: str
    order: str
    scope: Scope | None = None
    action: Action | None = None
    clause: str | None = None
    until: str | None = None
    """When it ends by itself, in ISO 8601; `None`: not before it is removed."""
    redress: str | None = None


class Entry(Struct, frozen=True, kw_only=True):
    """What the system holds under a key."""

    key: str
    order: str


class Page(Struct, frozen=True, kw_only=True):
    """A part of what the system holds; `next` leads to the one behind it, `None` where there is none."""

    entries: tuple[Entry, ...]
    next: str | None = None


class WebhookEdge:
    """One address that takes instructions and tells what it holds."""

    def __init__(self, settings: WebhookSettings, secret: str) -> None:
        self.name: Final = settings.name
        self.reach: Final = Reach(frozenset(settings.scopes), frozenset(settings.actions))
        self._url = settings.url
        self._path = urlsplit(settings.url).path
        self._secret = secret
        self._deadline_s = settings.deadline_s
        self._tries = settings.tries
        self._session: ClientSession | None = None

    async def place(self, order: Order, now: Micros) -> None:
        """Tell the order and read it back."""
        key = order_key(order)
        if order.until is not None and order.until <= now:
            raise EdgeRefused(f"{self.name}: the order has ended", permanent=True, reached=True)
        if not looks_like_order(order.id):
            raise EdgeRefused(f"{self.name}: {order.id!r} is not written as an order id", permanent=True, reached=True)
        instruction = Instruction(
            v=1,
            do="place",
            edge=self.name,
            key=key,
            order=order.id,
            scope=order.scope,
            action=order.action,
            clause=order.clause,
            until=None if order.until is None else iso(order.until),
            redress=order.redress,
        )
        await self._tell(instruction)
        if await self._value(key) != order.id:
            raise EdgeRefused(f"{self.name}: {key} was taken but does not read back", permanent=False, reached=True)

    async def remove(self, order_id: str, key: str) -> None:
        """Have the entry taken away if it is that order's, and read back that it is gone."""
        if await self._value(key) != order_id:
            return
        await self._tell(Instruction(v=1, do="remove", edge=self.name, key=key, order=order_id))
        if await self._value(key) == order_id:
            raise EdgeRefused(f"{self.name}: {key} was removed but is still there", permanent=False, reached=True)

    async def placed(self) -> dict[str, str]:
        """Return all entries whose order is written as one, page by page."""
        found: dict[str, str] = {}
        after = ""
        for _ in range(MAX_PAGES):
            page = await self._page(f"?after={quote(after, safe='')}")
            found.update({entry.key: entry.order for entry in page.entries if looks_like_order(entry.order)})
            if page.next is None:
                return found
            after = page.next
        raise EdgeRefused(f"{self.name}: over {MAX_PAGES} pages without an end", permanent=True, reached=True)

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _value(self, key: str) -> str | None:
        page = await self._page(f"?key={quote(key, safe='')}")
        return next((entry.order for entry in page.entries if entry.key == key), None)

    async def _page(self, query: str) -> Page:
        answer = await self._asked("GET", query, b"", {})
        try:
            return msgspec.json.decode(answer, type=Page)
        except msgspec.MsgspecError as error:
            raise EdgeRefused(
                f"{self.name}: GET {query[:_SHOWN]}: not understood: {error}", permanent=True, reached=True
            ) from error

    async def _tell(self, instruction: Instruction) -> None:
        """Send an instruction. All tries carry one idempotency key, so that none is carried out twice."""
        headers = {IDEMPOTENCY: secrets.token_hex(16), "Content-Type": "application/json"}
        await self._asked("POST", "", msgspec.json.encode(instruction), headers)

    async def _asked(self, method: str, query: str, body: bytes, headers: dict[str, str]) -> bytes:
        """Return the body of an answer with a status of 2xx, within the deadline over all tries."""
        cause = "no answer in time"
        try:
            async with asyncio.timeout(self._deadline_s):
                for number in range(self._tries):
                    if number:
                        await asyncio.sleep(_PAUSE_S * 2 ** (number - 1))
                    try:
                        status, answer = await self._once(method, query, body, headers)
                    except (ClientError, OSError, ValueError) as error:
                        cause = str(error) or type(error).__name__
                        continue
                    if 200 <= status < 300:
                        return answer
                    cause = f"{method}: status {status}"
                    if status not in _TRY_AGAIN:
                        raise EdgeRefused(f"{self.name}: {cause}", permanent=True, reached=True)
        except TimeoutError:
            pass
        raise EdgeRefused(f"{self.name}: {cause[:_SHOWN]}", permanent=False, reached=False)

    async def _once(self, method: str, query: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        """Send a request, signed anew, and return the answer's status and body. Redirects are answers that refuse."""
        if self._session is None:
            # Deadlines are this edge's own; a proxy of the environment would be told of every order.
            self._session = ClientSession(timeout=ClientTimeout(total=None), cookie_jar=DummyCookieJar(), trust_env=False)
        sign = signature(self._secret, method=method, target=self._path + query, body=body, seconds=int(time.time()))
        url = URL(self._url + query, encoded=True)
        async with self._session.request(
            method, url, data=body or None, headers={**headers, HEADER: sign}, allow_redirects=False
        ) as response:
            answer = await response.content.read(MAX_PAGE_BYTES + 1)
            while len(answer) <= MAX_PAGE_BYTES and (more := await response.content.read(MAX_PAGE_BYTES + 1 - len(answer))):
                answer += more
            if len(answer) > MAX_PAGE_BYTES:
                response.close()
                raise ValueError(f"an answer of over {MAX_PAGE_BYTES} bytes")
            return response.status, answer

"""A system of the provider's own, as docs/edges/webhook.md asks for one: a real HTTP server that checks every signature."""

import asyncio
import hashlib
import hmac
import json
import time
from typing import Any, Final, Self

from aiohttp import web

from ringfence.gate.edges import Edge
from ringfence.gate.edges.webhook import WebhookEdge, WebhookSettings
from ringfence.vocabulary.subjects import SubjectKind

SECRET: Final = "a secret of the tests"
PAGE: Final = 2


class Receiver:
    """Takes instructions and tells what it holds, two entries a page. It knows nothing of the driver's code."""

    def __init__(self) -> None:
        self.held: dict[str, dict[str, Any]] = {}
        self.carried_out: list[tuple[str, str, str]] = []
        self.answered: dict[str, int] = {}
        self.spoiled: list[int | str] = []
        """What the next requests get instead: a status, `lost` for an answer that is lost after the deed, `silent` for none."""
        self.breakdown: str | None = None
        self.port = 0
        self._runner: web.AppRunner | None = None
        self._wake = asyncio.Event()

    async def start(self) -> None:
        application = web.Application()
        application.router.add_post("/hooks/orders", self._post)
        application.router.add_get("/hooks/orders", self._get)
        self._wake = asyncio.Event()
        self._runner = web.AppRunner(application, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        self._wake.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _spoiled(self) -> int | str | None:
        if self.breakdown == "silent":
            await self._wake.wait()
        if self.breakdown == "errors":
            return 500
        return self.spoiled.pop(0) if self.spoiled else None

    async def _post(self, request: web.Request) -> web.Response:
        body = await request.read()
        self._check(request, body)
        spoiled = await self._spoiled()
        if isinstance(spoiled, int):
            return web.Response(status=spoiled)
        key = request.headers["Idempotency-Key"]
        if key not in self.answered:
            self.answered[key] = self._carry_out(json.loads(body))
        if spoiled == "lost":
            assert request.transport is not None
            request.transport.abort()
        return web.Response(status=self.answered[key])

    def _carry_out(self, told: dict[str, Any]) -> int:
        held = self.held.get(told["key"])
        if held is not None and held.get("operator"):
            return 409
        self.carried_out.append((told["do"], told["key"], told["order"]))
        if told["do"] == "place":
            self.held[told["key"]] = told
        elif held is not None and held["order"] == told["order"]:
            del self.held[told["key"]]
        return 204

    async def _get(self, request: web.Request) -> web.Response:
        self._check(request, b"")
        spoiled = await self._spoiled()
        if isinstance(spoiled, int):
            return web.Response(status=spoiled)
        if "key" in request.query:
            keys, next_key = [key for key in self.held if key == request.query["key"]], None
        else:
            after = [key for key in sorted(self.held) if key > request.query["after"]]
            keys, next_key = after[:PAGE], after[PAGE - 1] if len(after) > PAGE else None
        return web.json_response({"entries": [{"key": key, "order": self.held[key]["order"]} for key in keys], "next": next_key})

    def _check(self, request: web.Request, body: bytes) -> None:
        """Refuse what the holder of the secret did not send within the last minutes."""
        given = dict(part.split("=", 1) for part in request.headers["Ringfence-Signature"].split(","))
        text = f"{given['t']}.{request.method}.{request.raw_path}.{hashlib.sha256(body).hexdigest()}"
        made = hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(made, given["v1"]) or abs(time.time() - int(given["t"])) > 300:
            raise web.HTTPForbidden


class WebhookRig:
    """The receiver, spoiled as told."""

    kind = SubjectKind.ACCOUNT

    async def __aenter__(self) -> Self:
        self.receiver = Receiver()
        await self.receiver.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.receiver.stop()

    def edge(self, deadline_ms: int = 10_000, secret: str = SECRET) -> Edge:
        url = f"http://127.0.0.1:{self.receiver.port}/hooks/orders"
        return WebhookEdge(WebhookSettings(name="edge-1", url=url, secret_file="hook.secret", deadline_ms=deadline_ms), secret)

    async def foreign(self, key: str) -> None:
        self.receiver.held[key] = {"key": key, "order": "an operator's own", "operator": True}

    async def keys(self) -> set[str]:
        return set(self.receiver.held)

    async def forget(self, key: str | None = None) -> None:
        if key is None:
            self.receiver.held.clear()
        else:
            del self.receiver.held[key]

    async def stray(self, key: str, order: str) -> None:
        self.receiver.held[key] = {"key": key, "order": order}

    async def break_down(self, how: str) -> None:
        self.receiver.breakdown = how
        if how == "away":
            await self.receiver.stop()

    async def mend(self) -> None:
        self.receiver.breakdown = None
        await self.receiver.stop()
        await self.receiver.start()

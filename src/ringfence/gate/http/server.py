"""The HTTP server: `POST /v1/voice/decide`, its description, and how the gate stands (docs/edges/http.md)."""

import json
from collections.abc import Callable
from typing import Final

from aiohttp import web

from ringfence.gate.errors import AddressBusy
from ringfence.gate.http.verdicts import Unanswerable, Verdicts, openapi
from ringfence.gate.redirect.peers import Peer, Peers

MOST_OCTETS: Final = 8 * 1024 * 1024
KEEP_ALIVE_S: Final = 75.0
_PROBLEM: Final = "application/problem+json"
_JSON: Final = "application/json"


class VerdictServer:
    """Answers peers at one address. Connections are kept alive; nobody waits for the disk or the desk."""

    def __init__(self, verdicts: Verdicts, peers: Peers, health: Callable[[], dict[str, object]]) -> None:
        self._verdicts = verdicts
        self._peers = peers
        self._health = health
        self._openapi = json.dumps(openapi()).encode()
        self._runner: web.AppRunner | None = None

    async def listen(self, host: str, port: int) -> None:
        """Open the socket. Raises `AddressBusy`."""
        application = web.Application(client_max_size=MOST_OCTETS)
        application.router.add_post("/v1/voice/decide", self._decide)
        application.router.add_get("/v1/voice/openapi.json", self._describe)
        application.router.add_get("/v1/voice/health", self._tell_health)
        runner = web.AppRunner(application, access_log=None, keepalive_timeout=KEEP_ALIVE_S, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            await runner.cleanup()
            raise AddressBusy(f"{host}:{port} (HTTP): {error.strerror or error}", permanent=True) from error
        self._runner = runner

    async def close(self) -> None:
        """Close the socket and every connection."""
        if self._runner is not None:
            await self._runner.cleanup()

    def _peer(self, request: web.Request) -> Peer:
        """Return who asks. Raises an HTTP 403 for strangers."""
        peer = self._peers.of(request.remote or "")
        if peer is None:
            self._verdicts.tally.strangers += 1
            raise _problem(web.HTTPForbidden, "Forbidden", "this address may not ask. Hint: add it to gate.peers")
        return peer

    async def _decide(self, request: web.Request) -> web.Response:
        peer = self._peer(request)
        try:
            body = await request.read()
            answer = self._verdicts.answer(body, trusted=peer.trusted)
        except web.HTTPRequestEntityTooLarge:
            detail = f"more than {MOST_OCTETS:,} octets. Hint: send fewer questions at once"
            return _problem_response(413, "Content Too Large", detail)
        except Unanswerable as error:
            return _problem_response(400, "No question", f"{error.cause}. Hint: {error.hint}", error.field)
        return web.Response(body=answer, content_type=_JSON)

    async def _describe(self, request: web.Request) -> web.Response:
        self._peer(request)
        return web.Response(body=self._openapi, content_type=_JSON)

    async def _tell_health(self, request: web.Request) -> web.Response:
        self._peer(request)
        return web.Response(body=json.dumps(self._health()).encode(), content_type=_JSON)


def _problem(kind: type[web.HTTPException], title: str, detail: str) -> web.HTTPException:
    return kind(text=json.dumps({"title": title, "detail": detail}), content_type=_PROBLEM)


def _problem_response(status: int, title: str, detail: str, field: str = "") -> web.Response:
    problem = {"title": title, "detail": detail} | ({"field": field} if field else {})
    return web.Response(status=status, text=json.dumps(problem), content_type=_PROBLEM)

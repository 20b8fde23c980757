"""The HTTP server: `POST /v1/voice/decide` and `sign`, their description, and how the gate stands (docs/edges/http.md)."""

import asyncio
import json
from collections.abc import Callable
from typing import Final

from aiohttp import web

from ringfence.gate.errors import AddressBusy
from ringfence.gate.http.bounds import Bounds, discreet
from ringfence.gate.http.description import openapi
from ringfence.gate.http.signatures import Signatures
from ringfence.gate.http.unanswerable import Unanswerable
from ringfence.gate.http.verdicts import Verdicts
from ringfence.gate.identity import NotSigned
from ringfence.gate.redirect.peers import Peer, Peers

MOST_OCTETS: Final = 8 * 1024 * 1024
MOST_OCTETS_OF_A_CALL: Final = 256 * 1024
KEEP_ALIVE_S: Final = 75.0
BACKLOG: Final = 1_024
"""Connections that wait to be taken; half-open ones are the system's, which answers floods of them with cookies."""
_PROBLEM: Final = "application/problem+json"
_JSON: Final = "application/json"


class VerdictServer:
    """Answers peers at one address. Connections are kept alive; nobody waits for the disk or the desk."""

    def __init__(
        self,
        verdicts: Verdicts,
        peers: Peers,
        health: Callable[[], dict[str, object]],
        signatures: Signatures | None = None,
    ) -> None:
        self._verdicts = verdicts
        self._signatures = signatures
        self._peers = peers
        self._health = health
        self._openapi = json.dumps(openapi()).encode()
        self._bounds = Bounds(peers, verdicts.tally)
        self._runner: web.AppRunner | None = None
        self._socket: asyncio.Server | None = None

    async def listen(self, host: str, port: int) -> None:
        """Open the socket. Raises `AddressBusy`."""
        application = web.Application(client_max_size=MOST_OCTETS, middlewares=[self._bounds.middleware()])
        application.router.add_post("/v1/voice/decide", self._decide)
        application.router.add_post("/v1/voice/sign", self._sign)
        application.router.add_post("/v1/voice/ended", self._note_ends)
        application.router.add_get("/v1/voice/openapi.json", self._describe)
        application.router.add_get("/v1/voice/health", self._tell_health)
        runner = web.AppRunner(
            application, access_log=None, logger=discreet(), keepalive_timeout=KEEP_ALIVE_S, shutdown_timeout=1.0
        )
        await runner.setup()
        serve = runner.server
        assert serve is not None  # it was set up
        try:
            loop = asyncio.get_running_loop()
            self._socket = await loop.create_server(lambda: self._bounds.around(serve()), host, port, backlog=BACKLOG)
        except OSError as error:
            await runner.cleanup()
            raise AddressBusy(f"{host}:{port} (HTTP): {error.strerror or error}", permanent=True) from error
        self._runner = runner

    async def close(self) -> None:
        """Close the socket and every connection."""
        if self._socket is not None:
            self._socket.close()
        self._bounds.connections.close()
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
            answer = self._verdicts.answer(body, trusted=peer.trusted, manners=peer.manners, asker=request.remote)
        except web.HTTPRequestEntityTooLarge:
            detail = f"more than {MOST_OCTETS:,} octets. Hint: send fewer questions at once"
            return _problem_response(413, "Content Too Large", detail)
        except Unanswerable as error:
            return _problem_response(400, "No question", f"{error.cause}. Hint: {error.hint}", error.field)
        return web.Response(body=answer, content_type=_JSON)

    async def _sign(self, request: web.Request) -> web.Response:
        peer = self._peer(request)
        if self._signatures is None:
            return _problem_response(404, "Not signing", "no key is configured. Hint: gate.signing in docs/stir.md")
        if not peer.trusted:
            return _problem_response(
                403, "Forbidden", "only a peer that checks who sends a call may have it signed. Hint: gate.trusted"
            )
        if (request.content_length or 0) > MOST_OCTETS_OF_A_CALL:
            return _problem_response(
                413, "Content Too Large", f"more than {MOST_OCTETS_OF_A_CALL:,} octets. Hint: one call a request"
            )
        try:
            answer = self._signatures.answer(await request.read())
        except web.HTTPRequestEntityTooLarge:
            return _problem_response(
                413, "Content Too Large", f"more than {MOST_OCTETS_OF_A_CALL:,} octets. Hint: one call a request"
            )
        except Unanswerable as error:
            return _problem_response(400, "No call", f"{error.cause}. Hint: {error.hint}", error.field)
        except NotSigned as refused:
            return _problem_response(422, "Not signed", f"{refused.cause}. Hint: {refused.hint}")
        return web.Response(body=answer, content_type=_JSON)

    async def _note_ends(self, request: web.Request) -> web.Response:
        self._peer(request)
        try:
            return web.Response(body=self._verdicts.note_ends(await request.read()), content_type=_JSON)
        except web.HTTPRequestEntityTooLarge:
            detail = f"more than {MOST_OCTETS:,} octets. Hint: tell fewer ends at once"
            return _problem_response(413, "Content Too Large", detail)
        except Unanswerable as error:
            return _problem_response(400, "No end", f"{error.cause}. Hint: {error.hint}", error.field)

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

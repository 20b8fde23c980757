"""What one client can take of the HTTP port: so many connections, and so long for a request to be whole."""

import asyncio
import logging
from typing import cast

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler, Middleware

from ringfence.gate.redirect import streams
from ringfence.gate.redirect.peers import Peers
from ringfence.gate.redirect.streams import Connections, Sheds


def discreet() -> logging.Logger:
    """Return a log for the server that says nothing of what cannot be read: its library would quote what came."""
    log = logging.Logger("ringfence.gate.http")
    log.parent = logging.getLogger()
    log.addFilter(lambda record: record.exc_info is None or not isinstance(record.exc_info[1], HttpProcessingError))
    return log


class Bounds:
    """Lets connections in as the streams of SIP are, and ends those whose request is not whole in time, however slowly it comes."""

    def __init__(self, peers: Peers, tally: Sheds) -> None:
        self.peers = peers
        self.connections = Connections(tally)
        self._of: dict[asyncio.BaseProtocol, Bounded] = {}

    def around(self, inner: asyncio.Protocol) -> "Bounded":
        """Return what stands between a new connection and the protocol that serves it."""
        self._of[inner] = Bounded(inner, self)
        return self._of[inner]

    def forget(self, inner: asyncio.Protocol) -> None:
        """Note that a connection is over."""
        self._of.pop(inner, None)

    def middleware(self) -> Middleware:
        """Return what handles requests whose head is whole: they have time for the body, then the connection rests."""

        @web.middleware
        async def hold(request: web.Request, handler: Handler) -> web.StreamResponse:
            try:
                return await handler(request)
            finally:
                bounded = self._of.get(request.protocol)
                if bounded is not None:
                    bounded.rest()

        return hold


class Bounded(asyncio.Protocol):
    """One connection. From its beginning, and from the first octet of each request, it has `UNFINISHED_S` for all of it."""

    def __init__(self, inner: asyncio.Protocol, bounds: Bounds) -> None:
        self._inner = inner
        self._bounds = bounds
        self._host = ""
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._taken = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take it where there is room."""
        self._transport = cast("asyncio.Transport", transport)
        self._host = str((transport.get_extra_info("peername") or ("",))[0])
        known = self._bounds.peers.of(self._host) is not None
        self._taken = self._bounds.connections.add(self._transport, self._host, known=known)
        if not self._taken:
            self._bounds.connections.tally.shed += 1
            self._transport.abort()
            return
        self._inner.connection_made(transport)
        self._begin()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self.rest()
        self._bounds.forget(self._inner)
        if self._taken and self._transport is not None:
            self._bounds.connections.drop(self._transport, self._host)
            self._inner.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Pass it on; the time counts from the first octet."""
        if self._taken:
            if self._timer is None:
                self._begin()
            self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        """Pass it on."""
        return self._inner.eof_received() if self._taken else None

    def pause_writing(self) -> None:
        """Pass it on."""
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Pass it on."""
        self._inner.resume_writing()

    def rest(self) -> None:
        """Stop counting: the request was handled. How long it may rest then is the keep-alive's."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _begin(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(streams.UNFINISHED_S, self._late)

    def _late(self) -> None:
        self._timer = None
        self._bounds.connections.tally.shed += 1
        if self._transport is not None:
            self._transport.abort()

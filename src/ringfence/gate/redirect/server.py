"""The redirect server's sockets: UDP and TCP at one address, TLS at another."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Final, cast

from ringfence.gate.configuration import RedirectConfiguration, TlsConfiguration
from ringfence.gate.errors import AddressBusy, CertificateUnusable
from ringfence.gate.orders import OrdersTail
from ringfence.gate.receipts import ReceiptBook
from ringfence.gate.redirect.responder import Responder, Tally
from ringfence.gate.redirect.streams import Connections, Stream
from ringfence.vocabulary.times import Micros

HANDSHAKE_S: Final = 5.0
_BACKLOG: Final = 256


class RedirectServer(asyncio.DatagramProtocol):
    """Carries questions to the responder and its answers back to where they came from (RFC 3581)."""

    def __init__(
        self, configuration: RedirectConfiguration, orders: OrdersTail, receipts: ReceiptBook, *, clock: Callable[[], Micros]
    ) -> None:
        self._tls = configuration.tls
        self._responder = Responder(configuration, orders, receipts, clock=clock)
        self._connections = Connections(self._responder.tally)
        self._transport: asyncio.DatagramTransport | None = None
        self._servers: list[asyncio.Server] = []

    @property
    def tally(self) -> Tally:
        """What was done since the start."""
        return self._responder.tally

    @property
    def asked(self) -> asyncio.Event:
        """Set once a peer has asked: from then on orders work here."""
        return self._responder.asked

    @property
    def connections(self) -> int:
        """How many streams are open."""
        return len(self._connections)

    async def listen(self, host: str, port: int) -> None:
        """Open the sockets, or none. Raises `AddressBusy` or `CertificateUnusable`."""
        context = _context(self._tls) if self._tls is not None else None
        loop = asyncio.get_running_loop()
        carried = "UDP"
        try:
            await loop.create_datagram_endpoint(lambda: self, local_addr=(host, port))
            carried = "TCP"
            self._servers.append(await loop.create_server(lambda: self._stream(None), host, port, backlog=_BACKLOG))
            if self._tls is not None:
                carried = "TLS"
                host, _, text = self._tls.listen.rpartition(":")
                host, port = host.strip("[]"), int(text)
                made = loop.create_server(
                    lambda: self._stream(self._tls), host, port, ssl=context, backlog=_BACKLOG, ssl_handshake_timeout=HANDSHAKE_S
                )
                self._servers.append(await made)
        except OSError as error:
            self.close()
            raise AddressBusy(f"{host}:{port} ({carried}): {error.strerror or error}", permanent=True) from error

    def _stream(self, tls: TlsConfiguration | None) -> Stream:
        return Stream(self._responder, self._connections, tls)

    def close(self) -> None:
        """Close the sockets and every stream."""
        if self._transport is not None:
            self._transport.close()
        for server in self._servers:
            server.close()
        self._connections.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def error_received(self, exc: Exception) -> None:
        """Go on: a peer that went away is no reason to stop."""

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        """Answer one datagram, or not."""
        answer = self._responder.respond(data, str(addr[0]))
        if answer is not None and self._transport is not None:
            self._transport.sendto(answer, addr)


def _context(tls: TlsConfiguration) -> ssl.SSLContext:
    """Return the server's side of TLS 1.2 and later. Raises `CertificateUnusable`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(tls.certificate, tls.key)
        if tls.clients is not None:
            context.load_verify_locations(tls.clients)
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ssl.SSLError) as error:
        files = ", ".join(name for name in (tls.certificate, tls.key, tls.clients) if name is not None)
        raise CertificateUnusable(f"gate.tls: {files}: {error}. Hint: PEM files that this user may read", permanent=True) from error
    return context

"""The redirect server's sockets: UDP and TCP at one address, TLS at another."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Final

from ringfence.gate.configuration import RedirectConfiguration, TlsConfiguration
from ringfence.gate.errors import AddressBusy, CertificateUnusable
from ringfence.gate.identity import Identity
from ringfence.gate.inline import RulesBefore
from ringfence.gate.orders import OrdersTail
from ringfence.gate.receipts import ReceiptBook
from ringfence.gate.redirect.datagrams import Datagrams
from ringfence.gate.redirect.responder import Responder, Tally
from ringfence.gate.redirect.streams import Connections, Stream
from ringfence.vocabulary.times import Micros

HANDSHAKE_S: Final = 5.0
_BACKLOG: Final = 256


class RedirectServer:
    """Carries questions to the responder and its answers back to where they came from (RFC 3581)."""

    def __init__(
        self,
        configuration: RedirectConfiguration,
        orders: OrdersTail,
        receipts: ReceiptBook,
        *,
        clock: Callable[[], Micros],
        rules: RulesBefore | None = None,
        identity: Identity | None = None,
    ) -> None:
        self._tls = configuration.tls
        self.responder = Responder(configuration, orders, receipts, clock=clock, rules=rules, identity=identity)
        self._connections = Connections(self.responder.tally)
        self._datagrams = Datagrams(self.responder.respond_all)
        self._servers: list[asyncio.Server] = []

    @property
    def tally(self) -> Tally:
        """What was done since the start."""
        return self.responder.tally

    @property
    def asked(self) -> asyncio.Event:
        """Set once a peer has asked: from then on orders work here."""
        return self.responder.asked

    @property
    def connections(self) -> int:
        """How many streams are open."""
        return len(self._connections)

    @property
    def port(self) -> int:
        """The port on which UDP is read."""
        return self._datagrams.port

    @property
    def shed(self) -> int:
        """How many questions or answers were lost for want of time or room, those that the system dropped with the others."""
        return self.tally.shed + self._datagrams.shed + self._datagrams.dropped()

    async def listen(self, host: str, port: int) -> None:
        """Open the sockets, or none. Raises `AddressBusy` or `CertificateUnusable`."""
        context = _context(self._tls) if self._tls is not None else None
        loop = asyncio.get_running_loop()
        carried = "UDP"
        try:
            self._datagrams.open(host, port)
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
        return Stream(self.responder, self._connections, tls)

    def close(self) -> None:
        """Close the sockets and every stream."""
        self._datagrams.close()
        for server in self._servers:
            server.close()
        self._connections.close()


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

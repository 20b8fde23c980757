"""HEP over UDP and TCP on one port."""

import asyncio
import errno
import ipaddress
import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import Final

from ringfence.watch.sources.errors import AddressInUse
from ringfence.watch.sources.hep.intake import Intake
from ringfence.watch.sources.hep.received import MOST_AT_ONCE, Receiver
from ringfence.watch.wire.hep import FrameSplitter

RECEIVE_BUFFER_OCTETS: Final = 8 * 1024 * 1024
"""Asked for; the system grants at most net.core.rmem_max, save to a process that has CAP_NET_ADMIN.

With the usual 208 kB most of a burst is lost.
"""
MAX_CONNECTIONS: Final = 256
_UDP_TABLES: Final = (Path("/proc/net/udp"), Path("/proc/net/udp6"))
_FREE_PORT_TRIES: Final = 20
_SO_RCVBUFFORCE: Final = 33  # socket(7); Python does not name it
_PAUSE_S: Final = 0.002
_READS_A_LOOK: Final = 8
"""Readings one after another: connections are to be served too."""
_MOST_DRAINED: Final = 100_000
"""Packets taken from the socket at the end: a flood must not keep a process from ending."""


class HepListener:
    """Listens from `start` to `stop` and hands each packet to the intake.

    `port` 0 takes a free one; `port` says which after `start`.
    """

    def __init__(self, intake: Intake, address: str, port: int) -> None:
        self.intake = intake
        self.address = address
        self.port = port
        self.receive_buffer_octets = 0
        """What the system granted, as it counts (Linux doubles it for its own needs)."""
        self._datagrams: _Datagrams | None = None
        self._socket: socket.socket | None = None
        self._tcp: asyncio.Server | None = None
        self._open: set[asyncio.BaseTransport] = set()

    async def start(self) -> None:
        """Open both sockets, or neither. Raises `AddressInUse`."""
        loop = asyncio.get_running_loop()
        udp, tcp = self._bound()
        self.receive_buffer_octets = udp.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        self._socket = udp
        self._datagrams = _Datagrams(self.intake, udp, loop)
        self._tcp = await loop.create_server(lambda: _Connection(self.intake, self._open), sock=tcp)

    def kernel_drops(self) -> int:
        """Return how many datagrams the system has dropped since the start because the socket's buffer was full.

        The system counts a socket's as one (proc(5), /proc/net/udp): whose they were, nobody can tell. 0 where it doesn't say.
        """
        if self._socket is None:
            return 0
        inode = str(os.fstat(self._socket.fileno()).st_ino)
        try:
            lines = [line.split() for path in _UDP_TABLES for line in path.read_text(encoding="ascii").splitlines()[1:]]
            return next((int(fields[12]) for fields in lines if fields[9] == inode), 0)
        except (OSError, IndexError, ValueError):
            return 0

    async def stop(self) -> None:
        """Take in the datagrams that the system holds already, then close the sockets and every connection."""
        if self._datagrams is not None:
            self._datagrams.stop()
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if self._tcp is not None:
            self._tcp.close()
            for transport in tuple(self._open):
                transport.close()
            await self._tcp.wait_closed()
        self._datagrams = self._tcp = None

    def _bound(self) -> tuple[socket.socket, socket.socket]:
        """Bind UDP and TCP to the same port, taking another free one where port 0 was asked for and TCP's is not free."""
        for _ in range(1 if self.port else _FREE_PORT_TRIES):
            udp = _bind(self.address, self.port, socket.SOCK_DGRAM)
            port = udp.getsockname()[1]
            try:
                tcp = _bind(self.address, port, socket.SOCK_STREAM)
            except AddressInUse:
                udp.close()
                if self.port:
                    raise
                continue
            self.port = port
            return udp, tcp
        raise AddressInUse(f"no port of {self.address} is free for both UDP and TCP", permanent=False)


def _bind(address: str, port: int, kind: socket.SocketKind) -> socket.socket:
    """Return a bound socket that does not block. Raises `AddressInUse` with the cause and what to do."""
    name = "UDP" if kind is socket.SOCK_DGRAM else "TCP"
    try:
        family = socket.AF_INET6 if ipaddress.ip_address(address).version == 6 else socket.AF_INET
    except ValueError:
        raise AddressInUse(
            f"HEP: {address!r} is no IP address; give the one of this machine to listen on", permanent=True
        ) from None
    bound = socket.socket(family, kind)
    try:
        bound.setblocking(False)
        if kind is socket.SOCK_DGRAM:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_OCTETS)
            with suppress(PermissionError):  # whoever administers the network may have as much as he asks for
                bound.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, RECEIVE_BUFFER_OCTETS)
        else:
            # A port with nothing but an earlier run's connections winding down is free. For UDP this would allow two listeners.
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((address, port))
    except OSError as cause:
        bound.close()
        raise AddressInUse(f"HEP can't listen on {name} {address} port {port}: {_reason(cause)}", permanent=False) from cause
    return bound


def _reason(cause: OSError) -> str:
    match cause.errno:
        case errno.EADDRINUSE:
            return "another process listens there; stop it or choose another port"
        case errno.EACCES:
            return "ports below 1024 need more rights; choose a higher one"
        case errno.EADDRNOTAVAIL:
            return "the address is none of this machine's"
    return cause.strerror or str(cause)


class _Datagrams:
    """HEP over UDP: one packet a datagram, many read at once.

    What comes is waited for; then the socket is looked at every few milliseconds until nothing came: to be woken
    by each costs more.
    """

    def __init__(self, intake: Intake, bound: socket.socket, loop: asyncio.AbstractEventLoop) -> None:
        self._intake = intake
        self._receiver = Receiver(bound)
        self._socket = bound
        self._loop = loop
        self._next: asyncio.TimerHandle | None = None
        intake.take_many(self._receiver.nothing, "")  # what reads them is compiled now, and not while the first ones wait
        loop.add_reader(bound, self._woken)

    def stop(self) -> None:
        """Take in what the system holds already, and read no more."""
        if self._next is not None:
            self._next.cancel()
        self._loop.remove_reader(self._socket)
        for _ in range(_MOST_DRAINED // MOST_AT_ONCE):
            if not self._take():
                return

    def _woken(self) -> None:
        self._loop.remove_reader(self._socket)
        self._look()

    def _look(self) -> None:
        came, left = 0, _READS_A_LOOK
        while left and (read := self._take()):
            came, left = came + read, left - 1 if read == MOST_AT_ONCE else 0
        if came:
            self._next = self._loop.call_later(_PAUSE_S, self._look)
        else:
            self._next = None
            self._loop.add_reader(self._socket, self._woken)

    def _take(self) -> int:
        """Take what there is in one reading; return how many datagrams that were."""
        intake = self._intake
        try:
            count, several = self._receiver.read()
        except OSError:  # the network's word on something sent before: it is told once
            return 0
        for address, packets in several:
            if intake.admits(address):
                intake.take_many(packets, address)
            else:
                intake.counts.refused_address += len(packets.begins)
        return count


class _Connection(asyncio.Protocol):
    """HEP over one TCP connection: packets one after another."""

    def __init__(self, intake: Intake, others: set[asyncio.BaseTransport]) -> None:
        self._intake = intake
        self._others = others
        self._frames = FrameSplitter()
        self._address = ""
        self._transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        peer = transport.get_extra_info("peername")
        self._address = peer[0] if peer else ""
        counts = self._intake.counts
        if not self._intake.admits(self._address):
            counts.refused_address += 1
        elif len(self._others) >= MAX_CONNECTIONS:
            counts.refused_connections += 1
        else:
            self._transport = transport
            self._others.add(transport)
            counts.connections += 1
            return
        transport.close()

    def data_received(self, data: bytes) -> None:
        if self._transport is None:
            return
        lost = self._frames.lost_octets
        for frame in self._frames.feed(data):
            self._intake.take(frame, self._address)
        self._intake.counts.lost_octets += self._frames.lost_octets - lost

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio passes it by position
        if self._transport is not None:
            self._others.discard(self._transport)
            self._intake.counts.connections -= 1
            self._intake.counts.lost_octets += self._frames.held_octets
            self._transport = None

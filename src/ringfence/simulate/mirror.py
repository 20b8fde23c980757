"""The demo edge's mirror: everything that passes it, and every refusal, as HEP3 over UDP."""

import asyncio
import time
from typing import Final, cast

from ringfence.simulate import hep
from ringfence.simulate.addresses import LoopbackAddress
from ringfence.simulate.flows import Packet
from ringfence.simulate.provider import EDGE_ADDRESS
from ringfence.vocabulary.times import Micros

AGENT: Final = 2010
"""The demo edge's capture agent id."""


class Mirror(asyncio.DatagramProtocol):
    """Sends to one address. `sent` counts packets, `unheard` the times the system said that nobody listens there."""

    def __init__(self, key: str | None = None) -> None:
        self.sent = 0
        self.unheard = 0
        self._key = key
        self._transport: asyncio.DatagramTransport | None = None

    @classmethod
    async def open(cls, address: LoopbackAddress, key: str | None = None) -> "Mirror":
        """Return a mirror that sends to `address`."""
        loop = asyncio.get_running_loop()
        _, mirror = await loop.create_datagram_endpoint(lambda: cls(key), remote_addr=(address.host, address.port))
        return mirror

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def error_received(self, exc: Exception) -> None:  # noqa: ARG002 # asyncio's signature
        """Count it: who mirrors doesn't wait for the listener."""
        self.unheard += 1

    def message(self, packet: Packet) -> None:
        """Mirror a SIP message that passes now."""
        self._send(packet, packet.payload, hep.PROTOCOL_SIP, None)

    def refusal(self, packet: Packet, *, order: str, method: str, call_id: str) -> None:
        """Report that the edge refused the request because of `order`, in the words every edge uses."""
        text = f"ringfence.refused order={order} source={packet.source} method={method}"
        self._send(packet, text.encode(), hep.PROTOCOL_LOG, call_id)

    def close(self) -> None:
        """Close the socket."""
        if self._transport is not None:
            self._transport.close()

    def _send(self, packet: Packet, payload: bytes, protocol: int, correlation: str | None) -> None:
        captured = hep.Capture(
            time=Micros(time.time_ns() // 1000),
            source=packet.source,
            source_port=packet.source_port,
            destination=packet.destination,
            destination_port=packet.destination_port,
            payload=payload,
            agent=AGENT,
            protocol=protocol,
            correlation=correlation,
            key=self._key,
        )
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(hep.encode(captured))
            self.sent += 1


def reply_to(request: Packet, payload: bytes) -> Packet:
    """Return the packet that carries the edge's answer back to the request's sender."""
    return Packet(request.offset, EDGE_ADDRESS, request.destination_port, request.source, request.source_port, payload)

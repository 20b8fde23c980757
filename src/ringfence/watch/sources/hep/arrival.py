"""From a HEP packet and the moment it came to a datagram."""

from typing import Final

from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.sources.datagram import Datagram, PayloadKind
from ringfence.watch.wire.hep import HepPacket

CLOCK_TOLERANCE_US: Final = Micros(5 * SECOND)
"""How far an agent's clock may be off before the time of arrival counts instead, lest a wrong clock poison windows."""

_KINDS: Final = {1: PayloadKind.SIP, 100: PayloadKind.LOG, 0x56: PayloadKind.LOG}
_TRANSPORTS: Final = {6: "tcp", 17: "udp", 132: "sctp"}


def datagram(packet: HepPacket, arrival: Micros, agent_address: str | None = None) -> Datagram | None:
    """Return what the packet carries, or `None` where it lacks addresses or payload.

    Its time is the agent's, unless that is missing or too far off (see `has_usable_clock`).
    """
    if packet.source is None or packet.destination is None or packet.payload is None:
        return None
    time = packet.time if packet.time is not None and has_usable_clock(packet, arrival) else arrival
    return Datagram(
        time=time,
        arrival=arrival,
        kind=_KINDS.get(packet.payload_type or 0, PayloadKind.OTHER),
        transport=_TRANSPORTS.get(packet.protocol or 0, f"ip-{packet.protocol or 0}"),
        source=packet.source,
        source_port=packet.source_port or 0,
        destination=packet.destination,
        destination_port=packet.destination_port or 0,
        payload=packet.payload,
        agent=packet.agent,
        correlation=packet.correlation,
        agent_address=agent_address,
    )


def has_usable_clock(packet: HepPacket, arrival: Micros) -> bool:
    """Tell whether the packet has a time, no more than `CLOCK_TOLERANCE_US` away from its arrival."""
    return packet.time is not None and abs(packet.time - arrival) <= CLOCK_TOLERANCE_US

"""From a HEP packet and the moment it came to a datagram."""

from typing import Final

from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.sources.datagram import Datagram, PayloadKind
from ringfence.watch.sources.hep.layouts import Captured
from ringfence.watch.wire.hep import HepPacket

CLOCK_TOLERANCE_US: Final = Micros(5 * SECOND)
"""How far an agent's clock may be off before the time of arrival counts instead, lest a wrong clock poison windows."""

_KINDS: Final = {1: PayloadKind.SIP, 100: PayloadKind.LOG, 0x56: PayloadKind.LOG}
TRANSPORTS: Final = {6: "tcp", 17: "udp", 132: "sctp"}
"""Names of IP protocols."""


def datagram(packet: HepPacket | Captured, arrival: Micros, agent_address: str | None = None) -> Datagram | None:
    """Return what the packet carries, or `None` where it lacks addresses or payload.

    Its time is the agent's, unless that is missing or too far off (see `has_usable_clock`).
    """
    if packet.source is None or packet.destination is None or packet.payload is None:
        return None
    return Datagram(
        packet.time if packet.time is not None and has_usable_clock(packet.time, arrival) else arrival,
        arrival,
        _KINDS.get(packet.payload_type or 0, PayloadKind.OTHER),
        TRANSPORTS.get(packet.protocol or 0) or f"ip-{packet.protocol or 0}",
        packet.source,
        packet.source_port or 0,
        packet.destination,
        packet.destination_port or 0,
        packet.payload,
        packet.agent,
        packet.correlation,
        agent_address,
    )


def has_usable_clock(time: Micros | None, arrival: Micros) -> bool:
    """Tell whether there is a time of the agent's, no more than `CLOCK_TOLERANCE_US` away from its arrival."""
    return time is not None and -CLOCK_TOLERANCE_US <= time - arrival <= CLOCK_TOLERANCE_US

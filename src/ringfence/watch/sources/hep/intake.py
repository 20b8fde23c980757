"""Who may send HEP, and what becomes of each packet: the part that UDP and TCP share. It opens no socket."""

import hmac
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from ringfence.vocabulary.times import Micros
from ringfence.watch.sources.datagram import Datagram
from ringfence.watch.sources.hep.arrival import datagram, has_usable_clock
from ringfence.watch.sources.hep.counters import HepCounts
from ringfence.watch.sources.hep.layouts import Layouts
from ringfence.watch.wire.hep import HepDefect, HepPacket

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_REMEMBERED: Final = 4_096


@dataclass(slots=True)
class Intake:
    """Checks, counts and delivers. `deliver` says `False` where there was no room.

    `allowed` empty: nobody may send. `key` `None`: agents need none.

    HEP itself proves nothing: the key travels in plain text and UDP senders can lie. Keep the listener on a private address.
    """

    deliver: Callable[[Datagram], bool | None]
    clock: Callable[[], Micros]
    allowed: tuple[Network, ...]
    key: bytes | None = None
    counts: HepCounts = field(default_factory=HepCounts)
    _known: set[str] = field(default_factory=set)
    _layouts: dict[str, Layouts] = field(default_factory=dict)

    def admits(self, address: str) -> bool:
        """Tell whether packets from that address are taken."""
        if address in self._known:
            return True
        try:
            sender = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        if isinstance(sender, ipaddress.IPv6Address) and sender.ipv4_mapped is not None:
            sender = sender.ipv4_mapped
        if not any(sender in network for network in self.allowed):
            return False
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known.add(address)
        return True

    def take(self, data: bytes, address: str) -> None:
        """Deliver what one packet from an admitted address carries, or count why not. Nothing of it is logged."""
        layouts = self._layouts.get(address)
        if layouts is None:
            layouts = self._laid_out(address)
        packet = layouts.read(data)
        counts = self.counts
        if isinstance(packet, HepPacket) and packet.defects:
            counts.defects.update(packet.defects)
            if HepDefect.NOT_HEP in packet.defects:
                counts.not_hep += 1
                return
        if self.key is not None and not hmac.compare_digest(packet.key or b"", self.key):
            counts.refused_key += 1
            return
        arrival = self.clock()
        agent = counts.of(address, packet.agent)
        agent.packets += 1
        agent.octets += len(data)
        agent.last_arrival = arrival
        carried = datagram(packet, arrival, address)
        if carried is None:
            counts.without_payload += 1
            return
        if not has_usable_clock(packet.time, arrival):
            agent.clock_refused += 1
        if self.deliver(carried) is False:
            agent.dropped += 1

    def _laid_out(self, address: str) -> Layouts:
        if len(self._layouts) >= _REMEMBERED:
            self._layouts.clear()
        return self._layouts.setdefault(address, Layouts())

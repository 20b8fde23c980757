"""Who may send HEP, and what becomes of each packet: the part that UDP and TCP share. It opens no socket."""

import hmac
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from ringfence.vocabulary.times import Micros
from ringfence.watch.kernels import hep_packets as kernel
from ringfence.watch.sources.datagram import Datagram
from ringfence.watch.sources.hep.arrival import CLOCK_TOLERANCE_US, datagram, has_usable_clock
from ringfence.watch.sources.hep.counters import HepCounts
from ringfence.watch.sources.hep.layouts import Layouts
from ringfence.watch.sources.hep.mirrored import Mirrored
from ringfence.watch.sources.stretch import Addresses
from ringfence.watch.wire.hep import HepDefect, HepPacket

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_REMEMBERED: Final = 4_096


class Packets(NamedTuple):
    """HEP packets that stand in `octets`, each from one of `begins` to before one of `ends`."""

    octets: NDArray[np.uint8]
    begins: NDArray[np.int64]
    ends: NDArray[np.int64]


@dataclass(slots=True)
class Intake:
    """Checks, counts and delivers, one by one or many at once. `deliver` says `False` where there was no room.

    `allowed` empty: nobody may send. `key` `None`: agents need none.

    HEP itself proves nothing: the key travels in plain text and UDP senders can lie. Keep the listener on a private address.
    """

    deliver: Callable[[Datagram], bool | None]
    clock: Callable[[], Micros]
    allowed: tuple[Network, ...]
    key: bytes | None = None
    deliver_many: Callable[[Mirrored], int] | None = None
    """Says how many of them, from the first on, there was room for; `None`: they are delivered one by one."""
    counts: HepCounts = field(default_factory=HepCounts)
    _known: set[str] = field(default_factory=set)
    _layouts: dict[str, Layouts] = field(default_factory=dict)
    _texts: Addresses = field(default_factory=Addresses)

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

    def take_many(self, packets: Packets, address: str) -> None:
        """Do as `take` with each of the packets from an admitted address: those that are not plain go first, one by one."""
        octets, begins, ends = packets
        key = np.frombuffer(self.key or b"", np.uint8)
        rows, payloads = np.zeros((len(begins), kernel.COLUMNS), np.int64), np.empty(int((ends - begins).sum()), np.uint8)
        used = kernel.read_packets(octets, begins, ends, key, rows, payloads)
        is_plain = rows[:, kernel.PAYLOAD] >= 0
        for nth in np.flatnonzero(~is_plain).tolist():
            self.take(octets[begins[nth] : ends[nth]].tobytes(), address)
        if is_plain.any():
            self._take_plain(rows[is_plain], (ends - begins)[is_plain], payloads[:used].tobytes(), address)

    def _take_plain(self, rows: NDArray[np.int64], sizes: NDArray[np.int64], payloads: bytes, address: str) -> None:
        arrival = self.clock()
        times = rows[:, kernel.TIME]
        is_refused = np.abs(times - arrival) > CLOCK_TOLERANCE_US
        times[is_refused] = arrival
        rows[:, kernel.ARRIVAL], rows[:, kernel.SENDER] = arrival, hash(address)
        agents = rows[:, kernel.AGENT]
        mirrored = Mirrored(payloads, rows, self._texts)
        taken = self._delivered(mirrored, address)
        for number in np.unique(agents).tolist():
            own = agents == number
            agent = self.counts.of(address, number)
            agent.packets += int(own.sum())
            agent.octets += int(sizes[own].sum())
            agent.clock_refused += int(is_refused[own].sum())
            agent.dropped += int(np.count_nonzero(own & ~taken))
            agent.last_arrival = arrival

    def _delivered(self, mirrored: Mirrored, address: str) -> NDArray[np.bool_]:
        """Deliver messages; tell for which of them there was room."""
        if self.deliver_many is not None:
            return np.arange(len(mirrored)) < self.deliver_many(mirrored)
        each = (self.deliver(replace(datagram, agent_address=address)) is not False for datagram in mirrored)
        return np.fromiter(each, np.bool_, len(mirrored))

    def _laid_out(self, address: str) -> Layouts:
        if len(self._layouts) >= _REMEMBERED:
            self._layouts.clear()
        return self._layouts.setdefault(address, Layouts())

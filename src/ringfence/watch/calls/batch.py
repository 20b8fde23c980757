"""Messages on their way to the tracker, many at once."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from ringfence.watch.calls.legs import Edges
from ringfence.watch.kernels import call_layout as c
from ringfence.watch.kernels import packets
from ringfence.watch.sources.datagram import Datagram, PayloadKind
from ringfence.watch.sources.stretch import Stretch
from ringfence.watch.wire.sip.scanning import Scanned

_SIP: Final = PayloadKind.SIP


class Batch:
    """Datagrams in their order, scanned. `coming` says of each where it was sent and when, and whose it is."""

    __slots__ = ("_datagrams", "coming", "scanned")

    def __init__(self, datagrams: Stretch | Sequence[Datagram], coming: c.Coming, scanned: Scanned) -> None:
        self._datagrams = datagrams
        self.coming: Final = coming
        self.scanned: Final = scanned

    @classmethod
    def of(cls, datagrams: Sequence[Datagram], edges: Edges, hashed: Callable[[str], np.uint64]) -> "Batch":
        """Return datagrams as a batch. `hashed` gives the hashes of addresses."""
        count = len(datagrams)
        scanned = Scanned.of([each.payload for each in datagrams])
        coming = c.Coming(
            scanned.octets,
            np.fromiter((each.time for each in datagrams), np.int64, count),
            np.fromiter((hashed(each.source) for each in datagrams), np.uint64, count),
            np.fromiter((hashed(each.destination) for each in datagrams), np.uint64, count),
            np.fromiter((_way(each, edges) for each in datagrams), np.uint8, count),
        )
        return cls(datagrams, coming, scanned)

    @classmethod
    def of_stretch(cls, stretch: Stretch, hashed: Callable[[str], np.uint64]) -> "Batch":
        """Return the packets of a stretch as a batch, where there are no edges."""
        rows = stretch.rows
        begin, end = int(rows[:, packets.PAYLOAD].min()), int(rows[:, packets.PAYLOAD_END].max())
        octets = stretch.octets[begin:end]
        scanned = Scanned(octets, rows[:, packets.PAYLOAD] - begin, rows[:, packets.PAYLOAD_END] - begin)
        sources, destinations = (
            np.array([hashed(address) for address in addresses], np.uint64)[places]
            for addresses, places in map(stretch.addresses, (packets.SOURCE, packets.DESTINATION))
        )
        times = np.ascontiguousarray(rows[:, packets.TIME])
        return cls(stretch, c.Coming(scanned.octets, times, sources, destinations, np.full(len(rows), c.PLAIN, np.uint8)), scanned)

    @classmethod
    def empty(cls) -> "Batch":
        """Return a batch of no messages."""
        return cls.of((), Edges(), lambda _: np.uint64(0))

    def datagram(self, nth: int) -> Datagram:
        """Return one of them."""
        datagrams = self._datagrams
        return datagrams.datagram(nth) if isinstance(datagrams, Stretch) else datagrams[nth]

    def payload(self, nth: int) -> bytes:
        """Return the octets of one of them."""
        datagrams = self._datagrams
        return datagrams.payload(nth) if isinstance(datagrams, Stretch) else datagrams[nth].payload


def _way(datagram: Datagram, edges: Edges) -> int:
    if datagram.kind is not _SIP:
        return c.OTHER
    if edges.ignored and edges.ignores(datagram):
        return c.PASSED
    return c.FROM_EDGE if (datagram.source, datagram.source_port) in edges else c.PLAIN

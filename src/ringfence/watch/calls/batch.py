"""Messages on their way to the tracker, many at once."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from ringfence.watch.calls.legs import Edges
from ringfence.watch.kernels import call_layout as c
from ringfence.watch.sources.datagram import Datagram, PayloadKind
from ringfence.watch.wire.sip.scanning import Scanned

_SIP: Final = PayloadKind.SIP


class Batch:
    """Datagrams in their order, scanned. `coming` says of each where it was sent and when, and whose it is."""

    __slots__ = ("_datagrams", "coming", "scanned")

    def __init__(self, datagrams: Sequence[Datagram], coming: c.Coming, scanned: Scanned) -> None:
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
    def empty(cls) -> "Batch":
        """Return a batch of no messages."""
        return cls.of((), Edges(), lambda _: np.uint64(0))

    def datagram(self, nth: int) -> Datagram:
        """Return one of them."""
        return self._datagrams[nth]

    def payload(self, nth: int) -> bytes:
        """Return the octets of one of them."""
        return self._datagrams[nth].payload


def _way(datagram: Datagram, edges: Edges) -> int:
    if datagram.kind is not _SIP:
        return c.OTHER
    if edges.ignored and edges.ignores(datagram):
        return c.PASSED
    return c.FROM_EDGE if (datagram.source, datagram.source_port) in edges else c.PLAIN

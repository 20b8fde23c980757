"""Messages on their way to the tracker, many at once."""

from collections.abc import Callable, Sequence, Set
from operator import attrgetter
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.calls.legs import LONGEST_TEXT, Edges
from ringfence.watch.kernels import call_layout as c
from ringfence.watch.kernels import packets
from ringfence.watch.sources.datagram import Datagram, PayloadKind
from ringfence.watch.sources.stretch import Stretch
from ringfence.watch.wire.sip.scanning import Scanned

_SIP: Final = PayloadKind.SIP
_NO_AGENT: Final = -1
_LAST_PORT: Final = 65_535
_PORT_BITS: Final = 16
_Side = tuple[NDArray[np.int64], NDArray[np.int64]]
"""The addresses of senders, or of receivers, by their places, and their ports."""


class Batch:
    """Datagrams in their order, scanned. `coming` says of each where it was sent and when, and whose it is."""

    __slots__ = ("_datagrams", "_destinations", "_sources", "_words", "coming", "scanned")

    def __init__(self, datagrams: Stretch | Sequence[Datagram], coming: c.Coming, scanned: Scanned, words: Sequence[str]) -> None:
        self._datagrams = datagrams
        self._words = words
        self._sources: list[int] = coming.source_words.tolist()
        self._destinations: list[int] = coming.destination_words.tolist()
        self.coming: Final = coming
        self.scanned: Final = scanned

    @classmethod
    def of(cls, datagrams: Sequence[Datagram], edges: Edges, hashed: Callable[[str], np.uint64]) -> "Batch":
        """Return datagrams as a batch. `hashed` gives the hashes of addresses."""
        count = len(datagrams)
        scanned = Scanned.of([each.payload for each in datagrams])
        places: dict[str, int] = {}
        source_words, destination_words, transport_words = (
            np.fromiter([places.setdefault(name(each), len(places)) for each in datagrams], np.int64, count)
            for name in (attrgetter("source"), attrgetter("destination"), attrgetter("transport"))
        )
        words = list(places)
        hashes = np.array([hashed(word) for word in words], np.uint64)
        octets, ends = _laid_out(words)
        coming = c.Coming(
            octets=scanned.octets,
            times=np.fromiter((each.time for each in datagrams), np.int64, count),
            sources=hashes[source_words],
            destinations=hashes[destination_words],
            ways=np.fromiter((_way(each, edges) for each in datagrams), np.uint8, count),
            ports=np.fromiter((each.source_port for each in datagrams), np.int64, count),
            agents=np.fromiter((_NO_AGENT if each.agent is None else each.agent for each in datagrams), np.int64, count),
            words=octets,
            word_ends=ends,
            source_words=source_words,
            destination_words=destination_words,
            transport_words=transport_words,
        )
        return cls(datagrams, coming, scanned, words)

    @classmethod
    def of_stretch(cls, stretch: Stretch, edges: Edges, hashed: Callable[[str], np.uint64]) -> "Batch":
        """Return the packets of a stretch as a batch."""
        rows = stretch.rows
        begin, end = int(rows[:, packets.PAYLOAD].min()), int(rows[:, packets.PAYLOAD_END].max())
        octets = stretch.octets[begin:end]
        scanned = Scanned(octets, rows[:, packets.PAYLOAD] - begin, rows[:, packets.PAYLOAD_END] - begin)
        addresses, source_words, destination_words = stretch.addresses()
        hashes = np.array([hashed(address) for address in addresses], np.uint64)
        transports, transport_words = stretch.transports
        words = [*addresses, *transports]
        laid_out, ends = _laid_out(words)
        ways = np.full(len(rows), c.PLAIN, np.uint8)
        if not edges.are_none:
            ends_of = (source_words, rows[:, packets.SOURCE_PORT]), (destination_words, rows[:, packets.DESTINATION_PORT])
            ways = _ways(addresses, ends_of, edges)
        coming = c.Coming(
            octets=scanned.octets,
            times=np.ascontiguousarray(rows[:, packets.TIME]),
            sources=hashes[source_words],
            destinations=hashes[destination_words],
            ways=ways,
            ports=np.ascontiguousarray(rows[:, packets.SOURCE_PORT]),
            agents=stretch.agents,
            words=laid_out,
            word_ends=ends,
            source_words=source_words,
            destination_words=destination_words,
            transport_words=len(addresses) + transport_words,
        )
        return cls(stretch, coming, scanned, words)

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

    def source(self, nth: int) -> str:
        """Return where one of them was sent from."""
        return self._words[self._sources[nth]]

    def destination(self, nth: int) -> str:
        """Return where one of them was sent to."""
        return self._words[self._destinations[nth]]


def _laid_out(words: Sequence[str]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the octets of words, and where each begins and ends. Of a word that is not ASCII nothing is asked."""
    ends = np.zeros(len(words) + 1, np.int64)
    octets = [word.encode("ascii", "replace") for word in words]
    np.cumsum(np.fromiter(map(len, octets), np.int64, len(words)), out=ends[1:])
    return np.frombuffer(b"".join(octets), np.uint8), ends


def _ways(addresses: list[str], sides: tuple[_Side, _Side], edges: Edges) -> NDArray[np.uint8]:
    """Return the same as `_way` of packets of which `sides` are senders and receivers. All of them are SIP, and usual."""
    known = {address: place for place, address in enumerate(addresses)}

    def are_among(side: _Side, endpoints: Set[tuple[str, int]]) -> NDArray[np.bool_]:
        words, ports = side
        codes = [known[address] << _PORT_BITS | port for address, port in endpoints if address in known]
        return np.isin(words << _PORT_BITS | ports, codes)

    sender, receiver = sides
    ways = np.full(len(sender[0]), c.PLAIN, np.uint8)
    ours = np.fromiter((address in edges.addresses for address in addresses), np.bool_, len(addresses))
    ways[ours[sender[0]] | are_among(sender, edges.endpoints)] = c.FROM_EDGE
    ways[are_among(sender, edges.ignored) | are_among(receiver, edges.ignored)] = c.PASSED
    return ways


def _way(datagram: Datagram, edges: Edges) -> int:
    if datagram.kind is not _SIP or not _is_usual(datagram):
        return c.OTHER
    if edges.ignored and edges.ignores(datagram):
        return c.PASSED
    return c.FROM_EDGE if (datagram.source, datagram.source_port) in edges else c.PLAIN


def _is_usual(datagram: Datagram) -> bool:
    """Tell whether the kernel can note where it was sent."""
    source, destination, transport, port = datagram.source, datagram.destination, datagram.transport, datagram.source_port
    if not (source.isascii() and destination.isascii() and transport.isascii()) or (datagram.agent or 0) < 0:
        return False
    return max(len(source), len(destination), len(transport)) <= LONGEST_TEXT and 0 <= port <= _LAST_PORT

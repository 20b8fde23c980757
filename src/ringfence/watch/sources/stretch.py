"""Many SIP packets of a capture as rows of numbers, each a datagram only where somebody asks for it."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ringfence.vocabulary.times import Micros
from ringfence.watch.kernels import packets as kernel
from ringfence.watch.sources.datagram import Datagram, PayloadKind

_SIP: Final = PayloadKind.SIP
_REMEMBERED_ADDRESSES: Final = 65_536


class Addresses(dict[int, str]):
    """IPv4 addresses as numbers to their text."""

    def __missing__(self, number: int) -> str:
        if len(self) >= _REMEMBERED_ADDRESSES:
            self.clear()
        text = f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        self[number] = text
        return text


class Stretch:
    """SIP in UDP over IPv4: `rows` are those of the kernel that walks packets, and their payloads stand in `octets`."""

    __slots__ = ("_addresses", "octets", "rows")

    def __init__(self, octets: bytes, rows: NDArray[np.int64], addresses: Addresses) -> None:
        self.octets: Final = octets
        self.rows: Final = rows
        self._addresses = addresses

    def __len__(self) -> int:
        """Return how many packets there are."""
        return len(self.rows)

    def __iter__(self) -> Iterator[Datagram]:
        """Yield them."""
        return iter(self.datagrams(self.rows))

    @property
    def agents(self) -> NDArray[np.int64]:
        """The numbers that capture agents give themselves; here -1: there are none."""
        return np.full(len(self.rows), -1, np.int64)

    @property
    def transports(self) -> tuple[list[str], NDArray[np.int64]]:
        """Return all transports, and which of them each packet came by."""
        return ["udp"], np.zeros(len(self.rows), np.int64)

    def datagram(self, nth: int) -> Datagram:
        """Return one of them."""
        (datagram,) = self.datagrams(self.rows[nth : nth + 1])
        return datagram

    def payload(self, nth: int) -> bytes:
        """Return what one of them carries."""
        return self.octets[self.rows.item(nth, kernel.PAYLOAD) : self.rows.item(nth, kernel.PAYLOAD_END)]

    def addresses(self) -> tuple[list[str], NDArray[np.int64], NDArray[np.int64]]:
        """Return all addresses, each once, and which of them each packet was sent from, and to."""
        count = len(self.rows)
        numbers, places = np.empty(2 * count, np.int64), np.empty((2, count), np.int64)
        found = kernel.distinct_addresses(self.rows, np.zeros(4 << (2 * count).bit_length(), np.int64), numbers, places)
        return [self._addresses[number] for number in numbers[:found].tolist()], places[0], places[1]

    def datagrams(self, rows: NDArray[np.int64]) -> list[Datagram]:
        """Return the packets that some of the rows tell of."""
        octets, addresses = self.octets, self._addresses
        return [
            Datagram(
                Micros(time), Micros(time), _SIP, "udp", addresses[source], port, addresses[receiver], receiver_port, octets[at:end]
            )
            for time, source, receiver, port, receiver_port, at, end in rows.tolist()
        ]

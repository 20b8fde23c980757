"""Many mirrored SIP messages as rows of numbers, each a datagram only where somebody asks for it."""

import numpy as np
from numpy.typing import NDArray

from ringfence.vocabulary.times import Micros
from ringfence.watch.kernels import hep_packets as kernel
from ringfence.watch.sources.datagram import Datagram, PayloadKind
from ringfence.watch.sources.hep.arrival import TRANSPORTS
from ringfence.watch.sources.stretch import Addresses, Stretch


class Mirrored(Stretch):
    """SIP between IPv4 addresses as agents sent it: `rows` are those of the kernel that reads HEP packets.

    What an agent sent as correlation is not kept.
    """

    __slots__ = ()

    @property
    def agents(self) -> NDArray[np.int64]:
        """The numbers that the messages' agents give themselves."""
        return np.ascontiguousarray(self.rows[:, kernel.AGENT])

    @property
    def transports(self) -> tuple[list[str], NDArray[np.int64]]:
        """Return all transports, and which of them each message came by."""
        numbers = self.rows[:, kernel.TRANSPORT]
        places = np.zeros(len(numbers), np.int64)
        for place, number in enumerate(TRANSPORTS):
            places[numbers == number] = place
        return [*TRANSPORTS.values()], places

    def datagrams(self, rows: NDArray[np.int64]) -> list[Datagram]:
        """Return the messages that some of the rows tell of. Whose packets the agents' are is not said."""
        octets, addresses, kind = self.octets, self._addresses, PayloadKind.SIP
        return [
            Datagram(
                Micros(time),
                Micros(arrival),
                kind,
                TRANSPORTS[transport],
                addresses[source],
                port,
                addresses[receiver],
                receiver_port,
                octets[at:end],
                agent,
            )
            for time, source, receiver, port, receiver_port, at, end, agent, transport, arrival, _ in rows.tolist()
        ]

    def part(self, rows: NDArray[np.int64]) -> "Mirrored":
        """Return the messages that some of the rows tell of, in their order, apart from the others."""
        return self.gathered(np.frombuffer(self.octets, np.uint8), rows, self._addresses)

    @classmethod
    def sample(cls, payload: bytes) -> "Mirrored":
        """Return one message with that payload and nothing else, by which what is to be compiled can be called."""
        rows = np.zeros((1, kernel.COLUMNS), np.int64)
        rows[0, kernel.TRANSPORT], rows[0, kernel.PAYLOAD_END] = next(iter(TRANSPORTS)), len(payload)
        return cls.gathered(np.frombuffer(bytearray(payload), np.uint8), rows, Addresses())

    @classmethod
    def gathered(cls, octets: NDArray[np.uint8], rows: NDArray[np.int64], addresses: Addresses) -> "Mirrored":
        """Return the messages that `rows` tell of, whose payloads stand in `octets`, apart from all else that stands there."""
        rows = np.array(rows)  # a copy: where payloads stand is written into it
        payloads = np.empty(int((rows[:, kernel.PAYLOAD_END] - rows[:, kernel.PAYLOAD]).sum()), np.uint8)
        kernel.gather(octets, rows, payloads)
        return cls(payloads.tobytes(), rows, addresses)

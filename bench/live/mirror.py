"""The demo network's signalling as HEP, ready to send: messages no watch has seen before, at any rate."""

import socket
import struct
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import Connection
from typing import Final

from ringfence.simulate import carrier, hep, signalling
from ringfence.simulate.flows import Packet
from ringfence.simulate.provider import harbour_voice
from ringfence.vocabulary.times import HOUR, SECOND, Micros

AGENT: Final = 77
_TIME_AT: Final = 6 + 7 + 7 + 10 + 10 + 8 + 8 + 6
"""Where an IPv4 packet's seconds stand; the microseconds follow after the next chunk's six octets of header."""


def messages(count: int, salt: str) -> list[bytes]:
    """Return `count` HEP packets, calls interleaved as they would be. `salt` makes all Call-IDs new."""
    return [encoded(packet) for packet in islice(_packets(salt), count)]


def encoded(packet: Packet) -> bytes:
    """Return the packet as HEP with no time yet: `stamp` sets it."""
    return hep.encode(
        hep.Capture(
            time=Micros(0),
            source=packet.source,
            source_port=packet.source_port,
            destination=packet.destination,
            destination_port=packet.destination_port,
            payload=packet.payload,
            agent=AGENT,
        )
    )


def stamp(message: bytes, now: Micros) -> bytes:
    """Return the HEP packet with `now` as its time of capture."""
    seconds, microseconds = divmod(now, SECOND)
    return b"".join(
        (
            message[:_TIME_AT],
            struct.pack("!I", seconds),
            message[_TIME_AT + 4 : _TIME_AT + 10],
            struct.pack("!I", microseconds),
            message[_TIME_AT + 14 :],
        )
    )


@dataclass(frozen=True, slots=True)
class Sent:
    """What went out, and in how many seconds: the rate reached may be lower than the one asked for."""

    messages: int
    seconds: float

    @property
    def per_second(self) -> float:
        """The rate reached."""
        return self.messages / self.seconds


def send(messages: Sequence[bytes], to: tuple[str, int], per_second: float) -> Sent:
    """Send all at an even rate, in steps of a millisecond or so."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.connect(to)
        begin = time.perf_counter()
        done = 0
        while done < len(messages):
            due = min(len(messages), int((time.perf_counter() - begin) * per_second) + 1)
            for message in messages[done:due]:
                out.send(stamp(message, now()))
            done = max(done, due)
            time.sleep(0.001)
        return Sent(done, time.perf_counter() - begin)


def send_when_told(rate: int, seconds: float, port: int, pipe: Connection) -> None:
    """Be a process that makes its messages, says so, waits for a word, sends them and says how it went."""
    new = messages(int(rate * seconds), f"r{rate}")
    pipe.send("ready")
    pipe.recv()
    pipe.send(send(new, ("127.0.0.1", port), rate))


def now() -> Micros:
    """Return this machine's time."""
    return Micros(time.time_ns() // 1000)


def _packets(salt: str) -> Iterator[Packet]:
    """Yield messages for ever: calls of an hour pressed together, so that some hundred are under way at any moment."""
    under_way: list[Iterator[Packet]] = []
    for plan in carrier.calls(harbour_voice(), seed=5, duration=Micros(1000 * HOUR)):
        under_way.append(iter(signalling.flow(plan, salt).packets))
        if len(under_way) < 200:
            continue
        for flow in list(under_way):
            packet = next(flow, None)
            if packet is None:
                under_way.remove(flow)
            else:
                yield packet

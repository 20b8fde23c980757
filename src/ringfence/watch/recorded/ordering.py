"""Recorded traffic put in the order of its times, with memory that does not grow with the recording."""

import heapq
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from operator import attrgetter
from typing import BinaryIO, Final

import msgspec

from ringfence.vocabulary.contracts import Event
from ringfence.watch.sources.datagram import Datagram

RUN: Final = 100_000
"""Events sorted in memory at once, some 60 MB. More go to temporary files, which nobody else can open."""
HELD_DATAGRAMS: Final = 1_000
"""How far a capture may be out of order: packets of several queues or cards are, by a few."""

_LENGTH: Final = 4
_ORDER: Final[Callable[[Event], tuple[int, int]]] = attrgetter("time", "sequence")


def sorted_events(events: Iterable[Event], *, run: int = RUN) -> Iterator[Event]:
    """Yield the events by (time, sequence), however they stand. Raises `OSError` where temporary files can't be written."""
    with ExitStack() as stack:
        runs: list[Iterator[Event]] = []
        held: list[Event] = []
        for event in events:
            held.append(event)
            if len(held) == run:
                held.sort(key=_ORDER)
                runs.append(_read(_written(held, stack.enter_context(tempfile.TemporaryFile(prefix="ringfence-")))))
                held = []
        held.sort(key=_ORDER)
        yield from heapq.merge(*runs, held, key=_ORDER) if runs else held


def nearly_sorted(datagrams: Iterable[Datagram], *, held: int = HELD_DATAGRAMS) -> Iterator[Datagram]:
    """Yield the datagrams by time where none stands more than `held` places too late; equal times as they stand."""
    waiting: list[tuple[int, int, Datagram]] = []
    for number, datagram in enumerate(datagrams):
        if len(waiting) < held:
            heapq.heappush(waiting, (datagram.time, number, datagram))
        else:
            yield heapq.heappushpop(waiting, (datagram.time, number, datagram))[2]
    waiting.sort()
    for _, _, datagram in waiting:
        yield datagram


def _written(events: list[Event], file: BinaryIO) -> BinaryIO:
    encoder = msgspec.msgpack.Encoder()
    for event in events:
        octets = encoder.encode(event)
        file.write(len(octets).to_bytes(_LENGTH, "big"))
        file.write(octets)
    file.seek(0)
    return file


def _read(file: BinaryIO) -> Iterator[Event]:
    decoder = msgspec.msgpack.Decoder(Event)
    while length := file.read(_LENGTH):
        yield decoder.decode(file.read(int.from_bytes(length, "big")))

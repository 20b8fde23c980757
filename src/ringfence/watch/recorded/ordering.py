"""Recorded traffic put in the order of its times, with memory that does not grow with the recording."""

import heapq
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from operator import attrgetter
from typing import BinaryIO, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from ringfence.vocabulary.contracts import Event
from ringfence.watch.kernels.packets import TIME
from ringfence.watch.sources.datagram import Datagram
from ringfence.watch.sources.stretch import Stretch

RUN: Final = 100_000
"""Events sorted in memory at once, some 60 MB. More go to temporary files, which nobody else can open."""
HELD_DATAGRAMS: Final = 1_000
"""How far a capture may be out of order: packets of several queues or cards are, by a few."""

_LENGTH: Final = 4
_TIME: Final[Callable[[Datagram], int]] = attrgetter("time")
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
    coming = iter(datagrams)
    waiting = _by_time(islice(coming, held))
    while following := list(islice(coming, held)):
        if _TIME(following[0]) >= _TIME(waiting[-1]) and len(following) == held and _is_by_time(following):
            yield from waiting  # nearly all there is: no packet stands before one that came earlier
            waiting = following
            continue
        heap = [(datagram.time, number, datagram) for number, datagram in enumerate(waiting)]
        for number, datagram in enumerate(following, start=held):
            yield heapq.heappushpop(heap, (datagram.time, number, datagram))[2]
        waiting = [datagram for _, _, datagram in sorted(heap)]
    yield from waiting


def in_order(packets: Iterable[Stretch | Datagram], *, held: int = HELD_DATAGRAMS) -> Iterator[Stretch | list[Datagram]]:
    """Yield the same packets as `nearly_sorted` in the same order, in parts; stretches that stand in order as they are."""
    waiting: deque[Stretch | list[Datagram]] = deque()
    count = 0
    for part in _parts(packets, held):
        count += len(part)
        times = _times(part)
        if (waiting and times[0] < _times(waiting[-1])[-1]) or bool((np.diff(times) < 0).any()):
            together = _by_time(datagram for each in (*waiting, part) for datagram in each)
            waiting.clear()
            waiting += [each for each in (together[:-held], together[-held:]) if each]
        else:
            waiting.append(part)
        while waiting and count - len(waiting[0]) >= held:
            first = waiting.popleft()
            count -= len(first)
            yield first
    yield from waiting


def _parts(packets: Iterable[Stretch | Datagram], most: int) -> Iterator[Stretch | list[Datagram]]:
    apart: list[Datagram] = []
    for each in packets:
        if isinstance(each, Datagram):
            apart.append(each)
        if apart and (len(apart) == most or isinstance(each, Stretch)):
            yield apart
            apart = []
        if isinstance(each, Stretch):
            yield each
    if apart:
        yield apart


def _times(part: Stretch | list[Datagram]) -> NDArray[np.int64]:
    return part.rows[:, TIME] if isinstance(part, Stretch) else np.fromiter(map(_TIME, part), np.int64, len(part))


def _by_time(datagrams: Iterable[Datagram]) -> list[Datagram]:
    return sorted(datagrams, key=_TIME)


def _is_by_time(datagrams: list[Datagram]) -> bool:
    times = list(map(_TIME, datagrams))
    return times == sorted(times)


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

"""Captures merged by time, each opened when its time comes: a folder of rotated files needs one or two open at once."""

import heapq
from collections.abc import Iterator, Sequence

from ringfence.vocabulary.times import Micros
from ringfence.watch.recorded.opened import Opened
from ringfence.watch.sources.datagram import Datagram
from ringfence.watch.sources.pcap.clock import DISORDER_US


def merged(captures: Sequence[Opened]) -> Iterator[Datagram]:
    """Yield the datagrams of all captures by time; of the same time, those of the capture named first."""
    waiting = sorted(
        ((each.first, number, each) for number, each in enumerate(captures) if each.first is not None),
        reverse=True,
        key=lambda w: w[:2],
    )
    heads: list[tuple[Micros, int, Datagram, Iterator[Datagram]]] = []
    while heads or waiting:
        while waiting and (not heads or waiting[-1][0] <= heads[0][0] + DISORDER_US):
            _, number, capture = waiting.pop()
            stream = capture.datagrams()
            if (head := next(stream, None)) is not None:
                heapq.heappush(heads, (head.time, number, head, stream))
        if not heads:
            return
        _, number, head, stream = heads[0]
        yield head
        if len(heads) == 1 and not waiting:
            yield from stream
            return
        following = next(stream, None)
        if following is None:
            heapq.heappop(heads)
        else:
            heapq.heapreplace(heads, (following.time, number, following, stream))

"""`python -m bench.scanner`: messages a processor second of the scanner, of messages that stand apart, and of the parser."""

import sys
import time
from collections.abc import Callable
from itertools import accumulate
from typing import Final

import numpy as np

from bench.signalling import traffic
from ringfence.watch.kernels import sip_fields
from ringfence.watch.kernels.sip_scanner import Found, scan
from ringfence.watch.wire.sip import parse
from ringfence.watch.wire.sip.scanning import Scanned

_BATCH: Final = 1_000
_MESSAGES: Final = 100_000
_TURNS: Final = 5


def main() -> int:
    """Measure; return 1 where much of the usual traffic was not understood."""
    payloads = traffic.payloads()[:_MESSAGES]
    batches = [payloads[at : at + _BATCH] for at in range(0, len(payloads), _BATCH)]
    unusual = sum(int((Scanned.of(batch).found.heads[:, sip_fields.METHOD] == 0).sum()) for batch in batches)
    print(
        f"{len(payloads):,} messages of {sum(map(len, payloads)) / len(payloads):.0f} octets, {unusual} of them left to the parser"
    )
    kernel = _kernel(batches)
    alone = _rate(len(payloads), kernel)
    rows = _rate(len(payloads), lambda: [Scanned.of(batch) for batch in batches])
    parsed = _rate(len(payloads), lambda: [parse(payload) for payload in payloads])
    print(f"  the kernel alone: {alone:,.0f} messages a processor second")
    print(f"  with their octets put together: {rows:,.0f}")
    print(f"  the parser: {parsed:,.0f}; the scanner is {alone / parsed:.0f} and {rows / parsed:.0f} times as fast")
    return int(unusual > len(payloads) // 100)


def _kernel(batches: list[list[bytes]]) -> Callable[[], None]:
    """Return the scanner at work on buffers that stand ready."""
    ready = []
    for batch in batches:
        ends = np.fromiter(accumulate(map(len, batch)), np.int64, len(batch))
        starts = np.concatenate((np.zeros(1, np.int64), ends[:-1]))
        ready.append((np.frombuffer(b"".join(batch), np.uint8), starts, ends))
    found = Found(np.empty((_BATCH, sip_fields.HEAD_COLUMNS), np.int32), np.empty((_BATCH, sip_fields.DETAIL_COLUMNS), np.int32))

    def run() -> None:
        for octets, starts, ends in ready:
            scan(octets, starts, ends, found)

    return run


def _rate(messages: int, work: Callable[[], object]) -> float:
    """Return the best of several turns."""
    spent = []
    for _ in range(_TURNS):
        begin = time.process_time()
        work()
        spent.append(time.process_time() - begin)
    return messages / min(spent)


if __name__ == "__main__":
    sys.exit(main())

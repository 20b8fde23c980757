"""`python -m bench.live [RATE…]`: messages a second without loss, the share of a core, and from packet to finding, p50 and p99."""

import multiprocessing
import shutil
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from bench.live.mirror import Sent, send_when_told
from bench.live.probe import Probes
from bench.live.process import NeverReady, Watch
from bench.live.provisioned import provision

RATES: Final = (2_000, 5_000, 10_000, 15_000, 20_000, 25_000, 30_000, 40_000)
SECONDS_A_RATE: Final = 5.0
SCANS_A_SECOND: Final = 40
NEVER_S: Final = 15.0
BEHIND_S: Final = 2.0
"""Whoever finds something this late has fallen behind."""


def main(asked: list[str]) -> int:
    """Measure; return 1 where watch could not be started or found nothing."""
    data = Path(tempfile.mkdtemp(prefix="ringfence-bench-"))
    try:
        port = free_port()
        provision(data, port)
        with Watch(data, port) as watch:
            return measure(watch, Probes(data, ("127.0.0.1", port)), port, tuple(map(int, asked)) or RATES)
    except NeverReady as error:
        print(f"watch did not start:\n{error}")
        return 1
    finally:
        shutil.rmtree(data)


def measure(watch: Watch, probes: Probes, port: int, rates: tuple[int, ...]) -> int:
    """Print findings' latency at rest, then one line a rate until watch loses something or falls behind."""
    probes.scan()
    probes.wait(NEVER_S)
    if probes.missing:
        print("watch found nothing at all")
        return 1
    probes.begin()
    for _ in range(40):
        probes.scan()
        probes.wait(NEVER_S)
    print(f"at rest: {told(probes)}, memory {watch.memory_mb():.0f} MB", flush=True)
    held = 0.0
    for rate in rates:
        dropped, busy = watch.dropped(), watch.busy_s()
        probes.begin()
        sent = sent_beside(probes, rate, port)
        share = (watch.busy_s() - busy) / sent.seconds
        probes.wait(BEHIND_S)
        lost = watch.dropped() - dropped
        what = f"{sent.per_second:,.0f} messages/s for {sent.seconds:.1f} s: {lost} lost, {share:.0%} of a core"
        print(f"{what}, {told(probes)}, memory {watch.memory_mb():.0f} MB", flush=True)
        if lost or probes.missing:
            break
        held = sent.per_second
        if sent.per_second < 0.9 * rate:
            print("  the sender, on the same machine, is no faster")
            break
    print(f"highest rate without loss: {held:,.0f} messages/s; peak memory {watch.memory_mb('VmHWM'):.0f} MB")
    return 0


def told(probes: Probes) -> str:
    """Return what became of the scans: quantiles of the time from the crossing packet to its finding in the feed."""
    found = sorted(probes.found)
    if not found:
        return "nothing found"
    p50, p99 = (found[min(len(found) - 1, int(len(found) * share))] * 1000 for share in (0.5, 0.99))
    never = f", {probes.missing} never" if probes.missing else ""
    return f"{len(found)} findings, p50 {p50:.0f} ms, p99 {p99:.0f} ms{never}"


def sent_beside(probes: Probes, rate: int, port: int) -> Sent:
    """Have another process send at the rate, and scan beside it."""
    context = multiprocessing.get_context("spawn")
    mine, theirs = context.Pipe()
    sender = context.Process(target=send_when_told, args=(rate, SECONDS_A_RATE, port, theirs), daemon=True)
    sender.start()
    theirs.close()  # so that a sender that died is noticed
    mine.recv()  # its messages are made
    mine.send("go")
    begun = due = time.perf_counter()
    while not mine.poll():
        probes.look()
        if time.perf_counter() >= due and due - begun < SECONDS_A_RATE:
            probes.scan()
            due += 1 / SCANS_A_SECOND
        time.sleep(0.002)
    sent: Sent = mine.recv()
    sender.join()
    return sent


def free_port() -> int:
    """Return a port of 127.0.0.1 that was free for UDP and TCP a moment ago."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

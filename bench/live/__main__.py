"""`python -m bench.live`: the highest rate of mirrored messages without loss, memory, and seconds from packet to finding."""

import shutil
import socket
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Final

from bench.live.mirror import messages, send
from bench.live.probe import Probes
from bench.live.process import NeverReady, Watch
from bench.live.provisioned import provision

RATES: Final = (2_000, 4_000, 6_000, 8_000, 10_000, 15_000, 20_000, 30_000, 40_000)
SECONDS_A_RATE: Final = 3.0
BEHIND_S: Final = 2.0
"""Whoever finds something this late has fallen behind."""


def main() -> int:
    """Measure; return 1 where watch could not be started or found nothing."""
    data = Path(tempfile.mkdtemp(prefix="ringfence-bench-"))
    try:
        port = free_port()
        provision(data, port)
        with Watch(data, port) as watch:
            return measure(watch, Probes(data, ("127.0.0.1", port)), port)
    except NeverReady as error:
        print(f"watch did not start:\n{error}")
        return 1
    finally:
        shutil.rmtree(data)


def measure(watch: Watch, probes: Probes, port: int) -> int:
    """Print findings' latency at rest, then one line a rate until watch loses something or falls behind."""
    if probes.latency_s() is None:
        print("watch found nothing at all")
        return 1
    rest = [latency for _ in range(10) if (latency := probes.latency_s()) is not None]
    if not rest:
        print("watch found the first scan and no other")
        return 1
    median_ms, worst_ms = statistics.median(rest) * 1000, max(rest) * 1000
    print(f"at rest: finding in the feed after {median_ms:.0f} ms (median of {len(rest)}), worst {worst_ms:.0f} ms")
    print(f"  memory {watch.memory_mb():.0f} MB")
    held = 0.0
    for rate in RATES:
        new = messages(int(rate * SECONDS_A_RATE), f"r{rate}")
        dropped, busy = watch.dropped(), watch.busy_s()
        sent = send(new, ("127.0.0.1", port), rate)
        lost, share = watch.dropped() - dropped, (watch.busy_s() - busy) / sent.seconds
        what = f"{sent.per_second:,.0f} messages/s for {sent.seconds:.1f} s: {lost} lost, processor {share:.0%}"
        if lost:
            print(what)
            break
        latency = probes.latency_s()
        found = "never" if latency is None else f"after {latency * 1000:.0f} ms"
        print(f"{what}, finding {found}, memory {watch.memory_mb():.0f} MB", flush=True)
        if latency is None or latency > BEHIND_S:
            break
        held = sent.per_second
        if sent.per_second < 0.9 * rate:
            print("  the sender, on the same machine, is no faster")
            break
    print(f"highest rate without loss: {held:,.0f} messages/s; peak memory {watch.memory_mb('VmHWM'):.0f} MB")
    return 0


def free_port() -> int:
    """Return a port of 127.0.0.1 that was free for UDP and TCP a moment ago."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())

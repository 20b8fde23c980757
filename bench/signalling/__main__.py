"""`python -m bench.signalling [MEGABYTES [POLICY]]`: `ringfence scan` over a capture of that size, 1000 unless said, and tshark."""

import shutil
import sys
from typing import Final

from bench.scan import inputs
from bench.scan.runs import Run, run
from bench.signalling import traffic

_SCAN: Final = (sys.executable, "-m", "ringfence.cli", "scan", "--json")
_MEGABYTES: Final = 1_000.0
_FOUND: Final = 1


def main() -> int:
    """Measure; return 1 where the scan failed."""
    path, messages = traffic.capture(float(sys.argv[1]) if len(sys.argv) > 1 else _MEGABYTES)
    empty, _ = traffic.capture(0.0)
    policy = sys.argv[2:3]  # a bundle's folder; without one the policy that ships judges
    options = [*inputs.provider_files(), *(["--policy", *policy] if policy else [])]
    print(f"{path.name}: {messages:,} messages, {path.stat().st_size / 1e6:,.0f} MB")
    start = run([*_SCAN, str(empty), *options], traffic.OUT / "findings")
    scan = run([*_SCAN, str(path), *options], traffic.OUT / "findings")
    _report("ringfence scan", messages, scan, f", {scan.lines} findings, exit {scan.exit_code}")
    busy = max(scan.busy_seconds - start.busy_seconds, 1e-9)
    print(
        f"  of that the start takes {start.busy_seconds:.1f} s and {start.peak_mb:.0f} MB:"
        f" {messages / busy:,.0f} messages a processor second and {scan.peak_mb - start.peak_mb:.0f} MB without it"
    )
    tshark = shutil.which("tshark")
    if tshark is None:
        print("  tshark is not installed: nothing to compare with")
    else:
        beside = run([tshark, "-n", "-r", str(path), "-q", "-z", "sip,stat"], traffic.OUT / "tshark")
        _report("tshark counting them", messages, beside, "")
        ratio, memory = beside.busy_seconds / scan.busy_seconds, beside.peak_mb / scan.peak_mb
        print(f"  the scan is {ratio:.1f} times as fast by processor time, in one {memory:.1f}th of the memory")
    if scan.exit_code != _FOUND:
        print(f"the scan failed with exit {scan.exit_code}: {scan.last_words}")
        return 1
    return 0


def _report(what: str, messages: int, measured: Run, more: str) -> None:
    speed = f"{measured.seconds:.1f} s, {messages / measured.seconds:,.0f} messages/s, "
    print(f"  {what}: {speed}{messages / measured.busy_seconds:,.0f} a processor second, peak {measured.peak_mb:.0f} MB{more}")


if __name__ == "__main__":
    sys.exit(main())

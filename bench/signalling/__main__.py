"""`python -m bench.signalling [MEGABYTES [POLICY]]`: `ringfence scan` over a capture of that size, 1000 unless said, and tshark.

Judged by the whole policy, and then by those of its rules alone that read nothing but what signalling tells (requests,
registrations, messages, oddities): rules about calls read records as well, and others what the desk tells.
"""

import shutil
import sys
from pathlib import Path
from typing import Final

from bench.scan import inputs
from bench.scan.runs import Run, run
from bench.signalling import detectors, traffic

_SCAN: Final = (sys.executable, "-m", "ringfence.cli", "scan", "--json")
_MEGABYTES: Final = 1_000.0
_DEFAULT: Final = Path("bundles/default")
_FOUND: Final = 1


def main() -> int:
    """Measure; return 1 where the scan failed."""
    path, messages = traffic.capture(float(sys.argv[1]) if len(sys.argv) > 1 else _MEGABYTES)
    empty, _ = traffic.capture(0.0)
    policy = sys.argv[2:3]  # a bundle's folder; without one the policy that ships judges
    options = [*inputs.provider_files(), *(["--policy", *policy] if policy else [])]
    print(f"{path.name}: {messages:,} messages, {path.stat().st_size / 1e6:,.0f} MB")
    scan = _scanned("ringfence scan", path, empty, messages, options)
    folder = traffic.OUT / "signalling-rules"
    own, of_all = detectors.without_others(Path(policy[0]) if policy else _DEFAULT, folder)
    if own:
        name = f"signalling rules only, {own} of {of_all}"
        _scanned(name, path, empty, messages, [*inputs.provider_files(), "--policy", str(folder)])
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


def _scanned(what: str, path: Path, empty: Path, messages: int, options: list[str]) -> Run:
    """Scan a capture, and one of nothing, and print what it took."""
    start = run([*_SCAN, str(empty), *options], traffic.OUT / "findings")
    scan = run([*_SCAN, str(path), *options], traffic.OUT / "findings")
    _report(what, messages, scan, f", {scan.lines} findings, exit {scan.exit_code}")
    busy = max(scan.busy_seconds - start.busy_seconds, 1e-9)
    print(
        f"  of that the start takes {start.busy_seconds:.1f} s and {start.peak_mb:.0f} MB:"
        f" {messages / busy:,.0f} messages a processor second and {scan.peak_mb - start.peak_mb:.0f} MB without it"
    )
    return scan


def _report(what: str, messages: int, measured: Run, more: str) -> None:
    speed = f"{measured.seconds:.1f} s, {messages / measured.seconds:,.0f} messages/s, "
    print(f"  {what}: {speed}{messages / measured.busy_seconds:,.0f} a processor second, peak {measured.peak_mb:.0f} MB{more}")


if __name__ == "__main__":
    sys.exit(main())

"""`python -m bench.logs [LINES [SOURCES]]`: lines of Asterisk's security log a second, memory, and CrowdSec beside it."""

import sys

from bench.logs import crowdsec, inputs
from bench.scan.__main__ import found_something, scan
from bench.scan.inputs import OUT
from bench.scan.runs import Run, run

_LINES = 200_000
_SOURCES = 5_000


def main() -> int:
    """Measure; return 1 where a scan failed."""
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else _LINES
    sources = int(sys.argv[2]) if len(sys.argv) > 2 else _SOURCES
    log, one = inputs.security_log(lines, sources), inputs.one_line()
    print(f"Asterisk's security log, {lines:,} lines, {sources:,} sources, {log.stat().st_size / 1e6:.0f} MB")
    scan(str(log), [])  # the first one after a change compiles
    ours, start = scan(str(log), []), scan(str(one), [])
    tell("ringfence scan, the policy that ships", lines, ours, start)
    rival = crowdsec.prepared()
    if rival is None:
        print("  crowdsec is not on this machine: nothing beside it (see bench/logs/crowdsec.py)")
    else:
        theirs, begun = (run(rival.arguments(each), OUT / "crowdsec.said") for each in (log, one))
        tell(f"crowdsec {rival.version}, asterisk_bf and asterisk_user_enum", lines, theirs, begun)
        said = (OUT / "crowdsec.said").with_suffix(".stderr")
        if theirs.exit_code != 0:
            print(f"  crowdsec failed with exit {theirs.exit_code}: {theirs.last_words} ({said})")
            return 1
        by_time = (theirs.seconds - begun.seconds) / (ours.seconds - start.seconds)
        by_work = (theirs.busy_seconds - begun.busy_seconds) / (ours.busy_seconds - start.busy_seconds)
        print(f"    ringfence reads {by_time:.0f} times as many lines a second, {by_work:.0f} times as many a processor second")
        print(f"    it took {ours.peak_mb / theirs.peak_mb:.3f} of its memory")
    return 0 if found_something(ours) else 1


def tell(what: str, lines: int, measured: Run, start: Run) -> None:
    """Print how fast a program was, without its start, which is measured with one line."""
    seconds, busy = measured.seconds - start.seconds, measured.busy_seconds - start.busy_seconds
    speed = f"{seconds:.1f} s and {start.seconds:.1f} s of start"
    speed += f", {lines / seconds:,.0f} lines/s, {lines / busy:,.0f} a processor second"
    print(f"  {what}: {speed}, peak {measured.peak_mb:.0f} MB, exit {measured.exit_code}", flush=True)


if __name__ == "__main__":
    sys.exit(main())

"""`python -m bench.rows [MEGABYTES [POLICY]]`: call records a second on one large file, memory, and who reads it beside."""

import importlib.util
import sys

from bench.rows import inputs
from bench.scan import inputs as provider
from bench.scan.__main__ import COUNT_ROWS, found_something, scan
from bench.scan.runs import Run, run

_MEGABYTES = 1_000
READ_COLUMNS = """
import duckdb, sys
duckdb.execute("SET threads = 1")
columns = "count(*), epoch(min(start)), epoch(max(answer)), epoch(max(\\"end\\")), count(DISTINCT account)"
columns += ", max(caller), max(callee), max(call_id)"
print(duckdb.execute(f"SELECT {columns} FROM read_csv(?, header = true)", [sys.argv[1]]).fetchone()[0])
"""
"""DuckDB's reader on one thread: it finds out the types, reads every column that a rule may need, and judges nothing."""


def main() -> int:
    """Measure; return 1 where a scan failed."""
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else _MEGABYTES
    path, rows = inputs.call_records(megabytes * 1_000_000)
    policy = sys.argv[2:3]  # a bundle's folder; without one the policy that ships judges
    options = [*provider.provider_files(), *(["--policy", *policy] if policy else [])]
    few = str(inputs.few_records())
    scan(few, options)  # the first one after a change compiles
    small = scan(few, options)
    judged = scan(str(path), options)
    print(f"call records, {rows:,} rows, {path.stat().st_size / 1e6:,.0f} MB")
    tell("ringfence scan", rows, judged)
    print(
        f"  of its peak, {small.peak_mb:.0f} MB are there with one row too: the file took {judged.peak_mb - small.peak_mb:.0f} MB"
    )
    work = judged.busy_seconds - small.busy_seconds
    print(f"  without the start, which takes {small.busy_seconds:.1f} s: {rows / work:,.0f} rows a processor second")
    scan(few, options, report=True)
    with_report = scan(str(path), options, report=True)
    tell("ringfence scan --html", rows, with_report)
    ratio = judged.busy_seconds / with_report.busy_seconds
    print(f"  that is {ratio:.2f} times the speed without; it took {with_report.peak_mb - small.peak_mb:.0f} MB")
    if importlib.util.find_spec("duckdb") is None:
        print("  duckdb is not installed: nothing beside it")
    else:
        beside("duckdb reading them, one thread", rows, judged, run([sys.executable, "-c", READ_COLUMNS, str(path)], inputs.SAID))
    beside("csv.reader counting them", rows, judged, run([sys.executable, "-c", COUNT_ROWS, str(path)], inputs.SAID))
    return 0 if found_something(judged) else 1


def tell(what: str, rows: int, measured: Run) -> None:
    """Print how fast a program was."""
    speed = (
        f"{measured.seconds:.1f} s, {rows / measured.seconds:,.0f} rows/s, {rows / measured.busy_seconds:,.0f} a processor second"
    )
    print(f"  {what}: {speed}, peak {measured.peak_mb:.0f} MB, {measured.lines} lines, exit {measured.exit_code}", flush=True)


def beside(what: str, rows: int, measured: Run, other: Run) -> None:
    """Print how fast another program was, and the ratio."""
    tell(what, rows, other)
    print(f"    the scan took {measured.busy_seconds / other.busy_seconds:.2f} times its processor time")


if __name__ == "__main__":
    sys.exit(main())

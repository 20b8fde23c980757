"""Compare engines: `python -m bench.engines [CALLS] [RUNS]` from the project's root (ten million calls, three runs unless said).

One workload, one machine, one run: a day of calls of 20,000 accounts, four rules over ten minutes. Every engine must give the same
findings, or the run ends with a message. What runs on one thread is measured by processor time, the others by the clock. Engines
that would take minutes get a tenth of the calls, over the same day.
"""

import platform
import sys
from collections.abc import Callable
from importlib.util import find_spec
from statistics import median

from bench.engines import ours, rivals
from bench.engines.rivals import Found, Timed
from bench.engines.workload import Calls, calls

Engine = Callable[[Calls], Timed]
_WHOLE: tuple[tuple[str, Engine], ...] = (
    ("single-pass C program, -O3", rivals.in_c),
    ("Ringfence, columns, one thread", ours.compiled),
    ("Ringfence, general pass", ours.general),
    ("Ringfence, columns, two threads", ours.in_two_threads),
)
_TENTH: tuple[tuple[str, Engine, str], ...] = (
    ("DuckDB, window functions", rivals.in_duckdb, "duckdb"),
    ("Polars, rolling groups", rivals.in_polars, "polars"),
    ("plain Python loop", rivals.in_python, "collections"),
)


def main() -> None:
    """Run them all, by turns, and print the medians."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    whole, tenth = calls(count, seed=1), calls(count // 10, seed=1)
    print(f"{platform.machine()}, Python {platform.python_version()}; medians of {runs} runs, in millions of calls a second")
    floor = _told(_by_turns(whole, dict(_WHOLE), runs), count, None)
    slow = {name: engine for name, engine, module in _TENTH if find_spec(module)}
    _told(_by_turns(tenth, {_WHOLE[0][0]: rivals.in_c, **slow}, 1), count // 10, floor)
    for name, _, module in _TENTH:
        if not find_spec(module):
            print(f"{name:34} left out: {module} is not installed")


def _by_turns(traffic: Calls, engines: dict[str, Engine], runs: int) -> dict[str, list[float]]:
    """Return each engine's seconds. Ends where one's findings differ from the first's."""
    expected: Found | None = None
    seconds: dict[str, list[float]] = {name: [] for name in engines}
    for _ in range(runs):
        for name, engine in engines.items():
            spent, found = engine(traffic)
            expected = expected or found
            if found != expected:
                sys.exit(f"the findings differ: {len(found)} of {name}, {len(expected)} of the first")
            seconds[name].append(spent)
    print(f"{traffic.time.size} calls, {len(expected or [])} findings, the same from each of {', '.join(engines)}")
    return seconds


def _told(seconds: dict[str, list[float]], count: int, floor: float | None) -> float:
    """Print each engine's rate and its ratio to the C program's; return that one's rate."""
    for name, spent in seconds.items():
        rate = count / median(spent) / 1e6
        floor = floor or rate
        print(f"{name:34} {rate:7.2f}   {rate / floor:6.3f} of C   ({', '.join(f'{count / each / 1e6:.2f}' for each in spent)})")
    return floor or 0.0


if __name__ == "__main__":
    main()

"""Measure a bundle: `python -m bench.bundle [DIR] [EVENTS] [--general]` from the project's root.

The default policy and 400,000 events unless said. Prints, by processor time of one core, calls judged a second, how many updates of
keys that is (an event in one group's window is one), and the memory a live key takes: for events that are objects, as live watch
has them, and for those that stand in columns, as call records do. `--general` leaves out the passes written out for the rules,
which take long to compile at first. Beside each stands what a single-pass C program does with four rules (see `bench.engines`) in
turns between ours: machines differ, and one machine from minute to minute; the ratio does less.
"""

import gc
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench.bundle.columns import InColumns
from bench.engine.traffic import events
from bench.engines.rivals import in_c
from bench.engines.workload import Calls, calls
from ringfence.policy import load, read_folder
from ringfence.policy.plan import Plan
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import Micros
from ringfence.watch.engine import Engine

_BATCH = 16_384
_LATER = Micros(1 << 60)
_TURNS = 3
_CALLS_IN_C = 2_000_000


def main() -> None:
    """Run it with events as objects and in columns, and these with the passes written out for the bundle too."""
    arguments = [each for each in sys.argv[1:] if not each.startswith("--")]
    plan = load(read_folder(Path(arguments[0] if arguments else "bundles/default"))).plan
    traffic = list(events(int(arguments[1]) if len(arguments) > 1 else 400_000, seed=1))
    gc.collect()
    gc.freeze()
    engine(plan).step(traffic[:1_000], _LATER)  # kernels and tables are read from disk
    beside = calls(_CALLS_IN_C, seed=1)
    measure("objects", plan, traffic, beside, in_columns=False)
    measure("columns", plan, traffic, beside, in_columns=True)
    if "--general" not in sys.argv:
        measure("written out", plan, traffic, beside, in_columns=True, written=True)


def measure(name: str, plan: Plan, traffic: Sequence[Event], beside: Calls, *, in_columns: bool, written: bool = False) -> None:
    """Print the best of some turns: others work on this machine too."""
    attempts, spent, in_c_spent = sum(event.kind is EventKind.ATTEMPT for event in traffic), float("inf"), float("inf")
    for _ in range(_TURNS):
        in_c_spent = min(in_c_spent, in_c(beside)[0])
        judging = engine(plan)
        if written:
            judging.compile()
        given = InColumns(traffic, judging.reads) if in_columns else traffic
        begin = time.process_time()
        found = [each for start in range(0, len(given), _BATCH) for each in judging.step(given[start : start + _BATCH], _LATER)]
        spent = min(spent, time.process_time() - begin)
    updates = judging.key_updates
    print(
        f"{name:12} {attempts / spent:10,.0f} calls/s {len(traffic) / spent:10,.0f} events/s {updates / spent:12,.0f} key updates/s"
    )
    live = f"{judging.live_keys} keys live, {judging.memory_bytes / max(judging.live_keys, 1):,.0f} B each with their events"
    print(f"{'':12} {len(plan.rules)} rules, {len(found)} findings, {live}, {updates / attempts:.1f} updates a call")
    in_c_rate = _CALLS_IN_C / in_c_spent
    print(f"{'':12} in C, four rules: {in_c_rate:,.0f} calls/s, {in_c_rate * spent / attempts:.0f} times as many")


def engine(plan: Plan) -> Engine:
    """Return an engine that saw nothing yet."""
    return Engine(plan, key=b"b" * 32, source="bench")


if __name__ == "__main__":
    main()

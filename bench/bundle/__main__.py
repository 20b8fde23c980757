"""Measure a bundle: `python -m bench.bundle [DIR] [EVENTS] [--general]` from the project's root.

The default policy and 400,000 events unless said. Prints, by processor time of one core, calls judged a second, how many updates of
keys that is (an event in one group's window is one), and the memory a live key takes: for events that are objects, as live watch
has them, and for those that stand in columns, as call records do. `--general` leaves out the passes written out for the rules,
which take long to compile at first.
"""

import gc
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench.bundle.columns import InColumns
from bench.engine.traffic import events
from ringfence.policy import load, read_folder
from ringfence.policy.plan import Plan
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import Micros
from ringfence.watch.engine import Engine

_BATCH = 16_384
_LATER = Micros(1 << 60)
_TURNS = 3


def main() -> None:
    """Run it with events as objects and in columns, and these with the passes written out for the bundle too."""
    arguments = [each for each in sys.argv[1:] if not each.startswith("--")]
    plan = load(read_folder(Path(arguments[0] if arguments else "bundles/default"))).plan
    traffic = list(events(int(arguments[1]) if len(arguments) > 1 else 400_000, seed=1))
    gc.collect()
    gc.freeze()
    engine(plan).step(traffic[:1_000], _LATER)  # kernels and tables are read from disk
    measure("objects", plan, traffic, in_columns=False, written=False)
    measure("columns", plan, traffic, in_columns=True, written=False)
    if "--general" not in sys.argv:
        measure("written out", plan, traffic, in_columns=True, written=True)


def measure(name: str, plan: Plan, traffic: Sequence[Event], *, in_columns: bool, written: bool) -> None:
    """Print the best of some turns: others work on this machine too."""
    calls, spent = sum(event.kind is EventKind.ATTEMPT for event in traffic), float("inf")
    for _ in range(_TURNS):
        judging = engine(plan)
        if written:
            judging.compile()
        given = InColumns(traffic, judging.reads) if in_columns else traffic
        begin = time.process_time()
        found = [each for start in range(0, len(given), _BATCH) for each in judging.step(given[start : start + _BATCH], _LATER)]
        spent = min(spent, time.process_time() - begin)
    updates = judging.key_updates
    print(f"{name:12} {calls / spent:10,.0f} calls/s {len(traffic) / spent:10,.0f} events/s {updates / spent:12,.0f} key updates/s")
    live = f"{judging.live_keys} keys live, {judging.memory_bytes / max(judging.live_keys, 1):,.0f} B each with their events"
    print(f"{'':12} {len(plan.rules)} rules, {len(found)} findings, {live}, {updates / calls:.1f} updates a call")


def engine(plan: Plan) -> Engine:
    """Return an engine that saw nothing yet."""
    return Engine(plan, key=b"b" * 32, source="bench")


if __name__ == "__main__":
    main()

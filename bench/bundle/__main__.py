"""Measure a bundle: `python -m bench.bundle [DIR] [EVENTS] [--general]` from the project's root.

The default policy and 200,000 events unless said. Prints, by processor time of one core, calls judged a second, how many updates of
keys that is (an event in one group's window is one), and the memory a live key takes. `--general` leaves out the passes written out
for the rules, which take long to compile at first.
"""

import gc
import sys
import time
from pathlib import Path

from bench.engine.traffic import events
from ringfence.policy import load, read_folder
from ringfence.vocabulary.contracts import EventKind
from ringfence.vocabulary.times import Micros
from ringfence.watch.engine import Engine

_BATCH = 16_384
_LATER = Micros(1 << 60)


def main() -> None:
    """Run it twice: with the general passes, then with those written out for the bundle."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "bundles/default")
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 200_000
    plan = load(read_folder(folder)).plan
    traffic = list(events(count, seed=1))
    calls = sum(event.kind is EventKind.ATTEMPT for event in traffic)
    gc.collect()
    gc.freeze()
    for name in ("general", "written out") if "--general" not in sys.argv else ("general",):
        engine = Engine(plan, key=b"b" * 32, source="bench")
        if name != "general":
            engine.compile()
        begin = time.process_time()
        found = [each for start in range(0, count, _BATCH) for each in engine.step(traffic[start : start + _BATCH], _LATER)]
        spent = time.process_time() - begin
        updates = engine.key_updates
        print(f"{name:12} {calls / spent:10,.0f} calls/s {count / spent:10,.0f} events/s {updates / spent:12,.0f} key updates/s")
        print(f"{'':12} {len(plan.rules)} rules, {len(found)} findings, {engine.live_keys} keys live, ", end="")
        print(
            f"{engine.memory_bytes / max(engine.live_keys, 1):,.0f} B each with their events, {updates / calls:.1f} updates a call"
        )


if __name__ == "__main__":
    main()

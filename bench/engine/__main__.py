"""Measure the engine: `python -m bench.engine [EVENTS]` from the project's root (two million events unless said).

Prints events per second, in one run over the same events, of `Engine.step` on ready events, of its two parts (events to columns,
and windows over ready columns), and of a plain-Python loop that must give the same findings. Then steps of a few events, as live.
"""

import gc
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from bench.engine.floor import plain_loop
from bench.engine.traffic import events, plan
from ringfence.vocabulary.contracts import Event, Finding
from ringfence.vocabulary.times import Micros
from ringfence.watch.columns import Columns, TextHashes, columns_of
from ringfence.watch.engine import Engine
from ringfence.watch.windows import Limits, RuleGroup

Result = TypeVar("Result")
BATCH = 16_384
KEY = b"b" * 32
LATER = Micros(1 << 60)


def main() -> None:
    """Run it all; exits with a message where the findings differ."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000
    traffic = list(events(count, seed=1))
    gc.collect()
    gc.freeze()  # live traffic doesn't keep millions of events for the collector to look through
    Engine(plan(), key=KEY, source="warm").step(traffic[:1000], LATER)
    floor, expected = timed(lambda: plain_loop(traffic))
    engine = Engine(plan(), key=KEY, source="bench")
    whole, found = timed(
        lambda: [(f.rule, f.subject.id, int(f.time)) for batch in cut(traffic, BATCH) for f in engine.step(batch, LATER)]
    )
    if found != expected:
        sys.exit(f"the findings differ: {len(found)} of the engine, {len(expected)} of the loop")
    conversion, batches = timed(lambda: convert(traffic))
    windows, crossings = timed(lambda: measure(batches))
    print(f"{count} events, {len(found)} findings, the same from both; {crossings} crossings from columns")
    for name, seconds in (
        ("plain Python loop", floor),
        ("Engine.step on events", whole),
        ("  events to columns", conversion),
        ("  windows over columns", windows),
    ):
        print(f"{name:24} {count / seconds / 1e6:6.2f} M events/s {floor / seconds:6.1f} x the loop")
    print(f"live: {engine.live_keys} keys, {engine.live_events} rows, {engine.memory_bytes / 1e6:.1f} MB of arrays")
    seconds, snapshot = timed(engine.snapshot)
    restored, _ = timed(lambda: Engine(plan(), key=KEY, source="bench").restore(snapshot))
    print(f"snapshot {len(snapshot) / 1e6:.1f} MB in {seconds * 1e3:.1f} ms, restored in {restored * 1e3:.1f} ms")
    for size in (1, 10, 100, 1_000):
        steps = cut(traffic[-200 * size :], size)
        live = Engine(plan(), key=KEY, source="bench")
        live.restore(snapshot)
        spent, _ = timed(partial(step_all, live, steps))
        print(f"steps of {size:5}: {spent / len(steps) * 1e6:8.0f} us a step")


def timed(work: Callable[[], Result]) -> tuple[float, Result]:
    begin = time.perf_counter()
    result = work()
    return time.perf_counter() - begin, result


def cut(traffic: Sequence[Event], size: int) -> list[Sequence[Event]]:
    return [traffic[begin : begin + size] for begin in range(0, len(traffic), size)]


def step_all(engine: Engine, steps: Sequence[Sequence[Event]]) -> list[Finding]:
    return [finding for step in steps for finding in engine.step(step, LATER)]


def convert(traffic: Sequence[Event]) -> list[Columns]:
    hashes = TextHashes(KEY)
    names = ("account", "answered", "callee", "duration")
    batches = [columns_of(batch, names, hashes, clock=Micros(0), now=LATER) for batch in cut(traffic, BATCH)]
    return [replace(batch, fields={name: batch.fields[name] for name in names}) for batch in batches]  # all made beforehand


def measure(batches: Sequence[Columns]) -> int:
    group = RuleGroup(plan().rules, TextHashes(KEY), Limits())
    return sum(len(group.advance(columns, nth * BATCH)) for nth, columns in enumerate(batches))


if __name__ == "__main__":
    main()

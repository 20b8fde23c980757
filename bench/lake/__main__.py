"""`python -m bench.lake [EVENTS]`: rows a second written, read, and judged from Parquet beside the same pass over memory.

Processor time, so that what else the machine does counts little. Each pass is run three times, in turn; medians are printed.
"""

import gc
import resource
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from bench.engine.traffic import events, plan
from ringfence.policy.plan import Plan
from ringfence.vocabulary.contracts import Event, Finding
from ringfence.vocabulary.times import Micros
from ringfence.watch.engine import Engine
from ringfence.watch.lake.batches import LakeBatch
from ringfence.watch.lake.reading import Rows, slices
from ringfence.watch.lake.store import Lake

COUNT: Final = 1_000_000
RUNS: Final = 3
GOAL: Final = 1.5
KEY: Final = b"b" * 32


def main() -> int:
    """Measure; return 1 where the passes differ in what they find."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    with tempfile.TemporaryDirectory(prefix="ringfence-bench-") as folder:
        lake = Lake(Path(folder) / "lake", Path(folder) / "lake-keys", KEY)
        spent = cost_of_writing(lake, list(events(count, seed=1)))
        octets = sum((lake.folder / file.path).stat().st_size for file in lake.contents().files.values())
        print(f"written: {count / spent:,.0f} events a processor second, {octets / count:.1f} octets an event")
        gc.collect()
        spent = cost(lambda: sum(len(rows.events()) for rows in of(lake)))
        print(f"read as events: {count / spent:,.0f} a processor second", flush=True)
        return compare(lake, count, plan())


def compare(lake: Lake, count: int, judged_by: Plan) -> int:
    """Print what judging costs from Parquet and from memory; return 1 where the findings differ."""
    Engine(judged_by, key=KEY, source="warm")  # compiles what it needs
    stored: list[float] = []
    held: list[float] = []
    found: list[list[Finding]] = []
    for _ in range(RUNS):
        stored.append(cost(lambda: found.append(judged(judged_by, map(LakeBatch, of(lake))))))
        batches = in_memory(lake, judged_by)
        held.append(cost(lambda ready=batches: found.append(judged(judged_by, ready))))  # type: ignore[misc]  # called at once
        del batches
    ratio = statistics.median(one / other for one, other in zip(stored, held, strict=True))
    first, second = statistics.median(stored), statistics.median(held)
    print(
        f"four rules, {len(found[0])} findings: {count / first:,.0f} events a processor second from Parquet, "
        f"{count / second:,.0f} from columns in memory: {ratio:.2f} times (goal {GOAL})",
        flush=True,
    )
    return int(any(other != found[0] for other in found))


def cost_of_writing(lake: Lake, traffic: Sequence[Event]) -> float:
    """Bring the events to the lake; return what that cost."""

    def write() -> None:
        with lake.writing() as writer:
            writer.add(traffic)
            writer.commit()

    return cost(write)


def of(lake: Lake) -> Iterable[Rows]:
    """Return the lake's slices, of which nothing was read yet."""
    return slices(lake, lake.contents().within(None, None))


def in_memory(lake: Lake, judged_by: Plan) -> list[LakeBatch]:
    """Return the lake's slices with all that the plan reads of them in memory."""
    reads = Engine(judged_by, key=KEY, source="bench").reads
    batches = [LakeBatch(rows) for rows in of(lake)]
    for batch in batches:
        for field in reads.fields:
            batch.column(field, reads.hashes)
    return batches


def judged(judged_by: Plan, batches: Iterable[LakeBatch]) -> list[Finding]:
    """Return what the plan finds in the batches."""
    engine = Engine(judged_by, key=KEY, source="bench")
    return [finding for batch in batches for finding in engine.step(batch, Micros(int(batch.times[-1])))]


def cost(work: Callable[[], object]) -> float:
    """Return the processor seconds that the work took, of all threads."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    work()
    after = resource.getrusage(resource.RUSAGE_SELF)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    sys.exit(main())

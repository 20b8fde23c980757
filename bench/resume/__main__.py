"""`python -m bench.resume [EVENTS] [DIR]`: from kill -9 to listening again, with all that the rules of a bundle remember.

A data folder with the default policy, or the one in DIR, gets a checkpoint of an engine that was told so many events. Watch is
started on it, killed as soon as it listens and judges, and started again, several times. Its modules are compiled to bytecode, as
those of an installation are.
"""

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

from msgspec.structs import replace

from bench.engine.traffic import START, events
from bench.live.__main__ import free_port
from bench.live.process import NeverReady, Watch
from bench.live.provisioned import provision
from ringfence.cli.configuration import installation_key
from ringfence.cli.shipped import DEFAULT_BUNDLE
from ringfence.policy import load, read_folder
from ringfence.vocabulary.contracts import Event, Reference
from ringfence.vocabulary.times import MINUTE, Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.calls import Tracker
from ringfence.watch.engine import Engine
from ringfence.watch.lake import Checkpoint, write_checkpoint

EVENTS: Final = 1_500_000
_SPREAD: Final = 12  # so many accounts call in place of each
TURNS: Final = 5
_BATCH: Final = 16_384


class Start(NamedTuple):
    """Seconds until watch listened, and how many of them a processor worked for it."""

    elapsed: float
    busy: float


def main(arguments: list[str]) -> int:
    """Measure; return 1 where watch could not be started."""
    count = int(arguments[0]) if arguments else EVENTS
    data = Path(tempfile.mkdtemp(prefix="ringfence-bench-"))
    try:
        port = free_port()
        provision(data, port, Path(arguments[1]) if len(arguments) > 1 else DEFAULT_BUNDLE)
        empty = starts(data, port)
        print(f"without a checkpoint: {said(empty)}", flush=True)
        print(f"checkpoint: {remember(data, count)}", flush=True)
        full = starts(data, port)
        print(f"with it: {said(full)}; what is remembered adds {median(one.busy for one in full) - least(empty):.2f} s of them")
    except NeverReady as error:
        print(f"watch did not start:\n{error}")
        return 1
    finally:
        shutil.rmtree(f"{data}-bytecode", ignore_errors=True)
        shutil.rmtree(data, ignore_errors=True)  # the copy of a killed watch may be writing still
    return 0


def remember(data: Path, count: int) -> str:
    """Leave a checkpoint behind as if watch had consumed so many events until now; return what is in it."""
    (posted,) = (data / "policies").iterdir()
    plan = load(read_folder(posted)).plan
    engine = Engine(plan, key=installation_key(data), source="live")
    shift = time.time_ns() // 1000 - START - MINUTE
    told = [_spread(replace(event, time=Micros(event.time + shift))) for event in events(count, seed=2)]
    shift = told[-1].time - (time.time_ns() // 1000 - MINUTE)
    told = [replace(event, time=Micros(event.time - shift)) for event in told]
    engine.begins(told[0].time)
    for begin in range(0, count, _BATCH):
        part = told[begin : begin + _BATCH]
        engine.step(part, part[-1].time)
    snapshot = engine.snapshot()
    tracker = Tracker(Directory(Reference(time=Micros(0)))).snapshot()
    write_checkpoint(data / "journal", Checkpoint(journal=0, policy=plan.policy, tracker=tracker, engine=snapshot))
    size = len(snapshot) / 1e6
    return f"{engine.live_keys:,} keys of {len(plan.rules)} rules, {engine.live_events:,} events in windows, {size:.0f} MB"


def _spread(event: Event) -> Event:
    """Let more accounts and numbers take part, as many calls as there are: what is laid out are keys."""
    among = int(event.call_id[:8], 16) % _SPREAD
    return replace(event, account=f"{event.account}-{among}", caller=f"{event.caller}{among:02d}")


def starts(data: Path, port: int) -> list[Start]:
    """Start watch and kill it as soon as it listens, again and again; the first start, which may compile, is left out."""
    found: list[Start] = []
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(data.parent / f"{data.name}-bytecode")
    for _ in range(TURNS + 1):
        begin = time.perf_counter()
        with Watch(data, port) as watch:
            found.append(Start(time.perf_counter() - begin, watch.busy_s()))
            watch.kill()
    return found[1:]


def said(found: list[Start]) -> str:
    """Return the medians in words."""
    return f"listens after {median(one.elapsed for one in found):.2f} s, {median(one.busy for one in found):.2f} s of a processor"


def least(found: list[Start]) -> float:
    """Return the median of what a processor worked."""
    return median(one.busy for one in found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Backtests: bundles over the lake's events in the order of their times, on several processes, to be stopped and gone on with.

Each bundle's rules are shared out; every process reads the lake for itself. What they find is what one engine over all would.
"""

import json
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from heapq import merge
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event as Flag
from pathlib import Path
from shutil import rmtree
from typing import Final

import msgspec

from ringfence.policy.plan import Plan
from ringfence.vocabulary.contracts import Finding, Reference
from ringfence.vocabulary.times import Micros
from ringfence.watch.history.run_state import Progress, Run, RunDamaged, findings_file, read_progress, read_run, write_run
from ringfence.watch.history.share import Place, Share
from ringfence.watch.history.shares import shared_out
from ringfence.watch.lake.commits import total
from ringfence.watch.lake.store import Lake

_NAME_BYTES: Final = 8
_POLL_SECONDS: Final = 0.2


class ShareFailed(Exception):
    """A process of the backtest ended without its result; the text says why."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked: the plans of the bundles, and the span [`since`, `until`)."""

    plans: tuple[Plan, ...]
    since: Micros | None = None
    until: Micros | None = None

    @property
    def name(self) -> str:
        """What the run is known by: the same question has the same name."""
        told = json.dumps([[plan.policy for plan in self.plans], self.since, self.until])
        return blake2b(told.encode(), digest_size=_NAME_BYTES).hexdigest()


@dataclass(slots=True)
class Backtest:
    """A backtest that can be `run`. `place.run` is its own folder; `events` how many events the lake has for it."""

    asked: Asked
    place: Place
    kept: Run
    progress: dict[str, Progress] = field(default_factory=dict)
    """How far each share is, by its name."""

    @property
    def events(self) -> int:
        """How many events all shares together have to look at, about."""
        return total(self.kept.files) * len(self.shares)

    @property
    def done(self) -> int:
        """How many they have looked at."""
        return sum(progress.events for progress in self.progress.values())

    def run(self, *, told: Callable[[], None], stops: Callable[[], bool]) -> bool:
        """Work until it is done or `stops`; tell whether it is done. `told` is called now and then.

        Raises `ShareFailed`. Whatever ends it, it can be gone on with.
        """
        waiting = [(name, plan) for name, plan in self.shares.items() if not self._done(name)]
        running = _Running(self.place, self.kept)
        try:
            running.start(waiting)
            while running.left:
                for name, progress in running.heard():
                    self.progress[name] = progress
                told()
                if stops():
                    running.stop()
        finally:
            running.end()
        return all(self._done(name) for name in self.shares)

    def findings(self, number: int) -> Iterator[Finding]:
        """Yield what bundle `number` found, in order of time, and of one time by rule."""
        files = [_found(findings_file(self.place.run, name)) for name in self.shares if name.startswith(f"{number}-")]
        return merge(*(iter(sorted(found, key=in_order)) for found in files), key=in_order)

    def forget(self) -> None:
        """Delete what was kept of it."""
        rmtree(self.place.run, ignore_errors=True)

    @property
    def shares(self) -> dict[str, Plan]:
        """The plans that processes work on, by the names of their shares: the bundle's number, and which of its parts it is."""
        return {
            f"{number}-{place}": share
            for number, plan in enumerate(self.asked.plans)
            for place, share in enumerate(shared_out(plan, self.kept.shares))
        }

    def _done(self, name: str) -> bool:
        self.progress[name] = read_progress(self.place.run, name)
        return self.progress[name].done


def in_order(finding: Finding) -> tuple[Micros, str]:
    """Return by what findings of a backtest are put in order."""
    return finding.time, finding.rule


def begin(asked: Asked, lake: Lake, place: Place, *, reference: Reference, processes: int) -> Backtest:
    """Return a new backtest over what the lake holds now; whatever was kept of an earlier one is forgotten. Raises `OSError`."""
    rmtree(place.run, ignore_errors=True)
    contents = lake.contents()
    newest = max((file.last for file in contents.files.values()), default=None)
    run = Run(
        policies=tuple(plan.policy for plan in asked.plans),
        since=asked.since,
        until=asked.until,
        files=tuple(contents.within(asked.since, asked.until)),
        reference=reference,
        passed=asked.until if asked.until is not None and newest is not None and newest >= asked.until else None,
        shares=max(1, processes // len(asked.plans)),
    )
    write_run(place.run, run)
    return Backtest(asked, place, run)


def resume(asked: Asked, lake: Lake, place: Place) -> Backtest | None:
    """Return the backtest that was stopped, `None` where nothing is kept of it. Raises `RunDamaged`."""
    run = read_run(place.run)
    if run is None:
        return None
    gone = sum(not (lake.folder / file.path).exists() for file in run.files)
    if gone:
        raise RunDamaged(f"{gone} files have left the lake since it was begun. Hint: run it again without --resume")
    return Backtest(asked, place, run)


class _Running:
    """The processes at work."""

    def __init__(self, place: Place, run: Run) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._place, self._run = place, run
        self._stop: Flag = self._context.Event()
        self._processes: dict[str, BaseProcess] = {}
        self._pipes: dict[Connection, str] = {}

    @property
    def left(self) -> int:
        """How many are still at work."""
        return len(self._pipes)

    def start(self, waiting: Sequence[tuple[str, Plan]]) -> None:
        for name, plan in waiting:
            mine, theirs = self._context.Pipe(duplex=False)
            process = self._context.Process(
                target=_work, args=(name, plan, self._run, self._place, theirs, self._stop), name=f"backtest {name}", daemon=True
            )
            process.start()
            theirs.close()
            self._processes[name] = process
            self._pipes[mine] = name

    def heard(self) -> Iterator[tuple[str, Progress]]:
        """Yield what came within a moment. Raises `ShareFailed`."""
        for ready in wait(list(self._pipes), _POLL_SECONDS):
            assert isinstance(ready, Connection)
            name = self._pipes[ready]
            try:
                message = ready.recv()
            except EOFError:
                raise ShareFailed(f"the process for share {name} died. Hint: out of memory? --resume goes on") from None
            if isinstance(message, Progress):
                yield name, message
                continue
            ready.close()
            del self._pipes[ready]
            if message is not None:
                raise ShareFailed(message)

    def stop(self) -> None:
        """Ask all to end after what they are at."""
        self._stop.set()

    def end(self) -> None:
        self._stop.set()
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes.values():
            process.join()


def _work(name: str, plan: Plan, run: Run, place: Place, pipe: Connection, stop: Flag) -> None:
    """Be one process of a backtest."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the one that began asks the others to stop
    told = None
    try:
        share = Share(name, plan, run, place)
        share.work(lambda progress: pipe.send(msgspec.structs.replace(progress, engine=None)), stop.is_set)
    except BrokenPipeError:
        return
    except Exception as error:  # noqa: BLE001 - the outermost loop of a process: whoever began it must hear
        told = f"{type(error).__name__}: {error}"
    with suppress(BrokenPipeError):
        pipe.send(told)


def _found(path: Path) -> list[Finding]:
    decoder = msgspec.json.Decoder(Finding)
    with path.open("rb") as file:
        return [decoder.decode(line) for line in file]


def cores() -> int:
    """Return how many processes can work at once here."""
    return len(os.sched_getaffinity(0))

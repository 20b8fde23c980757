"""One share of a backtest: some rules over the lake, in steps that it can stop after and go on from."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

import msgspec

from ringfence.policy.plan import Plan
from ringfence.vocabulary.contracts import Finding
from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.engine import Engine, SnapshotRefused
from ringfence.watch.history.run_state import Progress, Run, RunDamaged, findings_file, read_progress, write_progress
from ringfence.watch.lake.batches import LakeBatch
from ringfence.watch.lake.reading import Rows, slices_of, stretches
from ringfence.watch.lake.store import Lake

SOURCE: Final = "backtest"
_SAVE_SECONDS: Final = 10.0
_ENCODER: Final = msgspec.json.Encoder()


class Place(NamedTuple):
    """Where the lake, its keys and the run are kept, and the installation's key."""

    lake: Path
    keys: Path
    run: Path
    key: bytes


class Share:
    """Judges the lake by `plan`, which has some of a bundle's rules; `name` is its own among those of the run.

    Raises `RunDamaged` where what was kept can't be gone on from, `RuleUnmeasurable`.
    """

    def __init__(self, name: str, plan: Plan, run: Run, place: Place) -> None:
        self._name = name
        self._run = run
        self._folder = place.run
        self._lake = Lake(place.lake, place.keys, place.key)
        self._engine = Engine(plan, key=place.key, source=SOURCE)
        self._known = Directory(run.reference)
        self._engine.know(self._known)
        self.progress = read_progress(place.run, name)
        if self.progress.engine is not None:
            try:
                self._engine.restore(self.progress.engine)
            except SnapshotRefused as refused:
                raise RunDamaged(f"{refused}. Hint: run it again without --resume") from None

    def work(self, told: Callable[[Progress], None], stops: Callable[[], bool]) -> None:
        """Go on to the end, or until `stops`; `told` how far it is after each slice. What it found so far is kept either way.

        Raises `LakeUnreadable`, `OSError`.
        """
        if self.progress.done:
            return
        path = findings_file(self._folder, self._name)
        saved = time.monotonic()
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
            file.truncate(self.progress.octets)  # what was found after the last save is found again
            file.seek(0, os.SEEK_END)
            for stretch, done, rows in self._remaining():
                self._judge(stretch, done, rows, file)
                told(self.progress)
                if (stopped := stops()) or time.monotonic() - saved > _SAVE_SECONDS:
                    self._save(file)
                    saved = time.monotonic()
                if stopped:
                    return
            if self._run.passed is not None:
                self._keep(self._engine.pass_time(self._run.passed), file)
            self.progress = msgspec.structs.replace(self.progress, done=True)
            self._save(file)
            told(self.progress)

    def _remaining(self) -> Iterator[tuple[int, int, Rows]]:
        """Yield the slices that are left, each with the number of its stretch and how many of that one's are done with it."""
        begun, done = self.progress.stretches, self.progress.slices
        since, until = self._run.since, self._run.until
        for stretch, files in enumerate(stretches(self._run.files)):
            if stretch < begun:
                continue
            for number, rows in enumerate(slices_of(self._lake, files, since=since, until=until), start=1):
                if stretch > begun or number > done:
                    yield stretch, number, rows

    def _judge(self, stretch: int, done: int, rows: Rows, file: BinaryIO) -> None:
        if not self.progress.events:
            self._engine.begins(Micros(int(rows.times[0])) if self._run.since is None else self._run.since)
        now = Micros(max(self.progress.now, int(rows.times[-1])))
        self._keep(self._engine.step(LakeBatch(rows), now), file)
        events = self.progress.events + len(rows)
        self.progress = msgspec.structs.replace(self.progress, stretches=stretch, slices=done, now=now, events=events)

    def _keep(self, found: list[Finding], file: BinaryIO) -> None:
        """Write what live watch would tell: nothing of clauses that a court had struck, or that the party was exempt from."""
        told = [each for each in found if not (each.clause in self._run.reference.struck or self._known.silences(each))]
        for finding in told:
            file.write(_ENCODER.encode(finding) + b"\n")
        findings = self.progress.findings + len(told)
        self.progress = msgspec.structs.replace(self.progress, octets=file.tell(), findings=findings)

    def _save(self, file: BinaryIO) -> None:
        file.flush()
        os.fsync(file.fileno())
        kept = msgspec.structs.replace(self.progress, engine=None if self.progress.done else self._engine.snapshot())
        write_progress(self._folder, self._name, kept)

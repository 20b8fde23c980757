"""Continuing after the process ended, however it ended: the last checkpoint, and the journal after it."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

from ringfence.feeds import FeedDamaged
from ringfence.vocabulary.contracts import Finding
from ringfence.vocabulary.times import Micros
from ringfence.watch.calls import OtherVersion, Tracker
from ringfence.watch.engine import Engine, SnapshotRefused
from ringfence.watch.lake import Batch, Checkpoint, Journal, Place, PlaceKey, lay_over
from ringfence.watch.live.filling import ByBatch, judged, late_since
from ringfence.watch.live.judges import Asked, Judges
from ringfence.watch.live.log import Log


class Recovered(NamedTuple):
    """`last` is the journal's last batch and `findings` what came of it: perhaps not told yet. All before it was told.

    `places`: how far each followed file was consumed, `desk` the number of the last of the desk's events.
    """

    policy: str | None
    engine: Engine | None
    last: Batch | None
    findings: list[Finding]
    places: dict[PlaceKey, Place]
    desk: int
    late: Micros | None
    """The time of the oldest event that the desk told so late that windows must be filled anew to count it, and they were not."""
    anew: frozenset[str] = frozenset()
    """The rules that another version of Ringfence remembered otherwise: their windows began anew, the others' go on."""


@dataclass(slots=True)
class _Reached:
    """How far other inputs than the network were consumed."""

    places: dict[PlaceKey, Place]
    desk: int
    late: Micros | None = None

    def take(self, batch: Batch) -> None:
        """Bring it up to one more batch."""
        lay_over(self.places, batch.places)
        self.desk = self.desk if batch.desk is None else batch.desk
        self.late = late_since(self.late, batch)


def recover(*, tracker: Tracker, journal: Journal, judges: Judges, checkpoints: Iterable[Checkpoint], log: Log) -> Recovered:
    """Bring `tracker`, which must be new, and an engine to where they were after the journal's last batch."""
    reached: _Reached | None = None
    for checkpoint in _beside(checkpoints, judges):  # the older is read where the newer is unusable, and only there
        # Of any checkpoint, usable or not: what was consumed stays consumed, also where windows must begin anew.
        reached = reached or _Reached({place.key: place for place in checkpoint.places}, checkpoint.desk)
        try:
            tracker.restore(checkpoint.tracker)
        except OtherVersion as error:
            log.warning("checkpoint.unusable", cause=str(error), hint="falling back to what is older")
            continue
        try:
            engine, anew = _engine_of(checkpoint, judges)
        except SnapshotRefused as error:
            log.warning("checkpoint.windows-unusable", cause=str(error), hint="windows are filled anew from history")
            engine, anew = None, frozenset()
        if anew:
            log.warning("checkpoint.rules-anew", rules=sorted(anew), hint="filled from history meanwhile; the other rules go on")
        log.info("checkpoint.restored", batch=checkpoint.journal, policy=checkpoint.policy)
        recovered = _replay(checkpoint.journal, checkpoint.policy, engine, (tracker, journal, judges, log), reached)
        return recovered._replace(anew=anew) if recovered.engine is engine else recovered
    if journal.last:
        log.warning("checkpoint.none", hint="all of the retained journal is read again; windows older than it begin empty")
    return _replay(0, None, None, (tracker, journal, judges, log), reached or _Reached({}, 0))


def _beside(checkpoints: Iterable[Checkpoint], judges: Judges) -> Iterator[Checkpoint]:
    """Yield the checkpoints. The first is read, which another thread can, while the engine is made that will go on from it."""
    every = iter(checkpoints)
    with ThreadPoolExecutor(1) as thread:
        first = thread.submit(next, every, None)
        judges.prepare()
        newest = first.result()
    if newest is not None:
        yield newest
        yield from every


def _engine_of(checkpoint: Checkpoint, judges: Judges) -> tuple[Engine | None, frozenset[str]]:
    """Return the checkpoint's engine, and the rules that begin anew in it."""
    if checkpoint.policy is None or checkpoint.engine is None:
        return None, frozenset()
    made = judges.engine(checkpoint.policy)
    if made is None:
        return None, frozenset()
    return made[0], made[0].restore(checkpoint.engine, is_whole=True)


def _replay(
    after: int,
    policy: str | None,
    engine: Engine | None,
    parts: tuple[Tracker, Journal, Judges, Log],
    reached: _Reached,
) -> Recovered:
    """Consume the batches after number `after` again, each with its own `now`."""
    tracker, journal, judges, log = parts
    last: Batch | None = None
    findings: list[Finding] = []
    expected, references = after + 1, ByBatch(journal.references)
    try:
        for number, batch in journal.after(after):
            if number != expected and after:
                log.warning("journal.gap", first_missing=expected, missing=number - expected)
            expected = number + 1
            directory = references.change(number)
            if engine is not None and directory is not None:
                engine.know(directory)
            if batch.policy is not None:
                policy, asked = batch.policy, Asked(batch.now, reached.desk, number, reached.late, engine)
                filled = judges.filled(policy, journal, asked=asked)
                engine, findings = (None, []) if filled is None else (filled.finished(engine), filled.found)
            else:
                findings = judged(engine, batch) if engine is not None else []
            _remember(tracker, batch, log)
            reached.take(batch)
            last = batch
    except FeedDamaged as damage:
        log.error("journal.damaged", cause=str(damage), hint="what stands after it is lost; watch goes on from here")
    return Recovered(policy, engine, last, findings, reached.places, reached.desk, reached.late)


def _remember(tracker: Tracker, batch: Batch, log: Log) -> None:
    if batch.calls is not None:
        try:
            tracker.restore(batch.calls)
        except OtherVersion as error:
            log.warning("journal.calls-unreadable", cause=str(error), hint="calls under way then are forgotten")

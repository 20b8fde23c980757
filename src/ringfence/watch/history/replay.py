"""Replay: the journal judged again, batch by batch, each with its own `now`. The same versions find what live watch found."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from ringfence.policy.plan import Plan
from ringfence.vocabulary.contracts import Finding
from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.engine import Engine
from ringfence.watch.lake import Batch, JournalReader
from ringfence.watch.live import Judges
from ringfence.watch.live.filling import ByBatch, Desk, judged, late_since
from ringfence.watch.live.judges import SOURCE, Asked


@dataclass(slots=True)
class Replayed:
    """What was read so far. `first` and `last` are the times of the first and last batch, `None` before any.

    `begins_late`: the journal's oldest batches are gone, so that windows began empty at `first`.
    """

    batches: int = 0
    events: int = 0
    first: Micros | None = None
    last: Micros | None = None
    begins_late: bool = False
    policies: list[str] = field(default_factory=list)
    """The versions that judged, in their order."""

    def take(self, number: int, batch: Batch) -> None:
        """Count one batch."""
        if self.first is None:
            self.first, self.begins_late = batch.now, number > 1
        self.batches += 1
        self.events += len(batch.events)
        self.last = batch.now

    def in_force(self, policy: str) -> None:
        """Count a version that judges from here on; the one that does already may have its windows filled anew."""
        if self.policies[-1:] != [policy]:
            self.policies.append(policy)


def as_it_was_judged(
    journal: JournalReader, judges: Judges, *, policy: str | None = None, counts: Replayed | None = None
) -> Iterator[Finding]:
    """Yield what the versions in force find in the journal, each from where it came into force.

    `policy` was in force when the journal's oldest batch was consumed; `None` before the first posting. Who held what, and which
    clauses a ruling had struck, is known as it was then, as far as that was kept. Raises `FeedDamaged` where the journal is, and
    `FeedGap` where it is deleted meanwhile.
    """
    counts = counts if counts is not None else Replayed()
    made = None if policy is None else judges.engine(policy)
    engine = None if made is None else made[0]
    counts.policies += [] if policy is None else [policy]
    references, desk, late = ByBatch(journal.references), 0, None
    told: set[str] = set()
    for number, batch in journal.after():
        if counts.first is None and engine is not None:
            engine.begins(batch.now)
        counts.take(number, batch)
        directory = references.change(number)
        if directory is not None:
            judges.know(directory)
            if engine is not None:
                engine.know(directory)
        if batch.policy is not None:
            filled = judges.filled(batch.policy, journal, asked=Asked(batch.now, desk, number, late, engine))
            engine, found = (None, []) if filled is None else (filled.finished(engine), filled.found)
            counts.in_force(batch.policy)
        else:
            found = [] if engine is None else judged(engine, batch)
        for finding in found:
            if not (references.silences(finding) or finding.id in told):
                told.add(finding.id)
                yield finding
        desk, late = desk if batch.desk is None else batch.desk, late_since(late, batch)


def by_plan(
    journal: JournalReader, plan: Plan, directory: Directory, *, key: bytes, counts: Replayed | None = None
) -> Iterator[Finding]:
    """Yield what the rules of `plan` find in the journal, whichever version was in force. Raises as `as_it_was_judged` does.

    `directory` says who holds what where the journal does not; attribution stands in the journal. Nothing is told of clauses that
    a court had struck, or that the party was exempt from, by what was known then.
    """
    counts = counts if counts is not None else Replayed()
    engine = Engine(plan, key=key, source=SOURCE)
    engine.know(known := directory)
    counts.policies.append(plan.policy)
    references, desk = ByBatch(journal.references), Desk(journal.earlier())
    for number, batch in journal.after():
        if counts.first is None:
            engine.begins(batch.events[0].time if batch.events else batch.now)
        counts.take(number, batch)
        change = references.change(number)
        if change is not None:
            engine.know(known := change)
        late = desk.upto(batch.now)
        found = (engine.step(late, batch.now) if late else []) + judged(engine, batch)
        yield from (each for each in found if each.clause not in references.struck and not known.silences(each))

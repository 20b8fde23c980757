# size: one order of steps, which a crash between any two of them must not spoil
"""From datagrams and records to findings, live: tracked, kept, judged, told; in steps that a crash between any two cannot spoil.

Order of each turn: what is consumed is appended to the journal, then judged, then what came of it is appended to the feeds. So when
the process dies, the journal's last batch alone may have results that were not told yet, and `recover` tells them.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from ringfence.feeds import FeedError
from ringfence.policy.plan import Rule
from ringfence.vocabulary.contracts import Event, Finding, Observation, Reference
from ringfence.vocabulary.times import SECOND, Micros, iso
from ringfence.watch.attribution import Directory
from ringfence.watch.calls import Tracker, attributed, events_of_record
from ringfence.watch.engine import Engine
from ringfence.watch.lake import Batch, Checkpoint, Journal, Place, PlaceKey, lay_over
from ringfence.watch.live.coming import Coming
from ringfence.watch.live.counts import Counts
from ringfence.watch.live.desk_tail import LATE_US, counts_told
from ringfence.watch.live.filling import judged
from ringfence.watch.live.judges import Judges
from ringfence.watch.live.log import Log
from ringfence.watch.live.recovery import recover
from ringfence.watch.live.reorder import ReorderBuffer, Run
from ringfence.watch.live.uses import first_uses
from ringfence.watch.sinks import DeskFeeds
from ringfence.watch.sources.datagram import Datagram
from ringfence.watch.sources.hep import Mirrored
from ringfence.watch.wire.cdr import CallRecord

MOST_PENDING: Final = 200_000
MOST_WAITING: Final = 100_000
RETRY_US: Final = SECOND
"""How long a disk that refuses is left alone: what waits is written together, and to try costs more the more is remembered."""

CLOCK_TOLERANCE_US: Final = Micros(5 * SECOND)
"""How far this machine's clock may be put back before what is remembered counts as lying in the future."""

FILLED_AT_ONCE: Final = 50_000
"""Events of history that a new version's windows are told at its posting; what is more they are told between turns."""
FILLED_IDLE: Final = 1_000_000  # where no version is in force that would be held up
_FILLED_A_TURN: Final = 4_000
_TURN: Final = 2_000


class Pipeline:
    """`take` may be called by one thread while another is in any other method; all else is for one thread at a time.

    `turn` must be called every few milliseconds. All times come from the caller.
    """

    def __init__(
        self, *, tracker: Tracker, journal: Journal, feeds: DeskFeeds, judges: Judges, reorder: ReorderBuffer, log: Log
    ) -> None:
        self.counts: Final = Counts()
        self.tracker: Final = tracker
        self.policy: str | None = None
        self.looks_on: Callable[[Sequence[Event], Directory], Iterable[Observation]] | None = None
        """What else observes events, once each, as they come: told with the batch that they are in."""
        self.reorder: Final = reorder
        self.places: Final[dict[PlaceKey, Place]] = {}
        """How far followed files were consumed, as of the journal's last batch."""
        self.desk = 0
        """The number of the last of the desk's events that was consumed, likewise."""
        self._journal = journal
        self._feeds = feeds
        self._judges = judges
        judges.know(tracker.directory)
        self._log = log
        self._engine: Engine | None = None
        self._struck: frozenset[str] = frozenset()
        self._arrived: deque[Datagram | Mirrored] = deque()
        self._came = self._went = 0
        self._events: list[Event] = []
        self._observed: list[Observation] = []
        self._reached: list[Place] = []
        self._told: int | None = None
        self._earlier: list[Event] = []
        self._coming = Coming(judges, journal)
        self._watermark: Micros | None = None
        self._untold: tuple[list[Finding], list[Observation]] = ([], [])
        self._whole = False
        self._anew = False
        self._failing = False
        self._again_at = Micros(0)

    def recover(self, checkpoints: Iterable[Checkpoint]) -> None:
        """Continue where the process before ended. `checkpoints` the newest first; the tracker must be new."""
        self.tracker.prepare()
        recovered = recover(
            tracker=self.tracker, journal=self._journal, judges=self._judges, checkpoints=checkpoints, log=self._log
        )
        # Without an engine nothing would be judged by it: `use` must try that version again.
        self.policy = None if recovered.engine is None else recovered.policy
        self._engine = recovered.engine
        self.places.update(recovered.places)
        self.desk = recovered.desk
        if recovered.anew:
            self._coming.lacks()
        if recovered.late is not None:
            self._coming.late(recovered.late, Micros(0))
        if recovered.last is not None:
            findings = [finding for finding in recovered.findings if self._is_told(finding)]
            last = recovered.last
            found = last.found if last.policy is None else 0
            self._untold = self._feeds.unwritten(findings, last.observations, found=found, observed=last.observed)
            self._tell()

    def rule(self, struck: tuple[str, ...]) -> None:
        """Tell nothing any more of clauses that a ruling has struck."""
        self._struck = frozenset(struck)

    def use(self, reference: Reference, now: Micros) -> None:
        """Attribute by `reference`, or by what was known with this change of it, from now on, and judge by the version it names.

        A version that cannot be used yet, or noted while the disk refuses, leaves the one before at work; `policy` tells, and the
        caller may try again. A new version comes into force when its windows know what came before, which takes turns.
        """
        if self._waits:
            self._consume(now)
        directory = self.tracker.directory.changed(reference)
        try:
            self._journal.references.note(self._journal.last + 1, reference)
        except OSError as error:
            self._log.error("reference.not-kept", cause=str(error), hint="free space; a replay will not know of this change")
        self.tracker.use(directory)
        self._judges.know(directory)
        if self._engine is not None:
            self._engine.know(directory)
        self.rule(reference.struck)
        if reference.policy is None or self._waits:
            return
        if reference.policy == self.policy:
            self._coming.keep(self.policy)
            return
        self._coming.want(reference.policy, max(now, self.tracker.clock), desk=self.desk, former=self._engine)
        if self._fill(now, FILLED_IDLE if self._engine is None else FILLED_AT_ONCE):
            self._log.info("policy.filling", policy=reference.policy, told=self.filling, judging=self.policy)

    def take(self, datagram: Datagram) -> bool:
        """Take in one datagram, to be consumed when its turn comes; drop it where far too many wait. Tell which."""
        if self.arrived >= MOST_WAITING:
            self.counts.overflowed += 1
            return False
        self._arrived.append(datagram)
        self._came += 1
        return True

    def take_many(self, mirrored: Mirrored) -> int:
        """Do the same with many; return how many of them, from the first on, were taken in."""
        taken = min(len(mirrored), max(0, MOST_WAITING - self.arrived))
        self.counts.overflowed += len(mirrored) - taken
        if taken:
            self._arrived.append(mirrored if taken == len(mirrored) else mirrored.part(mirrored.rows[:taken]))
            self._came += taken
        return taken

    def record(self, items: Iterable[CallRecord | Event], places: Iterable[Place]) -> None:
        """Take in what followed files gave, to be consumed with the next turn, in one batch with how far they were read.

        A call record gives all of its events now: it equals its own replay, not a scan.
        """
        directory = self.tracker.directory
        for item in items:
            events = events_of_record(item, directory) if isinstance(item, CallRecord) else [attributed(item, directory)]
            self._events += events
            self._see(events)
        self._reached += places

    def tell(self, events: Iterable[Event], upto: int, now: Micros) -> None:
        """Take in what the desk told, up to number `upto` of its feed, to be consumed with the next turn in one batch with that.

        What it received long ago counts at its own time: for that, windows are filled anew.
        """
        for event in events:
            (self._events if event.time >= now - LATE_US else self._earlier).append(event)
        self._told = upto
        if self._earlier and counts_told(self.rules):
            self._coming.late(min(event.time for event in self._earlier), now)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules in force."""
        return () if self._engine is None else self._engine.rules

    def short(self, now: Micros) -> dict[str, str]:
        """Return the rules in force whose windows lack traffic that was never counted, and until when."""
        return {rule: iso(until) for rule, until in self._engine.short(now).items()} if self._engine else {}

    def lacks(self, now: Micros) -> dict[str, str]:
        """Return what rules in force lack of the lists that they read: those hold nothing, or should have come again."""
        return self._engine.lacks(now) if self._engine else {}

    def take_up_passes(self) -> None:
        """Measure by the passes that were compiled for the rules in force, from the next turns on."""
        if self._engine is not None:
            self._engine.take_up_passes()

    @property
    def remembered(self) -> tuple[int, dict[str, int]]:
        """What windows take, and how many events each rule forgot before their time to bound that."""
        return (self._engine.memory_bytes, self._engine.forgotten) if self._engine else (0, {})

    @property
    def filling(self) -> int | None:
        """How many events the windows that are being filled were told; `None` where none are."""
        return None if self._coming.filling is None else self._coming.filling.events

    @property
    def is_at_rest(self) -> bool:
        """Tell whether all that was taken in is kept and told, so that more may be read: the disk does not refuse."""
        return not self._waits

    @property
    def is_whole(self) -> bool:
        """Tell whether what is remembered is what the journal's batches give, up to the last: else there is no `checkpoint`."""
        return not (self._waits or self._coming.is_behind)

    @property
    def kept(self) -> int:
        """The number of the journal's last batch."""
        return self._journal.last

    @property
    def arrived(self) -> int:
        """How many datagrams wait for their turn, beside those that the reorder buffer holds."""
        return self._came - self._went

    def catch_up(self, now: Micros) -> None:
        """Consume what was recorded, and no signalling yet, which is newer and would make all before it count as one moment."""
        self._fill(now, _FILLED_A_TURN)
        if self._waits:
            self._watermark = None
            self._consume_in_time(now)

    def turn(self, now: Micros) -> bool:
        """Consume what is due at `now`; tell whether more is due already."""
        if now + CLOCK_TOLERANCE_US < self.tracker.clock:
            self._begin_anew(now)
        is_filling = self._fill(now, _FILLED_A_TURN)
        self._collect()
        ready = self.reorder.ready(now, limit=_TURN)
        count = self._track(ready, now)
        if count < _TURN:
            self._events += self.tracker.advance(Micros(now - self.reorder.wait_us))
        self._watermark = Micros(now - self.reorder.wait_us)
        if ready or self._waits or self._passed is not None:
            self._consume_in_time(now)
        return is_filling or count >= _TURN

    def finish(self, now: Micros) -> None:
        """Consume all that is held, in time or not: the process ends."""
        self._collect()
        self._track(self.reorder.rest(), now)
        self._consume(now)

    def checkpoint(self) -> Checkpoint | None:
        """Return all that is remembered, as of the journal's last batch; `None` while that is not durable, or not yet counted."""
        if not self.is_whole:
            return None
        engine = self._engine.snapshot() if self._engine is not None else None
        return Checkpoint(
            journal=self._journal.last,
            policy=self.policy,
            tracker=self.tracker.snapshot(),
            engine=engine,
            places=tuple(self.places.values()),
            desk=self.desk,
        )

    def trim(self, *, now: Micros, keep_after: int) -> None:
        """Delete what of feeds and journal is too old or too much; of the journal nothing after batch `keep_after`."""
        try:
            self._feeds.trim(now)
            self._journal.trim(now=now, keep_after=keep_after)
        except OSError as error:
            self._log.error("old-records.not-deleted", cause=str(error), hint="see who owns the data folder; it is tried again")

    def observe(self, observation: Observation) -> None:
        """Tell an observation that did not come from traffic, if the feed can be written now."""
        if not any(self._untold):
            self._untold = ([], [observation])
            if not self._tell():
                self._untold = ([], [])

    def _fill(self, now: Micros, most: int) -> bool:
        """Let new windows learn what came before; tell whether there is more. Those that know all are in force then."""
        now = max(now, self.tracker.clock)
        work, former = self._coming.work, self._engine
        filling = None if any(self._untold) else work(now, policy=self.policy, former=former, desk=self.desk, most=most)
        if filling is None or self._append(now, policy=filling.policy) is None:
            return self._coming.filling is not None
        self._coming.done()
        self.policy, self._engine = filling.policy, filling.finished(self._engine)
        self._engine.know(self.tracker.directory)
        went_on = len(self.rules) - len(filling.fresh)
        self._log.info("policy.in-force", policy=self.policy, told=filling.events, went_on=went_on, short=self.short(now))
        found = [finding for finding in filling.found if self._is_told(finding)]
        if found:
            self._untold = self._feeds.unwritten(found, (), found=0, observed=self._feeds.positions[1])
        return not self._tell()

    def _collect(self) -> None:
        room = self.reorder.room
        while self._arrived and room > 0:
            came = self._arrived.popleft()
            if isinstance(came, Mirrored):
                self.reorder.add_many(came)
                count = len(came)
            else:
                self.reorder.add(came)
                count = 1
            self._went += count
            room -= count

    def _track(self, runs: list[Run], now: Micros) -> int:
        """Follow packets; return how many they are."""
        for packets, late in runs:
            events = self.tracker.feed_all(packets, self.counts.defects, late)
            self._events += events
            self._see(events)
        count = sum(len(run.packets) for run in runs)
        self.counts.messages += count
        if runs:
            self.counts.lag_us = max(0, now - runs[-1].newest_arrival)
        self._observed += self.tracker.observations()
        return count

    def _see(self, events: Sequence[Event]) -> None:
        """Observe what the desk must know of events beside findings."""
        self._observed += first_uses(events, self.tracker)
        if self.looks_on is not None:
            self._observed += self.looks_on(events, self.tracker.directory)

    def _is_told(self, finding: Finding) -> bool:
        """Tell whether the desk is told: no ruling has struck the clause, and nobody granted the party an exemption in writing."""
        return finding.clause not in self._struck and not self.tracker.directory.silences(finding)

    @property
    def _waits(self) -> bool:
        """Tell whether anything is still to be kept or told."""
        return bool(self._events or self._observed or self._reached or self._told is not None or any(self._untold))

    @property
    def _passed(self) -> Micros | None:
        """The moment up to which time has passed, where a period or round of a rule is over by then.

        What is older than that came late: as long as files are caught up with, nobody can tell.
        """
        due = self._watermark is not None and self._engine is not None and self._engine.due(self._watermark)
        return self._watermark if due else None

    def _begin_anew(self, now: Micros) -> None:
        """Forget calls and windows: the clock was put back, and until it came there again all that happens would count at once."""
        self.finish(now)
        if self._waits:  # the disk refuses
            return
        ahead_us = self.tracker.clock - now
        hint = "calls under way and open windows are forgotten; see to this machine's clock"
        self._log.error("clock.went-back", by_seconds=ahead_us // SECOND, hint=hint)
        self.tracker.begin_anew(now)
        self._whole = self._anew = True
        if self._engine is not None:
            self._engine.forget()

    def _consume_in_time(self, now: Micros) -> None:
        """Consume, unless the disk refused a moment ago."""
        if now < self._again_at <= now + RETRY_US:
            self._bound()
            return
        self._consume(now)
        self._again_at = Micros(now + RETRY_US if self._failing else 0)

    def _consume(self, now: Micros) -> None:
        """Keep, judge, tell. What cannot be kept now stays, within bounds, for the next turn."""
        if not self._tell():
            self._whole = True
            self.tracker.changes()  # not gathered for as long as the disk refuses
            self._bound()
            return
        observed = self._observed
        batch = self._append(now, passed=self._passed)
        if batch is None:
            self._bound()
            return
        self._events, self._observed, self._earlier = [], [], []
        lay_over(self.places, self._reached)
        self.desk = self.desk if batch.desk is None else batch.desk
        self._reached, self._told = [], None
        self.counts.events.update(event.kind.value for event in batch.events)
        findings = judged(self._engine, batch) if self._engine is not None else []
        self._untold = ([finding for finding in findings if self._is_told(finding)], observed)
        self._tell()

    def _append(self, now: Micros, *, policy: str | None = None, passed: Micros | None = None) -> Batch | None:
        """Write what waits, or the version that is judged by from now on, to the journal; `None` where the disk refuses."""
        found, observed = self._feeds.positions
        changes = self.tracker.changes()
        batch = Batch(
            now=max(now, self.tracker.clock),
            events=tuple(self._events) if policy is None else (),
            observations=tuple(self._observed) if policy is None else (),
            calls=self.tracker.snapshot() if self._whole else changes,
            policy=policy,
            anew=self._anew,
            found=found,
            observed=observed,
            places=tuple(self._reached) if policy is None else (),
            passed=passed,
            desk=self._told if policy is None else None,
            earlier=tuple(self._earlier) if policy is None else (),
        )
        try:
            self._journal.append(batch)
        except FeedError as error:
            self._whole = True  # the changes of this turn are in no batch: the next must hold everything
            self._failed(error)
            return None
        self._whole = self._anew = False
        self._worked()
        return batch

    def _tell(self) -> bool:
        """Write what came of the last batch; tell whether nothing is left."""
        findings, observations = self._untold
        try:
            if findings:
                self._feeds.find(findings)
                self.counts.findings += len(findings)
                self._untold = ([], observations)
            if observations:
                self._feeds.observe(observations)
                self.counts.observations += len(observations)
            self._untold = ([], [])
        except FeedError as error:
            self._failed(error)
            return False
        return True

    def _bound(self) -> None:
        for waiting in (self._events, self._observed):
            excess = max(0, len(waiting) - MOST_PENDING)
            del waiting[:excess]
            self.counts.lost_events += excess

    def _failed(self, error: FeedError) -> None:
        self.counts.write_failures += 1
        if not self._failing:
            self._failing = True
            self._log.error("disk.refuses", cause=str(error), hint="free space; watch keeps running and tries again")

    def _worked(self) -> None:
        if self._failing:
            self._failing = False
            self._log.info("disk.works-again", lost_events=self.counts.lost_events)

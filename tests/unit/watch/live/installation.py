"""A pipeline on its own folder, driven by hand: time is an argument, and the process can end at any moment."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from tests.conftest import ROOT

from ringfence.feeds import FeedReader
from ringfence.policy import load, read_folder
from ringfence.policy.plan import Plan
from ringfence.vocabulary.contracts import AccountLink, Event, EventKind, Finding, Observation, PartyLink, Reference, TrunkLink
from ringfence.vocabulary.times import MILLISECOND, Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.calls import Tracker
from ringfence.watch.engine import Engine
from ringfence.watch.lake import Batch, Checkpoint, Journal, read_checkpoints, write_checkpoint
from ringfence.watch.lake.store import Lake
from ringfence.watch.live import Judges, Pipeline, ReorderBuffer
from ringfence.watch.live.filling import judged
from ringfence.watch.live.judges import SOURCE
from ringfence.watch.sinks import DeskFeeds
from ringfence.watch.sources.datagram import Datagram

KEY = bytes(range(32))
PLAN = load(read_folder(ROOT / "tests" / "bundles" / "four")).plan
LATENESS_US = 20 * MILLISECOND
TURN_US = 20 * MILLISECOND


def reference(policy: str | None = PLAN.policy, **changes: object) -> Reference:
    made = Reference(
        time=Micros(0),
        policy=policy,
        parties=(PartyLink(party="acme"),),
        accounts=(AccountLink(account="A1", party="acme"),),
        trunks=(TrunkLink(trunk="T1", account="A1", address="127.0.0.88"),),
    )
    return msgspec.structs.replace(made, **changes)


def plan_of(policy: str) -> Plan:
    """Return the shipped rules under any name of version but one that is not there."""
    if policy == "missing":
        raise FileNotFoundError("policies/missing: no such folder")
    return Plan(policy, PLAN.rules, PLAN.lists)


@dataclass
class Notes:
    """A log that can be read."""

    events: list[str] = field(default_factory=list)

    def info(self, event: str, **fields: object) -> None:
        self.events.append(event)

    warning = error = info


class Installation:
    """A running pipeline; `crash` drops it as kill -9 would, after which another may be made on the same folder."""

    def __init__(
        self,
        folder: Path,
        *,
        now: Micros,
        known: Reference | None = None,
        unreadable: Iterable[str | None] = (),
        journal: Journal | None = None,
        lake: Lake | None = None,
    ) -> None:
        self.folder = folder
        self.unreadable = set(unreadable)
        self.notes = Notes()
        self.journal = journal if journal is not None else Journal(folder / "journal")
        self.feeds = DeskFeeds(folder / "feeds")
        self.reference = known if known is not None else reference()
        self.pipeline = Pipeline(
            tracker=Tracker(Directory(self.reference)),
            journal=self.journal,
            feeds=self.feeds,
            judges=Judges(self._plan, key=KEY, log=self.notes, lake=lake, feeds=folder / "feeds"),
            reorder=ReorderBuffer(LATENESS_US),
            log=self.notes,
        )
        checkpoints = [each for each in read_checkpoints(folder / "journal") if isinstance(each, Checkpoint)]
        self.pipeline.recover(checkpoints)
        self.pipeline.use(self.reference, now)

    def _plan(self, policy: str) -> Plan:
        if policy in self.unreadable:
            raise PermissionError(f"policies/{policy}: permission denied")
        return plan_of(policy)

    def play(self, datagrams: Sequence[Datagram]) -> Micros:
        """Let the datagrams arrive at their times, with a turn every 20 ms until all are consumed; return the time after it."""
        now = datagrams[0].arrival
        for each in datagrams:
            while each.arrival > now:
                self.pipeline.turn(now)
                now = Micros(now + TURN_US)
            self.pipeline.take(each)
        for _ in range(3):
            self.pipeline.turn(now)
            now = Micros(now + TURN_US)
        return now

    def save(self) -> None:
        checkpoint = self.pipeline.checkpoint()
        assert checkpoint is not None
        write_checkpoint(self.folder / "journal", checkpoint)

    def crash(self) -> None:
        """Give the locks free as the kernel does; nothing is written."""
        self.journal.close()
        self.feeds.close()


def records(folder: Path, feed: str) -> list[bytes]:
    reader = FeedReader(folder / "feeds" / feed)
    payloads: list[bytes] = []
    while found := reader.read():
        payloads += [record.payload for record in found]
    return payloads


def findings(folder: Path) -> list[Finding]:
    return [msgspec.json.decode(payload, type=Finding) for payload in records(folder, "findings")]


def observations(folder: Path) -> list[Observation]:
    return [msgspec.json.decode(payload, type=Observation) for payload in records(folder, "observations")]


def batches(folder: Path) -> list[Batch]:
    reader = FeedReader(folder / "journal")
    found: list[Batch] = []
    while read := reader.read():
        found += [msgspec.json.decode(record.payload, type=Batch) for record in read]
    return found


def events(folder: Path) -> list[Event]:
    return [event for batch in batches(folder) for event in batch.events]


def requests(folder: Path) -> list[Event]:
    """Return the events that requests themselves make, without what was odd about some."""
    return [event for event in events(folder) if event.kind is not EventKind.ODDITY]


def uninterrupted(folder: Path, plan: Plan = PLAN, key: bytes = KEY) -> list[Finding]:
    """Return what one engine that never stopped finds in the journal."""
    engine = Engine(plan, key=key, source=SOURCE)
    engine.know(Directory(reference()))
    engine.begins(batches(folder)[0].now)
    return [finding for batch in batches(folder) if batch.policy is None for finding in judged(engine, batch)]

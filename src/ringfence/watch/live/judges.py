"""Engines for policy versions, and how a new one learns of what came before it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

from ringfence.policy import PolicyError
from ringfence.policy.plan import Plan, Rule
from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import AddressCountries, Directory
from ringfence.watch.engine import Engine, RuleUnmeasurable, to_be_filled, with_what_they_read
from ringfence.watch.lake import JournalReader
from ringfence.watch.lake.kept import Kept, kept_since
from ringfence.watch.lake.store import Lake
from ringfence.watch.live.desk_tail import told_before
from ringfence.watch.live.filling import UNREADABLE, Desk, Filling, History, Part
from ringfence.watch.live.log import Log
from ringfence.watch.tallies import reach_us

SOURCE: Final = "live"
_AT_ONCE: Final = 1_000_000
MOST_CARRIED: Final = 1_500_000
"""Keys and events in windows that are carried over to a posted version at most: that takes one turn, two microseconds each, and
messages wait. Beyond that all windows are filled from history, which takes many short turns."""


class Asked(NamedTuple):
    """When windows were asked for, and up to which number of the desk's feed it had been heard by then.

    `before` is the number of the journal's first batch that they must not know; `late` as in `History`. `former` is in force then:
    of rules that it has too, what it remembers is kept.
    """

    now: Micros
    desk: int = 0
    before: int | None = None
    late: Micros | None = None
    former: Engine | None = None


class Judges:
    """Makes engines. `plans` gives a posted version's plan by its hash, and raises `PolicyError` or `OSError` where it cannot.

    `lake` holds what the journal has let go of, `feeds` is the folder of the desk's feed; `None` where there is none.
    """

    def __init__(
        self, plans: Callable[[str], Plan], *, key: bytes, log: Log, lake: Lake | None = None, feeds: Path | None = None
    ) -> None:
        self._plans = plans
        self._key = key
        self._log = log
        self._lake = lake
        self._feeds = feeds
        self._directory: Directory | None = None
        self._addresses: AddressCountries | None = None
        self._prepared: tuple[str, Engine, Plan] | None = None

    def locate(self, addresses: AddressCountries | None) -> None:
        """Let engines that are made from now on read from this where addresses are."""
        self._addresses = addresses

    def know(self, directory: Directory) -> None:
        """Let engines that are made from now on judge by this reference."""
        self._directory = directory

    def prepare(self) -> None:
        """Make an engine for the version in force beforehand: it is the next one to be asked for, most likely."""
        policy = None if self._directory is None else self._directory.policy
        if policy is not None and (made := self.engine(policy)) is not None:
            self._prepared = (policy, *made)

    def engine(self, policy: str) -> tuple[Engine, Plan] | None:
        """Return a new engine for the version and its plan; `None`, and a word in the log, if unusable."""
        prepared, self._prepared = self._prepared, None
        if prepared is not None and prepared[0] == policy:
            return self._told(prepared[1]), prepared[2]
        try:
            plan = self._plans(policy)
            engine = self._told(Engine(plan, key=self._key, source=SOURCE))
            engine.prepare()
        except (PolicyError, RuleUnmeasurable, OSError) as error:
            self._log.error("policy.unusable", policy=policy, cause=str(error), hint="look into the data folder's policies/<hash>")
            return None
        return engine, plan

    def _told(self, engine: Engine) -> Engine:
        if self._directory is not None:
            engine.know(self._directory)
        engine.locate(self._addresses)
        return engine

    def filling(self, policy: str, journal: JournalReader, *, asked: Asked) -> Filling | None:
        """Return an engine for a version that is to be told the traffic still in its windows; `None` if it is unusable.

        What it would have found earlier is not told: that conduct was judged by the version before.
        """
        made = self.engine(policy)
        if made is None:
            return None
        engine, plan = made
        since = Micros(asked.now - reach_us(engine.rules))
        kept = self._kept(journal, since)
        part = self._part(engine, plan, asked, kept)
        if part is not None:
            since = Micros(asked.now - reach_us(part.engine.rules))
            kept = self._kept(journal, since)
        lake = self._lake if kept.files else None
        desk = self._desk_events(since, asked.desk)
        history = History(journal, lake, kept, desk, asked.now, asked.before, asked.late)
        return Filling(engine, history, policy=policy, part=part)

    def _kept(self, journal: JournalReader, since: Micros) -> Kept:
        try:
            return kept_since(journal, self._lake, since)
        except UNREADABLE as error:
            self._log.error("lake.unreadable", cause=str(error), hint="windows are filled from the journal alone")
            return kept_since(journal, None, since)

    def _part(self, engine: Engine, plan: Plan, asked: Asked, kept: Kept) -> Part | None:
        """Return what must be filled for the version, where the one in force remembers the rest; `None`: all of it must be."""
        former = asked.former
        if former is None or asked.late is not None or former.live_keys + former.live_events > MOST_CARRIED:
            return None
        known = former.memory
        oldest = asked.now if kept.begun is None else kept.begun
        fresh = to_be_filled(engine.memory, known, {name for name in former.short(asked.now) if oldest < known.begun[name]})
        told = with_what_they_read(fresh, plan.rules)
        if len(told) == len(plan.rules):
            return None

        def is_told(rule: Rule) -> bool:
            return rule.name in told

        filled = self._told(Engine(replace(plan, rules=tuple(filter(is_told, plan.rules))), key=self._key, source=SOURCE))
        return Part(filled, fresh) if engine.takes(filled, fresh) else None

    def filled(self, policy: str, journal: JournalReader, *, asked: Asked) -> Filling | None:
        """Return the same when it was told everything."""
        filling = self.filling(policy, journal, asked=asked)
        while filling is not None and not filling.work(_AT_ONCE):
            pass
        if filling is not None:
            self.note(filling)
        return filling

    def note(self, filling: Filling) -> None:
        """Say in the log what of its history a filling could not read."""
        if filling.trouble is not None:
            hint = "windows begin after what can't be read; `ringfence lake show` says what is there"
            self._log.error("history.unreadable", cause=filling.trouble, hint=hint)

    def _desk_events(self, since: Micros, upto: int) -> Desk:
        if self._feeds is None or self._directory is None or not upto:
            return Desk()
        try:
            return Desk(told_before(self._feeds, upto, self._directory, since=since))
        except UNREADABLE as error:
            self._log.error("desk-events.unreadable", cause=str(error), hint="rules go on without what the desk told before")
            return Desk()

"""Engines for policy versions, and how a new one learns of what came before it."""

from collections.abc import Callable
from typing import Final

from ringfence.policy import PolicyError
from ringfence.policy.plan import Plan
from ringfence.vocabulary.times import Micros
from ringfence.watch.engine import Engine, RuleUnmeasurable
from ringfence.watch.lake import JournalReader
from ringfence.watch.live.log import Log

SOURCE: Final = "live"


class Judges:
    """Makes engines. `plans` gives a posted version's plan by its hash, and raises `PolicyError` or `OSError` where it cannot."""

    def __init__(self, plans: Callable[[str], Plan], *, key: bytes, log: Log) -> None:
        self._plans = plans
        self._key = key
        self._log = log

    def engine(self, policy: str) -> tuple[Engine, Micros] | None:
        """Return a new engine for the version and how far back its rules look; `None`, and a word in the log, if unusable."""
        try:
            plan = self._plans(policy)
            engine = Engine(plan, key=self._key, source=SOURCE)
        except (PolicyError, RuleUnmeasurable, OSError) as error:
            self._log.error("policy.unusable", policy=policy, cause=str(error), hint="look into the data folder's policies/<hash>")
            return None
        return engine, Micros(max((max(rule.window_us, rule.cool_down_us) for rule in plan.rules), default=0))

    def informed(self, policy: str, journal: JournalReader, *, now: Micros, before: int | None = None) -> Engine | None:
        """Return an engine for a version posted at `now` that knows the traffic still in its windows.

        What it would have found earlier is not told: that conduct was judged by the version before. `before` ends the
        reading at that number of the journal.
        """
        made = self.engine(policy)
        if made is None:
            return None
        engine, reach = made
        for number, batch in journal.after(journal.since(Micros(now - reach))):
            if before is not None and number >= before:
                break
            if batch.anew:
                engine.forget()
            if batch.events:
                engine.step(batch.events, batch.now)
        return engine

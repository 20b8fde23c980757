"""Engines for policy versions, and how a new one learns of what came before it."""

from collections.abc import Callable
from typing import Final

from ringfence.policy import PolicyError
from ringfence.policy.plan import Plan, Rule
from ringfence.vocabulary.contracts import Finding
from ringfence.vocabulary.times import DAY, Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.engine import Engine, RuleUnmeasurable
from ringfence.watch.lake import Batch, JournalReader
from ringfence.watch.live.log import Log

SOURCE: Final = "live"
LONGEST_US: Final = Micros(400 * DAY)


class Judges:
    """Makes engines. `plans` gives a posted version's plan by its hash, and raises `PolicyError` or `OSError` where it cannot."""

    def __init__(self, plans: Callable[[str], Plan], *, key: bytes, log: Log) -> None:
        self._plans = plans
        self._key = key
        self._log = log
        self._directory: Directory | None = None

    def know(self, directory: Directory) -> None:
        """Let engines that are made from now on judge by this reference."""
        self._directory = directory

    def engine(self, policy: str) -> tuple[Engine, Micros] | None:
        """Return a new engine for the version and how far back its rules look; `None`, and a word in the log, if unusable."""
        try:
            plan = self._plans(policy)
            engine = Engine(plan, key=self._key, source=SOURCE)
            if self._directory is not None:
                engine.know(self._directory)
        except (PolicyError, RuleUnmeasurable, OSError) as error:
            self._log.error("policy.unusable", policy=policy, cause=str(error), hint="look into the data folder's policies/<hash>")
            return None
        return engine, Micros(max(map(_reach_us, plan.rules), default=0))

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
            judged(engine, batch)
        return engine


def judged(engine: Engine, batch: Batch) -> list[Finding]:
    """Return what the engine finds in a batch of the journal: what it found when the batch was consumed."""
    if batch.anew:
        engine.forget()
    findings = engine.step(batch.events, batch.now) if batch.events else []
    return findings if batch.passed is None else findings + engine.pass_time(batch.passed)


def _reach_us(rule: Rule) -> int:
    """Return how far back the rule looks: for a measure without a window, as far as anybody does."""
    windowless = any(measure.window is None for measure in rule.measures)
    return max(rule.window_us, rule.cool_down_us, LONGEST_US if windowless else 0)

"""The whole measurement: what was run, how well each clause does, on what rules were tuned on and on what was set aside."""

from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from ringfence.policy.plan import Plan
from ringfence.quality.ablation import LeftOut, Moved, left_out, moved
from ringfence.quality.outcomes import Outcome
from ringfence.quality.real_calls import RealCalls, measured
from ringfence.quality.summary import (
    ClauseQuality,
    Delay,
    by_clause,
    kinds,
    share_touched_per_month,
    taken_together,
    touched_habits,
)
from ringfence.quality.worlds import World, outcomes, plan_of, worlds_of
from ringfence.simulate.labelled.carrier import Size
from ringfence.vocabulary.severity import Severity


class Asked(Struct, frozen=True):
    """What to measure. `parties` are honest ones; `abusers` in each world, where not one in a hundred is wanted."""

    bundle: Path
    seed: int = 1
    parties: int = 5000
    weeks: int = 4
    abusers: int | None = None
    clauses: tuple[str, ...] = ()
    held_out: bool = True
    ablation: bool = True
    sessions: bool = True
    real_calls: Path | None = None


class KindQuality(Struct, frozen=True):
    """One kind of abuse: how many were warned of, acted on, found under any clause; until both, the median and 90th percentile."""

    clause: str
    kind: str
    abusers: int
    warned: int
    acted: int
    found: int
    warn: Delay
    act: Delay


class HabitTouched(Struct, frozen=True):
    """So many honest parties of a kind were touched by a rule."""

    rule: str
    habit: str
    parties: int


class Part(Struct, frozen=True):
    """One set of carriers: those that rules were tuned on, or those set aside."""

    parties: int
    party_months: float
    abusers: int
    events: int
    findings: int
    clauses: list[ClauseQuality]
    kinds: list[KindQuality]
    warned_per_month: float
    acted_per_month: float
    innocents_warned: list[HabitTouched]
    innocents_acted: list[HabitTouched]
    losses: list[str]


class Report(Struct, frozen=True):
    """All of it. `held_out`, `real`, and the two ablations are `None` or empty where nobody asked for them."""

    policy: str
    seed: int
    parties: int
    weeks: int
    abusers: int | None
    tuned: Part
    held_out: Part | None
    sessions: Part | None
    """Abuse that packets alone show, over one day."""
    real: RealCalls | None
    left_out: list[LeftOut]
    moved: list[Moved]


HELD_OUT_SEED = 7_919
"""Added to the seed where carriers were set aside, so that theirs are never among those that rules are tuned on."""


def report(asked: Asked, *, processes: int, told: Callable[[str, int, int], None]) -> Report:
    """Measure. `told` hears what is being done, and how much of how much. Raises `BundleRefused`."""
    plan = plan_of(asked.bundle)
    tuned = _outcomes(asked, held_out=False, processes=processes, told=told)
    aside = _outcomes(asked, held_out=True, processes=processes, told=told) if asked.held_out else []
    whole = taken_together([each[0] for each in tuned])
    moves = [taken_together([each[nth] for each in tuned]) for nth in (1, 2)] if asked.ablation else []
    return Report(
        plan.policy,
        asked.seed,
        asked.parties,
        asked.weeks,
        asked.abusers,
        _part(whole),
        _part(taken_together([each[0] for each in aside])) if aside else None,
        _part(taken_together([each[0] for each in _sessions(asked, processes, told)])) if asked.sessions else None,
        measured(plan, asked.real_calls) if asked.real_calls is not None else None,
        left_out(whole, _rules(plan)) if asked.ablation else [],
        moved(whole, moves) if asked.ablation else [],
    )


def _rules(plan: Plan) -> list[str]:
    return [rule.name for rule in plan.rules]


def _outcomes(asked: Asked, *, held_out: bool, processes: int, told: Callable[[str, int, int], None]) -> list[list[Outcome]]:
    seed = asked.seed + HELD_OUT_SEED * held_out
    size = Size(0, asked.weeks * 7, asked.abusers, asked.clauses)
    first = World(asked.bundle, seed, 0, size, held_out=held_out, moved=asked.ablation and not held_out)
    worlds = worlds_of(first, asked.parties)
    name = "carriers set aside" if held_out else "carriers"
    told(name, 0, len(worlds))
    made: Sequence[tuple[World, list[Outcome]]] = list(
        outcomes(worlds, processes=processes, told=lambda done: told(name, done, len(worlds)))
    )
    return [each for _, each in sorted(made, key=lambda one: one[0].number)]


def _sessions(asked: Asked, processes: int, told: Callable[[str, int, int], None]) -> list[list[Outcome]]:
    """Return what came of carriers that are read packet by packet: a fifth of the parties, for a day."""
    first = World(asked.bundle, asked.seed, 0, Size(0, 1, asked.abusers), wire=True)
    worlds = worlds_of(first, max(20, asked.parties // 5))
    told("packets", 0, len(worlds))
    return [each for _, each in outcomes(worlds, processes=processes, told=lambda done: told("packets", done, len(worlds)))]


def _part(outcome: Outcome) -> Part:
    return Part(
        outcome.parties,
        outcome.party_days / 30,
        len(outcome.abuses),
        outcome.events,
        outcome.findings,
        by_clause(outcome),
        [KindQuality(*row) for row in kinds(outcome)],
        share_touched_per_month(outcome, Severity.WARN),
        share_touched_per_month(outcome, Severity.ACT),
        [HabitTouched(*row) for row in touched_habits(outcome, Severity.WARN)],
        [HabitTouched(*row) for row in touched_habits(outcome, Severity.ACT)],
        list(outcome.losses),
    )

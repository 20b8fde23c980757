"""What each rule is worth: the quality without it, and with every threshold moved."""

from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct

from ringfence.quality.outcomes import Outcome
from ringfence.quality.summary import Counts, first, quality
from ringfence.vocabulary.severity import Severity


class LeftOut(Struct, frozen=True):
    """A rule, and what is lost and spared without it.

    `alone` is how many abusers no other rule would have warned of under their clause; `spared` how many innocents no other touches.
    """

    rule: str
    clause: str
    found: int
    alone: int
    later: int
    touched: int
    spared: int


class Moved(Struct, frozen=True):
    """One clause's recall and the innocents it touches (at warn), with every limit at half, as it is, and at double."""

    clause: str
    abusers: int
    recall: tuple[float | None, float | None, float | None]
    precision: tuple[float | None, float | None, float | None]
    touched: tuple[int, int, int]


class _Seen(NamedTuple):
    found: int
    alone: int
    later: int


def left_out(outcome: Outcome, rules: Sequence[str]) -> list[LeftOut]:
    """Return of each rule that found anything what would be lost without it.

    Rules measure independently of each other, save those that read findings: what these found stays, though they may have
    read some of the rule that is left out.
    """
    found = []
    for rule in rules:
        clause = next((hit.clause for abuse in outcome.abuses for hit in abuse.hits if hit.rule == rule), None)
        touched = {touch.who for touch in outcome.touches if touch.rule == rule}
        if clause is None and not touched:
            found.append(LeftOut(rule, "", 0, 0, 0, 0, 0))
            continue
        others = {touch.who for touch in outcome.touches if touch.rule != rule}
        clause = clause or next(touch.clause for touch in outcome.touches if touch.rule == rule)
        seen = _without(outcome, rule, clause)
        found.append(LeftOut(rule, clause, *seen, len(touched), len(touched - others)))
    return found


def _without(outcome: Outcome, rule: str, clause: str) -> _Seen:
    found = alone = later = 0
    keeps: Counts = lambda name: name != rule  # noqa: E731 # a predicate, named for what it says
    for abuse in outcome.abuses:
        with_it = first(abuse, clause, Severity.WARN, lambda name: name == rule)
        if with_it is None or clause != abuse.clause:
            continue
        found += 1
        otherwise = first(abuse, clause, Severity.WARN, keeps)
        alone += otherwise is None
        later += otherwise is not None and otherwise.seconds > with_it.seconds
    return _Seen(found, alone, later)


def moved(usual: Outcome, others: Sequence[Outcome]) -> list[Moved]:
    """Return of each clause what becomes of it where thresholds are at half and at double (`others`, in this order)."""
    rows = []
    for clause in sorted({abuse.clause for abuse in usual.abuses}):
        at = [quality(outcome, clause).warn for outcome in (others[0], usual, others[1])]
        abusers = sum(abuse.clause == clause for abuse in usual.abuses)
        recall = (at[0].recall.value, at[1].recall.value, at[2].recall.value)
        precision = (at[0].precision.value, at[1].precision.value, at[2].precision.value)
        rows.append(Moved(clause, abusers, recall, precision, (at[0].touched, at[1].touched, at[2].touched)))
    return rows

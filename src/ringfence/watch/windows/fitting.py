"""Which rules the compiled windows can hold: one rolling window up to a day, one tier, and nothing that needs an event object."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from ringfence.policy.expressions import (
    Arithmetic,
    Choice,
    Comparison,
    Connective,
    Expression,
    Field,
    Literal,
    MeasureValue,
    Membership,
    Negation,
    Type,
    Unset,
)
from ringfence.policy.fields import FIELDS
from ringfence.policy.plan import Evaluation, Measure, MeasureFunction, Rolling, Rule
from ringfence.policy.trees import parts
from ringfence.vocabulary.contracts import EventKind
from ringfence.vocabulary.times import DAY
from ringfence.watch.windows.readings import FUNCTIONS

_OF_EVENTS: Final = (Literal, Field, Arithmetic, Comparison, Membership, Unset, Connective, Negation, Choice)
_OF_MEASURES: Final = (Literal, MeasureValue, Arithmetic, Comparison, Membership, Connective, Negation)
_WHOLE: Final = frozenset({"status", "duration", "ring"})
"""Numbers that are whole: a sum of others, of which some leave again, would not stay exact in floating point."""


def as_window_rule(rule: Rule) -> Rule | None:
    """Return `rule` as `RuleWindow` takes it, `exempt` and `minimum` joined to its conditions; `None` where it can't hold it."""
    tier = rule.tiers[0]
    asked = _joined(rule.where, None if rule.exempt is None else Negation(rule.exempt))
    when = tier.when if rule.minimum is None else Connective("and", (rule.minimum, tier.when))
    whole = replace(rule, where=asked, exempt=None, minimum=None, tiers=(replace(tier, when=when),))
    return whole if all(_fits(whole)) else None


def _joined(first: Expression | None, second: Expression | None) -> Expression | None:
    if first is None or second is None:
        return first or second
    return Connective("and", (first, second))


def _fits(rule: Rule) -> Iterator[bool]:
    yield len(rule.tiers) == 1 and rule.tiers[0].clears is None
    yield not (rule.also_on or rule.rollup or rule.silent_too or rule.passes or rule.reset or rule.once)
    yield rule.evaluation is Evaluation.EVENT and rule.from_us is None and rule.until_us is None
    yield rule.on is not EventKind.FINDING
    yield len(rule.windows) == 1 and all(
        isinstance(window, Rolling) and window.grain_us is None and window.length_us <= DAY for window in rule.windows
    )
    yield bool(rule.key) and all(isinstance(part, Field) and part.type is Type.TEXT for part in rule.key)
    yield bool(rule.measures) and all(_measure_fits(measure) for measure in rule.measures)
    yield all(isinstance(part, _OF_EVENTS) for part in parts(rule.where, *(measure.where for measure in rule.measures)))
    yield all(isinstance(part, _OF_MEASURES) for part in parts(rule.tiers[0].when))


def _measure_fits(measure: Measure) -> bool:
    if measure.function not in FUNCTIONS or measure.on is not None or measure.same is not None:
        return False
    if measure.function is MeasureFunction.COUNT:
        return measure.value is None
    if measure.function is MeasureFunction.DISTINCT:
        return measure.field is not None and not (FIELDS[measure.field].type is Type.NUMBER and FIELDS[measure.field].may_be_unset)
    return measure.field in _WHOLE

"""Which rules the compiled windows hold, and which of them together: rolling windows up to a day, or a week of one party's calls
with another, by grains or not, and no need of event objects.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from ringfence.policy.expressions import (
    Arithmetic,
    Call,
    Choice,
    Comparison,
    Connective,
    Expression,
    Field,
    Listed,
    Literal,
    Lookup,
    MeasureValue,
    Membership,
    Negation,
    Type,
    Unset,
)
from ringfence.policy.nothing import may_hold_on_nothing
from ringfence.policy.plan import Evaluation, Measure, MeasureFunction, Rolling, Rule, span_us
from ringfence.policy.trees import parts
from ringfence.vocabulary.contracts import EventKind
from ringfence.vocabulary.times import DAY
from ringfence.watch.windows.terms import APART, FUNCTIONS, Pooled, kind_of, pool

_OF_EVENTS: Final = (
    *(Literal, Field, Arithmetic, Comparison, Membership, Unset, Connective, Negation, Choice),
    *(Call, Listed, Lookup),
)
_OF_MEASURES: Final = (Literal, MeasureValue, Arithmetic, Comparison, Membership, Connective, Negation)
MOST_BITS: Final = 63
"""Measures, and conditions, that one group can have: a row's are the bits of one signed word."""
MOST_LANES: Final = 32
"""Values that one group can count the different ones of: which of a row's a later row repeats are the bits of half a word."""

_WHOLE: Final = frozenset({"status", "duration", "ring", "time"})
"""Numbers that are always set, and whole: a sum of others, of which some leave again, would not stay exact in floating point."""

_WHOM: Final = frozenset({"caller", "callee", "target"})
_LONGEST_OF_PAIRS: Final = 8 * DAY
"""So long may a window be where the key names one party's calls with another: one event of it is as much as a grain of a tally."""


def as_window_rule(rule: Rule) -> Rule | None:
    """Return `rule` as `RuleGroup` takes it, `exempt` and `minimum` joined to its conditions; `None` where it can't hold it."""
    whole = _whole(rule)
    return whole if _cause(whole) is None else None


def why_tallied(rule: Rule) -> str | None:
    """Return why compiled windows can't hold the rule, so that a tally measures it; `None` where they can."""
    return _cause(_whole(rule))


def _whole(rule: Rule) -> Rule:
    let_be = None if rule.exempt is None else Negation(rule.exempt)
    named = dict.fromkeys(each.on for each in rule.measures if each.on not in (None, rule.on, *rule.also_on))
    others = (
        *rule.also_on,
        *(kind for kind in named if kind is not None),
    )  # those that a measure alone names are kinds of the rule
    return replace(
        rule,
        where=_joined(rule.where, let_be),
        also_on=others,
        also_where=tuple(_joined(rule.where_of(kind), let_be) for kind in others),
        exempt=None,
        minimum=None,
        tiers=tuple(replace(tier, when=_joined(rule.minimum, tier.when) or tier.when) for tier in rule.tiers),
    )


def _cause(whole: Rule) -> str | None:
    return next((cause for fits, cause in _fits(whole) if not fits), None)


def expressions_of(rule: Rule) -> tuple[Expression | None, ...]:
    """Return what the rule asks of each event alone: filters, values, and the parts of its key."""
    measured = (each for measure in rule.measures for each in (measure.where, measure.value))
    return (rule.where, *rule.also_where, *measured, *rule.key)


def grouped(rules: Sequence[Rule]) -> list[list[int]]:
    """Return the places of `rules` in groups that are measured in one pass: those that share key, kinds, filters and grain."""
    groups: dict[object, list[list[int]]] = {}
    for place, rule in enumerate(rules):
        alike = groups.setdefault((rule.key, rule.on, rule.where, rule.also_on, rule.also_where, _grains(rule)), [[]])
        if _too_many([rules[each] for each in (*alike[-1], place)]):
            alike.append([])
        alike[-1].append(place)
    return [group for alike in groups.values() for group in alike if group]


def _too_many(rules: Sequence[Rule]) -> bool:
    pooled = pool(rules)
    return len(rules) > 1 and (len(pooled.judged) > MOST_BITS or not _few(pooled))


def _few(pooled: Pooled) -> bool:
    return len(pooled.terms) <= MOST_BITS and len(pooled.pair_lanes) <= MOST_LANES


def _joined(first: Expression | None, second: Expression | None) -> Expression | None:
    if first is None or second is None:
        return first or second
    return Connective("and", (first, second))


def _fits(rule: Rule) -> Iterator[tuple[bool, str]]:
    yield all(tier.clears is None for tier in rule.tiers), "it has `clears`"
    others = ("rollup", "silent_too", "passes", "reset", "once")
    has = next((name for name in others if getattr(rule, name)), "")
    yield not has, f"it has `{has}`"
    yield not may_hold_on_nothing(rule), "its condition may hold where nothing was measured"
    yield rule.evaluation is Evaluation.EVENT, "it is looked at when a period ends"
    yield rule.from_us is None and rule.until_us is None, "it is in force for a time only"
    yield EventKind.FINDING not in (rule.on, *rule.also_on), "it reads findings"
    yield all(_counts_one_kind(measure, rule) for measure in rule.measures), "a measure counts events of several kinds"
    yield bool(rule.windows), "it has no window"
    most, named = (_LONGEST_OF_PAIRS, "eight days") if _is_of_pairs(rule) else (DAY, "a day")
    yield (
        all(isinstance(window, Rolling) and span_us(window) <= most for window in rule.windows),
        f"its window is no rolling one of {named} at most{', each' if len(rule.windows) > 1 else ''}",
    )
    yield len(_grains(rule)) == 1, "its windows have different grains"
    longest = max(rule.windows, key=span_us).name
    yield any(measure.window == longest for measure in rule.measures), "it measures nothing over its longest window"
    yield bool(rule.key) and all(part.type is Type.TEXT for part in rule.key), "its key is not made of texts"
    yield (
        bool(rule.measures) and all(_measure_fits(measure) for measure in rule.measures),
        "a measure needs more than compiled windows",
    )
    peaks = any(measure.function is MeasureFunction.PEAK for measure in rule.measures)
    yield not (peaks and _grains(rule) != {None}), "a peak is measured by the moment, and its window has a grain"
    yield all(isinstance(part, _OF_EVENTS) for part in parts(*expressions_of(rule))), "a filter asks more than an event's fields"
    yield (
        all(isinstance(part, _OF_MEASURES) or _is_score(part) for part in parts(*(tier.when for tier in rule.tiers))),
        "its condition asks more than its measures",
    )
    yield _few(pool((rule,))) and len(rule.tiers) <= MOST_BITS, "it has too many measures or tiers"


def _is_of_pairs(rule: Rule) -> bool:
    """Tell whether a key names a number that called or was called, beside something else."""
    return len(rule.key) > 1 and any(isinstance(part, Field) and part.name in _WHOM for part in rule.key)


def _grains(rule: Rule) -> frozenset[int | None]:
    return frozenset(window.grain_us for window in rule.windows if isinstance(window, Rolling))


def _is_score(part: Expression) -> bool:
    """Tell whether it is a choice between two whole numbers, as in `(1 if short / calls > 0.15 else 0)`."""
    return isinstance(part, Choice) and all(
        isinstance(branch, Literal) and branch.type is Type.NUMBER and float(branch.value).is_integer()
        for branch in (part.then, part.otherwise)
    )


def _counts_one_kind(measure: Measure, rule: Rule) -> bool:
    """Tell whether a measure of a rule about several kinds of event counts those of one, each when it comes."""
    return not rule.also_on or (measure.on is not None and kind_of(measure, rule) is measure.on)


def _measure_fits(measure: Measure) -> bool:
    if measure.function not in FUNCTIONS or measure.same is not None:
        return False
    if measure.function in (MeasureFunction.COUNT, MeasureFunction.PEAK):
        return measure.value is None
    return measure.field in _WHOLE if measure.function not in APART else measure.value is not None

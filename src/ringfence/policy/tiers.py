"""When a rule finds: `when` and `severity`, or `tiers` of them; what clears one, what it weighs, and the least sample."""

import re
from collections.abc import Callable
from typing import Final

from ringfence.policy.comparisons import limits
from ringfence.policy.documents import Mapping, Scalar
from ringfence.policy.expressions import Call, Comparison, Connective, Expression, Field, MeasureValue, PastValue
from ringfence.policy.functions import FUNCTIONS
from ringfence.policy.grammar import parse_condition
from ringfence.policy.keys import Keys
from ringfence.policy.plan import Tier
from ringfence.policy.proposals import read_proposals
from ringfence.policy.selections import of_list
from ringfence.policy.terms import Scope
from ringfence.policy.tokens import ExpressionRefused
from ringfence.policy.trees import parts
from ringfence.vocabulary.severity import Severity

OF_A_TIER: Final = ("when", "severity", "says", "clears", "points", "proposes")
MAX_TIERS: Final = 12
MAX_POINTS: Final = 1_000_000

_NONE: Final = re.compile(r"""none\b(?:\s+because\s+(?P<why>"[^"]*\S[^"]*"|'[^']*\S[^']*')\s*\Z)?""")


def read_tiers(keys: Keys, scope: Callable[[], Scope]) -> tuple[Tier, ...] | None:
    """Return the rule's tiers; `None` where one is missing or has a problem, which was reported."""
    if "tiers" not in keys.node.entries:
        tier = _tier(keys, scope, says=None)
        return (tier,) if tier else None
    for key in OF_A_TIER:
        if key in keys.node.entries and key != "says":
            keys.refuse(keys.mark(key), f"{key} stands beside tiers", "state it in each of them")
    sequence = of_list(keys, "tiers")
    if sequence is None:
        return None
    if len(sequence.items) > MAX_TIERS:
        keys.refuse(sequence.mark, f"more than {MAX_TIERS} tiers", "split the rule")
    tiers = []
    for item in sequence.items:
        if not isinstance(item, Mapping):
            keys.refuse(item.mark, "a tier is a mapping", "write - when: … and below it, indented, severity: …")
            continue
        inner = Keys(keys.file, item, keys.report)
        inner.check(required=("when", "severity"), optional=OF_A_TIER)
        tiers.append(_tier(inner, scope, says=inner.text("says")))
    return tuple(tier for tier in tiers if tier) if tiers and all(tiers) else None


def _tier(keys: Keys, scope: Callable[[], Scope], *, says: str | None) -> Tier | None:
    scalar, severity = keys.scalar("when"), keys.choice("severity", Severity)
    when = keys.expression(scalar, lambda text: read_varying(text, scope())) if scalar else None
    clears = keys.scalar("clears")
    cleared = keys.expression(clears, lambda text: read_varying(text, scope())) if clears else None
    points, proposes = _points(keys), read_proposals(keys, scope)
    if when is None or severity is None:
        return None
    if clears and cleared and (both := overlap(when[0], cleared[0])) is not None:
        keys.refuse(clears.mark, f"clears holds while when does, at {both:g} for one", "leave room between the two limits")
        return None
    return Tier(when[0], severity, cleared[0] if cleared else None, says, proposes, points, when[1])


def overlap(when: Expression, clears: Expression) -> float | None:
    """Return a number for which both hold, where both compare one thing with constants; `None` where none is seen."""
    parts_of_when = when.operands if isinstance(when, Connective) and when.operator == "and" else (when,)
    lower = {limit.compared: limit for part in parts_of_when if isinstance(part, Comparison) for limit in limits(part)}
    for limit in limits(clears):
        other = lower.get(limit.compared)
        if other is None or isinstance(clears, Connective):
            continue
        low, high = (other, limit) if limit.operator in ("<", "<=") else (limit, other)
        if low.operator not in (">", ">=") or high.operator not in ("<", "<="):
            continue
        if low.value < high.value:
            return (low.value + high.value) / 2
        if low.value == high.value and (low.operator, high.operator) == (">=", "<="):
            return low.value
    return None


def read_varying(text: str, scope: Scope) -> tuple[Expression, dict[str, float]]:
    """Return a condition that measures or fields make true, and its thresholds. Raises `ExpressionRefused`."""
    condition = parse_condition(text, scope)
    if not any(_varies(part) for part in parts(condition[0])):
        raise ExpressionRefused(0, "names no measure, so it never changes", "compare a measure with a number")
    return condition


def _varies(part: Expression) -> bool:
    return isinstance(part, MeasureValue | PastValue | Field) or (isinstance(part, Call) and bool(FUNCTIONS[part.function].needs))


def _points(keys: Keys) -> float:
    scalar = keys.scalar("points")
    if scalar is None:
        return 0.0
    if not re.fullmatch(r"[0-9]{1,7}(\.[0-9]{1,3})?", scalar.value, re.ASCII) or not 0 < float(scalar.value) <= MAX_POINTS:
        keys.refuse(scalar.mark, f"points cannot be {scalar.value!r}", "write a number above zero, such as 5")
        return 0.0
    return float(scalar.value)


def read_minimum(keys: Keys, scope: Callable[[], Scope]) -> Expression | None:
    """Read `CONDITION`, or `none because "…"`, which gives `None`."""
    scalar: Scalar | None = keys.scalar("minimum")
    if scalar is None:
        return None
    stated = _NONE.match(scalar.value.strip())
    if stated is None:
        condition = keys.expression(scalar, lambda text: read_varying(text, scope()))
        return condition[0] if condition else None
    if stated["why"] is None:
        keys.refuse(scalar.mark, "why is no least sample needed?", 'write minimum: none because "…"')
    return None

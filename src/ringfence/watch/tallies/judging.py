"""A rule's conditions over a key's measures: which tier becomes true, which stays, which rests."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ringfence.policy.comparisons import varying_limits
from ringfence.policy.evaluation import Context, Occasion, judging, reading
from ringfence.policy.expressions import Expression, PastValue
from ringfence.policy.plan import ProposalKind, Rule, Tier
from ringfence.policy.trees import fields_in, parts
from ringfence.vocabulary.contracts import Event
from ringfence.watch.tallies.exact import is_number

Filter = Callable[[Event], bool] | None
"""Which events pass. `None`: every one."""

_Judging = Callable[[Occasion], Any]


@dataclass(frozen=True, slots=True)
class _Tier:
    when: _Judging
    clears: _Judging | None
    quantity: _Judging | None
    limits: tuple[tuple[str, _Judging], ...]


class Judge:
    """A rule's tiers."""

    def __init__(self, rule: Rule, context: Context) -> None:
        self._tiers = tuple(_tier(tier, context) for tier in rule.tiers)
        self._minimum = None if rule.minimum is None else judging(rule.minimum, context)
        self._passes = filter_of(rule.passes, context)
        self._each = rule.finds_each

    def crossings(self, occasion: Occasion, held: list[bool]) -> list[int]:
        """Return the tiers that become true on `occasion`, and write down in `held` which are.

        An event that the rule lets pass makes none true: the next one that it does not let pass will.
        """
        crossed: list[int] = []
        may = self._minimum is None or bool(self._minimum(occasion))
        for at, tier in enumerate(self._tiers):
            if self._each:
                held[at] = False
            elif held[at] and tier.clears is not None:
                held[at] = not tier.clears(occasion)
                continue
            holds = may and bool(tier.when(occasion))
            if holds and not held[at]:
                if self._passes is not None and self._passes(occasion.event):
                    continue
                crossed.append(at)
            held[at] = holds
        return crossed

    def thresholds(self, tier: int, occasion: Occasion) -> dict[str, float]:
        """Return what the tier's condition compares with at that moment and does not state as a number, by the compared text."""
        found = ((name, read(occasion)) for name, read in self._tiers[tier].limits)
        return {name: float(value) for name, value in found if is_number(value)}

    def quantity(self, tier: int, occasion: Occasion) -> float | None:
        """Return how many times the tier's charge is taken; `None` where it has none, or its quantity is not a number."""
        read = self._tiers[tier].quantity
        quantity = None if read is None else read(occasion)
        return float(quantity) if is_number(quantity) else None


def filter_of(where: Expression | None, context: Context) -> Filter:
    """Return a filter as a function; `None` for one that every event passes."""
    return None if where is None else reading(where, context)


def conditions_of(rule: Rule) -> tuple[Expression, ...]:
    """Return all expressions of the rule that may read measures."""
    quantities = (proposal.quantity for tier in rule.tiers for proposal in tier.proposes)
    every = (rule.minimum, *(tier.when for tier in rule.tiers), *(tier.clears for tier in rule.tiers), *quantities)
    return tuple(expression for expression in every if expression is not None)


def fields_of(rule: Rule) -> frozenset[str]:
    """Return the event fields that the rule reads, as the language names them."""
    once = rule.once.per if rule.once else ()
    selecting = (rule.where, *rule.also_where, rule.exempt, rule.passes, *(reset.where for reset in rule.reset), *once)
    measured = (part for measure in rule.measures for part in (measure.value, measure.where, measure.same))
    return fields_in(*rule.key, *selecting, *measured, *conditions_of(rule))


def past_values(rule: Rule) -> tuple[PastValue, ...]:
    """Return what the rule's conditions ask of periods gone by."""
    found = (part for part in parts(*conditions_of(rule)) if isinstance(part, PastValue))
    return tuple(dict.fromkeys(found))


def _tier(tier: Tier, context: Context) -> _Tier:
    charge = next((one for one in tier.proposes if one.kind is ProposalKind.CHARGE), None)
    quantity = charge.quantity if charge else None
    return _Tier(
        judging(tier.when, context),
        None if tier.clears is None else judging(tier.clears, context),
        None if quantity is None else judging(quantity, context),
        tuple((name, judging(limit, context)) for name, limit in varying_limits(tier.when, tier.thresholds)),
    )

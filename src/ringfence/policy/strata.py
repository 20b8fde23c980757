"""Which rules read which rules' findings, and the order in which they must be looked at."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from ringfence.policy.expressions import Comparison, Connective, Expression, Field, Listed, Literal, Membership, Negation, Unset
from ringfence.policy.plan import Rule
from ringfence.vocabulary.contracts import EventKind

_EQUALITY: Final = ("==", "!=")


def readers(rules: Iterable[Rule]) -> dict[str, tuple[str, ...]]:
    """Return, by the name of each rule that reads findings, the names of the rules whose findings it may take, in order.

    A rule that says `where rule == "short-calls"` takes that one's alone; one that says nothing takes every rule's, its own too.
    """
    every = sorted(rules, key=lambda rule: rule.name)
    told = {rule.name: _told(rule) for rule in every}
    read: dict[str, tuple[str, ...]] = {}
    for rule in every:
        filters = tuple(_filters(rule))
        if filters:  # few rules read findings, and all rules make them
            read[rule.name] = tuple(name for name, fields in told.items() if _takes(filters, fields))
    return {name: others for name, others in read.items() if others}


def loop(read: Mapping[str, Sequence[str]]) -> tuple[str, ...] | None:
    """Return names of rules of which each reads the next one's findings, the first again at the end; `None` without a loop.

    >>> loop({"a": ["b"], "b": ["c", "a"]})
    ('a', 'b', 'a')
    """
    left = _unsettled(read)
    if not left:
        return None
    path = [min(left)]
    while (following := min(left.intersection(read[path[-1]]))) not in path:
        path.append(following)
    return (*path[path.index(following) :], following)


def _unsettled(read: Mapping[str, Sequence[str]]) -> set[str]:
    """Return the rules that wait for each other, or for such ones."""
    left = set(read)
    while settled := {name for name in left if left.isdisjoint(read[name])}:
        left -= settled
    return left


def strata(rules: Iterable[Rule]) -> tuple[tuple[Rule, ...], ...]:
    """Return the rules in layers: each reads findings of earlier layers alone. In a layer they stand in the order of their names.

    Raises `ValueError` where rules read each other's findings in a loop.
    """
    left = {rule.name: rule for rule in sorted(rules, key=lambda rule: rule.name)}
    read = readers(left.values())
    layers: list[tuple[Rule, ...]] = []
    while left:
        settled = tuple(rule for name, rule in left.items() if left.keys().isdisjoint(read.get(name, ())))
        if not settled:
            raise ValueError("rules read each other's findings in a loop")
        layers.append(settled)
        for rule in settled:
            del left[rule.name]
    return tuple(layers)


def _takes(filters: Iterable[Expression | None], told: Mapping[str, str | None]) -> bool:
    """Tell whether a finding of which `told` is known may pass one of the filters with which a rule takes findings."""
    return any(_outcome(condition, told) is not False for condition in filters)


def _filters(rule: Rule) -> Iterable[Expression | None]:
    """Yield each filter over findings; `None` for one that takes them all."""
    named = EventKind.FINDING in (rule.on, *rule.also_on)
    if named:
        yield rule.where_of(EventKind.FINDING)
    for measure in rule.measures:
        if measure.on is EventKind.FINDING and not named:
            yield measure.where
    for reset in rule.reset:
        if reset.on is EventKind.FINDING:
            yield reset.where


def _told(rule: Rule) -> dict[str, str | None]:
    """Return the fields of the rule's findings that are known beforehand."""
    told: dict[str, str | None] = {
        "kind": str(EventKind.FINDING),
        "rule": rule.name,
        "clause": rule.clause,
        "traffic_class": rule.classifies,
    }
    severities = {str(tier.severity) for tier in rule.tiers}
    return told | ({"severity": severities.pop()} if len(severities) == 1 else {})


def _outcome(condition: Expression | None, told: Mapping[str, str | None]) -> bool | None:
    """Return what the condition comes to over events of which `told` is known; `None` where that depends on the rest."""
    match condition:
        case None:
            return True
        case Literal(value=bool() as value):
            return value
        case Negation(operand=operand):
            inner = _outcome(operand, told)
            return None if inner is None else not inner
        case Connective(operator=operator, operands=operands):
            decisive = operator == "or"
            outcomes = [_outcome(operand, told) for operand in operands]
            if decisive in outcomes:
                return decisive
            return None if None in outcomes else not decisive
        case Unset(operand=Field(name=name), negated=negated) if name in told:
            return (told[name] is None) is not negated
        case Comparison(operator=operator, left=left, right=right) if operator in _EQUALITY:
            return _compared(operator, left, right, told)
        case Membership(left=Field(name=name), options=options, negated=negated) if name in told:
            return told[name] is not None and (told[name] in [option.value for option in options]) is not negated
        case Listed(operand=Field(name=name)) if name in told and told[name] is None:
            return False
        case _:
            return None


def _compared(operator: str, left: Expression, right: Expression, told: Mapping[str, str | None]) -> bool | None:
    """Return what `left operator right` comes to, where one is a field that is known and the other a text."""
    for field, text in ((left, right), (right, left)):
        if isinstance(field, Field) and field.name in told and isinstance(text, Literal):
            value = told[field.name]
            return value is not None and (value == text.value) is (operator == "==")
    return None

"""What each rule remembers is the same as what a rule of another version remembers, where their digests are."""

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from hashlib import blake2b

from ringfence.policy.expressions import Expression, Listed, Literal, Lookup
from ringfence.policy.plan import Plan, Rule, Table
from ringfence.policy.strata import readers, strata
from ringfence.policy.trees import parts
from ringfence.vocabulary.severity import Mode, Severity


def digests_of(plan: Plan) -> dict[str, bytes]:
    """Return by each rule's name what stands for all that decides what it remembers.

    That is what it measures and when, with the lists that it asks and the rules whose findings it reads; not its words, its
    clause, or what follows from a finding, unless a rule that reads it may ask for that.
    """
    tables = {name: _digest(_of_table(table)) for name, table in plan.lists.items()}
    read, found = readers(plan.rules), dict[str, bytes]()
    for layer in strata(plan.rules):
        for rule in layer:
            asked = sorted({name for part in _parts_of(rule) for name in _lists(part) if name in tables})
            others = [(name, found[name], _told(plan, name)) for name in read.get(rule.name, ())]
            found[rule.name] = _digest((_measured(rule), [(name, tables[name]) for name in asked], others))
    return found


def _digest(content: object) -> bytes:
    return blake2b(repr(content).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _measured(rule: Rule) -> Rule:
    """Return the rule without what it says and what follows."""
    tiers = tuple(replace(tier, severity=Severity.INFO, says=None, proposes=(), points=0.0, thresholds={}) for tier in rule.tiers)
    silent = replace(rule, clause="", says="", source="", mode=Mode.REPORT, before=False, tiers=tiers)
    return replace(silent, classifies=None, class_us=None)


def _told(plan: Plan, name: str) -> object:
    """Return what a finding of the rule says that another rule may read."""
    rule = next(rule for rule in plan.rules if rule.name == name)
    return rule.clause, rule.classifies, [(tier.severity, tier.points) for tier in rule.tiers]


def _parts_of(rule: Rule) -> Iterator[Expression]:
    yield from parts(*_expressions(rule))


def _expressions(value: object) -> Iterator[Expression]:
    if isinstance(value, Expression):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from _expressions(each)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from _expressions(getattr(value, field.name))


def _lists(part: Expression) -> Iterable[str]:
    match part:
        case Listed(list=name) | Lookup(list=name):
            return (name,)
        case Literal(value=str() as name):  # of a function such as calling_hours
            return (name,)
    return ()


def _of_table(table: Table) -> object:
    return table.fetched_us, [(row.entry, sorted(row.values.items()), row.from_us, row.until_us) for row in table.rows]

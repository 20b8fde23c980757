"""By which key a plan's state can be split, so that several engines find together what one would.

An engine of a part gets the events of its share, in their order, each when it counts for all: where one is late, `pass_time` with
the newest time that counted comes first; and after each batch all engines are told how far time has passed, for the boundaries.
A call's end must bear the key that its beginning bore, as the events of live calls and of records do.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

import msgspec

from ringfence.policy.evaluation import Context, reading
from ringfence.policy.expressions import Expression, Field, Past, PastValue, Type
from ringfence.policy.plan import Plan, Rule
from ringfence.policy.strata import readers
from ringfence.policy.trees import parts
from ringfence.vocabulary.contracts import Event
from ringfence.watch.tallies import conditions_of

_ROOT: Final = Field("root", Type.TEXT)


@dataclass(frozen=True, slots=True)
class Part:
    """Rules whose state is split by `key`: events that share its values belong together. `None`: it cannot be split."""

    key: tuple[Expression, ...] | None
    plan: Plan


def key_of(rule: Rule) -> tuple[Expression, ...] | None:
    """Return by which key the rule's own state can be split; `None` where it compares its keys with each other.

    Parties are rolled up along their path, so they stay with the party at its head. Where a rule asks for its subject's class, all
    of a subject's keys stay together.
    """
    if any(isinstance(part, PastValue) and part.past is Past.PEERS for part in parts(*conditions_of(rule))):
        return None
    if any(measure.of_subject for measure in rule.measures):
        return tuple(_split_by(rule, rule.key[place]) for place in rule.subject_parts)
    return tuple(_split_by(rule, part) for part in rule.key)


def _split_by(rule: Rule, part: Expression) -> Expression:
    return _ROOT if rule.rollup and part == Field("party", Type.TEXT) else part


def parts_of(plan: Plan) -> tuple[Part, ...]:
    """Return the plan in parts, each to be split by its own key; together they hold every rule once.

    Rules that read each other's findings stay in one part: it can be split where all of them are by one key.
    """
    groups: dict[tuple[Expression, ...] | None, list[Rule]] = {}
    for component in _components(plan):
        keys = {key_of(rule) for rule in component}
        groups.setdefault(keys.pop() if len(keys) == 1 else None, []).extend(component)
    return tuple(
        Part(key, Plan(plan.policy, tuple(sorted(rules, key=lambda rule: rule.name)), plan.lists, plan.bounds))
        for key, rules in groups.items()
    )


class Router:
    """Tells to which of `shares` engines of a part an event belongs."""

    def __init__(self, part: Part, context: Context, *, shares: int) -> None:
        self._reads: tuple[Callable[[Event], Any], ...] | None = None
        if part.key is not None:
            self._reads = tuple(reading(expression, context) for expression in part.key)
        self._shares = shares

    def share_of(self, event: Event) -> int | None:
        """Return the number of the engine, from 0; `None` where the event has no such key, and no rule of the part takes it."""
        if self._reads is None:
            return 0
        values = [read(event) for read in self._reads]
        if any(value is None or value != value for value in values):
            return None
        digest = blake2b(msgspec.json.encode(values), digest_size=8).digest()
        return int.from_bytes(digest, "little") % self._shares


def _components(plan: Plan) -> Iterator[list[Rule]]:
    """Yield the rules that read one another's findings, directly or through others, together; the others alone."""
    read = readers(plan.rules)
    left = {rule.name: rule for rule in plan.rules}
    while left:
        found = {next(iter(left))}
        while True:
            more = {name for name, others in read.items() if found.intersection(others)}
            more.update(other for name in found for other in read.get(name, ()))
            if more <= found:
                break
            found |= more
        yield [left.pop(name) for name in sorted(found)]

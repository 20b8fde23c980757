"""What rules lack: lists that they read and that hold nothing now, or that should have come again long since."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass

from ringfence.policy.context import Context
from ringfence.policy.expressions import Call, Expression, Listed, Literal, Lookup
from ringfence.policy.functions import FUNCTIONS, Needs
from ringfence.policy.plan import Row, Rule
from ringfence.policy.tables import ELSE
from ringfence.policy.trees import parts
from ringfence.vocabulary.times import Micros, iso

EXAMPLE = "example"
"""A row with a word in this column shows the format and stands for nothing anybody knows."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a list stands at a moment: which rules read it, what of it holds, how old it is, and until when it counts as fresh.

    `posted` and `brought` count the entries in force, examples left out. `lacks` is empty where nothing is amiss.
    """

    name: str
    rules: tuple[str, ...]
    posted: int
    brought: int
    fetched: Micros | None
    due: Micros | None
    lacks: str


def standing(rules: Iterable[Rule], context: Context, now: Micros) -> list[Standing]:
    """Return how each list stands that a rule reads, by name."""
    reading: dict[str, list[str]] = {}
    for rule in rules:
        for name in sorted(lists_of(rule)):
            reading.setdefault(name, []).append(rule.name)
    return [_standing(name, tuple(readers), context, now) for name, readers in sorted(reading.items())]


def lacking(rules: Iterable[Rule], context: Context, now: Micros) -> dict[str, str]:
    """Return what each rule lacks, in words, by the rule's name; a rule that has what it reads is left out."""
    found: dict[str, list[str]] = {}
    for each in standing(rules, context, now):
        for rule in each.rules if each.lacks else ():
            found.setdefault(rule, []).append(each.lacks)
    return {rule: "; ".join(lacks) for rule, lacks in sorted(found.items())}


def lists_of(rule: Rule) -> frozenset[str]:
    """Return the names of the lists that a rule reads anywhere."""
    found: set[str] = set()
    for part in parts(*_expressions(rule)):
        if isinstance(part, Listed | Lookup):
            found.add(part.list)
        elif isinstance(part, Call) and Needs.LISTS in FUNCTIONS[part.function].needs:
            found.update(str(each.value) for each in part.arguments[:1] if isinstance(each, Literal))
    return frozenset(found)


def _standing(name: str, rules: tuple[str, ...], context: Context, now: Micros) -> Standing:
    table = context.entries(name).table
    edge = len(table.rows) if table.posted is None else table.posted
    posted, brought = (sum(_counts(row, now) for row in part) for part in (table.rows[:edge], table.rows[edge:]))
    answers_else = any(row.entry == ELSE for row in table.rows)
    lacks = ""
    if table.rows and not posted + brought and not answers_else:  # one that is posted without rows may well be empty
        lacks = f"the list {name} holds nothing: bring lists/{name}.csv, or take a peer's list in"
    elif table.due_us is not None and table.due_us <= now:
        lacks = f"the list {name} was to be looked at again by {iso(table.due_us)[:10]}: what it holds may be out of date"
    return Standing(name, rules, posted, brought, table.fetched_us, table.due_us, lacks)


def _counts(row: Row, now: Micros) -> bool:
    begun = row.from_us is None or row.from_us <= now
    return begun and (row.until_us is None or now < row.until_us) and not row.values.get(EXAMPLE)


def _expressions(value: object) -> Iterator[Expression]:
    if isinstance(value, Expression):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from _expressions(each)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from _expressions(getattr(value, field.name))

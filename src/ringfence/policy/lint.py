"""The questions that a rule which reads well may still leave open.

Each is answered by stating in the rule what is meant; none can be switched off.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ringfence.policy.comparisons import SHIFTED, Limit, limits, lower_bounds
from ringfence.policy.documents import Mapping as Entries
from ringfence.policy.documents import Node, Scalar, Sequence
from ringfence.policy.expressions import Arithmetic, Call, Choice, Connective, Expression, Field, Literal, Lookup, Type
from ringfence.policy.keys import Keys
from ringfence.policy.nothing import ZERO, may_hold_on_nothing
from ringfence.policy.plan import Evaluation, Measure, MeasureFunction, Rule, Table, Tier
from ringfence.policy.problems import Mark
from ringfence.policy.questions import Question
from ringfence.policy.said import Bound, bounds
from ringfence.policy.tables import ELSE
from ringfence.policy.trees import children, fields_in, measures_in, parts
from ringfence.vocabulary.contracts import EventKind

COUNTED: Final = frozenset(
    {
        MeasureFunction.COUNT,
        MeasureFunction.DISTINCT,
        MeasureFunction.SUM,
        MeasureFunction.MOST,
        MeasureFunction.PEAK,
        MeasureFunction.RUN,
        MeasureFunction.CONCURRENT,
    }
)
"""Measures that grow with what was seen: a lower limit on one is a least sample."""

AVERAGES: Final = frozenset({MeasureFunction.MEAN, MeasureFunction.DEVIATION})
PULLED_DOWN: Final = AVERAGES | {MeasureFunction.MINIMUM}
"""Measures of a duration that calls nobody answered, 0 s long, would pull down."""

_CALLS: Final = frozenset({EventKind.ATTEMPT, EventKind.END})
"""Kinds of event of which some are calls that nobody answered."""


@dataclass(frozen=True, slots=True)
class _Stated:
    """An expression of the rule, and the text that states it."""

    expression: Expression
    keys: Keys
    node: Node | None

    def mark(self, word: str) -> Mark:
        """Return where `word` first stands in the text; where the text begins if it does not."""
        if isinstance(self.node, Scalar):
            return self.node.at(max(0, self.node.value.find(word)))
        return self.node.mark if self.node else self.keys.node.mark


@dataclass(frozen=True, slots=True)
class _Linted:
    """One rule under the questions."""

    keys: Keys
    rule: Rule
    lists: Mapping[str, Table]

    def tiers(self) -> Iterator[tuple[Keys, Tier]]:
        """Yield each tier with the mapping in which it stands."""
        node = self.keys.node.entries.get("tiers")
        if not isinstance(node, Sequence):
            yield self.keys, self.rule.tiers[0]
            return
        for item, tier in zip(node.items, self.rule.tiers, strict=True):
            if isinstance(item, Entries):
                yield Keys(self.keys.file, item, self.keys.report), tier

    def conditions(self) -> Iterator[_Stated]:
        """Yield what each tier asks, when it clears, and the least sample."""
        for keys, tier in self.tiers():
            yield _at(keys, "when", tier.when)
            if tier.clears is not None:
                yield _at(keys, "clears", tier.clears)
        if self.rule.minimum is not None:
            yield _at(self.keys, "minimum", self.rule.minimum)

    def quantities(self) -> Iterator[_Stated]:
        """Yield what charges are taken for."""
        for keys, tier in self.tiers():
            node = keys.node.entries.get("proposes")
            for item, proposal in zip(node.items if isinstance(node, Sequence) else (), tier.proposes, strict=True):
                if proposal.quantity is not None:
                    yield _Stated(proposal.quantity, keys, item)

    def measures(self) -> Iterator[tuple[Measure, Scalar]]:
        """Yield each measure that the file states, and its text."""
        node = self.keys.node.entries.get("measure")
        stated = node.entries if isinstance(node, Entries) else {}
        for measure in self.rule.measures:
            scalar = stated.get(measure.name)
            if isinstance(scalar, Scalar):
                yield measure, scalar

    def filters(self) -> Iterator[Expression]:
        """Yield what the rule asks of its events."""
        yield from (part for part in (self.rule.where, *self.rule.also_where, self.rule.exempt) if part is not None)

    def stated(self) -> Iterator[_Stated]:
        """Yield every expression of the rule that a table may take part in."""
        yield from self.conditions()
        yield from self.quantities()
        for measure, scalar in self.measures():
            yield from (_Stated(part, self.keys, scalar) for part in (measure.value, measure.where) if part is not None)
        for key, part in (("exempt", self.rule.exempt), ("passes", self.rule.passes)):
            if part is not None:
                yield _at(self.keys, key, part)
        for part in (self.rule.where, *self.rule.also_where):
            if part is not None:
                yield _at(self.keys, "on", part)


def _at(keys: Keys, key: str, expression: Expression) -> _Stated:
    return _Stated(expression, keys, keys.node.entries.get(key))


def ask_what_is_open(keys: Keys, rule: Rule, lists: Mapping[str, Table]) -> None:
    """Report each question that the rule leaves open, at the place where it arises."""
    linted = _Linted(keys, rule, lists)
    _ask_minimum(linted)
    _ask_unanswered(linted)
    _ask_denominator(linted)
    _ask_default(linted)
    _ask_fetched(linted)
    _ask_boundary(linted)
    _ask_nothing(linted)


def _ask_nothing(linted: _Linted) -> None:
    """Is whoever gave nothing meant too? A condition that holds on nothing, such as `calls < 2`, leaves it open."""
    keys, rule = linted.keys, linted.rule
    counts = {measure.name for measure in rule.measures if measure.function in ZERO}
    if rule.evaluation is Evaluation.EVENT or "silent_too" in keys.node.entries or not may_hold_on_nothing(rule):
        return  # where it is looked at by event, somebody gave one
    for inner, tier in linted.tiers():
        asked = next((name for name in measures_in(tier.when) if name in counts), None)
        if asked is not None:
            cause = f"it holds where {asked} is 0: is whoever gave nothing at all meant too?"
            hint = "write silent_too: yes, or silent_too: no for those alone of whom an event took part"
            keys.ask(_at(inner, "when", tier.when).mark(asked), Question.NOTHING, cause, hint)
            return


def _ask_minimum(linted: _Linted) -> None:
    """From how many events on does a share or an average speak?"""
    if "minimum" in linted.keys.node.entries:
        return
    functions = {measure.name: measure.function for measure in linted.rule.measures}
    for keys, tier in linted.tiers():
        stated = _at(keys, "when", tier.when)
        for share, bounded in _shares(tier.when, functions, frozenset()):
            if bounded.isdisjoint(share):
                named = " and ".join(share)
                cause = f"from how many events on does it speak? {named} may stand for one or two"
                hint = 'write minimum: calls >= 100 or the like, or minimum: none because "…"'
                keys.ask(stated.mark(share[0]), Question.MINIMUM, cause, hint)
                break


def _shares(
    condition: Expression, functions: Mapping[str, MeasureFunction], bounded: frozenset[str]
) -> Iterator[tuple[tuple[str, ...], frozenset[str]]]:
    """Yield the measures of each share or average, and the measures that have a lower limit wherever that one is looked at."""
    if isinstance(condition, Connective):
        if condition.operator == "and":
            found = (lower_bounds(operand) for operand in condition.operands)
            bounded = bounded.union(*({name for name in names if functions.get(name) in COUNTED} for names in found))
        for operand in condition.operands:
            yield from _shares(operand, functions, bounded)
        return
    for part in parts(condition):
        if isinstance(part, Connective):
            yield from _shares(part, functions, bounded)
            return
        if isinstance(part, Arithmetic) and part.operator == "/" and measures_in(part.right):
            yield measures_in(part), bounded
    averages = tuple(name for name in measures_in(condition) if functions.get(name) in AVERAGES)
    if averages and not bounded:
        yield averages, bounded


def _ask_unanswered(linted: _Linted) -> None:
    """Is a call that nobody answered a short one?"""
    rule = linted.rule
    if not _CALLS.intersection((rule.on, *rule.also_on, *(measure.on for measure in rule.measures))):
        return
    if any(_says_answered(part) for part in linted.filters()):
        return
    for measure, scalar in linted.measures():
        low = measure.where is not None and _below(measure.where)
        pulled = measure.function in PULLED_DOWN and "duration" in fields_in(measure.value)
        if (low or pulled) and not _says_answered(measure.where):
            _tell_unanswered(_Stated(rule.when, linted.keys, scalar), low=low)
    for key, condition in (("on", rule.where), ("exempt", rule.exempt), ("passes", rule.passes)):
        if condition is not None and _below(condition) and not _says_answered(condition):
            _tell_unanswered(_at(linted.keys, key, condition), low=True)
    for stated in linted.conditions():
        if _below(stated.expression) and not _says_answered(stated.expression):
            _tell_unanswered(stated, low=True)


def _tell_unanswered(stated: _Stated, *, low: bool) -> None:
    what = "is a call that nobody answered, 0 s long, a short one?" if low else "do calls that nobody answered count, with 0 s?"
    hint = (
        "write answered and duration < …, or not answered or duration < …"
        if low
        else "write where=answered, or where=answered or not answered"
    )
    stated.keys.ask(stated.mark("duration"), Question.UNANSWERED, what, hint)


def _below(condition: Expression) -> bool:
    """Tell whether it holds for durations below a limit above zero."""
    return any(
        limit.operator in ("<", "<=")
        and limit.value > 0
        and isinstance(limit.compared, Field)
        and limit.compared.name == "duration"
        for limit in limits(condition)
    )


def _says_answered(condition: Expression | None) -> bool:
    """Tell whether it says what of calls that nobody answered: by name, by their status, or by their 0 s."""
    if {"answered", "status"} & fields_in(condition):
        return True
    return condition is not None and any(
        isinstance(limit.compared, Field)
        and limit.compared.name == "duration"
        and (limit.value == 0 or limit.operator in (">", ">=", "=="))
        for limit in limits(condition)
    )


def _ask_denominator(linted: _Linted) -> None:
    """A share of which kind of events?"""
    rule = linted.rule
    kinds = {measure.name: measure.on for measure in rule.measures}
    for stated in (*linted.conditions(), *linted.quantities()):
        for part in parts(stated.expression):
            if not isinstance(part, Arithmetic) or part.operator != "/":
                continue
            used = [name for name in measures_in(part) if name in kinds]
            named = {kinds[name] for name in used} - {None}
            silent = [name for name in used if kinds[name] is None]
            if silent and named and measures_in(part.right) and (rule.also_on or named != {rule.on}):
                counted = " and ".join(sorted(kind for kind in named if kind is not None))
                cause = f"a share of which events? {silent[0]} does not say its kind, the other side counts {counted}"
                stated.keys.ask(stated.mark("/"), Question.DENOMINATOR, cause, f"write on={rule.on} in {silent[0]} too")
                break


def _ask_default(linted: _Linted) -> None:
    """What holds for whoever the table does not list?"""
    asked: set[str] = set()
    for stated in linted.stated():
        for lookup in _bare_lookups(stated.expression):
            table = linted.lists[lookup.list]
            if lookup.list in asked or any(row.entry == ELSE for row in table.rows):
                continue
            asked.add(lookup.list)
            cause = f"which {lookup.column} holds where {lookup.list} has no row?"
            hint = f'add a row with the entry {ELSE}, or write lookup(…) if … in list("{lookup.list}") else …'
            stated.keys.ask(stated.mark("lookup"), Question.DEFAULT, cause, hint)


def _bare_lookups(expression: Expression) -> Iterator[Lookup]:
    """Yield the looked-up numbers outside of every choice: there is nothing else where they find no row."""
    if isinstance(expression, Lookup) and expression.type is Type.NUMBER:
        yield expression
    inner = (expression.condition,) if isinstance(expression, Choice) else children(expression)
    for part in inner:
        yield from _bare_lookups(part)


def _ask_fetched(linted: _Linted) -> None:
    """How old is the list?"""
    for stated in linted.stated():
        for part in parts(stated.expression):
            if isinstance(part, Call) and part.function == "age" and isinstance(part.arguments[0], Literal):
                name = str(part.arguments[0].value)
                if linted.lists[name].fetched_us is None:
                    hint = f"add the column fetched to lists/{name}.csv: the day on which each row was taken from its source"
                    stated.keys.ask(stated.mark("age"), Question.FETCHED, f"when was {name} fetched? Its file does not say", hint)


def _ask_boundary(linted: _Linted) -> None:
    """Is the limit itself still allowed? The words say one thing, the condition another."""
    rule = linted.rule
    shared = [part for part in (rule.where, rule.minimum, *(measure.where for measure in rule.measures)) if part is not None]
    conditions = [tier.when for tier in rule.tiers]
    _compare_words(linted.keys, rule.says, [*shared, *conditions])
    for keys, tier in linted.tiers():
        if tier.says is not None:
            _compare_words(keys, tier.says, [*shared, tier.when])


def _compare_words(keys: Keys, says: str, conditions: list[Expression]) -> None:
    known = [limit for condition in conditions for limit in limits(condition)]
    for bound in bounds(says):
        wrong = _contradicted(bound, known)
        if wrong is not None:
            cause = f"{bound.words} says {bound.operator}, the condition says {wrong.operator}"
            node = keys.node.entries["says"]
            mark = _place(node, bound.words) if isinstance(node, Scalar) else node.mark
            keys.ask(mark, Question.BOUNDARY, cause, "is the limit itself still allowed? Let words and condition say the same")


def _contradicted(bound: Bound, known: list[Limit]) -> Limit | None:
    """Return a limit of the same number on the same side that takes the number itself the other way, if none takes it this way."""
    same = [limit for limit in known if abs(limit.value - bound.value) <= 1e-9 * max(1.0, abs(bound.value))]
    if any(limit.operator == bound.operator for limit in same):
        return None
    return next((limit for limit in same if limit.operator == SHIFTED[bound.operator]), None)


def _place(node: Scalar, words: str) -> Mark:
    """Return where the words stand, whatever white space separates them there."""
    place = node.value.lower().find(words.split(maxsplit=1)[0])
    return node.at(max(0, place))

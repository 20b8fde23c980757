"""Classes of traffic: which rules give them, and `classed("name")` in a condition, which asks whether one is in force."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from ringfence.policy.expressions import Comparison, Connective, Dimension, Expression, Field, Literal, MeasureValue, Type
from ringfence.policy.grammar import Parser
from ringfence.policy.plan import Measure, MeasureFunction, Rule, Table
from ringfence.policy.problems import did_you_mean
from ringfence.policy.terms import MeasureScope, Term
from ringfence.policy.tokens import ExpressionRefused, Token, TokenKind
from ringfence.vocabulary.contracts import EventKind
from ringfence.vocabulary.times import Micros

CLASSED: Final = "classed"


@dataclass(frozen=True, slots=True)
class Giver:
    """A rule whose finding gives a class to its subject, for `lasts_us`."""

    rule: str
    name: str
    lasts_us: Micros


@dataclass(frozen=True, slots=True)
class Outside:
    """What a rule's file may name beyond itself: the bundle's lists, and the classes that its rules give.

    `asking`: what the rule leaves open is asked.
    """

    lists: Mapping[str, Table] = field(default_factory=dict)
    givers: tuple[Giver, ...] = ()
    asking: bool = True

    def classes(self) -> frozenset[str]:
        """Return the names of the classes."""
        return frozenset(giver.name for giver in self.givers)


@dataclass(slots=True)
class ClassMeasures:
    """The measures that `classed(…)` asks for: the time since each rule's finding that gives the class."""

    measures: dict[str, Measure] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    """Each class that was asked for."""

    def condition(self, givers: Iterable[Giver]) -> Expression:
        """Return what holds while a class that `givers` give is in force."""
        parts = tuple(self._in_force(giver) for giver in givers)
        return parts[0] if len(parts) == 1 else Connective("or", parts)

    def of_subject(self, rule: Rule) -> Rule:
        """Return a rule that counts by more than its subject, with these measures kept for the subject: that is what is classed."""
        own = (replace(one, of_subject=True) if one.name in self.measures else one for one in rule.measures)
        return replace(rule, measures=tuple(own))

    def _in_force(self, giver: Giver) -> Expression:
        name = measure_name(giver)
        found = Comparison("==", Field("rule", Type.TEXT), Literal(giver.rule, Type.TEXT, Dimension.PLAIN))
        self.measures[name] = Measure(name, MeasureFunction.SINCE, where=found, on=EventKind.FINDING)
        return Comparison("<", MeasureValue(name), Literal(float(giver.lasts_us), Type.NUMBER, Dimension.TIME))


def measure_name(giver: Giver) -> str:
    """Return the name of the measure that tells how long ago the rule gave its class."""
    return f"since_{giver.rule.replace('-', '_')}"


class ConditionScope(MeasureScope):
    """The names of a condition, and `classed("name")`."""

    def __init__(
        self, measures: Mapping[str, Dimension], outside: Outside, asked: ClassMeasures, *, calendar: Collection[str]
    ) -> None:
        super().__init__(measures, outside.lists, calendar=calendar)
        self._stated = measures
        self._outside = outside
        self._asked = asked

    def call(self, parser: Parser, word: Token) -> Term | None:
        """Read `classed("name")`, `before(m)`, `calm(m)`, `usual(m, weeks=4)` or `peers(m, 0.5)`."""
        if word.text != CLASSED:
            return super().call(parser, word)
        parser.expect("(")
        token = parser.take()
        name = token.text[1:-1]
        if token.kind is not TokenKind.TEXT:
            raise ExpressionRefused(token.start, "a class is written between quotation marks", 'write classed("bulk-caller")')
        givers = tuple(giver for giver in self._outside.givers if giver.name == name)
        if not givers:
            hint = did_you_mean(name, self._outside.classes()) or f"let a rule say classifies: {name} for 24h"
            raise ExpressionRefused(token.start, f"no rule gives the class {name}", hint)
        taken = next((measure_name(giver) for giver in givers if measure_name(giver) in self._stated), None)
        if taken is not None:
            raise ExpressionRefused(word.start, f"the measure {taken} has the name that classed needs", "give it another name")
        end = parser.expect(")")
        self._asked.asked.setdefault(name, word.start)
        return Term(self._asked.condition(givers), Dimension.PLAIN, word.start, end.end)

"""A measure as a rule states it: `count()`, `count(filter)`, `distinct(field)`, `mean(field, where=filter)` and the like."""

from typing import Final

from ringfence.policy.expressions import Expression, Field, Type
from ringfence.policy.grammar import Parser
from ringfence.policy.plan import Measure, MeasureFunction
from ringfence.policy.problems import did_you_mean
from ringfence.policy.terms import Dimension, FieldScope, field_dimension, field_named
from ringfence.policy.tokens import ExpressionRefused, TokenKind

READABLE: Final = tuple(MeasureFunction)[:5]
"""The measures that a rule may state."""


def parse_measure(name: str, text: str) -> tuple[Measure, Dimension]:
    """Return the measure that `text` states and what its value counts. Raises `ExpressionRefused`."""
    parser = Parser(text, FieldScope())
    word = parser.take()
    functions = [str(function) for function in READABLE]
    if word.kind is not TokenKind.NAME or word.text not in functions:
        raise ExpressionRefused(word.start, f"unknown measure function {word.text}", did_you_mean(word.text, functions))
    function = MeasureFunction(word.text)
    parser.expect("(")
    if function is MeasureFunction.COUNT:
        measure, dimension = _count(name, parser), Dimension.PLAIN
    else:
        measure, dimension = _of_field(name, function, parser)
    parser.expect(")")
    parser.finish()
    return measure, dimension


def _count(name: str, parser: Parser) -> Measure:
    if parser.peek().text == ")":
        return Measure(name, MeasureFunction.COUNT)
    if parser.peek().text == "where":
        raise ExpressionRefused(parser.peek().start, "count takes its filter without where=", "write count(filter)")
    return Measure(name, MeasureFunction.COUNT, where=parser.condition())


def _of_field(name: str, function: MeasureFunction, parser: Parser) -> tuple[Measure, Dimension]:
    word = parser.take()
    if word.kind is not TokenKind.NAME:
        raise ExpressionRefused(
            word.start, f"{function} needs a field", f"write {function}(field) or {function}(field, where=filter)"
        )
    field = field_named(word)
    if function is not MeasureFunction.DISTINCT and field.type is not Type.NUMBER:
        raise ExpressionRefused(
            word.start, f"{function} needs a number field, {field.name} is {field.type}", "distinct counts values"
        )
    where: Expression | None = None
    if parser.accept(","):
        parser.expect("where")
        parser.expect("=")
        where = parser.condition()
    elif parser.peek().text != ")":
        token = parser.peek()
        raise ExpressionRefused(token.start, f"{function} measures one field", f"write {function}({field.name}, where=filter)")
    dimension = Dimension.PLAIN if function is MeasureFunction.DISTINCT else field_dimension(field)
    return Measure(name, function, Field(field.name, field.type), where), dimension

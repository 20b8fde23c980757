"""An expression as text: what is read again is the same tree."""

from decimal import Decimal
from typing import Final

from ringfence.policy.durations import write_duration
from ringfence.policy.expressions import (
    Arithmetic,
    Call,
    Choice,
    Comparison,
    Connective,
    Dimension,
    Expression,
    Field,
    Listed,
    Literal,
    Lookup,
    MeasureValue,
    Membership,
    Negation,
    Past,
    PastValue,
    Type,
    Unset,
)
from ringfence.policy.fields import FIELDS
from ringfence.policy.functions import FUNCTIONS, Takes
from ringfence.policy.moments import write_moment
from ringfence.policy.plan import Measure
from ringfence.vocabulary.times import Micros

# How tightly each kind of expression binds, loosest first, as in the grammar.
_CHOICE, _OR, _AND, _NOT, _COMPARISON, _SUM, _PRODUCT, _SIGN, _ATOM = range(9)
_BINDING: Final = {"or": _OR, "and": _AND, "+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT}


def written(expression: Expression) -> str:
    """Return the expression as a rule writes it, with no more parentheses than it needs."""
    match expression:
        case Literal():
            return _literal(expression, expression.dimension)
        case Field(name=name) | MeasureValue(name=name):
            return name
        case Arithmetic(operator=operator, left=left, right=right):
            binding = _BINDING[operator]
            return f"{_within(left, binding)} {operator} {_within(right, binding + 1)}"
        case Comparison(operator=operator, left=left, right=right):
            return f"{_side(left, right)} {operator} {_side(right, left)}"
        case Connective(operator=operator, operands=operands):
            return f" {operator} ".join(_within(operand, _BINDING[operator] + 1) for operand in operands)
        case Negation(operand=operand):
            return f"not {_within(operand, _NOT)}"
        case Choice(condition=condition, then=then, otherwise=otherwise):
            return f"{_within(then, _OR)} if {_within(condition, _OR)} else {written(otherwise)}"
        case Membership() | Listed() | Unset():
            return _question(expression)
        case Call() | Lookup() | PastValue():
            return _invocation(expression)


def written_measure(measure: Measure, *, several_windows: bool = False) -> str:
    """Return the measure as a rule writes it: `distinct(callee, where=answered)`. The window is named where there are several."""
    told = [write_duration(measure.length_us)] if measure.length_us is not None else []
    told += [written(measure.value)] if measure.value is not None else []
    if measure.where is not None:
        told.append(f"where={written(measure.where)}" if told else written(measure.where))
    told += [f"on={measure.on}"] if measure.on is not None else []
    told += [f"over={measure.window}"] if several_windows and measure.window is not None else []
    told += [f"same={written(measure.same)}"] if measure.same is not None else []
    return f"{measure.function}({', '.join(told)})"


def _question(expression: Membership | Listed | Unset) -> str:
    """Return what asks one thing of its left side."""
    word = "not in" if expression.negated else "in"
    match expression:
        case Unset(operand=operand, negated=negated):
            return f"{_within(operand, _SUM)} is {'not ' if negated else ''}None"
        case Listed(operand=operand, list=name, prefix=prefix):
            return f"{_within(operand, _SUM)} {word} {'prefixes' if prefix else 'list'}({_quoted(name)})"
        case Membership(left=left, options=options):
            among = ", ".join(_side(option, left) for option in options)
            return f"{_within(left, _SUM)} {word} ({among}{',' if len(options) == 1 else ''})"


def _invocation(expression: Call | Lookup | PastValue) -> str:
    match expression:
        case Call(function=function, arguments=arguments):
            known = FUNCTIONS[function].parameters
            takes = [known[min(place, len(known) - 1)].takes for place in range(len(arguments))]
            name, told = function, [_argument(each, kind) for each, kind in zip(arguments, takes, strict=True)]
        case Lookup(list=table, column=column, keys=keys, prefix=prefix):
            name = "lookup_prefix" if prefix else "lookup"
            told = [_quoted(table), _quoted(column), *map(written, keys)]
        case PastValue(past=past, measure=measure, periods=periods, quantile=quantile):
            name, told = str(past), [measure]
            told += [f"weeks={periods}"] if past is Past.USUAL else [_number(quantile)] if past is Past.PEERS else []
    return f"{name}({', '.join(told)})"


def _argument(expression: Expression, takes: Takes) -> str:
    text = written(expression)
    return f"list({text})" if takes is Takes.NAMED_LIST else text


def _within(expression: Expression, least: int) -> str:
    """Return the expression, between parentheses where it binds less tightly than what it stands in."""
    text = written(expression)
    return text if _binding(expression) >= least else f"({text})"


def _binding(expression: Expression) -> int:
    match expression:
        case Connective(operator=operator) | Arithmetic(operator=operator):
            return _BINDING[operator]
        case Negation():
            return _NOT
        case Comparison() | Membership() | Listed() | Unset():
            return _COMPARISON
        case Choice():
            return _CHOICE
        case Literal(value=float() | int() as value) if value < 0:
            return _SIGN
        case _:
            return _ATOM


def _side(expression: Expression, other: Expression) -> str:
    """Return one side of a comparison. A number that nobody gave a unit has that of the field it is compared with."""
    if isinstance(expression, Literal) and expression.dimension is Dimension.ANY and expression.value and isinstance(other, Field):
        return _literal(expression, FIELDS[other.name].dimension)
    return _within(expression, _SUM)


def _literal(literal: Literal, dimension: Dimension) -> str:
    value = literal.value
    if literal.type is Type.TEXT:
        return _quoted(str(value))
    if isinstance(value, bool):
        return str(value)
    number = float(value)
    if dimension is Dimension.MOMENT:
        return f'date("{write_moment(Micros(int(number)))}")'
    if dimension is Dimension.TIME:
        return f"{'-' if number < 0 else ''}{write_duration(Micros(int(abs(number))))}" if number else "0s"
    return _number(number)


def _number(value: float) -> str:
    return f"{value:.0f}" if value == int(value) else f"{Decimal(repr(value)):f}"


def _quoted(text: str) -> str:
    mark = "'" if '"' in text else '"'
    return f"{mark}{text}{mark}"

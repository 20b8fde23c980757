"""Walking an expression's tree."""

from collections.abc import Iterable, Iterator

from ringfence.policy.expressions import Choice, Expression, Field, MeasureValue, PastValue


def children(expression: Expression) -> Iterator[Expression]:
    """Yield what the expression is made of, in order."""
    for name in type(expression).__match_args__:  # its fields: `dataclasses.fields` takes ten times as long
        value = getattr(expression, name)
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, Expression):
                yield item


def parts(*expressions: Expression | None) -> Iterator[Expression]:
    """Yield the expressions and everything they are made of, each before its own parts."""
    for expression in expressions:
        if expression is not None:
            yield expression
            yield from parts(*children(expression))


def measures_in(*expressions: Expression | None) -> tuple[str, ...]:
    """Return the names of the measures that they read, now or in periods gone by, in order and each once."""
    found: Iterable[str] = (
        part.name if isinstance(part, MeasureValue) else part.measure
        for part in parts(*expressions)
        if isinstance(part, MeasureValue | PastValue)
    )
    return tuple(dict.fromkeys(found))


def fields_in(*expressions: Expression | None) -> frozenset[str]:
    """Return the event fields that they read."""
    return frozenset(part.name for part in parts(*expressions) if isinstance(part, Field))


def results(expression: Expression) -> Iterator[Expression]:
    """Yield what the expression may come to: both sides of a choice, else itself."""
    if isinstance(expression, Choice):
        yield from results(expression.then)
        yield from results(expression.otherwise)
    else:
        yield expression

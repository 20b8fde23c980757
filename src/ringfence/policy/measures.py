"""A measure as a rule states it: `count()`, `count(filter)`, `distinct(value)`, `mean(value, where=filter, over=window)`."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from ringfence.policy.durations import DURATION_HINT, parse_duration
from ringfence.policy.expressions import Expression, Type
from ringfence.policy.grammar import Parser
from ringfence.policy.plan import Measure, MeasureFunction
from ringfence.policy.problems import did_you_mean
from ringfence.policy.questions import LeftOpen, Question
from ringfence.policy.terms import Dimension, Scope, Term, is_constant
from ringfence.policy.tokens import ExpressionRefused, Token, TokenKind
from ringfence.policy.windows import LONGEST_WITHOUT_GRAIN, ONLY
from ringfence.vocabulary.contracts import EventKind
from ringfence.vocabulary.times import Micros

OF_A_FILTER: Final = frozenset(
    {MeasureFunction.COUNT, MeasureFunction.RUN, MeasureFunction.CONCURRENT, MeasureFunction.SINCE, MeasureFunction.GAP}
)
"""Functions that take their filter first: `count(answered)`. All others take a value first, `peak` a duration."""

OF_ANY_VALUE: Final = frozenset({MeasureFunction.DISTINCT, MeasureFunction.MOST})
"""Functions that tell values apart, so that texts will do. The others need numbers."""

WITHOUT_WINDOW: Final = frozenset({MeasureFunction.RUN, MeasureFunction.CONCURRENT, MeasureFunction.SINCE, MeasureFunction.GAP})
"""Functions that look back as far as the last events they need, whatever the clock says."""

OF_TIME: Final = frozenset({MeasureFunction.SINCE, MeasureFunction.GAP})
"""Functions whose value is a duration whatever they are taken of."""

KEYWORDS: Final = ("where", "on", "over", "same")


@dataclass(slots=True)
class _Arguments:
    """What stands between the parentheses."""

    value: Term | None = None
    length_us: Micros | None = None
    where: Expression | None = None
    on: EventKind | None = None
    over: str | None = None
    same: Expression | None = None


def parse_measure(name: str, text: str, scope: Scope, windows: Collection[str] | None) -> tuple[Measure, Dimension]:
    """Return the measure that `text` states and what its value counts.

    `scope` names what its value and its filter may use. `windows` are the names of the rule's windows, `None` where they are not
    known for a mistake of their own. Raises `ExpressionRefused`.
    """
    parser = Parser(text, scope)
    word = parser.take()
    functions = [str(function) for function in MeasureFunction]
    if word.kind is not TokenKind.NAME or word.text not in functions:
        raise ExpressionRefused(word.start, f"unknown measure function {word.text}", did_you_mean(word.text, functions))
    function = MeasureFunction(word.text)
    parser.expect("(")
    arguments = _Arguments()
    separated = _first(parser, function, arguments)
    while parser.peek().text != ")":
        if separated and not parser.accept(","):
            raise _unexpected(parser.peek(), function)
        _keyword(parser, function, arguments, windows)
        separated = True
    parser.expect(")")
    parser.finish()
    window = _window(word, function, arguments, windows)
    value = arguments.value.expression if arguments.value else None
    measure = Measure(name, function, value, arguments.where, arguments.on, window, arguments.length_us, arguments.same)
    return measure, _dimension(function, arguments)


def _first(parser: Parser, function: MeasureFunction, arguments: _Arguments) -> bool:
    """Read what stands first, and tell whether anything did."""
    token = parser.peek()
    absent = token.text == ")" or token.text in KEYWORDS
    if function in OF_A_FILTER:
        if token.text == "where":
            raise ExpressionRefused(token.start, f"{function} takes its filter without where=", f"write {function}(filter)")
        if absent and function is MeasureFunction.RUN:
            raise ExpressionRefused(token.start, "a run of what?", "write run(filter): how many in a row it holds for")
        arguments.where = None if absent else parser.condition()
    elif function is MeasureFunction.PEAK:
        arguments.length_us = _length(parser)
        absent = False
    elif absent:
        raise ExpressionRefused(
            token.start, f"{function} needs a value", f"write {function}(field) or {function}(field, where=filter)"
        )
    else:
        arguments.value = _value(parser, function)
    return not absent


def _length(parser: Parser) -> Micros:
    token = parser.take()
    length = parse_duration(token.text) if token.kind is TokenKind.DURATION else None
    if not length:
        raise ExpressionRefused(token.start, "peak needs the span whose fullest is meant", f"write peak(60s); {DURATION_HINT}")
    if length > LONGEST_WITHOUT_GRAIN:
        raise ExpressionRefused(token.start, f"a peak of {token.text} cannot be kept", "at most 1d")
    return length


def _value(parser: Parser, function: MeasureFunction) -> Term:
    term = parser.expression()
    if is_constant(term.expression):
        raise ExpressionRefused(term.start, f"{function} of a constant is always the same", "name a field, or write count()")
    if function in OF_ANY_VALUE:
        if term.type is Type.BOOL:
            raise ExpressionRefused(term.start, f"{function} of two values, true and false", "write count(filter)")
    elif term.type is not Type.NUMBER:
        raise ExpressionRefused(term.start, f"{function} needs a number, this is {term.type}", "distinct counts values")
    return term


def _keyword(parser: Parser, function: MeasureFunction, arguments: _Arguments, windows: Collection[str] | None) -> None:
    word = parser.take()
    if word.text not in KEYWORDS or (word.text == "where" and function in OF_A_FILTER):
        if word.kind is TokenKind.END:
            raise ExpressionRefused(word.start, "it ends where a value is expected", "complete it")
        if parser.peek().text == "=" and word.text not in KEYWORDS:
            raise ExpressionRefused(word.start, f"unknown argument {word.text}", did_you_mean(word.text, KEYWORDS))
        raise _unexpected(word, function)
    parser.expect("=")
    stated = {
        "where": arguments.where is not None,
        "on": arguments.on is not None,
        "over": arguments.over is not None,
        "same": arguments.same is not None,
    }
    if stated[word.text]:
        raise ExpressionRefused(word.start, f"{word.text}= stands twice", "join conditions by and or or")
    match word.text:
        case "where":
            arguments.where = parser.condition()
        case "on":
            arguments.on = _kind(parser.take())
        case "over":
            arguments.over = _over(parser.take(), windows)
        case _:
            arguments.same = _same(parser, word, function)


def _kind(token: Token) -> EventKind:
    kinds = [str(kind) for kind in EventKind]
    if token.text not in kinds:
        raise ExpressionRefused(token.start, f"on cannot be {token.text!r}", did_you_mean(token.text, kinds))
    return EventKind(token.text)


def _over(token: Token, windows: Collection[str] | None) -> str:
    if windows is not None and token.text not in windows:
        hint = did_you_mean(token.text, windows) or "state it under window"
        raise ExpressionRefused(token.start, f"unknown window {token.text}", hint)
    return token.text


def _same(parser: Parser, word: Token, function: MeasureFunction) -> Expression:
    if function is MeasureFunction.CONCURRENT:
        raise ExpressionRefused(word.start, "concurrent calls need not be the same", "write concurrent(filter)")
    term = parser.expression()
    if is_constant(term.expression):
        raise ExpressionRefused(term.start, "a constant never changes", "write same=content, or leave it out")
    return term.expression


def _unexpected(token: Token, function: MeasureFunction) -> ExpressionRefused:
    if token.kind is TokenKind.END:
        return ExpressionRefused(token.start, ") is missing before the end")
    example = f"{function}(filter, over=hour)" if function in OF_A_FILTER else f"{function}(field, where=filter)"
    return ExpressionRefused(token.start, f"{function} measures one thing", f"write {example}")


def _window(word: Token, function: MeasureFunction, arguments: _Arguments, windows: Collection[str] | None) -> str | None:
    """Return the name of the window that the measure is taken over, `None` for a function without."""
    if function in WITHOUT_WINDOW:
        if arguments.over is not None:
            raise ExpressionRefused(word.start, f"{function} looks back without a window", "leave over= out")
        if function is MeasureFunction.CONCURRENT and arguments.on is not None:
            raise ExpressionRefused(word.start, "calls alone are concurrent", "leave on= out")
        return None
    if arguments.over is not None or windows is None:
        return arguments.over or ONLY
    if not windows:
        cause = f"{function} over which time? The rule has no window"
        raise LeftOpen(Question.WINDOW, word.start, cause, "write window: 1h rolling")
    if len(windows) > 1:
        hint = f"write over= and one of {', '.join(windows)}"
        raise LeftOpen(Question.WINDOW, word.start, f"{function} over which window?", hint)
    return next(iter(windows))


def _dimension(function: MeasureFunction, arguments: _Arguments) -> Dimension:
    if function in OF_TIME:
        return Dimension.TIME
    if function in OF_ANY_VALUE or arguments.value is None:
        return Dimension.PLAIN
    return arguments.value.dimension

"""What stands as `NAME(…)` in an expression: a function with its arguments checked, a lookup, a moment."""

from typing import TYPE_CHECKING, Final

from ringfence.policy.expressions import Call, Dimension, Expression, Literal, Lookup, Type
from ringfence.policy.functions import FUNCTIONS, SPECIAL, Function, Takes
from ringfence.policy.local_time import days_problem, hours_problem, is_clock
from ringfence.policy.moments import MOMENT_HINT, parse_moment, zone_problem
from ringfence.policy.patterns import Pattern, PatternRefused
from ringfence.policy.plan import MeasureFunction, Table
from ringfence.policy.problems import did_you_mean
from ringfence.policy.tables import columns_of, content_of
from ringfence.policy.terms import Term, joined_dimension
from ringfence.policy.tokens import ExpressionRefused, Token, TokenKind, number_in

if TYPE_CHECKING:
    from ringfence.policy.grammar import Parser

MOST_CHARACTERS: Final = 64
"""The longest prefix that a function takes."""
MOST_ARGUMENTS: Final = 8
LIST_HINTS: Final = {
    "calling_hours": "it needs the columns weekdays (1-5), from (08:00) and to (21:00), filled in every row",
    "holiday": "its entries are days",
}


def invocation(parser: "Parser", word: Token) -> Term:
    """Read the arguments of `word` from the opening parenthesis on. Raises `ExpressionRefused`."""
    match word.text:
        case "date":
            return _date(parser, word)
        case "lookup" | "lookup_prefix":
            return _lookup(parser, word)
    function = FUNCTIONS.get(word.text)
    if function is None:
        raise _unknown(word)
    parser.expect("(")
    terms = _arguments(parser, word, function)
    end = parser.expect(")")
    dimension = function.dimension
    if dimension is None:
        dimension = joined_dimension(terms, word)
    tree = Call(function.name, tuple(term.expression for term in terms), function.type)
    return Term(tree, dimension, word.start, end.end)


def listed(parser: "Parser", word: Token) -> tuple[Table, bool, int]:
    """Read `list("name")` or `prefixes("name")`, of which `word` is the first; return the list, whether by prefix, and the end."""
    parser.expect("(")
    table = _list(parser)
    return table, word.text == "prefixes", parser.expect(")").end


def _unknown(word: Token) -> ExpressionRefused:
    if word.text in tuple(MeasureFunction):
        return ExpressionRefused(word.start, f"{word.text}(…) is not part of a condition", "measures are taken under measure")
    if word.text in ("list", "prefixes"):
        return ExpressionRefused(word.start, f"{word.text}(…) is no value", f'write callee in {word.text}("name")')
    return ExpressionRefused(word.start, f"unknown function {word.text}", did_you_mean(word.text, {*FUNCTIONS, *SPECIAL}))


def _arguments(parser: "Parser", word: Token, function: Function) -> list[Term]:
    """Read what stands between the parentheses, each as its parameter wants it."""
    terms: list[Term] = []
    wanted = function.parameters
    most = MOST_ARGUMENTS if function.more else len(wanted)
    least = len(wanted) - function.may_omit
    while parser.peek().text != ")" or len(terms) < least:
        if len(terms) >= most:
            raise ExpressionRefused(parser.peek().start, f"{word.text} takes no more", f"write {function.usage}")
        if parser.peek().text == ")" or (terms and parser.peek().text != ","):
            raise ExpressionRefused(parser.peek().start, f"{word.text} takes more", f"write {function.usage}")
        if terms:
            parser.expect(",")
        parameter = wanted[min(len(terms), len(wanted) - 1)]
        terms.append(_argument(parser, function, parameter.takes))
    return terms


def _argument(parser: "Parser", function: Function, takes: Takes) -> Term:
    start = parser.peek().start
    match takes:
        case Takes.WHOLE:
            return _whole(parser, function)
        case Takes.ZONE:
            return _zone(parser)
        case Takes.LIST:
            return _of_text(_fitting_list(parser, function).name, start)
        case Takes.NAMED_LIST:
            word = parser.take()
            if word.text != "list" or word.kind is not TokenKind.NAME:
                raise ExpressionRefused(word.start, f"{function.name} is of a list", f"write {function.usage}")
            return _of_text(listed(parser, word)[0].name, start)
        case Takes.PATTERN:
            return _pattern(parser)
        case Takes.CLOCK:
            return _clock(parser)
    term = parser.expression()
    wanted = Type.TEXT if takes is Takes.TEXT else Type.NUMBER
    if term.type is not wanted:
        raise ExpressionRefused(term.start, f"{function.name} needs {wanted}, this is {term.type}", f"write {function.usage}")
    return term


def _of_text(text: str, start: int) -> Term:
    return Term(Literal(text, Type.TEXT), Dimension.PLAIN, start, start)


def _quoted(parser: "Parser", what: str, example: str) -> Token:
    token = parser.take()
    if token.kind is not TokenKind.TEXT:
        raise ExpressionRefused(token.start, f"{what} is written between quotation marks", f"write {example}")
    return token


def _whole(parser: "Parser", function: Function) -> Term:
    token = parser.take()
    count = number_in(token.text)
    if count is None or count != int(count) or not 1 <= count <= MOST_CHARACTERS:
        cause = f"{function.name} needs a whole number from 1 to {MOST_CHARACTERS}"
        raise ExpressionRefused(token.start, cause, f"write {function.usage}")
    return Term(Literal(count, Type.NUMBER, Dimension.PLAIN), Dimension.PLAIN, token.start, token.end)


def _zone(parser: "Parser") -> Term:
    token = _quoted(parser, "a time zone", '"Europe/Brussels" or "UTC"')
    name = token.text[1:-1]
    if (hint := zone_problem(name)) is not None:
        raise ExpressionRefused(token.start, f"{name} is no time zone", hint)
    return _of_text(name, token.start)


def _clock(parser: "Parser") -> Term:
    token = _quoted(parser, "a time of day", '"21:00"')
    if not is_clock(token.text[1:-1]):
        raise ExpressionRefused(token.start, f"{token.text[1:-1]} is no time of day", 'write "08:00"')
    return _of_text(token.text[1:-1], token.start)


def _list(parser: "Parser") -> Table:
    token = _quoted(parser, "a list's name", 'list("high-risk")')
    name = token.text[1:-1]
    table = parser.scope.lists.get(name)
    if table is None:
        hint = did_you_mean(name, parser.scope.lists) or f"write lists/{name}.csv"
        raise ExpressionRefused(token.start, f"unknown list {name}", hint)
    return table


def _fitting_list(parser: "Parser", function: Function) -> Table:
    token = parser.peek()
    table = _list(parser)
    problem = hours_problem(table) if function.name == "calling_hours" else days_problem(table)
    if problem is not None:
        raise ExpressionRefused(token.start, problem, LIST_HINTS[function.name])
    return table


def _pattern(parser: "Parser") -> Term:
    token = _quoted(parser, "a pattern", 'matches(caller, "1[0-9]{10}")')
    try:
        Pattern(token.text[1:-1])
    except PatternRefused as refused:
        raise ExpressionRefused(token.start + 1 + refused.offset, refused.cause, refused.hint) from None
    return _of_text(token.text[1:-1], token.start)


def _date(parser: "Parser", word: Token) -> Term:
    parser.expect("(")
    token = _quoted(parser, "a date", MOMENT_HINT.removeprefix("write "))
    text, zone = token.text[1:-1], "UTC"
    if parser.accept(","):
        zone = str(_text_in(_zone(parser).expression))
    moment = parse_moment(text, zone)
    if moment is None:
        raise ExpressionRefused(token.start, f"{text!r} names no moment", MOMENT_HINT)
    end = parser.expect(")")
    return Term(Literal(float(moment), Type.NUMBER, Dimension.MOMENT), Dimension.MOMENT, word.start, end.end)


def _text_in(expression: Expression) -> str:
    assert isinstance(expression, Literal)
    return str(expression.value)


def _lookup(parser: "Parser", word: Token) -> Term:
    usage = f"write {SPECIAL[word.text][0]}"
    parser.expect("(")
    table = _list(parser)
    parser.expect(",")
    token = _quoted(parser, "a column's name", usage.removeprefix("write "))
    column, known = token.text[1:-1], columns_of(table)
    if column not in known:
        raise ExpressionRefused(token.start, f"list {table.name} has no column {column}", did_you_mean(column, known))
    keys: list[Expression] = []
    prefix = word.text == "lookup_prefix"
    while not keys or parser.peek().text != ")":
        if parser.peek().text != "," or (prefix and keys) or len(keys) == MOST_ARGUMENTS:
            raise ExpressionRefused(parser.peek().start, f"{word.text} asks by {'one key' if prefix else 'keys'}", usage)
        parser.expect(",")
        key = parser.expression()
        if key.type is not Type.TEXT:
            raise ExpressionRefused(key.start, f"{word.text} asks by texts, this is {key.type}", usage)
        keys.append(key.expression)
    end = parser.expect(")")
    kind, dimension = content_of(table, column)
    return Term(Lookup(table.name, column, tuple(keys), prefix, kind), dimension, word.start, end.end)

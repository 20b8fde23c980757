"""The expression language: a subset of Python's expression syntax, checked for types while it is read.

    expression  = disjunction ["if" disjunction "else" expression]
    disjunction = conjunction {"or" conjunction}        sum     = product {("+" | "-") product}
    conjunction = negation {"and" negation}             product = sign {("*" | "/") sign}
    negation    = "not" negation | comparison           sign    = "-" sign | atom
    comparison  = sum {("==" | "!=" | "<" | "<=" | ">" | ">=") sum} | sum "is" ["not"] "None"
                | sum ["not"] "in" "(" literal "," [literal {"," literal}] ")"
                | sum ["not"] "in" ("list" | "prefixes") "(" text ")"
    atom        = number | duration | text | "True" | "False" | name | "(" expression ")"
                | name "(" [expression {"," expression}] ")"

It binds as Python does, so whatever is accepted means what a reader of Python takes it to mean; durations are the one addition.
"""

from dataclasses import replace
from typing import Final

from ringfence.policy.durations import parse_duration
from ringfence.policy.expressions import (
    Call,
    Choice,
    Comparison,
    Connective,
    Dimension,
    Expression,
    Field,
    Listed,
    Literal,
    Membership,
    Negation,
    Type,
    Unset,
)
from ringfence.policy.invocations import invocation, listed
from ringfence.policy.problems import did_you_mean
from ringfence.policy.terms import (
    Scope,
    Term,
    arithmetic,
    comparison_dimension,
    constant,
    is_constant,
    joined_dimension,
    may_be_unset,
    possible_values,
)
from ringfence.policy.tokens import ExpressionRefused, Token, TokenKind, tokenize

MAX_DEPTH: Final = 24
MAX_OPERATIONS: Final = 100
"""Of `+ - * /` in one expression: each makes the tree deeper, and whoever walks it walks it by calling itself."""
COMPARISONS: Final = ("==", "!=", "<", "<=", ">", ">=")


class Parser:
    """Reads one text. `thresholds` gathers the numbers that comparisons hold other things against."""

    def __init__(self, text: str, scope: Scope) -> None:
        self.text = text
        self.thresholds: dict[str, float] = {}
        self.scope = scope
        self._tokens = tokenize(text)
        self._next = 0
        self._depth = 0
        self._operations = 0

    def peek(self) -> Token:
        """Return the next token and leave it."""
        return self._tokens[self._next]

    def take(self) -> Token:
        """Return the next token and go past it."""
        token = self._tokens[self._next]
        self._next = min(self._next + 1, len(self._tokens) - 1)
        return token

    def accept(self, *texts: str) -> Token | None:
        """Take the next token if it is one of these operators or words."""
        token = self.peek()
        return self.take() if token.kind in (TokenKind.OPERATOR, TokenKind.WORD) and token.text in texts else None

    def expect(self, text: str, hint: str = "") -> Token:
        """Take the operator or word `text`. Raises `ExpressionRefused` where something else stands."""
        token = self.accept(text)
        if token is None:
            found = self.peek()
            raise ExpressionRefused(found.start, f"{text} is missing before {found.text or 'the end'}", hint)
        return token

    def finish(self) -> None:
        """Raise `ExpressionRefused` if anything is left."""
        token = self.peek()
        if token.kind is TokenKind.END:
            return
        raise ExpressionRefused(token.start, f"{token.text} is not expected here", "join conditions by and or or")

    def condition(self) -> Expression:
        """Return what comes next as a condition. Raises `ExpressionRefused` where it is not one."""
        term = self.expression()
        self._need_bool(term)
        return term.expression

    def expression(self) -> Term:
        """Read a whole expression, up to where nothing more belongs to it."""
        then = self._connective("or")
        word = self.accept("if")
        if word is None:
            return then
        self._enter(word)
        condition = self._connective("or")
        self._need_bool(condition)
        self.expect("else", "a choice has two sides: A if CONDITION else B")
        otherwise = self.expression()
        self._depth -= 1
        if then.type is not otherwise.type:
            cause = f"{then.type} or {otherwise.type}: both sides of a choice must be of one type"
            raise ExpressionRefused(otherwise.start, cause)
        dimension = joined_dimension((then, otherwise), word)
        tree = Choice(condition.expression, then.expression, otherwise.expression, then.type)
        return Term(tree, dimension, then.start, otherwise.end)

    def _connective(self, word: str) -> Term:
        read = self._negation if word == "and" else lambda: self._connective("and")
        terms = [read()]
        while self.accept(word):
            terms.append(read())
        if len(terms) == 1:
            return terms[0]
        for term in terms:
            self._need_bool(term)
        tree = Connective(word, tuple(term.expression for term in terms))
        return Term(tree, Dimension.PLAIN, terms[0].start, terms[-1].end)

    def _need_bool(self, term: Term) -> None:
        if term.type is not Type.BOOL:
            hint = "compare it: is not None asks whether it is set" if term.type is Type.TEXT else "compare it with a number"
            raise ExpressionRefused(term.start, f"a condition is needed, this is {term.type}", hint)

    def _negation(self) -> Term:
        word = self.accept("not")
        if word is None:
            return self._comparison()
        self._enter(word)
        operand = self._negation()
        self._depth -= 1
        self._need_bool(operand)
        return Term(Negation(operand.expression), Dimension.PLAIN, word.start, operand.end)

    def _enter(self, token: Token) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ExpressionRefused(token.start, f"nested deeper than {MAX_DEPTH} levels", "split it over measures")

    def _comparison(self) -> Term:
        left = self._sum()
        if self.accept("is"):
            return self._unset(left)
        negated = self.accept("not")
        if negated or self.peek().text == "in":
            self.expect("in")
            return self._membership(left, negated=negated is not None)
        parts: list[Expression] = []
        first = left
        while operator := self.accept(*COMPARISONS):
            right = self._sum()
            parts.append(self._compare(left, operator, right))
            left = right
        if self.peek().text == "=":
            raise _misplaced(self.peek())
        if not parts:
            return first
        tree = parts[0] if len(parts) == 1 else Connective("and", tuple(parts))
        return Term(tree, Dimension.PLAIN, first.start, left.end)

    def _compare(self, left: Term, operator: Token, right: Term) -> Comparison:
        if left.type is not right.type:
            raise ExpressionRefused(right.start, f"{left.type} {operator.text} {right.type}: both sides must be of one type")
        if left.type is not Type.NUMBER and operator.text not in ("==", "!="):
            raise ExpressionRefused(operator.start, f"{operator.text} compares numbers, these are {left.type}", "write == or !=")
        if is_constant(left.expression) and is_constant(right.expression):
            raise ExpressionRefused(left.start, "compares two constants", "compare a field or a measure")
        comparison_dimension(left, right, operator)
        for side, other in ((left, right), (right, left)):
            self._possible(side.expression, other)
            if (limit := constant(other.expression)) is not None:
                self._note_threshold(side.written(self.text), operator.text, limit)
        return Comparison(operator.text, left.expression, right.expression)

    def _note_threshold(self, compared: str, operator: str, limit: float) -> None:
        """Keep the number under the compared text; under text and operator where another number stands there already."""
        if self.thresholds.setdefault(compared, limit) != limit:
            self.thresholds[f"{compared} {operator}"] = limit

    def _possible(self, side: Expression, other: Term) -> None:
        """Refuse to compare a field of few values with one it never holds."""
        known = possible_values(side)
        if known and isinstance(other.expression, Literal) and (value := str(other.expression.value)) not in known:
            name = side.name if isinstance(side, Field) else side.function if isinstance(side, Call) else "it"
            raise ExpressionRefused(other.start, f"{name} is never {value!r}", did_you_mean(value, known))

    def _unset(self, left: Term) -> Term:
        negated = self.accept("not") is not None
        end = self.expect("None")
        if not may_be_unset(left.expression):
            raise ExpressionRefused(left.start, f"{left.written(self.text)} is always set", "leave the question out")
        return Term(Unset(left.expression, negated), Dimension.PLAIN, left.start, end.end)

    def _membership(self, left: Term, *, negated: bool) -> Term:
        if left.type is Type.BOOL or is_constant(left.expression):
            raise ExpressionRefused(left.start, "in asks about a text or a number that varies")
        if self.peek().kind is TokenKind.NAME:
            return self._listed(left, negated=negated)
        self.expect("(")
        options: list[Literal] = []
        commas = 0
        while not (end := self.accept(")")):
            option = self._sum()
            if not isinstance(option.expression, Literal):
                raise ExpressionRefused(option.start, "in needs plain values", "write them out: in (404, 410)")
            if option.type is not left.type:
                raise ExpressionRefused(option.start, f"{left.type} in a list with {option.type}: all must be of one type")
            comparison_dimension(left, option, self.peek())
            self._possible(left.expression, option)
            options.append(option.expression)
            if self.accept(","):
                commas += 1
            elif self.peek().text != ")":
                self.expect(",")
        if not commas:
            raise ExpressionRefused(end.start, "in needs a list of values", "write == for one value, commas between several")
        return Term(Membership(left.expression, tuple(options), negated), Dimension.PLAIN, left.start, end.end)

    def _listed(self, left: Term, *, negated: bool) -> Term:
        word = self.take()
        if word.text not in ("list", "prefixes"):
            raise ExpressionRefused(word.start, "in needs a list", 'write in (404, 410), in list("name") or in prefixes("name")')
        table, prefix, end = listed(self, word)
        if left.type is not Type.TEXT:
            raise ExpressionRefused(left.start, f"a list has texts, this is {left.type}")
        return Term(Listed(left.expression, table.name, prefix, negated), Dimension.PLAIN, left.start, end)

    def _sum(self) -> Term:
        term = self._product()
        while operator := self.accept("+", "-"):
            term = self._arithmetic(term, operator, self._product())
        return term

    def _product(self) -> Term:
        term = self._sign()
        while operator := self.accept("*", "/"):
            term = self._arithmetic(term, operator, self._sign())
        return term

    def _arithmetic(self, left: Term, operator: Token, right: Term) -> Term:
        self._operations += 1
        if self._operations > MAX_OPERATIONS:
            raise ExpressionRefused(operator.start, f"more than {MAX_OPERATIONS} of + - * /", "split it over measures")
        return arithmetic(left, operator, right)

    def _sign(self) -> Term:
        minus = self.accept("-")
        if minus is None:
            return self._atom()
        self._enter(minus)
        operand = self._sign()
        self._depth -= 1
        if isinstance(operand.expression, Literal) and operand.type is Type.NUMBER:
            negative = Literal(-float(operand.expression.value), Type.NUMBER, operand.dimension)
            return Term(negative, operand.dimension, minus.start, operand.end)
        if operand.dimension is Dimension.MOMENT:
            raise ExpressionRefused(minus.start, "- a moment", "from a moment take another, or add or take a duration")
        zero = Term(Literal(0.0, Type.NUMBER), Dimension.ANY, minus.start, minus.end)
        return self._arithmetic(zero, minus, operand)

    def _atom(self) -> Term:
        token = self.take()
        match token.kind:
            case TokenKind.NUMBER:
                value = float(token.text)
                dimension = Dimension.PLAIN if value else Dimension.ANY
                return Term(Literal(value, Type.NUMBER, dimension), dimension, token.start, token.end)
            case TokenKind.DURATION:
                length = Literal(float(parse_duration(token.text) or 0), Type.NUMBER, Dimension.TIME)
                return Term(length, Dimension.TIME, token.start, token.end)
            case TokenKind.TEXT:
                return Term(Literal(token.text[1:-1], Type.TEXT), Dimension.PLAIN, token.start, token.end)
            case TokenKind.NAME:
                return self._name(token)
        if token.text == "(":
            self._enter(token)
            term = self.expression()
            self._depth -= 1
            end = self.expect(")")
            return replace(term, start=token.start, end=end.end, inside=term.inside or (term.start, term.end))
        if token.text in ("True", "False"):
            return Term(Literal(token.text == "True", Type.BOOL), Dimension.PLAIN, token.start, token.end)
        raise _misplaced(token)

    def _name(self, token: Token) -> Term:
        if self.peek().text == "(":
            self._enter(token)
            term = self.scope.call(self, token) or invocation(self, token)
            self._depth -= 1
            return term
        return self.scope.term(token)


def _misplaced(token: Token) -> ExpressionRefused:
    if token.kind is TokenKind.END:
        return ExpressionRefused(token.start, "it ends where a value is expected", "complete it")
    if token.text == "None":
        return ExpressionRefused(token.start, "None is no value to compare with", "write is None or is not None")
    if token.text == "=":
        return ExpressionRefused(token.start, "= compares nothing", "write ==")
    return ExpressionRefused(
        token.start, f"{token.text} stands where a value is expected", "put a field, a measure or a value before it"
    )


def parse_condition(text: str, scope: Scope) -> tuple[Expression, dict[str, float]]:
    """Return the condition that `text` is, and its thresholds by the compared text. Raises `ExpressionRefused`."""
    parser = Parser(text, scope)
    tree = parser.condition()
    parser.finish()
    return tree, parser.thresholds


def parse_expression(text: str, scope: Scope) -> Term:
    """Return the whole expression that `text` is, whatever it yields. Raises `ExpressionRefused`."""
    parser = Parser(text, scope)
    term = parser.expression()
    parser.finish()
    return term

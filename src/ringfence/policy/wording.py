"""Expressions in plain English, for whoever a rule is about: `not answered and ring < 15s` is read as
*it was not answered and the time it rang is less than 15 seconds*.
"""

from collections.abc import Iterable
from typing import Final

from ringfence.policy.comparisons import MIRRORED, OPPOSITE
from ringfence.policy.durations import UNITS
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
from ringfence.policy.trees import measures_in
from ringfence.vocabulary.times import Micros, iso

NAMES: Final = {
    "caller": "the caller",
    "callee": "the called number",
    "target": "the user asked for",
    "source": "the sender's address",
    "destination": "the receiver's address",
    "duration": "its length",
    "ring": "the time it rang",
    "status": "the SIP status",
    "released_by": "the side that ended it",
    "traffic_class": "its class of traffic",
    "content": "its text",
    "name": "what is told",
    "value": "the number told",
    "price": "the price of a minute",
    "asserted": "the network's own caller number",
    "diverted": "the number that sent it on",
    "reporter": "who complained",
    "conduct_time": "the moment of the conduct",
    "root": "the customer at the head of the contract",
    "plan": "the account's plan",
    "kind": "the kind of event",
    "rule": "the rule that found it",
    "clause": "the clause",
    "points": "its points",
    "time": "its time",
}
"""Fields as people call them; the others are called by their name."""

TRUTHS: Final = {
    "answered": ("it was answered", "it was not answered"),
    "credentials": ("it carried credentials", "it carried no credentials"),
    "stale": ("its nonce was too old", "its nonce was not too old"),
    "late": ("it came late", "it did not come late"),
}

FUNCTIONS: Final = {
    "prefix": "the first {1} digits of {0}",
    "without_last": "{0} without its last {1} digits",
    "suffix": "the last {1} digits of {0}",
    "length": "how many digits {0} has",
    "lower": "{0}",
    "country": "the country of {0}",
    "number_type": "the type of {0}",
    "holder": "the account that holds {0}",
    "address_country": "the country where {0} is",
    "hour": "the hour in {0}",
    "minute": "the minute of the day in {0}",
    "weekday": "the day of the week in {0}",
    "age": "how old the list {0} was",
    "abs": "{0} without its sign",
    "round": "{0}, rounded",
    "floor": "{0}, rounded down",
    "ceil": "{0}, rounded up",
}
"""Functions that yield a text or a number, with their arguments."""

QUESTIONS: Final = {
    "same_prefix": ("{0} and {1} share their first {2} digits", "{0} and {1} do not share their first {2} digits"),
    "sampled": ("{0} is of the one in {1} that are looked at", "{0} is not of the one in {1} that are looked at"),
    "matches": ("{0} is written as {1}", "{0} is not written as {1}"),
    "valid": ("{0} is a number that its numbering plan assigns", "{0} is no number that its numbering plan assigns"),
    "possible": ("{0} is as long as its country's numbers are", "{0} is not as long as its country's numbers are"),
    "held": ("the account holds {0}", "the account does not hold {0}"),
    "may_show": ("the account has a right to show {0}", "the account has no right to show {0}"),
    "has_numbers": ("some number of {0} is known", "no number of {0} is known"),
    "holiday": ("it is a day of the list {0} in {1}", "it is no day of the list {0} in {1}"),
    "local_time": (
        "it is between {1} and {2} wherever {0} may be",
        "it is not between {1} and {2} wherever {0} may be, or nobody can tell",
    ),
    "public_holiday": ("it is a public holiday where {0} is", "it is no public holiday where {0} is, or nobody can tell"),
    "emergency": ("{0} calls for help in the country of {1}", "{0} does not call for help in the country of {1}"),
    "calling_hours": ("the list {0} allows calling {1} at that time", "the list {0} does not allow calling {1} at that time"),
}
"""Functions that are true or not, and what it means where they aren't."""

COMPARED: Final = {
    ">": "is more than",
    ">=": "is at least",
    "<": "is less than",
    "<=": "is at most",
    "==": "is",
    "!=": "is not",
}
_ARITHMETIC: Final = {"+": "plus", "-": "minus", "*": "times", "/": "divided by"}
_PLURALS: Final = {"ms": "milliseconds", "s": "seconds", "min": "minutes", "h": "hours", "d": "days"}


def length_in_words(length_us: float) -> str:
    """Return a length of time as people say it.

    >>> length_in_words(6_000_000), length_in_words(3_600_000_000), length_in_words(1_500_000)
    ('6 seconds', '1 hour', '1500 milliseconds')
    """
    for unit, size in reversed(UNITS.items()) if length_us else (("s", UNITS["s"]),):
        if length_us % size == 0:
            count, name = int(length_us // size), _PLURALS[unit]
            return f"{count} {name if count != 1 else name[:-1]}"
    return f"{length_us / 1000:g} milliseconds"


def condition_in_words(condition: Expression, *, negated: bool = False) -> str:
    """Return a condition as a clause: *it was answered and its length is less than 6 seconds*."""
    match condition:
        case Negation(operand=operand):
            return condition_in_words(operand, negated=not negated)
        case Connective(operator=operator, operands=operands):
            word = {"and": "or", "or": "and"}[operator] if negated else operator
            joined = operands if word == "and" else _without_unknowns(operands)
            if len(joined) == 1:
                return condition_in_words(joined[0], negated=negated)
            return f" {word} ".join(_grouped(operand, word, negated=negated) for operand in joined)
        case Comparison(operator=operator, left=left, right=right):
            if isinstance(left, Literal):
                return condition_in_words(Comparison(MIRRORED[operator], right, left), negated=negated)
            if not negated:
                return _compared(operator, left, right)
            unknown = " or is not known" if isinstance(left, MeasureValue | Field | Lookup) else ""
            return f"{_compared(OPPOSITE[operator], left, right)}{unknown}"
        case Field(name=name):
            return TRUTHS.get(name, (name, f"not {name}"))[negated]
        case Unset(operand=operand, negated=turned):
            return f"{in_words(operand)} is {'known' if turned is not negated else 'not known'}"
        case Membership(left=left, options=options, negated=turned):
            if turned is not negated:
                return f"{in_words(left)} is neither {_joined(map(_literal, options), 'nor')}"
            return f"{in_words(left)} is {_joined(map(_literal, options), 'or')}"
        case Listed(operand=operand, list=name, prefix=prefix, negated=turned):
            verb = ("begins", "does not begin") if prefix else ("is", "is not")
            told = f"with an entry of the list {name}" if prefix else f"on the list {name}"
            return f"{in_words(operand)} {verb[turned is not negated]} {told}"
        case Call(function=function, arguments=arguments) if function in QUESTIONS:
            return QUESTIONS[function][negated].format(*map(_argument, arguments))
        case Literal(value=value):
            return "always" if bool(value) is not negated else "never"
        case _:
            return f"{in_words(condition)} {'does not hold' if negated else 'holds'}"


def _without_unknowns(operands: tuple[Expression, ...]) -> tuple[Expression, ...]:
    """Return what `or` joins without `x is None` beside `x != "y"`: people take what nobody knows for another anyway."""
    others = {operand.left for operand in operands if isinstance(operand, Comparison) and operand.operator == "!="}
    return tuple(one for one in operands if not (isinstance(one, Unset) and not one.negated and one.operand in others))


def in_words(expression: Expression) -> str:
    """Return a text or a number as a noun phrase."""
    match expression:
        case Literal():
            return _literal(expression)
        case Field(name=name):
            return NAMES.get(name, f"the {name.replace('_', ' ')}")
        case MeasureValue(name=name):
            return f"“{name.replace('_', ' ')}”"
        case Arithmetic(left=left, right=right) if _is_share(expression):
            return f"the share of {_operand(left)} in {_operand(right)}"
        case Arithmetic(operator="/", left=left, right=Literal(value=value, dimension=Dimension.TIME)) if value in UNITS.values():
            unit = next(_PLURALS[unit] for unit, size in UNITS.items() if size == value)
            return f"{_operand(left)} in {unit}"
        case Arithmetic(operator=operator, left=left, right=right):
            return f"{_operand(left)} {_ARITHMETIC[operator]} {_operand(right)}"
        case Choice(condition=condition, then=then, otherwise=otherwise):
            return f"{in_words(then)} if {condition_in_words(condition)}, otherwise {in_words(otherwise)}"
        case Call(function="min" | "max" as function, arguments=arguments):
            return f"the {'smallest' if function == 'min' else 'largest'} of {_joined(map(in_words, arguments), 'and')}"
        case Call(function=function, arguments=arguments):
            form = FUNCTIONS.get(function)
            return form.format(*map(_argument, arguments)) if form else condition_in_words(expression)
        case Lookup(list=name, column=column, keys=keys):
            return f"the “{column.replace('_', ' ')}” that the list {name} has for {_joined(map(in_words, keys), 'and')}"
        case PastValue():
            return _past(expression)
        case _:
            return f"whether {condition_in_words(expression)}"


def _past(value: PastValue) -> str:
    measure = f"“{value.measure.replace('_', ' ')}”"
    match value.past:
        case Past.BEFORE:
            return f"{measure} of the period before"
        case Past.CALM:
            return f"{measure} of the last period in which nothing was found"
        case Past.USUAL:
            return f"what {measure} was on average at this time in the {value.periods} weeks before"
        case Past.PEERS:
            return f"the {value.quantile:.0%} quantile of {measure} over everybody in the period before"


def _compared(operator: str, left: Expression, right: Expression) -> str:
    if isinstance(left, Field) and left.name == "direction" and isinstance(right, Literal) and operator in ("==", "!="):
        return f"{COMPARED[operator].replace('is', 'it is', 1)} {right.value}"
    limit = number_in_words(right, left) if isinstance(right, Literal) and right.type is Type.NUMBER else in_words(right)
    return f"{in_words(left)} {COMPARED[operator]} {limit}"


def _is_share(expression: Expression) -> bool:
    """Tell whether it is one measure, or a sum of some, divided by another."""
    if not isinstance(expression, Arithmetic) or expression.operator != "/" or not measures_in(expression.right):
        return False
    return isinstance(expression.left, MeasureValue) or (
        isinstance(expression.left, Arithmetic) and expression.left.operator in "+-"
    )


def _operand(expression: Expression) -> str:
    return f"({in_words(expression)})" if isinstance(expression, Arithmetic | Choice) else in_words(expression)


def number_in_words(number: Literal, compared: Expression) -> str:
    """Return a number that something is compared with: a share in per cent (above one: to one), a length of time with its unit."""
    if _is_share(compared):
        share = float(number.value)
        return f"{share * 100:.6g} %" if share <= 1 else f"{share:.6g} to one"
    timed = isinstance(compared, Field) and FIELDS[compared.name].dimension is Dimension.TIME
    return length_in_words(float(number.value)) if timed else _literal(number)


def _number(value: float) -> str:
    return f"{value:,.10g}".replace(",", " ")


def _grouped(operand: Expression, word: str, *, negated: bool) -> str:
    """Return one side of `word`, between parentheses where it is joined by the other word itself."""
    text = condition_in_words(operand, negated=negated)
    inner = operand.operand if isinstance(operand, Negation) else operand
    if not isinstance(inner, Connective) or word in (inner.operator if not negated else "",):
        return text
    return f"({text})" if inner is not operand or negated or len(_without_unknowns(inner.operands)) > 1 else text


def _joined(texts: Iterable[str], word: str) -> str:
    *some, last = texts
    return f"{', '.join(some)} {word} {last}" if some else last


def _argument(expression: Expression) -> str:
    return str(expression.value) if isinstance(expression, Literal) and expression.type is Type.TEXT else in_words(expression)


def _literal(literal: Literal) -> str:
    if isinstance(literal.value, str):
        return literal.value.replace("_", " ")
    if isinstance(literal.value, bool):
        return "true" if literal.value else "false"
    match literal.dimension:
        case Dimension.TIME:
            return length_in_words(literal.value)
        case Dimension.MOMENT:
            return f"{iso(Micros(int(literal.value)))[:19].replace('T', ' ')} UTC"
        case _:
            return _number(literal.value)

"""What stands under `per:` and `subject:` — by what a rule counts, and whom its findings are about."""

import re
from dataclasses import dataclass
from typing import Final

from ringfence.policy.documents import Mapping, Scalar, Sequence
from ringfence.policy.expressions import Call, Choice, Expression, Field, Lookup, Type
from ringfence.policy.grammar import Parser
from ringfence.policy.keys import Keys
from ringfence.policy.questions import Question
from ringfence.policy.terms import Scope, is_constant
from ringfence.policy.tokens import ExpressionRefused
from ringfence.policy.trees import results
from ringfence.vocabulary.subjects import SubjectKind

MAX_PARTS: Final = 6

KEYS_OF_SUBJECT: Final[dict[SubjectKind, tuple[tuple[str, ...], ...]]] = {
    SubjectKind.ACCOUNT: (("account",),),
    SubjectKind.PARTY: (("party",), ("root",)),
    SubjectKind.TRUNK: (("trunk",),),
    SubjectKind.SOURCE: (("source",), ("destination",)),
    SubjectKind.NUMBER: (("caller",), ("callee",), ("target",), ("asserted",), ("diverted",)),
    SubjectKind.PAIR: (("caller", "callee"),),
    SubjectKind.REGISTRATION: (("target", "domain", "source"), ("target", "source")),
}
"""Which fields name each kind of subject: their values are the subject's id."""

FREE_TEXT: Final = frozenset({"user_agent", "display"})
"""Fields that hold whatever a sender writes: no key, or one sender makes as many as it likes."""

_BY_FUNCTION: Final[dict[str, SubjectKind]] = {
    "prefix": SubjectKind.RANGE,
    "without_last": SubjectKind.RANGE,
    "holder": SubjectKind.ACCOUNT,
}
"""What a function's text names."""

_WHATEVER: Final = (
    SubjectKind.ACCOUNT,
    SubjectKind.PARTY,
    SubjectKind.TRUNK,
    SubjectKind.NUMBER,
    SubjectKind.RANGE,
    SubjectKind.CAMPAIGN,
)
"""What a looked-up text may name, if the rule says so."""

_ROLLUP: Final = re.compile(r"\s*(?P<word>rollup)\s*\(\s*(?P<inside>[^()]*?)\s*\)\s*\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class CountedBy:
    """A rule's key: what it is made of, and which of its places name the subject."""

    key: tuple[Expression, ...]
    rollup: bool
    subject: SubjectKind
    subject_parts: tuple[int, ...]


def read_counted_by(keys: Keys, scope: Scope) -> CountedBy | None:
    """Return what the rule counts by; `None` where `per` or `subject` has a problem, which was reported."""
    stated = keys.choice("subject", SubjectKind)
    wrong = "subject" in keys.node.entries and stated is None
    scalars = _texts(keys)
    read = [_part(keys, scalar, scope) for scalar in scalars]
    key = tuple(part[0] for part in read if part)
    if wrong or not read or len(key) < len(read):
        return None
    written = ", ".join(" ".join(scalar.value.split()) for scalar in scalars)
    if len(key) > MAX_PARTS or len(set(key)) < len(key):
        keys.refuse(keys.mark("per"), "per counts by one thing twice, or by too many", f"name each once, at most {MAX_PARTS}")
        return None
    found = _subject(keys, key, stated, written)
    return CountedBy(key, any(part[1] for part in read if part), *found) if found else None


def _texts(keys: Keys) -> tuple[Scalar, ...]:
    node = keys.node.entries.get("per")
    if isinstance(node, Sequence):
        items = [item for item in node.items if isinstance(item, Scalar)]
        torn = next((item for item in items if item.value.count("(") > item.value.count(")")), None)
        if torn is not None and torn.style is None:
            keys.refuse(
                torn.mark, f"{torn.value!r} ends within its parentheses", f'put quotation marks around it: "{torn.value}, …)"'
            )
            return ()
    if isinstance(node, Mapping):
        keys.refuse(node.mark, "per must be an expression or a list of them", "write per: account, or per: [caller, callee]")
        return ()
    return keys.texts("per") or ()


def _part(keys: Keys, scalar: Scalar, scope: Scope) -> tuple[Expression, bool] | None:
    """Return one part of the key, and whether it is rolled up."""
    rollup = _ROLLUP.match(scalar.value)
    if rollup is None:
        part = keys.expression(scalar, lambda text: _text_of(text, scope))
        return (part, False) if part else None
    if rollup["inside"] != "party":
        keys.refuse(scalar.at(rollup.start("inside")), "only a party can be rolled up", "write rollup(party)")
        return None
    return Field("party", Type.TEXT), True


def _text_of(text: str, scope: Scope) -> Expression:
    parser = Parser(text, scope)
    term = parser.expression()
    parser.finish()
    if isinstance(term.expression, Field) and term.type is not Type.TEXT:
        cause = f"per needs text fields, {term.expression.name} is {term.type}"
        raise ExpressionRefused(term.start, cause, "count by who did it: account, source …")
    if term.type is not Type.TEXT:
        raise ExpressionRefused(term.start, f"per needs a text, this is {term.type}", "count by who did it: account, source …")
    if is_constant(term.expression):
        raise ExpressionRefused(term.start, "per counts by a constant", "name a field")
    for result in results(term.expression):
        named = result
        while isinstance(named, Call) and named.arguments:  # what is cut or spelled otherwise is no less free
            named = named.arguments[0]
        if isinstance(named, Field) and named.name in FREE_TEXT:
            hint = f"count it instead: distinct({named.name}) under measure"
            raise ExpressionRefused(term.start, f"{named.name} is whatever a sender writes: keys without bound", hint)
    return term.expression


def _subject(
    keys: Keys, key: tuple[Expression, ...], stated: SubjectKind | None, written: str
) -> tuple[SubjectKind, tuple[int, ...]] | None:
    """Return the kind of subject and the places in the key that name it."""
    ways = {kind: places for kind in SubjectKind if (places := _places(kind, key)) is not None}
    if stated is not None:
        if stated in ways:
            return stated, ways[stated]
        node = keys.node.entries["subject"]
        mark = node.mark
        keys.refuse(mark, f"subject {stated} cannot be counted per {written}", _ways(stated))
        return None
    whole = [kind for kind, places in ways.items() if len(places) == len(key)]
    if len(whole) == 1 or (whole and len(key) == 1 and isinstance(key[0], Field)):
        return whole[0], ways[whole[0]]
    if ways:
        hint = f"write subject: {' or '.join(ways)}"
        keys.ask(keys.mark("per"), Question.SUBJECT, f"whom is a finding per {written} about?", hint)
        return None
    possible = "; ".join(f"{kind} per {_written(kind)}" for kind in KEYS_OF_SUBJECT)
    keys.refuse(keys.mark("per"), f"no kind of subject is counted per {written}", f"possible are {possible}")
    return None


def _places(kind: SubjectKind, key: tuple[Expression, ...]) -> tuple[int, ...] | None:
    """Return the places of the key that name a subject of `kind`: the first that do."""
    names = [part.name if isinstance(part, Field) else None for part in key]
    ways = [way for way in KEYS_OF_SUBJECT.get(kind, ()) if set(way) <= set(names)]
    if ways and len(ways[0]) > 1:
        return tuple(names.index(field) for field in ways[0])
    single = {way[0] for way in ways}
    for place, part in enumerate(key):
        if names[place] in single or _BY_FUNCTION.get(part.function if isinstance(part, Call) else "") is kind:
            return (place,)
    if kind in _WHATEVER:
        return next(((place,) for place, part in enumerate(key) if isinstance(part, Lookup | Choice)), None)
    return None


def _written(kind: SubjectKind) -> str:
    return " or ".join(", ".join(way) for way in KEYS_OF_SUBJECT.get(kind, ()))


def _ways(kind: SubjectKind) -> str:
    functions = [f"{function}(…)" for function, named in _BY_FUNCTION.items() if named is kind]
    ways = " or ".join(filter(None, [_written(kind), *functions]))
    return f"write per: {ways}" if ways else 'look it up: lookup("list", "column", …)'

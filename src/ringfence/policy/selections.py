"""Which events a rule takes: `on`, `exempt`, `passes`, `reset`, `once`, and the dates between which it holds."""

import re
from dataclasses import dataclass
from typing import Final

from ringfence.policy.documents import Mapping, Scalar, Sequence
from ringfence.policy.expressions import Expression
from ringfence.policy.grammar import Parser, parse_condition
from ringfence.policy.keys import Keys
from ringfence.policy.moments import MOMENT_HINT, parse_moment
from ringfence.policy.plan import Once, Reset
from ringfence.policy.terms import Scope, is_constant
from ringfence.policy.tokens import ExpressionRefused
from ringfence.vocabulary.contracts import EventKind
from ringfence.vocabulary.times import DAY, Micros

LONGEST_ONCE: Final = Micros(400 * DAY)

_ON: Final = re.compile(r"\s*(?P<kind>\S+)(?:\s+(?P<where>where\b)\s*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Selected:
    """One kind of event, and which of them."""

    kind: EventKind
    where: Expression | None


def read_on(keys: Keys, key: str, scope: Scope) -> tuple[Selected, ...] | None:
    """Read `KIND`, `KIND where CONDITION` or a list of such; `None` where the key is absent or has a problem."""
    scalars = keys.texts(key)
    if scalars is None:
        return None
    read = [_selected(keys, key, scalar, scope) for scalar in scalars]
    found: list[Selected] = []
    for scalar, selected in zip(scalars, read, strict=True):
        if selected and any(other.kind is selected.kind for other in found):
            keys.refuse(scalar.mark, f"{selected.kind} stands twice under {key}", "join the two conditions by or")
            return None
        if selected:
            found.append(selected)
    return tuple(found) if len(found) == len(read) else None


def _selected(keys: Keys, key: str, scalar: Scalar, scope: Scope) -> Selected | None:
    match = _ON.match(scalar.value)
    if match is None:
        return None
    kind = keys.choose(key, EventKind, match["kind"], scalar.at(match.start("kind")))
    if match["where"] is None:
        if match.end() < len(scalar.value.rstrip()):
            where = scalar.at(match.end("kind") + 1)
            keys.refuse(where, "where is missing after the kind of event", f"write {key}: {match['kind']} where …")
            return None
        return Selected(kind, None) if kind else None
    condition = keys.expression(scalar, lambda text: parse_condition(text, scope)[0], offset=match.end())
    return Selected(kind, condition) if kind and condition else None


def read_resets(keys: Keys, scope: Scope) -> tuple[Reset, ...]:
    """Return the events that make a key forget."""
    return tuple(Reset(selected.kind, selected.where) for selected in read_on(keys, "reset", scope) or ())


def read_filter(keys: Keys, key: str, scope: Scope) -> Expression | None:
    """Return the condition over the event that stands at `key`."""
    scalar = keys.scalar(key)
    return keys.expression(scalar, lambda text: parse_condition(text, scope)[0]) if scalar else None


def read_once(keys: Keys, scope: Scope) -> Once | None:
    """Read `{per: [...], within: DURATION}`."""
    node = keys.node.entries.get("once")
    if node is None:
        return None
    if not isinstance(node, Mapping):
        keys.refuse(node.mark, "once must say what is the same, and within which time", "write once: {per: call_id, within: 10s}")
        return None
    inner = Keys(keys.file, node, keys.report)
    inner.check(required=("per", "within"))
    scalars, within = inner.texts("per"), inner.duration("within")
    parts = [inner.expression(scalar, lambda text: _varying(text, scope)) for scalar in scalars or ()]
    if within is not None and within > LONGEST_ONCE:
        inner.refuse(
            inner.mark("within"), "once within more than 400 days cannot be kept", "at most 400d; or count distinct values"
        )
        return None
    whole = tuple(part for part in parts if part)
    return Once(whole, within) if within and whole and len(whole) == len(parts) else None


def _varying(text: str, scope: Scope) -> Expression:
    parser = Parser(text, scope)
    term = parser.expression()
    parser.finish()
    if is_constant(term.expression):
        raise ExpressionRefused(term.start, "a constant is always the same", "name a field")
    return term.expression


def read_date(keys: Keys, key: str) -> Micros | None:
    """Read a date, which begins in UTC, or a date-time with its zone."""
    scalar = keys.scalar(key)
    if scalar is None:
        return None
    moment = parse_moment(scalar.value.strip())
    if moment is None:
        keys.refuse(scalar.mark, f"{key}: {scalar.value.strip()!r} names no moment", MOMENT_HINT)
    return moment


def check_dates(keys: Keys, from_us: Micros | None, until_us: Micros | None) -> None:
    """Report a rule that never holds."""
    if from_us is not None and until_us is not None and from_us >= until_us:
        keys.refuse(
            keys.mark("until"), "until does not come after from: the rule would never hold", "until is the first moment without it"
        )


def of_list(keys: Keys, key: str) -> Sequence | None:
    """Return the list that stands at `key`, `None` where none does or something else, which is reported."""
    node = keys.node.entries.get(key)
    if node is None or (isinstance(node, Sequence) and node.items):
        return node
    keys.refuse(node.mark, f"{key} must be a list", f"write {key}: and below it lines that begin with -")
    return None

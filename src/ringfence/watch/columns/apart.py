"""How far an expression can tell the values of the fields that it reads apart: seldom every text of a column."""

from collections.abc import Iterator
from typing import Final

from ringfence.policy.context import Context
from ringfence.policy.expressions import Call, Expression, Field, Listed, Literal, Lookup
from ringfence.policy.packs.reading import FORMATS, RANGES, REGIONS
from ringfence.policy.tables import networks_in
from ringfence.policy.trees import children
from ringfence.watch.columns import automata
from ringfence.watch.columns.given import Apart, Entries
from ringfence.watch.columns.hashes import TextHashes

_OF_PLANS: Final = frozenset({"country", "number_type", "valid", "possible"})
"""Functions that tell no more of a number than numbering plans do, and the lists that go before them."""
_OF_RANGES: Final = frozenset({"number_type", "valid"})
_OF_FORMATS: Final = frozenset({"valid"})
_PREFIXES: Final = "prefixes"
_ENTRIES: Final = "entries"

_Use = tuple[str, str]
"""What is done with a field's text, and with which list or pattern; `_TEXT`: anything."""
_TEXT: Final[_Use] = ("text", "")
_AMENDING: Final[tuple[_Use, ...]] = ((_PREFIXES, RANGES), ("formats", FORMATS), (_PREFIXES, REGIONS))
"""What numbering plans say is amended by the packs' lists, where there are any."""


class Uses:
    """What tells texts apart, each made once for all the expressions of a plan."""

    def __init__(self, context: Context, hashes: TextHashes) -> None:
        self._context = context
        self._hashes = hashes
        self._made: dict[_Use, Apart] = {}
        self._brought = context.brought_times

    def of(self, expression: Expression) -> list[tuple[str, Apart]]:
        """Return the fields that an expression reads, each with what tells its values apart, in order; some perhaps twice."""
        if self._brought != self._context.brought_times:
            self._made, self._brought = {}, self._context.brought_times
        uses = {(name, use) for name, use in _uses(expression) if use not in _AMENDING or self._entries(use[1])}
        apart = {(name, use): self._apart(use) for name, use in uses}
        whole = {name for (name, _), each in apart.items() if each is None}
        parts = sorted((name, use) for name, use in uses if name not in whole)
        return [*((name, None) for name in sorted(whole)), *((name, apart[name, use]) for name, use in parts)]

    def _apart(self, use: _Use) -> Apart:
        if use not in self._made:
            self._made[use] = self._new(*use)
        return self._made[use]

    def _new(self, way: str, which: str) -> Apart:
        match way:
            case "plans":
                return automata.of_plans()
            case "zones":
                return automata.of_zones()
            case "length":
                return automata.of_lengths()
            case "matches":
                return automata.of_patterns([which])
            case "formats":
                return automata.of_patterns(self._entries(which))
            case _ if way == _PREFIXES:
                return automata.of_prefixes(self._entries(which))
            case _ if way == _ENTRIES:
                entries = self._entries(which)
                return None if networks_in(entries) else Entries(entries, self._hashes)
            case _:
                return None

    def _entries(self, which: str) -> list[str]:
        """Return the entries of a list; none where the bundle lacks it."""
        try:
            return [row.entry for row in self._context.entries(which).table.rows]
        except KeyError:
            return []


def _places(name: str) -> Iterator[tuple[str, _Use]]:
    """Yield what tells a number's country, zones and region."""
    yield name, ("plans", "")
    yield name, ("zones", "")
    yield name, _AMENDING[2]


def _uses(expression: Expression) -> Iterator[tuple[str, _Use]]:
    match expression:
        case Field(name=name):
            yield name, _TEXT
        case Call(function=function, arguments=(Field(name=name),)) if function in _OF_PLANS:
            yield name, ("plans", "")
            if function in _OF_RANGES:
                yield name, _AMENDING[0]
            if function in _OF_FORMATS:
                yield name, _AMENDING[1]
        case Call(function="local_time" | "public_holiday", arguments=(Field(name=name), *_)):
            yield from _places(name)
        case Call(function="calling_hours", arguments=(Literal(value=str() as which), Field(name=name), *others)):
            yield from _places(name)
            yield name, (_PREFIXES, which)
            for other in others:
                yield from _uses(other)
        case Call(function="length", arguments=(Field(name=name),)):
            yield name, ("length", "")
        case Call(function="matches", arguments=(Field(name=name), Literal(value=str() as pattern))):
            yield name, ("matches", pattern)
        case (
            Listed(operand=Field(name=name), list=which, prefix=prefix)
            | Lookup(keys=(Field(name=name),), list=which, prefix=prefix)
        ):
            yield name, (_PREFIXES if prefix else _ENTRIES, which)
        case _:
            for child in children(expression):
                yield from _uses(child)

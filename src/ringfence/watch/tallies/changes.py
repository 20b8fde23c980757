"""Until when a key's conditions stay as they are if nothing comes: so that rounds in which nothing can change are passed over."""

from collections.abc import Callable
from typing import Any, Final

from ringfence.policy.evaluation import Context, Occasion, judging
from ringfence.policy.expressions import Call, Comparison, Expression, Field, Listed, Lookup, MeasureValue, Unset
from ringfence.policy.functions import FUNCTIONS, Needs
from ringfence.policy.plan import MeasureFunction, Rule
from ringfence.policy.trees import parts
from ringfence.vocabulary.contracts import Event
from ringfence.vocabulary.times import Micros
from ringfence.watch.tallies.exact import is_number
from ringfence.watch.tallies.held import Held
from ringfence.watch.tallies.judging import conditions_of
from ringfence.watch.tallies.keys import Key
from ringfence.watch.tallies.rule_keys import RuleKeys
from ringfence.watch.tallies.spans import LATEST
from ringfence.watch.tallies.unwindowed import LONGEST_CALL, Concurrent

_Limits = tuple[tuple[str, Callable[[Occasion], Any]], ...]
_TELLING: Final = frozenset({Needs.TIME, Needs.HOLDERS})


class Changes:
    """Of the keys of `rule`, as `keys` hold them."""

    def __init__(self, rule: Rule, context: Context, keys: RuleKeys) -> None:
        self._keys = keys
        conditions = conditions_of(rule)
        self._limits = _since_limits(rule, conditions, context)
        self._lists = frozenset(part.list for part in parts(*conditions) if isinstance(part, Lookup | Listed))
        self._tells_time = any(_reads_time(part) for part in parts(*conditions))
        self._context = context

    def after(self, key: Key, event: Event, moment: Micros, *, silent: bool) -> int:
        """Return the first moment after `moment`, as of which the key was judged by `event`, at which it may be judged otherwise.

        `silent`: the event stands for the subject as the reference knows it at each moment.
        """
        asks = self._tells_time or (bool(self._lists) and self._context.brought_times > 0)
        if self._limits is None or (silent and key.newest is None and asks):
            return moment + 1
        until = min(self._leaving(key, moment), self._since(key, event, moment, self._limits))
        if silent and key.newest is None:
            until = min(until, *(self._context.list_changes_after(name, Micros(moment - 1)) + 1 for name in self._lists), LATEST)
        return until

    def _leaving(self, key: Key, moment: Micros) -> int:
        keys, until = self._keys, int(LATEST)
        for tally, span in zip(key.tallies, keys.spans, strict=True):
            if isinstance(tally, Concurrent):
                oldest = next(iter(tally.begun.values()), None)
                until = until if oldest is None else min(until, oldest + LONGEST_CALL)
            elif span is not None and isinstance(tally, Held) and tally.entries:
                until = min(until, span.leaves(tally.oldest, moment, key.billing_day))
        if keys.on_nothing and keys.longest is not None and keys.is_present(key, moment, before=True):
            until = min(until, keys.longest.leaves(key.present, moment, key.billing_day))
        return min(until, keys.history.changes_after(key, moment))

    def _since(self, key: Key, event: Event, moment: Micros, limits: _Limits) -> int:
        until = int(LATEST)
        if not limits:
            return until
        occasion = self._keys.occasion(key, event, moment, before=True)
        for name, read in limits:
            limit, since = read(occasion), occasion.measures[name]
            if not is_number(limit) or not is_number(since):
                continue
            reached = int(moment - since + limit)  # `>` holds a microsecond later
            until = min(until, *(one for one in (reached, reached + 1, reached + 2) if one > moment), LATEST)
        return until


def _since_limits(rule: Rule, conditions: tuple[Expression, ...], context: Context) -> _Limits | None:
    """Return what the times since events are compared with, by measure; `None` where they are used in another way."""
    measures = {measure.name for measure in rule.measures if measure.function is MeasureFunction.SINCE}
    limits: list[tuple[str, Callable[[Occasion], Any]]] = []
    uses = known = 0
    for part in parts(*conditions):
        uses += isinstance(part, MeasureValue) and part.name in measures
        if isinstance(part, Unset) and isinstance(part.operand, MeasureValue):
            known += part.operand.name in measures
        if isinstance(part, Comparison):
            for side, other in ((part.left, part.right), (part.right, part.left)):
                if isinstance(side, MeasureValue) and side.name in measures and measures.isdisjoint(_names(other)):
                    limits.append((side.name, judging(other, context)))
                    known += 1
    return tuple(limits) if uses == known else None


def _names(expression: Expression) -> set[str]:
    return {part.name for part in parts(expression) if isinstance(part, MeasureValue)}


def _reads_time(part: Expression) -> bool:
    if isinstance(part, Call):
        return not _TELLING.isdisjoint(FUNCTIONS[part.function].needs)
    return isinstance(part, Field) and part.name == "time"

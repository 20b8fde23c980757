"""Which events take part in a rule, which of its measures each counts for, and when the condition is looked at.

A call's outcome is known at its end. So where a rule names attempts, a measure that needs an outcome field (in its own filter, in
its value, or in what the rule asks of attempts) takes the call at its `end` event, and the rule's other measures at its `attempt`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from ringfence.policy.evaluation import Context, Value, reading
from ringfence.policy.expressions import Expression
from ringfence.policy.fields import OUTCOME_FIELDS
from ringfence.policy.plan import Measure, MeasureFunction, Rule
from ringfence.policy.trees import fields_in
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.watch.columns import TextHashes, number_bits
from ringfence.watch.tallies.judging import Filter, filter_of

CALLS: Final = frozenset({EventKind.ATTEMPT, EventKind.ANSWER})
"""What a call under way begins with."""
_APART: Final = frozenset(
    {MeasureFunction.RUN, MeasureFunction.SINCE, MeasureFunction.GAP, MeasureFunction.CONCURRENT, MeasureFunction.PEAK}
)
"""What takes more of an event than a value."""


@dataclass(frozen=True, slots=True)
class Taking:
    """How one measure takes events: those of `declared` kinds that pass `where`, with `value` read from each.

    Of what is told apart that is a hash: a rule holds no texts for as long as its windows are. `is_plain`: an event that passes
    adds its value, or itself alone, to what is in the window.
    """

    place: int
    function: MeasureFunction
    declared: frozenset[EventKind]
    where: Filter
    value: Callable[[Event], Any] | None
    same: Callable[[Event], Any] | None
    is_plain: bool


@dataclass(frozen=True, slots=True)
class Kind:
    """What becomes of events of one kind. `asked` is what each kind that the rule declares asks of them.

    `judged`: the declared kinds whose events make the rule look at its condition. `of_subject` are the takings of measures that are
    kept for the rule's subject.
    """

    asked: tuple[tuple[EventKind, Filter], ...]
    takings: tuple[Taking, ...]
    judged: frozenset[EventKind]
    of_subject: tuple[Taking, ...] = ()
    alone: "Taken | None" = None
    """What becomes of every event that takes part, where one declared kind takes it; `None` where several may."""


class Taken:
    """Of one event: the measures of the key that take it, those of the subject, and whether the condition is looked at."""

    __slots__ = ("judged", "of_subject", "takings")

    def __init__(self, takings: list[Taking], of_subject: list[Taking], *, judged: bool) -> None:
        self.takings = takings
        self.of_subject = of_subject
        self.judged = judged


class TakingPart:
    """A rule's way of choosing events."""

    def __init__(self, rule: Rule, context: Context, hashes: TextHashes) -> None:
        self._rule = rule
        self._exempt = filter_of(rule.exempt, context)
        takings = [(_taking(place, measure, rule, context, hashes), measure) for place, measure in enumerate(rule.measures)]
        judging = _judging(rule)
        self._kinds = {kind: _kind(rule, context, kind, takings, judging) for kind in EventKind}
        self.counting = _counting(self._kinds.values())
        """The place of a measure that counts just the events that any measure takes; `None` where none does."""
        self.kinds: Final = frozenset(kind for kind, found in self._kinds.items() if found.asked)
        """The kinds of events that may take part."""
        asked = {kind: tuple(rule.where_of(declared) for declared, _ in found.asked) for kind, found in self._kinds.items()}
        self.asks: Final[dict[EventKind, tuple[Expression, ...]]] = {
            kind: tuple(where for where in several if where is not None)
            for kind, several in asked.items()
            if kind is not EventKind.FINDING and several and None not in several
        }
        """What events of a kind are asked: those for which nothing of it is true take no part."""

    def of(self, event: Event, time: int, *, is_asked: bool = False) -> Taken | None:
        """Return what becomes of an event that counts at `time`; `None` where it takes no part.

        `is_asked`: of what `asks` says that events of its kind are asked, something is known to be true.
        """
        kind = self._kinds[event.kind]
        rule = self._rule
        if (rule.from_us is not None and time < rule.from_us) or (rule.until_us is not None and time >= rule.until_us):
            return None
        if kind.alone is not None:
            where = kind.asked[0][1]
            if not (is_asked or where is None or where(event)) or (self._exempt is not None and self._exempt(event)):
                return None
            return kind.alone
        passed = {declared for declared, where in kind.asked if where is None or where(event)}
        if not passed or (self._exempt is not None and self._exempt(event)):
            return None
        takings = [taking for taking in kind.takings if not passed.isdisjoint(taking.declared)]
        of_subject = [taking for taking in kind.of_subject if not passed.isdisjoint(taking.declared)]
        judged = not passed.isdisjoint(kind.judged)
        return Taken(takings, of_subject, judged=judged) if takings or of_subject or judged else None


def _counting(kinds: Iterable[Kind]) -> int | None:
    """Return the place of a count of whatever is taken in."""
    found: set[int] | None = None
    for kind in kinds:
        declared = frozenset().union(*(taking.declared for taking in kind.takings))
        every = {taking.place for taking in kind.takings if _takes_all(taking, declared)}
        if kind.takings:
            found = every if found is None else found & every
    return min(found) if found else None


def _takes_all(taking: Taking, declared: frozenset[EventKind]) -> bool:
    return taking.function is MeasureFunction.COUNT and taking.where is None and taking.same is None and taking.declared == declared


def declared_kinds(rule: Rule, measure: Measure | None = None) -> frozenset[EventKind]:
    """Return the kinds of event that the rule's measures take, or one of them, as the rule states them."""
    if measure is not None and measure.on is not None:
        return frozenset({measure.on})
    named = frozenset({rule.on, *rule.also_on})
    return named & CALLS or frozenset({EventKind.ATTEMPT}) if _is_concurrent(measure) else named


def _is_concurrent(measure: Measure | None) -> bool:
    return measure is not None and measure.function is MeasureFunction.CONCURRENT


def _taking(place: int, measure: Measure, rule: Rule, context: Context, hashes: TextHashes) -> Taking:
    value = None if measure.value is None else reading(measure.value, context)
    return Taking(
        place,
        measure.function,
        declared_kinds(rule, measure),
        filter_of(measure.where, context),
        _hashed(value, hashes) if value is not None and measure.function is MeasureFunction.DISTINCT else value,
        None if measure.same is None else reading(measure.same, context),
        is_plain=measure.same is None and measure.function not in _APART,
    )


def _hashed(read: Callable[[Event], Value], hashes: TextHashes) -> Callable[[Event], Value]:
    """Return the hash of what is read, `None` where it is unset. Numbers and truths that are equal have one hash."""

    def hash_of(event: Event) -> Value:
        value = read(event)
        if value is None or value != value:
            return None
        return hashes[value] if isinstance(value, str) else hashes.of_number(number_bits(value + 0.0))

    return hash_of


def _counted_at(declared: EventKind, rule: Rule, *read: Expression | None) -> EventKind:
    """Return the kind of event at which one of the kind `declared` is taken, where the expressions `read` are asked of it too."""
    needed = fields_in(rule.where_of(declared), rule.exempt, *read)
    return EventKind.END if declared is EventKind.ATTEMPT and needed & OUTCOME_FIELDS else declared


def _measured_at(declared: EventKind, rule: Rule, measure: Measure) -> EventKind:
    if _is_concurrent(measure):
        return declared
    return _counted_at(declared, rule, measure.where, measure.value, measure.same)


def _judging(rule: Rule) -> frozenset[tuple[EventKind, EventKind]]:
    """Return (kind, declared kind) of the events at which the condition is looked at.

    An event that only says since when (`since`) is not judged by that: what the rule is `on` is.
    """
    conditions = (rule.minimum, *(tier.when for tier in rule.tiers))
    telling = [measure for measure in rule.measures if measure.function is not MeasureFunction.SINCE]
    judging = {(_measured_at(kind, rule, one), kind) for one in telling for kind in declared_kinds(rule, one)}
    if not rule.measures:
        return frozenset((_counted_at(kind, rule, *conditions), kind) for kind in declared_kinds(rule))
    if len(telling) < len(rule.measures):
        judging |= {(_counted_at(kind, rule), kind) for kind in declared_kinds(rule)}
    if fields_in(*conditions) & OUTCOME_FIELDS and EventKind.ATTEMPT in declared_kinds(rule):
        judging.add((EventKind.END, EventKind.ATTEMPT))
    return frozenset(judging)


def _kind(
    rule: Rule,
    context: Context,
    kind: EventKind,
    takings: list[tuple[Taking, Measure]],
    judging: frozenset[tuple[EventKind, EventKind]],
) -> Kind:
    judged = frozenset(declared for at, declared in judging if at is kind)
    found: list[Taking] = []
    of_subject: list[Taking] = []
    wanted = set(judged)
    for taking, measure in takings:
        here = frozenset(declared for declared in taking.declared if _measured_at(declared, rule, measure) is kind)
        if here:
            taken = of_subject if measure.of_subject else found
            taken.append(replace(taking, declared=here))
            wanted |= here
    asked = tuple((declared, filter_of(rule.where_of(declared), context)) for declared in sorted(wanted))
    alone = Taken(found, of_subject, judged=bool(judged)) if len(asked) == 1 and (found or of_subject or judged) else None
    return Kind(asked, tuple(found), judged, tuple(of_subject), alone)

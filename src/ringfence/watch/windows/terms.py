"""What several rules that count by one key measure together: each measure once, each length of window once."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

import numpy as np

from ringfence.policy.expressions import Connective, Expression
from ringfence.policy.fields import OUTCOME_FIELDS
from ringfence.policy.least import holds_with, least_of
from ringfence.policy.plan import Measure, MeasureFunction, Rolling, Rule, Tier, span_us
from ringfence.vocabulary.contracts import EventKind
from ringfence.vocabulary.times import Micros
from ringfence.watch.columns import field_names
from ringfence.watch.kernels import layout as kernel
from ringfence.watch.kernels.layout import NOBODY, Terms
from ringfence.watch.windows.conditions import program_for

FUNCTIONS: Final = {
    MeasureFunction.COUNT: kernel.COUNT,
    MeasureFunction.DISTINCT: kernel.DISTINCT,
    MeasureFunction.SUM: kernel.SUM,
    MeasureFunction.MEAN: kernel.MEAN,
    MeasureFunction.MAXIMUM: kernel.MAXIMUM,
    MeasureFunction.PEAK: kernel.MAXIMUM,
    MeasureFunction.MOST: kernel.MOST,
}
APART: Final = frozenset({MeasureFunction.DISTINCT, MeasureFunction.MOST})
"""What tells values apart: an unset one does not count."""
_DISTINCT: Final = MeasureFunction.DISTINCT
_WIDTHS: Final = {kernel.DISTINCT: 2, kernel.SUM: 3, kernel.MEAN: 3, kernel.MAXIMUM: 2}
"""Words of a key that a measure takes; others take one."""


@dataclass(frozen=True, slots=True)
class Term:
    """A measure as the group keeps it, whatever rules ask for it: over events of `kind` that pass `where`, of `length_us`.

    `peak_us` is the span within which a peak counts; 0 for other functions. `grain_us`: rows leave a whole grain at a time, and
    `length_us` has one more; 0 for those that leave each by itself.
    """

    function: MeasureFunction
    value: Expression | None
    kind: EventKind
    where: Expression | None
    length_us: Micros
    peak_us: Micros
    grain_us: Micros = field(default=Micros(0), repr=False)  # snapshots know measures by their texts


@dataclass(frozen=True, slots=True)
class Judged:
    """One condition of the group: a tier of a rule. `rule` is the rule's place in the group."""

    rule: int
    tier: int


@dataclass(frozen=True, slots=True)
class Pooled:
    """The rules of a group with their measures pooled.

    `measured[r]` are the places in `terms` of rule r's measures, in its order; `pair_lanes` and `value_lanes` the term whose value
    each lane holds.
    """

    rules: tuple[Rule, ...]
    terms: tuple[Term, ...]
    measured: tuple[tuple[int, ...], ...]
    lengths: tuple[Micros, ...]
    pair_lanes: tuple[Term, ...]
    value_lanes: tuple[Term, ...]
    judged: tuple[Judged, ...]

    def span_of(self, length_us: Micros) -> int:
        """Return the place of a length."""
        return self.lengths.index(length_us)

    def pair_lane_of(self, term: Term) -> int | None:
        """Return the column of the pairs of a measure that tells values apart."""
        lane = _lane_key(term)
        return None if lane is None else self.pair_lanes.index(lane)

    def counts_of_peaks(self, places: Iterable[int]) -> tuple[int, ...]:
        """Return the places of the counts that the peaks among some measures look at."""
        return tuple(place for each in places if (place := _peak_of(self, self.terms[each])) != NOBODY)

    def lane_of(self, term: Term) -> int:
        """Return the term's column among pairs or values; 0 for one that has none."""
        lane = self.pair_lane_of(term)
        if lane is not None:
            return lane
        return self.value_lanes.index(term) if term in self.value_lanes else 0


def pool(rules: Sequence[Rule]) -> Pooled:
    """Return the rules' measures, each once. The rules share key, kind and filter."""
    asked = [[_term(measure, rule) for measure in rule.measures] for rule in rules]
    every = [term for terms in asked for term in terms]
    hidden = [_count_of(term) for term in every if term.function is MeasureFunction.PEAK]
    terms = tuple(dict.fromkeys((*hidden, *every)))  # a peak's count stands before it
    return Pooled(
        rules=tuple(rules),
        terms=terms,
        measured=tuple(tuple(terms.index(term) for term in own) for own in asked),
        lengths=tuple(sorted({term.length_us for term in terms})),
        pair_lanes=tuple(dict.fromkeys(lane for term in terms if (lane := _lane_key(term)) is not None)),
        value_lanes=tuple(term for term in terms if term.function not in (MeasureFunction.COUNT, *APART)),
        judged=tuple(Judged(place, tier) for place, rule in enumerate(rules) for tier in range(len(rule.tiers))),
    )


def terms_of(pooled: Pooled, exact: int) -> Terms:
    """Return what the kernel reads of the group; beyond `exact` distinct values of a key they are estimated."""
    lanes = [[term for term in pooled.terms if _lane_key(term) == lane] for lane in pooled.pair_lanes]
    programs = [program_for(*_condition(pooled, judged), pooled.measured[judged.rule]) for judged in pooled.judged]
    guards = [_guards(pooled, judged, exact) for judged in pooled.judged]
    spanned = [pooled.span_of(term.length_us) for term in pooled.terms]
    places, presences, standing, quiet = _layout(pooled)
    return Terms(
        length_us=_whole(pooled.lengths),
        grain_us=_whole(max(pooled.terms[0].grain_us, 1) for _ in pooled.lengths),
        function=_whole(FUNCTIONS[term.function] for term in pooled.terms),
        lane=_whole(pooled.lane_of(term) for term in pooled.terms),
        span=_whole(spanned),
        peak_of=_whole(_peak_of(pooled, term) for term in pooled.terms),
        exact=exact,
        place=_whole(places),
        lane_member=_bits(map(pooled.terms.index, lane) for lane in lanes),
        lane_span=_whole(max(pooled.span_of(term.length_us) for term in lane) for lane in lanes),
        ranks=_whole(_ranks(pooled)),
        value_lanes=len(pooled.value_lanes),
        measures_of=np.argsort(spanned, kind="stable").astype(np.int64),
        measures_from=np.searchsorted(sorted(spanned), range(len(pooled.lengths) + 1)).astype(np.int64),
        presence_span=_whole(pooled.span_of(presence.length_us) for presence in presences),
        presence_members=_bits(presence.members for presence in presences),
        presence_place=_whole(standing),
        presence_own=_whole(presence.like is None for presence in presences),
        presence_rules=_bits(presence.judged for presence in presences),
        rule_span=_whole(pooled.span_of(_length_of(pooled, judged)) for judged in pooled.judged),
        rule_members=_bits(set(pooled.measured[judged.rule]) for judged in pooled.judged),
        rule_rows=_whole(_rows_of(rule, presences, standing) for rule in range(len(pooled.judged))),
        cool_down_us=_whole(pooled.rules[judged.rule].cool_down_us for judged in pooled.judged),
        quiet=quiet,
        words=quiet + len(pooled.judged),
        guard_from=np.cumsum([0, *map(len, guards)]).astype(np.int64),
        guard_place=_whole(places[guard.place] for several in guards for guard in several),
        guard_least=_whole(guard.least for several in guards for guard in several),
        each=sum(1 << number for number, judged in enumerate(pooled.judged) if pooled.rules[judged.rule].finds_each),
        only_after=_whole(_only_after(pooled, number) for number in range(len(pooled.judged))),
        begin=np.cumsum([0, *(program.operation.size for program in programs)]).astype(np.int64),
        operation=np.concatenate([program.operation for program in programs]),
        operand=np.concatenate([program.operand for program in programs]),
    )


def tables_of(terms: Terms) -> int:
    """Return how many tables of pairs and of ranks there are."""
    return int(terms.ranks.size + np.count_nonzero(terms.ranks != NOBODY))


def samples_of(terms: Terms, rows: int) -> int:
    """Return how many distinct counts can be estimated in so many rows: each has half of `exact` of them at least."""
    return int(np.count_nonzero(terms.function == kernel.DISTINCT)) * (rows // ((terms.exact + 1) // 2))


def depth_of(terms: Terms) -> int:
    """Return how deep a stack the conditions can need."""
    return int(np.diff(terms.begin).max())


def kinds_of(pooled: Pooled, rule: int) -> frozenset[EventKind]:
    """Return the kinds of event at which a rule's condition is looked at."""
    return frozenset(pooled.terms[each].kind for each in pooled.measured[rule])


def filter_fields(pooled: Pooled) -> Iterator[str]:
    """Yield the fields that the measures' own filters and values read, some perhaps twice."""
    for term in pooled.terms:
        yield from field_names(term.where)
        yield from field_names(term.value)


class Guard(NamedTuple):
    """The measure at `place` must be `least` at least for a condition to hold."""

    place: int
    least: int


class _Presence(NamedTuple):
    """Which conditions ask whether a key has rows of some measures in a window; `like` is the count that is the same number."""

    length_us: Micros
    members: frozenset[int]
    like: int | None
    judged: list[int]


def _layout(pooled: Pooled) -> tuple[list[int], list[_Presence], list[int], int]:
    """Return where terms stand in a key's row, which presences there are, where those stand, and where quiet begins."""
    (places, end), presences = _places(pooled), _presences(pooled)
    return places, presences, _standing(presences, places, end), end + sum(presence.like is None for presence in presences)


def _places(pooled: Pooled) -> tuple[list[int], int]:
    """Return the word where each measure begins, and the word behind the last."""
    widths = [_WIDTHS.get(FUNCTIONS[term.function], 1) for term in pooled.terms]
    ends = [kernel.HEADER, *(kernel.HEADER + sum(widths[: nth + 1]) for nth in range(len(widths)))]
    return ends[:-1], ends[-1]


def _presences(pooled: Pooled) -> list[_Presence]:
    presences: dict[tuple[Micros, int | None, frozenset[int]], _Presence] = {}
    for number, judged in enumerate(pooled.judged):
        length, members = _length_of(pooled, judged), frozenset(pooled.measured[judged.rule])
        like = _same_count(pooled, length, members)
        alike = (length, like, members if like is None else frozenset())
        presences.setdefault(alike, _Presence(length, members, like, [])).judged.append(number)
    return list(presences.values())


def _standing(presences: Sequence[_Presence], places: Sequence[int], end: int) -> list[int]:
    """Return each presence's word: that of the count that is the same, or one of its own from `end` on."""
    own = [presence.like is None for presence in presences]
    return [end + sum(own[:nth]) if each.like is None else places[each.like] for nth, each in enumerate(presences)]


def _rows_of(rule: int, presences: Sequence[_Presence], standing: Sequence[int]) -> int:
    """Return the word of the presence that a rule asks for."""
    return next(place for place, presence in zip(standing, presences, strict=True) if rule in presence.judged)


def _same_count(pooled: Pooled, length_us: Micros, members: frozenset[int]) -> int | None:
    """Return the count that counts every row of the measures `members`, as one of them does, where there is one."""
    own = [pooled.terms[each] for each in members]
    for nth, term in enumerate(pooled.terms):
        if term.function is MeasureFunction.COUNT and term.length_us == length_us:
            every = all(_includes(term, each) for each in own)
            if every and any(_counts_as(term, each) for each in own):
                return nth
    return None


def _includes(count: Term, term: Term) -> bool:
    """Tell whether `count` counts every event that `term` does."""
    if count.kind is not term.kind:
        return False
    if count.where in (None, term.where):
        return True
    return isinstance(term.where, Connective) and term.where.operator == "and" and count.where in term.where.operands


def _counts_as(count: Term, term: Term) -> bool:
    """Tell whether `term` takes in no event less than `count` does."""
    return term.function not in APART and (count.kind, count.where) == (term.kind, term.where)


def _length_of(pooled: Pooled, judged: Judged) -> Micros:
    return max(pooled.terms[each].length_us for each in pooled.measured[judged.rule])


def _term(measure: Measure, rule: Rule) -> Term:
    window = next(each for each in rule.windows if each.name == measure.window)
    assert isinstance(window, Rolling)
    return Term(
        measure.function,
        measure.value,
        kind_of(measure, rule),
        measure.where,
        span_us(window),
        measure.length_us or Micros(0),
        window.grain_us or Micros(0),
    )


def kind_of(measure: Measure, rule: Rule) -> EventKind:
    """Return the kind of event that the measure counts: of a call whose outcome it needs, the end."""
    declared = measure.on or rule.on
    needed = {*field_names(measure.value), *field_names(measure.where), *field_names(rule.where_of(declared))}
    return EventKind.END if declared is EventKind.ATTEMPT and needed & OUTCOME_FIELDS else declared


def _count_of(term: Term) -> Term:
    return Term(MeasureFunction.COUNT, None, term.kind, term.where, term.peak_us, Micros(0))


def _peak_of(pooled: Pooled, term: Term) -> int:
    return pooled.terms.index(_count_of(term)) if term.function is MeasureFunction.PEAK else NOBODY


def _lane_key(term: Term) -> Term | None:
    """Return what stands for the lane of a measure's pairs: distinct counts of all lengths share one."""
    if term.function is MeasureFunction.DISTINCT:
        return replace(term, length_us=Micros(0))
    return term if term.function in APART else None


def _ranks(pooled: Pooled) -> Iterator[int]:
    """Yield the table of ranks of each lane: behind those of all lanes, one for each that needs one."""
    table = len(pooled.pair_lanes)
    for lane in pooled.pair_lanes:
        ranked = lane.function is MeasureFunction.MOST
        yield table if ranked else NOBODY
        table += ranked


def _condition(pooled: Pooled, judged: Judged) -> tuple[Rule, Expression]:
    rule = pooled.rules[judged.rule]
    tier: Tier = rule.tiers[judged.tier]
    return rule, tier.when if rule.minimum is None else Connective("and", (rule.minimum, tier.when))


def _guards(pooled: Pooled, judged: Judged, exact: int) -> tuple[Guard, ...]:
    """Return which numbers of events or values must reach what.

    Of more than `exact` distinct values so many at least are held, and perhaps not all of them.
    """
    rule, condition = _condition(pooled, judged)
    places = {measure.name: place for measure, place in zip(rule.measures, pooled.measured[judged.rule], strict=True)}
    least = {places[name]: number for name, number in least_of(condition).items() if number > 0}
    least |= {place: min(each, exact + 1) for place, each in least.items() if pooled.terms[place].function is _DISTINCT}
    whole = [place for place in least if pooled.terms[place].function in (MeasureFunction.COUNT, *APART)]
    return tuple(Guard(place, least[place]) for place in sorted(whole))


def _only_after(pooled: Pooled, number: int) -> int:
    """Return the number of a condition before this one without which it can't hold: a milder tier's; `NOBODY` else."""
    judged = pooled.judged[number]
    _, condition = _condition(pooled, judged)
    tiers = (other for other in range(number) if pooled.judged[other].rule == judged.rule)
    return next((other for other in tiers if holds_with(condition, _condition(pooled, pooled.judged[other])[1])), NOBODY)


def _bits(sets: Iterable[Iterable[int]]) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    return np.array([sum(1 << each for each in members) for members in sets], np.uint64)


def _whole(values: Iterable[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(list(values), np.int64)

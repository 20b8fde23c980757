"""What several rules that count by one key measure together: each measure once, each length of window once."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ringfence.policy.expressions import Connective, Expression
from ringfence.policy.fields import OUTCOME_FIELDS
from ringfence.policy.plan import Measure, MeasureFunction, Rolling, Rule, Tier
from ringfence.vocabulary.contracts import EventKind
from ringfence.vocabulary.times import Micros
from ringfence.watch.columns import field_names
from ringfence.watch.kernels import windows as kernel
from ringfence.watch.kernels.layout import NOBODY, Terms
from ringfence.watch.windows.conditions import program_for

FUNCTIONS: Final = {
    MeasureFunction.COUNT: kernel.COUNT,
    MeasureFunction.DISTINCT: kernel.DISTINCT,
    MeasureFunction.SUM: kernel.SUM,
    MeasureFunction.MEAN: kernel.MEAN,
    MeasureFunction.MAXIMUM: kernel.MAXIMUM,
    MeasureFunction.PEAK: kernel.MAXIMUM,
}


@dataclass(frozen=True, slots=True)
class Term:
    """A measure as the group keeps it, whatever rules ask for it: over events of `kind` that pass `where`, of `length_us`.

    `peak_us` is the span within which a peak counts; 0 for other functions.
    """

    function: MeasureFunction
    value: Expression | None
    kind: EventKind
    where: Expression | None
    length_us: Micros
    peak_us: Micros


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

    def pair_lane_of(self, term: Term) -> int | None:
        """Return the column of a distinct count's pairs."""
        return self.pair_lanes.index(_without_length(term)) if term.function is MeasureFunction.DISTINCT else None

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
        pair_lanes=tuple(dict.fromkeys(_without_length(term) for term in terms if term.function is MeasureFunction.DISTINCT)),
        value_lanes=tuple(term for term in terms if term.function not in (MeasureFunction.COUNT, MeasureFunction.DISTINCT)),
        judged=tuple(Judged(place, tier) for place, rule in enumerate(rules) for tier in range(len(rule.tiers))),
    )


def terms_of(pooled: Pooled, *, most_rows: int, most_keys: int) -> Terms:
    """Return what the kernel reads of the group."""
    spans = {length: span for span, length in enumerate(pooled.lengths)}
    lanes = [[term for term in pooled.terms if _lane_key(term) == lane] for lane in pooled.pair_lanes]
    programs = [program_for(*_condition(pooled, judged), pooled.measured[judged.rule]) for judged in pooled.judged]
    spanned = [spans[term.length_us] for term in pooled.terms]
    ends = np.cumsum([0, *(program.operation.size for program in programs)])
    return Terms(
        most_rows=max(most_rows, 1),
        most_keys=max(most_keys, 1),
        function=_whole(FUNCTIONS[term.function] for term in pooled.terms),
        lane=_whole(pooled.lane_of(term) for term in pooled.terms),
        span=_whole(spanned),
        peak_of=_whole(
            pooled.terms.index(_count_of(term)) if term.function is MeasureFunction.PEAK else NOBODY for term in pooled.terms
        ),
        lane_member=np.array([1 << pooled.terms.index(lane[0]) for lane in lanes], np.uint64),
        lane_span=_whole(max(spans[term.length_us] for term in lane) for lane in lanes),
        measures_of=np.argsort(spanned, kind="stable").astype(np.int64),
        measures_from=np.searchsorted(sorted(spanned), range(len(spans) + 1)).astype(np.int64),
        rule_span=_whole(max(spans[pooled.terms[each].length_us] for each in pooled.measured[j.rule]) for j in pooled.judged),
        rule_members=np.array([_members(pooled, judged) for judged in pooled.judged], np.uint64),
        cool_down_us=_whole(pooled.rules[judged.rule].cool_down_us for judged in pooled.judged),
        begin=ends.astype(np.int64),
        operation=np.concatenate([program.operation for program in programs]),
        operand=np.concatenate([program.operand for program in programs]),
        is_compiled=False,
    )


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


def _term(measure: Measure, rule: Rule) -> Term:
    window = next(each for each in rule.windows if each.name == measure.window)
    assert isinstance(window, Rolling)
    return Term(
        measure.function, measure.value, _kind_of(measure, rule), measure.where, window.length_us, measure.length_us or Micros(0)
    )


def _kind_of(measure: Measure, rule: Rule) -> EventKind:
    """Return the kind of event that the measure counts: of a call whose outcome it needs, the end."""
    needed = {*field_names(measure.value), *field_names(measure.where), *field_names(rule.where)}
    return EventKind.END if rule.on is EventKind.ATTEMPT and needed & OUTCOME_FIELDS else rule.on


def _count_of(term: Term) -> Term:
    return Term(MeasureFunction.COUNT, None, term.kind, term.where, term.peak_us, Micros(0))


def _without_length(term: Term) -> Term:
    return replace(term, length_us=Micros(0))


def _lane_key(term: Term) -> Term | None:
    return _without_length(term) if term.function is MeasureFunction.DISTINCT else None


def _condition(pooled: Pooled, judged: Judged) -> tuple[Rule, Expression]:
    rule = pooled.rules[judged.rule]
    tier: Tier = rule.tiers[judged.tier]
    return rule, tier.when if rule.minimum is None else Connective("and", (rule.minimum, tier.when))


def _members(pooled: Pooled, judged: Judged) -> int:
    return sum(1 << each for each in set(pooled.measured[judged.rule]))


def _whole(values: Iterable[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(list(values), np.int64)

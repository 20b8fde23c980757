"""How a plan is measured: which rules share windows, which are tallied and why, by which key each can be split, and the memory."""

from collections.abc import Iterator

import msgspec

from ringfence.policy.plan import MeasureFunction, Plan, Rule
from ringfence.policy.written import written
from ringfence.vocabulary.times import SECOND
from ringfence.watch.engine.partition import key_of
from ringfence.watch.engine.shares import beside
from ringfence.watch.tallies import ENTRY_OCTETS, key_octets
from ringfence.watch.windows import Limits, as_window_rule, footprint, grouped, why_tallied


class Shared(msgspec.Struct, frozen=True):
    """A measure of a group, over a window of `seconds`, and the rules that ask for it."""

    measure: str
    seconds: float
    rules: tuple[str, ...]


class Group(msgspec.Struct, frozen=True):
    """Rules that one pass measures. `key_bytes` and `event_bytes` are what a key and an event in its window take.

    With `grain_seconds` events leave the windows a whole grain at a time; the windows' lengths have one more. `estimates` as in
    `TalliedRule`.
    """

    key: str
    on: str
    where: str | None
    rules: tuple[str, ...]
    window_seconds: tuple[float, ...]
    measures: tuple[Shared, ...]
    key_bytes: int
    event_bytes: int
    grain_seconds: float | None = None
    estimates: bool = False


class TalliedRule(msgspec.Struct, frozen=True):
    """A rule that a tally measures, and why; about what a key takes, and an entry: an event, a grain or a value.

    `estimates`: it counts distinct values, and estimates how many there are beyond the bundle's bound.
    """

    rule: str
    why: str
    key_bytes: int
    entry_bytes: int
    estimates: bool


class Physical(msgspec.Struct, frozen=True):
    """The plan as it is measured. `split_by` is each rule's key, `None` where its state cannot be split.

    All rules together take `most_bytes` at most, of which `beside_bytes` are call ids that findings may name, and texts with their
    hashes. Beyond `exact_distinct` values of a key the number of them may be estimated.
    """

    groups: tuple[Group, ...]
    tallied: tuple[TalliedRule, ...]
    split_by: dict[str, str | None]
    most_bytes: int
    beside_bytes: int
    exact_distinct: int


def physical(plan: Plan, limits: Limits) -> Physical:
    """Return how an engine with these limits measures `plan`."""
    groups = tuple(_groups(plan))
    tallied = tuple(_tallied(rule, why) for rule in plan.rules if (why := why_tallied(rule)) is not None)
    keys = {rule.name: key_of(rule) for rule in plan.rules}
    return Physical(
        groups=groups,
        tallied=tallied,
        split_by={name: None if key is None else ", ".join(map(written, key)) for name, key in keys.items()},
        most_bytes=limits.memory_bytes,
        beside_bytes=beside(limits.memory_bytes).octets,
        exact_distinct=limits.exact_distinct,
    )


def _tallied(rule: Rule, why: str) -> TalliedRule:
    return TalliedRule(rule.name, why, key_octets(rule.measures), ENTRY_OCTETS, _estimates(rule))


def _estimates(rule: Rule) -> bool:
    return any(measure.function is MeasureFunction.DISTINCT for measure in rule.measures)


def _groups(plan: Plan) -> Iterator[Group]:
    fitting = [whole for rule in plan.rules if (whole := as_window_rule(rule)) is not None]
    for places in grouped(fitting):
        rules = [fitting[place] for place in places]
        first, kept = rules[0], footprint(rules)
        yield Group(
            key=", ".join(written(part) for part in first.key),
            on=", ".join((first.on, *first.also_on)),
            where=_asked(first),
            rules=tuple(rule.name for rule in rules),
            window_seconds=tuple(length / SECOND for length in kept.lengths),
            measures=tuple(Shared(text, length / SECOND, names) for text, length, names in kept.measures),
            key_bytes=kept.key_bytes,
            event_bytes=kept.event_bytes,
            grain_seconds=None if kept.grain_us is None else kept.grain_us / SECOND,
            estimates=any(map(_estimates, rules)),
        )


def _asked(rule: Rule) -> str | None:
    """Return what is asked of events, of each kind where there are several."""
    if not rule.also_on:
        return None if rule.where is None else written(rule.where)
    kinds = ((kind, rule.where_of(kind)) for kind in (rule.on, *rule.also_on))
    return "; ".join(kind if where is None else f"{kind}: {written(where)}" for kind, where in kinds)

"""A file under `rules/`: one measurable rule, checked in all its parts."""

import re
from collections.abc import Iterable
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from ringfence.policy.classes import ClassMeasures, ConditionScope, Giver, Outside
from ringfence.policy.documents import Mapping, Node
from ringfence.policy.expressions import Expression
from ringfence.policy.keys import Keys
from ringfence.policy.lint import ask_what_is_open
from ringfence.policy.measures import parse_measure
from ringfence.policy.plan import Calendar, Measure, Once, Reset, Rule, Tier, Window
from ringfence.policy.problems import START, Mark, Report
from ringfence.policy.schedules import Schedule, check_before, check_silent, read_classifies, read_schedule
from ringfence.policy.selections import Selected, check_dates, read_date, read_filter, read_on, read_once, read_resets
from ringfence.policy.subjects import CountedBy, read_counted_by
from ringfence.policy.terms import Dimension, FieldScope, Scope
from ringfence.policy.tiers import read_minimum, read_tiers
from ringfence.policy.tokens import FOREIGN_WORDS, WORDS
from ringfence.policy.windows import NAME, ONLY, read_windows
from ringfence.vocabulary.severity import Mode

REQUIRED: Final = ("rule", "clause", "says", "source", "on", "per", "mode", "cool_down")
CONDITION: Final = ("when", "severity")
"""Required where the rule has no `tiers`."""

OPTIONAL: Final = (
    "subject",
    "window",
    "measure",
    "minimum",
    "exempt",
    "passes",
    "reset",
    "once",
    "from",
    "until",
    "evaluate",
    "silent_too",
    "finds",
    "decide",
    "classifies",
    "tiers",
    "clears",
    "points",
    "proposes",
)
MAX_MEASURES: Final = 32

_NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Placed:
    """A rule and where its file says what. `rule` is `None` where the file has problems. `asked`: the classes that it asks for."""

    file: str
    rule: Rule | None
    name: str | None = None
    clause: str | None = None
    marks: AnyMapping[str, Mark] = field(default_factory=dict)
    asked: frozenset[str] = frozenset()

    def mark(self, key: str) -> Mark:
        """Where the key's value stands."""
        return self.marks.get(key, START)


def read_rule(file: str, node: Node | None, report: Report, outside: Outside) -> Placed:
    """Return the file's rule, checked; its problems go to `report`. `node` is the file's tree, `None` where it had none."""
    if not isinstance(node, Mapping):
        if node is not None:
            report.add(file, START, "a rule is a mapping", "begin with rule: and the rule's name")
        return Placed(file, None)
    before = len(report.problems)
    keys = Keys(file, node, report)
    required = REQUIRED if "tiers" in node.entries else (*REQUIRED, *CONDITION)
    keys.check(required=required, optional=(*OPTIONAL, *CONDITION))
    asked = ClassMeasures()
    rule = _rule(keys, outside, asked)
    if rule is not None and len(rule.subject_parts) < len(rule.key):
        rule = asked.of_subject(rule)
    if outside.asking and rule is not None and len(report.problems) == before:
        ask_what_is_open(keys, rule, outside.lists)
    whole = rule if len(report.problems) == before else None
    marks = {key: keys.value_mark(key) for key in node.entries}
    return Placed(file, whole, keys.text("rule"), keys.text("clause"), marks, frozenset(asked.asked))


def giver_in(node: Node | None) -> Giver | None:
    """Return the class that a rule's file says it gives, `None` where it gives none; problems are left to `read_rule`."""
    keys = Keys("", node, Report()) if isinstance(node, Mapping) else None
    name, lasts_us = read_classifies(keys) if keys else (None, None)
    rule = keys.text("rule") if keys else None
    return Giver(rule, name, lasts_us) if rule and name and lasts_us else None


@dataclass(frozen=True, slots=True)
class _Parts:
    """What the keys say, as far as it could be read."""

    selected: tuple[Selected, ...] | None
    counted_by: CountedBy | None
    windows: tuple[Window, ...] | None
    measures: tuple[Measure, ...]
    tiers: tuple[Tier, ...] | None
    minimum: Expression | None
    exempt: Expression | None
    passes: Expression | None
    reset: tuple[Reset, ...]
    once: Once | None
    schedule: Schedule


def _rule(keys: Keys, outside: Outside, asked: ClassMeasures) -> Rule | None:  # size: one line a field
    name, parts = _name(keys), _parts(keys, outside, asked)
    clause, says, source = keys.text("clause"), keys.text("says"), keys.text("source")
    mode, cool_down = keys.choice("mode", Mode), keys.duration("cool_down")
    from_us, until_us = read_date(keys, "from"), read_date(keys, "until")
    classifies, class_us = read_classifies(keys)
    check_dates(keys, from_us, until_us)
    check_silent(keys, parts.schedule, parts.counted_by)
    check_before(keys, parts.schedule, parts.minimum, parts.exempt, parts.passes, *(tier.when for tier in parts.tiers or ()))
    selected, by, tiers = parts.selected, parts.counted_by, parts.tiers
    if not (name and clause and says and source and mode and cool_down and selected and by and tiers):
        return None
    return Rule(
        name=name,
        clause=clause,
        says=says,
        source=source,
        on=selected[0].kind,
        where=selected[0].where,
        also_on=tuple(one.kind for one in selected[1:]),
        also_where=tuple(one.where for one in selected[1:]),
        key=by.key,
        rollup=by.rollup,
        subject=by.subject,
        subject_parts=by.subject_parts,
        windows=parts.windows or (),
        measures=parts.measures,
        tiers=tiers,
        mode=mode,
        cool_down_us=cool_down,
        evaluation=parts.schedule.evaluation,
        every_us=parts.schedule.every_us,
        silent_too=parts.schedule.silent_too,
        before=parts.schedule.before,
        finds_each=parts.schedule.finds_each,
        minimum=parts.minimum,
        exempt=parts.exempt,
        passes=parts.passes,
        reset=parts.reset,
        once=parts.once,
        from_us=from_us,
        until_us=until_us,
        classifies=classifies,
        class_us=class_us,
    )


def _parts(keys: Keys, outside: Outside, asked: ClassMeasures) -> _Parts:
    fields = FieldScope(outside.lists)
    selected, windows = read_on(keys, "on", fields), read_windows(keys)
    measures, dimensions = _measures(keys, fields, windows)
    calendar = {window.name for window in windows or () if isinstance(window, Calendar)}
    periodic = frozenset(dimensions) if windows is None else {measure.name for measure in measures if measure.window in calendar}
    scope = partial(ConditionScope, dimensions, outside, asked, calendar=periodic)
    tiers = read_tiers(keys, scope) if _measured(keys, dimensions) else None
    minimum = read_minimum(keys, scope)
    return _Parts(
        selected=selected,
        counted_by=read_counted_by(keys, fields),
        windows=windows,
        measures=(*measures, *asked.measures.values()),
        tiers=tiers,
        minimum=minimum,
        exempt=read_filter(keys, "exempt", fields),
        passes=read_filter(keys, "passes", fields),
        reset=read_resets(keys, fields),
        once=read_once(keys, fields),
        schedule=read_schedule(keys, windows, selected),
    )


def _measured(keys: Keys, dimensions: dict[str, Dimension]) -> bool:
    """Tell whether the names of measures are known, so that conditions over them can be read."""
    return bool(dimensions) or "measure" not in keys.node.entries


def _name(keys: Keys) -> str | None:
    scalar = keys.scalar("rule")
    if scalar is None:
        return None
    if not _NAME.match(scalar.value) or len(scalar.value) > 64:
        keys.refuse(
            scalar.mark, f"{scalar.value!r} is no rule name", "write lower-case words joined by hyphens, up to 64 characters"
        )
        return None
    return scalar.value


def _measures(keys: Keys, scope: Scope, windows: tuple[Window, ...] | None) -> tuple[tuple[Measure, ...], dict[str, Dimension]]:
    """Read the mapping `NAME: measure`. A measure with a problem is left out, its name stays known."""
    node = keys.node.entries.get("measure")
    measures: list[Measure] = []
    dimensions: dict[str, Dimension] = {}
    if node is None:
        _check_used(keys, (), windows)
        return (), dimensions
    if not isinstance(node, Mapping) or not node.entries:
        keys.refuse(node.mark, "measure must name at least one measure", "write measure: and below it, indented, calls: count()")
        return (), dimensions
    inner = Keys(keys.file, node, keys.report)
    if len(node.entries) > MAX_MEASURES:
        keys.refuse(node.mark, f"more than {MAX_MEASURES} measures", "split the rule")
    names = None if windows is None else tuple(window.name for window in windows)
    for name, mark in node.keys.items():
        dimensions[name] = Dimension.ANY
        if not NAME.match(name) or name in WORDS | FOREIGN_WORDS:
            keys.refuse(mark, f"{name!r} is no name for a measure", "write a lower-case word; _ joins several")
        scalar = inner.scalar(name)
        read = inner.expression(scalar, partial(parse_measure, name, scope=scope, windows=names)) if scalar else None
        if read is not None:
            measures.append(read[0])
            dimensions[name] = read[1]
    if len(measures) == len(node.entries):
        _check_used(keys, measures, windows)
    return tuple(measures), dimensions


def _check_used(keys: Keys, measures: Iterable[Measure], windows: tuple[Window, ...] | None) -> None:
    """Report each window over which nothing is measured."""
    used = {measure.window for measure in measures}
    for window in windows or ():
        if window.name not in used:
            what = "the window" if window.name == ONLY else f"window {window.name}"
            keys.refuse(keys.mark("window"), f"no measure is taken over {what}", "leave it out, or state a measure over it")

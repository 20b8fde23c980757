"""A file under `rules/`: one measurable rule, checked in all its parts."""

import re
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from ringfence.policy.documents import Mapping, Scalar, parse_document
from ringfence.policy.durations import DURATION_HINT, parse_duration, write_duration
from ringfence.policy.expressions import Expression, Field, Type
from ringfence.policy.fields import FIELDS
from ringfence.policy.grammar import parse_condition
from ringfence.policy.keys import Keys
from ringfence.policy.measures import parse_measure
from ringfence.policy.plan import Measure, Rolling, Rule, Tier
from ringfence.policy.problems import START, Mark, Report, did_you_mean
from ringfence.policy.terms import Dimension, FieldScope, MeasureScope
from ringfence.policy.tokens import FOREIGN_WORDS, WORDS, ExpressionRefused
from ringfence.vocabulary.contracts import EventKind
from ringfence.vocabulary.severity import Mode, Severity
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import DAY, MILLISECOND, Micros

REQUIRED: Final = (
    "rule",
    "clause",
    "says",
    "source",
    "on",
    "per",
    "window",
    "measure",
    "when",
    "severity",
    "mode",
    "cool_down",
)
OPTIONAL: Final = ("subject",)
MAX_MEASURES: Final = 16
SHORTEST_WINDOW: Final = Micros(100 * MILLISECOND)
LONGEST_WINDOW: Final = DAY

KEYS_OF_SUBJECT: Final[dict[SubjectKind, tuple[tuple[str, ...], ...]]] = {
    SubjectKind.ACCOUNT: (("account",),),
    SubjectKind.TRUNK: (("trunk",),),
    SubjectKind.SOURCE: (("source",), ("destination",)),
    SubjectKind.NUMBER: (("caller",), ("callee",), ("target",)),
    SubjectKind.PAIR: (("caller", "callee"),),
}
"""Which keys each kind of subject can be counted by: the key's values are the subject's id."""

_NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z", re.ASCII)
_MEASURE_NAME: Final = re.compile(r"[a-z][a-z0-9_]*\Z", re.ASCII)
_ON: Final = re.compile(r"\s*(?P<kind>\S+)(?:\s+(?P<where>where\b)\s*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Placed:
    """A rule and where its file names it and its clause. `rule` is `None` where the file has problems."""

    file: str
    rule: Rule | None
    name: str | None
    name_mark: Mark
    clause: str | None
    clause_mark: Mark


def read_rule(file: str, text: str, report: Report) -> Placed:
    """Return the file's rule, checked; its problems go to `report`."""
    node = parse_document(file, text, report)
    if not isinstance(node, Mapping):
        if node is not None:
            report.add(file, START, "a rule is a mapping", "begin with rule: and the rule's name")
        return Placed(file, None, None, START, None, START)
    before = len(report.problems)
    keys = Keys(file, node, report)
    keys.check(required=REQUIRED, optional=OPTIONAL)
    rule = _rule(keys)
    whole = rule if len(report.problems) == before else None
    return Placed(file, whole, keys.text("rule"), _value_mark(keys, "rule"), keys.text("clause"), _value_mark(keys, "clause"))


def _value_mark(keys: Keys, key: str) -> Mark:
    node = keys.node.entries.get(key)
    return node.mark if isinstance(node, Scalar) else keys.mark(key)


def _rule(keys: Keys) -> Rule | None:
    name = _name(keys)
    on, where = _on(keys)
    key = _key(keys)
    measures, dimensions = _measures(keys)
    when = _when(keys, dimensions)
    clause, says, source = keys.text("clause"), keys.text("says"), keys.text("source")
    subject, window = _subject(keys, key), _window(keys)
    severity, mode, cool_down = keys.choice("severity", Severity), keys.choice("mode", Mode), keys.duration("cool_down")
    if not (name and on and clause and says and source and subject and window and when and severity and mode and cool_down):
        return None
    return Rule(
        name=name,
        clause=clause,
        says=says,
        source=source,
        on=on,
        where=where,
        key=tuple(Field(field, Type.TEXT) for field in key),
        subject=subject,
        subject_parts=tuple(range(len(key))),
        windows=(Rolling("window", window),),
        measures=tuple(replace(measure, window="window") for measure in measures),
        tiers=(Tier(when[0], severity, thresholds=when[1]),),
        mode=mode,
        cool_down_us=cool_down,
    )


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


def _on(keys: Keys) -> tuple[EventKind | None, Expression | None]:
    """Read `KIND` or `KIND where CONDITION`."""
    scalar = keys.scalar("on")
    match = _ON.match(scalar.value) if scalar else None
    if scalar is None or match is None:
        return None, None
    kind = keys.choose("on", EventKind, match["kind"], scalar.at(match.start("kind")))
    if match["where"] is None:
        if match.end() < len(scalar.value.rstrip()):
            keys.refuse(scalar.at(match.end("kind") + 1), "where is missing after the kind of event", "write on: request where …")
        return kind, None
    return kind, keys.expression(scalar, _filter, offset=match.end())


def _filter(text: str) -> Expression:
    return parse_condition(text, FieldScope())[0]


def _key(keys: Keys) -> tuple[str, ...]:
    scalars = keys.texts("per") or ()
    for scalar in scalars:
        field = FIELDS.get(scalar.value)
        if field is None:
            keys.refuse(scalar.mark, f"unknown field {scalar.value}", did_you_mean(scalar.value, FIELDS))
        elif field.type is not Type.TEXT:
            keys.refuse(
                scalar.mark, f"per needs text fields, {field.name} is {field.type}", "count by who did it: account, source …"
            )
    return tuple(scalar.value for scalar in scalars)


def _subject(keys: Keys, key: tuple[str, ...]) -> SubjectKind | None:
    """Return the kind of subject that the key names, or the one stated where the key can name it."""
    stated = keys.choice("subject", SubjectKind)
    if "subject" in keys.node.entries and stated is None:
        return None
    if not key or any(name not in FIELDS or FIELDS[name].type is not Type.TEXT for name in key):
        return stated
    fitting = [kind for kind, ways in KEYS_OF_SUBJECT.items() if key in ways]
    if stated is not None and stated not in fitting:
        keys.refuse(_value_mark(keys, "subject"), f"subject {stated} cannot be counted per {', '.join(key)}", _ways(stated))
        return None
    if not fitting:
        possible = "; ".join(f"{kind} per {' or '.join(', '.join(way) for way in ways)}" for kind, ways in KEYS_OF_SUBJECT.items())
        keys.refuse(keys.mark("per"), f"no kind of subject is counted per {', '.join(key)}", f"possible are {possible}")
        return None
    return stated or fitting[0]


def _ways(kind: SubjectKind) -> str:
    ways = KEYS_OF_SUBJECT.get(kind)
    return f"write per: {' or '.join(', '.join(way) for way in ways)}" if ways else "this version counts no rule by that kind"


def _window(keys: Keys) -> Micros | None:
    """Read `DURATION rolling`."""
    scalar = keys.scalar("window")
    if scalar is None:
        return None
    words = scalar.value.split()
    length = parse_duration(words[0])
    if length is None:
        keys.refuse(scalar.mark, f"window: {words[0]!r} is no duration", DURATION_HINT)
    elif words[1:] != ["rolling"]:
        keys.refuse(scalar.mark, f"window {scalar.value!r} says not how it moves", f"write {words[0]} rolling")
    elif not SHORTEST_WINDOW <= length <= LONGEST_WINDOW:
        allowed = f"{write_duration(SHORTEST_WINDOW)} to {write_duration(LONGEST_WINDOW)}"
        keys.refuse(scalar.mark, f"a window of {words[0]} cannot be kept", f"this version keeps {allowed}")
    else:
        return length
    return None


def _measures(keys: Keys) -> tuple[tuple[Measure, ...], dict[str, Dimension]]:
    """Read the mapping `NAME: measure`. A measure with a problem is left out, its name stays known."""
    node = keys.node.entries.get("measure")
    measures: list[Measure] = []
    dimensions: dict[str, Dimension] = {}
    if node is None:
        return (), dimensions
    if not isinstance(node, Mapping) or not node.entries:
        keys.refuse(node.mark, "measure must name at least one measure", "write measure: and below it, indented, calls: count()")
        return (), dimensions
    inner = Keys(keys.file, node, keys.report)
    if len(node.entries) > MAX_MEASURES:
        keys.refuse(node.mark, f"more than {MAX_MEASURES} measures", "split the rule")
    for name, mark in node.keys.items():
        dimensions[name] = Dimension.ANY
        if not _MEASURE_NAME.match(name) or name in WORDS | FOREIGN_WORDS or len(name) > 40:
            keys.refuse(mark, f"{name!r} is no name for a measure", "write a lower-case word; _ joins several")
        scalar = inner.scalar(name)
        read = inner.expression(scalar, partial(parse_measure, name)) if scalar else None
        if read is not None:
            measures.append(read[0])
            dimensions[name] = read[1]
    return tuple(measures), dimensions


def _when(keys: Keys, dimensions: dict[str, Dimension]) -> tuple[Expression, dict[str, float]] | None:
    scalar = keys.scalar("when")
    if scalar is None or not dimensions:
        return None
    scope = MeasureScope(dimensions)

    def read(text: str) -> tuple[Expression, dict[str, float]]:
        condition = parse_condition(text, scope)
        if not scope.used:
            raise ExpressionRefused(0, "names no measure, so it never changes", "compare a measure with a number")
        return condition

    return keys.expression(scalar, read)

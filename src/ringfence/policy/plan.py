"""The plan: a bundle's rules as checked objects, which watch turns into windows and conditions."""

from dataclasses import dataclass, field
from enum import StrEnum

from ringfence.policy.expressions import Expression
from ringfence.vocabulary.contracts import EventKind
from ringfence.vocabulary.severity import Mode, Severity
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import Micros


class MeasureFunction(StrEnum):
    """How a measure is taken over the window's events."""

    COUNT = "count"  # events
    DISTINCT = "distinct"  # distinct values of a field; unset values don't count
    SUM = "sum"  # of a number field
    MEAN = "mean"  # of a number field; not-a-number over no events
    MAXIMUM = "maximum"  # of a number field; not-a-number over no events


@dataclass(frozen=True, slots=True)
class Measure:
    """`function` over the events that pass `where`. `field` is `None` for `count` alone."""

    name: str
    function: MeasureFunction
    field: str | None = None
    where: Expression | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, checked: every name resolved, every type right.

    An event takes part when its kind is `on`, `where` holds and every field of `key` is set. The window is (t - `window_us`, t].
    A finding comes at the event that makes `when` true after it was false, unless one came for the same key within `cool_down_us`.
    `thresholds` are the numbers that `when` compares with, by the compared expression's text.
    """

    name: str
    clause: str
    says: str
    source: str
    on: EventKind
    where: Expression | None
    key: tuple[str, ...]
    subject: SubjectKind
    window_us: Micros
    measures: tuple[Measure, ...]
    when: Expression
    severity: Severity
    mode: Mode
    cool_down_us: Micros
    thresholds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """`policy` is the bundle's version hash. Rules stand in the order of their names."""

    policy: str
    rules: tuple[Rule, ...]

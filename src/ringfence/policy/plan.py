"""The plan: a bundle's rules as checked objects, which watch turns into windows and conditions."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from ringfence.policy.expressions import Expression, Field
from ringfence.vocabulary.contracts import EventKind
from ringfence.vocabulary.severity import Mode, Severity
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import DAY, HOUR, Micros


class MeasureFunction(StrEnum):
    """How a measure is taken over the window's events that pass its filter."""

    COUNT = "count"  # events
    DISTINCT = "distinct"  # distinct values of an expression; unset values don't count
    SUM = "sum"  # of a number
    MEAN = "mean"  # of a number; not-a-number over no events
    MAXIMUM = "maximum"  # of a number; not-a-number over no events
    MINIMUM = "minimum"  # of a number; not-a-number over no events
    DEVIATION = "deviation"  # population standard deviation of a number; not-a-number over fewer than two events
    FIRST = "first"  # the number at the window's oldest event; not-a-number over no events
    LAST = "last"  # the number at the newest event; not-a-number over no events
    MOST = "most"  # events that share the commonest value of an expression
    PEAK = "peak"  # most events within any span of `length_us` that ends at one of the window's; not-a-number over no events
    RUN = "run"  # consecutive newest events that pass `where`; one that does not pass it ends the run. No window
    CONCURRENT = "concurrent"  # calls of the key that are under way: begun by an attempt or answer, not yet ended. No window
    SINCE = "since"  # time from the newest event that passes to the present one; not-a-number where there was none. No window
    GAP = "gap"  # time between the newest event that passes and the one before it; not-a-number before the second. No window


class Unit(StrEnum):
    """The grid of a calendar window. A billing cycle is a month that begins on the account's billing day."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"  # begins on Monday
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    BILLING_CYCLE = "billing cycle"


_LONGEST = {
    Unit.HOUR: HOUR,
    Unit.DAY: DAY + HOUR,  # the day on which clocks go back
    Unit.WEEK: 7 * DAY + HOUR,
    Unit.MONTH: 31 * DAY + HOUR,
    Unit.QUARTER: 92 * DAY + HOUR,
    Unit.YEAR: 366 * DAY + HOUR,
    Unit.BILLING_CYCLE: 31 * DAY + HOUR,
}


@dataclass(frozen=True, slots=True)
class Rolling:
    """(t - `length_us`, t]. With `grain_us` events leave a whole grain at a time: the window is up to one grain longer."""

    name: str
    length_us: Micros
    grain_us: Micros | None = None

    def start(self, time: int) -> Micros:
        """Return the start of the window that ends at `time`."""
        oldest = time - self.length_us
        return Micros(oldest if self.grain_us is None else oldest - oldest % self.grain_us)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The last `periods` periods of `unit` in `zone` (IANA name), the present one included: [start, next start)."""

    name: str
    unit: Unit
    zone: str
    periods: int = 1


Window = Rolling | Calendar


@dataclass(frozen=True, slots=True)
class Measure:
    """`function` over the events that pass `where`.

    `value` is what is counted apart, added up or compared: `None` for those that count events. `on` is the kind of event where it
    is not the rule's. `window` names one of the rule's windows, `None` for functions without. `length_us` belongs to `peak`.
    With `same`, whatever was counted is forgotten when that expression's value changes for the key. `of_subject` (`since` alone):
    it is kept for the rule's subject, whatever else the key holds.
    """

    name: str
    function: MeasureFunction
    value: Expression | None = None
    where: Expression | None = None
    on: EventKind | None = None
    window: str | None = None
    length_us: Micros | None = None
    same: Expression | None = None
    of_subject: bool = False

    @property
    def field(self) -> str | None:
        """The field that is counted apart, added up or compared, where it is a field as it stands."""
        return self.value.name if isinstance(self.value, Field) else None


class Evaluation(StrEnum):
    """When a rule's condition is looked at."""

    EVENT = "event"  # at each event that takes part
    CLOSE = "close"  # when a period of the rule's calendar window is over, for each key that it had; at the boundary
    EVERY = "every"  # at each multiple of `every_us` since the epoch, for each key that has anything in a window


class ProposalKind(StrEnum):
    """What a rule proposes where its condition is met. It enforces nothing: ladder and people decide."""

    NOTIFY = "notify"
    CHARGE = "charge"
    THROTTLE = "throttle"
    CAP = "cap"
    REFUSE = "refuse"
    QUEUE = "queue"
    SUSPEND = "suspend"
    BAR = "bar"
    END_CALLS = "end-calls"
    ANNOUNCE = "announce"
    RECLASSIFY = "reclassify"
    RECLAIM = "reclaim"
    REVIEW = "review"
    REPORT = "report"
    DEMAND = "demand"
    SHARE = "share"
    RETAIN = "retain"


class Release(StrEnum):
    """What ends a proposed measure."""

    TIME = "time"  # after `Proposal.release_us`
    BOUNDARY = "boundary"  # at the next start of `Proposal.release_unit` in `Proposal.release_zone`
    CLEARED = "cleared"  # when the condition is false again
    MANUAL = "manual"  # a person lifts it; `Proposal.text` may say who


@dataclass(frozen=True, slots=True)
class Proposal:
    """One line of `proposes`. `text` is what the line says; the rest what machines read of it.

    `amount` and `currency` belong to a charge, `quantity` is how many times it is taken, an expression over the measures.
    `number` is a rate per second (throttle), calls (cap), or a SIP status (refuse). `every_us` belongs to a report. It is due
    within `within_us`, and begins after a notice of `notice_us`.
    """

    kind: ProposalKind
    text: str
    amount: float | None = None
    currency: str | None = None
    quantity: Expression | None = None
    number: float | None = None
    release: Release | None = None
    release_us: Micros | None = None
    release_unit: Unit | None = None
    release_zone: str | None = None
    every_us: Micros | None = None
    within_us: Micros | None = None
    notice_us: Micros | None = None


@dataclass(frozen=True, slots=True)
class Tier:
    """One threshold of a rule, and what meeting it means. `clears`, where given, is what makes it false again (hysteresis)."""

    when: Expression
    severity: Severity
    clears: Expression | None = None
    says: str | None = None
    proposes: tuple[Proposal, ...] = ()
    points: float = 0.0
    thresholds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reset:
    """An event that makes the key forget all that its measures hold."""

    on: EventKind
    where: Expression | None = None


@dataclass(frozen=True, slots=True)
class Once:
    """Events that share the values of `per` within `within_us` of the first of them count as one."""

    per: tuple[Expression, ...]
    within_us: Micros


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, checked: every name resolved, every type right.

    An event takes part when its kind is `on`, one of `also_on`, or a measure's own, the kind's filter holds (`where_of`), `exempt`
    does not, it lies in [`from_us`, `until_us`), and every part of `key` is set. A measure without a kind of its own takes every
    kind that the rule names. With `rollup` the event takes part once for each party of its path: `party` in the key is that
    party then. An event for which
    `passes` holds is counted, and never found. A finding comes at the event (or boundary) that makes a tier's condition true after
    it was false, unless one came for the same key and tier within `cool_down_us`. A rule without measures judges each event alone.
    `subject_parts` are the places in `key` that name the subject.
    """

    name: str
    clause: str
    says: str
    source: str
    on: EventKind
    where: Expression | None
    key: tuple[Expression, ...]
    subject: SubjectKind
    subject_parts: tuple[int, ...]
    windows: tuple[Window, ...]
    measures: tuple[Measure, ...]
    tiers: tuple[Tier, ...]
    mode: Mode
    cool_down_us: Micros
    also_on: tuple[EventKind, ...] = ()
    """Further kinds of event that take part."""
    also_where: tuple[Expression | None, ...] = ()
    """The filter of each of them, in their order."""
    rollup: bool = False
    evaluation: Evaluation = Evaluation.EVENT
    every_us: Micros | None = None
    silent_too: bool = False
    """Evaluate for every subject the reference knows, also those without an event."""
    minimum: Expression | None = None
    """What must hold before any tier may: the least sample. `None`: the author said that none is needed."""
    exempt: Expression | None = None
    passes: Expression | None = None
    reset: tuple[Reset, ...] = ()
    once: Once | None = None
    from_us: Micros | None = None
    until_us: Micros | None = None
    finds_each: bool = False
    """A tier that holds is found each time it is looked at, after its cool-down; not only when it becomes true."""
    before: bool = False
    """It answers while the call is being set up (`decide: before`)."""
    classifies: str | None = None
    """The traffic class that a finding gives its subject, for `class_us`."""
    class_us: Micros | None = None

    def where_of(self, kind: EventKind) -> Expression | None:
        """Return what the rule asks of events of `kind`. `None`: nothing; also for a kind that only a measure names."""
        if kind is self.on:
            return self.where
        return dict(zip(self.also_on, self.also_where, strict=False)).get(kind)

    @property
    def when(self) -> Expression:
        """The first tier's condition."""
        return self.tiers[0].when

    @property
    def severity(self) -> Severity:
        """The gravest of its tiers'."""
        return max((tier.severity for tier in self.tiers), key=tuple(Severity).index)

    @property
    def thresholds(self) -> dict[str, float]:
        """The numbers that its first tier compares with, by the compared expression's text."""
        return self.tiers[0].thresholds

    @property
    def window_us(self) -> Micros:
        """How far back its longest window reaches, at most. 0 where it has none."""
        return Micros(max((span_us(window) for window in self.windows), default=0))


def span_us(window: Window) -> Micros:
    """Return the longest that `window` can be."""
    match window:
        case Rolling(length_us=length, grain_us=grain):
            return Micros(length + (grain or 0))
        case Calendar(unit=unit, periods=periods):
            return Micros(_LONGEST[unit] * periods)


EXACT_DISTINCT: Final = 16_384
"""Up to how many distinct values of a key are counted one by one, unless a bundle says otherwise: two standard deviations of an
estimate beyond are 2 %."""


MEMORY_BYTES: Final = 1 << 30
"""What all rules may remember together, unless a bundle says otherwise."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a bundle says about an engine of its rules.

    They take `memory_bytes` at most; beyond `exact_distinct` values of a key their number may be estimated.
    """

    memory_bytes: int = MEMORY_BYTES
    exact_distinct: int = EXACT_DISTINCT


@dataclass(frozen=True, slots=True)
class Plan:
    """`policy` is the bundle's version hash. Rules stand in the order of their names.

    `lists` holds what the rules' expressions look up: list name to its rows.
    """

    policy: str
    rules: tuple[Rule, ...]
    lists: "dict[str, Table]" = field(default_factory=dict)
    bounds: Bounds = field(default_factory=Bounds)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a list: in force in [`from_us`, `until_us`). `values` are its further columns by name."""

    entry: str
    values: dict[str, str] = field(default_factory=dict)
    from_us: Micros | None = None
    until_us: Micros | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A list. `fetched_us` is when its content was taken from its source, where that was said, `due_us` when it should be anew.

    `posted` is how many of the rows, the first, stand in the bundle: the others were brought since. `None`: all.
    """

    name: str
    rows: tuple[Row, ...]
    fetched_us: Micros | None = None
    due_us: Micros | None = None
    posted: int | None = None

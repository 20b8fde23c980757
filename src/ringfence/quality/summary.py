"""Outcomes of all carriers taken together, by clause, by kind and by rule."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from ringfence.quality.outcomes import Abuse, Hit, Outcome, Touch
from ringfence.quality.statistics import Share, bootstrap, quantile, reweighted, wilson
from ringfence.vocabulary.severity import Severity

DAYS_OF_A_MONTH = 30.0

Counts = Callable[[str], bool]
"""Tells whether a rule counts."""


class Delay(Struct, frozen=True):
    """From an abuse's first act to a severity: median and 90th percentile, in seconds and acts; the medians' 95 % intervals."""

    seconds: float | None
    seconds_90: float | None
    acts: float | None
    acts_90: float | None
    seconds_between: tuple[float, float] | None = None
    acts_between: tuple[float, float] | None = None


class Level(Struct, frozen=True):
    """What holds for findings of a severity and graver ones.

    `recall` counts findings under the clause itself, `found` under any. `precision` is of the run, the others what it
    would be with one abuser (of any clause) in so many parties. `touched_per_month` is a share of honest parties.
    """

    recall: Share
    found: Share
    precision: Share
    precision_1_in_100: float | None
    precision_1_in_1000: float | None
    touched: int
    touched_per_month: float
    delay: Delay


class ClauseQuality(Struct, frozen=True):
    """One clause's. What was let through is the median of what an abuser did until act, or all where there was none."""

    clause: str
    abusers: int
    warn: Level
    act: Level
    let_through_acts: float | None
    let_through_minutes: float | None
    let_through_share: float | None


def taken_together(outcomes: Sequence[Outcome]) -> Outcome:
    """Return all outcomes as one."""
    return Outcome(
        tuple(abuse for outcome in outcomes for abuse in outcome.abuses),
        tuple(touch for outcome in outcomes for touch in outcome.touches),
        sum(outcome.parties for outcome in outcomes),
        sum(outcome.party_days for outcome in outcomes),
        sum(outcome.events for outcome in outcomes),
        sum(outcome.findings for outcome in outcomes),
        tuple(sorted({rule for outcome in outcomes for rule in outcome.losses})),
    )


def by_clause(outcome: Outcome, counts: Counts = lambda _rule: True) -> list[ClauseQuality]:
    """Return the quality of each clause, by its name; only the findings of rules that count."""
    clauses = sorted({abuse.clause for abuse in outcome.abuses} | {touch.clause for touch in outcome.touches})
    return [quality(outcome, clause, counts) for clause in clauses]


def quality(outcome: Outcome, clause: str, counts: Counts = lambda _rule: True) -> ClauseQuality:
    """Return the quality of one clause."""
    abuses = [abuse for abuse in outcome.abuses if abuse.clause == clause]
    acts, minutes, shares = [], [], []
    for abuse in abuses:
        hit = first(abuse, clause, Severity.ACT, counts)
        acts.append(float(hit.acts if hit is not None else abuse.acts))
        minutes.append(hit.minutes if hit is not None else abuse.minutes)
        shares.append(acts[-1] / abuse.acts)
    return ClauseQuality(
        clause,
        len(abuses),
        _level(outcome, abuses, clause, Severity.WARN, counts),
        _level(outcome, abuses, clause, Severity.ACT, counts),
        quantile(acts, 0.5),
        quantile(minutes, 0.5),
        quantile(shares, 0.5),
    )


def first(abuse: Abuse, clause: str | None, severity: Severity, counts: Counts) -> Hit | None:
    """Return the first hit of `severity` or graver, under `clause` (`None`: any)."""
    fitting = [
        hit
        for hit in abuse.hits
        if counts(hit.rule) and (clause is None or hit.clause == clause) and (severity is Severity.WARN or hit.severity is severity)
    ]
    return min(fitting, key=lambda hit: (hit.seconds, hit.acts), default=None)


def kinds(outcome: Outcome, counts: Counts = lambda _rule: True) -> list[tuple[str, str, int, int, int, int, Delay, Delay]]:
    """Return of each kind: clause, kind, how many, warned, acted on, found under any clause, how long until warn and act."""
    by_kind: dict[tuple[str, str], list[Abuse]] = defaultdict(list)
    for abuse in outcome.abuses:
        by_kind[abuse.clause, abuse.kind].append(abuse)
    rows = []
    for (clause, kind), abuses in sorted(by_kind.items()):
        warned = [hit for abuse in abuses if (hit := first(abuse, clause, Severity.WARN, counts)) is not None]
        acted = [hit for abuse in abuses if (hit := first(abuse, clause, Severity.ACT, counts)) is not None]
        found = sum(first(abuse, None, Severity.WARN, counts) is not None for abuse in abuses)
        rows.append((clause, kind, len(abuses), len(warned), len(acted), found, _delay(warned), _delay(acted)))
    return rows


def touched_habits(outcome: Outcome, severity: Severity) -> list[tuple[str, str, int]]:
    """Return which honest kinds which rules touched, and how many of them, most first."""
    counted: Counter[tuple[str, str]] = Counter()
    for rule, habit, _ in {(touch.rule, touch.habit, touch.who) for touch in _at_least(outcome.touches, severity)}:
        counted[rule, habit] += 1
    return [(rule, habit, count) for (rule, habit), count in counted.most_common()]


def share_touched_per_month(outcome: Outcome, severity: Severity, counts: Counts = lambda _rule: True) -> float:
    """Return how many innocents are touched in a month for each honest party, whatever the clause."""
    months = outcome.party_days / DAYS_OF_A_MONTH
    return len({touch.who for touch in _at_least(outcome.touches, severity) if counts(touch.rule)}) / months if months else 0.0


def _level(outcome: Outcome, abuses: Sequence[Abuse], clause: str, severity: Severity, counts: Counts) -> Level:
    hits = [hit for abuse in abuses if (hit := first(abuse, clause, severity, counts)) is not None]
    anyhow = sum(first(abuse, None, severity, counts) is not None for abuse in abuses)
    right = sum(
        clause in (abuse.clause, *abuse.also) and first(abuse, clause, severity, counts) is not None for abuse in outcome.abuses
    )
    mistaken = sum(
        clause not in (abuse.clause, *abuse.also) and first(abuse, clause, severity, counts) is not None for abuse in outcome.abuses
    )
    touched = len({touch.who for touch in _at_least(outcome.touches, severity) if touch.clause == clause and counts(touch.rule)})
    months = outcome.party_days / DAYS_OF_A_MONTH
    delay = _delay(hits)
    delay = replace(delay, seconds_between=bootstrap(_seconds(hits), 0.5), acts_between=bootstrap(_acts(hits), 0.5))
    return Level(
        wilson(len(hits), len(abuses)),
        wilson(anyhow, len(abuses)),
        wilson(right, right + mistaken + touched),
        _precision_at(0.01, (right, mistaken, touched), outcome),
        _precision_at(0.001, (right, mistaken, touched), outcome),
        touched,
        touched / months if months else 0.0,
        delay,
    )


def _delay(hits: Sequence[Hit]) -> Delay:
    seconds, acts = _seconds(hits), _acts(hits)
    return Delay(quantile(seconds, 0.5), quantile(seconds, 0.9), quantile(acts, 0.5), quantile(acts, 0.9))


def _seconds(hits: Sequence[Hit]) -> list[float]:
    return [max(0.0, hit.seconds) for hit in hits]


def _acts(hits: Sequence[Hit]) -> list[float]:
    return [float(hit.acts) for hit in hits]


def _precision_at(prevalence: float, found: tuple[int, int, int], outcome: Outcome) -> float | None:
    """Return the precision at another prevalence: of abusers rightly found, others wrongly, and innocents."""
    right, mistaken, touched = found
    abusive = reweighted(right + mistaken, touched, abusers=len(outcome.abuses), parties=outcome.parties, prevalence=prevalence)
    return None if abusive is None else abusive * right / (right + mistaken) if right + mistaken else 0.0


def _at_least(touches: Sequence[Touch], severity: Severity) -> list[Touch]:
    return [touch for touch in touches if severity is Severity.WARN or touch.severity is severity]

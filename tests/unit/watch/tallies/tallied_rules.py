"""Rules that tallies measure, and what happens, written short."""

from tests.property.paired_rules import ATTEMPT, compare, measured, number, rule
from tests.property.plain_pairs import changed

from ringfence.policy.expressions import Arithmetic, Expression, Past, PastValue
from ringfence.policy.plan import (
    Calendar,
    Evaluation,
    Measure,
    MeasureFunction,
    Plan,
    Rolling,
    Rule,
    Tier,
    Unit,
)
from ringfence.vocabulary.contracts import (
    Event,
    EventKind,
    Finding,
)
from ringfence.vocabulary.times import from_iso, iso
from ringfence.watch.engine import Engine, Limits

LATER = from_iso("2030-01-01T00:00:00Z")
CALLS = Measure("calls", MeasureFunction.COUNT)
MONTH = Calendar("month", Unit.MONTH, "UTC")
DAYS = Calendar("day", Unit.DAY, "UTC")


def engine(*rules: Rule, limits: Limits | None = None) -> Engine:
    return Engine(Plan("f" * 64, rules), key=b"", source="test", limits=limits)


def at(moment: str, *, account: str | None = "acme", kind: EventKind = ATTEMPT, call: str = "1", **told: object) -> Event:
    return Event(kind=kind, time=from_iso(f"{moment}Z"), call_id=call, account=account, **told)  # type: ignore[arg-type]  # fields


def few(threshold: int, **parts: object) -> Rule:
    base = rule("few", measures=(CALLS,), when=compare(measured("calls"), "<", number(threshold)))
    return changed(base, **{"evaluation": Evaluation.CLOSE, "windows": (MONTH,), **parts})


def many(name: str, threshold: int, window: Calendar | Rolling, **parts: object) -> Rule:
    base = rule(name, measures=(CALLS,), when=compare(measured("calls"), ">=", number(threshold)))
    return changed(base, windows=(window,), **parts)


def replace_when(made: Rule, when: Expression) -> Tier:
    return Tier(when=when, severity=made.tiers[0].severity)


def told(findings: list[Finding]) -> list[tuple[str, str, str]]:
    return [(finding.rule, finding.subject.id, iso(finding.time)[:16]) for finding in findings]


def past(kind: Past, threshold: float, *, periods: int = 1, quantile: float = 0.5) -> Expression:
    value = PastValue(kind, "calls", periods, quantile)
    return compare(measured("calls"), ">", Arithmetic("*", value, number(threshold)))

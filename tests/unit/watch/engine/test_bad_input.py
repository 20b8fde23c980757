"""Broken clocks, numbers without meaning and torn snapshots: bounded, said, and the other rules run on."""

import pytest
from tests.property.paired_rules import compare, measured, number, rule
from tests.property.plain_pairs import changed

from ringfence.policy.expressions import Arithmetic, Connective
from ringfence.policy.plan import Calendar, Evaluation, Measure, MeasureFunction, Plan, Unit
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import DAY, HOUR, Micros
from ringfence.watch.engine import Engine, SnapshotDamaged

CALLS = Measure("calls", MeasureFunction.COUNT)
SINCE = Measure("last", MeasureFunction.SINCE)
NOW = Micros(10**15)
DIVIDED = compare(Arithmetic("/", measured("calls"), Arithmetic("-", measured("calls"), measured("calls"))), ">", number(1))
THREE = compare(measured("calls"), ">=", number(3))


def engine(*, compiled: bool = True) -> Engine:
    """Return an engine of rules that divide by zero, count, close hours and look every minute."""
    hours = (Calendar("hour", Unit.HOUR, "UTC"),)
    rules = (
        rule("divides", measures=(CALLS,), when=DIVIDED, window_s=3600),
        rule("three", measures=(CALLS,), when=Connective("or", (DIVIDED, THREE)), window_s=3600),
        changed(rule("three-an-hour", measures=(CALLS,), when=THREE), windows=hours),
        changed(rule("closes", measures=(CALLS,), when=THREE), windows=hours, evaluation=Evaluation.CLOSE),
        changed(
            rule("looks", measures=(SINCE,), when=compare(measured("last"), ">", number(HOUR))),
            windows=(),
            evaluation=Evaluation.EVERY,
            every_us=Micros(60_000_000),
        ),
    )
    return Engine(Plan("f" * 64, rules), key=b"", source="test", compiled=compiled)


def call(time: int) -> Event:
    return Event(kind=EventKind.ATTEMPT, time=Micros(time), call_id=str(time), account="a")


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize(
    "times",
    [
        (0, 1, 2),
        (10**15, 0, 1),  # back by thirty years
        (1 << 62, 1, 2),  # far in the future
        (2**63 - 1, 2**63 - 1, 2**63 - 1),
        (-(1 << 61), -(1 << 61), 7),  # long before everything
        (0, 1, 10**15),  # a gap of thirty years
    ],
)
def test_whatever_clocks_say_every_step_ends_and_three_calls_are_three_where_they_count_together(
    times: tuple[int, ...], compiled: bool
) -> None:
    running = engine(compiled=compiled)
    found = running.step([call(time) for time in times], NOW)
    together = max(min(times[0], NOW), *(min(time, NOW) for time in times)) - min(times[0], NOW) < HOUR
    assert ("three" in {finding.rule for finding in found}) == together
    assert "divides" not in {finding.rule for finding in found}
    assert all(finding.time <= NOW for finding in found)
    running.pass_time(NOW)
    later = NOW + DAY
    after = running.step([call(later), call(later + 10), call(later + 20)], Micros(later + HOUR))
    assert {finding.rule for finding in after} >= {"three", "three-an-hour"}


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_half_a_snapshot_says_so_and_leaves_the_engine_as_it_was(part: float) -> None:
    running = engine()
    running.step([call(1), call(2)], NOW)
    whole = running.snapshot()
    with pytest.raises(SnapshotDamaged, match=r"bytes are missing or changed|no snapshot"):
        running.restore(whole[: int(len(whole) * part)])
    assert running.snapshot() == whole
    assert {finding.rule for finding in running.step([call(3)], NOW)} == {"three", "three-an-hour"}

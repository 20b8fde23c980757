"""All rules together keep within one bound of memory, whoever is flooded; what is forgotten doesn't depend on how steps are cut."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.property.paired_rules import compare, field, measured, number, rule
from tests.property.plain_pairs import changed

from ringfence.policy.plan import Measure, MeasureFunction, Plan, Rolling, Rule
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import DAY, HOUR, SECOND, Micros
from ringfence.watch.engine import Engine, Limits
from ringfence.watch.engine.shares import ROUND

CALLS = Measure("calls", MeasureFunction.COUNT)
CALLEES = Measure("callees", MeasureFunction.DISTINCT, field("callee"))
LATER = Micros(1 << 60)
MEBIBYTE = 1 << 20


def often(name: str, key: str, kind: SubjectKind, measures: tuple[Measure, ...] = (CALLS,), **parts: object) -> Rule:
    made = rule(name, measures=measures, when=compare(measured("calls"), ">=", number(12)), window_s=3600, key=(key,), subject=kind)
    return changed(made, cool_down_us=60 * SECOND, **parts)


def rules() -> tuple[Rule, ...]:
    by_day = (Rolling("window", Micros(DAY), Micros(HOUR)),)
    return (
        often("by-account", "account", SubjectKind.ACCOUNT, (CALLS, CALLEES)),
        often("by-callee", "callee", SubjectKind.NUMBER),
        often("by-caller", "caller", SubjectKind.NUMBER),
        often("by-day", "caller", SubjectKind.NUMBER, windows=by_day),
    )


def flood(number: int, start: int = 0) -> list[Event]:
    """Return calls from ever new callers; accounts that begin to call, and some that always do."""
    return [
        Event(
            kind=EventKind.ATTEMPT,
            time=Micros(n * 20_000),
            call_id=f"c{n}",
            account=f"a{n // 300}" if n % 3 else f"busy{n % 7}",
            caller=f"+1{n}" if n % 5 else "+32255501",
            callee=f"+2{n % 997}",
        )
        for n in range(start, start + number)
    ]


def small(octets: int = 6 * MEBIBYTE, *, in_advance: bool = True) -> Engine:
    limits = Limits(memory_bytes=octets, in_advance=in_advance)
    return Engine(Plan("f" * 64, rules()), key=b"", source="test", limits=limits)


def test_however_a_flood_is_cut_the_same_is_found_and_forgotten() -> None:
    events = flood(3 * ROUND)
    whole, pieces = small(), small()
    found = whole.step(events, LATER)
    assert found
    assert any(finding.approximate for finding in found)
    one_by_one, start = [], 0
    for size in (1, 5_000, 20_000, 3, 30_000):
        one_by_one += pieces.step(events[start : start + size], LATER)
        start += size
        pieces = pieces_from(pieces)
    assert one_by_one == found
    assert pieces.losses == whole.losses
    assert all(lost.events for name, lost in whole.losses.items() if name != "by-account")


def pieces_from(engine: Engine) -> Engine:
    successor = small()
    successor.restore(engine.snapshot())
    return successor


def test_windows_and_tallies_keep_within_the_bound_and_who_is_busy_is_never_forgotten() -> None:
    bounded, found = small(), []
    for start in range(0, 4 * ROUND, 10_000):
        found += bounded.step(flood(10_000, start), LATER)
        assert bounded.memory_bytes <= 6 * MEBIBYTE
    assert bounded.losses["by-caller"].events > ROUND
    assert [one.rule for one in found if one.subject.id == "+32255501"] == ["by-caller", "by-day"]  # true since then


def test_a_bound_that_nobody_reaches_forgets_nothing() -> None:
    events = flood(2 * ROUND)
    roomy = Engine(Plan("f" * 64, rules()), key=b"", source="test")
    found = roomy.step(events, LATER)
    assert all(lost == (0, 0) for lost in ((lost.events, lost.cool_downs) for lost in roomy.losses.values()))
    assert all(finding.approximate is None for finding in found)


def test_a_bound_that_is_not_shared_out_in_advance_forgets_nothing_before_it_is_reached() -> None:
    events = flood(20_000)
    reserved, by_need = small(64 * MEBIBYTE), small(64 * MEBIBYTE, in_advance=False)
    for engine in (reserved, by_need):
        engine.step(events, LATER)
    assert any(lost.events for lost in reserved.losses.values())
    assert not any(lost.events or lost.cool_downs for lost in by_need.losses.values())


def test_a_bound_that_is_not_shared_out_in_advance_holds_all_the_same_however_a_flood_is_cut() -> None:
    events = flood(5 * ROUND)
    whole, pieces = small(8 * MEBIBYTE, in_advance=False), small(8 * MEBIBYTE, in_advance=False)
    found, one_by_one = whole.step(events, LATER), []
    for start in range(0, len(events), 10_000):
        one_by_one += pieces.step(events[start : start + 10_000], LATER)
        assert pieces.memory_bytes <= 2 * 8 * MEBIBYTE
    assert one_by_one == found
    assert pieces.losses == whole.losses
    assert whole.losses["by-caller"].events > ROUND


def test_what_one_does_not_need_another_may_take() -> None:
    bounded = small(20 * MEBIBYTE)
    quiet = [Event(kind=EventKind.ATTEMPT, time=Micros(n * 50_000), call_id=f"q{n}", account=f"a{n % 9}") for n in range(57_000)]
    bounded.step(quiet, LATER)
    assert bounded.live_events == 57_000
    assert 2 * bounded.memory_bytes > 20 * MEBIBYTE / 4
    assert bounded.losses["by-account"].events == 0


_FLOOD = """
import resource, sys
sys.path.insert(0, {root!r})
from tests.unit.watch.engine.test_shares import CALLS, LATER, SubjectKind, Engine, Limits, Plan, often, Event, EventKind, Micros
from ringfence.vocabulary.times import DAY
from ringfence.policy.plan import Rolling
long = Rolling("window", Micros(DAY))
plan = Plan("f" * 64, (often("by-caller", "caller", SubjectKind.NUMBER, windows=(long,)),
                       often("by-callee", "callee", SubjectKind.NUMBER, windows=(long,))))
engine = Engine(plan, key=b"", source="test", limits=Limits(memory_bytes={octets}))
def step(first):
    calls = [Event(kind=EventKind.ATTEMPT, time=Micros(n * 1000), call_id=str(n), caller="+1%d" % n, callee="+2%d" % (n // 2))
             for n in range(first, first + 50_000)]
    engine.step(calls, LATER)
step(0)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for first in range(50_000, {keys}, 50_000):
    step(first)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, engine.live_keys, engine.losses["by-caller"].events)
"""


@pytest.mark.parametrize("octets", [64 * MEBIBYTE])
def test_a_flood_of_keys_takes_no_more_memory_than_stated(octets: int) -> None:
    """In a process of its own: what the system says that it took after the first fifty thousand keys, in all."""
    keys = 800_000
    text = _FLOOD.format(root=str(Path(__file__).parents[4]), octets=octets, keys=keys)
    printed = subprocess.run([sys.executable, "-c", text], check=True, capture_output=True, text=True, timeout=600).stdout
    grown_kib, live, lost = map(int, printed.split())
    assert grown_kib * 1024 < octets
    assert live > 50_000
    assert lost > keys / 2

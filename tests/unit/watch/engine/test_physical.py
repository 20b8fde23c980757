"""How a plan is measured can be read before it runs; and what was compiled ahead is taken up."""

import os
import pickle
from dataclasses import replace
from pathlib import Path

import pytest
from tests.property.paired_rules import compare, field, measured, number, rule

from ringfence.cli.kept_passes import passes_folder, prune_passes
from ringfence.policy.plan import Measure, MeasureFunction, Plan, Rolling
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import DAY, SECOND, Micros
from ringfence.watch.engine import Engine, stepping
from ringfence.watch.engine.physical import physical
from ringfence.watch.windows import Limits

CALLS = Measure("calls", MeasureFunction.COUNT)
CALLEES = Measure("callees", MeasureFunction.DISTINCT, field("callee"))
MANY = rule("many", measures=(CALLS,), when=compare(measured("calls"), ">=", number(3)), window_s=60)
SPREAD = rule("spread", measures=(CALLS, CALLEES), when=compare(measured("callees"), ">=", number(4)), window_s=60)
ONCE = replace(rule("once", measures=(CALLS,), when=compare(measured("calls"), ">=", number(1)), window_s=60), rollup=True)
PLAN = Plan("a" * 64, (MANY, ONCE, SPREAD))


def test_the_physical_plan_says_what_rules_share_what_is_tallied_and_how_it_can_be_split() -> None:
    told = physical(PLAN, Limits(memory_bytes=1 << 26))
    (group,) = told.groups
    assert group.rules == ("many", "spread")
    assert {shared.measure: shared.rules for shared in group.measures} == {
        "count()": ("many", "spread"),
        "distinct(callee)": ("spread",),
    }
    assert [(each.rule, each.why) for each in told.tallied] == [("once", "it has `rollup`")]
    assert told.split_by["many"] == "account"
    assert told.most_bytes == 1 << 26
    assert told.beside_bytes <= told.most_bytes / 3


def test_the_physical_plan_says_by_how_much_events_leave_and_keeps_such_rules_apart() -> None:
    hours = Rolling("window", Micros(7200 * SECOND), Micros(600 * SECOND))
    week = Rolling("window", Micros(7 * DAY), Micros(3600 * SECOND))
    pairs = replace(MANY, name="pairs", key=(field("account"), field("callee")), windows=(week,))
    told = physical(Plan("a" * 64, (MANY, replace(MANY, name="coarse", windows=(hours,)), pairs)), Limits())
    assert [(group.rules, group.window_seconds, group.grain_seconds) for group in told.groups] == [
        (("many",), (60.0,), None),
        (("coarse",), (7800.0,), 600.0),
        (("pairs",), (7 * 86_400.0 + 3600,), 3600.0),
    ]
    (long,) = physical(Plan("a" * 64, (replace(MANY, windows=(week,)),)), Limits()).tallied
    assert long.why == "its window is no rolling one of a day at most"


def test_passes_compiled_ahead_are_taken_up_between_steps_and_find_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stepping, "_WORTH_COMPILING", 8)
    plan = Plan("a" * 64, (MANY, SPREAD))
    events = [
        Event(kind=EventKind.ATTEMPT, time=Micros(n * 7 * SECOND), call_id=str(n), account="x", callee=str(n % 5))
        for n in range(60)
    ]
    Engine(plan, key=b"", source="ahead").compile()
    at_once = Engine(plan, key=b"", source="test").step(events, Micros(1 << 60))
    engine = Engine(plan, key=b"", source="test")
    general = engine._groups[0].window._advance
    findings = [finding for begin in range(0, 60, 4) for finding in engine.step(events[begin : begin + 4], Micros(1 << 60))]
    assert engine._groups[0].window._advance is not general
    assert findings == at_once
    assert len(findings) > 1


def test_passes_that_another_process_compiled_meanwhile_are_taken_up_and_find_the_same() -> None:
    plan = Plan("a" * 64, (replace(MANY, name="many-more"), SPREAD))
    events = [
        Event(kind=EventKind.ATTEMPT, time=Micros(n * 9 * SECOND), call_id=str(n), account="x", callee=str(n % 7))
        for n in range(90)
    ]
    at_once = Engine(plan, key=b"", source="test").step(events, Micros(1 << 60))
    engine = Engine(plan, key=b"", source="test")
    found = engine.step(events[:30], Micros(1 << 60))
    found += engine.step(events[30:40], Micros(1 << 60))
    window = engine._groups[0].window
    assert not window.is_written
    digests = Engine(plan, key=b"", source="ahead").compile()
    assert digests == {window.text.digest}
    engine.take_up_passes()
    found += engine.step(events[40:60], Micros(1 << 60))
    assert engine._groups[0].window.is_written
    assert found + engine.step(events[60:], Micros(1 << 60)) == at_once


def test_passes_of_other_kernels_and_those_long_unused_are_dropped(tmp_path: Path) -> None:
    (digest,) = Engine(Plan("a" * 64, (MANY,)), key=b"", source="ahead").compile()
    kept = passes_folder()
    assert kept is not None
    (index,) = kept.glob(f"specialising.written_advance_{digest}*.nbi")
    now = index.stat().st_mtime
    for name in ("ours", "old", "other", "torn"):
        (tmp_path / f"specialising.written_advance_{name}-1.nbi").write_bytes(index.read_bytes())
        (tmp_path / f"specialising.written_advance_{name}-1.1.nbc").write_bytes(b"code")
    os.utime(tmp_path / "specialising.written_advance_old-1.nbi", (now - 31 * 86_400, now - 31 * 86_400))
    os.utime(tmp_path / "specialising.written_advance_ours-1.nbi", (now - 31 * 86_400, now - 31 * 86_400))
    (tmp_path / "written-old.note").touch()
    os.utime(tmp_path / "written-old.note", (now - 31 * 86_400, now - 31 * 86_400))
    other = pickle.dumps("a version") + pickle.dumps((("another file", 1, 2), {}))
    (tmp_path / "specialising.written_advance_other-1.nbi").write_bytes(other)
    (tmp_path / "specialising.written_advance_torn-1.nbi").write_bytes(index.read_bytes()[:40])
    (tmp_path / "windows.advance-1.nbi").write_bytes(b"a kernel")
    assert prune_passes(now, used={"ours"}, folder=tmp_path) == 3
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == [
        "specialising.written_advance_ours-1.1.nbc",
        "specialising.written_advance_ours-1.nbi",
        "windows.advance-1.nbi",
    ]

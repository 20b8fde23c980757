"""Filters event by event give what the engine's columns give, over every filter of the shipped rules."""

from collections.abc import Iterator

import numpy as np
import pytest
from tests.unit.report.scene import bundle, registration, walk

from ringfence.policy.evaluation import Context
from ringfence.policy.expressions import Arithmetic, Call, Expression, Field, Literal, Lookup, MeasureValue, Type
from ringfence.report.conditions import passes, value_of
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.columns import TextHashes, columns_of
from ringfence.watch.columns.conditions import evaluate, field_names


def filters() -> Iterator[Expression]:
    for rule in bundle().plan.rules:
        yield from (each for each in (rule.where, *(measure.where for measure in rule.measures)) if each is not None)


def events() -> list[Event]:
    found = list(walk(20))
    for status in (0, 200, 401, 403, 404, 407, 410, 486, 604):
        found.append(registration(status, "alice", at=status * SECOND, status=status))
        plan = "notification" if status % 2 else None
        common = {"time": Micros(status), "call_id": f"x{status}", "status": status, "plan": plan}
        found += [
            Event(kind=EventKind.REQUEST, method=method, account=account, direction=direction, **common)  # type: ignore[arg-type]
            for method in ("INVITE", "REGISTER", "OPTIONS")
            for account in (None, "acme")
            for direction in (None, "inbound", "outbound")
        ]
    return found


@pytest.mark.parametrize("number", range(len(list(filters()))))
def test_a_filter_passes_the_events_that_the_engine_s_columns_pass(number: int) -> None:
    where, seen = list(filters())[number], events()
    hashes = TextHashes(b"")
    columns = columns_of(seen, sorted(set(field_names(where))), hashes, clock=Micros(0), now=Micros(1 << 60))
    expected = evaluate(where, columns.fields, len(seen), hashes)
    assert [passes(where, Context())(event) for event in seen] == np.asarray(expected, bool).tolist()


def test_a_side_over_measures_comes_to_a_number_or_to_none() -> None:
    ratio = Arithmetic("/", MeasureValue("short"), MeasureValue("calls"))
    assert value_of(ratio, {"short": 3, "calls": 12}) == 0.25
    assert np.isnan(value_of(ratio, {"short": 3, "calls": 0}))
    assert np.isnan(value_of(ratio, {"calls": 12}))


def test_a_side_that_needs_the_event_comes_to_nothing() -> None:
    allowed = Lookup("limits", "calls", (Field("plan", Type.TEXT),), False, Type.NUMBER)
    for expression in (allowed, Field("duration", Type.NUMBER), Call("hour", (Literal("UTC", Type.TEXT),), Type.NUMBER)):
        assert np.isnan(value_of(Arithmetic("-", MeasureValue("calls"), expression), {"calls": 3}))

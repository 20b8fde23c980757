"""What cannot matter to a rule is told by columns alone: no event is made of it."""

from typing import Any

import pytest
from tests.property.paired_rules import ATTEMPT, END, compare, field, measured, number, rule, text
from tests.property.plain_pairs import changed

from ringfence.policy.plan import Measure, MeasureFunction, Plan
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.columns import ListedEvents
from ringfence.watch.engine import Engine

LATER = Micros(1 << 50)
UNDER_WAY = Measure("under_way", MeasureFunction.CONCURRENT)
AT_ONCE = rule("both", measures=(UNDER_WAY,), when=compare(measured("under_way"), ">=", number(2.0)))
BOTH = changed(AT_ONCE, where=compare(field("callee"), "==", text("dear")), windows=())


class Watched(ListedEvents):
    """Events that tell which of them were asked for."""

    def __init__(self, events: list[Event]) -> None:
        super().__init__(events)
        self.asked = list[str]()

    def __getitem__(self, place: Any) -> Any:  # noqa: ANN401 - an event, or a batch for a slice
        if not isinstance(place, slice):
            event = self._events[place]
            self.asked.append(f"{event.kind} {event.call_id}")
            return event
        part = Watched(self._events[place])  # type: ignore[arg-type]  # a slice of a list
        part.asked = self.asked
        return part


def of_call(kind: EventKind, time: int, call: str, callee: str) -> Event:
    return Event(kind=kind, time=Micros(time * SECOND), call_id=call, account="acme", callee=callee)


def calls() -> list[Event]:
    begun = [of_call(ATTEMPT, 1, "a", "dear"), of_call(ATTEMPT, 2, "x", "cheap"), of_call(END, 3, "x", "cheap")]
    ended = [of_call(END, 4, "a", "dear"), of_call(END, 5, "a", "dear"), of_call(END, 6, "unknown", "dear")]
    return [*begun, *ended, of_call(ATTEMPT, 7, "b", "dear"), of_call(ATTEMPT, 8, "c", "dear")]


@pytest.mark.parametrize("size", [1, 3, 4, 8])
def test_only_ends_of_calls_that_may_be_under_way_become_events(size: int) -> None:
    engine = Engine(Plan("f" * 64, (BOTH,)), key=b"", source="test")
    batches = [Watched(calls()[start : start + size]) for start in range(0, 8, size)]
    found = [(finding.time, finding.measures) for batch in batches for finding in engine.step(batch, LATER)]
    assert found == [(8 * SECOND, {"under_way": 2.0})]
    asked = [each for batch in batches for each in batch.asked]
    assert {"attempt a", "end a", "attempt b", "attempt c"} == set(asked)


def test_what_only_may_have_mattered_leaves_a_snapshot_as_it_was() -> None:
    whole, cut = (Engine(Plan("f" * 64, (BOTH,)), key=b"", source="test") for _ in range(2))
    whole.step(calls()[:6], LATER)
    for event in calls()[:6]:
        cut.step([event], LATER)
    assert whole.snapshot() == cut.snapshot()

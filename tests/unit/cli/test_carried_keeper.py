"""Live watch follows what is ordered, and tells the desk once of what is carried all the same."""

from pathlib import Path

import msgspec
from tests.unit.gate.orders import NOW, SCANNER, order
from tests.unit.watch.live.installation import TURN_US, Installation, Notes, observations

from ringfence.cli.carried_keeper import CarriedKeeper
from ringfence.feeds import FeedWriter
from ringfence.vocabulary.contracts import Event, EventKind, ObservationKind, OrderChange
from ringfence.vocabulary.times import SECOND, Micros

BEGUN = Micros(NOW + 60 * SECOND)


def call() -> list[Event]:
    """Return an answered call from the refused address."""
    told = {"call_id": "c1", "source": SCANNER, "caller": "+3220000001", "callee": "+3220000002"}
    return [
        Event(kind=EventKind.ATTEMPT, time=BEGUN, **told),  # type: ignore[arg-type]  # fields of an event
        Event(kind=EventKind.ANSWER, time=Micros(BEGUN + SECOND), answered=True, **told),  # type: ignore[arg-type]  # as above
    ]


def test_what_is_carried_against_an_order_is_told_with_its_batch_and_once_over_a_crash(tmp_path: Path) -> None:
    orders = FeedWriter(tmp_path / "feeds" / "orders")
    orders.append([msgspec.json.encode(OrderChange(generation=1, full=True, upserts=(order(1),)))])
    live = Installation(tmp_path, now=BEGUN)
    keeper = CarriedKeeper(tmp_path / "feeds", live.notes)
    live.pipeline.looks_on = keeper.look
    keeper.follow(BEGUN)
    live.pipeline.record(call(), [])
    live.pipeline.turn(Micros(BEGUN + 2 * SECOND))
    live.pipeline.turn(Micros(BEGUN + 2 * SECOND + TURN_US))
    live.crash()
    again = Installation(tmp_path, now=Micros(BEGUN + 3 * SECOND))
    again.pipeline.turn(Micros(BEGUN + 4 * SECOND))
    again.crash()
    orders.close()
    carried = [seen for seen in observations(tmp_path) if seen.kind is ObservationKind.CARRIED]
    assert [(seen.order, seen.time, seen.call_id) for seen in carried] == [(f"{1:032x}", BEGUN, "c1")]


def test_a_feed_that_cannot_be_read_is_said_once_and_tried_again(tmp_path: Path) -> None:
    notes, folder = Notes(), tmp_path / "orders"
    orders = FeedWriter(folder)
    orders.append([msgspec.json.encode(OrderChange(generation=1, full=True, upserts=(order(1),)))])
    orders.close()
    (segment,) = [path for path in folder.iterdir() if path.stat().st_size and path.name[0].isdigit()]
    whole = segment.read_bytes()
    segment.write_bytes(b"x" + whole[1:])
    keeper = CarriedKeeper(tmp_path, notes)
    for seconds in (0, 1, 11):
        keeper.follow(Micros(NOW + seconds * SECOND))
    assert notes.events == ["orders.unreadable"]
    segment.write_bytes(whole)
    keeper.follow(Micros(NOW + 30 * SECOND))
    live = Installation(tmp_path / "live", now=BEGUN)
    assert len(list(keeper.look(call(), live.pipeline.tracker.directory))) == 1
    live.crash()

"""What an order refuses and was carried all the same: counted, the order told anew, somebody called."""

from datetime import timedelta

import pytest
from django.template.loader import render_to_string
from tests.unit.desk.scene import ANALYST, NOON, STRANGER, Desk

from ringfence.desk.audit import selectors as audit
from ringfence.desk.decisions import selectors as decisions
from ringfence.desk.decisions.services import Why
from ringfence.desk.enforcement import carried, selectors, services
from ringfence.desk.enforcement.models import Order
from ringfence.desk.errors import NotPermitted
from ringfence.gate.carried import CarriedCalls
from ringfence.vocabulary.contracts import Event, EventKind, Observation, ReceiptState, Reference
from ringfence.vocabulary.times import SECOND, Micros, micros
from ringfence.watch.attribution import Directory

pytestmark = pytest.mark.django_db

SOURCE = "203.0.113.9"


class Mirrored:
    """An order that stands at an edge, and a mirror that shows calls from the address that it refuses."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        desk.find(SOURCE)
        self.order = Order.objects.get()
        desk.receive(self.order.id, ReceiptState.PLACED, seconds=1)
        self.carried = CarriedCalls(desk.folder / "feeds")

    def call(self, seconds: float) -> list[Observation]:
        """Have a call from there answered, and the desk told of what watch sees in that."""
        self.carried.follow()
        begun = Micros(micros(NOON) + int(seconds * SECOND))
        told = {"call_id": f"c{seconds}", "source": SOURCE, "caller": "+3220000001", "callee": "+3220000002", "agent": 7}
        events = [
            Event(kind=EventKind.ATTEMPT, time=begun, **told),  # type: ignore[arg-type]  # fields of an event
            Event(kind=EventKind.ANSWER, time=Micros(begun + SECOND), **told),  # type: ignore[arg-type]  # as above
        ]
        seen = list(self.carried.look(events, Directory(Reference(time=Micros(0)))))
        self.desk.clock.now = max(self.desk.clock.now, NOON + timedelta(seconds=seconds + 1))
        self.desk.write("observations", *seen)
        self.desk.work()
        return seen

    def alarms(self) -> list[str]:
        return [alarm.text for alarm in decisions.alarms(actor=ANALYST) if "carried" in alarm.text]

    def verbs(self) -> list[str]:
        return [entry.verb for entry in audit.history(noun="order", noun_id=self.order.id, actor=ANALYST)]


@pytest.fixture
def mirrored(desk: Desk) -> Mirrored:
    return Mirrored(desk)


def test_what_was_carried_is_counted_and_somebody_is_called(mirrored: Mirrored) -> None:
    mirrored.call(60)
    page = selectors.order_page(id=mirrored.order.id, actor=ANALYST)
    assert page is not None
    assert page.carried == 1
    assert page.last_carried == NOON + timedelta(seconds=60)
    assert [(each.edge, each.drifts) for each in page.placements if each.carried] == [("7", 1)]
    (text,) = mirrored.alarms()
    assert mirrored.order.id[:8] in text
    assert "drifted" in mirrored.verbs()


def test_the_edges_are_told_the_order_anew(mirrored: Mirrored) -> None:
    written = Order.objects.get().written
    before = mirrored.desk.changes()[-1]
    mirrored.call(60)
    after = mirrored.desk.changes()[-1]
    assert [order.id for order in after.upserts] == [mirrored.order.id]
    assert after.upserts[0].generation == after.generation > before.generation
    told = Order.objects.get()
    assert (told.generation, told.written) == (after.generation, written)  # the times tell of the first way


def test_while_it_goes_on_edges_are_told_again_after_half_a_minute_and_somebody_once_an_hour(mirrored: Mirrored) -> None:
    changes = []
    for seconds in (60, 62, 64, 120, 122):
        mirrored.call(seconds)
        changes.append(len(mirrored.desk.changes()))
    assert [each - changes[0] for each in changes] == [0, 0, 0, 1, 1]
    page = selectors.order_page(id=mirrored.order.id, actor=ANALYST)
    assert page is not None
    assert page.carried == 5
    assert len(mirrored.alarms()) == 1


def test_what_began_before_the_order_was_in_place_for_five_seconds_is_no_drift(mirrored: Mirrored) -> None:
    assert mirrored.call(3)  # the mirror shows it: only the desk knows since when an edge has the order
    assert mirrored.alarms() == []
    assert "drifted" not in mirrored.verbs()


def test_what_is_carried_after_the_order_was_lifted_is_no_drift(mirrored: Mirrored) -> None:
    mirrored.desk.clock.now = NOON + timedelta(seconds=30)
    services.lift_order(order_id=mirrored.order.id, why=Why("It has moved."), actor=ANALYST, now=NOON + timedelta(seconds=30))
    mirrored.call(60)
    assert mirrored.alarms() == []


def test_the_orders_page_says_what_was_carried(mirrored: Mirrored) -> None:
    mirrored.call(60)
    page = selectors.order_page(id=mirrored.order.id, actor=ANALYST)
    assert page is not None
    told = render_to_string("enforcement/_order.html", {"found": page, "order": page.order, "entries": []})
    assert "Carried all the same" in told


def test_only_the_system_notes_it(mirrored: Mirrored) -> None:
    seen = carried.Carried(mirrored.order.id, "7", 1, micros(NOON + timedelta(seconds=60)))
    with pytest.raises(NotPermitted):
        carried.note_carried(seen=seen, actor=STRANGER, now=NOON)

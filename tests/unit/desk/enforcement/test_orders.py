"""Orders against late, early and repeated words of edges."""

from datetime import timedelta

import pytest
from tests.unit.desk.scene import ANALYST, NOON, WORKER, Desk, finding

from ringfence.desk.audit import selectors as audit
from ringfence.desk.decisions.models import Decision
from ringfence.desk.decisions.services import Why
from ringfence.desk.enforcement import selectors, services
from ringfence.desk.enforcement.models import Order
from ringfence.desk.errors import NotThere
from ringfence.desk.outbox import services as outbox
from ringfence.desk.outbox.models import Message
from ringfence.desk.policies.services import REMIND
from ringfence.vocabulary.contracts import Receipt, ReceiptState
from ringfence.vocabulary.times import micros

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(desk: Desk) -> str:
    desk.find()
    return selectors.orders(actor=ANALYST).get().id


def now(order: str) -> Order:
    return selectors.orders(actor=ANALYST, state="all").get(id=order)


def test_a_second_order_for_a_decision_is_the_first(desk: Desk, order: str) -> None:
    assert services.order_decision(decision_id=order, actor=WORKER, now=desk.clock()) == order
    assert Order.objects.count() == 1


def test_a_decision_whose_end_is_behind_us_is_not_ordered(desk: Desk, order: str) -> None:
    Order.objects.all().delete()
    assert services.order_decision(decision_id=order, actor=WORKER, now=NOON + timedelta(hours=2)) is None
    assert not Order.objects.exists()


def test_nothing_is_ordered_without_a_decision(desk: Desk) -> None:
    with pytest.raises(NotThere):
        services.order_decision(decision_id="none", actor=WORKER, now=NOON)


def test_a_refusal_before_the_word_that_it_is_placed_counts(desk: Desk, order: str) -> None:
    desk.receive(order, ReceiptState.REFUSED, seconds=0.3)
    desk.receive(order, ReceiptState.PLACED, seconds=0.2)
    desk.receive(order, ReceiptState.REFUSED, seconds=0.25)
    seen = now(order)
    assert seen.state == "observed"
    assert (seen.placed, seen.refused) == (NOON + timedelta(seconds=0.2), NOON + timedelta(seconds=0.25))


def test_a_rejection_is_shown_and_the_order_stays_wanted(desk: Desk, order: str) -> None:
    desk.receive(order, ReceiptState.REJECTED)
    assert (now(order).state, now(order).rejection) == ("wanted", "k1: no reason given")
    desk.receive(order, ReceiptState.PLACED)
    assert (now(order).state, now(order).rejection) == ("placed", "")


def test_drift_is_counted_and_changes_no_state(desk: Desk, order: str) -> None:
    desk.receive(order, ReceiptState.PLACED)
    desk.receive(order, ReceiptState.DRIFT)
    page = selectors.order_page(id=order, actor=ANALYST)
    assert page is not None
    assert (page.order.state, page.placements[0].drifts) == ("placed", 1)


def test_an_edge_that_dropped_it_by_itself_first_leaves_nothing_to_remove(desk: Desk, order: str) -> None:
    desk.receive(order, ReceiptState.PLACED)
    desk.receive(order, ReceiptState.REMOVED)
    assert now(order).state == "placed"
    services.lift_order(order_id=order, why=Why("x"), actor=ANALYST, now=desk.clock())
    assert now(order).state == "removed"


def test_a_removed_order_is_not_brought_back_by_a_late_refusal(desk: Desk, order: str) -> None:
    desk.receive(order, ReceiptState.PLACED)
    services.lift_order(order_id=order, why=Why("x"), actor=ANALYST, now=desk.clock())
    desk.receive(order, ReceiptState.REMOVED)
    desk.receive(order, ReceiptState.REFUSED)
    assert now(order).state == "removed"


def test_only_orders_in_force_are_on_a_full_record(desk: Desk, order: str) -> None:
    desk.find("203.0.113.10")
    services.lift_order(order_id=order, why=Why("x"), actor=ANALYST, now=desk.clock())
    desk.work()
    desk.worker.start()
    assert [one.scope.value for one in desk.changes()[-1].upserts] == ["203.0.113.10"]


def test_the_database_holds_every_measure_to_an_end_or_a_review() -> None:
    names = {constraint.name for constraint in (*Decision._meta.constraints, *Order._meta.constraints)}
    assert {"decisions_end_or_review", "enforcement_end_or_review", "decisions_clause_named"} <= names


def test_a_decision_that_came_to_be_ordered_too_late_is_recorded_and_waits_no_more(desk: Desk) -> None:
    desk.write("findings", finding(desk.policy))
    desk.clock.now = NOON
    decided = 0
    while not decided:  # the worker dies between the decision and its order, and comes back after a weekend
        desk.worker._take_in("findings")
        for topic in ("finding.recorded", "case.finding-joined"):
            for message in outbox.due(topics=(topic,), now=desk.clock()):
                desk.worker._carry_out([message])
        decided = Decision.objects.count()
    desk.clock.now = NOON + timedelta(days=2)
    desk.work()
    assert not Order.objects.exists()
    assert not Message.objects.exclude(topic=REMIND).exists()
    (entry,) = audit.entries(actor=ANALYST, verb="not-ordered")
    assert entry.details["because"] == "its end had passed"


def test_an_edge_that_is_configured_no_longer_keeps_no_order_from_being_over(desk: Desk, order: str) -> None:
    for edge in ("k1", "k2"):
        desk.receive(order, ReceiptState.PLACED, edge=edge)
    services.lift_order(order_id=order, why=Why("x"), actor=ANALYST, now=desk.clock())
    desk.receive(order, ReceiptState.REMOVED, edge="k1")
    assert now(order).state == "removing"
    desk.receive(order, ReceiptState.FORGOTTEN, edge="k2")
    assert now(order).state == "removed"
    (entry,) = audit.entries(actor=ANALYST, verb="removed")
    assert entry.details["how"] == "read back from every edge that the gate still drives"


def test_refusals_that_were_added_up_are_counted_as_many_as_they_are(desk: Desk, order: str) -> None:
    for count in (1, 999):
        desk.write("receipts", Receipt(order=order, edge="redirect", state=ReceiptState.REFUSED, time=micros(NOON), count=count))
    desk.work()
    page = selectors.order_page(id=order, actor=ANALYST)
    assert page is not None
    assert page.placements[0].refusals == 1000

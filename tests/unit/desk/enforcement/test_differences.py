"""Wanted and actual may differ for five seconds; then somebody is called, once for each order."""

from datetime import timedelta

import pytest
from tests.unit.desk.scene import ANALYST, NOON, WORKER, Desk

from ringfence.desk.decisions import selectors
from ringfence.desk.decisions.services import Why
from ringfence.desk.enforcement import services
from ringfence.desk.enforcement.models import Order
from ringfence.desk.enforcement.watching import WITHIN, alarm_differences
from ringfence.desk.errors import NotPermitted
from ringfence.vocabulary.contracts import ReceiptState

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)


def differs(seconds: float) -> int:
    return alarm_differences(actor=WORKER, now=NOON + timedelta(seconds=seconds))


def alarms() -> list[str]:
    return [alarm.text for alarm in selectors.alarms(actor=ANALYST) if alarm.kind == "order"]


@pytest.fixture
def two(desk: Desk) -> list[str]:
    """Two orders; an edge has taken the first."""
    desk.find()
    desk.find("203.0.113.10")
    first, second = Order.objects.order_by("start").values_list("id", flat=True)
    desk.receive(first, ReceiptState.PLACED, seconds=0.5)
    return [first, second]


def test_an_order_that_no_edge_has_after_five_seconds_calls_somebody_once(desk: Desk, two: list[str]) -> None:
    assert differs(4) == 0
    assert differs(6) == differs(7) == 1
    (text,) = alarms()
    assert two[1][:8] in text
    assert "no edge has it" in text
    desk.receive(two[1], ReceiptState.PLACED, seconds=8)
    assert differs(9) == 0


def test_why_an_edge_rejected_it_is_told(desk: Desk, two: list[str]) -> None:
    desk.receive(two[1], ReceiptState.REJECTED)
    assert differs(6) == 1
    assert "k1: no reason given" in alarms()[0]


def test_what_an_edge_forgot_or_still_has_is_a_difference_too(desk: Desk, two: list[str]) -> None:
    desk.receive(two[1], ReceiptState.PLACED, seconds=1)
    desk.receive(two[0], ReceiptState.FORGOTTEN, seconds=2)
    assert differs(6) == 1
    assert "no edge has it any more" in alarms()[0]
    desk.clock.now = NOON + 10 * SECOND
    services.lift_order(order_id=two[1], why=Why("resolved"), actor=ANALYST, now=NOON + 10 * SECOND)
    assert differs(14) == 1
    assert differs(16) == 2
    assert any("an edge still has it" in text for text in alarms())
    desk.receive(two[1], ReceiptState.REMOVED, seconds=17)
    assert differs(18) == 1


def test_a_silent_party_under_an_order_in_force_is_no_alarm(desk: Desk, two: list[str]) -> None:
    desk.receive(two[1], ReceiptState.PLACED, seconds=1)
    assert differs(600) == 0
    assert alarms() == []


def test_where_no_edge_ever_spoke_nothing_differs(desk: Desk) -> None:
    desk.find()
    assert differs(600) == 0
    with pytest.raises(NotPermitted):
        alarm_differences(actor=ANALYST, now=NOON)
    assert WITHIN == 5 * SECOND

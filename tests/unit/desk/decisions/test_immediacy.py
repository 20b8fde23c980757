"""Measures take effect at once, and the cure period that a contract grants and that they do not wait for is recorded."""

from datetime import timedelta

import pytest
from tests.unit.desk.decisions.test_ladder import decide, found, last_order
from tests.unit.desk.scene import ADMIN, ANALYST, NOON, WORKER, Desk

from ringfence.desk.audit import selectors as audit
from ringfence.desk.clocks.models import Obligation
from ringfence.desk.decisions.choosing import chosen
from ringfence.desk.decisions.models import Decision
from ringfence.desk.enforcement import services as enforcement
from ringfence.desk.enforcement.models import Order
from ringfence.desk.parties import records
from ringfence.desk.parties.records import ALWAYS, Terms
from ringfence.vocabulary.times import micros

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
REVIEWED = {"do": "suspend", "scope": "account", "value": "shop-1", "length": "2d", "ends": "review"}


@pytest.mark.parametrize("hours", [72, None])
def test_the_cure_period_that_is_not_waited_for_stands_in_the_audit(climbing: Desk, hours: int | None) -> None:
    terms = Terms("C-1", "all", "Belgian law", cure_hours=hours)
    records.agree_contract(party="shop", terms=terms, span=ALWAYS, actor=ADMIN, now=NOON - DAY)
    decide(*found(climbing))
    assert last_order(climbing).start == micros(NOON), "nothing waits"
    (entry,) = audit.entries(actor=ANALYST, verb="decided")
    assert entry.details.get("cure-waived-hours") == hours


def test_a_review_date_starts_a_clock_and_lifts_nothing(climbing: Desk) -> None:
    id = decide(*found(climbing), measure=chosen(REVIEWED), off_ladder="it goes on")
    climbing.work()
    owed = Obligation.objects.get(clock="measure-review")
    assert (owed.noun_id, owed.due) == (id, NOON + 2 * DAY)
    enforcement.end_orders(actor=WORKER, now=NOON + 400 * DAY)
    assert Order.objects.get(id=id).in_force
    assert not Decision.objects.filter(lifts=id).exists()


def test_an_end_lifts_the_order_by_itself(climbing: Desk) -> None:
    id = decide(*found(climbing))
    climbing.work()
    assert enforcement.end_orders(actor=WORKER, now=NOON + DAY - timedelta(seconds=1)) == 0
    assert enforcement.end_orders(actor=WORKER, now=NOON + DAY) == 1
    assert Order.objects.get(id=id).state == "removing"

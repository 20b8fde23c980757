"""Grave measures are interim until a second person comes; who does not come calls the next, and the bundle says what stays."""

from datetime import timedelta
from pathlib import Path

import pytest
from tests.unit.desk.decisions.conftest import LADDER, PARTIES
from tests.unit.desk.decisions.test_ladder import suspended
from tests.unit.desk.scene import ADMIN, ANALYST, BUNDLE, LEAD, NOON, WORKER, Desk, write_bundle

from ringfence.desk.actor import ActorKind
from ringfence.desk.decisions import confirming, selectors
from ringfence.desk.decisions.models import Decision, Strike
from ringfence.desk.decisions.services import CONFIRM_WITHIN
from ringfence.desk.enforcement.models import Order
from ringfence.desk.errors import NotPermitted, StaleState
from ringfence.desk.parties import services as parties
from ringfence.desk.policies import services as policies

pytestmark = pytest.mark.django_db

MADE = NOON + timedelta(days=2)


def called() -> list[str]:
    return [alarm.text.split(":")[0].removeprefix("For ") for alarm in selectors.alarms(actor=ANALYST) if alarm.kind == "confirm"]


def test_a_miss_calls_the_lead_and_each_further_one_the_next(climbing: Desk) -> None:
    suspended(climbing)
    for clocks, expected in ((1, ["lead"]), (2, ["lead", "admin"]), (3, ["lead", "admin", "everybody"])):
        for _ in range(2):
            confirming.call_second_persons(actor=WORKER, now=MADE + clocks * CONFIRM_WITHIN)
        assert called() == expected
    confirming.call_second_persons(actor=WORKER, now=MADE + 9 * CONFIRM_WITHIN)
    assert len(called()) == 3


def test_a_worker_that_was_down_over_several_misses_calls_everybody_it_would_have(climbing: Desk) -> None:
    suspended(climbing)
    confirming.call_second_persons(actor=WORKER, now=MADE + 3 * CONFIRM_WITHIN)
    assert called() == ["lead", "admin", "everybody"]


def test_where_the_bundle_says_so_an_unconfirmed_measure_falls_with_its_order_and_strike(data: Path, tmp_path: Path) -> None:
    settings = f'{BUNDLE["bundle.toml"]}\n[due_process]\nunconfirmed = "falls"\n'
    folder = write_bundle(tmp_path / "falling", **{"ladder.yaml": LADDER, "bundle.toml": settings})
    policies.post_bundle(folder=folder, actor=ADMIN, now=NOON)
    assert not parties.import_parties(files=PARTIES, actor=ADMIN, now=NOON).problems
    desk = Desk(data, next(path.name for path in (data / "policies").iterdir()))
    try:
        _, id = suspended(desk)
        desk.work()
        assert Order.objects.get(id=id).in_force
        desk.clock.now = MADE + CONFIRM_WITHIN
        for _ in range(2):
            confirming.call_second_persons(actor=WORKER, now=desk.clock())
            desk.work()
        lift = Decision.objects.get(lifts=id)
        assert (lift.actor_kind, lift.actor_id) == (str(ActorKind.STANDING_ORDER), desk.policy)
        assert "No second person" in lift.reasons
        assert Order.objects.get(id=id).state == "removing"
        assert Strike.objects.get(decision=id).withdrawn is not None
        assert called() == ["lead"]
        with pytest.raises(StaleState):
            confirming.confirm(decision_id=id, notes="", actor=LEAD, now=desk.clock())
        with pytest.raises(NotPermitted):
            confirming.lift_unconfirmed(decision_id=id, actor=ANALYST, now=desk.clock())
    finally:
        desk.close()

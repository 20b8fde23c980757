"""A flood towards emergency services calls a person, once."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from tests.unit.desk.scene import NOON, WORKER, Desk

from ringfence.desk.decisions.models import Alarm
from ringfence.desk.enforcement.floods import FLOOD_FILE, alarm_floods_for_help
from ringfence.vocabulary.times import micros

pytestmark = pytest.mark.django_db


def test_the_worker_calls_a_lead_once_for_a_flood_that_the_gate_told_of(desk: Desk, data: Path) -> None:
    flood = {"since": micros(NOON), "calls": 21, "accounts": ["acme", "hotel"]}
    (data / FLOOD_FILE).write_text(json.dumps(flood))
    for _ in range(3):
        alarm_floods_for_help(actor=WORKER, now=NOON + timedelta(minutes=1))
    desk.work()
    alarm = Alarm.objects.get(kind="emergency")
    assert "21 calls to emergency services within a minute" in alarm.text
    assert "most by acme, hotel" in alarm.text


@pytest.mark.parametrize("content", [None, "{", '{"since": 0, "calls": 30}'])
def test_no_file_a_broken_one_and_an_old_flood_call_nobody(desk: Desk, data: Path, content: str | None) -> None:
    if content is not None:
        (data / FLOOD_FILE).write_text(content)
    assert not alarm_floods_for_help(actor=WORKER, now=NOON)
    assert not Alarm.objects.exists()

"""What a watch process says of itself, as the dashboard tells it."""

import json
from datetime import timedelta

import pytest
from tests.unit.desk.scene import NOON

from ringfence.desk.detections.health import health_of
from ringfence.desk.detections.models import Observation


def observed(text: str) -> Observation:
    return Observation(kind="agent", subject="watch", first=NOON, last=NOON, text=text)


def test_counts_become_figures() -> None:
    counts = {
        "messages": 3453,
        "events": {"attempt": 9, "end": 1},
        "defects": {"x": 2},
        "hep_defects": {"y": 1},
        "lag_us": 113_861,
        "dropped": 2,
        "overflowed": 3,
        "told by a later release": 1,
    }
    [watch] = health_of([observed(json.dumps(counts))], now=NOON)
    assert (watch.counts.messages, watch.events, watch.defects, watch.lost, watch.lag_ms) == (3453, 10, 3, 5, 113.9)
    assert not watch.is_silent


def test_a_process_that_said_nothing_for_a_minute_is_silent() -> None:
    heard = health_of([observed("{}")], now=NOON + timedelta(seconds=60))
    silent = health_of([observed("{}")], now=NOON + timedelta(seconds=61))
    assert [watch.is_silent for watch in heard + silent] == [False, True]


@pytest.mark.parametrize("text", ["starting", "", "[]", '{"messages":"many"}'])
def test_what_is_no_counts_is_shown_as_it_was_said(text: str) -> None:
    assert health_of([observed(text)], now=NOON)[0].remark == text


def test_what_rules_forgot_to_bound_memory_is_added_up() -> None:
    counts = {"memory_bytes": 900, "forgotten": {"fan-out-dialler": 40, "slow-scan": 2}}
    [watch] = health_of([observed(json.dumps(counts))], now=NOON)
    assert (watch.forgotten, watch.counts.memory_bytes) == (42, 900)
    [quiet] = health_of([observed("{}")], now=NOON)
    assert quiet.forgotten == 0

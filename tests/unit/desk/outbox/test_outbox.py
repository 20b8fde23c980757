"""Messages wait, come back later when they fail, and positions move once."""

from datetime import timedelta

import pytest
from tests.unit.desk.scene import NOON

from ringfence.desk.errors import StaleState
from ringfence.desk.outbox import services

pytestmark = pytest.mark.django_db


def due(after: float = 0) -> list[dict[str, object]]:
    return [dict(message.payload) for message in services.due(topics=("a", "b"), now=NOON + timedelta(seconds=after))]


def test_messages_come_out_in_the_order_they_went_in_by_topic() -> None:
    services.enqueue(topic="a", payloads=[{"n": 1}, {"n": 2}], now=NOON)
    services.enqueue(topic="c", payloads=[{"n": 3}], now=NOON)
    services.enqueue(topic="b", payloads=[{"n": 4}], now=NOON)
    assert due() == [{"n": 1}, {"n": 2}, {"n": 4}]


def test_a_failed_message_waits_longer_each_time_and_at_most_five_minutes() -> None:
    services.enqueue(topic="a", payloads=[{"n": 1}], now=NOON)
    (message,) = services.due(topics=("a",), now=NOON)
    services.failed(message=message.id, error="disk full", now=NOON)
    assert (due(0.1), due(0.2)) == ([], [{"n": 1}])
    for _ in range(30):
        services.failed(message=message.id, error="disk full", now=NOON)
    assert (due(299), due(300)) == ([], [{"n": 1}])


def test_a_position_moves_only_from_where_it_stands() -> None:
    assert services.position(feed="findings") == 0
    services.advance(feed="findings", after=0, to=5)
    with pytest.raises(StaleState):
        services.advance(feed="findings", after=0, to=7)
    services.advance(feed="findings", after=5, to=7)
    assert services.position(feed="findings") == 7

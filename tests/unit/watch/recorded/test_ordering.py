"""Recordings come in the order of their times, however they stand and however little memory there is."""

from heapq import heappop, heappush
from random import Random

import numpy as np
import pytest

from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import Micros
from ringfence.watch.recorded.ordering import in_order, nearly_sorted, sorted_events
from ringfence.watch.sources.datagram import Datagram, PayloadKind
from ringfence.watch.sources.stretch import Addresses, Stretch


@pytest.mark.parametrize("run", [1, 7, 50, 1_000])
def test_events_are_sorted_with_any_amount_of_memory(run: int) -> None:
    random = Random(3)
    events = [
        Event(kind=EventKind.ATTEMPT, time=Micros(random.randrange(40)), sequence=number, call_id=f"c{number}")
        for number in range(300)
    ]
    assert list(sorted_events(iter(events), run=run)) == sorted(events, key=lambda event: (event.time, event.sequence))


def test_no_events_are_no_events() -> None:
    assert list(sorted_events([])) == []


def datagram(time: int, arrival: int = 0) -> Datagram:
    return Datagram(Micros(time), Micros(arrival), PayloadKind.SIP, "udp", "192.0.2.1", 5060, "192.0.2.2", 5060, b"")


def test_datagrams_a_little_out_of_order_are_put_right() -> None:
    times = [3, 1, 2, 2, 0, 9, 8, 7, 5, 6, 4, 10]
    assert [each.time for each in nearly_sorted(map(datagram, times), held=6)] == sorted(times)
    assert [each.time for each in nearly_sorted(map(datagram, times), held=100)] == sorted(times)
    assert len(list(nearly_sorted(map(datagram, times), held=1))) == len(times)


@pytest.mark.parametrize("held", [1, 2, 7, 40])
@pytest.mark.parametrize("jitter", [0, 3, 30, 300])
@pytest.mark.parametrize("count", [0, 1, 39, 40, 41, 500])
def test_no_more_is_held_than_is_said_and_equal_times_stay_as_they_stand(held: int, jitter: int, count: int) -> None:
    random = Random(held + jitter)
    datagrams = [datagram(number // 3 + random.randrange(jitter + 1), number) for number in range(count)]
    heap: list[tuple[int, int]] = []
    expected: list[tuple[int, int]] = []
    for each in datagrams:
        heappush(heap, (each.time, each.arrival))
        if len(heap) > held:
            expected.append(heappop(heap))
    expected += sorted(heap)
    assert [(each.time, each.arrival) for each in nearly_sorted(datagrams, held=held)] == expected


@pytest.mark.parametrize("held", [1, 7, 40, 1_000])
@pytest.mark.parametrize("jitter", [0, 3, 300])
@pytest.mark.parametrize("seed", range(4))
def test_stretches_stand_in_the_order_of_their_datagrams(held: int, jitter: int, seed: int) -> None:
    random = Random(seed)
    addresses = Addresses()
    parts: list[Stretch | Datagram] = []
    flat: list[Datagram] = []
    number = 0
    while number < 400:
        size = random.choice((1, 1, 5, 30, 90))
        times = [(number + each) // 3 + random.randrange(jitter + 1) * (random.random() < 0.3) for each in range(size)]
        rows = np.array([[time, number + each, 2, 3, 4, 0, 1] for each, time in enumerate(times)], np.int64)
        stretch = Stretch(b"x", rows, addresses)
        parts += [stretch] if size > 1 else list(stretch)
        flat += stretch
        number += size
    came = list(in_order(parts, held=held))
    assert [each for part in came for each in part] == list(nearly_sorted(flat, held=held)) or jitter > held
    assert sorted((each.time, each.source) for part in came for each in part) == sorted((each.time, each.source) for each in flat)
    if not jitter:
        assert sum(isinstance(part, Stretch) for part in came) == sum(isinstance(part, Stretch) for part in parts)

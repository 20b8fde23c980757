"""Events of signalling in columns are those that the tracker would have made objects of."""

import random
from collections import Counter

import numpy as np
import pytest
from tests.unit.watch.calls.test_batches import storm

from ringfence.policy.fields import FIELDS
from ringfence.vocabulary.contracts import AccountLink, Event, EventKind, NumberLink, Reference, TrunkLink
from ringfence.vocabulary.times import HOUR, Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.calls import Tracker
from ringfence.watch.columns import KIND_CODES, TextHashes
from ringfence.watch.columns.batches import column_of
from ringfence.watch.columns.happened import HappenedEvents
from ringfence.watch.columns.numbers import NumberCodes

_REFERENCE = Reference(
    time=Micros(0),
    policy="p",
    accounts=(AccountLink(account="acme", party="acme", plan="flat"),),
    numbers=(NumberLink(number="+3225551213", account="acme"),),
    trunks=(TrunkLink(trunk="t1", account="acme", user="trunk7"),),
)


def _both(seed: int) -> tuple[HappenedEvents, list[Event]]:
    datagrams = storm(random.Random(seed), 1_500)
    columns, objects = Tracker(Directory(_REFERENCE)), Tracker(Directory(_REFERENCE))
    events = objects.feed_all(datagrams, Counter()) + objects.advance(Micros(objects.clock + HOUR))
    happened = columns.happened(datagrams, Counter()) + columns.happened_until(Micros(columns.clock + HOUR))
    return HappenedEvents(happened), events


@pytest.mark.parametrize("seed", range(3))
def test_every_field_of_every_event(seed: int) -> None:
    batch, events = _both(seed)
    assert {event.kind for event in events} >= {EventKind.ATTEMPT, EventKind.END, EventKind.REGISTRATION, EventKind.ODDITY}
    assert list(batch) == events
    hashes = TextHashes(b"k")
    for part, listed in ((batch, events), (batch[100:300], events[100:300]), (batch[:0], [])):
        assert part.times.tolist() == [event.time for event in listed]
        assert part.kinds.tolist() == [KIND_CODES[event.kind] for event in listed]
        assert list(part.call_ids) == [event.call_id for event in listed]
        for name in FIELDS:
            np.testing.assert_array_equal(part.column(name, hashes), column_of(listed, name, hashes), name)


def test_numbers_have_the_codes_of_the_events_own() -> None:
    batch, events = _both(5)
    numbers = NumberCodes()
    for name in ("caller", "callee", "target"):
        np.testing.assert_array_equal(batch.codes(name, numbers), numbers.of(getattr(event, name) for event in events))

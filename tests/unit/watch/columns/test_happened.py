"""Events of signalling in columns are those that the tracker would have made objects of."""

import random
from collections import Counter
from ipaddress import ip_address

import numpy as np
import pytest
from msgspec.structs import replace
from tests.unit.watch.calls.recordings import ALICE, BOB, START, datagram, request
from tests.unit.watch.calls.test_batches import storm

from ringfence.policy.expressions import Type
from ringfence.policy.fields import FIELDS
from ringfence.vocabulary.contracts import AccountLink, Event, EventKind, NumberLink, Reference, TrunkLink
from ringfence.vocabulary.numbers import to_e164
from ringfence.vocabulary.times import HOUR, Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.calls import Tracker, TrackerOptions
from ringfence.watch.calls.happenings import Happening
from ringfence.watch.columns import KIND_CODES, TextHashes
from ringfence.watch.columns.batches import column_of
from ringfence.watch.columns.happened import HappenedEvents
from ringfence.watch.columns.numbers import NumberCodes, number_word
from ringfence.watch.kernels.numbers import NO_NUMBER
from ringfence.watch.kernels.packets import (
    COLUMNS,
    DESTINATION,
    DESTINATION_PORT,
    PAYLOAD,
    PAYLOAD_END,
    SOURCE,
    SOURCE_PORT,
    TIME,
)
from ringfence.watch.sources.datagram import PayloadKind
from ringfence.watch.sources.stretch import Addresses, Stretch
from ringfence.watch.wire.sip import Defect

_REFERENCE = Reference(
    time=Micros(0),
    policy="p",
    accounts=(AccountLink(account="acme", party="acme", plan="flat"),),
    numbers=(NumberLink(number="+3225551213", account="acme"),),
    trunks=(TrunkLink(trunk="t1", account="acme", user="trunk7"), TrunkLink(trunk="t2", account="acme", address=BOB)),
)


def _both(seed: int, country: str | None = None) -> tuple[HappenedEvents, list[Event]]:
    chance = random.Random(seed)
    options = TrackerOptions(country=country, most_transactions=300)
    columns, objects = Tracker(Directory(_REFERENCE), options), Tracker(Directory(_REFERENCE), options)
    columns.note_no_changes()
    events: list[Event] = []
    happened: list[Happening | Event] = []
    rest = storm(chance, 1_500)
    while rest:
        size = chance.choice((1, 30, 400))
        batch, rest = rest[:size], rest[size:]
        events += objects.feed_all(batch, Counter())
        happened += columns.happened(batch, Counter())
    assert columns.snapshot() == objects.snapshot()
    events += objects.advance(Micros(objects.clock + HOUR))
    happened += columns.happened_until(Micros(columns.clock + HOUR))
    assert columns.snapshot() == objects.snapshot()
    return HappenedEvents(happened, columns.directions), events


@pytest.mark.parametrize("country", [None, "BE"])
@pytest.mark.parametrize("seed", range(3))
def test_every_field_of_every_event(seed: int, country: str | None) -> None:
    batch, events = _both(seed, country)
    assert {event.kind for event in events} >= {EventKind.ATTEMPT, EventKind.END, EventKind.REGISTRATION, EventKind.ODDITY}
    assert list(batch) == events
    hashes = TextHashes(b"k")
    for part, listed in ((batch, events), (batch[100:300], events[100:300]), (batch[:0], [])):
        assert part.times.tolist() == [event.time for event in listed]
        assert part.kinds.tolist() == [KIND_CODES[event.kind] for event in listed]
        assert list(part.call_ids) == [event.call_id for event in listed]
        for name in FIELDS:
            np.testing.assert_array_equal(part.column(name, hashes), column_of(listed, name, hashes), name)
        for name in (each for each, field in FIELDS.items() if field.type is Type.TEXT):
            said = [getattr(event, FIELDS[name].attribute) for event in listed]
            assert [part.text(name, place) for place in range(len(listed))] == said, name


def test_where_traffic_goes_follows_who_held_the_number_then() -> None:
    ends = Micros(START + HOUR)
    held = NumberLink(number="+3225551213", account="acme", valid_to=ends)
    tracker, hashes = Tracker(Directory(replace(_REFERENCE, numbers=(held,), trunks=()))), TextHashes(b"k")
    told: list[str | None] = []
    for at in (START, Micros(ends + 1)):
        calls = [datagram(request("INVITE", to=to, call_id=f"{to}{at}"), ALICE, BOB, at) for to in ("+3225551213", "112")]
        batch = HappenedEvents(tracker.happened(calls, Counter()), tracker.directions)
        events = list(batch)
        assert batch.column("direction", hashes).tolist() == [hashes[event.direction] for event in events]
        told += [event.direction for event in events if event.kind is EventKind.ATTEMPT and event.callee == "+3225551213"]
    assert told == ["inbound", None]


def test_numbers_have_the_codes_of_the_events_own() -> None:
    batch, events = _both(5)
    numbers = NumberCodes()
    for name in ("caller", "callee", "target"):
        np.testing.assert_array_equal(batch.codes(name, numbers), numbers.of(getattr(event, name) for event in events))


_USERS = (
    "+3225551212",
    "+0",
    "+12",
    "+1234",
    "+1234567890123456",
    "+12-34",
    "0032 2",
    "112",
    "02-555 12 12",
    "a",
    "",
    "ab+3",
    "+",
    "7" * 30,
)


@pytest.mark.parametrize("country", [None, "BE"])
def test_numbers_however_they_are_written(country: str | None) -> None:
    tracker, told = Tracker(Directory(_REFERENCE), TrackerOptions(country=country)), TextHashes(b"k")
    users = [user.replace(" ", "") for user in _USERS]
    datagrams = [
        datagram(request("INVITE", to=to, user=user, call_id=f"{to}{user}"), ALICE, BOB, START) for to in users for user in users
    ]
    batch = HappenedEvents(tracker.happened(datagrams, Counter()), tracker.directions)
    events = list(batch)
    assert len(events) > len(users)
    for name in ("caller", "callee", "target"):
        np.testing.assert_array_equal(batch.column(name, told), column_of(events, name, TextHashes(b"k")))
        np.testing.assert_array_equal(batch.codes(name, NumberCodes()), NumberCodes().of(getattr(event, name) for event in events))
        expected = np.array([number_word(getattr(event, name)) for event in events], np.uint64)
        words = batch.words(name)
        assert words is not None
        expected[expected == NO_NUMBER], words[words == NO_NUMBER] = 0, 0  # nothing is no number either
        np.testing.assert_array_equal(words, expected, name)
    assert batch.words("account") is None
    assert {event.callee for event in events} == {to_e164(user, country) or user or None for user in users}


@pytest.mark.parametrize("seed", range(2))
def test_a_stretch_of_a_capture_tells_what_its_datagrams_tell(seed: int) -> None:
    datagrams = [each for each in storm(random.Random(seed), 1_200) if each.kind is PayloadKind.SIP and ":" not in each.source]
    apart = [replace(each, agent=None) for each in datagrams if ":" not in each.destination]
    ends = np.cumsum([len(each.payload) for each in apart])
    rows = np.zeros((len(apart), COLUMNS), np.int64)
    rows[:, TIME] = [each.time for each in apart]
    for column, name in ((SOURCE, "source"), (DESTINATION, "destination")):
        rows[:, column] = [int(ip_address(getattr(each, name))) for each in apart]
    rows[:, SOURCE_PORT] = [each.source_port for each in apart]
    rows[:, DESTINATION_PORT] = [each.destination_port for each in apart]
    rows[:, PAYLOAD], rows[:, PAYLOAD_END] = np.concatenate(([0], ends[:-1])), ends
    stretch = Stretch(b"".join(each.payload for each in apart), rows, Addresses())
    assert list(stretch) == apart
    columns, objects = Tracker(Directory(_REFERENCE)), Tracker(Directory(_REFERENCE))
    defects: list[Counter[Defect]] = [Counter(), Counter()]
    happened = HappenedEvents(columns.happened(stretch, defects[0]), columns.directions)
    assert list(happened) == objects.feed_all(apart, defects[1])
    assert columns.snapshot() == objects.snapshot()
    assert defects[0] == defects[1]

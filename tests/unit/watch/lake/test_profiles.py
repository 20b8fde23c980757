"""How a party's traffic looks is told in shares and tokens: nobody's number, address or software stands in it in clear."""

from pathlib import Path

import msgspec
import pytest
from tests.unit.watch.lake.traffic import BEGIN, KEY

from ringfence.cli import traffic_profiles
from ringfence.cli.traffic_profiles import FEED, write_profiles
from ringfence.feeds.segments import records_after
from ringfence.vocabulary.contracts import Event, EventKind, TrafficProfile
from ringfence.vocabulary.times import DAY, HOUR, SECOND, Micros
from ringfence.vocabulary.tokens import token
from ringfence.watch.lake.profiles import FEWEST, profiles
from ringfence.watch.lake.questions import Questions
from ringfence.watch.lake.store import Lake

AGENT = "dialler/1.2"
CALLEES = ("+3225551001", "+3225551002", "+33145550001")


def called(party: str, number: int, callee: str, *, seconds: int = 0) -> list[Event]:
    """Return an attempt and its end."""
    time, call = Micros(BEGIN + number * SECOND), f"{party}-{number}@192.0.2.1"
    about = {"call_id": call, "account": f"{party}-1", "party_path": ("reseller", party), "callee": callee}
    begun = Event(kind=EventKind.ATTEMPT, time=time, user_agent=AGENT, caller="+3225550000", source="198.51.100.7", **about)  # type: ignore[arg-type]  # as each field has it
    ended = Event(kind=EventKind.END, time=time, answered=seconds > 0, duration_ms=seconds * 1000, **about)  # type: ignore[arg-type]  # the same
    return [begun, ended]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A lake with a party of 60 attempts, three in four answered, and one of too few."""
    held = Lake(tmp_path / "lake", tmp_path / "lake-keys", KEY)
    lengths = (0, 1, 3, 100)
    traffic = [event for n in range(60) for event in called("shop", n, CALLEES[n % 3 if n % 2 else 0], seconds=lengths[n % 4])]
    traffic += [event for n in range(FEWEST - 1) for event in called("few", n, CALLEES[0])]
    with held.writing() as writer:
        writer.add(sorted(traffic, key=lambda event: event.time))
        writer.commit()
    return held


def told(lake: Lake, *, since: Micros, until: Micros) -> list[TrafficProfile]:
    asked = Questions(lake, (), b"")
    try:
        return list(profiles(asked, since=since, until=until))
    finally:
        asked.close()


def test_hours_countries_lengths_callees_and_software(lake: Lake) -> None:
    (found,) = told(lake, since=BEGIN, until=Micros(BEGIN + HOUR))
    assert (found.party, found.attempts) == ("shop", 60)
    assert found.hours == tuple(1.0 if hour == 12 else 0.0 for hour in range(24))
    assert found.countries == {"BE": 0.8333, "FR": 0.1667}
    assert found.lengths == (0.25, 0.0, 0.25, 0.25, 0.0, 0.0, 0.0, 0.25, 0.0, 0.0, 0.0, 0.0)
    assert found.callees[0] == token(KEY, "number", CALLEES[0])
    assert sorted(found.callees) == sorted(token(KEY, "number", callee) for callee in CALLEES)
    assert found.agents == (token(KEY, "user_agent", AGENT),)
    text = msgspec.json.encode(found).decode()
    assert not any(secret in text for secret in (AGENT, "198.51.100.7", *CALLEES))


def test_the_span_is_kept_to(lake: Lake) -> None:
    assert told(lake, since=Micros(BEGIN + HOUR), until=Micros(BEGIN + DAY)) == []
    assert told(lake, since=BEGIN, until=Micros(BEGIN + (FEWEST - 1) * SECOND)) == []


def test_they_are_written_on_their_feed_a_few_times_a_day(lake: Lake, tmp_path: Path) -> None:
    now = Micros(BEGIN + HOUR)
    assert write_profiles(tmp_path, lake, now) == 1
    assert write_profiles(tmp_path, lake, Micros(now + traffic_profiles.EVERY_US - 1)) == 0
    assert write_profiles(tmp_path, lake, Micros(now + traffic_profiles.EVERY_US)) == 1
    written = [msgspec.json.decode(record.payload, type=TrafficProfile) for record in records_after(tmp_path / "feeds" / FEED)]
    assert [profile.until for profile in written] == [now, now + traffic_profiles.EVERY_US]


def test_an_empty_lake_says_nothing(tmp_path: Path) -> None:
    empty = Lake(tmp_path / "lake", tmp_path / "lake-keys", KEY)
    with empty.writing() as writer:
        writer.commit()
    assert write_profiles(tmp_path, empty, BEGIN) == 0

"""Telling the desk how each party's traffic looks: after an export of the lake, a few times a day, on a feed of its own."""

from pathlib import Path
from typing import Final

import msgspec

from ringfence.feeds import FeedWriter
from ringfence.feeds.segments import records_after
from ringfence.vocabulary.contracts import TrafficProfile
from ringfence.vocabulary.times import DAY, HOUR, Micros
from ringfence.watch.lake.profiles import profiles
from ringfence.watch.lake.questions import Questions
from ringfence.watch.lake.store import Lake

FEED: Final = "profiles"
EVERY_US: Final = 6 * HOUR
SPAN_US: Final = 14 * DAY
_MOST_BYTES: Final = 256 << 20
_KEPT_US: Final = 7 * DAY


def write_profiles(data: Path, lake: Lake, now: Micros) -> int:
    """Append the profiles of the last fortnight, where the last were written long enough ago; return how many were.

    Raises `QuestionRefused` where the lake cannot say, `FeedBusy` where another export writes them.
    """
    writer = FeedWriter(data / "feeds" / FEED)
    try:
        last = next((record for record in records_after(data / "feeds" / FEED, writer.last - 1)), None) if writer.last else None
        if last is not None and 0 <= now - msgspec.json.decode(last.payload, type=TrafficProfile).until < EVERY_US:
            return 0
        found = _asked(lake, now)
        if found:
            writer.rotate()
            writer.append([msgspec.json.encode(profile) for profile in found])
            writer.trim_beyond(most_bytes=_MOST_BYTES, since=Micros(now - _KEPT_US))
        return len(found)
    finally:
        writer.close()


def _asked(lake: Lake, now: Micros) -> list[TrafficProfile]:
    asked = Questions(lake, (), b"")
    try:
        return list(profiles(asked, since=Micros(now - SPAN_US), until=now))
    finally:
        asked.close()

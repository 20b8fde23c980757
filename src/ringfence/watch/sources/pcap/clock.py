"""Frames with times that go on, whatever the capturing machine's clock did."""

from collections.abc import Iterator
from typing import Final

from ringfence.vocabulary.times import HOUR, SECOND, Micros
from ringfence.watch.sources.pcap.counts import CaptureCounts, CaptureDefect
from ringfence.watch.sources.pcap.records import Frame

DISORDER_US: Final = Micros(2 * SECOND)
"""Packets of several queues or cards are written out of order by less."""
LEAP_US: Final = Micros(HOUR)
"""A time so far ahead is believed only if the packet after it has it too."""


def steady(frames: Iterator[Frame], counts: CaptureCounts) -> Iterator[Frame]:
    """Yield the frames; where the clock jumped back, those after it keep their distances and follow what was before.

    Windows would otherwise see hours in one moment, or nothing. `counts` says how often, where first, and how much was added.
    """
    latest: int | None = None
    added = 0
    for frame in frames:
        time = frame.time + added
        if latest is None:
            latest = time
        if -DISORDER_US <= time - latest <= LEAP_US:
            if time > latest:
                latest = time
            yield frame if not added else frame._replace(time=Micros(time))
            continue
        following = next(frames, None) if time > latest else None
        for each in (frame,) if following is None else (frame, following):
            time, added, is_stray = _placed(each.time, latest, added, None if each is following else following)
            if is_stray:
                counts.note(CaptureDefect.CLOCK_STRAY)
            elif time != each.time and added != counts.clock_back_us:
                counts.note(CaptureDefect.CLOCK_BACK)
            counts.clock_back_us = added
            latest = max(latest, time)
            yield each._replace(time=Micros(time))


def _placed(raw: Micros, latest: int, added: int, following: Frame | None) -> tuple[int, int, bool]:
    """Return the time to use, what is added from here on, and whether this frame alone is off."""
    if following is not None and latest - DISORDER_US <= following.time + added <= latest + LEAP_US:
        return latest, added, True
    if raw >= latest - DISORDER_US:
        return raw, 0, False
    if raw + added >= latest - DISORDER_US:
        return raw + added, added, False
    return latest, latest - raw, False

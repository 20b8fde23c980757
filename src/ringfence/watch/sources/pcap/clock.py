"""Frames with times that go on, whatever the capturing machine's clock did."""

from collections.abc import Iterator

from ringfence.vocabulary.times import Micros
from ringfence.watch.sources.pcap.counts import CaptureCounts, CaptureDefect
from ringfence.watch.sources.pcap.runs import DISORDER_US, LEAP_US, Frame, Run

__all__ = ["DISORDER_US", "LEAP_US", "steady"]


class _Source:
    """The frames, one by one where they are asked for so."""

    def __init__(self, captured: Iterator[Frame | Run], counts: CaptureCounts) -> None:
        self._captured = captured
        self._counts = counts
        self._apart: Iterator[Frame] = iter(())

    def frame_or_run(self) -> Frame | Run | None:
        frame = next(self._apart, None)
        return frame if frame is not None else next(self._captured, None)

    def frame(self) -> Frame | None:
        item = self.frame_or_run()
        return self.apart(item) if isinstance(item, Run) else item

    def apart(self, run: Run) -> Frame:
        """Return the run's first frame; its others come next."""
        self._apart = run.frames(self._counts)
        return next(self._apart)


def steady(captured: Iterator[Frame | Run], counts: CaptureCounts) -> Iterator[Frame | Run]:
    """Yield the frames; where the clock jumped back, those after it keep their distances and follow what was before.

    Windows would otherwise see hours in one moment, or nothing. `counts` says how often, where first, and how much was added.
    """
    source = _Source(captured, counts)
    latest: int | None = None
    added = 0
    while (item := source.frame_or_run()) is not None:
        if latest is None:
            latest = item.time
        if isinstance(item, Run):
            if not added and item.walked.lowest >= latest - DISORDER_US and item.walked.first <= latest + LEAP_US:
                latest = max(latest, item.walked.highest)
                yield item
                continue
            item = source.apart(item)
        time = item.time + added
        if -DISORDER_US <= time - latest <= LEAP_US:
            latest = max(latest, time)
            yield item if not added else item._replace(time=Micros(time))
            continue
        following = source.frame() if time > latest else None
        for each in (item,) if following is None else (item, following):
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

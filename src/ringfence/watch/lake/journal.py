"""The journal: what live watch consumed, in that order, each batch with its `now`. Replay reads it and equals live."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from ringfence.feeds import FeedReader, FeedWriter
from ringfence.feeds.segments import records_after
from ringfence.vocabulary.contracts import Event, Observation
from ringfence.vocabulary.times import HOUR, Micros
from ringfence.watch.lake.places import Place
from ringfence.watch.lake.references import FOLDER, References

SEGMENT_BYTES: Final = 16 * 1024 * 1024
MOST_BYTES: Final = 4 * 1024 * 1024 * 1024
LONGEST_US: Final = Micros(48 * HOUR)
_README: Final = """\
What this folder holds: the journal of live watch, so that nothing consumed is lost when the process dies and a new policy version
can be judged on the last hours. The files `checkpoint` and `checkpoint.previous` hold the same kinds of data, of what the rules in
force still measure: a rule over 30 days remembers whom it counts, and what it tells apart, for 30 days, one over months for months.
The folder `references` holds who held which account, trunk and number, as the desk said it while the journal was written.

Personal data in it: calling and called numbers, IP addresses, user names and SIP Call-IDs of requests and calls, with their times
and outcomes. No content: no bodies, no SDP, no digest responses.

How long: segments are deleted when their newest record is older than {hours} hours, or earlier when the folder exceeds
{megabytes} MB. Checkpoints are written anew every few seconds, and forget as the rules' windows do. Only the account that runs
Ringfence may read the folder. Deleting it while watch is stopped is safe: calls under way and open windows are then forgotten.
"""


class Batch(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was consumed together at `now`: `events` for the engine and `observations` for the desk.

    `calls` is what the tracker then remembered otherwise than before (its changes). `policy` is set where that version was begun to
    be judged by, with this record. `anew`: all windows were forgotten before this batch, because the clock had been put back.
    `found` and `observed` are the last numbers in the findings and observations feeds before what came of this batch was written:
    whatever stands after them came of it. `places`: how far followed files were consumed with this batch, where that changed.
    `passed`: after the events, rules were looked at whose period or round was over at that moment. `desk`: the number of the last
    of the desk's events that was consumed with this batch, where there was one. `earlier`: those of them that came so late
    that they are counted at their own time, by windows that are filled anew.
    """

    v: int = 1
    now: Micros
    events: tuple[Event, ...] = ()
    observations: tuple[Observation, ...] = ()
    calls: bytes | None = None
    policy: str | None = None
    anew: bool = False
    found: int
    observed: int
    places: tuple[Place, ...] = ()
    passed: Micros | None = None
    desk: int | None = None
    earlier: tuple[Event, ...] = ()


_DECODER: Final = msgspec.json.Decoder(Batch)
_ENCODER: Final = msgspec.json.Encoder()
_EARLIER: Final = b'"earlier":['


class JournalReader:
    """Reads the journal in `folder`, whoever writes to it meanwhile. Raises what `FeedReader` raises."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._begun: dict[int, Micros] = {}
        self.references: Final = References(folder / FOLDER)
        """By what reference each batch was judged."""

    def after(self, number: int = 0) -> Iterator[tuple[int, Batch]]:
        """Yield the batches after `number` that are still there, oldest first, with their numbers."""
        oldest = min((int(path.stem) for path in self._folder.glob("*.seg")), default=None)
        if oldest is None:
            return
        reader = FeedReader(self._folder, after=max(number, oldest - 1))
        while records := reader.read(100):
            for record in records:
                yield record.number, _DECODER.decode(record.payload)

    def earlier(self) -> list[Event]:
        """Return what the desk told late, of all batches that are still there."""
        found: list[Event] = []
        for record in records_after(self._folder):
            if _EARLIER in record.payload:  # to decode all costs a hundred times as much
                found += _DECODER.decode(record.payload).earlier
        return found

    def since(self, moment: Micros) -> int:
        """Return a number after which all batches since `moment` stand, and as few before as whole segments allow."""
        after = 0
        for first, now in self._segments():
            if now > moment:
                break
            after = first - 1
        return after

    def oldest(self) -> tuple[int, Micros] | None:
        """Return the number and the time of the oldest batch that is still there."""
        return next(self._segments(), None)

    def _segments(self) -> Iterator[tuple[int, Micros]]:
        """Yield each segment's first number and that batch's time, which is read once: it never changes."""
        firsts = sorted(int(path.stem) for path in self._folder.glob("*.seg"))
        self._begun = {first: self._begun[first] for first in firsts if first in self._begun}
        for first in firsts:
            if first not in self._begun:
                for record in FeedReader(self._folder, after=first - 1).read(1):
                    self._begun[first] = _DECODER.decode(record.payload).now
            if first in self._begun:
                yield first, self._begun[first]


class Journal(JournalReader):
    """Appends batches durably and deletes the oldest in time. Raises what `FeedWriter` raises."""

    def __init__(
        self, folder: Path, *, most_bytes: int = MOST_BYTES, longest_us: int = LONGEST_US, segment_bytes: int = SEGMENT_BYTES
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        super().__init__(folder)
        self._most_bytes = most_bytes
        self._longest_us = longest_us
        self._writer = FeedWriter(folder, segment_bytes=segment_bytes)
        hours, megabytes = longest_us // HOUR, most_bytes // (1024 * 1024)
        (folder / "README").write_text(_README.format(hours=hours, megabytes=megabytes), encoding="utf-8")

    @property
    def last(self) -> int:
        """The number of the last durable batch; 0 where there is none."""
        return self._writer.last

    def append(self, batch: Batch) -> int:
        """Write one batch and sync it; return its number. All or nothing: raises `FeedError` on a full disk."""
        return self._writer.append([_ENCODER.encode(batch)])

    def after(self, number: int = 0) -> Iterator[tuple[int, Batch]]:
        """Yield the batches after `number` that are still there, oldest first, with their numbers."""
        return super().after(number) if number < self.last else iter(())

    def trim(self, *, now: Micros, keep_after: int) -> int:
        """Delete the oldest segments that are too old or too much, none that holds a batch after `keep_after`; return how many."""
        sizes = {int(path.stem): path.stat().st_size for path in self._folder.glob("*.seg")}
        excess = sum(sizes.values()) - self._most_bytes
        before = 0
        for first, following in self._pairs():
            if excess <= 0 and now - following[1] < self._longest_us:
                break
            excess -= sizes.get(first, 0)
            before = following[0]
        gone = self._writer.trim(min(before, keep_after + 1)) if before else 0
        oldest = self.oldest() if gone else None
        if oldest is not None:
            self.references.trim(oldest[0])
        return gone

    def close(self) -> None:
        """Give the journal free."""
        self._writer.close()

    def _pairs(self) -> Iterator[tuple[int, tuple[int, Micros]]]:
        """Yield each segment's first number with the next segment's first number and time."""
        earlier: int | None = None
        for first, now in self._segments():
            if earlier is not None:
                yield earlier, (first, now)
            earlier = first

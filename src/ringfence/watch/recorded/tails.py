"""Files of any format followed while they are written; new ones in folders, and those that take a rotated file's name, join."""

import io
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Final, NamedTuple

from ringfence.vocabulary.times import Micros
from ringfence.watch.recorded.counts import FileCounts
from ringfence.watch.recorded.formats import START, Format, Options, Timed
from ringfence.watch.recorded.growing import GrowingFile, identity
from ringfence.watch.recorded.inputs import Choice, Skipped, files_in, plain_name
from ringfence.watch.recorded.looks import looks_like
from ringfence.watch.sources.errors import UnreadableFile
from ringfence.watch.sources.packed import packing
from ringfence.watch.wire.cdr import CallRecord, RowProblem

POLL_S: Final = 0.2
"""How often files are looked at for more."""
QUIET_S: Final = 600.0
"""A file found in a folder to which nothing was written for so long is taken for finished, so that rotation holds nothing open."""
MOST_FILES: Final = 256
"""Files followed at once."""
_HELD: Final = 5_000
_TOLD_APART: Final = 512
"""Octets by which two files are told apart that had the same place on the disk one after another."""
_NEVER: Final = Micros(0)


class Came(NamedTuple):
    """One thing that a file gave, with the counts of that file. `time` is its own; an unusable row has that of the one before."""

    time: Micros
    counts: FileCounts
    item: Timed


class _Pace(NamedTuple):
    """How often a file is looked at for more, and how long it may be quiet (`None`: for ever)."""

    poll_s: float
    quiet_s: float | None


class _Tail(threading.Thread):
    """One file on its own thread, because its reader waits within. What it gave waits in a bounded queue."""

    def __init__(self, path: Path, format_: Format, options: Options, more: threading.Condition, pace: _Pace) -> None:
        super().__init__(name=f"tail {path}", daemon=True)
        self.path: Final = path
        self.counts: Final = FileCounts(str(path), format_.name)
        self.came: Final[deque[Came]] = deque()
        self.is_idle = False
        """It waits at the file's end, and everything before is in the queue."""
        self.is_over = False
        self.is_stopped = False
        self.refused: str | None = None
        self._format = format_
        self._options = options
        self._more = more
        self._pace = pace
        self._idle_since = 0.0
        self.file: Final = GrowingFile(path, wait=self._wait, is_wanted=lambda: not self.is_stopped)

    def run(self) -> None:
        try:
            with io.BufferedReader(self.file, START) as file:
                latest = _NEVER
                for item in self._format.open(file, self._options, self.counts):
                    if not isinstance(item, RowProblem):
                        latest = item.start if isinstance(item, CallRecord) else item.time
                    self._put(Came(latest, self.counts, item))
        except (UnreadableFile, OSError) as failed:
            self.refused = str(failed)
        with self._more:
            self.is_over = True
            self._more.notify_all()

    def _put(self, came: Came) -> None:
        with self._more:
            self.is_idle = False
            while len(self.came) >= _HELD and not self.is_stopped:
                self._more.wait(self._pace.poll_s)
            self.came.append(came)
            if len(self.came) == 1:
                self._more.notify_all()

    def _wait(self) -> bool:
        now = time.monotonic()
        with self._more:
            if not self.is_idle:
                self.is_idle, self._idle_since = True, now
                self._more.notify_all()
            if self.is_stopped or (self._pace.quiet_s is not None and now - self._idle_since > self._pace.quiet_s):
                return False
        time.sleep(self._pace.poll_s)
        return True


class Tails:
    """Follows `paths`, which may name folders, from their beginnings until `stop` is called.

    What is there already comes in the order of its times over all files; what is written later comes as it is written.
    `files` and `skipped` grow as files join.
    """

    def __init__(self, paths: Sequence[Path], choice: Choice, options: Options, *, poll_s: float = POLL_S) -> None:
        self.files: Final[list[FileCounts]] = []
        self.skipped: Final[list[Skipped]] = []
        self._paths = tuple(paths)
        self._choice = choice
        self._options = options
        self._poll_s = poll_s
        self._more = threading.Condition()
        self._stopped = threading.Event()
        self._tails: list[_Tail] = []
        self._known: dict[tuple[int, int], bytes] = {}
        self._next_look = 0.0

    def stop(self) -> None:
        """End the following: `batches` gives what was read until now, and then ends. Safe from a signal handler."""
        self._stopped.set()

    def batches(self) -> Iterator[list[Came]]:
        """Yield what came, in the order in which it counts; an empty list where nothing did for a while."""
        try:
            while True:
                was_stopped = self._stopped.is_set()
                if was_stopped:
                    self._end()
                elif time.monotonic() >= self._next_look:
                    self._look()
                    self._next_look = time.monotonic() + self._poll_s
                batch = self._taken(until_all_are_over=was_stopped)
                yield batch
                if was_stopped:
                    return
        finally:
            self._end()

    def _end(self) -> None:
        with self._more:
            for tail in self._tails:
                tail.is_stopped = True
            self._more.notify_all()

    def _taken(self, *, until_all_are_over: bool) -> list[Came]:
        """Return what can be told apart by time: the earliest of all files, as long as each gives something or waits at its end."""
        with self._more:
            if not any(tail.came for tail in self._tails):
                self._more.wait_for(lambda: any(tail.came for tail in self._tails), self._poll_s)
            batch: list[Came] = []
            while until_all_are_over or len(batch) < _HELD:
                ready = [tail for tail in self._tails if tail.came]
                if any(not (tail.came or tail.is_idle or tail.is_over) for tail in self._tails):
                    if not until_all_are_over and (batch or self._stopped.is_set()):
                        break
                    self._more.wait(self._poll_s)
                    continue
                if not ready:
                    if until_all_are_over and not all(tail.is_over for tail in self._tails):
                        self._more.wait(self._poll_s)
                        continue
                    break
                self._take_from(ready, batch)
            self._more.notify_all()
        self._bury()
        return batch

    def _take_from(self, ready: list[_Tail], batch: list[Came]) -> None:
        """Move the earliest items over, as many as stand before the next one of any other file."""
        first, *others = sorted(ready, key=lambda tail: tail.came[0].time)
        limit = others[0].came[0].time if others else None
        batch.append(first.came.popleft())
        while first.came and (limit is None or first.came[0].time <= limit):
            batch.append(first.came.popleft())
        self._more.notify_all()

    def _bury(self) -> None:
        for tail in [each for each in self._tails if each.is_over and not each.came]:
            self._tails.remove(tail)
            if tail.file.was_cut:
                del self._known[tail.file.identity]  # it is written anew
            if tail.refused is not None:
                self.skipped.append(Skipped(str(tail.path), tail.refused))

    def _look(self) -> None:
        """Begin with files that were not there when we looked last."""
        for path in self._paths:
            is_folder = path.is_dir()
            for each in files_in(path) if is_folder else (path,):
                self._join(each, _Pace(self._poll_s, QUIET_S if is_folder else None))

    def _join(self, path: Path, pace: _Pace) -> None:
        try:
            status = path.stat()
            if not status.st_size or not path.is_file() or len(self._tails) >= MOST_FILES:
                return
            with path.open("rb") as file:
                seen = self._known.get(identity(status))
                if seen is not None and file.read(len(seen)) == seen:
                    return  # also under another name; what begins otherwise is a new file in a deleted one's place
                file.seek(0)
                start = file.read(START)
        except OSError:
            return  # it may come again
        known = self._choice.format or self._choice.of(start, plain_name(path))
        if known is None and b"\n" not in start and len(start) < START and not packing(start):
            return  # too little to tell
        self._known[identity(status)] = start[:_TOLD_APART]
        if known is None:
            looks = "it is packed; packed files are not followed" if packing(start) else looks_like(start)
            self.skipped.append(Skipped(str(path), looks))
            return
        tail = _Tail(path, known, self._options, self._more, pace)
        self.files.append(tail.counts)
        self._tails.append(tail)
        tail.start()


by_time = attrgetter("time")
"""The order of events and of what came."""

"""One resumable file on its own thread, because its reader waits within."""

import io
import threading
import time
from collections import deque
from pathlib import Path
from typing import Final, NamedTuple

from ringfence.vocabulary.contracts import Event
from ringfence.vocabulary.times import Micros
from ringfence.watch.lake import Place
from ringfence.watch.recorded.counts import FileCounts
from ringfence.watch.recorded.formats import START, Format, Options
from ringfence.watch.recorded.resumable import ResumableFile, Trail
from ringfence.watch.recorded.traces import traced
from ringfence.watch.sources.datagram import Datagram
from ringfence.watch.sources.errors import UnreadableFile
from ringfence.watch.wire.cdr import CallRecord, RowProblem

HELD: Final = 5_000
"""What one file has given and nobody has taken yet, at most."""
_NEVER: Final = Micros(0)

Row = CallRecord | Event | RowProblem


class Pace(NamedTuple):
    """How often a file is looked at for more, how long one may be quiet (`None`: for ever), and how long a renamed one is read."""

    poll_s: float
    quiet_s: float | None
    linger_s: float


class Given(NamedTuple):
    """One thing that a file gave. `time` is its own, or that of the one before.

    With it `before` rows came before the file's end and `rest` after it, of those that are no history.
    """

    time: Micros
    row: Row
    before: int
    rest: int
    trail: Trail


class Following(threading.Thread):
    """Reads the file of `place` from its beginning, passes over what was consumed already, and holds what is new in `came`.

    So that a reader which joins rows, numbers lines or knows repeats is where it was. Whoever looks at it holds `more`.
    """

    def __init__(
        self, place: Place, format_: Format, options: Options, *, pace: Pace, more: threading.Condition, is_rotated: bool
    ) -> None:
        """Open the file. Raises `OSError`."""
        super().__init__(name=f"tail {place.path}", daemon=True)
        self.place = place
        self.format: Final = format_
        self.came: Final[deque[Given]] = deque()
        self.history = 0
        """Rows that were there when the file was first seen."""
        self.is_idle = False
        """It waits at the file's end, and everything before is in the queue."""
        self.is_over = False
        self.is_stopped = False
        self.is_quiet = False
        self.refused: str | None = "its reader failed"
        self._options = options
        self._more = more
        self._pace = pace
        self._idle_since = 0.0
        self.file: Final = ResumableFile(
            Path(place.path),
            wait=self._wait,
            is_wanted=lambda: not self.is_stopped,
            passed=place.passed,
            linger_s=pace.linger_s,
            is_rotated=is_rotated,
        )

    def run(self) -> None:
        """Read until the file is over, or whoever follows it wants no more."""
        try:
            self._read()
            self.refused = None
        except (UnreadableFile, OSError) as failed:
            self.refused = str(failed)
        finally:
            with self._more:
                self.is_over = True
                self._more.notify_all()

    def reached(self, last: Given) -> Place:
        """Return the place when everything up to `last` was consumed."""
        # A row may be whole before all of its file's octets were seen again: what was traced once stays.
        known, trail = self.place, last.trail
        octets, end = (trail.octets, traced(trail.last)) if trail.octets >= known.octets else (known.octets, known.end)
        return Place(
            tail=known.tail,
            file=trail.file,
            path=known.path,
            passed=known.passed,
            items=last.before + last.rest,
            rest=last.rest,
            octets=octets,
            head_octets=known.head_octets,
            head=known.head,
            end=end,
        )

    def _read(self) -> None:
        latest = _NEVER
        before = rest = 0
        known_before, known_rest = self.place.items - self.place.rest, self.place.rest
        with io.BufferedReader(self.file, START) as file:
            for row in self.format.open(file, self._options, FileCounts(self.place.path, self.format.name)):
                if isinstance(row, Datagram):
                    continue
                if not isinstance(row, RowProblem):
                    latest = row.start if isinstance(row, CallRecord) else row.time
                if not self.file.is_past and not self.file.is_ended:
                    self.history += 1
                    continue
                before, rest = (before, rest + 1) if self.file.is_ended else (before + 1, rest)
                if (rest > known_rest) if rest else (before > known_before):
                    self._put(Given(latest, row, before, rest, self.file.trail))

    def _put(self, given: Given) -> None:
        with self._more:
            self.is_idle = False
            while len(self.came) >= HELD and not self.is_stopped:
                self._more.wait(self._pace.poll_s)
            # What the reader gives because it was told to end is not what the file says: the file goes on.
            if not self.is_stopped and not self.is_quiet:
                self.came.append(given)

    def _wait(self) -> bool:
        now = time.monotonic()
        with self._more:
            if not self.is_idle:
                self.is_idle, self._idle_since = True, now
                self._more.notify_all()
            if self.is_stopped:
                return False
            if self._pace.quiet_s is not None and now - self._idle_since > self._pace.quiet_s and not self.came:
                self.is_quiet = True
                return False
        time.sleep(self._pace.poll_s)
        return True

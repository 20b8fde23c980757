"""Tails that stand in the configuration: files and folders followed for as long as watch runs, and over its every end."""

import os
import stat
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from msgspec.structs import replace

from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.watch.lake import Place, PlaceKey
from ringfence.watch.recorded.following import Following, Given, Pace
from ringfence.watch.recorded.formats import START, Format
from ringfence.watch.recorded.growing import identity
from ringfence.watch.recorded.inputs import files_in, plain_name
from ringfence.watch.recorded.looks import looks_like
from ringfence.watch.recorded.tail import Tail, TailState
from ringfence.watch.recorded.tails import MOST_FILES, POLL_S, QUIET_S
from ringfence.watch.recorded.traces import after_history, at_start, is_of, is_still, is_telling, traced
from ringfence.watch.sources.packed import packing
from ringfence.watch.wire.cdr import CallRecord, RowProblem

TAKEN: Final = 2_000
"""Rows taken at once, at most."""
_LINGER_S: Final = 5.0
_MOST_SAID: Final = 1_000
_MOST_OVER: Final = 256
"""Finished files of a tail that are remembered after they were deleted: they may come back."""


class Taken(NamedTuple):
    """What came: records and events in the order in which they count, and how far that reaches. They belong into one batch."""

    items: list[CallRecord | Event]
    places: list[Place]


class Remark(NamedTuple):
    """Something to be said of a file, once."""

    path: str
    text: str


class StandingTails:
    """Follows `tails`, going on at `places`; every file is read from its beginning and what was consumed passed over.

    A thread looks for files; each file has one. `taken`, `health` and `remarks` may be called by another, and never wait.
    """

    def __init__(
        self,
        tails: Sequence[Tail],
        places: Iterable[Place],
        *,
        poll_s: float = POLL_S,
        linger_s: float = _LINGER_S,
        quiet_s: float = QUIET_S,
    ) -> None:
        self._states = {tail.name: TailState(tail) for tail in tails}
        self._places = {place.key: place for place in places if place.tail in self._states}
        self._pace = Pace(poll_s, quiet_s, linger_s)
        self._more = threading.Condition()
        self._stopped = threading.Event()
        self._open: dict[PlaceKey, Following] = {}
        self._noted: list[Place] = []
        self._remarks: deque[Remark] = deque(maxlen=_MOST_SAID)
        self._seen_at: dict[PlaceKey, int] = {}
        """Sizes at which files were found to hold nothing for us: they are looked at again when they have another."""
        self._looks = 0
        self._looker = threading.Thread(target=self._look_on, name="tails", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        if self._states:
            self._looker.start()

    def stop(self) -> None:
        """End: what was not taken will be read again by the next one."""
        self._stopped.set()
        with self._more:
            for each in self._open.values():
                each.is_stopped = True
            self._more.notify_all()

    def taken(self, most: int = TAKEN) -> Taken:
        """Return what came since the last time, by time over all files, as long as each gives something or waits at its end."""
        with self._more:
            taken = Taken([], self._noted)  # what was noted of a file comes before what was read of it
            self._noted = []
            touched: dict[PlaceKey, tuple[Following, Given]] = {}
            room = most
            while room > 0 and all(each.came or each.is_idle or each.is_over for each in self._open.values()):
                ready = sorted((item for item in self._open.items() if item[1].came), key=lambda item: item[1].came[0].time)
                if not ready:
                    break
                key, first = ready[0]
                limit = ready[1][1].came[0].time if len(ready) > 1 else None
                while first.came and room > 0 and (limit is None or first.came[0].time <= limit):
                    given = first.came.popleft()
                    touched[key] = (first, given)
                    self._count(first, given, taken)
                    room -= 1
            for key, (each, last) in touched.items():
                self._reach(key, each, last, taken.places)
            self._bury()
            taken.places.extend(self._noted)
            self._noted = []
            self._more.notify_all()
        return taken

    @property
    def is_caught_up(self) -> bool:
        """Tell whether all that was there has been taken."""
        with self._more:
            looked = self._looks > 0 or not self._states
            return looked and all(not each.came and (each.is_idle or each.is_over) for each in self._open.values())

    def remarks(self) -> list[Remark]:
        """Return what there is to say since the last time."""
        with self._more:
            said = list(self._remarks)
            self._remarks.clear()
        return said

    def health(self) -> list[dict[str, object]]:
        """Return how each tail stands. `behind` are octets that lie in its files and were not read yet."""
        with self._more:
            files = [(each.place.tail, each) for each in self._open.values()]
            return [state.health([each for tail, each in files if tail == name]) for name, state in self._states.items()]

    def _count(self, file: Following, given: Given, taken: Taken) -> None:
        state = self._states[file.place.tail]
        if isinstance(given.row, RowProblem):
            if not state.unusable:
                # Not the cause, where it quotes a value: the log names nobody.
                cause = given.row.cause if given.row.column is None else f"{given.row.column} can't be used"
                self._remark(file.place.path, f"line {given.row.line} was left out: {cause}; further ones are counted only")
            state.unusable += 1
        else:
            # An entry of a REGISTER gives two events, and is one all the same.
            state.records += isinstance(given.row, CallRecord) or given.row.kind is not EventKind.REGISTRATION
            taken.items.append(given.row)

    def _reach(self, key: PlaceKey, file: Following, last: Given, places: list[Place]) -> None:
        """Note how far a file was consumed; under its new number where reading went on in a copy."""
        place = file.reached(last)
        if place.key != key:
            places.append(replace(file.place, gone=True))
            self._places.pop(key, None)
            self._open[place.key] = self._open.pop(key)
        file.place = self._places[place.key] = place
        places.append(place)

    def _bury(self) -> None:
        for key, each in [(key, each) for key, each in self._open.items() if each.is_over and not each.came]:
            del self._open[key]
            state, place = self._states[key.tail], each.place
            state.history += each.history
            if each.refused is not None:
                self._leave_out(state, key, Path(place.path), each.refused, each.file.trail.octets)
            elif each.file.was_cut:
                self._note(replace(place, gone=True))
            elif each.is_stopped:
                pass
            elif each.is_quiet:
                self._seen_at[key] = each.file.trail.octets
                if place.octets == each.file.trail.octets and not place.whole:
                    self._note(replace(place, whole=True))
            else:
                self._note(replace(place, over=True))

    def _note(self, place: Place) -> None:
        if place.gone:
            self._places.pop(place.key, None)
        else:
            self._places[place.key] = place
        self._noted.append(place)

    def _look_on(self) -> None:
        while not self._stopped.is_set():
            for state in self._states.values():
                self._look_at(state)
            with self._more:
                self._looks += 1
            self._stopped.wait(self._pace.poll_s)

    def _look_at(self, state: TailState) -> None:
        tail = state.tail
        folder = tail.path if tail.path.is_dir() else tail.path.parent
        if not folder.is_dir():
            self._say(state, f"waits: there is no folder {folder}")
            return
        is_folder = folder == tail.path
        if not is_folder and not tail.path.exists():
            self._say(state, "waits: no such file yet")
        is_new = PlaceKey(tail.name, 0) not in self._places
        found = {path: status for path in (files_in(folder) if is_folder else [tail.path]) if (status := _status(path)) is not None}
        met = [self._meet(state, path, status, is_new=is_new) for path, status in found.items()]
        met.append(self._forgotten(tail, {status.st_ino for status in found.values()}))
        if not state.is_begun and not is_folder:
            met.append(self._find_renamed(state, folder, {status.st_ino for status in found.values()}))
        with self._more:
            for place in (place for places in met for place in places):
                self._note(place)
            if is_new:
                self._note(Place(tail=tail.name, file=0, path=tail.name))
        for path, status in found.items():
            self._join(state, path, status, Pace(self._pace.poll_s, self._pace.quiet_s if is_folder else None, self._pace.linger_s))
        state.is_begun = True
        if found:
            self._say(state, "follows")

    def _meet(self, state: TailState, path: Path, status: os.stat_result, *, is_new: bool) -> list[Place]:
        """Return what is to be noted of a file: where to begin with it, if it was not known."""
        key = PlaceKey(state.tail.name, status.st_ino)
        if not status.st_size or self._seen_at.get(key) == status.st_size or self._is_read(key, path):
            return []
        known = self._places.get(key)
        try:
            with path.open("rb") as file:
                if identity(os.fstat(file.fileno())) != identity(status) or (known is not None and is_of(known, file)):
                    return []
                place = at_start(key.tail, path, file)
                self._seen_at.pop(key, None)
                if not is_new:
                    return self._again(place, file) or [place]
                return [place if state.tail.from_start else after_history(place, file, status.st_size)]
        except OSError as failed:
            self._leave_out(state, key, path, failed.strerror or "it can't be read", None)
            passed = status.st_size if is_new and not state.tail.from_start else 0
            return [Place(tail=key.tail, file=key.file, path=str(path), passed=passed, head=traced(b""))] if is_new else []

    def _again(self, place: Place, file: BinaryIO) -> list[Place]:
        """Return what to note where an unknown file holds what another did: a copy in its place, or one beside it."""
        for other in self._places_of(place.tail):
            if not other.octets or not is_of(other, file) or not is_telling(other, file):
                continue
            if other.path == place.path:
                items = other.items - other.rest
                return [replace(other, gone=True), replace(other, file=place.file, items=items, rest=0, over=False)]
            self._remark(place.path, f"is a copy of {other.path}, of which it holds all that was read: left out")
            return [replace(place, over=True)]
        return []

    def _forgotten(self, tail: Tail, present: set[int]) -> list[Place]:
        """Return the oldest of many finished files that are no longer there, to be forgotten."""
        over = [each for each in self._places_of(tail.name) if each.over and each.file not in present]
        return [replace(each, gone=True) for each in over[: max(0, len(over) - _MOST_OVER)]]

    def _is_read(self, key: PlaceKey, path: Path) -> bool:
        """Tell whether a file is open, or the one that had its name before it is not over yet, and may go on in it."""
        with self._more:
            return key in self._open or any(each.place.path == str(path) and not each.is_over for each in self._open.values())

    def _places_of(self, tail: str) -> list[Place]:
        with self._more:
            return [each for each in self._places.values() if each.tail == tail and each.file]

    def _find_renamed(self, state: TailState, folder: Path, present: set[int]) -> list[Place]:
        """Begin with files that were renamed since the process before ended; return which are lost."""
        lost = []
        for place in self._places_of(state.tail.name):
            if place.file in present or place.over:
                continue
            path = next((each for each in folder.iterdir() if (seen := _status(each)) and seen.st_ino == place.file), None)
            if path is not None and is_still(place, path):
                if (known := self._known(state, place, path)) is not None:
                    self._begin(state, replace(place, path=str(path)), known, self._pace._replace(quiet_s=None), is_rotated=True)
            else:
                self._remark(place.path, "was taken away while nobody watched: what it held beyond the last record read is lost")
                lost.append(replace(place, gone=True))
        return lost

    def _join(self, state: TailState, path: Path, status: os.stat_result, pace: Pace) -> None:
        """Begin to follow a file in which something was not read yet."""
        key = PlaceKey(state.tail.name, status.st_ino)
        place = self._places.get(key)
        if place is None or place.over or self._is_read(key, path):
            return
        is_read = status.st_size <= max(place.octets if place.whole else 0, self._seen_at.get(key, 0))
        known = None if is_read and state.is_begun else self._known(state, place, path)
        if known is None or is_read:
            return
        if len(self._open) >= MOST_FILES:
            self._say(state, f"follows {MOST_FILES} files, and cannot more at once")
            return
        is_rotated = place.path != str(path) and Path(place.path).exists()
        self._begin(state, replace(place, path=str(path)), known, pace, is_rotated=is_rotated)

    def _known(self, state: TailState, place: Place, path: Path) -> Format | None:
        """Return a file's format; `None`, and a word, where it can't be followed."""
        try:
            with path.open("rb") as file:
                start = file.read(START)
        except OSError as failed:
            self._leave_out(state, place.key, path, failed.strerror or "it can't be read", None)
            return None
        choice = state.tail.choice
        known = choice.format or choice.of(start, plain_name(path))
        if known is None and b"\n" not in start and len(start) < START and not packing(start):
            return None  # too little to tell
        cause = _why_not(known, start)
        if known is None or cause is not None:
            self._leave_out(state, place.key, path, cause or looks_like(start), None)
            return None
        with self._more:
            state.formats.add(known.name)
            state.left_out.pop(str(path), None)
        return known

    def _begin(self, state: TailState, place: Place, known: Format, pace: Pace, *, is_rotated: bool) -> None:
        try:
            each = Following(place, known, state.tail.options, pace=pace, more=self._more, is_rotated=is_rotated)
        except OSError:
            return  # it was taken away meanwhile
        with self._more:
            if each.file.identity[1] != place.file or self._stopped.is_set():
                each.file.close()
                return
            self._open[place.key] = each
        each.start()

    def _leave_out(self, state: TailState, key: PlaceKey, path: Path, cause: str, size: int | None) -> None:
        with self._more:
            if size is not None:
                self._seen_at[key] = size
            if state.leaves_out(path, cause):
                self._remark(str(path), f"left out: {cause}")

    def _say(self, state: TailState, text: str) -> None:
        if state.state != text:
            state.state = text
            self._remark(state.tail.name, text)

    def _remark(self, path: str, text: str) -> None:
        self._remarks.append(Remark(path, text))


def _status(path: Path) -> os.stat_result | None:
    """Return what is known of a regular file; `None` where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status if stat.S_ISREG(status.st_mode) else None


def _why_not(known: Format | None, start: bytes) -> str | None:
    """Return why a file is not followed, `None` where it is."""
    if packing(start):
        return "it is packed; packed files are not followed"
    if known is None:
        return looks_like(start)
    if known.is_packets:
        return f"it is {known.looks_like}: have signalling mirrored by HEP, or give captures to scan"
    return None

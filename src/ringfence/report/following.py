"""Subjects of one kind that are followed in arrays: what each did, for as long as it counts among those that did most."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ringfence.report.durations import LONGEST_MS
from ringfence.report.looking import Added, Looking
from ringfence.report.series import WIDTHS, Bins, Line, Track
from ringfence.vocabulary.times import Micros
from ringfence.watch.kernels import evidence as kernels
from ringfence.watch.kernels import evidence_layout as layout

Words = NDArray[np.uint64]
Looked = tuple[NDArray[np.bool_], Sequence[Added]]

_FULL: Final = 3 / 4
"""How full a hash table may be."""
_OWN: Final = ("passes", "values", "present")  # the last fields of rows, which stand by rule and line
_NEW_ITEMS: Final = 6
"""Items that one row can bring at most."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is remembered of one kind of subject.

    `subjects` are followed at most, and at least `fewest` however many lines are drawn of each; `kept` of them, with findings,
    have rasters of `many` dots, the others of `few`. `items` (prefixes, statuses, rates, pairs …) and `values` are counted one by
    one for all subjects together; those are powers of two. `distinct` are the values of one line of one subject. `room` are the
    octets that all subjects' slots may take: where rules draw many lines, fewer are followed.
    """

    subjects: int = 2_048
    fewest: int = 512
    kept: int = 200
    few: int = 256
    many: int = 2_400
    items: int = 1 << 17
    values: int = 1 << 18
    distinct: int = 5_000
    item_limits: tuple[int, ...] = (400, 64, 64, 400, 64, 20)
    step: int = 8_192
    """Rows that are taken in at once."""
    room: int = 24_000_000


class Following:
    """Those subjects that `rules` (and whoever looks on) are about. Subjects are told by their keys, hashes that are not 0."""

    def __init__(self, rules: Sequence[Looking], bounds: Bounds) -> None:
        self.rules: Final = tuple(rules)
        self._lines = [(nth, line) for nth, rule in enumerate(self.rules) for line in rule.measured]
        self._bounds = bounds
        series = len(self.rules) + len(self._lines)
        octets = 16 * 2 * bounds.few + 8 * (layout.FIGURES + layout.BINS * series + layout.SLOTS * len(self._lines))
        size = min(bounds.subjects, max(bounds.fewest, bounds.room // octets))
        self._state = layout.Evidence(
            _slots(size),
            _dots(size, bounds),
            _items(bounds),
            _series(series, size),
            self._new_lines(size),
            np.array(LONGEST_MS, np.int64),
        )
        self._kept = 0
        self._most_kept = min(bounds.kept, size // 2)  # the rest must find somebody whose slot they can take

    def take(self, rows: layout.Rows, answered: NDArray[np.bool_], looked: Sequence[Looked | None]) -> None:
        """Take in n rows in their order, with what each of the rules looked at (see `Looking.at`)."""
        size = rows.subjects.size
        if not rows.subjects.any():
            return
        passes = np.zeros((len(self.rules), size), np.bool_)
        values, present = np.zeros((len(self._lines), size), np.int64), np.zeros((len(self._lines), size), np.bool_)
        line = 0
        for nth, (rule, each) in enumerate(zip(self.rules, looked, strict=True)):
            if each is not None:
                passes[nth] = each[0]
                for further, added in enumerate(each[1]):
                    values[line + further], present[line + further] = added
            line += len(rule.measured)
        for part in self._parts(size):
            own = (np.ascontiguousarray(column[:, part]) for column in (passes, values, present))
            by_row = layout.Rows._make((*(column[part] for column in rows[: -len(_OWN)]), *own))
            self._make_room(by_row.subjects.size)
            kernels.gather(self._state, by_row, answered[part])

    def keep(self, key: int, begin: Micros | None = None) -> None:
        """Let a subject stay, and hold more dots of it from now on: something was found about it.

        One that is not followed yet is from `begin` on, where that is given.
        """
        slot = self._slot(key)
        if slot is None and begin is not None:
            slot = int(kernels.slot_for(self._state, np.uint64(key), begin))
        slots, dots = self._state.slots, self._state.dots
        if slot is None or slots.kept[slot] != layout.NOTHING or self._kept >= self._most_kept:
            return
        for which in range(2):
            held = slots.figures[slot, layout.DOTS_HELD + which]
            dots.long_times[which, self._kept, :held] = dots.times[which, slot, :held]
            dots.long_codes[which, self._kept, :held] = dots.codes[which, slot, :held]
        slots.kept[slot] = self._kept
        self._kept += 1

    @property
    def given_up(self) -> int:
        """How many subjects were let go to bound memory."""
        return int(self._state.slots.marks[layout.GIVEN_UP])

    @property
    def octets(self) -> int:
        """What its arrays take at most."""
        return sum(column.nbytes for part in self._state[:-1] for column in part if isinstance(column, np.ndarray))

    def known(self, key: int) -> "Known | None":
        """Return what was seen of a subject; `None` where it was let go or never seen."""
        slot = self._slot(key)
        return Known(self._state, slot) if slot is not None else None

    def track(self, key: int, name: str) -> Track | None:
        """Return what the rule `name` looked at of a subject, likewise."""
        slot = self._slot(key)
        nth = next((nth for nth, rule in enumerate(self.rules) if rule.rule.name == name), None)
        if slot is None or nth is None:
            return None
        events = self._bins(nth, slot, adds=True)
        lines = tuple(
            Line(line, self._bins(len(self.rules) + place, slot, adds=False), bool(self._state.lines.cut[place, slot]))
            for place, (rule, line) in enumerate(self._lines)
            if rule == nth
        )
        return Track(events, lines) if events.values else None

    def _bins(self, nth: int, slot: int, *, adds: bool) -> Bins:
        series = self._state.series
        first, last = int(series.first[nth, slot]), int(series.last[nth, slot])
        values = {place: int(series.values[nth, slot, place % layout.BINS]) for place in range(first, last + 1)}
        return Bins(WIDTHS[series.width[nth, slot]], {place: value for place, value in values.items() if value}, adds)

    def _slot(self, key: int) -> int | None:
        slots = self._state.slots
        found = np.flatnonzero(slots.subjects[: slots.marks[layout.USED]] == np.uint64(key))
        return int(found[0]) if found.size else None

    def _parts(self, size: int) -> Iterator[slice]:
        room = int(min(self._state.items.room // _NEW_ITEMS, self._state.lines.value_room // max(1, len(self._lines))))
        step = max(1, min(self._bounds.step, room // 2))
        return (slice(begin, begin + step) for begin in range(0, size, step))

    def _make_room(self, rows: int) -> None:
        """Let the tables have room for what so many rows can bring at most."""
        marks, items, lines = self._state.slots.marks, self._state.items, self._state.lines
        if marks[layout.ITEMS_HELD] + _NEW_ITEMS * rows > items.room:
            self._tidy_items(items.room - _NEW_ITEMS * rows)
        if marks[layout.VALUES_HELD] + len(self._lines) * rows > lines.value_room:
            self._tidy_values(lines.value_room - len(self._lines) * rows)

    def _tidy_items(self, most: int) -> None:
        """Take out what belongs to nobody who is followed; where more than `most` are left, give up subjects that count least."""
        slots, items = self._state.slots, self._state.items
        places = np.flatnonzero(items.keys)
        places = places[slots.serials[items.slots[places]] == items.owners[places]]
        if places.size > most:
            self._give_up(np.bincount(items.slots[places], minlength=slots.counts.size), places.size - most)
            places = places[slots.serials[items.slots[places]] == items.owners[places]]
        held = items._replace(
            **{name: getattr(items, name)[places] for name in ("keys", "owners", "slots", "kinds", "what", "counts")}
        )
        items.keys[:] = 0
        kernels.put_back_items(items, held)
        slots.marks[layout.ITEMS_HELD] = places.size

    def _tidy_values(self, most: int) -> None:
        """Likewise, and what no window reaches back to any more."""
        slots, lines = self._state.slots, self._state.lines
        places = np.flatnonzero(lines.value_keys)
        places = places[
            lines.value_seen[places] > lines.newest[lines.value_lines[places], lines.value_slots[places]] - layout.SLOTS
        ]
        places = places[slots.serials[lines.value_slots[places]] == lines.value_owners[places]]
        if places.size > most:
            self._give_up(np.bincount(lines.value_slots[places], minlength=slots.counts.size), places.size - most)
            places = places[slots.serials[lines.value_slots[places]] == lines.value_owners[places]]
        names = ("value_keys", "value_owners", "value_slots", "value_lines", "value_seen")
        held = lines._replace(**{name: getattr(lines, name)[places] for name in names})
        lines.value_keys[:] = 0
        kernels.put_back_values(lines, held)
        slots.marks[layout.VALUES_HELD] = places.size

    def _give_up(self, held: NDArray[np.int64], excess: int) -> None:
        """Begin anew with subjects that count least and have no finding, until they held as much as there is too much.

        `held` is by slot. Subjects with findings stay: where they hold too much by themselves, no more is taken in of anybody.
        """
        slots = self._state.slots
        without = np.flatnonzero((slots.kept == layout.NOTHING) & (held > 0))
        least = without[np.argsort(slots.counts[without], kind="stable")]
        enough = int(np.searchsorted(np.cumsum(held[least]), 2 * excess)) + 1
        for slot in least[:enough].tolist():
            kernels.begin_subject(self._state, slot, slots.subjects[slot], slots.since[slot])
            slots.marks[layout.GIVEN_UP] += 1

    def _new_lines(self, size: int) -> layout.Lines:
        count, lines = len(self._lines), [line for _, line in self._lines]
        table = self._bounds.values if any(line.is_distinct for line in lines) else 16
        return layout.Lines(
            rules=np.array([nth for nth, _ in self._lines], np.int64),
            slot_us=np.array([max(1, line.window_us // layout.SLOTS) for line in lines], np.int64),
            distinct=np.array([line.is_distinct for line in lines], np.bool_),
            sums=np.zeros((count, size, layout.SLOTS), np.int64),
            newest=np.full((count, size), layout.NOTHING, np.int64),
            totals=np.zeros((count, size), np.int64),
            cut=np.zeros((count, size), np.bool_),
            value_keys=np.zeros(table, np.uint64),
            value_owners=np.zeros(table, np.int64),
            value_slots=np.zeros(table, np.int32),
            value_lines=np.zeros(table, np.int16),
            value_seen=np.zeros(table, np.int64),
            value_room=int(table * _FULL),
            most=self._bounds.distinct,
        )


class Known:
    """What was seen of one subject, as long as it is followed."""

    def __init__(self, state: layout.Evidence, slot: int) -> None:
        self._state = state
        self._slot = slot
        self.figures: Final = state.slots.figures[slot]
        self.plan: Final = int(state.slots.plans[slot])
        self.since: Final = Micros(int(state.slots.since[slot]))
        self.may_lack: Final = bool(state.slots.inherited[slot])
        """It may have been given up before, with all that was known of it then."""

    def dots(self, which: int) -> tuple[list[int], list[int]]:
        """Return times and codes of the dots of a raster: 0 of numbers at calls' other ends, 1 of users asked for."""
        slots, dots = self._state.slots, self._state.dots
        held, kept = self.figures[layout.DOTS_HELD + which], slots.kept[self._slot]
        times, codes = (dots.times, dots.codes) if kept == layout.NOTHING else (dots.long_times, dots.long_codes)
        place = self._slot if kept == layout.NOTHING else kept
        return times[which, place, :held].tolist(), codes[which, place, :held].tolist()

    def items(self, kind: int) -> list[tuple[int, list[int]]]:
        """Return items of a kind with their counts, the smallest first."""
        items = self._state.items
        is_ours = (items.keys != 0) & (items.owners == self._state.slots.serials[self._slot]) & (items.kinds == kind)
        places = np.flatnonzero(is_ours)
        found: list[tuple[int, list[int]]] = list(zip(items.what[places].tolist(), items.counts[places].tolist(), strict=True))
        return sorted(found)

    def beyond(self, kind: int) -> int:
        """Return how many items of a kind came that were not told apart."""
        return int(self.figures[layout.BEYOND + kind])


def _slots(size: int) -> layout.Slots:
    table = 4 << size.bit_length()
    return layout.Slots(
        keys=np.zeros(table, np.uint64),
        slots=np.zeros(table, np.int64),
        subjects=np.zeros(size, np.uint64),
        counts=np.zeros(size, np.int64),
        serials=np.zeros(size, np.int64),
        kept=np.full(size, layout.NOTHING, np.int64),
        since=np.zeros(size, np.int64),
        inherited=np.zeros(size, np.int64),
        figures=np.zeros((size, layout.FIGURES), np.int64),
        plans=np.zeros(size, np.uint64),
        marks=np.array([0, size, 0, 1, 0, 0, 0], np.int64),  # the hand is past the last slot: it looks for the least first
    )


def _dots(size: int, bounds: Bounds) -> layout.Dots:
    # One more than may be held, which is where a raster is thinned.
    few, many = (2, size, bounds.few + 1), (2, bounds.kept, bounds.many + 1)
    return layout.Dots(np.zeros(few, np.int64), np.zeros(few, np.uint64), np.zeros(many, np.int64), np.zeros(many, np.uint64))


def _items(bounds: Bounds) -> layout.Items:
    return layout.Items(
        keys=np.zeros(bounds.items, np.uint64),
        owners=np.zeros(bounds.items, np.int64),
        slots=np.zeros(bounds.items, np.int32),
        kinds=np.zeros(bounds.items, np.uint8),
        what=np.zeros(bounds.items, np.uint64),
        counts=np.zeros((bounds.items, 4), np.int64),
        limits=np.array(bounds.item_limits, np.int64),
        room=int(bounds.items * _FULL),
    )


def _series(count: int, size: int) -> layout.Series:
    return layout.Series(
        values=np.zeros((count, size, layout.BINS), np.int64),
        width=np.zeros((count, size), np.int64),
        first=np.zeros((count, size), np.int64),
        last=np.full((count, size), layout.NOTHING, np.int64),
        widths=np.array(WIDTHS, np.int64),
        scratch=np.zeros(layout.BINS, np.int64),
    )

"""Several rules' windows over event time, kept as one."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ringfence.policy.plan import Rule
from ringfence.vocabulary.contracts import EventKind
from ringfence.vocabulary.times import Micros
from ringfence.watch.columns import Columns, TextHashes
from ringfence.watch.kernels import windows as kernel
from ringfence.watch.kernels.layout import CROSSING, NOBODY, SAMPLE, Batch, Crossings, State
from ringfence.watch.kernels.specialising import Pass, Text, is_kept, is_noted, note, pass_from, text_for
from ringfence.watch.windows.crossings import Crossing, Limits, Losses
from ringfence.watch.windows.footprint import footprint
from ringfence.watch.windows.readings import Reading
from ringfence.watch.windows.shapes import Shape, rows_for, shape_of, with_edges
from ringfence.watch.windows.state import (
    FEWEST,
    Packed,
    Room,
    lay_out,
    nothing,
    pack,
    power_of_two,
    sampled_events,
    with_pairs,
    with_rows,
    with_slots,
)
from ringfence.watch.windows.terms import depth_of, pool, terms_of

_CROSSINGS_A_CALL: Final = 128


class Told(NamedTuple):
    """A crossing, and which rule's of the group, and which tier's it is."""

    rule: int
    tier: int
    crossing: Crossing


class RuleGroup:
    """The events that count for any of `rules`, by key, and what each key's conditions were.

    The rules share key, kind and filter; each has its own windows, measures, conditions and cool-down, and finds what it would
    find alone. A key none of whose counted events is in a rule's window is false for it, save for its cool-down. However the stream
    of events is cut into batches, the crossings are the same. Raises `RuleUnmeasurable` for a rule that it can't measure.
    """

    def __init__(self, rules: Sequence[Rule], hashes: TextHashes, limits: Limits) -> None:
        self._pooled = pool(rules)
        self._reading = Reading(self._pooled, hashes)
        self.terms = terms_of(self._pooled, limits.exact_distinct)
        self.footprint: Final = footprint(rules)
        self._most = Room(max(limits.events, 1), max(limits.keys, 1))
        most = _CROSSINGS_A_CALL + len(self._pooled.judged)
        self._crossings = Crossings(
            np.zeros(most, CROSSING),
            np.zeros((most + 1, len(self._pooled.terms)), np.float64),
            np.zeros((most, len(self._pooled.terms)), np.float64),
            np.zeros((most, SAMPLE), np.int64),
            np.zeros(depth_of(self.terms), np.float64),
            np.zeros(1, np.int64),
            np.zeros(len(self._pooled.pair_lanes), np.int64),
        )
        self._advance: Pass = kernel.advance
        self._moves = 0
        self._held: tuple[Room, int] | None = None
        self._state: State
        self.forget()

    def prepare(self, columns: Columns | None = None) -> None:
        """Compile now what the group needs: else the first event waits for it. `columns` of no event: what reads them too."""
        if columns is not None:
            self._reading.of(columns, 0)
        scratch = lay_out(nothing(self._pooled, self.terms, self._most), self.terms, rows=FEWEST, slots=FEWEST)
        kernel.advance(scratch, self.terms, self._reading.nothing, 0, self._crossings)
        kernel.index(scratch, self.terms)

    @property
    def fields(self) -> frozenset[str]:
        """The columns that `advance` reads."""
        return self._reading.fields

    @property
    def kinds(self) -> frozenset[EventKind]:
        """The kinds of events that `advance` takes in."""
        return self._reading.kinds

    @property
    def moves(self) -> int:
        """Grows whenever what is live may have become another: what was made of it before is then made anew."""
        return self._moves

    @property
    def live_keys(self) -> int:
        """Keys with an event in a window or a cool-down that runs."""
        return int(self._state.words.shape[0]) - int(self._state.marks[0]["free"])

    @property
    def live_events(self) -> int:
        """Events in the longest window."""
        return int(self._state.marks[0]["head"] - self._state.spans["tail"][-1])

    @property
    def counted_events(self) -> int:
        """Events that ever counted for a key."""
        return int(self._state.marks[0]["head"])

    @property
    def memory_bytes(self) -> int:
        """What the group's arrays take."""
        return sum(array.nbytes for array in self._state)

    @property
    def losses(self) -> Losses:
        """What was forgotten before its time, since ever."""
        marks = self._state.marks[0]
        return Losses(int(marks["forgotten_rows"]), int(marks["forgotten_rests"]))

    def advance(self, columns: Columns, first_event: int) -> list[Told]:
        """Take in a batch and return where conditions became true, in the order of events, at one event in the order of rules.

        `first_event` is the number of the batch's first event; numbers never restart.
        """
        positions, batch = self._reading.of(columns, first_event)
        return self._advanced(positions, batch) if positions.size else []  # most groups take no part in a live turn

    def shape(self, digests: Mapping[str, bytes]) -> Shape:
        """Return what the group's arrays are about; `digests` stand for what decides what its rules remember, by name."""
        return shape_of(self._pooled, digests, self.terms.exact)

    def take_over(self, old: Packed, former: Shape, shape: Shape, now: Micros) -> None:
        """Continue for the rules that remember the same as in a group that was `former`; this one is `shape`. Others begin."""
        kept = shape.shared(former)
        self.forget()
        batch = rows_for(shape, kept, old, former)
        self._advanced(np.zeros(batch.time.size, np.intp), batch)
        self.restore(with_edges(self.snapshot(), self.terms, shape, kept, old, former, now))

    def _advanced(self, positions: NDArray[np.intp], batch: Batch) -> list[Told]:
        crossings: list[Told] = []
        self._moves += 1
        taken, need = 0, kernel.NEEDS_CROSSINGS
        while need != kernel.DONE:
            taken, need = self._advance(self._state, self.terms, batch, taken, self._crossings)
            crossings += [self._told(index, positions, batch) for index in range(self._crossings.written[0])]
            if need == kernel.NEEDS_ROWS:
                self._state = with_rows(self._state, self.terms, self._longer(self._state.rows.size, "most_rows"))
            elif need == kernel.NEEDS_PAIRS:
                self._state = with_pairs(self._state)
            elif need == kernel.NEEDS_SLOTS:
                self._state = with_slots(self._state, self._longer(self._state.words.shape[0], "most_keys"))
        return crossings

    def _longer(self, length: int, most: str) -> int:
        """Return the next length of arrays that are full: four times as long, or as long as they may become if that is less.

        To make them longer means to copy them into memory that the system hands out for the first time.
        """
        return max(2 * length, min(4 * length, power_of_two(int(self._state.marks[0][most]))))

    def shrink(self) -> None:
        """Give memory back where an eighth of it would do."""
        rows, slots = self._state.rows.size, self._state.words.shape[0]
        fewer_rows = rows // 4 if 8 * power_of_two(self.live_events) <= rows else rows
        fewer_slots = slots // 4 if 8 * power_of_two(self.live_keys) <= slots else slots
        if (fewer_rows, fewer_slots) != (rows, slots):
            self._lay_out(fewer_rows, fewer_slots)

    def compile(self, *, only_kept: bool = False) -> bool:
        """Have the pass written out for these rules and compiled, and give the same answers faster from now on.

        It takes seconds, or where the compiler's cache has it a tenth of one; elsewhere nothing is done if `only_kept`. Return
        whether it was.
        """
        if only_kept and not is_noted(self.terms):
            return False
        made = pass_from(self.text)
        if only_kept and not is_kept(made):
            return False
        scratch = lay_out(nothing(self._pooled, self.terms, self._most), self.terms, rows=FEWEST, slots=FEWEST)
        made(scratch, self.terms, self._reading.nothing, 0, self._crossings)  # compiles it
        self._advance = made
        note(self.terms)
        return True

    def hold(self, room: Room, now: Micros) -> None:
        """Hold no more than this from now on: what is too much is forgotten at once, and its memory given back."""
        if self._held == (room, self._moves):
            return  # as most groups, which most traffic is nothing to
        marks = self._state.marks
        self._hold(room)
        if self.live_events > marks[0]["most_rows"] or self.live_keys > marks[0]["most_keys"]:
            kernel.trim(self._state, self.terms, now)
        rows, slots = self._state.rows.size, self._state.words.shape[0]
        most_rows, most_slots = power_of_two(int(marks[0]["most_rows"])), power_of_two(int(marks[0]["most_keys"]))
        if rows > most_rows or slots > most_slots:
            self._lay_out(min(rows, most_rows), min(slots, most_slots))
        self._moves += 1
        self._held = room, self._moves

    @property
    def text(self) -> Text:
        """The pass written out for these rules."""
        return text_for(self.terms)

    @property
    def is_written(self) -> bool:
        """Tell whether the pass that was written out for these rules is at work."""
        return self._advance is not kernel.advance

    def snapshot(self) -> Packed:
        """Return a copy of all that is live."""
        return pack(self._state, self.terms)

    def sampled_events(self, packed: Packed) -> NDArray[np.int64]:
        """Return the numbers of the events that the next crossings after a snapshot may name."""
        return sampled_events(packed, self.terms)

    def restore(self, packed: Packed) -> None:
        """Continue from a snapshot of the same rules."""
        self._moves += 1
        self._state = lay_out(packed, self.terms, rows=power_of_two(packed.rows.size), slots=power_of_two(packed.words.shape[0]))
        self._hold(Room(int(packed.marks[0]["most_rows"]), int(packed.marks[0]["most_keys"])))

    def forget(self) -> None:
        """Become as before any event, with no losses."""
        self.restore(nothing(self._pooled, self.terms, self._most))

    def _hold(self, room: Room) -> None:
        self._state.marks["most_rows"] = min(room.rows, self._most.rows)
        self._state.marks["most_keys"] = min(room.keys, self._most.keys)

    def _lay_out(self, rows: int, slots: int) -> None:
        self._state = lay_out(pack(self._state, self.terms), self.terms, rows=rows, slots=slots)

    def _told(self, index: int, positions: np.ndarray[tuple[int], np.dtype[np.intp]], batch: Batch) -> Told:
        found = self._crossings.found[index]
        judged = self._pooled.judged[found["rule"]]
        sample = self._crossings.sample[index]
        measured = list(self._pooled.measured[judged.rule])
        errors = self._crossings.errors[index, measured]
        crossing = Crossing(
            position=int(positions[found["position"]]),
            time=Micros(int(batch.time[found["position"]])),
            measures=tuple(self._crossings.measures[index, measured].tolist()),
            events=int(found["events"]),
            forgotten=int(found["forgotten"]),
            sample=tuple(sample[sample != NOBODY][::-1].tolist()),
            errors=tuple(errors.tolist()) if errors.any() else (),
        )
        return Told(judged.rule, judged.tier, crossing)

"""One rule's window over event time."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from ringfence.policy.plan import Rule
from ringfence.vocabulary.contracts import EventKind
from ringfence.vocabulary.times import Micros
from ringfence.watch.columns import Columns, TextHashes, columns_of
from ringfence.watch.kernels import windows as kernel
from ringfence.watch.kernels.layout import CROSSING, NOBODY, SAMPLE, Batch, Crossings, Terms
from ringfence.watch.windows.conditions import program_of
from ringfence.watch.windows.readings import FUNCTIONS, Reading
from ringfence.watch.windows.state import Packed, lay_out, nothing, pack, power_of_two

_CROSSINGS_A_CALL: Final = 64


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one rule may remember: events in its window, and live keys. Beyond that the oldest events leave early.

    An event takes 40 bytes, 40 more for each distinct and 24 for each numeric measure; a key about 100, 32 more for each measure.
    """

    events: int = 1 << 21
    keys: int = 1 << 19


@dataclass(frozen=True, slots=True)
class Losses:
    """What a rule forgot before its time, to bound memory. `events` left the window early; `cool_downs` ended early."""

    events: int
    cool_downs: int


@dataclass(frozen=True, slots=True)
class Crossing:
    """A rule's condition became true. `position` is the event's in the batch, `time` when it counted.

    `measures` stand in the rule's order. `events` is how many of the key's events the window holds, `sample` the numbers of the
    last of them, oldest first. `forgotten` is 0, or how many events the rule had forgotten by then where this window misses some.
    """

    position: int
    time: Micros
    measures: tuple[float, ...]
    events: int
    forgotten: int
    sample: tuple[int, ...]


class RuleWindow:
    """The events of the last `rule.window_us` that count for a rule, by key, and what each key's condition was.

    A key none of whose counted events is in the window is forgotten, and false, save for its cool-down. However the stream of
    events is cut into batches, the crossings are the same. Raises `RuleUnmeasurable` for a rule that it can't measure.
    """

    def __init__(self, rule: Rule, hashes: TextHashes, limits: Limits) -> None:
        self._reading = Reading(rule, hashes)
        program = program_of(rule)
        functions = np.array([FUNCTIONS[measure.function] for measure in rule.measures], np.int64)
        self._terms = Terms(
            rule.window_us,
            rule.cool_down_us,
            max(limits.events, 1),
            max(limits.keys, 1),
            functions,
            self._reading.lanes,
            program.operation,
            program.operand,
        )
        self._crossings = Crossings(
            np.zeros(_CROSSINGS_A_CALL, CROSSING),
            np.zeros((_CROSSINGS_A_CALL, functions.size), np.float64),
            np.zeros((_CROSSINGS_A_CALL, SAMPLE), np.int64),
            np.zeros(program.depth, np.float64),
        )
        self.forget()
        # An empty batch makes the kernels compile now, at the start, and not while the first event waits.
        self.advance(columns_of((), sorted(self.fields), hashes, clock=Micros(0), now=Micros(0)), 0)

    @property
    def fields(self) -> frozenset[str]:
        """The columns that `advance` reads."""
        return self._reading.fields

    @property
    def kinds(self) -> frozenset[EventKind]:
        """The kinds of events that `advance` reads: to it, a batch without all others is the same."""
        return self._reading.kinds

    @property
    def live_keys(self) -> int:
        """Keys with an event in the window or a cool-down that runs."""
        return self._state.slots.size - int(self._state.marks[0]["free"])

    @property
    def live_events(self) -> int:
        """Events in the window."""
        return int(self._state.marks[0]["head"] - self._state.marks[0]["tail"])

    @property
    def memory_bytes(self) -> int:
        """What the window's arrays take."""
        return sum(array.nbytes for array in self._state)

    @property
    def losses(self) -> Losses:
        """What was forgotten before its time, since ever."""
        marks = self._state.marks[0]
        return Losses(int(marks["forgotten_rows"]), int(marks["forgotten_rests"]))

    def advance(self, columns: Columns, first_event: int) -> list[Crossing]:
        """Take in a batch and return where the condition became true, in the order of events.

        `first_event` is the number of the batch's first event; numbers never restart.
        """
        positions, batch = self._reading.of(columns, first_event)
        crossings: list[Crossing] = []
        taken, need = 0, kernel.NEEDS_CROSSINGS
        while need != kernel.DONE:
            taken, need, found = kernel.advance(self._state, self._terms, batch, taken, self._crossings)
            crossings += [self._crossing(index, positions, batch) for index in range(found)]
            if need == kernel.NEEDS_ROWS:
                self._lay_out(2 * self._state.rows.size, self._state.slots.size)
            elif need == kernel.NEEDS_SLOTS:
                self._lay_out(self._state.rows.size, 2 * self._state.slots.size)
        return crossings

    def shrink(self) -> None:
        """Give memory back where an eighth of it would do."""
        rows, slots = self._state.rows.size, self._state.slots.size
        fewer_rows = rows // 4 if 8 * power_of_two(self.live_events) <= rows else rows
        fewer_slots = slots // 4 if 8 * power_of_two(self.live_keys) <= slots else slots
        if (fewer_rows, fewer_slots) != (rows, slots):
            self._lay_out(fewer_rows, fewer_slots)

    def snapshot(self) -> Packed:
        """Return a copy of all that is live."""
        return pack(self._state)

    def restore(self, packed: Packed) -> None:
        """Continue from a snapshot of the same rule."""
        self._state = lay_out(packed, self._terms, rows=power_of_two(packed.rows.size), slots=power_of_two(packed.slots.size))

    def forget(self) -> None:
        """Become as before any event, with no losses."""
        self.restore(nothing(self._terms.function.size, self._reading.widths))

    def _lay_out(self, rows: int, slots: int) -> None:
        self._state = lay_out(pack(self._state), self._terms, rows=rows, slots=slots)

    def _crossing(self, index: int, positions: np.ndarray[tuple[int], np.dtype[np.intp]], batch: Batch) -> Crossing:
        found = self._crossings.found[index]
        sample = self._crossings.sample[index]
        return Crossing(
            position=int(positions[found["position"]]),
            time=Micros(int(batch.time[found["position"]])),
            measures=tuple(self._crossings.measures[index].tolist()),
            events=int(found["events"]),
            forgotten=int(found["forgotten"]),
            sample=tuple(sample[sample != NOBODY][::-1].tolist()),
        )

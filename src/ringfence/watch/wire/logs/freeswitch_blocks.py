"""FreeSWITCH's log as columns."""

from datetime import tzinfo
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ringfence.vocabulary.times import Micros
from ringfence.watch.kernels import log_layout as layout
from ringfence.watch.kernels.log_lines import REFUSALS, read_freeswitch_lines
from ringfence.watch.wire.cdr.blocks import in_zone, packed_words
from ringfence.watch.wire.cdr.local_times import LocalTimes
from ringfence.watch.wire.cdr.record import RowProblem
from ringfence.watch.wire.cdr.values import BadValue
from ringfence.watch.wire.logs.blocks import METHODS, TRANSPORTS, Draft, as_text
from ringfence.watch.wire.logs.entry import LogEntry
from ringfence.watch.wire.logs.freeswitch import parse_freeswitch_line

_NOTHING: Final = np.zeros(0, np.int64)


class FreeswitchLines:
    """Reads lines of FreeSWITCH's log: those that are written as it does in one compiled pass, the others one by one."""

    def __init__(self, zone: tzinfo) -> None:
        texts = np.zeros((len(REFUSALS), 1 + max(map(len, REFUSALS))), np.uint8)
        for nth, text in enumerate(REFUSALS):
            texts[nth, : len(text)] = np.frombuffer(text.encode(), np.uint8)
        self._meanings = layout.Meanings(
            np.zeros((1, 4), np.uint64),
            packed_words(("",), TRANSPORTS, METHODS),
            np.zeros((1, 4), np.int64),
            texts,
            np.zeros(3, np.uint64),
        )
        self._zone = zone
        self._times = LocalTimes(zone)

    def fill(self, draft: Draft) -> list[RowProblem]:
        """Fill the draft from its lines; return why some can't be used."""
        read_freeswitch_lines(draft.data, self._meanings, draft.lines)
        read = np.flatnonzero(draft.states == 0)
        local = draft.lines.facts["start"][read]
        first, second = in_zone(local, self._zone), in_zone(local, self._zone, fold=1)
        if not np.array_equal(first, second):
            # A clock was set back or forth: which of two moments is meant depends on the lines before.
            draft.states[read] = layout.ODD
            return self._one_by_one(draft)
        draft.lines.facts["start"][read] = first
        return self._one_by_one(draft)

    def join(self, draft: Draft, *, is_last: bool) -> NDArray[np.int64]:  # noqa: ARG002 - each line stands by itself
        """Return no row: each line stands by itself."""
        return _NOTHING

    def again(self, number: int, octets: bytes) -> LogEntry | None:
        """Return the entry of a line. Of two moments that it may mean it has the first."""
        try:
            return parse_freeswitch_line(number, as_text(octets, number), LocalTimes(self._zone))
        except BadValue:
            return None

    def _one_by_one(self, draft: Draft) -> list[RowProblem]:
        """Read the odd lines, each after the one before."""
        problems = []
        starts, told = draft.lines.facts["start"], draft.states == 0
        before = np.maximum.accumulate(np.where(told, np.arange(told.size), -1)) if told.size else _NOTHING
        noted = -1
        for row in np.flatnonzero(draft.states == layout.ODD).tolist():
            if before[row] > noted:
                noted = int(before[row])
                self._times.note(Micros(int(starts[noted])))
            number = int(draft.numbers[row])
            try:
                entry = parse_freeswitch_line(number, as_text(draft.line(row), number), self._times)
            except BadValue as bad:
                entry = None
                problems.append(RowProblem(number, bad.column, bad.cause))
            if entry is None:
                draft.states[row] = layout.SILENT
            else:
                draft.put(row, entry)
        if before.size and before[-1] > noted:
            self._times.note(Micros(int(starts[before[-1]])))
        return problems

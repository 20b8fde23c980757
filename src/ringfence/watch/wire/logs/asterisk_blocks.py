"""Asterisk's security log as columns."""

from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from ringfence.watch.kernels import log_layout as layout
from ringfence.watch.kernels.log_lines import pair, read_security_lines
from ringfence.watch.wire.cdr.blocks import packed_words
from ringfence.watch.wire.cdr.record import RowProblem
from ringfence.watch.wire.cdr.values import BadValue
from ringfence.watch.wire.logs.asterisk import (
    EVENTS,
    FAILED,
    HELD_US,
    MOST_HELD,
    NAMED,
    PAIRED_US,
    USED,
    parse_security_line,
    tells_event,
)
from ringfence.watch.wire.logs.blocks import METHODS, TRANSPORTS, Draft, as_text
from ringfence.watch.wire.logs.entry import LogEntry

_UNUSED: Final = (
    *("Severity", "Service", "EventVersion", "Challenge", "Response", "ExpectedResponse", "ReceivedChallenge", "ReceivedHash"),
    *("UsingPassword", "Module", "SessionTV", "ACLName", "AuthMethod", "RequestParams", "ExpectedAddress", "AttemptedTransport"),
)
"""Names of values that are passed over, as most events have them."""
_HALVES: Final = {NAMED: layout.NAMED, FAILED: layout.FAILED}
_FACTOR: Final = np.uint64(0x9E3779B97F4A7C15)


class SecurityLines:
    """Reads lines of the security log: those that are written as Asterisk does in one compiled pass, the others one by one."""

    def __init__(self) -> None:
        self._meanings = layout.Meanings(
            _packed((*USED, *_UNUSED)),
            packed_words(tuple(EVENTS), [each.upper() for each in TRANSPORTS], METHODS),
            np.array([_meaning(event) for event in EVENTS], np.int64),
            np.zeros((1, 1), np.uint8),
            np.zeros(3, np.uint64),
        )
        self._values = np.zeros((layout.VALUES, 2), np.int32)

    def fill(self, draft: Draft) -> list[RowProblem]:
        """Fill the draft from its lines; return why some can't be used."""
        read_security_lines(draft.data, self._meanings, self._values, draft.lines)
        problems = []
        for row in np.flatnonzero(draft.states == layout.ODD).tolist():
            number = int(draft.numbers[row])
            try:
                entry = _entry(number, as_text(draft.line(row), number))
            except BadValue as bad:
                entry = None
                problems.append(RowProblem(number, bad.column, bad.cause))
            if entry is None:
                draft.states[row] = layout.SILENT
            else:
                draft.put(row, entry, _HALVES.get(entry.what, layout.WHOLE))
        return problems

    def join(self, draft: Draft, *, is_last: bool) -> NDArray[np.int64]:
        """Let the two lines of an attempt be one entry; return the rows that may yet find their other half."""
        size = draft.numbers.size
        slots = 2 << size.bit_length()
        held = layout.Held(
            draft.carried,
            MOST_HELD,
            PAIRED_US,
            HELD_US,
            np.zeros(slots, np.uint64),
            np.full(slots, -1, np.int64),
            np.zeros(size, np.int64),
            np.zeros(size, np.int64),
        )
        partners = np.empty(size, np.int64)
        head, tail = pair(self._keys(draft), draft.lines.facts, held, partners)
        self._merge(draft, partners)
        waiting: NDArray[np.int64] = held.queue[head:tail]
        waiting = waiting[held.rows[held.slots[waiting]] == waiting]
        return waiting[:0] if is_last else waiting

    def again(self, number: int, octets: bytes) -> LogEntry | None:
        """Return the entry of a line, or of the first and the last of several."""
        first, *others = octets.removesuffix(b"\n").split(b"\n")
        try:
            entry = _entry(number, as_text(first, number))
            other = _entry(number, as_text(others[-1], number)) if others else None
        except BadValue:
            return None
        if entry is None or other is None:
            return entry
        named, failed = (entry, other) if entry.what == NAMED else (other, entry)
        return msgspec.structs.replace(failed, user=named.user, status=named.status)

    def _keys(self, draft: Draft) -> NDArray[np.uint64]:
        """Return of each row what the two lines of an attempt have in common; 0 where a row has no entry."""
        keys = np.zeros(draft.numbers.size, np.uint64)
        for cell in (layout.SESSION, layout.SOURCE):
            keys = keys * _FACTOR + draft.hashed(cell, draft.key)
        keys += draft.lines.facts["source_port"].astype(np.uint64) * _FACTOR
        keys[keys == 0] = 1
        keys[draft.states != 0] = 0
        return keys

    def _merge(self, draft: Draft, partners: NDArray[np.int64]) -> None:
        draft.states[partners == layout.DROPPED] = layout.SILENT
        failed = np.flatnonzero(partners >= 0)
        named = partners[failed]
        draft.lines.cells[failed, layout.USER] = draft.lines.cells[named, layout.USER]
        draft.lines.facts["status"][failed] = draft.lines.facts["status"][named]
        begins = np.minimum(draft.begins[failed], draft.begins[named])
        ends = np.maximum(draft.begins[failed] + draft.sizes[failed], draft.begins[named] + draft.sizes[named])
        draft.begins[failed], draft.sizes[failed] = begins, ends - begins


def _entry(number: int, line: str) -> LogEntry | None:
    return parse_security_line(number, line) if tells_event(line) else None


def _meaning(event: str) -> tuple[int, int, int, int]:
    meaning = EVENTS[event]
    if meaning is None:
        return 0, 0, 0, 0
    return meaning.status, 1 + METHODS.index(meaning.method), int(meaning.credentials), _HALVES.get(event, layout.WHOLE)


def _packed(names: tuple[str, ...]) -> NDArray[np.uint64]:
    packed = np.zeros((len(names), 4), np.uint64)
    for nth, name in enumerate(names):
        packed[nth, 0] = len(name)
        packed[nth, 1:] = np.frombuffer(name.encode().ljust(24, b"\0"), "<u8")
    return packed

"""Blocks of call records as columns of the events that they expand to: those of `calls.records`, without an object for each."""

from collections.abc import Collection, Sequence
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ringfence.policy.expressions import Type
from ringfence.policy.fields import FIELDS
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import MILLISECOND, SECOND, Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.calls.records import RANG_IN_VAIN, SETUP_US
from ringfence.watch.columns.batches import KIND_CODES, ColumnBatch, Outcomes, Part
from ringfence.watch.columns.emergencies import Emergencies
from ringfence.watch.columns.hashes import UNSET, TextHashes
from ringfence.watch.columns.numbers import NumberCodes
from ringfence.watch.columns.senders import NOBODY, Holders, Senders
from ringfence.watch.kernels import row_layout as layout
from ringfence.watch.wire.cdr.blocks import LETTERS, OUTCOMES, RELEASES, WAYS, RecordBlock

KINDS: Final = (EventKind.ATTEMPT, EventKind.ANSWER, EventKind.END)
"""The kinds of events that a record expands to, in the order of its own."""

_CELLS: Final = {
    "call_id": layout.CALL_ID,
    "source": layout.SOURCE,
    "caller": layout.CALLER,
    "callee": layout.CALLEE,
    "user_agent": layout.USER_AGENT,
    "asserted": layout.PAI,
    "diverted": layout.DIVERSION,
}
_WORDS: Final = {
    "released_by": (None, *RELEASES),
    "attestation": (None, *LETTERS),
    "direction": (None, *WAYS),
    "verification": (None, *OUTCOMES),
}
"""Fields that are one of few words, of which rows hold the place."""
_OF_SENDER: Final = frozenset({"account", "plan", "party", "root"})
_TOLD_AT: Final = {
    **dict.fromkeys(("status", "answered", "ring"), (EventKind.ANSWER, EventKind.END)),
    **dict.fromkeys(("duration", "released_by"), (EventKind.END,)),
}
"""Fields that events of some kinds alone have."""
_TIMES: Final = {EventKind.ATTEMPT: "start", EventKind.ANSWER: "answer", EventKind.END: "end"}
_OK: Final = 200
Rows = NDArray[np.int64] | slice
_TYPES: Final = {Type.TEXT: np.uint64, Type.BOOL: np.bool_, Type.NUMBER: np.float64}
_HEAD: Final = (("time", np.int64), ("sequence", np.int64), ("place", np.int64), ("size", np.int32), ("kind", np.uint8))
_IN_HEAD: Final = frozenset({"time", "kind"})
_WHOLE: Final = (("until", np.int64), ("call_ms", np.int64), ("call_status", np.int16), ("parts", np.uint8))
"""What an attempt tells of its whole call, where that is wanted."""
_CODES: Final = {f"{name}_code": _CELLS[name] for name in ("caller", "callee", "asserted", "diverted")}
"""Numbers as words."""
_BLANK: Final = Event(kind=EventKind.ATTEMPT, time=Micros(0), call_id="")


class Wholes(NamedTuple):
    """That attempts are to tell their whole calls, with the codes of the numbers that `names` names: `caller`, `callee`."""

    numbers: NumberCodes
    names: frozenset[str]


class Kept(Protocol):
    """Where what events were made of can be read again."""

    def events(self, sequence: int, place: int, size: int) -> Sequence[Event]:
        """Return all events of the record at `place`; `sequence` is one's own."""

    def event(self, kind: EventKind, time: Micros, sequence: int, place: int, size: int) -> Event:
        """Return the event of `kind` of the record at `place`; `time` and `sequence` are its own."""

    def call_id(self, place: int, size: int) -> str:
        """Return the call id of the record at `place`."""


class RecordEvents(ColumnBatch):
    """Events of records. `rows` are of a `RecordExpander`'s `dtype`."""

    def __init__(self, rows: NDArray[np.void], kept: Kept, hashes: TextHashes) -> None:
        self._rows = rows
        self._kept = kept
        self._hashes = hashes
        self.times = np.ascontiguousarray(rows["time"])
        self.kinds = np.ascontiguousarray(rows["kind"])

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._rows)

    def __getitem__(self, place: Any) -> Any:  # noqa: ANN401 - an event, or a batch for a slice
        """Return an event, or a part of the batch."""
        if isinstance(place, slice):
            return RecordEvents(self._rows[place], self._kept, self._hashes)
        row = self._rows[place]
        kind = KINDS[int(row["sequence"]) % len(KINDS)]
        return self._kept.event(kind, Micros(int(row["time"])), int(row["sequence"]), int(row["place"]), int(row["size"]))

    def told_with(self, place: int) -> Sequence[Event]:
        """Return all events of the record."""
        row = self._rows[place]
        return self._kept.events(int(row["sequence"]), int(row["place"]), int(row["size"]))

    def words(self, name: str) -> NDArray[np.uint64] | None:
        """Return the numbers in a field as words, where the batch was made with them."""
        stored = f"{_stored(name)}_code"
        return np.ascontiguousarray(self._rows[stored]) if stored in (self._rows.dtype.names or ()) else None

    def codes(self, name: str, numbers: NumberCodes) -> NDArray[np.uint64]:
        """Return the codes of the numbers in a field: those that the batch was made with, where it was."""
        stored = f"{_stored(name)}_code"
        return (
            np.ascontiguousarray(self._rows[stored]) if stored in (self._rows.dtype.names or ()) else super().codes(name, numbers)
        )

    @property
    def tells_wholes(self) -> bool:
        """Tell whether the batch was made so."""
        return "parts" in (self._rows.dtype.names or ())

    def outcomes(self, hashes: TextHashes) -> Outcomes:
        """Return what each row tells of calls."""
        if not self.tells_wholes:
            return super().outcomes(hashes)
        parts, status, call_ms, until = (
            np.ascontiguousarray(self._rows[name]) for name in ("parts", "call_status", "call_ms", "until")
        )
        return Outcomes(parts, status, (parts & Part.ANSWER) != 0, call_ms, until)

    @property
    def call_ids(self) -> Sequence[str]:
        """The events' call ids, read when they are asked for."""
        return _CallIds(np.ascontiguousarray(self._rows["place"]), np.ascontiguousarray(self._rows["size"]), self._kept)

    def column(self, name: str, hashes: TextHashes) -> NDArray[Any]:
        """Return the field `name` of every event. Raises `ValueError` where `hashes` are others than the batch was made with."""
        if hashes is not self._hashes:
            raise ValueError("the batch was hashed under another key")
        if name == "time":
            return self.times.astype(np.float64)
        if name == "kind":
            return np.array([hashes[kind] for kind in KIND_CODES], np.uint64)[self.kinds]
        if _stored(name) in (self._rows.dtype.names or ()):
            column = np.ascontiguousarray(self._rows[_stored(name)])
            return column if name not in _WORDS else np.take(np.array([hashes[word] for word in _WORDS[name]], np.uint64), column)
        field = FIELDS[name]
        value = getattr(_BLANK, field.attribute)
        if field.type is Type.TEXT:
            value = hashes[value]
        return np.full(len(self), np.nan if value is None else value, _TYPES[field.type])


class _CallIds(Sequence[str]):
    def __init__(self, places: NDArray[np.int64], sizes: NDArray[np.int64], kept: Kept) -> None:
        self._places = places
        self._sizes = sizes
        self._kept = kept

    def __len__(self) -> int:
        return self._places.size

    def __getitem__(self, place: Any) -> Any:  # noqa: ANN401 - a text, or several for a slice
        if isinstance(place, slice):
            return _CallIds(self._places[place], self._sizes[place], self._kept)
        return self._kept.call_id(int(self._places[place]), int(self._sizes[place]))


class RecordExpander:
    """Makes events of records, of the `kinds` that are wanted and with the `fields` (see `policy.fields`) that are.

    `dtype` has the fields that records can fill; every other field is of each event what it is where nobody told it.
    With `wholes` each attempt tells its whole call (`ColumnBatch.outcomes`), and other events nothing of it. `numbers` are fields
    of which events tell the words too.
    """

    def __init__(
        self,
        directory: Directory,
        hashes: TextHashes,
        kinds: Collection[EventKind],
        fields: Collection[str],
        wholes: Wholes | None = None,
        numbers: Collection[str] = (),
    ) -> None:
        self.kinds: Final = tuple(kind for kind in KINDS if kind in kinds)
        self.fields: Final = tuple(sorted({_stored(name) for name in fields} & FILLED))
        told = {name for name in self.fields if not set(self.kinds).isdisjoint(_TOLD_AT.get(name, KINDS))}
        self._columns = tuple(name for name in self.fields if name in told - _IN_HEAD and _stored(name) == name)
        types = [(name, np.uint8 if name in _WORDS else _TYPES[FIELDS[name].type]) for name in self._columns]
        self._wholes = wholes
        codes = {f"{_stored(name)}_code" for name in (*numbers, *(wholes.names if wholes is not None else ()))} & _CODES.keys()
        self._columns += tuple(sorted(codes))
        types += [(code, np.uint64) for code in sorted(codes)]
        if wholes is not None:
            types += _WHOLE
        types.sort(key=lambda each: np.dtype(each[1]).itemsize)  # the narrow ones fill the room that is left behind the head
        self.dtype: Final = np.dtype([*_HEAD, *types], align=True)
        self.hashes: Final = hashes
        self._senders = Senders(directory, hashes)
        self._holders = Holders(directory, hashes) if "direction" in self.fields and directory.numbers else None
        self._emergency = Emergencies(directory, hashes)
        cells = {layout.ACCOUNT, layout.SOURCE, *(_CELLS[name] for name in self.fields if name in _CELLS)}
        if self._holders is not None or self._emergency.are_any:
            cells.add(layout.CALLEE)
        if "trunk" in self.fields:
            cells.add(layout.TRUNK)
        self.hashing: Final = hashes.of_call_records(sorted(cells))

    def expand(self, block: RecordBlock, place: int) -> tuple[NDArray[np.void], int]:
        """Return the wanted events of a block, record by record, and how many events there are of all kinds.

        `place` is where the block's text begins among all that is kept.
        """
        reading = _Reading(block, self._senders, self._holders)
        if self._emergency.are_any:
            reading.leave_out(self._emergency)
        told = {kind: reading.has(kind) for kind in KINDS}
        every = sum(int(np.count_nonzero(rows)) for rows in told.values())
        if self._wholes is not None:
            reading.tell_wholes(self._wholes)
        if len(self.kinds) == 1 and told[self.kinds[0]].all():
            events = np.empty(len(block.lines), self.dtype)
            self._fill(events, slice(None), self.kinds[0], reading, slice(None))
            events["place"] = block.begins
            events["place"] += place
            return events, every
        wanted = np.stack([told[kind] for kind in self.kinds], axis=1) if self.kinds else np.zeros((len(block.lines), 0), np.bool_)
        places = np.cumsum(wanted).reshape(wanted.shape) - 1
        events = np.zeros(int(np.count_nonzero(wanted)), self.dtype)
        for nth, kind in enumerate(self.kinds):
            rows = np.flatnonzero(wanted[:, nth])
            self._fill(events, places[rows, nth], kind, reading, rows)
            events["place"][places[rows, nth]] = place + block.begins[rows]
        return events, every

    def batch(self, rows: NDArray[np.void], kept: Kept) -> RecordEvents:
        """Return rows as a batch of events."""
        return RecordEvents(rows, kept, self.hashes)

    def _fill(self, events: NDArray[np.void], at: Rows, kind: EventKind, reading: "_Reading", rows: Rows) -> None:
        block = reading.block
        events["time"][at] = block.facts[_TIMES[kind]][rows]
        events["sequence"][at] = block.lines[rows] * len(KINDS) + KINDS.index(kind)
        events["size"][at] = block.sizes[rows]
        events["kind"][at] = KIND_CODES[kind]
        for name in self._columns:
            events[name][at] = reading.column(name)[rows] if kind in _TOLD_AT.get(name, KINDS) else 0
        for name, column in reading.wholes.items():
            events[name][at] = column[rows] if kind is EventKind.ATTEMPT else 0


class _Reading:
    """One block's columns, each made when it is first asked for."""

    def __init__(self, block: RecordBlock, senders: Senders, holders: Holders | None) -> None:
        self.block = block
        self._senders = senders
        self._holders = holders
        self._columns: dict[str, NDArray[Any]] = {}
        self._codes = senders.of(block, self._cell(layout.ACCOUNT), self._cell(layout.SOURCE))
        self._left = np.ones(len(block.lines), np.bool_)
        self._numbers = NumberCodes()  # for one block: of what is no number nobody reads the text
        self.wholes: dict[str, NDArray[Any]] = {}
        """What attempts tell of their whole calls."""

    def tell_wholes(self, wholes: Wholes) -> None:
        """Make the columns by which attempts tell their whole calls."""
        facts = self.block.facts
        has_answer, has_end = self.has(EventKind.ANSWER), self.has(EventKind.END)
        self.wholes = {
            "parts": (Part.ATTEMPT + Part.ANSWER * has_answer + Part.END * has_end).astype(np.uint8),
            "call_status": self.column("status").astype(np.int16),
            "call_ms": self._talk_ms(),
            "until": np.maximum(facts["start"], np.maximum(facts["answer"], facts["end"])),  # those that never came are the least
        }
        self._numbers = wholes.numbers

    def _talk_ms(self) -> NDArray[np.int64]:
        answer, end = self.block.facts["answer"], self.block.facts["end"]
        talked: NDArray[np.int64] = np.where(answer != layout.NEVER, np.maximum(end - answer, 0) // MILLISECOND, 0)
        return talked

    def leave_out(self, emergency: Emergencies) -> None:
        """Leave out an attributed party's calls to emergency numbers."""
        countries = self._senders.column("country")[self._codes]
        self._left = ~(emergency.called(self._cell(layout.CALLEE), countries) & (self._codes != NOBODY))

    def has(self, kind: EventKind) -> NDArray[np.bool_]:
        """Tell which records have an event of `kind`."""
        return self._left if kind is EventKind.ATTEMPT else self._left & (self.block.facts[_TIMES[kind]] != layout.NEVER)

    def column(self, name: str) -> NDArray[Any]:
        """Return a field of every record, as events that tell it have it."""
        column = self._columns.get(name)
        if column is None:
            column = self._columns[name] = self._made(name)
        return column

    def _made(self, name: str) -> NDArray[Any]:
        facts = self.block.facts
        if name in _CELLS:
            return self._cell(_CELLS[name])
        if name in _CODES:
            return self._numbers.of_cells(self.block.data, self.block.cells, _CODES[name])
        if name in _OF_SENDER:
            return self._senders.column(name)[self._codes]
        if name in ("trunk", "direction"):
            return self._trunk() if name == "trunk" else self._direction()
        if name in _WORDS:
            return facts[name]  # which of its words
        answered: NDArray[np.bool_] = facts["answer"] != layout.NEVER
        if name == "answered":
            return answered
        if name == "status":
            return np.where((facts["status"] == 0) & answered, _OK, facts["status"])
        lengths: NDArray[Any] = self._talk_ms() if name == "duration" else self._ring_ms()
        return lengths * FIELDS[name].scale

    def _ring_ms(self) -> NDArray[np.int64]:
        """Return how long each rang; where nothing tells, as `calls.records` has it."""
        facts = self.block.facts
        told: NDArray[np.int64] = facts["ring_ms"]
        if (told != layout.NONE).all():
            return told
        answered = facts["answer"] != layout.NEVER
        until = np.where(answered, facts["answer"], facts["end"])
        rang = (answered | np.isin(facts["status"], RANG_IN_VAIN)) & (until != layout.NEVER)
        waited = np.where(rang, np.maximum(until - facts["start"], 0), 0)
        rang_us = np.maximum(waited - SETUP_US, np.minimum(waited, SECOND))
        return np.where(told != layout.NONE, told, rang_us // MILLISECOND)

    def _cell(self, cell: int) -> NDArray[np.uint64]:
        return self.block.hashes[cell]

    def _trunk(self) -> NDArray[np.uint64]:
        by_address = (self._codes != NOBODY) & (self._cell(layout.ACCOUNT) == UNSET)
        own = self._cell(layout.TRUNK)
        return np.where(by_address, self._senders.column("trunk")[self._codes], own) if by_address.any() else own

    def _direction(self) -> NDArray[np.int64]:
        ways = self.block.facts["direction"].astype(np.int64)
        unsaid = np.flatnonzero(ways == 0)
        ways[unsaid[self._codes[unsaid] != NOBODY]] = 1 + WAYS.index("outbound")
        strangers = unsaid[self._codes[unsaid] == NOBODY]
        if self._holders is not None and strangers.size:
            held = self._holders.hold(self._cell(layout.CALLEE)[strangers], self.block.facts["start"][strangers])
            ways[strangers[held]] = 1 + WAYS.index("inbound")
        return ways


def _stored(name: str) -> str:
    """Return the field that stands for `name`: whom a call is for is the number called."""
    return "callee" if name == "target" else name


FILLED: Final = frozenset({*_CELLS, *_OF_SENDER, *_TOLD_AT, "trunk", "direction", "attestation", "verification", "time", "kind"})
"""The fields that records can fill."""

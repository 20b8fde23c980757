"""What the tracker saw, as columns: an event is made only where somebody asks for one."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ringfence.policy.expressions import Type
from ringfence.policy.fields import FIELDS
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import Micros
from ringfence.watch.calls.directions import Directions
from ringfence.watch.calls.entries import Origin
from ringfence.watch.calls.happenings import Happening, event_of
from ringfence.watch.calls.notes import Note, Notes, target_of
from ringfence.watch.calls.notes import text as text_in
from ringfence.watch.columns.batches import KIND_CODES, ColumnBatch, column_of
from ringfence.watch.columns.hashes import UNSET, TextHashes
from ringfence.watch.columns.numbers import NumberCodes, number_word
from ringfence.watch.kernels import noted
from ringfence.watch.kernels.sip_fields import METHODS

(
    _KIND,
    _ORIGIN,
    _SENDER,
    _TIME,
    _SEQUENCE,
    _LATE,
    _STATUS,
    _ANSWERED,
    _DURATION,
    _RING,
    _RELEASED,
    _STALE,
) = range(12)
"""Places in a `Happening`."""
_OWN: Final = {
    "late": _LATE,
    "status": _STATUS,
    "answered": _ANSWERED,
    "duration": _DURATION,
    "ring": _RING,
    "released_by": _RELEASED,
    "stale": _STALE,
    "time": _TIME,
    "kind": _KIND,
}
"""Fields that each event tells itself, and where."""
_OF_ORIGIN: Final = frozenset(
    {
        *("method", "source", "destination", "transport", "caller", "callee", "target", "domain", "credentials", "user_agent"),
        *("call_id", "asserted", "diverted", "verification", "attestation", "signer"),
    }
)
_NOTED: Final = {
    "source": noted.SOURCE,
    "destination": noted.DESTINATION,
    "transport": noted.TRANSPORT,
    "caller": noted.FROM_USER,
    "callee": noted.CALLED,
    "target": noted.TARGET,
    "domain": noted.DOMAIN,
    "user_agent": noted.USER_AGENT,
    "call_id": noted.CALL_ID,
    "asserted": noted.ASSERTED,
    "diverted": noted.DIVERTED,
}
"""Fields that are a text of what a request said."""
_NUMBERS: Final = frozenset({"caller", "callee", "asserted", "diverted"})
"""Those of them that are numbers as events have them."""
_OF_SENDER: Final = frozenset({"account", "trunk", "plan", "party", "root"})
_DTYPES: Final = {Type.TEXT: np.uint64, Type.BOOL: np.bool_, Type.NUMBER: np.float64}
_BLANK: Final = Event(kind=EventKind.ATTEMPT, time=Micros(0), call_id="")
_NOTHING: Final = Origin(
    call_id="",
    tag="",
    method="",
    time=Micros(0),
    source="",
    source_port=0,
    destination="",
    transport="",
    caller=None,
    callee=None,
    dialled=None,
    target=None,
    domain=None,
    from_user=None,
    to_user=None,
    user=None,
    credentials=False,
    user_agent=None,
    agent=None,
)
_ODD: Final[Happening] = (EventKind.ODDITY, _NOTHING, None, Micros(0), 0, False, 0, False, 0, 0, None, False)
"""Stands for what came as an event of its own."""


class HappenedEvents(ColumnBatch):
    """Events of signalling. What many have in common, because they are of one request, is looked up once."""

    def __init__(self, happened: Sequence[Happening | Event], directions: Directions) -> None:
        self._happened = happened
        self._directions = directions
        self._odd = [place for place, each in enumerate(happened) if type(each) is Event]
        rows: Sequence[Happening] = happened  # type: ignore[assignment]  # where none is an event
        if self._odd:
            rows = [_ODD if isinstance(each, Event) else each for each in happened]
        self._rows: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) or [()] * len(_ODD)
        """The happenings' parts, each of all of them."""
        self._columns: dict[str, NDArray[Any]] = {}
        self._said: Said | None = None
        self._senders: Distinct | None = None
        self.times = np.array(self._rows[_TIME], np.int64)
        self.kinds = np.array(list(map(KIND_CODES.__getitem__, self._rows[_KIND])), np.uint8)
        for place, event in self._odd_events():
            self.times[place], self.kinds[place] = event.time, KIND_CODES[event.kind]

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._happened)

    def __getitem__(self, place: Any) -> Any:  # noqa: ANN401 - an event, or a batch for a slice
        """Return an event, or a part of the batch."""
        if isinstance(place, slice):
            return self if place == slice(0, len(self), None) else HappenedEvents(self._happened[place], self._directions)
        each = self._happened[place]
        return each if isinstance(each, Event) else event_of(each, self._directions)

    @property
    def call_ids(self) -> Sequence[str]:
        """The events' call ids."""
        call_id = self._directions.notes.call_id
        said = [call_id(each) if isinstance(each, bytes) else each.call_id for each in self._rows[_ORIGIN]]
        for place, event in self._odd_events():
            said[place] = event.call_id
        return said

    def column(self, name: str, hashes: TextHashes) -> NDArray[Any]:
        """Return the field `name` of every event. All callers must have the same `hashes`."""
        column = self._columns.get(name)
        if column is None:
            column = self._columns[name] = self._made(name, hashes)
            if self._odd:
                column[self._odd] = column_of([event for _, event in self._odd_events()], name, hashes)
        return column

    def kinds_told(self) -> Counter[EventKind]:
        """Return how many events there are of each kind."""
        found = np.bincount(self.kinds, minlength=len(KIND_CODES)).tolist()
        return Counter({kind: found[code] for kind, code in KIND_CODES.items() if found[code]})

    def with_account(self) -> int:
        """Return how many events an account answers for."""
        senders = self._rows[_SENDER]
        return len(senders) - senders.count(None) + sum(event.account is not None for _, event in self._odd_events())

    def with_plan(self) -> int:
        """Return how many events are of an account with a plan."""
        told = sum(sender is not None and sender.plan is not None for sender in self._rows[_SENDER])
        return told + sum(event.plan is not None for _, event in self._odd_events())

    def with_attestation(self) -> int:
        """Return how many events somebody vouched for."""
        told = sum(type(said) is not bytes and said.attestation is not None for said in self._rows[_ORIGIN])
        return told + sum(event.attestation is not None for _, event in self._odd_events())

    def codes(self, name: str, numbers: NumberCodes) -> NDArray[np.uint64]:
        """Return the codes of the numbers in the field `name`."""
        said = self._of_requests()
        codes = np.asarray(numbers.of(getattr(origin, name) for origin in said.origins()))[said.places]
        if self._odd:
            codes[self._odd] = numbers.of(getattr(event, name) for _, event in self._odd_events())
        return codes

    def text(self, name: str, place: int) -> str | None:
        """Return a field, which is a text, of the event at a place: what a request tells is read of its note."""
        each = self._happened[place]
        if name in _OF_SENDER and not isinstance(each, Event):
            return _of_sender(each[_SENDER], name)
        said = None if isinstance(each, Event) else each[_ORIGIN]
        if name not in _NOTED or not isinstance(said, bytes):
            return super().text(name, place)
        if name in _NUMBERS:
            return self._directions.notes.as_number(said, _NOTED[name])
        return text_in(said, target_of(said) if name == "target" else _NOTED[name])

    def words(self, name: str) -> NDArray[np.uint64] | None:
        """Return the numbers in a field as words, where it is one that requests tell."""
        if name not in _NOTED:
            return None
        said = self._of_requests()
        words = said.words(name)[said.places]
        for place, event in self._odd_events():
            words[place] = number_word(getattr(event, name))
        return words

    def _made(self, name: str, hashes: TextHashes) -> NDArray[Any]:
        field = FIELDS[name]
        told: Callable[[Any], Any] = hashes.__getitem__ if field.type is Type.TEXT else _as_it_is
        dtype = _DTYPES[field.type]
        if name in _OWN:
            own = self._rows[_OWN[name]]
            column: NDArray[Any] = np.array(list(map(told, own)) if field.type is Type.TEXT else own, dtype)
            return column if field.scale == 1 else column * field.scale
        if name in _OF_ORIGIN:
            said = self._of_requests()
            return said.column(name, hashes, told, dtype)[said.places]
        if name in _OF_SENDER:
            senders = self._of_senders()
            return np.array([told(_of_sender(sender, name)) for sender in senders.each], dtype)[senders.places]
        if name == "direction":
            return self._ways(hashes)
        value = getattr(_BLANK, field.attribute)
        if field.type is Type.TEXT:
            return np.full(len(self), UNSET if value is None else hashes[value], dtype)
        return np.full(len(self), np.nan if value is None else value, dtype)

    def _ways(self, hashes: TextHashes) -> NDArray[Any]:
        senders, said, to = self._of_senders(), self._of_requests(), self._directions.to
        answered_for = np.array([sender is not None for sender in senders.each], np.bool_)[senders.places]
        ways: NDArray[np.uint64] = np.full(len(self), hashes["outbound"], np.uint64)
        answered_for[self._odd] = True  # they say themselves where they go
        strangers = np.flatnonzero(~answered_for)
        requests, firsts, places = np.unique(said.places[strangers], return_index=True, return_inverse=True)
        callees = self.column("callee", hashes)[strangers[firsts]].tolist()
        told = [to(callee, said.each[nth]) for callee, nth in zip(callees, requests.tolist(), strict=True)]
        codes = {way: hashes[way] for way in set(told)}
        ways[strangers] = np.array([codes[way] for way in told], np.uint64)[places]
        return ways

    def _of_senders(self) -> "Distinct":
        """Return who answers for events, each once or a few times."""
        if self._senders is None:
            self._senders = Distinct(self._rows[_SENDER])
        return self._senders

    def _of_requests(self) -> "Said":
        """Return what requests said, each once."""
        if self._said is None:
            self._said = Said(self._rows[_ORIGIN], self._directions.notes)
        return self._said

    def _odd_events(self) -> list[tuple[int, Event]]:
        return [(place, each) for place in self._odd if isinstance(each := self._happened[place], Event)]


class Distinct:
    """Objects, each once in the order in which they come; `places` tell of each event which of them is its own."""

    def __init__(self, objects: Sequence[Any]) -> None:
        identities = np.fromiter(map(id, objects), np.int64, len(objects))
        _, firsts, places = np.unique(identities, return_index=True, return_inverse=True)
        order = np.argsort(firsts)  # as they came, and not as they stand in memory
        ranks = np.empty_like(order)
        ranks[order] = np.arange(order.size)
        self.places: Final[NDArray[np.int64]] = ranks[places]
        self.each: Final[list[Any]] = [objects[first] for first in firsts[order].tolist()]


class Said(Distinct):
    """What requests said."""

    def __init__(self, said: Sequence[Origin | Note], notes: Notes) -> None:
        super().__init__(said)
        distinct = self.each
        self._read = [nth for nth, each in enumerate(distinct) if type(each) is Origin]
        noted_ones = [each for each in distinct if isinstance(each, bytes)]
        self._notes = notes
        self._octets = np.frombuffer(b"".join(noted_ones), np.uint8)
        self._heads = np.zeros(len(noted_ones), np.int64)
        np.cumsum(np.fromiter(map(len, noted_ones[:-1]), np.int64, max(0, len(noted_ones) - 1)), out=self._heads[1:])
        self._noted = np.setdiff1d(np.arange(len(distinct)), self._read, assume_unique=True)

    def origins(self) -> Iterator[Origin]:
        """Yield them, read."""
        notes = self._notes
        return (notes.origin(each) if isinstance(each, bytes) else each for each in self.each)

    def column(self, name: str, hashes: TextHashes, told: Callable[[Any], Any], dtype: Any) -> NDArray[Any]:  # noqa: ANN401
        """Return a field of each of them. `told` gives what stands for a value."""
        column: NDArray[Any] = np.empty(len(self.each), dtype)
        for nth in self._read:
            column[nth] = told(getattr(self.each[nth], name))
        if self._noted.size:
            column[self._noted] = self._of_notes(name, hashes, told, dtype)
        return column

    def _of_notes(self, name: str, hashes: TextHashes, told: Callable[[Any], Any], dtype: Any) -> NDArray[Any]:  # noqa: ANN401
        if name in _NOTED:
            return self._texts(name, hashes)
        if name == "credentials":
            credentials: NDArray[np.bool_] = self._octets[self._heads + noted.CREDENTIALS] == 1
            return credentials
        if name == "method":
            methods = np.array([hashes[None], *(hashes[method] for method in METHODS)], dtype)
            return methods[self._octets[self._heads + noted.METHOD]]
        return np.full(self._heads.size, told(None), dtype)  # what only identities that are verified say

    def words(self, name: str) -> NDArray[np.uint64]:
        """Return a text of each of them as a number's word."""
        words: NDArray[np.uint64] = np.empty(len(self.each), np.uint64)
        for nth in self._read:
            words[nth] = number_word(getattr(self.each[nth], name))
        of_notes: NDArray[np.uint64] = np.empty(self._heads.size, np.uint64)
        if noted.words_of(self._octets, self._heads, _NOTED[name], self._as_numbers(name), of_notes):
            for nth in np.flatnonzero(of_notes == noted.UNREAD).tolist():
                of_notes[nth] = number_word(self._read_number(nth, name))
        words[self._noted] = of_notes
        return words

    def _texts(self, name: str, hashes: TextHashes) -> NDArray[np.uint64]:
        column: NDArray[np.uint64] = np.empty(self._heads.size, np.uint64)
        if hashes.of_notes(self._octets, self._heads, _NOTED[name], column, self._as_numbers(name)):
            for nth in np.flatnonzero(column == UNSET).tolist():
                column[nth] = hashes[self._read_number(nth, name)]
        return column

    def _as_numbers(self, name: str) -> int:
        """Return how the kernels are to take a text (see `noted.hash_texts`)."""
        return 0 if name not in _NUMBERS else 1 if self._notes.country is None else 2

    def _read_number(self, nth: int, name: str) -> str | None:
        note = self.each[self._noted[nth]]
        assert isinstance(note, bytes)
        return self._notes.as_number(note, _NOTED[name])


def _as_it_is(value: object) -> object:
    return value


def _of_sender(sender: Any, name: str) -> str | None:  # noqa: ANN401 - a `Sender`, or nobody
    if sender is None:
        return None
    if name in ("party", "root"):
        path = sender.party_path
        return None if not path else path[-1 if name == "party" else 0]
    told: str | None = getattr(sender, name)
    return told

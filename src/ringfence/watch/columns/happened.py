"""What the tracker saw, as columns: an event is made only where somebody asks for one."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ringfence.policy.expressions import Type
from ringfence.policy.fields import FIELDS
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import Micros
from ringfence.watch.calls.entries import Origin
from ringfence.watch.calls.happenings import Happening, event_of
from ringfence.watch.columns.batches import KIND_CODES, ColumnBatch, column_of
from ringfence.watch.columns.hashes import UNSET, TextHashes
from ringfence.watch.columns.numbers import NumberCodes

_KIND: Final = 0
_ORIGIN: Final = 1
_SENDER: Final = 2
_DIRECTION: Final = 3
_TIME: Final = 4
_LATE: Final = 6
_STATUS: Final = 7
_ANSWERED: Final = 8
_DURATION: Final = 9
_RING: Final = 10
_RELEASED: Final = 11
_STALE: Final = 12
"""Places in a `Happening`."""
_OWN: Final = {
    "direction": _DIRECTION,
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
_ODD: Final[Happening] = (EventKind.ODDITY, _NOTHING, None, None, Micros(0), 0, False, 0, False, 0, 0, None, False)
"""Stands for what came as an event of its own."""


class HappenedEvents(ColumnBatch):
    """Events of signalling. What many have in common, because they are of one request, is looked up once."""

    def __init__(self, happened: Sequence[Happening | Event]) -> None:
        self._happened = happened
        self._odd = [place for place, each in enumerate(happened) if isinstance(each, Event)]
        self._rows: Sequence[Happening] = happened  # type: ignore[assignment]  # where none is an event
        if self._odd:
            self._rows = [_ODD if isinstance(each, Event) else each for each in happened]
        self._columns: dict[str, NDArray[Any]] = {}
        self._origins: tuple[list[Origin], NDArray[np.int64]] | None = None
        self.times = np.fromiter([each[_TIME] for each in self._rows], np.int64, len(happened))
        self.kinds = np.fromiter([KIND_CODES[each[_KIND]] for each in self._rows], np.uint8, len(happened))
        for place, event in self._odd_events():
            self.times[place], self.kinds[place] = event.time, KIND_CODES[event.kind]

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._happened)

    def __getitem__(self, place: Any) -> Any:  # noqa: ANN401 - an event, or a batch for a slice
        """Return an event, or a part of the batch."""
        if isinstance(place, slice):
            return self if place == slice(0, len(self), None) else HappenedEvents(self._happened[place])
        each = self._happened[place]
        return each if isinstance(each, Event) else event_of(each)

    @property
    def call_ids(self) -> Sequence[str]:
        """The events' call ids."""
        return [each.call_id if isinstance(each, Event) else each[_ORIGIN].call_id for each in self._happened]

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
        told = sum(each[_SENDER] is not None for each in self._rows)
        return told + sum(event.account is not None for _, event in self._odd_events())

    def with_plan(self) -> int:
        """Return how many events are of an account with a plan."""
        told = sum(each[_SENDER] is not None and each[_SENDER].plan is not None for each in self._rows)
        return told + sum(event.plan is not None for _, event in self._odd_events())

    def with_attestation(self) -> int:
        """Return how many events somebody vouched for."""
        told = sum(each[_ORIGIN].attestation is not None for each in self._rows)
        return told + sum(event.attestation is not None for _, event in self._odd_events())

    def codes(self, name: str, numbers: NumberCodes) -> NDArray[np.uint64]:
        """Return the codes of the numbers in the field `name`."""
        origins, places = self._of_origins()
        codes = np.asarray(numbers.of(getattr(origin, name) for origin in origins))[places]
        if self._odd:
            codes[self._odd] = numbers.of(getattr(event, name) for _, event in self._odd_events())
        return codes

    def _made(self, name: str, hashes: TextHashes) -> NDArray[Any]:
        field = FIELDS[name]
        told: Callable[[Any], Any] = hashes.__getitem__ if field.type is Type.TEXT else _as_it_is
        dtype = _DTYPES[field.type]
        if name in _OWN:
            at = _OWN[name]
            column: NDArray[Any] = np.fromiter([told(each[at]) for each in self._rows], dtype, len(self))
            return column if field.scale == 1 else column * field.scale
        if name in _OF_ORIGIN:
            origins, places = self._of_origins()
            return np.fromiter([told(getattr(origin, name)) for origin in origins], dtype, len(origins))[places]
        if name in _OF_SENDER:
            hashed = {each: told(_of_sender(each, name)) for each in {row[_SENDER] for row in self._rows}}
            return np.fromiter([hashed[each[_SENDER]] for each in self._rows], dtype, len(self))
        value = getattr(_BLANK, field.attribute)
        if field.type is Type.TEXT:
            return np.full(len(self), UNSET if value is None else hashes[value], dtype)
        return np.full(len(self), np.nan if value is None else value, dtype)

    def _of_origins(self) -> tuple[list[Origin], NDArray[np.int64]]:
        """Return what requests said, each once, and of each event which of them is its own."""
        if self._origins is None:
            known: dict[int, int] = {}
            places = [known.setdefault(id(each[_ORIGIN]), len(known)) for each in self._rows]
            kept = {id(each[_ORIGIN]): each[_ORIGIN] for each in self._rows}
            self._origins = [kept[one] for one in known], np.fromiter(places, np.int64, len(places))
        return self._origins

    def _odd_events(self) -> list[tuple[int, Event]]:
        return [(place, each) for place in self._odd if isinstance(each := self._happened[place], Event)]


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

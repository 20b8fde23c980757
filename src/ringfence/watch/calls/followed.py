"""Requests and calls that are followed: what their tables hold, and each of them as it is looked at."""

from typing import Any

import numpy as np

from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import Sender
from ringfence.watch.calls.entries import Call, CallKey, Origin, Transaction, TransactionKey
from ringfence.watch.calls.notes import Note, Notes
from ringfence.watch.calls.slots import METHOD_NUMBERS, STATES, Slots
from ringfence.watch.calls.states import CallState
from ringfence.watch.calls.table import Followed, Table
from ringfence.watch.detectors.strangers import places_in
from ringfence.watch.kernels import call_layout as c


class FollowedRequest(Followed):
    """An out-of-dialog request. `entries.Transaction` says what its fields mean."""

    __slots__ = ()
    table: "Requests"

    @property
    def sender(self) -> Sender | None:
        """Who answers for it."""
        return self.table.senders[self.slot]

    @property
    def call(self) -> CallKey | None:
        """The key of its call."""
        key = self.table.calls[self.slot]
        if isinstance(key, bytes):
            key = self.table.calls[self.slot] = self.table.notes.call_key(key)
        return key

    @property
    def serial(self) -> int:
        """Its place among all that began."""
        return self.number(c.SERIAL)

    @property
    def deadline(self) -> Micros:
        """When its time is over."""
        return Micros(self.number(c.DEADLINE))

    @property
    def own_leg(self) -> bool:
        """Tell whether its origin was read on the sender's own leg."""
        return self.number(c.OWN_LEG) != 0

    @property
    def hops(self) -> list[str]:
        """Where its legs went so far: the list itself, which its call shares."""
        return self.table.hops[self.slot]

    def read_again(self, origin: Origin) -> None:
        """Take what it says from its sender's own leg."""
        self.table.origins[self.slot] = origin
        self.set(c.OWN_LEG, 1)
        self.set(c.CREDENTIALS, origin.credentials)
        self.table.slots.may_vouch(self.slot, origin)
        self.touch()


class Requests(Table[TransactionKey, Transaction, FollowedRequest]):
    """Requests that wait for an answer, or had it lately."""

    which = c.REQUESTS

    def __init__(self, slots: Slots, limit: int, notes: Notes) -> None:
        super().__init__(slots, limit, notes)
        self.calls: list[CallKey | Note | None] = []
        self.hops: list[list[str]] = []
        self.fit()

    @property
    def texts(self) -> tuple[list[Any], ...]:
        """The lists of what an entry holds beside its numbers."""
        return *super().texts, self.calls, self.hops

    def hashed(self, key: TransactionKey) -> np.uint64:
        """Return by what an entry is found."""
        return self.slots.request_key(key)

    def key_in(self, note: Note) -> TransactionKey:
        """Return by what a request is known."""
        return self.notes.request_key(note)

    def at(self, slot: int) -> FollowedRequest:
        """Return the entry that has a slot."""
        return FollowedRequest(self, slot)

    def write(self, slot: int, origin: Origin, call: CallKey | None, *, own_leg: bool) -> None:
        """Note what a request said that has just got its slot, and which call it belongs to."""
        row = self.rows[slot]
        row[c.METHOD] = METHOD_NUMBERS.get(origin.method, 0)
        row[c.CALL] = self.slots.call_key(call).astype(np.int64) if call is not None else 0
        row[c.BEGUN], row[c.OWN_LEG], row[c.CREDENTIALS] = origin.time, own_leg, origin.credentials
        self.origins[slot], self.calls[slot] = origin, call
        self.slots.may_vouch(slot, origin)

    def put(self, entry: Transaction) -> int:
        """Set an entry as the most recent, and its deadline; return its slot."""
        slot = self.enter(entry.key, entry.deadline, entry.serial)
        self.write(slot, entry.origin, entry.call, own_leg=entry.own_leg)
        self.senders[slot], self.hops[slot] = entry.sender, list(entry.hops)
        row = self.rows[slot]
        row[c.STATUS], row[c.INNER_STATUS] = entry.status, entry.inner_status
        return slot

    def entry(self, slot: int, row: list[int]) -> Transaction:
        """Return a copy of the entry that has a slot."""
        call = self.calls[slot]
        return Transaction(
            key=self.key(slot),
            serial=row[c.SERIAL],
            origin=self.origin(slot),
            deadline=Micros(row[c.DEADLINE]),
            sender=self.senders[slot],
            call=self.at(slot).call if isinstance(call, bytes) else call,
            status=row[c.STATUS],
            hops=self.hops[slot],
            own_leg=bool(row[c.OWN_LEG]),
            inner_status=row[c.INNER_STATUS],
        )


class FollowedCall(Followed):
    """A call. `entries.Call` says what its fields mean."""

    __slots__ = ()
    table: "Calls"

    @property
    def key(self) -> CallKey:
        """Call-ID and the caller's tag."""
        return self.table.key(self.slot)

    @property
    def state(self) -> CallState:
        """Where it stands."""
        return STATES[self.number(c.STATE)]

    @property
    def tags(self) -> list[str]:
        """The tags of the callees that answered; not to be changed."""
        return self.table.tags[self.slot] or []

    def set_tags(self, tags: list[str]) -> None:
        """Note which callees answered."""
        self.table.tags[self.slot] = tags
        self.set(c.TAGS, len(tags))
        self.set(c.TAG, int(self.table.slots.hash(tags[0]).astype(np.int64)) if tags else 0)

    @property
    def sender(self) -> Sender | None:
        """Who answers for it."""
        return self.table.senders[self.slot]

    @property
    def hops(self) -> list[str]:
        """Where the legs of its newest INVITE went."""
        return self.table.hops[self.slot]

    @property
    def named(self) -> list[str]:
        """Addresses that its answer named as where further requests may come from; not to be changed."""
        named = self.table.named[self.slot]
        if isinstance(named, str):
            named = self.table.named[self.slot] = places_in(named.encode("latin-1"))
        return named or []

    def name(self, places: list[str]) -> None:
        """Note what its answer named."""
        self.table.named[self.slot] = places

    @property
    def rang(self) -> Micros | None:
        """When it rang first."""
        return _time(self.number(c.RANG))

    @property
    def answered(self) -> Micros | None:
        """When it was answered."""
        return _time(self.number(c.ANSWERED))


class Calls(Table[CallKey, Call, FollowedCall]):
    """Calls, from the first INVITE until shortly after the end."""

    which = c.CALLS

    def __init__(self, slots: Slots, limit: int, notes: Notes) -> None:
        super().__init__(slots, limit, notes)
        self.exempt: list[bool] = []
        self.tags: list[list[str] | None] = []
        self.hops: list[list[str]] = []
        self.named: list[list[str] | str | None] = []
        self.fit()

    @property
    def texts(self) -> tuple[list[Any], ...]:
        """The lists of what an entry holds beside its numbers."""
        return *super().texts, self.exempt, self.tags, self.hops, self.named

    def hashed(self, key: CallKey) -> np.uint64:
        """Return by what an entry is found."""
        return self.slots.call_key(key)

    def key_in(self, note: Note) -> CallKey:
        """Return by what the call is known that a request begins."""
        return self.notes.call_key(note)

    def at(self, slot: int) -> FollowedCall:
        """Return the entry that has a slot."""
        return FollowedCall(self, slot)

    def write(self, slot: int, origin: Origin, hops: list[str]) -> None:
        """Note what the first INVITE said of a call that has just got its slot."""
        row, hashed = self.rows[slot], self.slots.hash
        row[c.RANG] = row[c.ANSWERED] = c.NEVER
        row[c.SOURCE], row[c.DESTINATION] = hashed(origin.source).astype(np.int64), hashed(origin.destination).astype(np.int64)
        row[c.HELP] = 1  # who asks is told exactly
        row[c.TO_USER] = c.NEVER if origin.to_user == "" else hashed(origin.to_user or "").astype(np.int64)
        self.origins[slot], self.exempt[slot], self.tags[slot] = origin, False, None
        self.hops[slot], self.named[slot] = hops, None

    def put(self, entry: Call) -> int:
        """Set an entry as the most recent, and its deadline; return its slot."""
        slot = self.enter(entry.key, entry.deadline, entry.serial)
        self.write(slot, entry.origin, list(entry.hops))
        self.senders[slot], self.exempt[slot], self.named[slot] = entry.sender, entry.exempt, list(entry.named)
        row = self.rows[slot]
        row[c.STATUS], row[c.STATE] = entry.status, STATES.index(entry.state)
        row[c.INVITE], row[c.SEEN] = entry.invite, entry.seen
        row[c.RANG] = entry.rang if entry.rang is not None else c.NEVER
        row[c.ANSWERED] = entry.answered if entry.answered is not None else c.NEVER
        row[c.CHALLENGED], row[c.CANCELLED] = entry.challenged, entry.cancelled
        self.at(slot).set_tags(list(entry.tags))
        return slot

    def entry(self, slot: int, row: list[int]) -> Call:
        """Return a copy of the entry that has a slot."""
        named = self.named[slot]
        return Call(
            key=self.key(slot),
            serial=row[c.SERIAL],
            origin=self.origin(slot),
            deadline=Micros(row[c.DEADLINE]),
            state=STATES[row[c.STATE]],
            sender=self.senders[slot],
            invite=row[c.INVITE],
            seen=Micros(row[c.SEEN]),
            rang=_time(row[c.RANG]),
            answered=_time(row[c.ANSWERED]),
            status=row[c.STATUS],
            challenged=bool(row[c.CHALLENGED]),
            cancelled=bool(row[c.CANCELLED]),
            exempt=bool(self.exempt[slot]),
            tags=self.tags[slot] or [],
            hops=self.hops[slot],
            named=self.at(slot).named if isinstance(named, str) else named or [],
        )


def _time(micros: int) -> Micros | None:
    return None if micros == c.NEVER else Micros(micros)

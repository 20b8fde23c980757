"""All that a tracker remembers, and how that is carried over a restart: whole, or as the changes since the last time."""

from typing import Final

import msgspec
from msgspec import Struct

from ringfence.vocabulary.times import Micros
from ringfence.watch.calls.claims import Claims
from ringfence.watch.calls.entries import Call, CallKey, Claim, ClaimKey, Transaction, TransactionKey
from ringfence.watch.calls.followed import Calls, Requests
from ringfence.watch.calls.notes import Notes
from ringfence.watch.calls.slots import Slots
from ringfence.watch.kernels import call_layout as c

VERSION: Final = 1


class OtherVersion(Exception):
    """The remembered state was written by another version: it cannot be read."""


class _State(Struct, kw_only=True, array_like=True):
    """Entries stand in the order of their last touch. `whole`: it replaces what there is; else it is laid over it."""

    v: int
    whole: bool
    clock: Micros
    sequence: int
    serial: int
    counters: tuple[int, int, int, int, int]
    used_policy: str | None
    used: list[str]
    transactions: list[Transaction]
    calls: list[Call]
    claims: list[tuple[ClaimKey, Claim]]
    gone_transactions: list[TransactionKey] = []
    gone_calls: list[CallKey] = []


_DECODER: Final = msgspec.msgpack.Decoder(_State)
_ENCODER: Final = msgspec.msgpack.Encoder()


class Memory:
    """The tables, the clock and the counters."""

    def __init__(self, *, most: tuple[int, int, int], spans: tuple[int, int, int], notes: Notes) -> None:
        """`most` are the limits of requests, calls and claims; `spans` those of `Slots`."""
        self.notes: Final = notes
        self._slots: Final = Slots(most[:2], spans)
        self.transactions: Final = Requests(self._slots, most[0], notes)
        self.calls: Final = Calls(self._slots, most[1], notes)
        self.claims: Final = Claims(most[2], lambda key: self._slots.vouch(self._slots.claim_key(key)))
        self._slots.accepted = self.claims.keys
        self.sequence = 0
        self.unusable = 0
        self._used: dict[str, None] = {}
        self._used_since: list[str] = []
        self._used_policy: str | None = None

    @property
    def clock(self) -> Micros:
        """The latest time there was."""
        return Micros(int(self._slots.book.marks[c.CLOCK]))

    @property
    def unmatched(self) -> int:
        """Responses to nothing that is known."""
        return int(self._slots.book.marks[c.UNMATCHED])

    @property
    def dropped(self) -> int:
        """How many entries left because memory is bounded."""
        return self.transactions.dropped + self.calls.dropped + self.claims.dropped

    def note_no_changes(self) -> None:
        """Keep no list of what `changes` would return: where nobody asks, as in a recording, it would grow without end."""
        self.transactions.notes_changes = self.calls.notes_changes = self.claims.notes_changes = False

    def begin_anew(self, clock: Micros) -> None:
        """Forget requests, calls and credentials, and set the clock, also back. Who used the service stays known."""
        self._clear()
        self._mark(c.CLOCK, clock)

    def use_first(self, account: str, policy: str) -> bool:
        """Note that `account` used the service; tell whether it is the first time since `policy` was posted."""
        if policy != self._used_policy:
            self._used_policy = policy
            self._used.clear()
            self._used_since.clear()
        if account in self._used:
            return False
        self._used[account] = None
        self._used_since.append(account)
        return True

    def snapshot(self) -> bytes:
        """Return all of it."""
        return _ENCODER.encode(self._state(self.transactions.entries(), self.calls.entries(), self.claims.items(), whole=True))

    def changes(self) -> bytes:
        """Return what changed since the last time, for `restore` on what there was then."""
        transactions, gone_transactions = self.transactions.changes()
        calls, gone_calls = self.calls.changes()
        state = self._state(transactions, calls, self.claims.changes(), whole=False)
        state.gone_transactions, state.gone_calls = gone_transactions, gone_calls
        self._used_since.clear()
        return _ENCODER.encode(state)

    def restore(self, data: bytes) -> None:
        """Take over a snapshot, or lay changes over what there is. Raises `OtherVersion`."""
        try:
            state = _DECODER.decode(data)
        except msgspec.DecodeError as error:
            raise OtherVersion(str(error)) from None
        if state.v != VERSION:
            raise OtherVersion(f"version {state.v}, this is {VERSION}")
        if state.whole:
            self._clear()
        if state.whole or state.used_policy != self._used_policy:
            self._used.clear()
        self._used_policy = state.used_policy
        self._used.update(dict.fromkeys(state.used))
        self.transactions.load(state.transactions, state.gone_transactions)
        self.calls.load(state.calls, state.gone_calls)
        self.claims.load(state.claims)
        self.sequence = state.sequence
        self._mark(c.CLOCK, state.clock)
        self._mark(c.SERIALS, state.serial)
        self.unusable = state.counters[0]
        self._mark(c.UNMATCHED, state.counters[1])
        self.transactions.dropped, self.calls.dropped, self.claims.dropped = state.counters[2:]

    def _clear(self) -> None:
        self._slots.clear()
        self.transactions.clear()
        self.calls.clear()
        self.claims.clear()

    def _mark(self, mark: int, value: int) -> None:
        self._slots.book.marks[mark] = value

    def _state(
        self, transactions: list[Transaction], calls: list[Call], claims: list[tuple[ClaimKey, Claim]], *, whole: bool
    ) -> _State:
        """`whole`: with every account that used the service, else with those since the last time."""
        return _State(
            v=VERSION,
            whole=whole,
            clock=self.clock,
            sequence=self.sequence,
            serial=int(self._slots.book.marks[c.SERIALS]),
            counters=(self.unusable, self.unmatched, self.transactions.dropped, self.calls.dropped, self.claims.dropped),
            used_policy=self._used_policy,
            used=list(self._used) if whole else list(self._used_since),
            transactions=transactions,
            calls=calls,
            claims=claims,
        )

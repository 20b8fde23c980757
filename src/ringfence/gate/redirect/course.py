"""What the plain course goes by, however a question came: what could be ordered, who sends and who is called."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final, TypeVar

from ringfence.gate.redirect.asks import called_party
from ringfence.gate.redirect.peers import plain
from ringfence.gate.table.columns import ENDLESS
from ringfence.gate.table.possible import Possible
from ringfence.gate.table.state import Standing
from ringfence.vocabulary.times import HOUR, Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.attribution.directory import Sender
from ringfence.watch.kernels import plain_answers as a

_REMEMBERED: Final = 65_536
_Key = TypeVar("_Key")

_Known = tuple[int, Micros]
"""NOTHING, ATTRIBUTED or LOOK, and until when that holds."""


def _unnoted(address: str, now: Micros) -> None:
    """Note no use: of a course that answers nobody."""


@dataclass(frozen=True, slots=True)
class Course:
    """Never changed: another takes its place. `note_use` is told of addresses in use by somebody of ours, each once an hour."""

    possible: Possible
    directory: Directory
    note_use: Callable[[str, Micros], None] = _unnoted
    senders: dict[tuple[bytes, bytes | None], _Known] = field(default_factory=dict)
    """By where a request came from and as whom it was sent."""
    called: dict[bytes, _Known] = field(default_factory=dict)
    written: dict[tuple[str | None, str | None], _Known] = field(default_factory=dict)
    """As `senders`, by texts."""
    believed: dict[tuple[str, str | None, str | None], _Known] = field(default_factory=dict)
    """By the account and trunk that a peer names whose word is believed, and by the source."""

    def sender(self, source: bytes, user: bytes | None, now: Micros) -> int:
        """Return what is known of who sends from a source, empty for none, as a user whose name is proven."""
        found = self.senders.get((source, user))
        if found is None or now >= found[1]:
            found = _kept(self.senders, (source, user), self._sender(source, user, now))
        return found[0]

    def sender_written(self, source: str | None, user: str | None, now: Micros) -> int:
        """Do as `sender` for an address in text, which must be written as addresses are."""
        found = self.written.get((source, user))
        if found is None or now >= found[1]:
            known: _Known = (a.LOOK, ENDLESS)
            if all(text is None or (text.isascii() and text) for text in (source, user)):
                octets = (source or "").encode()
                if source is None or address_in(octets) == source:
                    known = self._sender(octets, None if user is None else user.encode(), now)
            found = _kept(self.written, (source, user), known)
        return found[0]

    def sender_named(self, account: str, trunk: str | None, source: str | None, now: Micros) -> int:
        """Return what is known of an account whose name is believed."""
        key = (account, trunk, source)
        found = self.believed.get(key)
        if found is None or now >= found[1]:
            sender = self.directory.account(account, trunk, now)
            until = next_of(self.directory.changes_of_account(account), now)
            found = _kept(self.believed, key, self._known(sender, source, until, now))
        return found[0]

    def with_called(self, sender: int, callee: bytes, now: Micros) -> int:
        """Return what is known of who sends and of who is called, where an order could stand on either."""
        if sender == a.LOOK:
            return sender
        called = self.called.get(callee)
        if called is None or now >= called[1]:
            called = _kept(self.called, callee, self._called(callee, now))
        return sender if called[0] == a.NOTHING else a.LOOK

    def _sender(self, source: bytes, user: bytes | None, now: Micros) -> _Known:
        text, name = address_in(source), user.decode("latin-1") if user is not None else None
        if text is None and source:
            return a.LOOK, ENDLESS  # not an address: what it means is not for the plain course
        until = next_of(self.directory.changes_at(text, name), now) if text is not None else now
        return self._known(self.directory.sender(text, name, now), text, until, now)

    def _known(self, sender: Sender | None, source: str | None, until: Micros, now: Micros) -> _Known:
        """Return what is known of a sender, found or `None`, at a source until something changes about him."""
        standing = self.possible.standing
        keys = [f"source:{source}"] if source is not None else []
        if sender is not None:
            keys += [f"account:{sender.account}", *(f"party:{party}" for party in sender.party_path)]
            keys += [f"trunk:{sender.trunk}"] if sender.trunk is not None else []
        if any(standing.names(key) for key in keys):
            return a.LOOK, ENDLESS
        if sender is None or source is None:
            return (a.NOTHING if sender is None else a.ATTRIBUTED), until
        self.note_use(source, now)
        return a.ATTRIBUTED, Micros(min(until, now + HOUR))

    def _called(self, callee: bytes, now: Micros) -> _Known:
        number, directory = callee.decode("latin-1"), self.directory
        answering = called_party(directory, number, now)
        if answering.account is None:
            return a.NOTHING, next_of(directory.changes_of_holder(number), now)
        keys = [f"account:{answering.account}", *(f"party:{party}" for party in answering.parties)]
        changes = [*directory.changes_of_holder(number), *directory.changes_of_account(answering.account)]
        return (a.LOOK if any(self.possible.standing.names(key) for key in keys) else a.NOTHING), next_of(changes, now)


def course_of(
    standing: Standing, directory: Directory, before: Course | None = None, note_use: Callable[[str, Micros], None] = _unnoted
) -> Course:
    """Return the course while this stands. It may be made in another thread."""
    emergency = directory.every_emergency_number
    return Course(Possible.of(standing, emergency, before.possible if before is not None else None), directory, note_use)


def _kept(memory: dict[_Key, _Known], key: _Key, known: _Known) -> _Known:
    """Keep what is known under a key; return it."""
    if len(memory) >= _REMEMBERED:
        memory.clear()
    memory[key] = known
    return known


def next_of(changes: Sequence[Micros], now: Micros) -> Micros:
    """Return the first of the moments after `now`."""
    return min((change for change in changes if change > now), default=ENDLESS)


def address_in(source: bytes) -> str | None:
    """Return the address that the octets write, in canonical text, or `None` for anything else."""
    try:
        return str(plain(ip_address(source.decode("latin-1"))))
    except ValueError:
        return None

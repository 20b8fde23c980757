"""What to call a source that no customer list explains: named plainly, by what the traffic itself shows.

An address that nothing explains is `source 198.51.100.7`. It is `trunk 198.51.100.7` once it carries *answered* calls both ways, or
answered calls of at least `TRUNK_CALLERS` different callers: a telephone does neither. Only answered calls count, so that nobody
becomes a trunk by writing invented callers. Where exactly one user registered there with success, and it is no trunk, it is
`user alice at 198.51.100.7`; with more of them, `198.51.100.7, where 3 users registered`. Where more credentials were refused than
accepted it stays a source: a password that was guessed makes nobody the user. An account goes by its name.
"""

from collections import OrderedDict
from typing import Final

from ringfence.report.registrations import Outcome, outcome_of
from ringfence.report.writing import Writer
from ringfence.vocabulary.contracts import Event, EventKind, Subject
from ringfence.vocabulary.subjects import SubjectKind

TRUNK_CALLERS: Final = 20
MOST_SOURCES: Final = 50_000
"""Addresses remembered, the longest quiet let go first."""


class _Seen:
    __slots__ = ("accepted", "callers", "receives", "refused", "sends", "users")

    def __init__(self) -> None:
        self.sends = self.receives = False
        self.accepted = self.refused = 0
        self.callers: set[str] = set()
        self.users: set[str] = set()


class Names:
    """Learns from events what each address is."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, _Seen] = OrderedDict()

    def take(self, event: Event) -> None:
        """Learn from an event."""
        if event.kind is EventKind.ANSWER:
            if event.source is not None:
                seen = self._at(event.source)
                seen.sends = True
                if event.caller is not None and len(seen.callers) < TRUNK_CALLERS:
                    seen.callers.add(event.caller)
            if event.destination is not None:
                self._at(event.destination).receives = True
        elif event.kind is EventKind.REGISTRATION and event.source is not None:
            self._registered(event, self._at(event.source))

    def is_trunk(self, address: str) -> bool:
        """Tell whether the traffic shows a trunk at `address`."""
        seen = self._seen.get(address)
        return seen is not None and ((seen.sends and seen.receives) or len(seen.callers) >= TRUNK_CALLERS)

    def subject(self, subject: Subject, writer: Writer) -> str:
        """Return what to call `subject`."""
        if subject.kind is SubjectKind.SOURCE:
            return self.source(subject.id, writer)
        if subject.kind is SubjectKind.PAIR:
            caller, _, callee = subject.id.partition(",")
            return f"{writer.text(caller)} calling {writer.text(callee)}"
        return f"{subject.kind} {writer.text(subject.id)}"

    def source(self, address: str, writer: Writer) -> str:
        """Return what to call whoever is at `address`."""
        if self.is_trunk(address):
            return f"trunk {writer.text(address)}"
        seen = self._seen.get(address)
        users = sorted(seen.users) if seen is not None and seen.accepted >= seen.refused else []
        if len(users) == 1:
            return f"user {writer.text(users[0])} at {writer.text(address)}"
        if users:
            most = "or more " if len(users) == TRUNK_CALLERS else ""
            return f"{writer.text(address)}, where {len(users)} {most}users registered"
        return f"source {writer.text(address)}"

    def _registered(self, event: Event, seen: _Seen) -> None:
        outcome = outcome_of(event)
        seen.refused += outcome is Outcome.REFUSED
        if outcome is Outcome.ACCEPTED:
            seen.accepted += 1
            if event.target is not None and len(seen.users) < TRUNK_CALLERS:
                seen.users.add(event.target)

    def _at(self, address: str) -> _Seen:
        seen = self._seen.get(address)
        if seen is None:
            seen = self._seen[address] = _Seen()
            if len(self._seen) > MOST_SOURCES:
                self._seen.popitem(last=False)
        else:
            self._seen.move_to_end(address)
        return seen

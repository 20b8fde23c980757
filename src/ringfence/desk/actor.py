"""Who acts: every audit entry names one, every service and selector is given one."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from ringfence.desk.errors import NotPermitted


class ActorKind(StrEnum):
    """What sort of actor."""

    PERSON = "person"  # somebody who signed in; the id is the user name
    SYSTEM = "system"  # one of our own processes; the id is its name
    STANDING_ORDER = "standing-order"  # a posted policy version; the id is its hash
    API_KEY = "api-key"  # a program with a key; the id is the key's name
    ANONYMOUS = "anonymous"  # nobody we know


class KeyScope(StrEnum):
    """What a program may do by its key; one key may have several."""

    READ = "parties:read"
    WRITE = "parties:write"  # and read
    ACCEPT = "acceptance:write"  # report that a party accepted the policy
    REPORT = "reports:write"  # complain, and see what came of its own complaints
    TELL = "peers:tell"  # report to a peer what came from its network


class Deed(StrEnum):
    """What a group of staff may do of what their roles permit."""

    WORK = "work"  # claim cases, note, sort, close, lift nothing and decide nothing
    DECIDE = "decide"  # and lift
    CONFIRM = "confirm"  # be the second person
    EVIDENCE = "see-evidence"  # read what complainants wrote, open calls
    CONFIGURE = "configure"  # logins, keys, parties, policy versions
    RECOVER = "recover"  # lock and unlock logins of others


class StaffRole(StrEnum):
    """What a person at the desk may do; one person may have several."""

    ANALYST = "analyst"  # works cases, decides, lifts
    LEAD = "lead"  # the same, and holds or resumes automation
    AUDITOR = "auditor"  # reads everything, changes nothing
    ADMIN = "admin"  # logins, parties, policy versions


_OURS: Final = frozenset({ActorKind.SYSTEM, ActorKind.STANDING_ORDER})


@dataclass(frozen=True, slots=True)
class Actor:
    """One actor. A person without a role is a stranger: selectors give nothing, services refuse.

    `party` is the party that a customer's or reseller's person or key belongs to: it sees that party and those below it and no
    more. `scopes` are a key's. `deeds` and `queues` are its group's, `None` where none narrows what the roles permit.
    """

    kind: ActorKind
    id: str
    roles: frozenset[StaffRole] = frozenset()
    scopes: frozenset[KeyScope] = frozenset()
    party: str | None = None
    deeds: frozenset[Deed] | None = None
    queues: frozenset[str] | None = None

    def _may(self, deed: Deed) -> bool:
        return self.deeds is None or deed in self.deeds

    def works_in(self, queue: str) -> bool:
        """Tell whether cases of that queue are this actor's to see and to work on: a queue is a role of cases' subjects."""
        return self.queues is None or queue in self.queues

    @property
    def is_ours(self) -> bool:
        """It is one of our own processes, or a posted version."""
        return self.kind in _OURS

    @property
    def sees_the_desk(self) -> bool:
        """It may read findings, cases, decisions, orders, parties, complaints and the audit."""
        return self.kind in _OURS or bool(self.roles)

    @property
    def sees_parties(self) -> bool:
        """It may read about parties: about all, or where it belongs to one, about that and those below it."""
        keyed = bool(self.scopes & {KeyScope.READ, KeyScope.WRITE})
        return self.sees_the_desk or keyed or (self.kind is ActorKind.PERSON and self.party is not None)

    @property
    def keeps_parties(self) -> bool:
        """It may change parties and what they hold."""
        return self.administers or (KeyScope.WRITE in self.scopes and self.party is None)

    @property
    def works_cases(self) -> bool:
        """It may claim and note, and what else its group lets it do with cases."""
        return self.kind in _OURS or (bool(self.roles & {StaffRole.ANALYST, StaffRole.LEAD}) and self._may(Deed.WORK))

    @property
    def tells_peers(self) -> bool:
        """It may report to other networks what came from them: a person who works cases, or the provider's own program."""
        of_ours = KeyScope.TELL in self.scopes and self.party is None
        return of_ours or (self.kind is ActorKind.PERSON and self.works_cases)

    @property
    def decides(self) -> bool:
        """It may decide, order and lift."""
        return self.works_cases and self._may(Deed.DECIDE)

    @property
    def confirms(self) -> bool:
        """It may be the second person behind a grave decision."""
        return self.works_cases and self._may(Deed.CONFIRM)

    @property
    def sees_evidence(self) -> bool:
        """It may read what complainants wrote and open calls."""
        return self.sees_the_desk and self._may(Deed.EVIDENCE)

    @property
    def leads(self) -> bool:
        """It may hold and resume automation."""
        return self.kind in _OURS or StaffRole.LEAD in self.roles

    @property
    def recovers(self) -> bool:
        """It may lock logins, unlock them and help people who lost theirs."""
        helping = bool(self.roles & {StaffRole.ANALYST, StaffRole.LEAD, StaffRole.ADMIN})
        return self.kind in _OURS or (helping and self._may(Deed.RECOVER))

    @property
    def administers(self) -> bool:
        """It may change parties, logins and policy versions."""
        return self.kind in _OURS or (StaffRole.ADMIN in self.roles and self._may(Deed.CONFIGURE))


ANONYMOUS: Final = Actor(ActorKind.ANONYMOUS, "")


def system(name: str) -> Actor:
    """Return the actor that one of our own processes is."""
    return Actor(ActorKind.SYSTEM, name)


def require(permitted: bool, actor: Actor, what: str) -> None:
    """Raise `NotPermitted` unless `permitted`."""
    if not permitted:
        raise NotPermitted(f"{actor.id or 'nobody'} may not {what}")


class DeskRequest(HttpRequest):
    """A request as the middleware leaves it: with its actor, and with what htmx said of itself."""

    actor: Actor
    htmx: HtmxDetails

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
    ANONYMOUS = "anonymous"  # nobody we know


class StaffRole(StrEnum):
    """What a person at the desk may do; one person may have several."""

    ANALYST = "analyst"  # works cases, decides, lifts
    LEAD = "lead"  # the same, and holds or resumes automation
    AUDITOR = "auditor"  # reads everything, changes nothing
    ADMIN = "admin"  # logins, parties, policy versions


_OURS: Final = frozenset({ActorKind.SYSTEM, ActorKind.STANDING_ORDER})


@dataclass(frozen=True, slots=True)
class Actor:
    """One actor. A person without a role is a stranger: selectors give nothing, services refuse."""

    kind: ActorKind
    id: str
    roles: frozenset[StaffRole] = frozenset()

    @property
    def sees_the_desk(self) -> bool:
        """It may read findings, cases, decisions, orders, parties, complaints and the audit."""
        return self.kind in _OURS or bool(self.roles)

    @property
    def works_cases(self) -> bool:
        """It may claim, note, decide, order and lift."""
        return self.kind in _OURS or bool(self.roles & {StaffRole.ANALYST, StaffRole.LEAD})

    @property
    def leads(self) -> bool:
        """It may hold and resume automation."""
        return self.kind in _OURS or StaffRole.LEAD in self.roles

    @property
    def administers(self) -> bool:
        """It may change parties, logins and policy versions."""
        return self.kind in _OURS or StaffRole.ADMIN in self.roles


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

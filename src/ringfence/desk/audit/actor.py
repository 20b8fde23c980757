"""Who acts, for those who ask the audit: `ringfence.desk.actor` stands below it, because pages need it too."""

from ringfence.desk.actor import ANONYMOUS, Actor, ActorKind, DeskRequest, StaffRole, require, system

__all__ = ["ANONYMOUS", "Actor", "ActorKind", "DeskRequest", "StaffRole", "require", "system"]

"""People who sign in at the desk."""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from ringfence.desk.actor import Actor, ActorKind, KeyScope, StaffRole


class People(BaseUserManager["Person"]):
    """Finds people by user name, as signing in needs it."""


class Person(AbstractBaseUser):
    """One login. `roles` are `StaffRole` values; none means that nothing is shown, or to a `party`'s person its own subtree."""

    username = models.CharField(max_length=64, unique=True)
    display_name = models.CharField(max_length=128, blank=True)
    roles = models.JSONField(default=list)
    is_active = models.BooleanField(default=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    created = models.DateTimeField()
    party = models.ForeignKey("parties.Party", null=True, on_delete=models.PROTECT, related_name="+")

    objects = People()

    USERNAME_FIELD = "username"

    @property
    def actor(self) -> Actor:
        """Return whom services and selectors are given."""
        roles = frozenset(StaffRole(role) for role in self.roles)
        return Actor(ActorKind.PERSON, self.username, roles, party=None if self.party is None else self.party.name)


class ApiKey(models.Model):
    """What a program comes in by. The key itself stands nowhere: `digest` is its SHA-256, `hint` its first characters.

    `scopes` are `KeyScope` values; with a `party` they hold for that party and those below it alone.
    """

    name = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=16)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    party = models.ForeignKey("parties.Party", null=True, on_delete=models.PROTECT, related_name="+")
    created = models.DateTimeField()
    created_by = models.CharField(max_length=64)
    expires = models.DateTimeField(null=True)
    revoked = models.DateTimeField(null=True)
    used = models.DateTimeField(null=True)
    """When it was last used, to the minute."""

    @property
    def actor(self) -> Actor:
        """Return whom services and selectors are given."""
        scopes = frozenset(KeyScope(scope) for scope in self.scopes)
        return Actor(ActorKind.API_KEY, self.name, scopes=scopes, party=None if self.party is None else self.party.name)

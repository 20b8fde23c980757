"""People who sign in at the desk."""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from ringfence.desk.actor import Actor, ActorKind, StaffRole


class People(BaseUserManager["Person"]):
    """Finds people by user name, as signing in needs it."""


class Person(AbstractBaseUser):
    """One login. `roles` are `StaffRole` values; none means that nothing is shown."""

    username = models.CharField(max_length=64, unique=True)
    display_name = models.CharField(max_length=128, blank=True)
    roles = models.JSONField(default=list)
    is_active = models.BooleanField(default=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    created = models.DateTimeField()

    objects = People()

    USERNAME_FIELD = "username"

    @property
    def actor(self) -> Actor:
        """Return whom services and selectors are given."""
        return Actor(ActorKind.PERSON, self.username, frozenset(StaffRole(role) for role in self.roles))

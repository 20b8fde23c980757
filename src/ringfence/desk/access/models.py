"""People who sign in at the desk."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.crypto import salted_hmac

from ringfence.desk.actor import Actor, ActorKind, Deed, KeyScope, StaffRole


class Group(models.Model):
    """What some staff may do of what their roles permit, and in which queues: `Deed` values, and roles of cases' subjects."""

    name = models.CharField(max_length=64, unique=True)
    deeds = models.JSONField(default=list)
    queues = models.JSONField(default=list)


class People(BaseUserManager["Person"]):
    """Finds people by user name, as signing in needs it."""


class Person(AbstractBaseUser):
    """One login. `roles` are `StaffRole` values; none means that nothing is shown, or to a `party`'s person its own subtree.

    `mail` is where its own mails go. One that is `locked` can't sign in, by password or passkey, until a person unlocks it. `epoch`
    is part of every session: who counts it up ends them all.
    """

    username = models.CharField(max_length=64, unique=True)
    display_name = models.CharField(max_length=128, blank=True)
    mail = models.EmailField(max_length=254, blank=True, default="", db_default="")
    roles = models.JSONField(default=list)
    is_active = models.BooleanField(default=True)
    locked = models.DateTimeField(null=True)
    epoch = models.PositiveIntegerField(default=0, db_default=0)
    time_zone = models.CharField(max_length=64, default="UTC")
    created = models.DateTimeField()
    party = models.ForeignKey("parties.Party", null=True, on_delete=models.PROTECT, related_name="+")
    group = models.ForeignKey(Group, null=True, on_delete=models.PROTECT, related_name="people")

    objects = People()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "mail"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    @property
    def actor(self) -> Actor:
        """Return whom services and selectors are given."""
        roles = frozenset(StaffRole(role) for role in self.roles)
        party, group = None if self.party is None else self.party.name, self.group
        if group is None:
            return Actor(ActorKind.PERSON, self.username, roles, party=party)
        deeds, queues = frozenset(Deed(deed) for deed in group.deeds), frozenset(group.queues)
        return Actor(ActorKind.PERSON, self.username, roles, party=party, deeds=deeds, queues=queues)

    @property
    def may_sign_in(self) -> bool:
        """Neither closed nor locked."""
        return self.is_active and self.locked is None

    def _get_session_auth_hash(self, secret: str | bytes | None = None) -> str:
        """Return what a session must carry: it changes with the password, and with the epoch."""
        salt = "ringfence.desk.access.Person.session"
        return salted_hmac(salt, f"{self.epoch}\0{self.password}", secret=secret, algorithm="sha256").hexdigest()


class Lock(models.Model):
    """A login was locked: when, by whom and why; and unlocked, when, by whom and why."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="locks")
    since = models.DateTimeField()
    by = models.CharField(max_length=64)
    reason = models.TextField()
    ended = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=64, blank=True)
    ended_reason = models.TextField(blank=True)

    class Meta:
        """What the database holds it to."""

        constraints = (
            models.UniqueConstraint(fields=("person",), condition=models.Q(ended__isnull=True), name="access_lock_one_open"),
        )


class Guess(models.Model):
    """Failed tries that count together, under `key` (see `guessing`). So many rows as there are keys, which is bounded.

    `failures` since `since`; no further try before `until`. `waits` is how often that was so: each time it is longer.
    """

    key = models.CharField(max_length=32, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    waits = models.PositiveSmallIntegerField(default=0)

    class Meta:
        """What old ones are found by."""

        indexes = (models.Index(fields=("since",), name="access_guess_since"),)


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

"""What parties are known by, and those that seem to return."""

from typing import Final

from django.db import models


class TraitKind(models.TextChoices):
    """What a party is known by beside its name."""

    PRINCIPAL = "principal", "A person behind it"
    PAYMENT = "payment", "A means of payment"
    AGENT = "agent", "The software that it sends with"
    FINGERPRINT = "fingerprint", "How its traffic looks"
    CALLED = "called", "The numbers that it calls"


BY_HAND: Final = [(kind.value, kind.label) for kind in (TraitKind.PAYMENT, TraitKind.PRINCIPAL, TraitKind.AGENT)]
"""What a person may know of a party that no file says."""


class Trait(models.Model):
    """Something a party is known by that stands in no other table; `token` is all that is kept of it."""

    party = models.CharField(max_length=128)
    kind = models.CharField(max_length=12, choices=TraitKind.choices)
    token = models.CharField(max_length=16)
    noted = models.DateTimeField()
    noted_by = models.CharField(max_length=64)

    class Meta:
        """What the database holds it to, and finds it by."""

        constraints = (models.UniqueConstraint(fields=("party", "kind", "token"), name="returns_trait_once"),)
        indexes = (models.Index(fields=("kind", "token"), name="returns_trait_token"),)


class Profile(models.Model):
    """How a party's traffic looked last, as the lake tells: `facts` are a `TrafficProfile`, tokens and shares alone.

    `compared` is when it was last compared with those of parties whose contract was ended; `as_ended`: the party is one of them,
    and all others were compared with it.
    """

    party = models.CharField(max_length=128, unique=True)
    until = models.DateTimeField()
    facts = models.JSONField()
    compared = models.DateTimeField(null=True)
    as_ended = models.BooleanField(default=False)

    class Meta:
        """What it is found by."""

        indexes = (models.Index(fields=("id",), name="returns_to_compare", condition=models.Q(compared__isnull=True)),)


class ReturnState(models.TextChoices):
    """What a person made of it."""

    OPEN = "open", "To be looked at"
    SAME = "same", "It is the same party"
    OTHER = "other", "It is another party"


class Return(models.Model):
    """A party shares with one whose contract was ended what few share. `reasons` are sentences; it proves nothing by itself."""

    party = models.CharField(max_length=128)
    ending = models.ForeignKey("endings.Ending", on_delete=models.PROTECT, related_name="returns")
    reasons = models.JSONField(default=list)
    weight = models.PositiveSmallIntegerField()
    found = models.DateTimeField()
    state = models.CharField(max_length=5, choices=ReturnState.choices, default=ReturnState.OPEN)
    answered = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=64, blank=True)
    because = models.TextField(blank=True)

    class Meta:
        """What the database holds it to."""

        constraints = (models.UniqueConstraint(fields=("party", "ending"), name="returns_once"),)

"""Ends of contracts, numbers in quarantine, and their release."""

from django.db import models
from django.db.models import Q

from ringfence.vocabulary.number_blocks import Block


class EndingState(models.TextChoices):
    """Where the end of a contract stands."""

    OPEN = "open", "Numbers or charges are unsettled"
    SETTLED = "settled", "All is settled"
    REVERSED = "reversed", "It should not have been: agree anew"


class Ending(models.Model):
    """The end of a party's contracts, by a decision of its own that a second person confirmed. `contracts` are their numbers."""

    decision = models.OneToOneField("decisions.Decision", on_delete=models.PROTECT, related_name="ending")
    case = models.ForeignKey("cases.Case", on_delete=models.PROTECT, related_name="+")
    party = models.CharField(max_length=128)
    ended = models.DateTimeField()
    contracts = models.JSONField(default=list)
    state = models.CharField(max_length=8, choices=EndingState.choices, default=EndingState.OPEN)
    charges_note = models.TextField(blank=True)
    charges_settled = models.DateTimeField(null=True)
    charges_settled_by = models.CharField(max_length=64, blank=True)


class NumberFate(models.TextChoices):
    """What becomes of a number when its holder's contract ends."""

    OPEN = "open", "To be settled"
    PORTED = "ported", "Ported out to another provider"
    QUARANTINED = "quarantined", "In quarantine"


class EndingNumber(models.Model):
    """One number or block that the party held."""

    ending = models.ForeignKey(Ending, on_delete=models.PROTECT, related_name="numbers")
    prefix = models.CharField(max_length=16)
    digits = models.PositiveSmallIntegerField()
    account = models.CharField(max_length=128)
    fate = models.CharField(max_length=12, choices=NumberFate.choices, default=NumberFate.OPEN)
    to = models.CharField(max_length=128, blank=True)
    settled = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=64, blank=True)

    class Meta:
        """What the database holds it to."""

        constraints = (models.UniqueConstraint(fields=("ending", "prefix", "digits"), name="endings_number_once"),)

    @property
    def written(self) -> str:
        """The number, or the first and last."""
        return Block(self.prefix, self.digits).written


class Quarantine(models.Model):
    """A number or block that is nobody's: withdrawn by an order, or left by a contract that ended. `account` held it before.

    `over`: it was released, went back to its holder, or was found with another.
    """

    prefix = models.CharField(max_length=16)
    digits = models.PositiveSmallIntegerField()
    account = models.CharField(max_length=128, blank=True)
    decision = models.ForeignKey("decisions.Decision", on_delete=models.PROTECT, related_name="quarantines")
    since = models.DateTimeField()
    over = models.DateTimeField(null=True)
    how = models.CharField(max_length=200, blank=True)

    class Meta:
        """What the database holds it to."""

        constraints = (
            models.UniqueConstraint(fields=("prefix", "digits"), condition=Q(over__isnull=True), name="endings_quarantined_once"),
        )

    @property
    def written(self) -> str:
        """The number, or the first and last."""
        return Block(self.prefix, self.digits).written


class ReleaseState(models.TextChoices):
    """Where the release of a number stands."""

    WAITING = "waiting", "Waits for a second person"
    RELEASED = "released", "Released: it can be given out"
    REFUSED = "refused", "Stays in quarantine"


class Release(models.Model):
    """A decision to give a quarantined number out again, under a clause of a version. It takes effect with the second person."""

    quarantine = models.ForeignKey(Quarantine, on_delete=models.PROTECT, related_name="releases")
    policy = models.ForeignKey("policies.PolicyVersion", on_delete=models.PROTECT, related_name="+")
    clause = models.CharField(max_length=64)
    reasons = models.TextField()
    asked = models.DateTimeField()
    asked_by = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=ReleaseState.choices, default=ReleaseState.WAITING)
    answered = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=64, blank=True)
    answer = models.TextField(blank=True)

    class Meta:
        """What the database holds it to."""

        constraints = (
            models.UniqueConstraint(fields=("quarantine",), condition=Q(state="waiting"), name="endings_release_open"),
            models.CheckConstraint(condition=~Q(clause=""), name="endings_release_clause"),
        )

"""Requests of authorities, and what was decided about each."""

from django.db import models
from django.db.models import Q


class RequestKind(models.TextChoices):
    """What kind of request it is; each has the clock that its law sets."""

    PRODUCTION = "production", "An order or warrant to produce data"
    EMERGENCY = "emergency", "Danger to life: an emergency request"
    PRESERVATION = "preservation", "To preserve data until an order comes"
    VOLUNTARY = "voluntary", "Ours: to protect the provider, customers or the network"


class RequestState(models.TextChoices):
    """Where it stands."""

    RECEIVED = "received", "To be decided"
    WAITING = "waiting", "Decided; waits for a second person"
    APPROVED = "approved", "Two persons decided to disclose"
    DISCLOSED = "disclosed", "Handed over"
    REFUSED = "refused", "Nothing is disclosed"


class DisclosureRequest(models.Model):
    """One request in one case. `verified` says how somebody made sure that it is the authority's.

    `items` is the minimum set: pairs of what it is and why it is needed. `gag_until`: the party must not be told before.
    """

    case = models.ForeignKey("cases.Case", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=RequestKind.choices)
    authority = models.CharField(max_length=200)
    reference = models.CharField(max_length=128)
    basis = models.CharField(max_length=300)
    asked_for = models.TextField()
    received = models.DateTimeField()
    received_by = models.CharField(max_length=64)
    verified = models.TextField(blank=True)
    verified_by = models.CharField(max_length=64, blank=True)
    gag_until = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=RequestState.choices, default=RequestState.RECEIVED)
    policy = models.ForeignKey("policies.PolicyVersion", null=True, on_delete=models.PROTECT, related_name="+")
    clause = models.CharField(max_length=64, blank=True)
    items = models.JSONField(default=list)
    reasons = models.TextField(blank=True)
    decided = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=64, blank=True)
    answered = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=64, blank=True)
    answer = models.TextField(blank=True)
    manifest = models.TextField(blank=True)
    manifest_sha256 = models.CharField(max_length=64, blank=True)
    disclosed = models.DateTimeField(null=True)
    told = models.DateTimeField(null=True)

    class Meta:
        """What the database holds it to, and finds it by."""

        constraints = (
            models.UniqueConstraint(fields=("authority", "reference"), name="disclosures_reference_once"),
            models.CheckConstraint(
                condition=Q(state__in=("received", "refused")) | (~Q(clause="") & Q(policy__isnull=False)),
                name="disclosures_clause_named",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("approved", "disclosed")) | ~Q(answered_by=models.F("decided_by")),
                name="disclosures_two_persons",
            ),
        )
        indexes = (models.Index(fields=("state", "received"), name="disclosures_state"),)

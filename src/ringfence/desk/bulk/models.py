"""Bulk decisions and what became of each case in them."""

from django.db import models


class BulkState(models.TextChoices):
    """Where it stands."""

    DECIDED = "decided", "Decided; a second person checks a sample"
    CHECKED = "checked", "Every sampled decision was found right"
    DOUBTED = "doubted", "A sampled decision was found wrong"
    UNDONE = "undone", "Every decision that stood was taken back"


class BulkDecision(models.Model):
    """One person decided over many cases at once, with one reasoning. `drawn` is how many of its decisions are sampled."""

    campaign = models.BigIntegerField(null=True)
    """The campaign of complaints that its cases came from; empty where they were named or are linked."""
    reasons = models.TextField()
    notes = models.TextField(blank=True)
    decided_by = models.CharField(max_length=64)
    decided = models.DateTimeField()
    state = models.CharField(max_length=8, choices=BulkState.choices, default=BulkState.DECIDED)
    drawn = models.PositiveIntegerField(default=0)
    undone_by = models.CharField(max_length=64, blank=True)
    undone = models.DateTimeField(null=True)
    undone_because = models.TextField(blank=True)

    class Meta:
        """What it is found by."""

        indexes = (models.Index(fields=("-decided", "-id"), name="bulk_decided"),)


class Fate(models.TextChoices):
    """What became of a case in a bulk decision."""

    DECIDED = "decided", "Decided"
    EXCEPTED = "excepted", "Left out, with a reason"
    REFUSED = "refused", "Not decided: something stood against it"
    UNDONE = "undone", "Decided, and taken back"


class BulkItem(models.Model):
    """One case in a bulk decision. `because`: why it was excepted, or what stood against it."""

    bulk = models.ForeignKey(BulkDecision, on_delete=models.PROTECT, related_name="items")
    case = models.ForeignKey("cases.Case", on_delete=models.PROTECT, related_name="+")
    party = models.CharField(max_length=128, blank=True)
    fate = models.CharField(max_length=8, choices=Fate.choices)
    because = models.TextField(blank=True)
    decision = models.OneToOneField("decisions.Decision", null=True, on_delete=models.PROTECT, related_name="in_bulk")
    sampled = models.BooleanField(default=False)
    checked_by = models.CharField(max_length=64, blank=True)
    checked = models.DateTimeField(null=True)
    right = models.BooleanField(null=True)
    remark = models.TextField(blank=True)

    class Meta:
        """What the database holds it to."""

        constraints = (
            models.UniqueConstraint(fields=("bulk", "case"), name="bulk_case_once"),
            models.CheckConstraint(
                condition=models.Q(fate__in=("decided", "undone"), decision__isnull=False)
                | models.Q(fate__in=("excepted", "refused"), decision__isnull=True),
                name="bulk_decision_where_decided",
            ),
        )

"""Appeals, and what was added to them."""

from django.db import models


class AppealState(models.TextChoices):
    """Where it stands."""

    OPEN = "open"
    UPHELD = "upheld", "The measure stays"
    OVERTURNED = "overturned", "The measure should not have been"


class Appeal(models.Model):
    """One appeal against one measure. At most one against a measure is open."""

    decision = models.ForeignKey("decisions.Decision", on_delete=models.PROTECT, related_name="appeals")
    case = models.ForeignKey("cases.Case", on_delete=models.PROTECT)
    notice = models.ForeignKey("notices.Notice", on_delete=models.PROTECT)
    rule = models.CharField(max_length=64, blank=True)
    text = models.TextField()
    filed = models.DateTimeField()
    state = models.CharField(max_length=10, choices=AppealState.choices, default=AppealState.OPEN)
    reviewer = models.CharField(max_length=64, blank=True)
    reviewed = models.DateTimeField(null=True)
    reasons = models.TextField(blank=True)
    notes = models.TextField(blank=True)

    class Meta:
        """What the database holds it to, and finds it by."""

        constraints = (models.UniqueConstraint(fields=("decision",), condition=models.Q(state="open"), name="appeals_one_open"),)
        indexes = (models.Index(fields=("state", "filed"), name="appeals_state"),)


class Reply(models.Model):
    """What the party added to its appeal."""

    appeal = models.ForeignKey(Appeal, on_delete=models.PROTECT, related_name="replies")
    text = models.TextField()
    written = models.DateTimeField()

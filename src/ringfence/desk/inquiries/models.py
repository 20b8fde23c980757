"""Inquiries and their tiers."""

from django.db import models


class InquiryKind(models.TextChoices):
    """What is asked for."""

    QUESTION = "question", "What happened?"
    REMEDY = "remedy", "What was done about it?"
    IDENTITY = "identity", "Who uses this, and by what right?"
    AUTHORITY = "authority", "Assistance to an authority"
    EMERGENCY = "emergency", "Assistance to an authority in an emergency"


class InquiryState(models.TextChoices):
    """Where it stands."""

    OPEN = "open"
    ANSWERED = "answered"
    REFUSED = "refused"
    UNANSWERED = "unanswered", "everybody was silent"
    WITHDRAWN = "withdrawn"


class TierState(models.TextChoices):
    """Where one party of the chain stands."""

    ASKED = "asked"
    PASSED = "passed", "passed on"
    ANSWERED = "answered"
    REFUSED = "refused"
    SILENT = "silent"
    SPARED = "spared", "no longer asked"


class Inquiry(models.Model):
    """One question about a party, in one case. `evidence` is what the asked are shown, as pairs of what and text; it never changes.

    `path` are the parties from the root to `party`, as they stood when it was asked.
    """

    case = models.ForeignKey("cases.Case", on_delete=models.PROTECT)
    kind = models.CharField(max_length=12, choices=InquiryKind.choices)
    party = models.CharField(max_length=128)
    path = models.JSONField(default=list)
    question = models.TextField()
    evidence = models.JSONField(default=list)
    urgent = models.BooleanField(default=False)
    state = models.CharField(max_length=12, choices=InquiryState.choices, default=InquiryState.OPEN)
    asked = models.DateTimeField()
    asked_by = models.CharField(max_length=64)
    closed = models.DateTimeField(null=True)

    class Meta:
        """What the database finds it by."""

        indexes = (models.Index(fields=("state", "-asked"), name="inquiries_state"),)


class Tier(models.Model):
    """One party that is asked. `why`: asked first, passed the question, or those below were silent. `round` counts asking.

    The page's address holds a token that is derived from the row (`services.token_of`) and stands in no table. `forwarded`: no
    contact of it is known, and the one above hands the address on.
    """

    inquiry = models.ForeignKey(Inquiry, on_delete=models.PROTECT, related_name="tiers")
    party = models.CharField(max_length=128)
    state = models.CharField(max_length=10, choices=TierState.choices, default=TierState.ASKED)
    why = models.CharField(max_length=10)
    round = models.PositiveSmallIntegerField(default=1)
    forwarded = models.BooleanField(default=False)
    language = models.CharField(max_length=16)
    asked = models.DateTimeField()
    due = models.DateTimeField()
    opened = models.DateTimeField(null=True)
    settled = models.DateTimeField(null=True)
    answer = models.TextField(blank=True)

    class Meta:
        """What the database holds it to."""

        constraints = (models.UniqueConstraint(fields=("inquiry", "party"), name="inquiries_one_tier_of_a_party"),)

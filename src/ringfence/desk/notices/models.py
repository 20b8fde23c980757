"""Notices, as they were written and what became of each."""

from django.db import models


class NoticeKind(models.TextChoices):
    """What it tells."""

    MEASURE = "measure", "A measure, with its reasons"
    LIFT = "lift", "The end of a measure"
    APPEAL = "appeal", "What came of an appeal"


class NoticeState(models.TextChoices):
    """Where it stands."""

    QUEUED = "queued"
    SENT = "sent"  # taken by the relay
    KEPT = "kept"  # written to the data folder: no relay is configured
    BOUNCED = "bounced"  # came back
    FAILED = "failed"  # the relay refused it for good


class Notice(models.Model):
    """One notice to one contact. Never changed but for its state: `subject` and `text` are what was sent.

    `id` is also the page's address, with a token that is derived from it (`services.token_of`). `message_id` is the mail's.
    """

    id = models.CharField(max_length=32, primary_key=True)
    kind = models.CharField(max_length=8, choices=NoticeKind.choices)
    decision = models.ForeignKey("decisions.Decision", on_delete=models.PROTECT)
    case = models.ForeignKey("cases.Case", on_delete=models.PROTECT)
    party = models.CharField(max_length=128)
    contact = models.CharField(max_length=128)
    mail = models.CharField(max_length=254)
    language = models.CharField(max_length=16)
    subject = models.CharField(max_length=250)
    text = models.TextField()
    state = models.CharField(max_length=8, choices=NoticeState.choices, default=NoticeState.QUEUED)
    created = models.DateTimeField()
    due = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    problem = models.TextField(blank=True)
    sent = models.DateTimeField(null=True)
    opened = models.DateTimeField(null=True)
    message_id = models.CharField(max_length=250, blank=True)

    class Meta:
        """What the database holds it to, and finds it by."""

        indexes = (
            models.Index(fields=("state", "due"), name="notices_due"),
            models.Index(fields=("message_id",), name="notices_message"),
            models.Index(fields=("-created", "-id"), name="notices_created"),
        )

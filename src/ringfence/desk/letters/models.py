"""Letters, as they were written and what became of each."""

from django.db import models


class LetterState(models.TextChoices):
    """Where it stands."""

    QUEUED = "queued"
    SENT = "sent"  # taken by the relay
    KEPT = "kept"  # written to the data folder: no relay is configured
    BOUNCED = "bounced"  # came back
    FAILED = "failed"  # the relay refused it for good


class Letter(models.Model):
    """One mail to one address. Never changed but for its state: `subject`, `text` and `attached` are what was sent.

    `key` says what it is about, so that nobody is told the same twice. `noun` and `noun_id` name the thing that it belongs to.
    """

    id = models.CharField(max_length=32, primary_key=True)
    key = models.CharField(max_length=128, unique=True)
    noun = models.CharField(max_length=32)
    noun_id = models.CharField(max_length=64)
    case = models.BigIntegerField(null=True)
    provider = models.CharField(max_length=128, blank=True)
    mail = models.CharField(max_length=254)
    language = models.CharField(max_length=16)
    subject = models.CharField(max_length=250)
    text = models.TextField()
    attached_name = models.CharField(max_length=120, blank=True)
    attached_kind = models.CharField(max_length=80, blank=True)
    attached = models.BinaryField(null=True)
    state = models.CharField(max_length=8, choices=LetterState.choices, default=LetterState.QUEUED)
    created = models.DateTimeField()
    due = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    problem = models.TextField(blank=True)
    sent = models.DateTimeField(null=True)
    message_id = models.CharField(max_length=250, blank=True)

    class Meta:
        """What the database finds it by."""

        indexes = (
            models.Index(fields=("state", "due"), name="letters_due"),
            models.Index(fields=("case", "-created"), name="letters_case", condition=models.Q(case__isnull=False)),
            models.Index(fields=("noun", "noun_id"), name="letters_noun"),
            models.Index(fields=("message_id",), name="letters_message"),
        )


class Paper(models.Model):
    """A notice or a letter as PDF: made once, of the words that were sent. The audit holds `sha256` of these bytes."""

    noun = models.CharField(max_length=16)
    noun_id = models.CharField(max_length=64)
    case = models.BigIntegerField(null=True)
    sha256 = models.CharField(max_length=64)
    octets = models.BinaryField()
    made = models.DateTimeField()
    made_by = models.CharField(max_length=64)

    class Meta:
        """What the database holds it to."""

        constraints = (models.UniqueConstraint(fields=("noun", "noun_id"), name="letters_paper_once"),)

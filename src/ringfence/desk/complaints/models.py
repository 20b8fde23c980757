"""What people told the abuse desk, and what came of the question whether it was ours."""

from django.db import models


class Verdict(models.TextChoices):
    """Is it ours?"""

    OURS = "ours", "Ours: the party is found"
    SPOOFED = "spoofed-elsewhere", "Our number, shown by somebody else on another network"
    CARRIED = "carried-for-peer", "Carried for a peer: the upstream is named"
    NOT_OURS = "not-ours", "Not ours"
    UNDECIDABLE = "undecidable", "Can't be decided from what was said and kept"


class Complaint(models.Model):
    """One mail. The raw bytes lie in DIR/mail/<sha256>.eml; here is only what a list needs.

    `sender` is a token of the envelope sender. `heading` is the subject line, as text without control characters.
    """

    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    sender = models.CharField(max_length=16)
    heading = models.CharField(max_length=256, blank=True)
    received = models.DateTimeField()

    class Meta:
        """What the database holds it to, and finds it by."""

        indexes = (models.Index(fields=("-received", "-id"), name="complaints_received"),)


class Answer(models.Model):
    """What was found when it was asked whether a complaint is ours. The newest of a complaint counts; none is ever changed.

    `party` and `account` name who answers for it, `upstream` the peer it came from, where one is known. `reasons` are sentences.
    `looked` are the numbers, as tokens, and the spans of time that were looked for.
    """

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="answers")
    made = models.DateTimeField()
    by = models.CharField(max_length=64)
    verdict = models.CharField(max_length=20, choices=Verdict.choices)
    party = models.CharField(max_length=128, blank=True)
    account = models.CharField(max_length=128, blank=True)
    trunk = models.CharField(max_length=128, blank=True)
    upstream = models.CharField(max_length=128, blank=True)
    conduct = models.DateTimeField(null=True)
    reasons = models.JSONField(default=list)
    looked = models.JSONField(default=dict)

    class Meta:
        """What the database holds it to, and finds it by."""

        indexes = (models.Index(fields=("party", "-made"), name="complaints_answer_party"),)


class Candidate(models.Model):
    """A call that may be the one meant. Numbers, source and Call-ID are tokens; `likeness` orders the candidates of an answer."""

    answer = models.ForeignKey(Answer, on_delete=models.PROTECT, related_name="candidates")
    call = models.CharField(max_length=16)
    start = models.DateTimeField()
    end = models.DateTimeField(null=True)
    caller = models.CharField(max_length=16, blank=True)
    callee = models.CharField(max_length=16, blank=True)
    source = models.CharField(max_length=16, blank=True)
    account = models.CharField(max_length=128, blank=True)
    party = models.CharField(max_length=128, blank=True)
    trunk = models.CharField(max_length=128, blank=True)
    direction = models.CharField(max_length=8, blank=True)
    attestation = models.CharField(max_length=1, blank=True)
    status = models.PositiveSmallIntegerField(default=0)
    duration_ms = models.PositiveBigIntegerField(default=0)
    likeness = models.FloatField()
    why = models.JSONField(default=list)

    @property
    def seconds(self) -> float:
        """How long it was answered."""
        return self.duration_ms / 1000


class Peer(models.Model):
    """Another network that hands us traffic or tells us of abuse. `addresses` are its addresses and networks, as text."""

    name = models.CharField(max_length=128, unique=True)
    addresses = models.JSONField(default=list)
    mail = models.CharField(max_length=254, blank=True)
    since = models.DateTimeField()

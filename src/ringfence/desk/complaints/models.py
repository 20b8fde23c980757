"""Mails that the abuse mailbox took."""

from django.db import models


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

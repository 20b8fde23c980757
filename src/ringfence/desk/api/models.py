"""Answers that were given to requests with an Idempotency-Key, to be given again."""

from django.db import models


class Answer(models.Model):
    """What one request was answered. `request` is a digest of what was asked."""

    key = models.CharField(max_length=64)
    token = models.CharField(max_length=255)
    request = models.CharField(max_length=64)
    body = models.BinaryField()
    given = models.DateTimeField()

    class Meta:
        """What the database holds it to, and finds it by."""

        constraints = (models.UniqueConstraint(fields=("key", "token"), name="api_answer_once"),)
        indexes = (models.Index(fields=("given",), name="api_answer_given"),)

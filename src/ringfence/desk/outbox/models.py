"""Messages still to be carried out, and how far each feed has been read."""

from django.db import models


class Message(models.Model):
    """One thing to do after the commit that wrote it. It is deleted when done: the audit keeps what happened."""

    topic = models.CharField(max_length=48)
    payload = models.JSONField()
    created = models.DateTimeField()
    due = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    error = models.TextField(default="", blank=True)

    class Meta:
        """What the database holds it to, and finds it by."""

        indexes = (models.Index(fields=("due", "id"), name="outbox_message_due"),)


class FeedPosition(models.Model):
    """The number of the last record of `feed` that is in the database, with everything it led to."""

    feed = models.CharField(max_length=32, primary_key=True)
    number = models.BigIntegerField()

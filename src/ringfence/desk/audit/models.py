"""Entries and their seals. The database refuses to change or delete either (migration 0002)."""

from typing import Any

import msgspec
from django.db import models


class Entry(models.Model):
    """One act. `body` is what is sealed, canonical JSON; the columns repeat parts of it for questions."""

    time = models.DateTimeField()
    actor_kind = models.CharField(max_length=16)
    actor_id = models.CharField(max_length=64)
    verb = models.CharField(max_length=48)
    noun = models.CharField(max_length=32)
    noun_id = models.CharField(max_length=64)
    case = models.BigIntegerField(null=True)
    body = models.BinaryField()

    class Meta:
        """What the database holds it to, and finds it by."""

        indexes = (
            models.Index(fields=("case", "id"), name="audit_entry_case", condition=models.Q(case__isnull=False)),
            models.Index(fields=("noun", "noun_id", "id"), name="audit_entry_noun"),
            models.Index(fields=("verb", "time"), name="audit_entry_verb"),
        )

    @property
    def details(self) -> dict[str, Any]:
        """What the entry says beside its columns; tokens stand for numbers and addresses."""
        return dict(msgspec.json.decode(bytes(self.body))["details"])


class Seal(models.Model):
    """The link that chains one entry to all before it: `hash` is BLAKE2b-256 over the previous hash and the entry's body."""

    sequence = models.BigIntegerField(primary_key=True)
    entry = models.OneToOneField(Entry, on_delete=models.DO_NOTHING)
    hash = models.BinaryField(max_length=32)


class Checkpoint(models.Model):
    """A signed statement of where the chain stood after `sequence` entries.

    Who keeps one elsewhere can tell whether the chain was cut or made anew since.
    """

    sequence = models.BigIntegerField(primary_key=True)
    statement = models.BinaryField()
    signature = models.BinaryField(max_length=64)
    made = models.DateTimeField()

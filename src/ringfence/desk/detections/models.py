"""Findings and observations, as they came over the feeds from watch."""

from functools import cached_property

import msgspec
from django.db import models

from ringfence.vocabulary import contracts


class Finding(models.Model):
    """One finding. `record` is the feed's JSON to the byte; the columns repeat parts of it for questions.

    `time` is when the threshold was crossed, `found` when the desk read it. `party` answers, empty: nobody.
    """

    id = models.CharField(max_length=32, primary_key=True)
    rule = models.CharField(max_length=64)
    clause = models.CharField(max_length=64)
    mode = models.CharField(max_length=8)
    severity = models.CharField(max_length=8)
    subject_kind = models.CharField(max_length=16)
    subject_id = models.CharField(max_length=256)
    party = models.CharField(max_length=128, blank=True)
    policy = models.CharField(max_length=64)
    time = models.DateTimeField()
    found = models.DateTimeField()
    record = models.BinaryField()

    class Meta:
        """What the database holds it to, and finds it by."""

        indexes = (
            models.Index(fields=("-time", "-id"), name="detections_finding_time"),
            models.Index(fields=("subject_kind", "subject_id"), name="detections_finding_subject"),
        )

    @cached_property
    def contract(self) -> contracts.Finding:
        """The finding as watch wrote it."""
        return msgspec.json.decode(bytes(self.record), type=contracts.Finding)


class Observation(models.Model):
    """Sightings of one kind about one subject, order and edge, added up: a flood of refusals is one row."""

    kind = models.CharField(max_length=16)
    subject = models.CharField(max_length=256)
    order = models.CharField(max_length=32, blank=True)
    edge = models.CharField(max_length=64, blank=True)
    first = models.DateTimeField()
    last = models.DateTimeField()
    sightings = models.PositiveBigIntegerField(default=0)
    call_id = models.CharField(max_length=256, blank=True)
    text = models.TextField(blank=True)

    class Meta:
        """What the database holds it to, and finds it by."""

        constraints = (models.UniqueConstraint(fields=("kind", "subject", "order", "edge"), name="detections_observation_once"),)

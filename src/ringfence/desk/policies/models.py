"""Posted versions of the policy. The files lie in DIR/policies/<hash>/ and never change."""

from django.db import models


class PolicyVersion(models.Model):
    """One posting. `number` counts from 1; `hash` is that of the bundle's canonical content."""

    number = models.PositiveIntegerField(unique=True)
    hash = models.CharField(max_length=64, unique=True)
    posted = models.DateTimeField()
    posted_by = models.CharField(max_length=64)

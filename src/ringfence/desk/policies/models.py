"""Posted versions of the policy. The files lie in DIR/policies/<hash>/ and never change."""

from django.db import models


class PolicyVersion(models.Model):
    """One posting. `number` counts from 1; `hash` is that of the bundle's canonical content."""

    number = models.PositiveIntegerField(unique=True)
    hash = models.CharField(max_length=64, unique=True)
    posted = models.DateTimeField()
    posted_by = models.CharField(max_length=64)


class How(models.TextChoices):
    """By what a party accepted a version. All but the last are its own act, or its reseller's."""

    SIGNATURE = "signature"
    CLICK = "click"
    API = "api"
    ATTESTATION = "attestation"
    """A reseller's word that its users are aware of the version and bound by it. They are deemed to accept."""
    USE = "use"


class Acceptance(models.Model):
    """One piece of evidence that a party accepted a version: how, when, by whom, and what proves it.

    `proof` is a call's id, a program's own reference, or a file's name; `document` a signed file, `sha256` its hash.
    """

    party = models.ForeignKey("parties.Party", on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="acceptances")
    how = models.CharField(max_length=16, choices=How.choices)
    account = models.CharField(max_length=128, blank=True)
    """The account that used the service; empty where it was not by use."""
    at = models.DateTimeField()
    recorded = models.DateTimeField()
    by = models.CharField(max_length=128)
    proof = models.CharField(max_length=256, blank=True)
    document = models.BinaryField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        """What the database holds it to, and finds it by."""

        constraints = (models.UniqueConstraint(fields=("version", "party", "how", "account"), name="policies_acceptance_once"),)
        indexes = (models.Index(fields=("party", "version"), name="policies_acceptance_party"),)

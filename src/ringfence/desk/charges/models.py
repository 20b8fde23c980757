"""Charges and what became of them."""

from django.db import models
from django.db.models import Q


class ChargeState(models.TextChoices):
    """Where it stands. Frozen is none of these: it is charged, and the measure that it rests on is contested."""

    CHARGED = "charged", "Charged"
    WAIVED = "waived", "Not charged, with a reason"
    CREDITED = "credited", "Charged, and given back"


class Charge(models.Model):
    """One fee for one decision: `units` of what the fee is per, and what they come to under the version's cap.

    `evidence` names what each unit is: minutes that somebody noted, numbers that were withdrawn. `invoice` is the provider's own.
    """

    decision = models.ForeignKey("decisions.Decision", on_delete=models.PROTECT, related_name="charges")
    case = models.ForeignKey("cases.Case", on_delete=models.PROTECT, related_name="+")
    policy = models.ForeignKey("policies.PolicyVersion", on_delete=models.PROTECT, related_name="+")
    clause = models.CharField(max_length=64)
    party = models.CharField(max_length=128)
    fee = models.CharField(max_length=64)
    per = models.CharField(max_length=16)
    units = models.PositiveIntegerField()
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3)
    evidence = models.TextField()
    state = models.CharField(max_length=8, choices=ChargeState.choices, default=ChargeState.CHARGED)
    made = models.DateTimeField()
    made_by = models.CharField(max_length=64)
    settled = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=64, blank=True)
    because = models.TextField(blank=True)
    invoice = models.CharField(max_length=64, blank=True)

    class Meta:
        """What the database holds it to, and finds it by."""

        constraints = (
            models.UniqueConstraint(fields=("decision", "fee"), name="charges_fee_once"),
            models.CheckConstraint(condition=~Q(party="") & Q(units__gt=0), name="charges_somebody_for_something"),
        )
        indexes = (
            models.Index(fields=("state", "made"), name="charges_state"),
            models.Index(fields=("party", "-made"), name="charges_party"),
        )

"""Orders, and what each edge says of them."""

from django.db import models

from ringfence.desk.decisions.measures import deed
from ringfence.desk.decisions.models import action_of
from ringfence.vocabulary.contracts import Scope
from ringfence.vocabulary.subjects import SubjectKind


class OrderState(models.TextChoices):
    """Where an order stands: each state but the first and fourth rests on what an edge or the mirror said."""

    WANTED = "wanted"  # decided; no edge has it yet
    PLACED = "placed"  # read back from an edge
    OBSERVED = "observed"  # a refusal was seen
    REMOVING = "removing"  # lifted or ended; an edge may still have it
    REMOVED = "removed"  # read back as gone


class Order(models.Model):
    """What every edge must do, until when. One decision, one order.

    `generation` numbers the orders feed's record that carried it first, or anew; `None` until one has. The times from `crossing` to
    `refused` are those of the way from the crossing request to the first refused one; `None` where it has not happened.
    """

    id = models.CharField(max_length=32, primary_key=True)
    decision = models.OneToOneField("decisions.Decision", on_delete=models.PROTECT)
    case = models.ForeignKey("cases.Case", on_delete=models.PROTECT)
    state = models.CharField(max_length=8, choices=OrderState.choices, default=OrderState.WANTED)
    policy = models.CharField(max_length=64)
    clause = models.CharField(max_length=64)
    rule = models.CharField(max_length=64, blank=True)
    scope_kind = models.CharField(max_length=16)
    scope_value = models.CharField(max_length=256)
    action = models.CharField(max_length=16)
    silent = models.BooleanField(default=False)
    parameters = models.JSONField(default=dict)
    start = models.DateTimeField()
    until = models.DateTimeField(null=True)
    review = models.DateTimeField(null=True)
    generation = models.PositiveBigIntegerField(null=True)
    crossing = models.DateTimeField(null=True)
    found = models.DateTimeField(null=True)
    decided = models.DateTimeField()
    written = models.DateTimeField(null=True)
    placed = models.DateTimeField(null=True)
    refused = models.DateTimeField(null=True)
    removing = models.DateTimeField(null=True)
    removed = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=64, blank=True)
    end_reason = models.TextField(blank=True)
    rejection = models.TextField(blank=True)

    class Meta:
        """What the database holds it to, and finds it by."""

        indexes = (
            models.Index(fields=("state", "until"), name="enforcement_order_state"),
            models.Index(fields=("-start", "-id"), name="enforcement_order_start"),
        )
        constraints = (
            models.CheckConstraint(
                condition=models.Q(until__isnull=False, review__isnull=True) | models.Q(until__isnull=True, review__isnull=False),
                name="enforcement_end_or_review",
            ),
        )

    @property
    def deed(self) -> str:
        """What it does, for people to read."""
        return deed(Scope(kind=SubjectKind(self.scope_kind), value=self.scope_value), action_of(self))

    @property
    def in_force(self) -> bool:
        """Edges must have it."""
        return self.state in (OrderState.WANTED, OrderState.PLACED, OrderState.OBSERVED)


class Placement(models.Model):
    """How one order stands at one edge. `refusals` counts what the gate itself refused, `mirrored` what watch saw refused there.

    `carried` counts what watch saw pass there though the order refuses it, at most one a second; `last_carried` when that began.
    `says` is what the edge's driver said when it was placed: of what is done once, what was done.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT)
    edge = models.CharField(max_length=64)
    held = models.BooleanField(default=False)
    placed = models.DateTimeField(null=True)
    removed = models.DateTimeField(null=True)
    drifts = models.PositiveIntegerField(default=0)
    refusals = models.PositiveBigIntegerField(default=0)
    mirrored = models.PositiveBigIntegerField(default=0)
    carried = models.PositiveBigIntegerField(default=0, db_default=0)
    last_carried = models.DateTimeField(null=True)
    says = models.CharField(max_length=200, blank=True, default="", db_default="")
    last_refusal = models.DateTimeField(null=True)

    class Meta:
        """What the database holds it to, and finds it by."""

        constraints = (models.UniqueConstraint(fields=("order", "edge"), name="enforcement_placement_once"),)

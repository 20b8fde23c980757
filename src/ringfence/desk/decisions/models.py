"""Decisions, whether automation may decide, and alarms that a person must see."""

from django.db import models


class DecisionKind(models.TextChoices):
    """What was decided."""

    MEASURE = "measure"  # do something to somebody, until an end or a review date
    LIFT = "lift"  # end a measure before its time


class Decision(models.Model):
    """Who decided what about whom, under which clause of which version. Never changed; a later decision may lift it.

    `clause` carries the measure; `rule_clause` is the one that the finding's rule cites, kept as the reason. A standing order's
    actor is the policy version. `reasons` may be told to the party, `notes` never leave the desk.
    A measure has an end or a review date.
    """

    id = models.CharField(max_length=32, primary_key=True)
    kind = models.CharField(max_length=8, choices=DecisionKind.choices)
    case = models.ForeignKey("cases.Case", on_delete=models.PROTECT)
    policy = models.ForeignKey("policies.PolicyVersion", on_delete=models.PROTECT)
    clause = models.CharField(max_length=64)
    rule_clause = models.CharField(max_length=64, blank=True)
    rule = models.CharField(max_length=64, blank=True)
    finding = models.ForeignKey("detections.Finding", null=True, on_delete=models.PROTECT)
    actor_kind = models.CharField(max_length=16)
    actor_id = models.CharField(max_length=64)
    decided = models.DateTimeField()
    scope_kind = models.CharField(max_length=16)
    scope_value = models.CharField(max_length=256)
    action = models.CharField(max_length=16, blank=True)
    silent = models.BooleanField(default=False)
    until = models.DateTimeField(null=True)
    review = models.DateTimeField(null=True)
    lifts = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="lifted_by")
    reasons = models.TextField()
    notes = models.TextField(blank=True)

    class Meta:
        """What the database holds it to, and finds it by."""

        indexes = (
            models.Index(fields=("scope_kind", "scope_value", "-decided"), name="decisions_scope"),
            models.Index(fields=("actor_kind", "-decided"), name="decisions_actor"),
        )
        constraints = (
            models.CheckConstraint(condition=~models.Q(clause=""), name="decisions_clause_named"),
            models.CheckConstraint(
                condition=models.Q(kind="lift", lifts__isnull=False)
                | models.Q(kind="measure", until__isnull=False, review__isnull=True)
                | models.Q(kind="measure", until__isnull=True, review__isnull=False),
                name="decisions_end_or_review",
            ),
        )


class Automation(models.Model):
    """Whether standing orders may decide. There is one row, number 1; no row means that they may."""

    held = models.BooleanField(default=False)
    since = models.DateTimeField()
    by = models.CharField(max_length=64)
    reason = models.TextField(blank=True)


class Alarm(models.Model):
    """Something that a person must see now. It stands on every page until somebody acknowledges it."""

    kind = models.CharField(max_length=32)
    text = models.TextField()
    raised = models.DateTimeField()
    acknowledged = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(max_length=64, blank=True)

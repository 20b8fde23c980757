"""Decisions, whether automation may decide, and alarms that a person must see."""

from datetime import datetime
from typing import Protocol

import msgspec
from django.db import models

from ringfence.desk.decisions.measures import deed, warning
from ringfence.vocabulary.contracts import Action, Scope
from ringfence.vocabulary.subjects import SubjectKind


class Acting(Protocol):
    """What keeps an action in three columns: decisions and orders."""

    action: str
    silent: bool
    parameters: dict[str, object]


def action_of(row: Acting) -> Action:
    """Return the action that a decision or an order has."""
    return msgspec.convert({**row.parameters, "kind": row.action, "silent": row.silent}, Action)


def parameters_of(action: Action) -> dict[str, object]:
    """Return what an action says beyond its kind and whether it is silent, as a column keeps it."""
    told: dict[str, object] = msgspec.to_builtins(action)
    return {name: value for name, value in told.items() if name not in ("kind", "silent")}


class DecisionKind(models.TextChoices):
    """What was decided."""

    MEASURE = "measure"  # do something to somebody, until an end or a review date
    LIFT = "lift"  # end a measure before its time, or take a warning back
    WARNING = "warning"  # tell a party that it violated a clause; nothing is ordered


class Decision(models.Model):
    """Who decided what about whom, under which clause of which version. Never changed; a later decision may lift it.

    `clause` carries the measure; `rule_clause` is the one that the finding's rule cites, kept as the reason. A standing order's
    actor is the policy version. `reasons` may be told to the party, `notes` never leave the desk.
    A measure has an end or a review date. `action` and `parameters` are the order's action. `off_ladder` says why a person took
    another measure than the ladder's, empty where it is the ladder's. `potential`: a violation that may come, not one that was; it
    gives no strike. A `grave` measure is interim until a second person confirms it by `confirm_by`; one that `waits` is not ordered
    before that. `wrong`, of a lift: the measure should not have been taken. `replaces` is the earlier decision of its case that it
    overrides, which was lifted with it.
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
    parameters = models.JSONField(default=dict)
    off_ladder = models.TextField(blank=True)
    potential = models.BooleanField(default=False)
    grave = models.BooleanField(default=False)
    waits = models.BooleanField(default=False)
    confirm_by = models.DateTimeField(null=True)
    wrong = models.BooleanField(default=False)
    until = models.DateTimeField(null=True)
    review = models.DateTimeField(null=True)
    lifts = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="lifted_by")
    replaces = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="replaced_by")
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
                | models.Q(kind="warning", until__isnull=True, review__isnull=True, action="", grave=False)
                | models.Q(kind="measure", until__isnull=False, review__isnull=True)
                | models.Q(kind="measure", until__isnull=True, review__isnull=False),
                name="decisions_end_or_review",
            ),
        )

    @property
    def deed(self) -> str:
        """What it does, for people to read."""
        if self.kind == DecisionKind.WARNING:
            return warning(Scope(kind=SubjectKind(self.scope_kind), value=self.scope_value))
        return deed(Scope(kind=SubjectKind(self.scope_kind), value=self.scope_value), action_of(self))

    def is_standing(self, now: datetime) -> bool:
        """Tell whether its time is not over; one that was lifted is another matter."""
        return self.until is None or self.until > now

    @property
    def is_interim(self) -> bool:
        """A second person has yet to confirm it."""
        return self.grave and not hasattr(self, "confirmation") and not hasattr(self, "lifted_by")


class Confirmation(models.Model):
    """A second person stands behind a grave decision."""

    decision = models.OneToOneField(Decision, on_delete=models.PROTECT)
    by = models.CharField(max_length=64)
    confirmed = models.DateTimeField()
    notes = models.TextField(blank=True)


class Strike(models.Model):
    """A decided violation counts against its party until it expires, or was withdrawn because the decision was wrong."""

    decision = models.OneToOneField(Decision, on_delete=models.PROTECT)
    party = models.CharField(max_length=128)
    clause = models.CharField(max_length=64)
    weight = models.PositiveSmallIntegerField()
    given = models.DateTimeField()
    expires = models.DateTimeField()
    withdrawn = models.DateTimeField(null=True)

    class Meta:
        """What it is found by."""

        indexes = (models.Index(fields=("party", "clause", "expires"), name="decisions_strike_party"),)


class Citation(models.Model):
    """A decision rests on how the provider reads a clause."""

    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="citations")
    interpretation = models.ForeignKey("policies.Interpretation", on_delete=models.PROTECT, related_name="+")

    class Meta:
        """What the database holds it to."""

        constraints = (models.UniqueConstraint(fields=("decision", "interpretation"), name="decisions_cited_once"),)


class Reconsidered(models.TextChoices):
    """What came of looking at a measure again."""

    OPEN = "open"
    KEPT = "kept"
    LIFTED = "lifted"


class Reconsideration(models.Model):
    """A measure that a person decided rests on a clause that a court struck: a person must say whether it stays.

    Where it is kept, `clause` is what it rests on instead, and `reasons` may be told to the party.
    """

    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="reconsiderations")
    ruling = models.ForeignKey("policies.Ruling", on_delete=models.PROTECT, related_name="+")
    raised = models.DateTimeField()
    state = models.CharField(max_length=8, choices=Reconsidered.choices, default=Reconsidered.OPEN)
    clause = models.CharField(max_length=64, blank=True)
    reasons = models.TextField(blank=True)
    by = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField(null=True)

    class Meta:
        """What the database holds it to, and finds it by."""

        constraints = (models.UniqueConstraint(fields=("decision", "ruling"), name="decisions_reconsidered_once"),)
        indexes = (models.Index(fields=("state", "raised"), name="decisions_reconsidered"),)


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
    case = models.BigIntegerField(null=True)
    raised = models.DateTimeField()
    acknowledged = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(max_length=64, blank=True)


class Spent(models.Model):
    """What a standing order's decision takes from the hourly budget: its party (empty: nobody's), its numbers, its traffic.

    `events` are those of the finding's window where a party answers for them; an outsider's traffic costs nobody service.
    """

    decision = models.OneToOneField(Decision, on_delete=models.PROTECT, related_name="spent")
    party = models.CharField(max_length=128, blank=True)
    numbers = models.PositiveBigIntegerField(default=0)
    events = models.PositiveBigIntegerField(default=0)
    at = models.DateTimeField()

    class Meta:
        """What it is found by."""

        indexes = (models.Index(fields=("-at",), name="decisions_spent_at"),)


class TrafficMark(models.Model):
    """How many events a watch process saw since it was asked last. `total` is its own count since its start."""

    watch = models.CharField(max_length=256)
    at = models.DateTimeField()
    total = models.PositiveBigIntegerField()
    seen = models.PositiveBigIntegerField()

    class Meta:
        """What it is found by."""

        indexes = (models.Index(fields=("watch", "-at"), name="decisions_traffic_at"),)

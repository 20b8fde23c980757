"""Obligations and their pauses."""

from django.db import models


class ObligationState(models.TextChoices):
    """Where it stands. One that runs is overdue once its time is over; it runs on until it is met."""

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    DROPPED = "dropped", "no longer owed"


class Obligation(models.Model):
    """Something that must be done by `due`, because `rule` says so.

    `clock` names it in `policy`'s clocks.yaml; without a version it is one of ours. `noun` and `noun_id` say what it belongs to,
    `what` what must be done. `event` set it running, `begins` is when it began to count. A paused one has no `due`.
    `grounds` are the only ones on which it may pause. `warn_at` is when the next warning is given; `missed` when its miss was
    dealt with, once. `on_miss` is what follows, `role` whom it concerns.
    """

    clock = models.CharField(max_length=64)
    policy = models.ForeignKey("policies.PolicyVersion", null=True, on_delete=models.PROTECT)
    rule = models.CharField(max_length=300)
    noun = models.CharField(max_length=32)
    noun_id = models.CharField(max_length=64)
    case = models.BigIntegerField(null=True)
    party = models.CharField(max_length=128, blank=True)
    what = models.CharField(max_length=200)
    event = models.DateTimeField()
    begins = models.DateTimeField()
    due = models.DateTimeField(null=True)
    typical = models.DateTimeField(null=True)
    role = models.CharField(max_length=32)
    on_miss = models.CharField(max_length=10)
    grounds = models.JSONField(default=list)
    warnings = models.JSONField(default=list)
    warn_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=8, choices=ObligationState.choices, default=ObligationState.RUNNING)
    settled = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=64, blank=True)
    missed = models.DateTimeField(null=True)

    class Meta:
        """What the database holds it to, and finds it by."""

        constraints = (
            models.UniqueConstraint(fields=("clock", "noun", "noun_id"), name="clocks_one_of_a_thing"),
            models.CheckConstraint(
                condition=~models.Q(state="running") | models.Q(due__isnull=False), name="clocks_running_has_an_end"
            ),
        )
        indexes = (
            models.Index(fields=("state", "due"), name="clocks_due"),
            models.Index(fields=("warn_at",), name="clocks_warn", condition=models.Q(warn_at__isnull=False)),
            models.Index(fields=("noun", "noun_id"), name="clocks_thing"),
            models.Index(fields=("case",), name="clocks_case", condition=models.Q(case__isnull=False)),
        )


class Pause(models.Model):
    """A span in which an obligation stood still, and on which ground. At most one of an obligation is open."""

    obligation = models.ForeignKey(Obligation, on_delete=models.PROTECT, related_name="pauses")
    ground = models.CharField(max_length=64)
    note = models.CharField(max_length=500)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    by = models.CharField(max_length=64)

    class Meta:
        """What the database holds it to."""

        constraints = (
            models.UniqueConstraint(fields=("obligation",), condition=models.Q(until__isnull=True), name="clocks_one_open_pause"),
        )

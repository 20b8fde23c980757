"""Appeals, and what was said about them since."""

from django.db import models

from ringfence.desk.complaints.models import Outcome
from ringfence.policy.due_process import Standing


class AppealState(models.TextChoices):
    """Where it stands."""

    OPEN = "open"
    UPHELD = "upheld", "What was decided stays"
    OVERTURNED = "overturned", "What was decided was wrong"


class Appeal(models.Model):
    """One appeal: of a party against one measure, or of who complained against what came of the complaint.

    The party's names the `decision` and its `notice`, at most one of a measure open; the complainant's the `complaint`, once, and
    as `contested` the outcome that it is against. `told_party` is what the one complained about is told of that one.
    """

    by = models.CharField(max_length=11, choices=[(one.value, one.value) for one in Standing], default="party", db_default="party")
    decision = models.ForeignKey("decisions.Decision", null=True, on_delete=models.PROTECT, related_name="appeals")
    case = models.ForeignKey("cases.Case", null=True, on_delete=models.PROTECT)
    notice = models.ForeignKey("notices.Notice", null=True, on_delete=models.PROTECT)
    complaint = models.OneToOneField("complaints.Complaint", null=True, on_delete=models.PROTECT, related_name="appeal")
    contested = models.CharField(max_length=24, blank=True, default="", db_default="")
    rule = models.CharField(max_length=64, blank=True)
    text = models.TextField()
    filed = models.DateTimeField()
    state = models.CharField(max_length=10, choices=AppealState.choices, default=AppealState.OPEN)
    reviewer = models.CharField(max_length=64, blank=True)
    reviewed = models.DateTimeField(null=True)
    reasons = models.TextField(blank=True)
    told_party = models.TextField(blank=True, default="", db_default="")
    notes = models.TextField(blank=True)

    class Meta:
        """What the database holds it to, and finds it by."""

        constraints = (
            models.UniqueConstraint(fields=("decision",), condition=models.Q(state="open"), name="appeals_one_open"),
            models.CheckConstraint(
                condition=models.Q(by="party", decision__isnull=False, notice__isnull=False, complaint__isnull=True)
                | models.Q(by="complainant", decision__isnull=True, notice__isnull=True, complaint__isnull=False),
                name="appeals_against_one_thing",
            ),
        )
        indexes = (models.Index(fields=("state", "filed"), name="appeals_state"),)

    @property
    def contested_outcome(self) -> str:
        """The outcome that a complainant contested, in the words of the closed list."""
        return Outcome(self.contested).label if self.contested else ""

    @property
    def against(self) -> str:
        """What it is against, for people to read."""
        if self.decision is not None:
            return self.decision.deed
        return f"what came of complaint {self.complaint_id}: {self.contested_outcome}"


class Reply(models.Model):
    """What who appealed added, or what the desk answered: then `author` is who at the desk."""

    appeal = models.ForeignKey(Appeal, on_delete=models.PROTECT, related_name="replies")
    author = models.CharField(max_length=64, blank=True, default="", db_default="")
    text = models.TextField()
    written = models.DateTimeField()

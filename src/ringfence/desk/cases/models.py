"""Cases, and what belongs to each."""

from django.db import models

from ringfence.vocabulary.subjects import Role


class CaseState(models.TextChoices):
    """Where a case stands. `claimed` is open with somebody working on it."""

    OPEN = "open"
    CLAIMED = "claimed"
    CLOSED = "closed"


class CaseOutcome(models.TextChoices):
    """What came out of it; set when it is closed."""

    ACTED = "acted", "Acted on"
    NO_VIOLATION = "no-violation", "No violation"
    HARMLESS = "harmless", "A violation without harm"
    DUPLICATE = "duplicate", "Belongs to another case"


class Case(models.Model):
    """One subject, one matter. At most one case of a subject is not closed."""

    subject_kind = models.CharField(max_length=16)
    subject_id = models.CharField(max_length=256)
    role = models.CharField(max_length=16, choices=[(role.value, role.value) for role in Role])
    state = models.CharField(max_length=8, choices=CaseState.choices, default=CaseState.OPEN)
    outcome = models.CharField(max_length=16, choices=CaseOutcome.choices, blank=True)
    assignee = models.CharField(max_length=64, blank=True)
    opened = models.DateTimeField()
    latest = models.DateTimeField()
    closed = models.DateTimeField(null=True)
    findings = models.PositiveIntegerField(default=0)
    complaints = models.PositiveIntegerField(default=0)

    class Meta:
        """What the database holds it to, and finds it by."""

        constraints = (
            models.UniqueConstraint(
                fields=("subject_kind", "subject_id"), condition=~models.Q(state="closed"), name="cases_case_one_open"
            ),
        )
        indexes = (models.Index(fields=("-latest", "-id"), name="cases_case_latest"),)

    @property
    def subject(self) -> str:
        """The subject for people to read."""
        return f"{self.subject_kind} {self.subject_id}"


class JoinedFinding(models.Model):
    """A finding belongs to one case."""

    finding = models.OneToOneField("detections.Finding", on_delete=models.PROTECT)
    case = models.ForeignKey(Case, on_delete=models.PROTECT)
    joined = models.DateTimeField()


class JoinedComplaint(models.Model):
    """A complaint belongs to one case."""

    complaint = models.OneToOneField("complaints.Complaint", on_delete=models.PROTECT)
    case = models.ForeignKey(Case, on_delete=models.PROTECT)
    joined = models.DateTimeField()


class Note(models.Model):
    """What somebody at the desk wrote down. It never leaves it, unless it is `public`: who is asked in the case reads it."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT)
    author = models.CharField(max_length=64)
    written = models.DateTimeField()
    text = models.TextField()
    public = models.BooleanField(default=False, db_default=False)

"""Cases, and what belongs to each."""

from datetime import UTC

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
    """One subject, one matter. At most one case of a subject and matter is not closed.

    `matter` is empty for the one that findings and complaints join by themselves; a case that was split off says what it is about.
    `graded` is how grave a person says that it is, empty where findings and complaints tell. `snoozed_until`: it stands in no queue
    until then, or until something new joins it. One that was merged says into which.
    """

    subject_kind = models.CharField(max_length=16)
    subject_id = models.CharField(max_length=256)
    matter = models.CharField(max_length=200, blank=True, default="", db_default="")
    role = models.CharField(max_length=16, choices=[(role.value, role.value) for role in Role])
    state = models.CharField(max_length=8, choices=CaseState.choices, default=CaseState.OPEN)
    outcome = models.CharField(max_length=16, choices=CaseOutcome.choices, blank=True)
    assignee = models.CharField(max_length=64, blank=True)
    opened = models.DateTimeField()
    latest = models.DateTimeField()
    closed = models.DateTimeField(null=True)
    findings = models.PositiveIntegerField(default=0)
    complaints = models.PositiveIntegerField(default=0)
    graded = models.CharField(max_length=8, blank=True, default="", db_default="")
    snoozed_until = models.DateTimeField(null=True)
    snoozed_by = models.CharField(max_length=64, blank=True, default="", db_default="")
    merged_into = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="taken_in")

    class Meta:
        """What the database holds it to, and finds it by."""

        constraints = (
            models.UniqueConstraint(
                fields=("subject_kind", "subject_id", "matter"), condition=~models.Q(state="closed"), name="cases_one_open_matter"
            ),
        )
        indexes = (models.Index(fields=("-latest", "-id"), name="cases_case_latest"),)

    @property
    def version(self) -> str:
        """What a form says of the case that it was shown with: when something last happened in it, in UTC."""
        return self.latest.astimezone(UTC).isoformat()

    @property
    def subject(self) -> str:
        """The subject for people to read."""
        return f"{self.subject_kind} {self.subject_id}{f': {self.matter}' if self.matter else ''}"


class Claim(models.Model):
    """Since when a claimed case is held, and when its holder last did something in it. Who that is stands in the case.

    Apart from the case, whose row the worker holds while it joins findings.
    """

    case = models.OneToOneField(Case, on_delete=models.PROTECT, primary_key=True)
    since = models.DateTimeField()
    touched = models.DateTimeField()


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


class LinkKind(models.TextChoices):
    """What two cases have to do with each other."""

    RELATED = "related", "They have to do with each other"
    CAMPAIGN = "campaign", "One campaign over several parties"
    SPLIT = "split", "One was split off the other"
    MERGED = "merged", "One was merged into the other"


class CaseLink(models.Model):
    """Two cases belong together, though neither is part of the other. `case` is the one with the smaller number."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="links_up")
    other = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="links_down")
    kind = models.CharField(max_length=10, choices=LinkKind.choices)
    reason = models.CharField(max_length=500)
    by = models.CharField(max_length=64)
    made = models.DateTimeField()

    class Meta:
        """What the database holds it to."""

        constraints = (models.UniqueConstraint(fields=("case", "other"), name="cases_linked_once"),)


class Watcher(models.Model):
    """Somebody who wants to know what happens in a case. `looked` is when that one last opened it."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="watchers")
    person = models.CharField(max_length=64)
    since = models.DateTimeField()
    looked = models.DateTimeField()

    class Meta:
        """What the database holds it to, and finds it by."""

        constraints = (models.UniqueConstraint(fields=("case", "person"), name="cases_watched_once"),)
        indexes = (models.Index(fields=("person",), name="cases_watcher_person"),)


class Sighting(models.Model):
    """An identifier was seen in a finding or a complaint: `value` as the finding has it, or a token where people named a number."""

    kind = models.CharField(max_length=16)
    value = models.CharField(max_length=256)
    noun = models.CharField(max_length=16)
    noun_id = models.CharField(max_length=64)
    case = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="sightings")
    seen = models.DateTimeField()

    class Meta:
        """What the database holds it to, and finds it by."""

        constraints = (models.UniqueConstraint(fields=("kind", "value", "noun", "noun_id"), name="cases_sighted_once"),)
        indexes = (models.Index(fields=("noun", "noun_id"), name="cases_sighting_of"),)

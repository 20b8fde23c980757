"""Posted versions of the policy, whose files lie in DIR/policies/<hash>/ and never change; acceptance; courts' rulings."""

from datetime import datetime

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


class RulingKind(models.TextChoices):
    """What a court said of a clause."""

    STRIKE = "strike", "The clause is struck"
    REINSTATE = "reinstate", "The clause is reinstated"


class Ruling(models.Model):
    """A court's word on a clause, laid over every version that has it; the versions stay as they are. Never changed.

    `jurisdictions` (ISO 3166 alpha-2) and `parties` (their names) narrow where and for whom a strike holds; empty: everywhere,
    everybody. It holds from `valid_from` to `valid_to`, or to where the ruling that reinstates the clause begins if that is
    earlier.
    `extent` says in words what was struck. `lifts`, of a reinstatement: the strike that ends.
    """

    kind = models.CharField(max_length=16, choices=RulingKind.choices)
    clause = models.CharField(max_length=64)
    court = models.CharField(max_length=200)
    reference = models.CharField(max_length=128)
    decided = models.DateField()
    extent = models.TextField(blank=True)
    jurisdictions = models.JSONField(default=list)
    parties = models.JSONField(default=list)
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)
    lifts = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="reinstated_by")
    recorded = models.DateTimeField()
    recorded_by = models.CharField(max_length=64)

    class Meta:
        """What the database holds it to, and finds it by."""

        constraints = (
            models.UniqueConstraint(fields=("kind", "clause", "court", "reference"), name="policies_ruling_once"),
            models.CheckConstraint(
                condition=models.Q(kind="strike", lifts__isnull=True) | models.Q(kind="reinstate", lifts__isnull=False),
                name="policies_ruling_lifts",
            ),
        )
        indexes = (models.Index(fields=("clause", "valid_from"), name="policies_ruling_clause"),)

    @property
    def ends(self) -> datetime | None:
        """The moment from which a strike holds no more; `None` where none is known."""
        reinstated = self.reinstated_by.valid_from if hasattr(self, "reinstated_by") else None
        return min((moment for moment in (self.valid_to, reinstated) if moment is not None), default=None)

    def holds(self, moment: datetime) -> bool:
        """Tell whether it is a strike that holds somewhere for somebody at `moment`."""
        return self.kind == RulingKind.STRIKE and self.valid_from <= moment and (self.ends is None or moment < self.ends)


class DraftState(models.TextChoices):
    """Where a draft stands."""

    OPEN = "open"
    POSTED = "posted"
    DISCARDED = "discarded"


class Draft(models.Model):
    """A bundle that somebody means to post: its files as they were handed in. `hash` is empty where it does not pass the checks.

    `files` maps paths to contents, as MessagePack, deflated. It is emptied when the draft is discarded.
    """

    name = models.CharField(max_length=128)
    made = models.DateTimeField()
    made_by = models.CharField(max_length=64)
    state = models.CharField(max_length=16, choices=DraftState.choices, default=DraftState.OPEN)
    hash = models.CharField(max_length=64, blank=True)
    problems = models.PositiveIntegerField(default=0)
    files = models.BinaryField()
    version = models.ForeignKey(PolicyVersion, null=True, on_delete=models.PROTECT, related_name="drafts")
    settled = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=64, blank=True)

    class Meta:
        """What the database finds it by."""

        indexes = (models.Index(fields=("state", "-made"), name="policies_draft_state"),)


class Interpretation(models.Model):
    """How the provider reads a clause where its text leaves something open. Never changed; a later one may take its place.

    `replaces` is the one that it takes the place of; `withdrawn`: it is applied no more.
    """

    clause = models.CharField(max_length=64)
    question = models.CharField(max_length=500)
    answer = models.TextField()
    made = models.DateTimeField()
    made_by = models.CharField(max_length=64)
    replaces = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="replaced_by")
    withdrawn = models.DateTimeField(null=True)
    withdrawn_by = models.CharField(max_length=64, blank=True)

    class Meta:
        """What the database finds it by."""

        indexes = (models.Index(fields=("clause", "-made"), name="policies_interpretation_of"),)

    @property
    def applies(self) -> bool:
        """It may be cited."""
        return self.withdrawn is None and not hasattr(self, "replaced_by")

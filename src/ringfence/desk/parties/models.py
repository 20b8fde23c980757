"""The tree of parties, and what each holds: every link with the span over which it holds."""

from datetime import datetime

from django.db import models
from django.db.models import Q

from ringfence.vocabulary.number_blocks import Block


class PartyKind(models.TextChoices):
    """What a party is to the one above it."""

    CUSTOMER = "customer"
    RESELLER = "reseller"
    END_USER = "end-user"


class NumberState(models.TextChoices):
    """What became of a number over a span."""

    HELD = "held"
    """An account uses it."""
    SUB_ALLOCATED = "sub-allocated"
    """A reseller's account has it for its own users."""
    QUARANTINED = "quarantined"
    """Nobody's: withdrawn, and not yet given to the next."""
    PORTED_OUT = "ported-out"
    """Another provider's."""


class Party(models.Model):
    """Somebody bound by the policy."""

    name = models.CharField(max_length=128, unique=True)
    kind = models.CharField(max_length=16, choices=PartyKind.choices, default=PartyKind.CUSTOMER)


class Account(models.Model):
    """What a party uses the service by."""

    name = models.CharField(max_length=128, unique=True)
    billing_day = models.PositiveSmallIntegerField(default=1, db_default=1)
    """The day of the month, 1 to 31, on which its billing cycle begins: in a shorter month the last."""
    country = models.CharField(max_length=2, blank=True, default="", db_default="")
    """ISO 3166 alpha-2: where its callers are. Empty: where the provider is."""


class Trunk(models.Model):
    """A way in."""

    name = models.CharField(max_length=128, unique=True)


class ContactRole(models.TextChoices):
    """What a contact is there for."""

    ABUSE = "abuse"
    EMERGENCY = "emergency"
    """Reached at any hour."""
    LEGAL = "legal"
    BILLING = "billing"
    TECHNICAL = "technical"


class ProofKind(models.TextChoices):
    """What a proof proves."""

    IDENTITY = "identity"
    ADDRESS = "address"


class ProofState(models.TextChoices):
    """What became of a proof. An accepted one that is past its end proves nothing any more."""

    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class Verification(models.TextChoices):
    """How somebody made sure that an account may show a number that it does not hold."""

    LETTER = "letter of the holder"
    CALL = "verification call"
    REGISTRY = "registry"


class TransferState(models.TextChoices):
    """Where a request to transfer an account stands. Only what was consented to can be done."""

    REQUESTED = "requested"
    CONSENTED = "consented"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    DONE = "done"


class Link(models.Model):
    """Something that holds over a span: from `valid_from` (included) to `valid_to` (excluded); `None` is without bound."""

    valid_from = models.DateTimeField(null=True)
    valid_to = models.DateTimeField(null=True)

    class Meta:
        """Only inherited."""

        abstract = True


class Membership(Link):
    """Which party brought another here, and when. A party without one stands for itself."""

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="memberships")
    parent = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="brought")


class AccountHolding(Link):
    """Which party held an account, on which plan, and when."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="holdings")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="holdings")
    plan = models.CharField(max_length=64, blank=True)


class TrunkUse(Link):
    """Which account used a trunk, and how its traffic was known: by address (or network, canonical), by user, or both."""

    trunk = models.ForeignKey(Trunk, on_delete=models.PROTECT, related_name="uses")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="trunk_uses")
    address = models.CharField(max_length=64, blank=True)
    user = models.CharField(max_length=128, blank=True)


class NumberHolding(Link):
    """Who held a number, or a block of numbers, over a span.

    `prefix` is the number itself (E.164), or what the numbers of a block share; `digits` how long each number is, its `+` included.
    So whoever holds a number is found among its prefixes, the longest first: a number within a block may be another account's.
    """

    prefix = models.CharField(max_length=16)
    digits = models.PositiveSmallIntegerField()
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="number_holdings")
    state = models.CharField(max_length=16, choices=NumberState.choices, default=NumberState.HELD)

    class Meta:
        """What the database holds it to (SQLite can't: the import looks), and finds it by."""

        indexes = (models.Index(fields=("prefix", "digits"), name="parties_numbers_prefix"),)
        constraints = (
            models.UniqueConstraint(fields=("prefix", "digits", "valid_from"), name="parties_numbers_once", nulls_distinct=False),
        )

    @property
    def block(self) -> Block:
        """The number or numbers."""
        return Block(self.prefix, self.digits)


class Contact(Link):
    """Whom to reach at a party, for what, in which language, and when. `name` is the provider's own id of it."""

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="contacts")
    name = models.CharField(max_length=128, unique=True)
    role = models.CharField(max_length=16, choices=ContactRole.choices, default=ContactRole.ABUSE)
    person = models.CharField(max_length=128, blank=True)
    mail = models.CharField(max_length=254, blank=True)
    telephone = models.CharField(max_length=16, blank=True)
    language = models.CharField(max_length=16, default="en")


class Contract(Link):
    """What was agreed with a customer: terms, how long a breach may take to be cured, how far we are liable, whose law governs."""

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="contracts")
    reference = models.CharField(max_length=128)
    terms = models.TextField()
    cure_hours = models.PositiveIntegerField(null=True)
    """Hours that a breach may take to be cured before the contract's remedies; `None`: it grants no such period."""
    liability_cap = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    currency = models.CharField(max_length=3, blank=True)
    governing_law = models.CharField(max_length=128)

    class Meta:
        """What the database holds it to."""

        constraints = (models.UniqueConstraint(fields=("party", "reference", "valid_from"), name="parties_contracts_once"),)


class Proof(models.Model):
    """A document by which a party proved who or where it is, for itself or for a block of numbers, until `expires`.

    The document stays with who keeps it: here stand its reference and the hash by which it is known again.
    """

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="proofs")
    kind = models.CharField(max_length=16, choices=ProofKind.choices)
    prefix = models.CharField(max_length=16, blank=True)
    digits = models.PositiveSmallIntegerField(default=0)
    document = models.CharField(max_length=256)
    sha256 = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=16, choices=ProofState.choices, default=ProofState.SUBMITTED)
    reason = models.TextField(blank=True)
    """Why it was rejected."""
    submitted = models.DateTimeField()
    judged = models.DateTimeField(null=True)
    judged_by = models.CharField(max_length=64, blank=True)
    expires = models.DateTimeField(null=True)

    @property
    def about(self) -> str:
        """The numbers that it is about; empty where about the party."""
        return Block(self.prefix, self.digits).written if self.prefix else ""


class RightToUse(Link):
    """That an account may show numbers which it does not hold, and how that was verified. `valid_to` is its expiry."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="rights")
    prefix = models.CharField(max_length=16)
    digits = models.PositiveSmallIntegerField()
    verified = models.CharField(max_length=24, choices=Verification.choices)
    evidence = models.CharField(max_length=256)
    """Which letter, or who was called where and when."""
    granted_by = models.CharField(max_length=64)

    class Meta:
        """What the database holds it to."""

        constraints = (models.UniqueConstraint(fields=("account", "prefix", "digits", "valid_from"), name="parties_rights_once"),)

    @property
    def block(self) -> Block:
        """The number or numbers."""
        return Block(self.prefix, self.digits)


class Exemption(Link):
    """A clause by which a party, and whoever stands below it, is not judged over a span: granted in writing, with the writing."""

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="exemptions")
    clause = models.CharField(max_length=64)
    text = models.TextField()
    granted = models.DateTimeField()
    granted_by = models.CharField(max_length=64)

    class Meta:
        """What the database holds it to."""

        constraints = (models.UniqueConstraint(fields=("party", "clause", "valid_from"), name="parties_exemptions_once"),)


class Transfer(models.Model):
    """A request that an account pass to another party. Without the provider's signed consent nothing passes.

    `consent` is the bytes that were signed (canonical JSON: who, what, whom, from when), `signature` Ed25519 over them by the
    installation's key.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="transfers")
    holder = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    taker = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=16, choices=TransferState.choices, default=TransferState.REQUESTED)
    reason = models.TextField()
    requested = models.DateTimeField()
    requested_by = models.CharField(max_length=64)
    answered = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=64, blank=True)
    answer = models.TextField(blank=True)
    effective = models.DateTimeField(null=True)
    consent = models.BinaryField(null=True)
    signature = models.BinaryField(null=True)

    class Meta:
        """What the database holds it to."""

        constraints = (
            models.UniqueConstraint(
                fields=("account",),
                condition=Q(state__in=(TransferState.REQUESTED, TransferState.CONSENTED)),
                name="parties_transfer_open",
            ),
        )


def in_force(moment: datetime, through: str = "") -> Q:
    """Return the condition that a link, reached `through` a lookup such as `"memberships__"`, holds at `moment`."""
    begun = Q(**{f"{through}valid_from__isnull": True}) | Q(**{f"{through}valid_from__lte": moment})
    return begun & (Q(**{f"{through}valid_to__isnull": True}) | Q(**{f"{through}valid_to__gt": moment}))

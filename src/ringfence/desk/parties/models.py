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


class Trunk(models.Model):
    """A way in."""

    name = models.CharField(max_length=128, unique=True)


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


def in_force(moment: datetime, through: str = "") -> Q:
    """Return the condition that a link, reached `through` a lookup such as `"memberships__"`, holds at `moment`."""
    begun = Q(**{f"{through}valid_from__isnull": True}) | Q(**{f"{through}valid_from__lte": moment})
    return begun & (Q(**{f"{through}valid_to__isnull": True}) | Q(**{f"{through}valid_to__gt": moment}))

"""The tree of parties, and what each holds and when."""

from django.db import models


class PartyKind(models.TextChoices):
    """What a party is to the one above it."""

    CUSTOMER = "customer"
    RESELLER = "reseller"
    END_USER = "end-user"


class Party(models.Model):
    """Somebody bound by the policy. `parent` is the party that brought it here."""

    name = models.CharField(max_length=128, unique=True)
    kind = models.CharField(max_length=16, choices=PartyKind.choices, default=PartyKind.CUSTOMER)
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")


class Held(models.Model):
    """What is held over a span: from `valid_from` (included) to `valid_to` (excluded); `None` is without bound."""

    valid_from = models.DateTimeField(null=True)
    valid_to = models.DateTimeField(null=True)

    class Meta:
        """Only inherited."""

        abstract = True


class Account(Held):
    """What a party uses the service by."""

    name = models.CharField(max_length=128, unique=True)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="accounts")
    plan = models.CharField(max_length=64, blank=True)


class Trunk(Held):
    """A way in: known by its address (or network, canonical text), its authentication user, or both."""

    name = models.CharField(max_length=128, unique=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="trunks")
    address = models.CharField(max_length=64, blank=True)
    user = models.CharField(max_length=128, blank=True)


class Number(Held):
    """An E.164 number and who holds it over a span."""

    number = models.CharField(max_length=16)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="numbers")

    class Meta:
        """What the database holds it to, and finds it by."""

        indexes = (models.Index(fields=("number",), name="parties_number_number"),)
        constraints = (
            models.UniqueConstraint(fields=("number", "account", "valid_from"), name="parties_number_once", nulls_distinct=False),
        )

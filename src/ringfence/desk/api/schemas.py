"""What is said and answered. Moments are ISO 8601 with a zone; empty or absent is without bound."""

from typing import ClassVar, Literal

from ninja import Schema
from pydantic import ConfigDict, Field


class Said(Schema):
    """What a caller may say: a field that is not known is refused, one that is not sent leaves what stands."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", str_max_length=512)

    def told(self) -> dict[str, str]:
        """Return the fields that were sent, as columns of a row."""
        return {name: "" if value is None else str(value) for name, value in self.model_dump(exclude_unset=True).items()}


class Spanned(Said):
    """Something that holds over a span. Without one it holds from now on, or, where nothing ever held, without bound."""

    valid_from: str | None = None
    valid_to: str | None = None


class PartyBody(Spanned):
    """A party, and the one that brought it."""

    parent: str | None = None
    kind: Literal["customer", "reseller", "end-user"] = "customer"


class AccountBody(Spanned):
    """An account. The party that holds it can be told once; later it passes by a transfer alone."""

    party: str | None = None
    plan: str | None = None
    billing_day: int | None = None
    country: str | None = None


class TrunkBody(Spanned):
    """A trunk, known by address or network, by user, or both."""

    account: str
    address: str | None = None
    user: str | None = None


class NumbersBody(Spanned):
    """Whose a number or a range of them is. Of one that is quarantined or ported out no account is named."""

    account: str | None = None
    state: Literal["held", "sub-allocated", "quarantined", "ported-out"] = "held"


class ContactBody(Spanned):
    """Whom to reach at a party, by mail or telephone (E.164)."""

    party: str
    role: Literal["abuse", "emergency", "legal", "billing", "technical"] = "abuse"
    person: str | None = None
    mail: str | None = None
    telephone: str | None = None
    language: str | None = None


class Bulk(Schema):
    """Many things at once, all or none: the tables of an export, each row with its own id."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    parties: list[dict[str, str]] = Field(default_factory=list)
    accounts: list[dict[str, str]] = Field(default_factory=list)
    trunks: list[dict[str, str]] = Field(default_factory=list)
    numbers: list[dict[str, str]] = Field(default_factory=list)
    contacts: list[dict[str, str]] = Field(default_factory=list)


class Change(Schema):
    """One thing before and after: its rows, each a span."""

    table: str
    id: str
    before: list[dict[str, str]]
    after: list[dict[str, str]]


class Written(Schema):
    """What was changed, or as a dry run would be: counted, and thing by thing."""

    written: bool
    added: dict[str, int]
    changed: dict[str, int]
    changes: list[Change]


class Thing(Schema):
    """One thing: its rows, each a span."""

    id: str
    rows: list[dict[str, str]]


class PartyEntry(Schema):
    """A party in a list."""

    id: str
    kind: str
    parent: str | None


class PartyList(Schema):
    """Parties by id; `next` is the id to ask for those `after`, null at the end."""

    parties: list[PartyEntry]
    next: str | None


class Held(Schema):
    """Who answered for a number or trunk at a moment. `account` null: nobody here did."""

    asked: str
    at: str
    account: str | None = None
    party: str | None = None
    plan: str = ""
    path: list[str] = Field(default_factory=list)
    state: str = ""
    through: str = ""


class AcceptanceBody(Said):
    """That somebody accepted a version for a party. `at` absent is now; `proof` is what it is known by where it was done."""

    party: str
    version: int
    by: str
    at: str | None = None
    proof: str = ""


class Recorded(Schema):
    """The acceptance as it is kept."""

    id: int
    party: str
    version: int
    at: str


class Evidence(Schema):
    """One piece of evidence."""

    how: str
    by: str
    at: str
    proof: str = ""
    sha256: str = ""


class Struck(Schema):
    """A clause that a court had struck for the party then."""

    clause: str
    court: str
    reference: str
    ruling: int


class BoundBy(Schema):
    """Which version bound a party, and how that is known; and which of its clauses courts had struck for it."""

    version: int
    hash: str
    posted: str
    state: str
    evidence: list[Evidence]
    struck: list[Struck]

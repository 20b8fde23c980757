"""A provider's CSV files as a whole: what no single row can show is refused here, unknown names, circles and doubles.

    parties.csv    party,parent,kind,valid_from,valid_to
    contacts.csv   contact,party,role,person,mail,telephone,language,valid_from,valid_to

Beside the files that watch knows. A party's row without a span says below whom it stands from now on.
"""

import dataclasses
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeVar

from django.db.models import F, Model, QuerySet
from msgspec.structs import replace

from ringfence.desk.parties.models import Account, AccountHolding, ContactRole, Membership, Party, in_force
from ringfence.vocabulary.contracts import PartyLink
from ringfence.vocabulary.numbers import is_e164
from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution.files import (
    ACCOUNT_COLUMNS,
    NUMBER_COLUMNS,
    TRUNK_COLUMNS,
    AccountRow,
    BadValue,
    CsvFile,
    NumberRow,
    RowProblem,
    Span,
    Table,
    TrunkRow,
    name_of,
    party_of,
    read_accounts,
    read_numbers,
    read_rows,
    read_trunks,
    span_of,
)

PARTY_COLUMNS: Final = ("party", "parent", "kind", "valid_from", "valid_to")
CONTACT_COLUMNS: Final = ("contact", "party", "role", "person", "mail", "telephone", "language", "valid_from", "valid_to")
_FEW: Final = 500
_Model = TypeVar("_Model", bound=Model)
_MAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+\Z")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z")
_PERSON_LENGTH: Final = 128
_MAIL_LENGTH: Final = 254
_LANGUAGE_LENGTH: Final = 16

COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "parties.csv": PARTY_COLUMNS,
    "accounts.csv": ACCOUNT_COLUMNS,
    "trunks.csv": TRUNK_COLUMNS,
    "numbers.csv": NUMBER_COLUMNS,
    "contacts.csv": CONTACT_COLUMNS,
}

Given = Mapping[str, bytes | Sequence[Mapping[str, str]]]
"""File name to its content, or to rows from elsewhere."""


@dataclass(frozen=True, slots=True)
class PartyRow:
    """A party, its kind and the one above it. `told` are the columns that there were."""

    line: int
    party: PartyLink
    told: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ContactRow:
    """Whom to reach at a party. `values` are the columns of the model."""

    line: int
    contact: str
    party: str
    values: Mapping[str, str]
    span: Span


@dataclass(frozen=True, slots=True)
class Rows:
    """All that the files say, and all that is wrong with them."""

    accounts: list[AccountRow]
    trunks: list[TrunkRow]
    numbers: list[NumberRow]
    problems: list[RowProblem]
    parties: list[PartyRow] = field(default_factory=list)
    contacts: list[ContactRow] = field(default_factory=list)

    def refuse(self, file: str, line: int, column: str, cause: str, hint: str) -> None:
        """Note a problem."""
        self.problems.append(RowProblem(file, line, column, cause, hint))


def read(files: Given, now: datetime) -> Rows:
    """Return the rows of `files`, held against what the database has at `now`."""
    given = {name: CsvFile(name, data) if isinstance(data, bytes) else Table(name, data) for name, data in files.items()}
    problems: list[RowProblem] = []
    rows = Rows(
        _with_holders(read_accounts(given.get("accounts.csv"), problems)),
        read_trunks(given.get("trunks.csv"), problems),
        read_numbers(given.get("numbers.csv"), problems),
        problems,
        read_rows(given.get("parties.csv"), PARTY_COLUMNS, _party, problems),
        read_rows(given.get("contacts.csv"), CONTACT_COLUMNS, _contact, problems),
    )
    for name in given:
        if name not in COLUMNS:
            rows.refuse(name, 0, "", "is none of the files", f"name it {', '.join(COLUMNS)}")
    _refuse_unknown(rows, now)
    named: list[tuple[str, str, Iterable[tuple[int, str, Micros | None]]]] = [
        ("parties.csv", "party", ((row.line, row.party.party, row.party.valid_from) for row in rows.parties)),
        ("accounts.csv", "account", ((row.line, row.account.account, row.account.valid_from) for row in rows.accounts)),
        ("trunks.csv", "trunk", ((row.line, row.trunk.trunk, row.trunk.valid_from) for row in rows.trunks)),
        ("contacts.csv", "contact", ((row.line, row.contact, None) for row in rows.contacts)),
    ]
    for file, column, found in named:
        _refuse_doubles(rows, file, column, found)
    return rows


def _with_holders(rows: list[AccountRow]) -> list[AccountRow]:
    """Let rows that name no party be of the party that holds their account; of a new account's name where nobody does."""
    silent = {row.account.account for row in rows if not row.names_party}
    if not silent:
        return rows
    held = among(AccountHolding.objects.order_by(F("valid_from").asc(nulls_first=True)), "account__name", silent)
    holders = dict(held.values_list("account__name", "party__name"))
    return [row if row.names_party else _held_by(row, holders.get(row.account.account, row.party.party)) for row in rows]


def _held_by(row: AccountRow, party: str) -> AccountRow:
    changed = {"party": replace(row.party, party=party), "account": replace(row.account, party=party)}
    return dataclasses.replace(row, **changed)  # type: ignore[arg-type] # each of its own type


def _party(line: int, row: Mapping[str, str]) -> PartyRow:
    told = frozenset(row)
    start, end = span_of(row)
    return PartyRow(line, replace(party_of(row, name_of(row, "party")), valid_from=start, valid_to=end), told)


def _contact(line: int, row: Mapping[str, str]) -> ContactRow:
    values = {
        "role": row["role"] or str(ContactRole.ABUSE),
        "person": row["person"],
        "mail": row["mail"],
        "telephone": row["telephone"],
        "language": row["language"] or "en",
    }
    if values["role"] not in ContactRole.values:
        raise BadValue("role", f"{values['role']!r} is no role of a contact", f"one of {', '.join(ContactRole.values)}")
    if len(values["person"]) > _PERSON_LENGTH or not values["person"].isprintable():
        raise BadValue("person", "too long, or with control characters", f"at most {_PERSON_LENGTH} printable characters")
    if values["mail"] and (not _MAIL.match(values["mail"]) or len(values["mail"]) > _MAIL_LENGTH):
        raise BadValue("mail", f"{values['mail']!r} is no mail address", "write name@example.org")
    if values["telephone"] and not is_e164(values["telephone"]):
        raise BadValue("telephone", f"{values['telephone']!r} is not E.164", "write + and country code: +3225551212")
    if not values["mail"] and not values["telephone"]:
        raise BadValue("mail", "neither mail address nor telephone", "a contact is reached by at least one of them")
    if not _LANGUAGE.match(values["language"]) or len(values["language"]) > _LANGUAGE_LENGTH:
        raise BadValue("language", f"{values['language']!r} is no language", "write en, or nl-BE")
    return ContactRow(line, name_of(row, "contact"), name_of(row, "party"), values, span_of(row))


def _refuse_unknown(rows: Rows, now: datetime) -> None:
    users = {row.trunk.account for row in rows.trunks} | {row.account for row in rows.numbers if row.account is not None}
    known = {row.account.account for row in rows.accounts}
    known |= set(among(Account.objects.all(), "name", users - known).values_list("name", flat=True))
    placed = [("accounts.csv", row.line, row.party) for row in rows.accounts if tells_party(row)]
    placed += [("parties.csv", row.line, row.party) for row in rows.parties]
    parents = {party.party: party.parent for _, _, party in placed if party.valid_to is None}
    parties = {row.party.party for row in rows.accounts} | {row.party.party for row in rows.parties}
    named = {party.parent for _, _, party in placed if party.parent is not None} | {row.party for row in rows.contacts}
    parties |= set(among(Party.objects.all(), "name", named - parties).values_list("name", flat=True))
    standing = Membership.objects.filter(in_force(now)).values_list("party__name", "parent__name") if parents else ()
    above = {**dict(standing), **parents}
    for file, line, party in placed:
        if party.parent is not None and party.parent not in parties:
            rows.refuse(file, line, "parent", f"{party.parent} is no party", "give it a row of its own")
        elif _is_its_own_ancestor(party.party, above):
            rows.refuse(file, line, "parent", "leads back to the account itself", "a tree has no circles")
    trunks = (("trunks.csv", row.line, row.trunk.account) for row in rows.trunks)
    numbers = (("numbers.csv", row.line, row.account) for row in rows.numbers if row.account is not None)
    for file, line, account in (*trunks, *numbers):
        if account not in known:
            rows.refuse(file, line, "account", f"{account} is no account", "add it to accounts.csv")
    for contact in rows.contacts:
        if contact.party not in parties:
            rows.refuse("contacts.csv", contact.line, "party", f"{contact.party} is no party", "add it to parties.csv")


def among(rows: QuerySet[_Model], lookup: str, values: Collection[object]) -> QuerySet[_Model]:
    """Narrow rows to those whose `lookup` is among `values`, where these are few enough to be asked for; else leave them all."""
    return rows.filter(**{f"{lookup}__in": values}) if len(values) <= _FEW else rows


def tells_party(row: AccountRow) -> bool:
    """Tell whether an account's row says anything of what its party is."""
    return bool(row.told & {"parent", "kind"})


def _is_its_own_ancestor(name: str, parents: Mapping[str, str | None]) -> bool:
    seen, above = {name}, parents.get(name)
    while above is not None and above not in seen:
        seen.add(above)
        above = parents.get(above)
    return above == name


def _refuse_doubles(rows: Rows, file: str, column: str, named: Iterable[tuple[int, str, Micros | None]]) -> None:
    first: dict[tuple[str, Micros | None], int] = {}
    for line, name, start in named:
        if first.setdefault((name, start), line) != line:
            rows.refuse(
                file, line, column, f"{name} stands in line {first[name, start]} already", "keep one, or give them other spans"
            )

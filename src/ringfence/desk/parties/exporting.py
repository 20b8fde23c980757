"""What is known of parties as the rows that an import takes: all, or what an actor may see, or what some things are.

Exported and imported elsewhere it is the same again. A cell that a spreadsheet would take for a formula is marked (`harmless`).
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from ringfence.desk.actor import Actor
from ringfence.desk.parties.files import COLUMNS
from ringfence.desk.parties.models import AccountHolding, Contact, Membership, NumberHolding, Party, TrunkUse
from ringfence.desk.parties.subtree import accounts_within, parties_within
from ringfence.vocabulary.number_blocks import Block, blocks
from ringfence.vocabulary.numbers import is_e164
from ringfence.watch.attribution.files import harmless

Row = Mapping[str, str]

WRITTEN: Final[Mapping[str, tuple[str, ...]]] = {
    **COLUMNS,
    "accounts.csv": tuple(column for column in COLUMNS["accounts.csv"] if column not in ("parent", "kind")),
}
"""The columns of each file: what a party is, parties.csv says alone."""
_BATCH: Final = 10_000


def export(*, actor: Actor, now: datetime) -> dict[str, Iterator[Row]]:
    """Return the rows of each file, as far as the actor may see what they are about, in the order in which an import takes them.

    Of a customer or reseller these are its own subtree as of `now`, with the spans of its accounts.
    """
    if not actor.sees_parties:
        return {name: iter(()) for name in COLUMNS}
    return _all(*_seen_by(actor, now))


def about(*, file: str, name: str, actor: Actor, now: datetime) -> list[Row]:
    """Return the rows of one thing, as `file` has it; none where there is none, or none for this actor."""
    if not actor.sees_parties:
        return []
    parties, of_parties, of_accounts = _seen_by(actor, now)
    match file:
        case "parties.csv":
            return list(_parties(parties & Q(name=name), of_parties & Q(party__name=name)))
        case "accounts.csv":
            return list(_accounts(of_parties & of_accounts & Q(account__name=name)))
        case "trunks.csv":
            return list(_trunks(of_accounts & Q(trunk__name=name)))
        case "contacts.csv":
            return list(contacts(of_parties & Q(name=name)))
        case _:
            first, _, last = name.partition("-")
            try:
                wanted = set(blocks(first, last or first)) if is_e164(first) and is_e164(last or first) else set()
            except ValueError:
                return []
            found = _numbers(of_accounts & Q(prefix__in=[block.prefix for block in wanted]))
            return [row for block, row in found if block in wanted]


def _seen_by(actor: Actor, now: datetime) -> tuple[Q, Q, Q]:
    """Return the conditions on parties, on what is a party's and on what is an account's, that the actor may see them."""
    if actor.party is None:
        return Q(), Q(), Q()
    parties, accounts = parties_within(actor.party, now), accounts_within(actor.party, now)
    return Q(pk__in=parties), Q(party_id__in=parties), Q(account_id__in=accounts)


def held_numbers() -> int:
    """Return how many rows numbers.csv has."""
    return NumberHolding.objects.count()


def all_numbers() -> Iterator[tuple[Block, Row]]:
    """Yield each block's rows one after the other, with the block."""
    return _numbers(Q())


def thing_of(file: str, name: str) -> str | Block:
    """Return what `of_things` takes for the thing that rows of `file` call `name`."""
    first, _, last = name.partition("-")
    return next(iter(blocks(first, last or first))) if file == "numbers.csv" else name


def of_things(file: str, things: Sequence[str | Block]) -> Iterator[Row]:
    """Yield the rows of some hundred things of one file, for who compares what was with what came of it."""
    match file:
        case "parties.csv":
            return _parties(Q(name__in=things), Q(party__name__in=things))
        case "accounts.csv":
            return _accounts(Q(account__name__in=things))
        case "trunks.csv":
            return _trunks(Q(trunk__name__in=things))
        case "contacts.csv":
            return contacts(Q(name__in=things))
        case _:
            wanted = {thing for thing in things if isinstance(thing, Block)}
            return (row for block, row in _numbers(Q(prefix__in=[block.prefix for block in wanted])) if block in wanted)


def _all(parties: Q, of_parties: Q, of_accounts: Q) -> dict[str, Iterator[Row]]:
    return {
        "parties.csv": _parties(parties, of_parties),
        "accounts.csv": _accounts(of_parties & of_accounts),
        "trunks.csv": _trunks(of_accounts),
        "numbers.csv": (row for _, row in _numbers(of_accounts)),
        "contacts.csv": contacts(of_parties),
    }


def csv_lines(name: str, rows: Iterable[Row]) -> Iterator[str]:
    """Yield a file's text in pieces, its header first."""
    columns = WRITTEN[name]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for nth, row in enumerate(rows, start=1):
        writer.writerow([harmless(row[column]) for column in columns])
        if nth % _BATCH == 0:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()


def json_pieces(tables: Mapping[str, Iterable[Row]]) -> Iterator[bytes]:
    """Yield one JSON object in pieces: `parties`, `accounts` … to the rows, with no empty cells."""
    yield b"{"
    for place, (name, rows) in enumerate(tables.items()):
        yield (b"," if place else b"") + b"\n" + msgspec.json.encode(name.removesuffix(".csv")) + b": ["
        for nth, row in enumerate(rows):
            told = {column: value for column, value in row.items() if value}
            yield (b"," if nth else b"") + b"\n" + msgspec.json.encode(told)
        yield b"]"
    yield b"\n}\n"


def from_json(data: bytes) -> dict[str, list[dict[str, str]]]:
    """Return the rows of a JSON export by file. Raises `msgspec.DecodeError` where it is none."""
    tables = msgspec.json.decode(data, type=dict[str, list[dict[str, str]]])
    return {f"{name}.csv": rows for name, rows in tables.items()}


def _parties(parties: Q, of_parties: Q) -> Iterator[Row]:
    """Yield a row for each parent that a party has or had, after one for each party that never had any."""
    roots = Party.objects.filter(parties).exclude(Exists(Membership.objects.filter(party=OuterRef("pk")))).order_by("id")
    for name, kind in roots.values_list("name", "kind").iterator(chunk_size=_BATCH):
        yield _row("parties.csv", name, "", kind, "", "")
    links = Membership.objects.filter(of_parties).order_by("party_id", F("valid_from").asc(nulls_first=True))
    columns = ("party__name", "parent__name", "party__kind", "valid_from", "valid_to")
    for name, parent, kind, start, end in _iterated(links, columns):
        yield _row("parties.csv", name, parent, kind, _written(start), _written(end))


def _accounts(which: Q) -> Iterator[Row]:
    links = AccountHolding.objects.filter(which).order_by("account_id", F("valid_from").asc(nulls_first=True))
    columns = ("account__name", "party__name", "plan", "account__billing_day", "account__country", "valid_from", "valid_to")
    for name, party, plan, day, country, start, end in _iterated(links, columns):
        yield {
            "account": name,
            "party": party,
            "plan": plan,
            "billing_day": str(day),
            "country": country,
            "valid_from": _written(start),
            "valid_to": _written(end),
        }


def _trunks(which: Q) -> Iterator[Row]:
    links = TrunkUse.objects.filter(which).order_by("trunk_id", F("valid_from").asc(nulls_first=True))
    for name, account, address, user, start, end in _iterated(
        links, ("trunk__name", "account__name", "address", "user", "valid_from", "valid_to")
    ):
        yield _row("trunks.csv", name, account, address, user, _written(start), _written(end))


def _numbers(which: Q) -> Iterator[tuple[Block, Row]]:
    links = NumberHolding.objects.filter(which).order_by("prefix", "digits", F("valid_from").asc(nulls_first=True))
    for prefix, digits, account, state, start, end in _iterated(
        links, ("prefix", "digits", "account__name", "state", "valid_from", "valid_to")
    ):
        block = Block(prefix, digits)
        yield block, _row("numbers.csv", block.written, account or "", state, _written(start), _written(end))


def contacts(which: Q) -> Iterator[Row]:
    """Yield the rows of contacts."""
    links = Contact.objects.filter(which).order_by("id")
    columns = ("name", "party__name", "role", "person", "mail", "telephone", "language", "valid_from", "valid_to")
    for *told, start, end in _iterated(links, columns):
        yield _row("contacts.csv", *told, _written(start), _written(end))


def _iterated(rows: QuerySet[Any], columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    return iter(rows.values_list(*columns).iterator(chunk_size=_BATCH))


def _row(file: str, *cells: str) -> Row:
    return dict(zip(COLUMNS[file], cells, strict=True))


def _written(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")

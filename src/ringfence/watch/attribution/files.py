"""Who holds what, from the CSV files that a provider keeps: each row checked by itself, every problem named. Pure.

    accounts.csv   account,parent,kind,plan,party,valid_from,valid_to
    trunks.csv     trunk,account,address,user,valid_from,valid_to
    numbers.csv    number,account,state,valid_from,valid_to

An account's row also names the party that holds it (`party`, by default of the account's name): `kind` is that party's (`customer`
where empty), `parent` the party that brought it. A number may be a range, `+3225551000-+3225551999`. Times are ISO 8601 with a
zone; empty means without bound. Columns may stand in any order; only a row's own name and its account must be there.
"""

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_network
from typing import Final, TypeVar

from ringfence.vocabulary.contracts import AccountLink, NumberLink, PartyLink, Reference, TrunkLink
from ringfence.vocabulary.number_blocks import Block, blocks
from ringfence.vocabulary.numbers import is_e164, to_e164
from ringfence.vocabulary.times import Micros, from_iso

ACCOUNT_COLUMNS: Final = ("account", "parent", "kind", "plan", "party", "valid_from", "valid_to")
NUMBER_COLUMNS: Final = ("number", "account", "state", "valid_from", "valid_to")
TRUNK_COLUMNS: Final = ("trunk", "account", "address", "user", "valid_from", "valid_to")
KINDS: Final = ("customer", "reseller", "end-user")
STATES: Final = ("held", "sub-allocated", "quarantined", "ported-out")
"""Of numbers: the last two are nobody's here, so their rows name no account."""

_NAME_LENGTH: Final = 128
_SPANS_CACHED: Final = 4_096

_Row = TypeVar("_Row")
Span = tuple[Micros | None, Micros | None]


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A row that was left out, or (`line` 1) something about a whole file. `column`, where one is to blame, as in the header."""

    file: str
    line: int
    column: str | None
    cause: str
    hint: str


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A file's name, for messages, and its bytes."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account and the party that holds it."""

    line: int
    party: PartyLink
    account: AccountLink


@dataclass(frozen=True, slots=True)
class TrunkRow:
    """A trunk and the account that uses it."""

    line: int
    trunk: TrunkLink


@dataclass(frozen=True, slots=True)
class NumberRow:
    """A number or a range of them (as blocks), who holds it (`None`: nobody here), and when."""

    line: int
    blocks: tuple[Block, ...]
    account: str | None
    state: str
    span: Span


class _BadValue(Exception):
    def __init__(self, column: str, cause: str, hint: str) -> None:
        super().__init__(cause)
        self.column, self.cause, self.hint = column, cause, hint


def read_reference(
    *, time: Micros, accounts: CsvFile | None = None, numbers: CsvFile | None = None, trunks: CsvFile | None = None
) -> tuple[Reference, list[RowProblem]]:
    """Return the reference data of the files that are there, and the rows that were left out of it."""
    problems: list[RowProblem] = []
    holdings = read_accounts(accounts, problems)
    reference = Reference(
        time=time,
        parties=tuple({row.party.party: row.party for row in holdings}.values()),
        accounts=tuple(row.account for row in holdings),
        numbers=tuple(
            NumberLink(number=number, account=row.account, valid_from=row.span[0], valid_to=row.span[1])
            for row in read_numbers(numbers, problems)
            if row.account is not None
            for block in row.blocks
            for number in block.each()
        ),
        trunks=tuple(row.trunk for row in read_trunks(trunks, problems)),
    )
    return reference, problems


def read_accounts(file: CsvFile | None, problems: list[RowProblem]) -> list[AccountRow]:
    """Return the good rows of accounts.csv; what is wrong with others is added to `problems`."""
    return _rows(file, ACCOUNT_COLUMNS, _account, problems)


def read_trunks(file: CsvFile | None, problems: list[RowProblem]) -> list[TrunkRow]:
    """Return the good rows of trunks.csv; what is wrong with others is added to `problems`."""
    return _rows(file, TRUNK_COLUMNS, _trunk, problems)


def read_numbers(file: CsvFile | None, problems: list[RowProblem]) -> list[NumberRow]:
    """Return the good rows of numbers.csv; what is wrong with others is added to `problems`."""
    return _rows(file, NUMBER_COLUMNS, _number, problems)


def _rows(
    file: CsvFile | None, columns: tuple[str, ...], convert: Callable[[int, Mapping[str, str]], _Row], problems: list[RowProblem]
) -> list[_Row]:
    if file is None:
        return []
    lines = _lines(_text(file, problems))
    number, header = next(lines, (1, []))
    header = [name.strip().lower() for name in header]
    missing = [name for name in dict.fromkeys((columns[0], "account")) if name not in header]
    unknown = [name for name in header if name not in columns]
    if missing or unknown:
        cause = f"lacks {', '.join(missing)}" if missing else f"has {', '.join(unknown)}, which is not known"
        problems.append(RowProblem(file.name, number, None, f"the header {cause}", f"the first line may be: {','.join(columns)}"))
    rows: list[_Row] = []
    if missing:
        return rows
    absent = dict.fromkeys(columns, "")
    for number, cells in lines:
        try:
            if len(cells) != len(header):
                raise _BadValue("", f"{len(cells)} values under {len(header)} columns", "quote values that hold a comma")
            rows.append(convert(number, absent | {name: cell.strip() for name, cell in zip(header, cells, strict=True)}))
        except _BadValue as bad:
            problems.append(RowProblem(file.name, number, bad.column or None, bad.cause, bad.hint))
    return rows


def _text(file: CsvFile, problems: list[RowProblem]) -> str:
    try:
        return file.data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = file.data.count(b"\n", 0, error.start) + 1
        problems.append(RowProblem(file.name, line, None, f"byte {error.start} is not UTF-8", "save the file as UTF-8"))
        return file.data.decode("utf-8-sig", errors="replace")


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and cells. A value never runs over a line's end, so that one open quote costs one row."""
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip(", \t"):
            continue
        if '"' not in line:
            yield number, line.split(",")
            continue
        try:
            yield number, next(csv.reader([line]))
        except csv.Error:
            yield number, []


def _account(line: int, row: Mapping[str, str]) -> AccountRow:
    account = _name(row, "account")
    party = _name(row, "party") if row["party"] else account
    kind = row["kind"] or "customer"
    if kind not in KINDS:
        raise _BadValue("kind", f"{kind!r} is no kind of party", f"one of {', '.join(KINDS)}")
    if row["parent"] == party:
        raise _BadValue("parent", "a party cannot stand below itself", "leave it empty for a direct customer")
    start, end = _span(row["valid_from"], row["valid_to"])
    above = _name(row, "parent") if row["parent"] else None
    return AccountRow(
        line,
        PartyLink(party=party, parent=above, kind=kind),
        AccountLink(account=account, party=party, plan=row["plan"] or None, valid_from=start, valid_to=end),
    )


def _number(line: int, row: Mapping[str, str]) -> NumberRow:
    state = row["state"] or "held"
    if state not in STATES:
        raise _BadValue("state", f"{state!r} is no state of a number", f"one of {', '.join(STATES)}")
    found = _blocks(row["number"])
    account = row["account"] or None
    if (account is None) != (state in STATES[2:]):
        raise _BadValue(
            "account", "is empty" if account is None else f"names one, and a {state} number is nobody's", f"state: {state}"
        )
    return NumberRow(line, found, account, state, _span(row["valid_from"], row["valid_to"]))


def _blocks(written: str) -> tuple[Block, ...]:
    if is_e164(written):
        return (Block(written, len(written)),)
    first, dash, last = (part.strip() for part in written.partition("-"))
    if dash and is_e164(first) and is_e164(last):
        try:
            return tuple(blocks(first, last))
        except ValueError as error:
            raise _BadValue(
                "number", f"{written!r} is {error}", "write the first and the last number, as long as each other"
            ) from None
    meant = to_e164(written) or to_e164(f"+{written}")
    hint = f"did you mean {meant}?" if meant else "write + and country code: +3225551212, or a range: +3225551000-+3225551999"
    raise _BadValue("number", f"{written!r} is not E.164" if written else "empty", hint)


def _trunk(line: int, row: Mapping[str, str]) -> TrunkRow:
    address: str | None = None
    if row["address"]:
        try:
            network = ip_network(row["address"])
        except ValueError:
            hint = "write 192.0.2.1 or 192.0.2.0/24, without host bits"
            raise _BadValue("address", f"{row['address']!r} is no address or network", hint) from None
        address = str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)
    elif not row["user"]:
        raise _BadValue("address", "neither address nor user", "a trunk is known by at least one of them")
    start, end = _span(row["valid_from"], row["valid_to"])
    link = TrunkLink(
        trunk=_name(row, "trunk"),
        account=_name(row, "account"),
        address=address,
        user=row["user"] or None,
        valid_from=start,
        valid_to=end,
    )
    return TrunkRow(line, link)


def _name(row: Mapping[str, str], column: str) -> str:
    value = row[column]
    if not value:
        raise _BadValue(column, "empty", "every row needs it")
    if len(value) > _NAME_LENGTH or not value.isprintable():
        raise _BadValue(column, "too long, or with control characters", f"at most {_NAME_LENGTH} printable characters")
    return value


def _span(start: str, end: str) -> Span:
    begun, ended = _moment(start, "valid_from"), _moment(end, "valid_to")
    if begun is not None and ended is not None and ended <= begun:
        raise _BadValue("valid_to", "the span ends before it begins", "valid_to is the first moment that is not included")
    return begun, ended


@lru_cache(maxsize=_SPANS_CACHED)
def _moment(written: str, column: str) -> Micros | None:
    if not written:
        return None
    try:
        return from_iso(written)
    except (ValueError, OverflowError):
        raise _BadValue(column, f"{written!r} names no moment", "write 2026-01-31T00:00:00Z, or nothing for no limit") from None

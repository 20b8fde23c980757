"""Who holds what, from the CSV files that a provider keeps: each row checked by itself, every problem named. Pure.

    accounts.csv   account,parent,kind,plan,party,billing_day,country,valid_from,valid_to
    trunks.csv     trunk,account,address,user,valid_from,valid_to
    numbers.csv    number,account,state,valid_from,valid_to

An account's row also names the party that holds it (`party`, by default of the account's name): `kind` is that party's (`customer`
where empty), `parent` the party that brought it. A number may be a range, `+3225551000-+3225551999`. Times are ISO 8601 with a
zone; empty means without bound. Columns may stand in any order; only a row's own name and its account must be there.

A cell that a spreadsheet would take for a formula is written with a `'` before it, and read without: `plain` and `harmless`.
"""

import csv
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_network
from typing import Final, TypeVar

from ringfence.vocabulary.contracts import AccountLink, NumberLink, PartyLink, Reference, TrunkLink
from ringfence.vocabulary.number_blocks import Block, blocks
from ringfence.vocabulary.numbers import is_e164, to_e164
from ringfence.vocabulary.times import Micros, from_iso

ACCOUNT_COLUMNS: Final = ("account", "parent", "kind", "plan", "party", "billing_day", "country", "valid_from", "valid_to")
NUMBER_COLUMNS: Final = ("number", "account", "state", "valid_from", "valid_to")
TRUNK_COLUMNS: Final = ("trunk", "account", "address", "user", "valid_from", "valid_to")
KINDS: Final = ("customer", "reseller", "end-user")
STATES: Final = ("held", "sub-allocated", "quarantined", "ported-out")
"""Of numbers: the last two are nobody's here, so their rows name no account."""

_NAME_LENGTH: Final = 128
_MOST_BILLING_DAY: Final = 31
_FORMULA: Final = re.compile(r"'*[=+\-@\t\r]")
_QUOTED_FORMULA: Final = re.compile(r"'+[=+\-@\t\r]")
_NUMBERS: Final = re.compile(r"\+[0-9]+(-\+[0-9]+)?\Z")
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
class Table:
    """Rows that come from elsewhere than a file: a name, for messages, and columns to values. They count from 1, as lines do."""

    name: str
    rows: Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account and the party that holds it. `told` are the columns that there were: of others nothing is said.

    Where the row `names_party` not, the party is of the account's name.
    """

    line: int
    party: PartyLink
    account: AccountLink
    told: frozenset[str] = frozenset()
    names_party: bool = True


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


class BadValue(Exception):
    """A value that can't be taken: which column's, why, and what would do."""

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


def read_accounts(file: CsvFile | Table | None, problems: list[RowProblem]) -> list[AccountRow]:
    """Return the good rows of accounts.csv; what is wrong with others is added to `problems`."""
    return read_rows(file, ACCOUNT_COLUMNS, _account, problems)


def read_trunks(file: CsvFile | Table | None, problems: list[RowProblem]) -> list[TrunkRow]:
    """Return the good rows of trunks.csv; what is wrong with others is added to `problems`."""
    return read_rows(file, TRUNK_COLUMNS, _trunk, problems)


def read_numbers(file: CsvFile | Table | None, problems: list[RowProblem]) -> list[NumberRow]:
    """Return the good rows of numbers.csv; what is wrong with others is added to `problems`."""
    return read_rows(file, NUMBER_COLUMNS, _number, problems)


def read_rows(
    file: CsvFile | Table | None,
    columns: tuple[str, ...],
    convert: Callable[[int, Mapping[str, str]], _Row],
    problems: list[RowProblem],
) -> list[_Row]:
    """Return what `convert` makes of line number and cells of each good row; what is wrong with others is added to `problems`.

    A column that is not there reads as empty. The first of `columns`, and the account where there is such a column, must be there.
    """
    if file is None:
        return []
    cells = _of_table(file, columns, problems) if isinstance(file, Table) else _of_csv(file, columns, problems)
    rows: list[_Row] = []
    for number, row in cells:
        try:
            rows.append(convert(number, row))
        except BadValue as bad:
            problems.append(RowProblem(file.name, number, bad.column or None, bad.cause, bad.hint))
    return rows


def _of_table(table: Table, columns: tuple[str, ...], problems: list[RowProblem]) -> Iterator[tuple[int, Mapping[str, str]]]:
    for number, row in enumerate(table.rows, start=1):
        unknown = [name for name in row if name not in columns]
        if unknown:
            problems.append(RowProblem(table.name, number, unknown[0], "is not known", f"there may be: {', '.join(columns)}"))
        else:
            yield number, defaultdict(str, ((name, value.strip()) for name, value in row.items()))


def _of_csv(file: CsvFile, columns: tuple[str, ...], problems: list[RowProblem]) -> Iterator[tuple[int, Mapping[str, str]]]:
    lines = _lines(_text(file, problems))
    number, header = next(lines, (1, []))
    header = [name.strip().lower() for name in header]
    needed = (columns[0], "account") if "account" in columns else columns[:1]
    missing = [name for name in dict.fromkeys(needed) if name not in header]
    unknown = [name for name in header if name not in columns]
    if missing or unknown:
        cause = f"lacks {', '.join(missing)}" if missing else f"has {', '.join(unknown)}, which is not known"
        problems.append(RowProblem(file.name, number, None, f"the header {cause}", f"the first line may be: {','.join(columns)}"))
    if missing:
        return
    for number, cells in lines:
        if len(cells) != len(header):
            cause = f"{len(cells)} values under {len(header)} columns"
            problems.append(RowProblem(file.name, number, None, cause, "quote values that hold a comma"))
        else:
            yield number, defaultdict(str, zip(header, map(plain, cells), strict=True))


def harmless(cell: str) -> str:
    """Return a cell so that no spreadsheet takes it for a formula; numbers in E.164 and ranges of them stay as they are.

    >>> harmless("=1+1"), harmless("+3225551212"), harmless("shop"), plain(harmless("'=a")) == "'=a"
    ("'=1+1", '+3225551212', 'shop', True)
    """
    return f"'{cell}" if _FORMULA.match(cell) and not _NUMBERS.match(cell) else cell


def plain(cell: str) -> str:
    """Return what a cell says, without the mark of `harmless` and the blanks around it."""
    cell = cell.strip()
    return cell[1:] if cell.startswith("'") and _QUOTED_FORMULA.match(cell) else cell


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
    told = frozenset(row)
    account = name_of(row, "account")
    party = name_of(row, "party") if row["party"] else account
    start, end = span_of(row)
    return AccountRow(
        line,
        party_of(row, party),
        AccountLink(
            account=account,
            party=party,
            plan=row["plan"] or None,
            valid_from=start,
            valid_to=end,
            billing_day=_billing_day(row["billing_day"]),
            country=_country(row["country"]),
        ),
        told,
        bool(row["party"]),
    )


def party_of(row: Mapping[str, str], party: str) -> PartyLink:
    """Return a party with the kind and the parent that its row names, without a span."""
    kind = row["kind"] or "customer"
    if kind not in KINDS:
        raise BadValue("kind", f"{kind!r} is no kind of party", f"one of {', '.join(KINDS)}")
    if row["parent"] == party:
        raise BadValue("parent", "a party cannot stand below itself", "leave it empty for a direct customer")
    return PartyLink(party=party, parent=name_of(row, "parent") if row["parent"] else None, kind=kind)


def _billing_day(written: str) -> int:
    if not written:
        return 1
    if not (written.isascii() and written.isdecimal() and 1 <= int(written[:3]) <= _MOST_BILLING_DAY):
        raise BadValue("billing_day", f"{written!r} is no day of a month", "1 to 31; in a shorter month the last day counts")
    return int(written)


def _country(written: str) -> str | None:
    if not written:
        return None
    if not (len(written) == 2 and written.isascii() and written.isalpha()):
        raise BadValue("country", f"{written!r} is no country", "two letters as ISO 3166 has them: BE")
    return written.upper()


def _number(line: int, row: Mapping[str, str]) -> NumberRow:
    state = row["state"] or "held"
    if state not in STATES:
        raise BadValue("state", f"{state!r} is no state of a number", f"one of {', '.join(STATES)}")
    found = blocks_of(row["number"])
    account = row["account"] or None
    if (account is None) != (state in STATES[2:]):
        raise BadValue(
            "account", "is empty" if account is None else f"names one, and a {state} number is nobody's", f"state: {state}"
        )
    return NumberRow(line, found, account, state, span_of(row))


def blocks_of(written: str) -> tuple[Block, ...]:
    """Return the number, or the range, that is written as blocks. Raises `BadValue`."""
    if is_e164(written):
        return (Block(written, len(written)),)
    first, dash, last = (part.strip() for part in written.partition("-"))
    if dash and is_e164(first) and is_e164(last):
        try:
            return tuple(blocks(first, last))
        except ValueError as error:
            raise BadValue(
                "number", f"{written!r} is {error}", "write the first and the last number, as long as each other"
            ) from None
    meant = to_e164(written) or to_e164(f"+{written}")
    hint = f"did you mean {meant}?" if meant else "write + and country code: +3225551212, or a range: +3225551000-+3225551999"
    raise BadValue("number", f"{written!r} is not E.164" if written else "empty", hint)


def _trunk(line: int, row: Mapping[str, str]) -> TrunkRow:
    address: str | None = None
    if row["address"]:
        try:
            network = ip_network(row["address"])
        except ValueError:
            hint = "write 192.0.2.1 or 192.0.2.0/24, without host bits"
            raise BadValue("address", f"{row['address']!r} is no address or network", hint) from None
        address = str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)
    elif not row["user"]:
        raise BadValue("address", "neither address nor user", "a trunk is known by at least one of them")
    start, end = span_of(row)
    link = TrunkLink(
        trunk=name_of(row, "trunk"),
        account=name_of(row, "account"),
        address=address,
        user=row["user"] or None,
        valid_from=start,
        valid_to=end,
    )
    return TrunkRow(line, link)


def name_of(row: Mapping[str, str], column: str) -> str:
    """Return a name. Raises `BadValue` where it is none."""
    value = row[column]
    if not value:
        raise BadValue(column, "empty", "every row needs it")
    if len(value) > _NAME_LENGTH or not value.isprintable():
        raise BadValue(column, "too long, or with control characters", f"at most {_NAME_LENGTH} printable characters")
    return value


def span_of(row: Mapping[str, str]) -> Span:
    """Return from when to when a row says that it holds. Raises `BadValue`."""
    begun, ended = _moment(row["valid_from"], "valid_from"), _moment(row["valid_to"], "valid_to")
    if begun is not None and ended is not None and ended <= begun:
        raise BadValue("valid_to", "the span ends before it begins", "valid_to is the first moment that is not included")
    return begun, ended


@lru_cache(maxsize=_SPANS_CACHED)
def _moment(written: str, column: str) -> Micros | None:
    if not written:
        return None
    try:
        return from_iso(written)
    except (ValueError, OverflowError):
        raise BadValue(column, f"{written!r} names no moment", "write 2026-01-31T00:00:00Z, or nothing for no limit") from None

"""Reference data from the CSV files that a scan is given: accounts, numbers and trunks."""

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Final, TypeVar

from ringfence.vocabulary.contracts import AccountLink, NumberLink, PartyLink, Reference, TrunkLink
from ringfence.vocabulary.numbers import is_e164
from ringfence.vocabulary.times import Micros, from_iso

ACCOUNT_COLUMNS: Final = ("account", "parent", "kind", "plan")
NUMBER_COLUMNS: Final = ("number", "account", "valid_from", "valid_to")
TRUNK_COLUMNS: Final = ("trunk", "account", "address", "user", "valid_from", "valid_to")
KINDS: Final = ("customer", "reseller", "end-user")

_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A row that was left out, or (`line` 1) a file that could not be used. `column`, where one is to blame, as in the header."""

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


class _BadValue(Exception):
    def __init__(self, column: str, cause: str, hint: str) -> None:
        super().__init__(cause)
        self.column, self.cause, self.hint = column, cause, hint


def read_reference(
    *, time: Micros, accounts: CsvFile | None = None, numbers: CsvFile | None = None, trunks: CsvFile | None = None
) -> tuple[Reference, list[RowProblem]]:
    """Return the reference data of the files that are there, and the rows that were left out of it.

    Each account is also the party that holds it, below the party of its `parent`.
    """
    problems: list[RowProblem] = []
    holdings = _rows(accounts, ACCOUNT_COLUMNS, _account, problems)
    reference = Reference(
        time=time,
        parties=tuple(party for party, _ in holdings),
        accounts=tuple(account for _, account in holdings),
        numbers=tuple(_rows(numbers, NUMBER_COLUMNS, _number, problems)),
        trunks=tuple(_rows(trunks, TRUNK_COLUMNS, _trunk, problems)),
    )
    return reference, problems


def _rows(
    file: CsvFile | None, columns: tuple[str, ...], convert: Callable[[Mapping[str, str]], _Row], problems: list[RowProblem]
) -> list[_Row]:
    if file is None:
        return []
    lines = _lines(file.data)
    number, header = next(lines, (1, []))
    header = [name.strip().lower() for name in header]
    missing = [name for name in columns if name not in header]
    if missing:
        hint = f"the first line must be: {','.join(columns)}"
        problems.append(RowProblem(file.name, number, None, f"the header lacks {', '.join(missing)}", hint))
        return []
    rows = []
    for number, cells in lines:
        try:
            if len(cells) != len(header):
                raise _BadValue("", f"{len(cells)} values under {len(header)} columns", "quote values that hold a comma")
            rows.append(convert({name: cell.strip() for name, cell in zip(header, cells, strict=True)}))
        except _BadValue as bad:
            problems.append(RowProblem(file.name, number, bad.column or None, bad.cause, bad.hint))
    return rows


def _lines(data: bytes) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and cells. A value never runs over a line's end, so that one open quote costs one row."""
    for number, line in enumerate(data.decode("utf-8-sig", errors="replace").splitlines(), start=1):
        if line.strip():
            try:
                yield number, next(csv.reader([line]))
            except csv.Error:
                yield number, []


def _account(row: Mapping[str, str]) -> tuple[PartyLink, AccountLink]:
    account = _required(row, "account")
    kind = row["kind"] or "customer"
    if kind not in KINDS:
        raise _BadValue("kind", f"{kind!r} is no kind of account", f"one of {', '.join(KINDS)}")
    if row["parent"] == account:
        raise _BadValue("parent", "an account cannot stand below itself", "leave it empty for a direct customer")
    return PartyLink(party=account, parent=row["parent"] or None, kind=kind), AccountLink(
        account=account, party=account, plan=row["plan"] or None
    )


def _number(row: Mapping[str, str]) -> NumberLink:
    number = _required(row, "number")
    if not is_e164(number):
        raise _BadValue("number", f"{number!r} is not E.164", "write + and country code: +3225551212")
    start, end = _span(row)
    return NumberLink(number=number, account=_required(row, "account"), valid_from=start, valid_to=end)


def _trunk(row: Mapping[str, str]) -> TrunkLink:
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
    start, end = _span(row)
    return TrunkLink(
        trunk=_required(row, "trunk"),
        account=_required(row, "account"),
        address=address,
        user=row["user"] or None,
        valid_from=start,
        valid_to=end,
    )


def _required(row: Mapping[str, str], column: str) -> str:
    if not row[column]:
        raise _BadValue(column, "empty", "every row needs it")
    return row[column]


def _span(row: Mapping[str, str]) -> tuple[Micros | None, Micros | None]:
    start, end = _moment(row, "valid_from"), _moment(row, "valid_to")
    if start is not None and end is not None and end <= start:
        raise _BadValue("valid_to", "the span ends before it begins", "valid_to is the first moment that is not included")
    return start, end


def _moment(row: Mapping[str, str], column: str) -> Micros | None:
    if not row[column]:
        return None
    try:
        return from_iso(row[column])
    except ValueError:
        raise _BadValue(column, f"{row[column]!r} names no moment", "write 2026-01-31T00:00:00Z, or nothing for no limit") from None

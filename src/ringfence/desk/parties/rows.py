"""Rows of the CSV files that a provider keeps of its customers: checked one by one, every problem named. Pure.

    accounts.csv   account,parent,kind,plan
    trunks.csv     trunk,account,address,user,valid_from,valid_to
    numbers.csv    number,account,valid_from,valid_to

An account's row also names the party that holds it, by the same name: `kind` is that party's (customer where empty) and `parent`
the party above it, which is another row's account. Times are ISO 8601 with a zone; empty means without bound.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import Final

from ringfence.vocabulary.numbers import is_e164, to_e164

COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "accounts.csv": ("account", "parent", "kind", "plan"),
    "trunks.csv": ("trunk", "account", "address", "user", "valid_from", "valid_to"),
    "numbers.csv": ("number", "account", "valid_from", "valid_to"),
}
_NEEDED: Final = {"accounts.csv": {"account"}, "trunks.csv": {"trunk", "account"}, "numbers.csv": {"number", "account"}}
_KINDS: Final = ("customer", "reseller", "end-user")
_NAME_LENGTH: Final = 128

Span = tuple[datetime | None, datetime | None]


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Why a row can't be taken. `line` counts from 1, the header included; `column` is a name, empty where it is the whole row."""

    file: str
    line: int
    column: str
    cause: str
    hint: str


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One account and the party that holds it."""

    line: int
    account: str
    parent: str
    kind: str
    plan: str


@dataclass(frozen=True, slots=True)
class TrunkRow:
    """One trunk. `address` is canonical text."""

    line: int
    trunk: str
    account: str
    address: str
    user: str
    span: Span


@dataclass(frozen=True, slots=True)
class NumberRow:
    """One number held over a span."""

    line: int
    number: str
    account: str
    span: Span


@dataclass(slots=True)
class Rows:
    """All that the files say, and all that is wrong with them."""

    accounts: list[AccountRow] = field(default_factory=list)
    trunks: list[TrunkRow] = field(default_factory=list)
    numbers: list[NumberRow] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)


class _Reader:
    """One row under examination: takes cells, notes problems."""

    def __init__(self, file: str, line: int, cells: Mapping[str, str], problems: list[RowProblem]) -> None:
        self.file, self.line, self._cells, self._problems = file, line, cells, problems
        self._before = len(problems)

    @property
    def sound(self) -> bool:
        return len(self._problems) == self._before

    def text(self, column: str) -> str:
        return self._cells.get(column, "").strip()

    def name(self, column: str) -> str:
        value = self.text(column)
        if not value:
            self.refuse(column, "is empty", "every row names one")
        elif len(value) > _NAME_LENGTH or not value.isprintable():
            self.refuse(column, "is too long or has control characters", f"at most {_NAME_LENGTH} printable characters")
        return value

    def refuse(self, column: str, cause: str, hint: str) -> None:
        self._problems.append(RowProblem(self.file, self.line, column, cause, hint))

    def span(self) -> Span:
        start, end = self._moment("valid_from"), self._moment("valid_to")
        if start and end and start >= end:
            self.refuse("valid_to", "is not after valid_from", "the span ends before it begins")
        return start, end

    def _moment(self, column: str) -> datetime | None:
        value = self.text(column)
        if not value:
            return None
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.refuse(column, f"{value} is no time", "write 2026-01-31T00:00:00Z")
            return None
        if moment.tzinfo is None:
            self.refuse(column, f"{value} has no zone", f"write {value}Z for UTC")
            return None
        return moment


def read(files: Mapping[str, str]) -> Rows:
    """Return the rows of `files` (file name to text); names other than the three are a problem."""
    rows = Rows()
    takers: dict[str, Callable[[_Reader], None]] = {
        "accounts.csv": lambda reader: _take_account(reader, rows),
        "trunks.csv": lambda reader: _take_trunk(reader, rows),
        "numbers.csv": lambda reader: _take_number(reader, rows),
    }
    for file, text in files.items():
        if file not in takers:
            rows.problems.append(RowProblem(file, 0, "", "is none of the files", f"name it {', '.join(takers)}"))
            continue
        for reader in _readers(file, text, rows.problems):
            takers[file](reader)
    _refuse_doubles(rows)
    return rows


def _readers(file: str, text: str, problems: list[RowProblem]) -> Iterator[_Reader]:
    lines = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    header = [cell.strip() for cell in next(lines, [])]
    missing = sorted(_NEEDED[file] - set(header))
    unknown = [name for name in header if name not in COLUMNS[file]]
    if missing or unknown:
        cause = f"lacks {', '.join(missing)}" if missing else f"has {', '.join(unknown)}, which is not known"
        problems.append(RowProblem(file, 1, "", f"the header {cause}", f"write {','.join(COLUMNS[file])}"))
        return
    try:
        for cells in lines:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) > len(header):
                hint = "put text that has a comma in quotes"
                problems.append(RowProblem(file, lines.line_num, "", f"has {len(cells)} cells under {len(header)} columns", hint))
                continue
            yield _Reader(file, lines.line_num, dict(zip(header, cells, strict=False)), problems)
    except csv.Error as error:
        problems.append(RowProblem(file, lines.line_num, "", str(error), "is this a CSV file?"))


def _take_account(reader: _Reader, rows: Rows) -> None:
    account, parent, kind = reader.name("account"), reader.text("parent"), reader.text("kind") or "customer"
    if kind not in _KINDS:
        reader.refuse("kind", f"{kind} is not known", f"write {', '.join(_KINDS)}")
    if parent and parent == account:
        reader.refuse("parent", "is the account itself", "leave it empty for a party of your own")
    if reader.sound:
        rows.accounts.append(AccountRow(reader.line, account, parent, kind, reader.text("plan")))


def _take_trunk(reader: _Reader, rows: Rows) -> None:
    trunk, account, address, user = reader.name("trunk"), reader.name("account"), reader.text("address"), reader.text("user")
    span = reader.span()
    if not address and not user:
        reader.refuse("address", "and user are both empty", "a trunk is known by its address, its user, or both")
    if address:
        try:
            address = str(ip_network(address)) if "/" in address else str(ip_address(address))
        except ValueError as error:
            reader.refuse("address", str(error), "write 192.0.2.7 or 192.0.2.0/24")
    if reader.sound:
        rows.trunks.append(TrunkRow(reader.line, trunk, account, address, user, span))


def _take_number(reader: _Reader, rows: Rows) -> None:
    number, account, span = reader.name("number"), reader.name("account"), reader.span()
    if number and not is_e164(number):
        meant = to_e164(number) or to_e164(f"+{number}")
        reader.refuse("number", f"{number} is not E.164", f"did you mean {meant}?" if meant else "write +, country code, number")
    if reader.sound:
        rows.numbers.append(NumberRow(reader.line, number, account, span))


def _refuse_doubles(rows: Rows) -> None:
    named: tuple[tuple[str, str, Sequence[AccountRow | TrunkRow]], ...] = (
        ("accounts.csv", "account", rows.accounts),
        ("trunks.csv", "trunk", rows.trunks),
    )
    for file, column, found in named:
        first: dict[str, int] = {}
        for row in found:
            name = getattr(row, column)
            if first.setdefault(name, row.line) != row.line:
                rows.problems.append(RowProblem(file, row.line, column, f"{name} stands in line {first[name]} already", "keep one"))

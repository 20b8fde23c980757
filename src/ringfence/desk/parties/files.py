"""A provider's CSV files as a whole: what no single row can show is refused here, unknown names, circles and doubles."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ringfence.desk.parties.models import Account, Membership, Party, in_force
from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution.files import (
    ACCOUNT_COLUMNS,
    NUMBER_COLUMNS,
    TRUNK_COLUMNS,
    AccountRow,
    CsvFile,
    NumberRow,
    RowProblem,
    TrunkRow,
    read_accounts,
    read_numbers,
    read_trunks,
)

COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "accounts.csv": ACCOUNT_COLUMNS,
    "trunks.csv": TRUNK_COLUMNS,
    "numbers.csv": NUMBER_COLUMNS,
}


@dataclass(frozen=True, slots=True)
class Rows:
    """All that the files say, and all that is wrong with them."""

    accounts: list[AccountRow]
    trunks: list[TrunkRow]
    numbers: list[NumberRow]
    problems: list[RowProblem]

    def refuse(self, file: str, line: int, column: str, cause: str, hint: str) -> None:
        """Note a problem."""
        self.problems.append(RowProblem(file, line, column, cause, hint))


def read(files: Mapping[str, bytes], now: datetime) -> Rows:
    """Return the rows of `files` (file name to content), held against what the database has at `now`."""
    given = {name: CsvFile(name, data) for name, data in files.items()}
    problems: list[RowProblem] = []
    rows = Rows(
        read_accounts(given.get("accounts.csv"), problems),
        read_trunks(given.get("trunks.csv"), problems),
        read_numbers(given.get("numbers.csv"), problems),
        problems,
    )
    for name in given:
        if name not in COLUMNS:
            rows.refuse(name, 0, "", "is none of the files", f"name it {', '.join(COLUMNS)}")
    _refuse_unknown(rows, now)
    _refuse_doubles(
        rows, "accounts.csv", "account", ((row.line, row.account.account, row.account.valid_from) for row in rows.accounts)
    )
    _refuse_doubles(rows, "trunks.csv", "trunk", ((row.line, row.trunk.trunk, row.trunk.valid_from) for row in rows.trunks))
    return rows


def _refuse_unknown(rows: Rows, now: datetime) -> None:
    known = {*Account.objects.values_list("name", flat=True), *(row.account.account for row in rows.accounts)}
    parents = {row.party.party: row.party.parent for row in rows.accounts}
    parties = {*Party.objects.values_list("name", flat=True), *parents}
    standing = Membership.objects.filter(in_force(now)).values_list("party__name", "parent__name") if parents else ()
    above = {**dict(standing), **parents}
    for row in rows.accounts:
        if row.party.parent is not None and row.party.parent not in parties:
            rows.refuse("accounts.csv", row.line, "parent", f"{row.party.parent} is no party", "give it a row of its own")
        elif _is_its_own_ancestor(row.party.party, above):
            rows.refuse("accounts.csv", row.line, "parent", "leads back to the account itself", "a tree has no circles")
    trunks = (("trunks.csv", row.line, row.trunk.account) for row in rows.trunks)
    numbers = (("numbers.csv", row.line, row.account) for row in rows.numbers if row.account is not None)
    for file, line, account in (*trunks, *numbers):
        if account not in known:
            rows.refuse(file, line, "account", f"{account} is no account", "add it to accounts.csv")


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

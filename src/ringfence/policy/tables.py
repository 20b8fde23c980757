"""Lists as expressions ask them: membership, the longest prefix, a column's value."""

from collections.abc import Callable, Iterable
from ipaddress import ip_address, ip_network
from typing import Final

from ringfence.policy.durations import parse_duration
from ringfence.policy.expressions import Dimension, Type
from ringfence.policy.moments import parse_moment
from ringfence.policy.plan import Row, Table
from ringfence.policy.tokens import number_in
from ringfence.vocabulary.contracts import BroughtList

ELSE: Final = "*"
"""The entry of the row that answers where no other does."""


_READ: Final[dict[Dimension, Callable[[str], float | None]]] = {
    Dimension.PLAIN: number_in,
    Dimension.TIME: parse_duration,
    Dimension.MOMENT: parse_moment,
}
"""What a cell can be beside text."""


def columns_of(table: Table) -> frozenset[str]:
    """Return the names of the list's further columns."""
    return frozenset(name for row in table.rows for name in row.values)


def content_of(table: Table, column: str) -> tuple[Type, Dimension]:
    """Return what the column's cells are: numbers, durations or moments where every one that is not empty is, else texts."""
    cells = {row.values.get(column, "") for row in table.rows} - {""}
    if not cells:
        return Type.TEXT, Dimension.PLAIN
    for dimension, read in _READ.items():
        if all(read(cell) is not None for cell in cells):
            return Type.NUMBER, dimension
    return Type.TEXT, Dimension.PLAIN


def value_of(cell: str, kind: Type) -> str | float | None:
    """Return what a cell says; `None` for an empty one."""
    if not cell:
        return None
    if kind is Type.TEXT:
        return cell
    return next((float(value) for read in _READ.values() if (value := read(cell)) is not None), None)


def with_brought(posted: Table, brought: BroughtList | None) -> Table:
    """Return a bundle's list with what was brought to it behind its own rows; it is as old as what was brought."""
    if brought is None:
        return posted
    rows = (Row(each.entry, each.values, each.valid_from, each.valid_to) for each in brought.entries)
    due = [each for each in (posted.due_us, brought.fresh_until) if each is not None]
    fetched = posted.fetched_us if brought.fetched is None else brought.fetched
    return Table(posted.name, (*posted.rows, *rows), fetched, min(due, default=None), len(posted.rows))


class Entries:
    """The rows of a list, arranged for questions about a moment. An entry that is a network stands for each address in it."""

    def __init__(self, table: Table) -> None:
        self.hold(table)

    def hold(self, table: Table) -> None:
        """Answer by these rows from now on."""
        self.table = table
        self._rows: dict[str, list[Row]] = {}
        for row in table.rows:
            self._rows.setdefault(row.entry, []).append(row)
        self._read: dict[str, str | float | None] = {}
        self._lengths = tuple(sorted({len(entry) for entry in self._rows}, reverse=True))
        self._networks = networks_in(self._rows)

    def at(self, key: str, time: float) -> Row | None:
        """Return the first row in force at `time` whose entry is `key`, else that of the narrowest network that has it."""
        found = _in_force(self._rows.get(key, ()), time)
        return found if found is not None or not self._networks else self._around(key, time)

    def _around(self, key: str, time: float) -> Row | None:
        try:
            address = ip_address(key)
        except ValueError:
            return None
        for version, bits in self._networks:
            if version == address.version:
                network = ip_network((address, bits), strict=False)
                if (row := _in_force(self._rows.get(str(network), ()), time)) is not None:
                    return row
        return None

    def all_at(self, key: str, time: float) -> list[Row]:
        """Return all rows in force at `time` whose entry is `key`."""
        return [row for row in self._rows.get(key, ()) if _is_in_force(row, time)]

    def longest(self, key: str, time: float) -> Row | None:
        """Return the row in force at `time` whose entry is the longest that `key` begins with.

        An entry without + fits a number with one too.
        """
        bare = key[1:] if key.startswith("+") else None
        for length in self._lengths:
            for whole in (key, bare):
                if whole is not None and length <= len(whole):
                    row = _in_force(self._rows.get(whole[:length], ()), time)
                    if row is not None and row.entry != ELSE:
                        return row
        return None

    def value(self, column: str, kind: Type, key: str | None, time: float, *, prefix: bool) -> str | float | None:
        """Return the column of the row for `key`, else of the row for whatever else."""
        row = None if key is None else self.longest(key, time) if prefix else self.at(key, time)
        row = row or self.at(ELSE, time)
        if row is None:
            return None
        cell = row.values.get(column, "")
        if kind is Type.TEXT:
            return cell or None
        if cell not in self._read:
            self._read[cell] = value_of(cell, kind)
        return self._read[cell]

    def changes(self) -> list[int]:
        """Return the moments at which a row comes into force or leaves it, in order."""
        return sorted({moment for row in self.table.rows for moment in (row.from_us, row.until_us) if moment is not None})


def networks_in(entries: Iterable[str]) -> tuple[tuple[int, int], ...]:
    """Return the versions and lengths of the networks among the entries, the narrowest first."""
    found: set[tuple[int, int]] = set()
    for entry in entries:
        if "/" in entry:
            try:
                network = ip_network(entry)
            except ValueError:
                continue
            found.add((network.version, network.prefixlen))
    return tuple(sorted(found, key=lambda each: -each[1]))


def _in_force(rows: Iterable[Row], time: float) -> Row | None:
    for row in rows:
        if _is_in_force(row, time):
            return row
    return None


def _is_in_force(row: Row, time: float) -> bool:
    return (row.from_us is None or row.from_us <= time) and (row.until_us is None or time < row.until_us)

"""A bundle's lists as expressions ask them: membership, the longest prefix, a column's value."""

from collections.abc import Callable, Iterable
from typing import Final

from ringfence.policy.durations import parse_duration
from ringfence.policy.expressions import Dimension, Type
from ringfence.policy.moments import parse_moment
from ringfence.policy.plan import Row, Table
from ringfence.policy.tokens import number_in

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


class Entries:
    """The rows of a list, arranged for questions about a moment."""

    def __init__(self, table: Table) -> None:
        self.table: Final = table
        self._rows: dict[str, list[Row]] = {}
        for row in table.rows:
            self._rows.setdefault(row.entry, []).append(row)
        self._read: dict[str, str | float | None] = {}
        self._lengths = tuple(sorted({len(entry) for entry in self._rows}, reverse=True))

    def at(self, key: str, time: float) -> Row | None:
        """Return the first row in force at `time` whose entry is `key`."""
        return _in_force(self._rows.get(key, ()), time)

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


def _in_force(rows: Iterable[Row], time: float) -> Row | None:
    for row in rows:
        if _is_in_force(row, time):
            return row
    return None


def _is_in_force(row: Row, time: float) -> bool:
    return (row.from_us is None or row.from_us <= time) and (row.until_us is None or time < row.until_us)

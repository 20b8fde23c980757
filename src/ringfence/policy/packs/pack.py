"""One country's pack, as lists."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from ringfence.policy.lists import ListRow
from ringfence.policy.packs.holidays import Holiday


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old a pack's values are on a day. `due` is the first day of review of any of them."""

    due: date | None
    overdue: tuple[tuple[str, ListRow], ...]
    """The values whose day of review has passed, each with the list that it stands in."""


@dataclass(frozen=True, slots=True)
class Pack:
    """`name` is how bundles call it, `country` its ISO 3166 code. `lists` are its values as rows, by the list that they join.

    `unknown` says in words what it doesn't know. `holidays` holds the rules by where they are kept: the country, or a region of it.
    """

    name: str
    country: str
    title: str
    unknown: tuple[str, ...]
    lists: Mapping[str, tuple[ListRow, ...]]
    holidays: Mapping[str, tuple[Holiday, ...]]

    @property
    def values(self) -> int:
        """How many values it has."""
        return sum(map(len, self.lists.values()))

    def freshness(self, today: date) -> Freshness:
        """Return which values somebody should have looked at by `today`."""
        dated = [(name, row) for name, rows in self.lists.items() for row in rows if row.review is not None]
        overdue = tuple((name, row) for name, row in dated if row.review is not None and row.review < today)
        return Freshness(min((row.review for _, row in dated if row.review is not None), default=None), overdue)

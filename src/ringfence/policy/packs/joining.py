"""What packs add to a bundle's lists, and what of it other processes are told."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

from ringfence.policy.lists import ListRow
from ringfence.policy.packs.pack import Pack
from ringfence.policy.packs.reading import COUNTRY, EMERGENCY, HELPLINES, NEVER_CALLERS, PACK_LISTS

EVERYWHERE: Final = "ZZ"
"""The country of emergency numbers that call for help wherever one is (3GPP TS 22.101 section 10.1)."""

_SHARED: Final = (EMERGENCY, HELPLINES, NEVER_CALLERS)
"""Lists that a bundle may have rows for too."""


def joined(lists: Mapping[str, tuple[ListRow, ...]], packs: Iterable[Pack]) -> dict[str, tuple[ListRow, ...]]:
    """Return the lists that packs have rows for, each with the bundle's own rows first.

    What a pack says of its country's emergency numbers stands in place of what the bundle's list says of that country.
    """
    found: dict[str, tuple[ListRow, ...]] = {}
    known = tuple(packs)
    countries = {pack.country for pack in known if EMERGENCY in pack.lists}
    for name in PACK_LISTS:
        rows = tuple(row for pack in known for row in pack.lists.get(name, ()))
        if rows:
            own = lists.get(name, ())
            kept = own if name != EMERGENCY else tuple(row for row in own if row.columns.get(COUNTRY, "") not in countries)
            found[name] = (*kept, *rows)
    return found


def emergency_by_country(rows: Iterable[ListRow], on: date) -> dict[str, tuple[str, ...]]:
    """Return, by country, the numbers that call for help there on a day, with those that do so everywhere.

    A row without a country counts everywhere. Under `EVERYWHERE` stands what holds in a country that the list doesn't name.
    """
    held = [row for row in rows if row.expiry is None or row.expiry >= on]
    countries = {row.columns.get(COUNTRY) or EVERYWHERE for row in held} | {EVERYWHERE}
    return {
        country: tuple(
            dict.fromkeys(row.entry for row in held if (row.columns.get(COUNTRY) or EVERYWHERE) in (country, EVERYWHERE))
        )
        for country in sorted(countries)
    }


def told_to_others(lists: Mapping[str, tuple[ListRow, ...]], country: str, on: date) -> dict[str, tuple[str, ...]]:
    """Return a version's lists by name as watch and gate are told them: the entries that hold on a day.

    Emergency numbers are those of `country`, where the provider is. What only packs have, rules read by themselves.
    """
    told = {
        name: tuple(row.entry for row in rows if row.expiry is None or row.expiry >= on)
        for name, rows in lists.items()
        if name not in PACK_LISTS or name in _SHARED
    }
    if EMERGENCY in lists:
        found = emergency_by_country(lists[EMERGENCY], on)
        told[EMERGENCY] = found.get(country, found[EVERYWHERE])
    return told

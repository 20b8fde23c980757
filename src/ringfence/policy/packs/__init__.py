"""Jurisdiction packs: what a country's numbering plan, laws and calendar say, each value with its source and a day of review."""

from ringfence.policy.packs.holidays import Holiday, HolidayRefused, holidays_of, parse_holiday
from ringfence.policy.packs.joining import emergency_by_country, joined, told_to_others
from ringfence.policy.packs.pack import Freshness, Pack
from ringfence.policy.packs.reading import COUNTRY, OWNED, PACK_LISTS, read_pack
from ringfence.policy.packs.shelf import SHIPPED, pack_files, shipped_hint

__all__ = [
    "COUNTRY",
    "OWNED",
    "PACK_LISTS",
    "SHIPPED",
    "Freshness",
    "Holiday",
    "HolidayRefused",
    "Pack",
    "emergency_by_country",
    "holidays_of",
    "joined",
    "pack_files",
    "parse_holiday",
    "read_pack",
    "shipped_hint",
    "told_to_others",
]

"""Questions about peers' lists."""

from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Final

from django.db.models import Count, Q, QuerySet

from ringfence.desk.actor import Actor
from ringfence.desk.complaints.models import PeerEntry, PeerList
from ringfence.vocabulary.contracts import BroughtEntry, BroughtList
from ringfence.vocabulary.times import micros

_LEAST_DIGITS: Final = 4
_REMEMBERED: Final = timedelta(days=35)
"""Rules look back, and a replay of what came late must find the entries that held then."""


def peer_lists(*, actor: Actor, now: datetime) -> QuerySet[PeerList]:
    """Return lists by name, each with `counting` entries, and `over`, those whose time is over or that it no longer holds."""
    if not actor.sees_the_desk:
        return PeerList.objects.none()
    counts = Q(entries__gone__isnull=True, entries__until__gt=now)
    rows = PeerList.objects.select_related("peer").annotate(counting=Count("entries", filter=counts), held=Count("entries"))
    return rows.order_by("name")


def listed(*, asked: str, actor: Actor, now: datetime) -> list[PeerEntry]:
    """Return the entries in force that a number or an address is on: itself, what it begins with, or a network of its."""
    if not actor.sees_the_desk or not asked:
        return []
    found = PeerEntry.objects.filter(gone__isnull=True, since__lte=now, until__gt=now, entry__in=_above(asked))
    return list(found.select_related("list", "list__peer").order_by("list__name", "entry"))


def _above(asked: str) -> list[str]:
    if asked.startswith("+"):
        return [asked[:length] for length in range(_LEAST_DIGITS, len(asked) + 1)]
    try:
        address = ip_address(asked)
    except ValueError:
        return []
    return [str(address), *(str(ip_network((address, bits), strict=False)) for bits in range(address.max_prefixlen))]


def brought(*, actor: Actor, now: datetime) -> dict[str, BroughtList]:
    """Return what peers' lists add to the policy's lists, by the list's name: with the spans of entries that ended of late.

    A list whose time to come again is over is told as stale as long as it was not taken out by an empty successor.
    """
    if not actor.sees_the_desk:
        return {}
    entries: dict[str, list[BroughtEntry]] = {}
    columns = ("list__kind", "list__name", "list__provenance", "entry", "note", "since", "until", "gone")
    recent = PeerEntry.objects.filter(until__gt=now - _REMEMBERED).order_by("list__kind", "entry", "id")
    rows = recent.exclude(gone__lt=now - _REMEMBERED).values_list(*columns)
    for kind, name, provenance, entry, note, since, until, gone in rows.iterator(chunk_size=5000):
        end = until if gone is None else min(until, gone)
        told = BroughtEntry(
            entry=entry,
            source=f"{name}: {provenance}",
            valid_from=micros(since),
            valid_to=micros(end),
            values={"note": note} if note else {},
        )
        entries.setdefault(kind, []).append(told)
    found: dict[str, BroughtList] = {}
    for one in PeerList.objects.order_by("name"):
        added = BroughtList(fetched=micros(one.taken), fresh_until=micros(one.fresh_until))
        found[one.kind] = found.get(one.kind, BroughtList(entries=tuple(entries.get(one.kind, ())))).joined(added)
    return found

"""Questions about peers' lists."""

from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import Final

from django.db.models import Count, Q, QuerySet

from ringfence.desk.actor import Actor
from ringfence.desk.complaints.models import PeerEntry, PeerList

_LEAST_DIGITS: Final = 4


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


def entries_told(*, actor: Actor, now: datetime) -> dict[str, tuple[str, ...]]:
    """Return what peers' lists add to the policy's lists now, by the list's name."""
    if not actor.sees_the_desk:
        return {}
    found: dict[str, set[str]] = {}
    rows = PeerEntry.objects.filter(gone__isnull=True, until__gt=now).values_list("list__kind", "entry")
    for kind, entry in rows.iterator(chunk_size=5000):
        found.setdefault(kind, set()).add(entry)
    return {kind: tuple(sorted(entries)) for kind, entries in found.items()}

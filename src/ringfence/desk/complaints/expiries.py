"""What the complaints' registers hold and ends soon: permissions to use a mark, and entries of peers' lists, list by list."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Count, Exists, Min, OuterRef

from ringfence.desk.actor import Actor
from ringfence.desk.complaints.models import MarkPermission, PeerEntry
from ringfence.desk.parties.expiries import Expiry


def expiries(*, actor: Actor, now: datetime, before: datetime) -> list[Expiry]:
    """Return what ends after `now` and until `before`, the first end first: of a list, its first entries to end and how many."""
    if not actor.sees_the_desk:
        return []
    return sorted([*_permissions(now, before), *_entries(now, before)], key=lambda one: (one.until, one.noun, one.id))


def _permissions(now: datetime, before: datetime) -> Iterator[Expiry]:
    lasting = MarkPermission.objects.filter(
        party=OuterRef("party"), mark__iexact=OuterRef("mark"), revoked__isnull=True, until__gt=OuterRef("until")
    )
    rows = MarkPermission.objects.filter(~Exists(lasting), revoked__isnull=True, until__gt=now, until__lte=before)
    for row in rows.order_by("until", "id"):
        what = f"Permission to use {row.mark} for {row.use}: {row.reference}"
        yield Expiry(noun="mark-permission", id=row.pk, party=row.party, what=what, until=row.until)


def _entries(now: datetime, before: datetime) -> Iterator[Expiry]:
    rows = PeerEntry.objects.filter(gone__isnull=True, until__gt=now, until__lte=before)
    counted = rows.order_by().values("list", "list__name", "list__provenance").annotate(first=Min("until"), number=Count("id"))
    for row in counted:
        entries = "1 entry" if row["number"] == 1 else f"{row['number']:,} entries"
        what = f"{entries} of the list {row['list__name']}, from {row['list__provenance']}"
        yield Expiry(noun="peer-list", id=row["list"], party="", what=what, until=row["first"])

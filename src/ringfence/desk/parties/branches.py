"""The tree of parties as rows: each party followed by those that it brought below it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Exists, F, OuterRef, QuerySet

from ringfence.desk.parties.models import Membership, Party, in_force

DEEPEST: Final = 3
"""Levels below a root that are shown apart; deeper ones stand on the third."""

_MOST_BELOW: Final = 500
"""Rows below one page's roots: a reseller's ten thousand end users are for its own page."""


@dataclass(frozen=True, slots=True)
class Branch:
    """One party and how many stand above it on the page, at most `DEEPEST`."""

    party: Party
    depth: int


def roots(parties: QuerySet[Party], now: datetime) -> QuerySet[Party]:
    """Narrow to those whom nobody brought, and tell of each whether it `brought` somebody."""
    below = Membership.objects.filter(in_force(now), party=OuterRef("pk"))
    return _telling(parties.filter(~Exists(below)), now)


def _telling(parties: QuerySet[Party], now: datetime) -> QuerySet[Party]:
    return parties.annotate(brought_some=Exists(Membership.objects.filter(in_force(now), parent=OuterRef("pk"))))


def branches(tops: Iterable[Party], among: QuerySet[Party], now: datetime) -> tuple[list[Branch], bool]:
    """Return `tops`, as `roots` gave them, with what is below them; and whether something below was left out.

    A query for each level, none where nobody brought anybody.
    """
    tops, below, left_out = list(tops), dict[int, list[Party]](), False
    level, room = [party for party in tops if getattr(party, "brought_some", False)], _MOST_BELOW
    while level and room:
        members = among.filter(in_force(now, "memberships__"), memberships__parent__in=[party.pk for party in level])
        found = list(_telling(members, now).annotate(parent_key=F("memberships__parent"))[: room + 1])
        left_out, found = left_out or len(found) > room, found[:room]
        room -= len(found)
        for party in found:
            below.setdefault(getattr(party, "parent_key", 0), []).append(party)
        level = [party for party in found if getattr(party, "brought_some", False)]
    return [branch for top in tops for branch in _flat(top, 0, below)], left_out or bool(level)


def _flat(party: Party, depth: int, below: dict[int, list[Party]]) -> Iterable[Branch]:
    waiting = [(party, depth)]
    while waiting:
        one, at = waiting.pop()
        yield Branch(one, min(at, DEEPEST))
        waiting.extend((child, at + 1) for child in reversed(below.get(one.pk, [])))

"""Questions about notices of rights and permissions for marks."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Q, QuerySet

from ringfence.desk.actor import Actor
from ringfence.desk.complaints.models import MarkPermission, RightsNotice, RightsState
from ringfence.desk.queues import of_cases

COUNTS_FOR: Final = timedelta(days=365)
"""How long an upheld notice counts against its party: ours."""
REPEAT: Final = 3
"""From so many within that time on a party infringes rights repeatedly: ours."""


def rights_notices(*, actor: Actor, state: str = "") -> QuerySet[RightsNotice]:
    """Return notices of rights, newest first; `state` `""` is every one."""
    found = RightsNotice.objects.select_related("complaint").order_by("-passed", "-id")
    if not actor.sees_the_desk:
        return found.none()
    found = of_cases(found, actor, "complaint__joinedcomplaint__case")
    return found.filter(state=state) if state else found


def infringements(*, party: str, actor: Actor, now: datetime) -> int:
    """Return how many notices against a party were upheld within a year."""
    return rights_notices(actor=actor, state=RightsState.UPHELD).filter(party=party, settled__gt=now - COUNTS_FOR).count()


def repeat_infringers(*, actor: Actor, now: datetime) -> list[tuple[str, int]]:
    """Return the parties with `REPEAT` or more upheld notices within a year, the most first."""
    upheld = rights_notices(actor=actor, state=RightsState.UPHELD).filter(settled__gt=now - COUNTS_FOR)
    counted = upheld.order_by().values("party").annotate(times=Count("id")).filter(times__gte=REPEAT).order_by("-times", "party")
    return [(row["party"], row["times"]) for row in counted]


def permissions(*, actor: Actor) -> QuerySet[MarkPermission]:
    """Return permissions for marks, by mark and party."""
    return MarkPermission.objects.order_by("mark", "party", "-id") if actor.sees_the_desk else MarkPermission.objects.none()


def permission(*, party: str, mark: str, actor: Actor, now: datetime) -> MarkPermission | None:
    """Return the permission in force by which a party uses a mark, however it is written."""
    in_force = Q(revoked__isnull=True, until__gt=now, granted__lte=now)
    return permissions(actor=actor).filter(in_force, party=party, mark__iexact=mark.strip()).first()

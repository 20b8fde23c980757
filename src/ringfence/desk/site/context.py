"""What every page shows around its own content."""

from typing import Any, cast

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from ringfence.desk.actor import ANONYMOUS, DeskRequest
from ringfence.desk.decisions import selectors as decisions


def desk(request: HttpRequest) -> dict[str, Any]:
    """Give pages the actor, the alarms, and whether automation is held; asked of the database only where a page shows them."""
    actor = getattr(cast(DeskRequest, request), "actor", ANONYMOUS)
    return {
        "actor": actor,
        "alarms": SimpleLazyObject(lambda: decisions.alarms(actor=actor)),
        "automation": SimpleLazyObject(lambda: decisions.automation(actor=actor)),
    }

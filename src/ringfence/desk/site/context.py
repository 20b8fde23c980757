"""What every page shows around its own content."""

from typing import Any, cast

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from ringfence.desk.actor import ANONYMOUS, DeskRequest
from ringfence.desk.decisions import selectors as decisions
from ringfence.desk.pages import live


def desk(request: HttpRequest) -> dict[str, Any]:
    """Give pages the actor, the alarms, and whether automation is held; asked of the database only where a page shows them."""
    actor = getattr(cast(DeskRequest, request), "actor", ANONYMOUS)
    shown = {
        "alarms": SimpleLazyObject(lambda: decisions.alarms(actor=actor)),
        "automation": SimpleLazyObject(lambda: decisions.automation(actor=actor)),
    }
    banners = SimpleLazyObject(lambda: live(request, "_banners.html", shown, address=reverse("site:banners")).html)
    return {"actor": actor, "banners": banners, **shown}

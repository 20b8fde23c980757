"""Pages of notices for the desk. The page that a party reads without signing in is `appeals.views.public`."""

from django.http import HttpResponse
from django.shortcuts import render

from ringfence.desk.actor import DeskRequest
from ringfence.desk.errors import NotThere
from ringfence.desk.notices import selectors
from ringfence.desk.pages import for_staff, page_of, render_live


@for_staff
def notices(request: DeskRequest) -> HttpResponse:
    """List notices, newest first."""
    page = page_of(request, selectors.notices(actor=request.actor))
    return render_live(request, "notices/notices.html", "notices/_notices.html", {"page": page})


@for_staff
def notice(request: DeskRequest, id: str) -> HttpResponse:
    """Show one notice as it was written."""
    found = selectors.notice(id=id, actor=request.actor)
    if found is None:
        raise NotThere(f"no notice {id}")
    return render(request, "notices/notice.html", {"notice": found})

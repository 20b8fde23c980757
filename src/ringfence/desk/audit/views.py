"""The page of the audit."""

from django.http import HttpResponse

from ringfence.desk.actor import DeskRequest
from ringfence.desk.audit import selectors
from ringfence.desk.pages import for_staff, page_of, render_live


@for_staff
def entries(request: DeskRequest) -> HttpResponse:
    """List entries, newest first, narrowed as the form says."""
    wanted = {name: request.GET.get(name, "").strip() for name in ("noun", "verb", "person")}
    page = page_of(request, selectors.entries(actor=request.actor, **wanted))
    return render_live(request, "audit/entries.html", "audit/_entries.html", {"page": page, **wanted})

"""Pages of drafts: the list, and handing one in. A draft's own page, which tells of cases too, is `site.policy_pages.draft`."""

from datetime import UTC, datetime

from django.http import HttpResponse
from django.shortcuts import redirect, render

from ringfence.desk.actor import DeskRequest
from ringfence.desk.errors import DeskError, NotPermitted
from ringfence.desk.pages import for_staff, page_of
from ringfence.desk.policies import drafts as drafting
from ringfence.desk.policies import selectors
from ringfence.desk.policies.archives import LARGEST_WHOLE, ArchiveRefused
from ringfence.desk.policies.models import Draft


@for_staff
def drafts(request: DeskRequest) -> HttpResponse:
    """List drafts; take an archive in, or a folder of the data folder."""
    actor, problem = request.actor, ""
    if request.method == "POST":
        try:
            return redirect("policies:draft", number=_taken(request).pk)
        except NotPermitted:
            raise
        except DeskError as error:
            problem = str(error)
    context = {
        "page": page_of(request, drafting.drafts(actor=actor, state="")),
        "folders": drafting.folders(actor=actor),
        "current": selectors.current(actor=actor),
        "problem": problem,
        "largest": LARGEST_WHOLE // (1024 * 1024),
    }
    return render(request, "policies/drafts.html", context)


def _taken(request: DeskRequest) -> Draft:
    actor, now, upload = request.actor, datetime.now(UTC), request.FILES.get("archive")
    if request.POST.get("folder"):
        return drafting.draft_from_folder(name=request.POST["folder"], actor=actor, now=now)
    if upload is None:
        raise ArchiveRefused("choose a zip or tar archive of the bundle's folder")
    return drafting.draft_from_archive(name=upload.name or "draft", octets=upload.read(), actor=actor, now=now)

"""The form that hands a case out."""

from datetime import UTC, datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from ringfence.desk.actor import DeskRequest
from ringfence.desk.pages import for_forms
from ringfence.desk.site.case_bundle import NoGround, bundle_case


@for_forms
def export(request: DeskRequest, number: int) -> HttpResponse:
    """Give the whole case as one signed file."""
    typed = request.POST
    try:
        made = bundle_case(
            number=number,
            reason=typed.get("reason", ""),
            raw=typed.get("raw") == "yes",
            actor=request.actor,
            now=datetime.now(UTC),
        )
    except NoGround as refused:
        messages.error(request, f"Nothing was exported: {refused}.")
        return redirect("cases:case", number=number)
    answered = HttpResponse(made.data, content_type="application/zip")
    answered["Content-Disposition"] = f'attachment; filename="case-{number}.zip"'
    return answered

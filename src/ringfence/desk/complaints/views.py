"""Pages of complaints."""

from datetime import UTC, datetime

from django.http import HttpResponse
from django.shortcuts import render

from ringfence.desk.actor import DeskRequest
from ringfence.desk.complaints import selectors, services
from ringfence.desk.errors import NotThere
from ringfence.desk.pages import for_staff, page_of, render_live


@for_staff
def complaints(request: DeskRequest) -> HttpResponse:
    """List complaints, newest first."""
    page = page_of(request, selectors.complaints(actor=request.actor))
    return render_live(request, "complaints/complaints.html", "complaints/_complaints.html", {"page": page})


@for_staff
def complaint(request: DeskRequest, number: int) -> HttpResponse:
    """Show one complaint; that somebody read it is recorded."""
    found = selectors.complaint_page(number=number, actor=request.actor)
    if found is None:
        raise NotThere(f"no complaint {number}")
    services.note_reading(number=number, actor=request.actor, now=datetime.now(UTC))
    return render(request, "complaints/complaint.html", {"found": found, "complaint": found.complaint})

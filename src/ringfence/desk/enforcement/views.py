"""Pages and forms of orders."""

from datetime import UTC, datetime

from django.http import HttpResponse
from django.shortcuts import resolve_url

from ringfence.desk.actor import DeskRequest
from ringfence.desk.audit import selectors as audit
from ringfence.desk.decisions.services import Why
from ringfence.desk.enforcement import selectors, services
from ringfence.desk.enforcement.models import OrderState
from ringfence.desk.errors import NotThere
from ringfence.desk.pages import attempt, for_forms, for_staff, page_of, render_live


@for_staff
def orders(request: DeskRequest) -> HttpResponse:
    """List orders, newest first."""
    state = request.GET.get("state", "")
    page = page_of(request, selectors.orders(actor=request.actor, state=state))
    context = {"page": page, "state": state, "states": [*OrderState.values, "all"]}
    return render_live(request, "enforcement/orders.html", "enforcement/_orders.html", context)


@for_staff
def order(request: DeskRequest, id: str) -> HttpResponse:
    """Show one order: how it stands at each edge, and how long each step took."""
    found = selectors.order_page(id=id, actor=request.actor)
    if found is None:
        raise NotThere(f"no order {id}")
    context = {"found": found, "order": found.order, "entries": audit.history(noun="order", noun_id=id, actor=request.actor)}
    return render_live(request, "enforcement/order.html", "enforcement/_order.html", context)


@for_forms
def lift(request: DeskRequest, id: str) -> HttpResponse:
    """End an order before its time."""

    def deed() -> None:
        why = Why(request.POST.get("reasons", ""), request.POST.get("notes", ""))
        services.lift_order(order_id=id, why=why, actor=request.actor, now=datetime.now(UTC))

    done = "Lifted. The edges are being told to let it through again."
    case = request.POST.get("case", "")  # where the person was, if it was on the page of a case
    back = resolve_url("cases:case", number=int(case)) if case.isdecimal() else resolve_url("enforcement:order", id=id)
    return attempt(request, deed, done=done, back=back)

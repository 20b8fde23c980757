"""The page of the audit."""

from datetime import date, datetime, time, timedelta
from typing import Final

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone

from ringfence.desk.actor import ActorKind, DeskRequest
from ringfence.desk.audit import selectors
from ringfence.desk.audit.models import Entry
from ringfence.desk.pages import for_staff, page_of, render_live

_FIELDS: Final = ("noun", "verb", "person", "kind", "case", "day")
_KINDS: Final = (
    (ActorKind.PERSON, "a person"),
    (ActorKind.STANDING_ORDER, "a standing order"),
    (ActorKind.SYSTEM, "Ringfence"),
    (ActorKind.ANONYMOUS, "nobody signed in"),
)
_NOUNS: Final = (
    *("alarm", "automation", "case", "complaint", "decision", "feed-record", "finding", "login", "observation", "order"),
    *("parties", "policy", "sign-in"),
)


@for_staff
def entries(request: DeskRequest) -> HttpResponse:
    """List entries, newest first, narrowed as the form says. What it says nonsense in is no entry's."""
    wanted = {name: request.GET.get(name, "").strip() for name in _FIELDS}
    found = selectors.entries(actor=request.actor, noun=wanted["noun"], verb=wanted["verb"], person=wanted["person"])
    page = page_of(request, _narrowed(found, wanted))
    context = {
        "page": page,
        "kinds": [(str(kind), label) for kind, label in _KINDS],
        "nouns": _NOUNS,
        "verbs": sorted({entry.verb for entry in page}),
        "narrowed": any(wanted.values()),
        **wanted,
    }
    return render_live(request, "audit/entries.html", "audit/_entries.html", context)


def _narrowed(found: QuerySet[Entry], wanted: dict[str, str]) -> QuerySet[Entry]:
    if kind := wanted["kind"]:
        found = found.filter(actor_kind=kind)
    if case := wanted["case"].lstrip("#"):
        found = found.filter(case=int(case)) if case.isdecimal() and len(case) < 19 else found.none()
    if day := wanted["day"]:
        found = _on(found, day)
    return found


def _on(found: QuerySet[Entry], day: str) -> QuerySet[Entry]:
    """Narrow to a day as the reader's zone has it."""
    try:
        start = timezone.make_aware(datetime.combine(date.fromisoformat(day), time.min))
        return found.filter(time__gte=start, time__lt=start + timedelta(days=1))
    except (ValueError, OverflowError):
        return found.none()

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
    *(
        "acceptance",
        "alarm",
        "api-key",
        "attestation",
        "automation",
        "case",
        "complaint",
        "contract",
        "decision",
        "draft",
        "exemption",
    ),
    *(
        "feed-record",
        "finding",
        "interpretation",
        "login",
        "observation",
        "order",
        "parties",
        "mail",
        "policy",
        "proof",
        "request",
        "right-to-use",
        "ruling",
        "sign-in",
        "transfer",
    ),
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
        "day": _day(wanted["day"]),
    }
    return render_live(request, "audit/entries.html", "audit/_entries.html", context)


def _narrowed(found: QuerySet[Entry], wanted: dict[str, str]) -> QuerySet[Entry]:
    if kind := wanted["kind"]:
        found = found.filter(actor_kind=kind)
    if case := wanted["case"].lstrip("#"):
        found = found.filter(case=int(case)) if case.isdecimal() and len(case) < 19 else found.none()
    if wanted["day"]:
        day = _day(wanted["day"])
        found = found.filter(time__gte=_midnight(day), time__lt=_midnight(day + timedelta(days=1))) if day else found.none()
    return found


def _day(text: str) -> date | None:
    """Return the day that the form names, where it is one between the year 1900 and the year 9000."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1900 <= day.year <= 9000 else None


def _midnight(day: date) -> datetime:
    """Return when a day begins where the reader is."""
    return timezone.make_aware(datetime.combine(day, time.min))

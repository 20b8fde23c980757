"""Questions about requests of people who can't come in."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from ringfence.desk.access.models import Person
from ringfence.desk.actor import Actor
from ringfence.desk.parties.models import Contact, Party, in_force
from ringfence.desk.queues import of_cases
from ringfence.desk.recovery.models import CallBack, Request
from ringfence.desk.recovery.services import addresses_on_file, confirmation_of, contacts_on_file

_SHOWN = 50


@dataclass(frozen=True, slots=True)
class RequestPage:
    """One request with what helps to find out who asks. `guesses` are parties that the address it names belongs to."""

    request: Request
    calls: list[CallBack]
    confirmation: CallBack | None
    contacts: list[Contact]
    logins: list[Person]
    guesses: list[str]
    addresses: list[str]


def requests(*, actor: Actor, state: str = "") -> QuerySet[Request]:
    """Return requests, newest first; `state` `""` is those that wait."""
    if not actor.recovers:
        return Request.objects.none()
    found = Request.objects.select_related("party", "login").order_by("-received", "-pk")
    found = of_cases(found, actor, shared=True)
    return found if state == "all" else found.filter(state=state or "open")


def request_page(*, number: int, actor: Actor, now: datetime) -> RequestPage | None:
    """Return one request; `None` where there is none, or none for this actor."""
    row = requests(actor=actor, state="all").filter(pk=number).first()
    if row is None:
        return None
    own = [row.login_id] if row.login_id is not None else []
    of_party = Person.objects.filter(party=row.party) if row.party_id is not None else Person.objects.filter(pk__in=own)
    return RequestPage(
        row,
        list(row.calls.select_related("contact").order_by("at", "pk")),
        confirmation_of(row),
        list(contacts_on_file(row, now)),
        list(of_party.order_by("username")[:_SHOWN]),
        _guesses(row, now),
        addresses_on_file(row, now),
    )


def _guesses(row: Request, now: datetime) -> list[str]:
    if not row.mail or row.party_id is not None:
        return []
    contacts = Contact.objects.filter(in_force(now), mail__iexact=row.mail).values("party")
    people = Person.objects.filter(mail__iexact=row.mail, party__isnull=False).values("party")
    found = Party.objects.filter(Q(pk__in=contacts) | Q(pk__in=people)).order_by("name")
    return list(found.values_list("name", flat=True)[:_SHOWN])

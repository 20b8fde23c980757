"""Pages for who can't come in, or fears that another does. They tell nobody whether there is such a login."""

from datetime import UTC, datetime
from typing import Final, cast

from django.conf import settings
from django.contrib.auth import logout
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache

from ringfence.desk.access import guessing, mails
from ringfence.desk.access.models import Person
from ringfence.desk.actor import ANONYMOUS, DeskRequest
from ringfence.desk.errors import NotThere
from ringfence.desk.pages import for_bound
from ringfence.desk.policies import selectors as policies
from ringfence.desk.recovery import compromise, services
from ringfence.desk.recovery.models import RequestKind

_SALT: Final = "recovery.compromised"
_GOOD_FOR_S: Final = 24 * 3600


def ways(request: HttpRequest) -> HttpResponse:
    """Show every way back in."""
    return render(request, "recovery/ways.html", {"service_mailbox": _service_mailbox()})


def _service_mailbox() -> str:
    version = policies.current(actor=ANONYMOUS)
    return policies.bundle(hash=version.hash).settings.service_mailbox if version is not None else ""


def username(request: HttpRequest) -> HttpResponse:
    """Take the request of somebody who lost a user name: a person looks at it, and calls back."""
    if request.method != "POST":
        return render(request, "recovery/username.html", {"typed": {}})
    typed = {name: request.POST.get(name, "")[: services.SAID_LENGTH] for name in ("mail", "said")}
    asked = services.Asked(str(RequestKind.USERNAME), typed["mail"], typed["said"])
    actor, address = cast(DeskRequest, request).actor, request.META.get("REMOTE_ADDR", "")
    try:
        if request.POST.get("website"):  # a field that people don't see
            return redirect("recovery:thanks")
        services.ask(asked=asked, address=address, actor=actor, now=datetime.now(UTC))
    except services.RequestRefused as error:
        return render(request, "recovery/username.html", {"typed": typed, "problem": error}, status=400)
    return redirect("recovery:thanks")


def thanks(request: HttpRequest) -> HttpResponse:
    """Say what comes next."""
    return render(request, "recovery/thanks.html", {"service_mailbox": _service_mailbox()})


def compromised(request: HttpRequest) -> HttpResponse:
    """Mail a link by which a login is locked, to the address on file. Whoever asks is told the same whether there is one."""
    if request.method != "POST":
        return render(request, "recovery/compromised.html", {"service_mailbox": _service_mailbox()})
    name, now = request.POST.get("username", "").strip()[:64].replace("\0", ""), datetime.now(UTC)
    person = Person.objects.filter(username=name).first()
    tried = guessing.of_mail(username=name if person is not None else None, address=request.META.get("REMOTE_ADDR", ""))
    try:
        guessing.charge(tried, now=now)
    except guessing.TooManyTries:
        return redirect("recovery:link-sent")
    if person is not None and person.may_sign_in:
        link = settings.RINGFENCE_PUBLIC_URL + reverse("recovery:lock", kwargs={"token": token_of(person)})
        mails.tell(what="lock", person=person, places={"link": link}, now=now)
    return redirect("recovery:link-sent")


def link_sent(request: HttpRequest) -> HttpResponse:
    """Say that a link is on its way, if there is such a login."""
    return render(request, "recovery/link_sent.html", {"service_mailbox": _service_mailbox()})


def token_of(person: Person) -> str:
    """Return what stands in a mailed link that locks a login: good for a day, and until the login was locked."""
    return signing.dumps([person.pk, person.epoch], salt=_SALT, compress=False)


@never_cache
def lock(request: HttpRequest, token: str) -> HttpResponse:
    """Show who holds a mailed link what would stop, and lock the login."""
    try:
        number, epoch = signing.loads(token, salt=_SALT, max_age=_GOOD_FOR_S)
    except signing.BadSignature:
        raise NotThere("this link is older than a day, or not complete to its last character") from None
    person = Person.objects.select_related("party").filter(pk=number, epoch=epoch, locked=None, is_active=True).first()
    if person is None:
        raise NotThere("this link was used already")
    answer = _confirm(request, person)
    answer.headers["Referrer-Policy"] = "same-origin"  # with none at all forms have no origin, and are refused
    return answer


@for_bound
@never_cache
def own(request: DeskRequest) -> HttpResponse:
    """Show who is signed in what would stop, and lock the own login."""
    return _confirm(request, cast(Person, request.user))


def _confirm(request: HttpRequest, person: Person) -> HttpResponse:
    now = datetime.now(UTC)
    if request.method == "POST":
        compromise.claim(person=person, now=now)
        logout(request)
        return redirect("recovery:locked")
    context = {"person": person, "preview": compromise.preview(person=person, now=now)}
    return render(request, "recovery/confirm.html", context)


def locked(request: HttpRequest) -> HttpResponse:
    """Say that it is done, and what comes next."""
    return render(request, "recovery/locked.html", {"service_mailbox": _service_mailbox()})

"""Pages on which an admin keeps logins and groups."""

from datetime import UTC, datetime

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.http import HttpResponse
from django.shortcuts import redirect, render, resolve_url

from ringfence.desk.access import groups, links, locks, mails, people, services
from ringfence.desk.access.models import Person
from ringfence.desk.actor import Deed, DeskRequest, StaffRole, require
from ringfence.desk.errors import NotThere
from ringfence.desk.pages import attempt, for_staff, page_of


@for_staff
def logins(request: DeskRequest) -> HttpResponse:
    """Show who may sign in; make a login, whose owner sets a password by a mailed link."""
    actor, now, refusal = request.actor, datetime.now(UTC), None
    require(actor.administers or actor.recovers, actor, "see logins")
    if request.method == "POST":
        form = request.POST
        try:
            made = people.invite(
                username=form.get("username", ""),
                mail=form.get("mail", ""),
                roles=form.getlist("role"),
                party=form.get("party", "").strip(),
                actor=actor,
                now=now,
            )
        except services.LoginRefused as error:
            refusal = error
        else:
            _send_link(made, now)
            return redirect("access:login", number=made.pk)
    search = request.GET.get("search", "").strip()[:64]
    context = {"page": page_of(request, people.logins(actor=actor, search=search)), "search": search, "refusal": refusal}
    return render(request, "access/logins.html", context | {"roles": list(StaffRole)})


def _send_link(person: Person, now: datetime) -> None:
    mails.tell(what="set", person=person, places={"link": links.password_link(person)}, now=now)


@for_staff
def login_page(request: DeskRequest, number: int) -> HttpResponse:
    """Show one login: what it may, its factors and locks; change it, close it, end its sessions."""
    actor, now = request.actor, datetime.now(UTC)
    person = people.logins(actor=actor).filter(pk=number).first()
    if person is None:
        raise NotThere(f"no login {number}")
    if request.method == "POST":
        form, name = request.POST, person.username

        def deed() -> None:
            match form.get("do"):
                case "change":
                    roles = form.getlist("role")
                    people.change_login(username=name, mail=form.get("mail", ""), roles=roles, actor=actor, now=now)
                case "move":
                    groups.put_in_group(username=name, group=form.get("group", ""), actor=actor, now=now)
                case "close" | "open":
                    people.set_open(username=name, is_open=form.get("do") == "open", actor=actor, now=now)
                case "end":
                    locks.end_sessions(username=name, actor=actor, now=now)
                case "link" if person.may_sign_in:
                    require(actor.administers, actor, "send links")
                    _send_link(person, now)
                case _:
                    raise NotThere("nothing of that kind can be done now")

        return attempt(request, deed, done="Done.", back=resolve_url("access:login", number=number))
    context = {
        "person": person,
        "roles": list(StaffRole),
        "factors": Authenticator.objects.filter(user=person).order_by("created_at"),
        "sessions": UserSession.objects.filter(user=person).count(),
        "locks": person.locks.order_by("-since"),
        "groups": groups.groups(actor=actor),
    }
    return render(request, "access/login.html", context)


@for_staff
def groups_page(request: DeskRequest) -> HttpResponse:
    """Show groups of staff; make one, or bound one anew."""
    actor = request.actor
    require(actor.administers or actor.recovers, actor, "see groups")
    if request.method == "POST":
        form = request.POST
        bounds = groups.Bounds(form.getlist("deed"), form.getlist("queue"))
        return attempt(
            request,
            lambda: groups.set_group(name=form.get("name", "").strip(), bounds=bounds, actor=actor, now=datetime.now(UTC)),
            done="The group is bounded so from now on.",
            back="access:groups",
        )
    rows = [(group, group.people.count()) for group in groups.groups(actor=actor)]
    return render(request, "access/groups.html", {"rows": rows, "deeds": list(Deed), "queues": groups.QUEUES})

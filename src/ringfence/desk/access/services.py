"""Making logins, coming in, and one's own password."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import available_timezones

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from ringfence.desk.access import guessing, mails
from ringfence.desk.access.addresses import set_address
from ringfence.desk.access.models import Person
from ringfence.desk.actor import ANONYMOUS, Actor, StaffRole, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.errors import DeskError, NotThere, StaleState
from ringfence.desk.outbox import services as outbox

FIRST_USERNAME: Final = "first"
SIGN_IN_FAILED: Final = "sign-in.failed"
"""Somebody tried the login of a party's person: watch is told, and may count it against guessing."""
KEY_REFUSED: Final = "key.refused"
"""A program came with a key that opens nothing: told and counted alike."""
PAGE_REFUSED: Final = "page.refused"
"""A public page refused somebody: a link that opens nothing, or too many forms: told and counted alike."""


@dataclass(frozen=True, slots=True)
class FirstLogin:
    """The first person's user name and password. The password is nowhere else."""

    username: str
    password: str


class LoginRefused(DeskError):
    """There can be no such login; the text says why."""


@transaction.atomic
def create_first_login(*, actor: Actor, now: datetime, keep: Callable[[FirstLogin], None] = lambda _: None) -> FirstLogin | None:
    """Make the first login, with every role that changes something; `None` where somebody can sign in already.

    `keep` is given it before it counts: what `keep` wrote down is never lost, and where it raises there is no login.
    """
    require(actor.administers, actor, "make logins")
    if Person.objects.exists():
        return None
    password = secrets.token_urlsafe(12)
    roles = (StaffRole.ANALYST, StaffRole.LEAD, StaffRole.ADMIN)
    create_login(username=FIRST_USERNAME, password=password, roles=roles, actor=actor, now=now)
    login = FirstLogin(FIRST_USERNAME, password)
    keep(login)
    return login


@transaction.atomic
def create_login(  # noqa: PLR0913 # who it is, what it may, and how it comes in
    *,
    username: str,
    password: str | None,
    roles: Sequence[StaffRole],
    actor: Actor,
    now: datetime,
    party: int | None = None,
    mail: str = "",
) -> Person:
    """Make a login; with the row of a `party` one of that party's people, who sees it and those below it and has no role.

    Without a password nobody comes in by one before it was set by a link that is mailed.
    """
    require(actor.administers, actor, "make logins")
    if party is not None and roles:
        raise LoginRefused("a party's login has no role at the desk")
    hashed, named = make_password(password), [str(role) for role in roles]
    made = Person.objects.create(username=username, password=hashed, roles=named, created=now, party_id=party)
    set_address(made, mail)
    details: dict[str, Detail] = {"roles": named} if party is None else {"party": party}
    audit.record(acts=[Act(verb="created", about=("login", username), details=details)], actor=actor, now=now)
    return made


def home_of(person: Person) -> str:
    """Return the name of the page that somebody comes to."""
    return "policies:own" if person.party_id is not None else "site:dashboard"


@transaction.atomic
def note_sign_in(*, person: Person, address: str, now: datetime) -> None:
    """Record that somebody came in."""
    audit.record(acts=[Act(verb="succeeded", about=_about(person.username, address))], actor=person.actor, now=now)


@transaction.atomic
def note_failure(*, username: str, address: str, now: datetime) -> None:
    """Record that somebody did not, as a token of name and address, and tell watch of the address, and of a party's person.

    Guessing from very many addresses fills no disk: beyond 500 an hour failures are only counted, and one entry says so.
    """
    person = Person.objects.filter(username=username).first()
    act = Act(verb="failed", about=_about(username, address))
    try:
        guessing.charge(guessing.TOLD, now=now)
    except guessing.TooManyTries as many:
        if many.begins:
            _not_listed("sign-in", many.until, now)
        return
    audit.record(acts=[act], actor=ANONYMOUS, now=now)
    told: dict[str, object] = {"address": address, "id": secrets.token_hex(8)}
    if person is not None and person.party_id is not None:
        told |= {"login": person.username, "party": person.party_id}
    if address or "party" in told:
        outbox.enqueue(topic=SIGN_IN_FAILED, payloads=[told], now=now)


@transaction.atomic
def note_key_refused(*, address: str, now: datetime) -> None:
    """Record that a program came with no key that is in force, as a token of its address, and tell watch of the address.

    Beyond 500 an hour they are counted alone, and one entry says so. The key itself, or what was sent as one, is kept nowhere.
    """
    _note_refused("api-key", guessing.KEYS, KEY_REFUSED, {"address": address}, now)


@transaction.atomic
def note_page_refused(*, what: str, address: str, now: datetime) -> None:
    """Record that a public page refused somebody, as a token of the address, and tell watch of the address.

    `what`: `link-refused`, where a link's secret part opens nothing; `form-refused`, where so much came that no more is taken.
    Beyond 500 an hour they are counted alone, and one entry says so. The link is kept nowhere.
    """
    _note_refused("public-page", guessing.PAGES, PAGE_REFUSED, {"address": address, "what": what}, now)


def _note_refused(noun: str, tried: guessing.Try, topic: str, told: dict[str, str], now: datetime) -> None:
    try:
        guessing.charge(tried, now=now)
    except guessing.TooManyTries as many:
        if many.begins:
            _not_listed(noun, many.until, now)
        return
    about = (noun, audit.token_of(noun, told["address"]))
    audit.record(acts=[Act(verb="refused", about=about)], actor=ANONYMOUS, now=now)
    if told["address"]:
        outbox.enqueue(topic=topic, payloads=[told | {"id": secrets.token_hex(8)}], now=now)


def _not_listed(noun: str, until: datetime, now: datetime) -> None:
    details: dict[str, Detail] = {"until": f"{until:%Y-%m-%dT%H:%M}"}
    audit.record(acts=[Act(verb="not-listed", about=(noun, ""), details=details)], actor=ANONYMOUS, now=now)


@transaction.atomic
def note_wait(*, username: str, address: str, until: datetime, now: datetime) -> None:
    """Record that no further try of this name from this address is taken for a while."""
    details = {"until": f"{until:%Y-%m-%dT%H:%M}"}
    audit.record(acts=[Act(verb="locked-out", about=_about(username, address), details=details)], actor=ANONYMOUS, now=now)


def _about(username: str, address: str) -> tuple[str, str]:
    return "sign-in", audit.token_of("sign-in", f"{username}\0{address}")


class PasswordRefused(DeskError):
    """The present password is wrong, or the new one would not do; the text says why."""


def change_password(*, person: Person, present: str, new: str, actor: Actor, now: datetime) -> None:
    """Give the person another password; who signed in elsewhere with the old one is out. Raises `PasswordRefused`.

    The present one is no more to be guessed here than where one signs in: raises `guessing.TooManyTries`.
    """
    require(actor.id == person.username, actor, "change another's password")
    tried = guessing.of_code(person)
    guessing.charge(tried, now=now)
    if not check_password(present, person.password):
        raise PasswordRefused("this is not your present password")
    guessing.refund(tried)
    try:
        validate_password(new, person)
    except ValidationError as error:
        raise PasswordRefused(" ".join(error.messages)) from error
    _set(person, new, "changed-password", actor, now)


def reset_password(*, person: Person, new: str, now: datetime) -> None:
    """Give the person the password that it chose by a link of a mail: whoever was signed in is out, and it may be tried again."""
    _set(person, new, "reset-password", person.actor, now)
    guessing.forgive(username=person.username)


def _set(person: Person, new: str, verb: str, actor: Actor, now: datetime) -> None:
    hashed = make_password(new)  # takes a third of a second, so not within the transaction
    with transaction.atomic():
        if not Person.objects.filter(username=person.username, password=person.password).update(password=hashed):
            raise StaleState("the password was changed in between")
        audit.record(acts=[Act(verb=verb, about=("login", person.username))], actor=actor, now=now)
        mails.tell(what="changed", person=person, places={}, now=now)
    person.password = hashed


@transaction.atomic
def choose_time_zone(*, username: str, zone: str, actor: Actor, now: datetime) -> None:
    """Show times in `zone` to this person from now on. Raises `NotThere` for a zone nobody knows."""
    require(actor.id == username, actor, "choose another's time zone")
    if zone not in available_timezones():
        raise NotThere(f"no time zone is called {zone}")
    Person.objects.filter(username=username).update(time_zone=zone)
    audit.record(acts=[Act(verb="chose-zone", about=("login", username), details={"zone": zone})], actor=actor, now=now)

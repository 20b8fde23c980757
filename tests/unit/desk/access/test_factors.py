"""Second factors, sessions, and links by which a password is set."""

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from pytest_django.fixtures import Settings
from tests.unit.desk.access.authenticator import code_of
from tests.unit.desk.scene import ADMIN, ANALYST, NOON, STRANGER

from ringfence.desk.access import locks, services
from ringfence.desk.access.mails import MAIL
from ringfence.desk.access.models import Guess, Person
from ringfence.desk.access.sealing import Unreadable, opened, sealed
from ringfence.desk.access.sweeping import sweep_sessions
from ringfence.desk.actor import Actor, StaffRole, system
from ringfence.desk.audit.models import Entry
from ringfence.desk.errors import NotPermitted, NotThere
from ringfence.desk.outbox.models import Message

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def ana(policy: str, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "ringfence.desk.access.mails.OutboxBackend"  # tests else have Django's mails kept aside
    services.create_login(
        username="ana", password=PASSWORD, roles=(StaffRole.ANALYST,), mail="ana@voice.example", actor=ADMIN, now=NOON
    )


def post_password(client: Client, password: str = PASSWORD) -> str:
    answer = client.post("/sign-in/", {"login": "ana", "password": password})
    return answer.headers.get("Location", str(answer.status_code))


def signed_in() -> Client:
    client = Client()
    assert post_password(client) == "/"
    return client


def with_app(client: Client) -> str:
    """Set an app's codes up; return the secret."""
    assert client.get("/me/factors/app/").headers["Location"].startswith("/me/again/")  # a session alone sets none up
    client.post("/me/again/", {"password": PASSWORD, "next": "/me/factors/app/"})
    page = client.get("/me/factors/app/").content.decode()
    secret = re.search(r"Secret: <code>([A-Z2-7]+)</code>", page)
    assert secret is not None
    assert "<svg" in page
    assert "data:" not in page
    answer = client.post("/me/factors/app/", {"code": code_of(secret[1])})
    assert answer.headers["Location"] == "/me/factors/codes/"
    return secret[1]


def recovery_codes(client: Client) -> list[str]:
    page = client.get("/me/factors/codes/").content.decode()
    return re.findall(r"\b\d{8}\b", page)


def test_with_an_app_the_password_alone_opens_nothing() -> None:
    secret = with_app(signed_in())
    client = Client()
    assert post_password(client) == "/sign-in/second/"
    assert client.get("/cases/").status_code == 302
    assert b"Incorrect code" in client.post("/sign-in/second/", {"code": "000000"}).content
    assert client.get("/cases/").status_code == 302
    answer = client.post("/sign-in/second/", {"code": code_of(secret)})
    assert answer.headers["Location"] == "/"
    assert client.get("/cases/").status_code == 200


def test_what_codes_are_computed_from_is_sealed_in_the_database(settings: Settings) -> None:
    secret = with_app(signed_in())
    kept = Authenticator.objects.get(type="totp").data["secret"]
    assert kept != secret
    assert opened(kept) == secret
    assert sealed("x") != sealed("x")
    settings.RINGFENCE_KEY = b"another installation's key......"
    with pytest.raises(Unreadable):
        opened(kept)


def test_a_recovery_code_comes_in_once() -> None:
    client = signed_in()
    with_app(client)
    codes = recovery_codes(client)
    assert len(codes) == 10
    for code, led in ((codes[0], "/"), (codes[0], None), (codes[1], "/")):
        other = Client()
        post_password(other)
        answer = other.post("/sign-in/second/", {"code": code})
        assert answer.headers.get("Location") == led


def test_codes_are_not_guessed_either() -> None:
    secret = with_app(signed_in())
    client = Client()
    post_password(client)
    for _ in range(5):
        assert b"Incorrect code" in client.post("/sign-in/second/", {"code": "000000"}).content
    other = Client()
    post_password(other)
    assert b"Too many failed tries; wait 5 minutes" in other.post("/sign-in/second/", {"code": code_of(secret)}).content


def test_where_staff_must_have_a_second_factor_nothing_else_is_open(settings: Settings) -> None:
    settings.RINGFENCE_STAFF_MFA = True
    client = signed_in()
    for address in ("/", "/cases/", "/me/", "/me/sessions/", "/not-there/"):
        assert client.get(address).headers["Location"] == "/me/factors/"
    assert client.get("/cases/", headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"
    assert client.get("/policy/").status_code == 200
    with_app(client)
    assert client.get("/cases/").status_code == 200
    page = client.post("/me/factors/app/off/").content.decode()
    assert "You cannot deactivate" in page
    assert Authenticator.objects.filter(type="totp").exists()
    assert client.get("/cases/").status_code == 200


def test_a_party_s_people_need_none(settings: Settings) -> None:
    settings.RINGFENCE_STAFF_MFA = True
    Person.objects.update(roles=[])
    client = Client()
    client.force_login(Person.objects.get())
    assert client.get("/cases/").status_code == 403


def test_one_sees_where_one_is_signed_in_and_ends_it() -> None:
    here, there = signed_in(), signed_in()
    page = here.get("/me/sessions/").content.decode()
    assert page.count("127.0.0.1") == 3  # two rows, one of them with its button
    other = UserSession.objects.exclude(session_key=here.session.session_key).get()
    here.post("/me/sessions/", {"session": str(other.pk)})
    assert there.get("/me/").status_code == 302
    assert here.get("/me/").status_code == 200
    again = here.post("/me/sessions/", {"session": str(other.pk)}, follow=True).content.decode()
    assert "Nothing was done" in again
    third = signed_in()
    here.post("/me/sessions/", {"do": "all"})
    assert [client.get("/me/").status_code for client in (here, third)] == [302, 302]
    assert post_password(Client()) == "/"


def test_nobody_ends_another_s_session() -> None:
    signed_in()
    person, session = Person.objects.get(), UserSession.objects.get()
    for actor in (ADMIN, STRANGER):
        with pytest.raises(NotPermitted):
            locks.end_session(person=person, session=session.pk, actor=actor, now=NOON)
    with pytest.raises(NotPermitted):
        locks.end_sessions(username="ana", actor=STRANGER, now=NOON)
    services.create_login(username="bob", password=PASSWORD, roles=(), actor=ADMIN, now=NOON)
    with pytest.raises(NotThere):
        locks.end_session(person=Person.objects.get(username="bob"), session=session.pk, actor=_actor("bob"), now=NOON)


def _actor(name: str) -> Actor:
    return Person.objects.get(username=name).actor


def links() -> list[str]:
    found = (re.search(r"http://[^/]+(/\S+)", row.payload["text"]) for row in Message.objects.filter(topic=MAIL).order_by("id"))
    return [match[1] for match in found if match is not None]


def test_a_forgotten_password_is_set_by_a_mailed_link_once() -> None:
    before = signed_in()
    for address in ("ana@voice.example", "nobody@voice.example"):
        assert Client().post("/recover/password/", {"email": address}).headers["Location"] == "/recover/password/sent/"
    (link,) = links()
    client = Client()
    form = client.get(link, follow=True)
    address = form.redirect_chain[-1][0]
    new = {"password1": "a-much-better-secret", "password2": "a-much-better-secret"}
    assert b"too short" in client.post(address, {"password1": "short", "password2": "short"}).content
    assert client.post(address, new).headers["Location"] == "/recover/password/done/"
    assert b"used up" in Client().get(link).content
    assert before.get("/me/").status_code == 302
    assert post_password(Client()) == "403"
    assert post_password(Client(), "a-much-better-secret") == "/"
    assert Entry.objects.filter(verb="reset-password", noun_id="ana").count() == 1


def test_no_more_than_three_links_an_hour_go_out_and_none_to_who_is_locked() -> None:
    for n in range(5):
        Client().post("/recover/password/", {"email": "ana@voice.example"}, REMOTE_ADDR=f"192.0.2.{n}")
    assert len(links()) == 3
    Guess.objects.all().delete()
    locks.lock_logins(usernames=["ana"], reason="x", actor=ANALYST, now=NOON)
    Client().post("/recover/password/", {"email": "ana@voice.example"})
    assert len(links()) == 3


def test_the_present_password_is_not_to_be_guessed_on_one_s_own_page() -> None:
    client = signed_in()
    for _ in range(5):
        said = client.post("/me/password/", {"present": "wrong", "new": "a-much-better-secret"}, follow=True).content
        assert b"not your present" in said
    said = client.post("/me/password/", {"present": PASSWORD, "new": "a-much-better-secret"}, follow=True).content
    assert b"too many failed tries" in said
    assert post_password(Client()) == "/"


def test_another_mail_address_is_taken_once_its_owner_confirmed_it() -> None:
    client = signed_in()
    client.post("/me/again/", {"password": PASSWORD, "next": "/me/mail/"})
    client.post("/me/mail/", {"action_add": "", "email": "new@voice.example"})
    assert Person.objects.get().mail == "ana@voice.example"
    (confirmation,) = links()
    assert Person.objects.get().mail == "ana@voice.example"
    client.post(confirmation)
    assert Person.objects.get().mail == "new@voice.example"


def test_sessions_that_are_over_are_swept_and_others_stay() -> None:
    stranger, inside = Client(), signed_in()
    stranger.get("/sign-in/passkey/", headers={"accept": "application/json"})
    assert Session.objects.count() == 2
    Session.objects.exclude(session_key=inside.session.session_key).update(expire_date=NOON)
    assert sweep_sessions(actor=system("worker"), now=NOON + timedelta(seconds=1)) == 1
    assert inside.get("/me/").status_code == 200
    assert Session.objects.count() == 1
    with pytest.raises(NotPermitted):
        sweep_sessions(actor=ADMIN, now=NOON)

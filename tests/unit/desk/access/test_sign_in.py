"""Who comes in, and who is slowed down."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.hashers import check_password
from django.core.signing import loads
from django.db import connection
from django.test import Client
from tests.unit.desk.scene import ADMIN, ANALYST, NOON, STRANGER

from ringfence.desk.access import adapter, backend, services
from ringfence.desk.access.models import Guess, Person
from ringfence.desk.access.services import FirstLogin, PasswordRefused
from ringfence.desk.actor import StaffRole
from ringfence.desk.audit.models import Entry
from ringfence.desk.errors import NotPermitted

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"


class Clock:
    """The moment that signing in takes for now."""

    def __init__(self) -> None:
        self.moment = datetime.now(UTC)

    def now(self, _zone: object = None) -> datetime:
        return self.moment

    def wait(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(adapter, "datetime", clock)
    return clock


@pytest.fixture(autouse=True)
def ana() -> None:
    services.create_login(username="ana", password=PASSWORD, roles=(StaffRole.ANALYST,), actor=ADMIN, now=NOON)


def enter(password: str, *, address: str = "192.0.2.1", username: str = "ana", client: Client | None = None) -> str:
    """Try to sign in; return where it led, or what the page said."""
    answer = (client or Client()).post("/sign-in/", {"login": username, "password": password}, REMOTE_ADDR=address)
    if answer.status_code == 302:
        return answer.headers["Location"]
    assert answer.status_code == 403
    page = answer.content.decode()
    return page.split('role="alert">')[1].split("</p>")[0]


def test_the_right_password_leads_to_the_desk(policy: str) -> None:
    client = Client()
    assert enter(PASSWORD, client=client) == "/"
    assert client.get("/me/").status_code == 200
    assert Entry.objects.filter(verb="succeeded", noun="sign-in", actor_id="ana").count() == 1


@pytest.mark.parametrize("username", ["ana", "nobody", "ANA", "a\0na2"])
def test_a_wrong_name_and_a_wrong_password_are_refused_alike(username: str) -> None:
    assert "do not go together" in enter("wrong", username=username) or "\0" in username


def test_after_five_failures_even_the_right_password_waits_five_minutes(clock: Clock) -> None:
    for _ in range(5):
        assert "do not go together" in enter("wrong")
    clock.wait(10)
    assert enter(PASSWORD) == "Too many failed tries; wait 5 minutes."
    assert enter(PASSWORD, address="192.0.2.2") == "/"
    clock.wait(301)
    assert enter(PASSWORD) == "/"
    assert Entry.objects.filter(verb="locked-out").count() == 1


def test_guessing_a_name_from_many_addresses_waits_too_each_time_longer(clock: Clock) -> None:
    for n in range(20):
        assert "do not go together" in enter("wrong", address=f"198.51.100.{n}")
    assert "wait 15 minutes" in enter(PASSWORD, address="203.0.113.1")
    clock.wait(901)
    for n in range(20):
        assert "do not go together" in enter("wrong", address=f"198.51.100.{n}")
    assert "wait 30 minutes" in enter(PASSWORD, address="203.0.113.1")


def test_a_browser_that_is_known_is_held_up_by_no_stranger(clock: Clock) -> None:
    own = Client()
    assert enter(PASSWORD, client=own) == "/"
    own.post("/sign-out/")
    for n in range(21):
        enter("wrong", address=f"198.51.100.{n}")
    assert "too many" in enter(PASSWORD).lower()
    assert enter(PASSWORD, client=own) == "/"
    own.post("/sign-out/")
    for _ in range(10):  # a known browser guesses no longer than another
        assert "do not go together" in enter("wrong", client=own)
    assert "wait 15 minutes" in enter(PASSWORD, client=own)


def test_colleagues_behind_one_address_are_not_locked_out_by_one_of_them(clock: Clock) -> None:
    services.create_login(username="bob", password=PASSWORD, roles=(StaffRole.ANALYST,), actor=ADMIN, now=NOON)
    for _ in range(9):
        enter("wrong", username="bob")
    assert enter(PASSWORD) == "/"


def test_one_address_that_guesses_many_names_waits(clock: Clock) -> None:
    for n in range(60):
        enter("wrong", username=f"name{n}", address=f"2001:db8::{n + 1:x}")  # a /64 is one source
    assert "wait 15 minutes" in enter(PASSWORD, address="2001:db8::ffff")
    assert enter(PASSWORD, address="2001:db8:0:1::1") == "/"


def test_names_that_nobody_has_share_a_bounded_number_of_rows(clock: Clock) -> None:
    for n in range(50):
        enter("wrong", username="x" * (n + 1), address=f"192.0.2.{n}")
    assert all(
        len(key) <= len("account:~abc") for key in Guess.objects.filter(key__startswith="account:~").values_list("key", flat=True)
    )
    assert not Guess.objects.filter(key__startswith="account:").exclude(key__startswith="account:~").exists()
    clock.wait(2 * 24 * 3600)
    assert enter(PASSWORD) == "/"
    assert Guess.objects.count() < 10  # what is a day old is swept


def test_a_flood_of_failures_does_not_fill_the_audit(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(520):
        services.note_failure(username=f"n{n}", address="192.0.2.1", now=clock.moment)
    assert Entry.objects.filter(verb="failed").count() == 500
    assert Entry.objects.filter(verb="not-listed").count() == 1


def test_the_cookie_of_a_known_browser_holds_the_last_five_people(policy: str) -> None:
    client = Client()
    for n in range(6):
        services.create_login(username=f"p{n}", password=PASSWORD, roles=(StaffRole.ANALYST,), actor=ADMIN, now=NOON)
        enter(PASSWORD, username=f"p{n}", client=client)
        client.post("/sign-out/")
    held = loads(client.cookies["known"].value, salt="access.devices")
    assert [name for name, _ in held] == ["p5", "p4", "p3", "p2", "p1"]
    client.cookies["known"] = client.cookies["known"].value[:-2] + "xx"
    assert enter(PASSWORD, username="p5", client=client) == "/"  # a forged one is no cookie


@pytest.mark.parametrize("change", [{"is_active": False}, {"locked": NOON}])
def test_a_login_that_is_closed_or_locked_is_refused_and_its_sessions_are_over(policy: str, change: dict[str, object]) -> None:
    client = Client()
    assert enter(PASSWORD, client=client) == "/"
    Person.objects.update(**change)
    assert client.get("/me/").status_code == 302
    assert "do not go together" in enter(PASSWORD)


def test_the_first_login_is_made_once() -> None:
    assert services.create_first_login(actor=ADMIN, now=NOON) is None
    Person.objects.all().delete()
    first = services.create_first_login(actor=ADMIN, now=NOON)
    assert first is not None
    assert Person.objects.get(username=first.username).actor.leads
    assert enter(first.password, username=first.username) == "/"
    assert services.create_first_login(actor=ADMIN, now=NOON) is None


def test_nobody_but_an_admin_makes_logins() -> None:
    with pytest.raises(NotPermitted):
        services.create_login(username="eve", password=PASSWORD, roles=(), actor=ANALYST, now=NOON)


def test_a_time_zone_is_ones_own() -> None:
    services.choose_time_zone(username="ana", zone="Europe/Brussels", actor=ANALYST, now=NOON)
    assert Person.objects.get().time_zone == "Europe/Brussels"
    with pytest.raises(NotPermitted):
        services.choose_time_zone(username="ana", zone="UTC", actor=STRANGER, now=NOON)


def test_no_transaction_is_held_while_a_password_is_hashed(monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[int] = []

    def watched(password: str, encoded: str) -> bool:
        held.append(len(connection.savepoint_ids))
        return check_password(password, encoded)

    monkeypatch.setattr(backend, "check_password", watched)
    enter(PASSWORD)
    assert held == [0]


def test_a_first_login_that_could_not_be_written_down_does_not_count() -> None:
    Person.objects.all().delete()

    def full(_login: FirstLogin) -> None:
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        services.create_first_login(actor=ADMIN, now=NOON, keep=full)
    assert not Person.objects.exists()


def change(new: str, *, present: str = PASSWORD) -> None:
    person = Person.objects.get(username="ana")
    services.change_password(person=person, present=present, new=new, actor=ANALYST, now=NOON)


def test_a_person_changes_its_own_password() -> None:
    change("a-much-better-secret")
    assert enter("a-much-better-secret") == "/"
    assert "do not go together" in enter(PASSWORD)


@pytest.mark.parametrize(
    ("present", "new", "why"),
    [
        ("wrong", "a-much-better-secret", "not your present"),
        (PASSWORD, "short", "too short"),
        (PASSWORD, "123456789012345", "numeric"),
    ],
)
def test_a_password_that_would_not_do_changes_nothing(present: str, new: str, why: str) -> None:
    with pytest.raises(PasswordRefused, match=why):
        change(new, present=present)
    assert enter(PASSWORD) == "/"


def test_nobody_changes_anothers_password() -> None:
    person = Person.objects.get(username="ana")
    with pytest.raises(NotPermitted):
        services.change_password(person=person, present=PASSWORD, new="a-much-better-secret", actor=ADMIN, now=NOON)


def test_the_page_changes_the_password_and_keeps_this_session(client: Client) -> None:
    client.force_login(Person.objects.get(username="ana"))
    answer = client.post("/me/password/", {"present": PASSWORD, "new": "a-much-better-secret"}, follow=True)
    assert "Your password is changed" in answer.content.decode()
    assert client.get("/me/").status_code == 200

"""Who comes in, and who is slowed down."""

from datetime import timedelta

import pytest
from django.contrib.auth.hashers import check_password
from django.db import connection
from django.test import Client
from tests.unit.desk.scene import ADMIN, ANALYST, NOON, STRANGER

from ringfence.desk.access import services
from ringfence.desk.access.models import Person
from ringfence.desk.access.services import FirstLogin, PasswordRefused, SignInRefused
from ringfence.desk.actor import ANONYMOUS, StaffRole
from ringfence.desk.errors import NotPermitted

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def ana() -> None:
    services.create_login(username="ana", password=PASSWORD, roles=(StaffRole.ANALYST,), actor=ADMIN, now=NOON)


def enter(password: str, *, address: str = "192.0.2.1", after: float = 0, username: str = "ana") -> Person:
    now = NOON + timedelta(seconds=after)
    return services.sign_in(username=username, password=password, address=address, actor=ANONYMOUS, now=now)


def test_the_right_password_gives_the_persons_actor() -> None:
    assert enter(PASSWORD).actor == ANALYST


@pytest.mark.parametrize("username", ["ana", "nobody"])
def test_a_wrong_name_and_a_wrong_password_are_refused_alike(username: str) -> None:
    with pytest.raises(SignInRefused, match="do not go together"):
        enter("wrong", username=username)


def test_after_five_failures_even_the_right_password_waits_five_minutes() -> None:
    for _ in range(5):
        with pytest.raises(SignInRefused):
            enter("wrong")
    with pytest.raises(SignInRefused, match="too many"):
        enter(PASSWORD, after=10)
    assert enter(PASSWORD, after=10, address="192.0.2.2").username == "ana"
    assert enter(PASSWORD, after=311).username == "ana"


def test_a_login_that_was_closed_is_refused() -> None:
    Person.objects.update(is_active=False)
    with pytest.raises(SignInRefused):
        enter(PASSWORD)


def test_the_first_login_is_made_once() -> None:
    assert services.create_first_login(actor=ADMIN, now=NOON) is None
    Person.objects.all().delete()
    first = services.create_first_login(actor=ADMIN, now=NOON)
    assert first is not None
    assert enter(first.password, username=first.username).actor.leads
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

    monkeypatch.setattr(services, "check_password", watched)
    enter(PASSWORD)
    assert held == [0]


def test_a_name_with_a_nul_octet_is_a_wrong_name() -> None:
    with pytest.raises(SignInRefused):
        enter(PASSWORD, username="a\0na2")


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
    assert enter("a-much-better-secret").username == "ana"
    with pytest.raises(SignInRefused):
        enter(PASSWORD)


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
    assert enter(PASSWORD).username == "ana"


def test_nobody_changes_anothers_password() -> None:
    person = Person.objects.get(username="ana")
    with pytest.raises(NotPermitted):
        services.change_password(person=person, present=PASSWORD, new="a-much-better-secret", actor=ADMIN, now=NOON)


def test_the_page_changes_the_password_and_keeps_this_session(client: Client) -> None:
    client.force_login(Person.objects.get(username="ana"))
    answer = client.post("/me/password/", {"present": PASSWORD, "new": "a-much-better-secret"}, follow=True)
    assert "Your password is changed" in answer.content.decode()
    assert client.get("/me/").status_code == 200

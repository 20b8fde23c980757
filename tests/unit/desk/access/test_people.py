"""What an admin does with logins, and mails on their way to the relay."""

from datetime import timedelta
from email.message import EmailMessage

import pytest
from django.test import Client
from tests.unit.desk.scene import ADMIN, ANALYST, AUDITOR, NOON, STRANGER

from ringfence.desk.access import mails, people, services
from ringfence.desk.access.locks import NoLockReason, Unlocking, lock_logins, unlock_login
from ringfence.desk.access.models import Person
from ringfence.desk.access.posting import send_mails
from ringfence.desk.access.services import LoginRefused
from ringfence.desk.actor import StaffRole, system
from ringfence.desk.audit.models import Entry
from ringfence.desk.errors import NotPermitted, StaleState
from ringfence.desk.letters.models import LetterState
from ringfence.desk.letters.services import LOOP_HEADER, Refused
from ringfence.desk.outbox.models import Message

pytestmark = pytest.mark.django_db

MAILBOX = system("mail")


@pytest.fixture(autouse=True)
def ada(policy: str) -> None:
    services.create_login(username="ada", password="x" * 12, roles=(StaffRole.ADMIN,), actor=ADMIN, now=NOON)


class Relay:
    """Takes mails, or refuses them as it is told to."""

    sender = "desk@voice.example"
    state = LetterState.SENT

    def __init__(self, *refusals: Refused) -> None:
        self.taken: list[EmailMessage] = []
        self._refusals = list(refusals)

    def take(self, mail: EmailMessage) -> None:
        if self._refusals:
            raise self._refusals.pop(0)
        self.taken.append(mail)


def test_a_login_is_made_without_a_password_and_its_link_mailed() -> None:
    client = Client()
    client.force_login(Person.objects.get())
    made = client.post("/logins/", {"username": "bob", "mail": "bob@voice.example", "role": ["analyst"]})
    bob = Person.objects.get(username="bob")
    assert made.headers["Location"] == f"/logins/{bob.pk}/"
    assert not bob.has_usable_password()
    relay = Relay()
    assert send_mails(relay=relay, actor=MAILBOX, now=bob.created + timedelta(seconds=1)) == 1
    (mail,) = relay.taken
    assert (mail["To"], mail["From"]) == ("bob@voice.example", "desk@voice.example")
    assert "/recover/password/" in mail.get_content()
    assert not Message.objects.filter(topic=mails.MAIL).exists()  # the link is nowhere any more
    assert b"Set its" not in client.get(f"/logins/{bob.pk}/").content


@pytest.mark.parametrize(
    "changes",
    [
        {"username": ""},
        {"username": " bob"},
        {"username": "a\nb"},
        {"username": "x" * 65},
        {"username": "ada"},
        {"mail": ""},
        {"mail": "no address"},
        {"roles": ["king"]},
        {"party": "nobody"},
    ],
)
def test_a_login_that_would_not_do_is_not_made(changes: dict[str, object]) -> None:
    told = {"username": "bob", "mail": "bob@voice.example", "roles": ["analyst"], "party": ""} | changes
    with pytest.raises(LoginRefused):
        people.invite(**told, actor=ADMIN, now=NOON)  # type: ignore[arg-type] # as forms give it
    assert Person.objects.count() == 1


def test_only_an_admin_makes_changes_and_closes_logins_and_not_the_own() -> None:
    for actor in (ANALYST, AUDITOR, STRANGER):
        with pytest.raises(NotPermitted):
            people.invite(username="bob", mail="b@c.example", roles=[], party="", actor=actor, now=NOON)
        with pytest.raises(NotPermitted):
            people.change_login(username="ada", mail="b@c.example", roles=[], actor=actor, now=NOON)
        with pytest.raises(NotPermitted):
            people.set_open(username="ada", is_open=False, actor=actor, now=NOON)
    with pytest.raises(NotPermitted):
        people.set_open(username="ada", is_open=False, actor=ADMIN, now=NOON)
    with pytest.raises(LoginRefused, match="another admin"):
        people.change_login(username="ada", mail="", roles=["admin", "lead"], actor=ADMIN, now=NOON)


def test_a_closed_login_s_sessions_are_over() -> None:
    bob = people.invite(username="bob", mail="b@c.example", roles=["analyst"], party="", actor=ADMIN, now=NOON)
    client = Client()
    client.force_login(bob)
    assert client.get("/me/").status_code == 200
    people.set_open(username="bob", is_open=False, actor=ADMIN, now=NOON)
    assert client.get("/me/").status_code == 302
    with pytest.raises(StaleState):
        people.set_open(username="bob", is_open=False, actor=ADMIN, now=NOON)
    people.set_open(username="bob", is_open=True, actor=ADMIN, now=NOON)
    assert client.get("/me/").status_code == 302  # opened again, the old session stays over


def test_strangers_see_no_logins() -> None:
    assert not people.logins(actor=STRANGER)
    assert not people.logins(actor=AUDITOR)
    assert [person.username for person in people.logins(actor=ANALYST, search="AD")] == ["ada"]


def test_locking_is_one_s_own_or_staff_s_and_unlocking_another_s() -> None:
    with pytest.raises(NotPermitted):
        lock_logins(usernames=["ada"], reason="x", actor=STRANGER, now=NOON)
    with pytest.raises(NoLockReason):
        lock_logins(usernames=["ada"], reason=" ", actor=ANALYST, now=NOON)
    assert lock_logins(usernames=["ada", "nobody"], reason="x", actor=ANALYST, now=NOON) == ["ada"]
    assert lock_logins(usernames=["ada"], reason="x", actor=ANALYST, now=NOON) == []
    with pytest.raises(NotPermitted):
        unlock_login(username="ada", how=Unlocking("x"), actor=ADMIN, now=NOON)  # her own
    unlock_login(username="ada", how=Unlocking("known by sight"), actor=ANALYST, now=NOON)
    with pytest.raises(StaleState):
        unlock_login(username="ada", how=Unlocking("x"), actor=ANALYST, now=NOON)
    lock = Person.objects.get().locks.get()
    assert (lock.by, lock.ended_by, lock.ended_reason) == ("ana", "ana", "known by sight")


def test_a_mail_is_tried_again_given_up_and_never_kept() -> None:
    mails.write(to="a@b.example", subject="two\r\nBcc: c@d.example", text="secret", now=NOON)
    mails.write(to="", subject="to nobody", text="x", now=NOON)
    busy = Relay(Refused("450 later", permanent=False))
    send_mails(relay=busy, actor=MAILBOX, now=NOON)
    assert Message.objects.get(topic=mails.MAIL).attempts == 1
    after = NOON + timedelta(minutes=10)
    send_mails(relay=busy, actor=MAILBOX, now=after)
    (mail,) = busy.taken
    assert mail["Subject"] == "two Bcc: c@d.example"
    assert mail["Bcc"] is None
    assert mail[LOOP_HEADER]
    assert mail["Auto-Submitted"] == "auto-generated"
    assert not Message.objects.filter(topic=mails.MAIL).exists()
    for refusal, moment in (
        (Refused("550 no", permanent=True), NOON),
        (Refused("450 later", permanent=False), NOON + timedelta(hours=5)),
    ):
        mails.write(to="a@b.example", subject="x", text="secret", now=NOON)
        send_mails(relay=Relay(refusal), actor=MAILBOX, now=moment)
        assert not Message.objects.filter(topic=mails.MAIL).exists()
    verbs = list(Entry.objects.filter(noun="mail").order_by("id").values_list("verb", flat=True))
    assert verbs == ["mail-sent", "mail-failed", "mail-failed"]
    assert not any(b"a@b.example" in bytes(entry.body) for entry in Entry.objects.all())

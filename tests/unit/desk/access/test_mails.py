"""Mails about logins are in the language of the party, each of them."""

import re
from datetime import timedelta

import pytest
from allauth.core.context import request_context
from django.test import Client, RequestFactory
from tests.unit.desk.scene import ADMIN, NOON, WORKER

from ringfence.desk.access import locks, mails, services
from ringfence.desk.access.adapter import AccountAdapter
from ringfence.desk.access.models import Person
from ringfence.desk.letters.wording import languages, texts
from ringfence.desk.outbox.models import Message
from ringfence.desk.parties import services as importing
from ringfence.desk.parties.models import Party

pytestmark = pytest.mark.django_db

PACKAGE = "ringfence.desk.access"
FILES = {
    "parties.csv": b"party,parent,kind\nlantern,,reseller\nshop,lantern,end-user\ncycles,lantern,end-user\nplain,,\n",
    "contacts.csv": (
        b"contact,party,mail,language,valid_from,valid_to\n"
        b"a,lantern,office@lantern.example,nl-BE,,\n"
        b"b,cycles,office@velo.example,en,,\n"
        b"c,cycles,rene@velo.example,fr,,\n"
        b"d,plain,gone@plain.example,fr,,2020-01-01T00:00:00Z\n"
    ),
}
NOTICES = (
    *("email_changed", "email_confirm", "email_deleted", "totp_activated", "totp_deactivated"),
    *("recovery_codes_generated", "webauthn_added", "webauthn_removed"),
)


@pytest.fixture
def parties(policy: str) -> None:
    assert importing.import_parties(files=FILES, actor=ADMIN, now=NOON).written


def _person(name: str, party: str | None, mail: str) -> Person:
    row = Party.objects.get(name=party).pk if party else None
    services.create_login(username=name, password="x" * 12, roles=(), party=row, mail=mail, actor=ADMIN, now=NOON)
    return Person.objects.get(username=name)


def _sent() -> list[dict[str, str]]:
    return [message.payload for message in Message.objects.filter(topic=mails.MAIL).order_by("id")]


@pytest.mark.parametrize(
    ("name", "party", "mail", "language"),
    [
        ("rené", "cycles", "Rene@velo.example", "fr"),  # a contact's own address
        ("other", "cycles", "other@velo.example", "en"),  # else the party's first contact
        ("sam", "shop", "sam@shop.example", "nl"),  # none of its own: the nearest above that has some
        ("pat", "plain", "pat@plain.example", "en"),  # its contact was over
        ("staff", None, "s@voice.example", "en"),
    ],
)
def test_a_login_is_written_to_in_the_language_of_its_party(
    parties: None, name: str, party: str | None, mail: str, language: str
) -> None:
    person = _person(name, party, mail)
    locks.lock_logins(usernames=[name], reason="x", actor=WORKER, now=NOON + timedelta(minutes=1))
    (sent,) = _sent()
    assert sent["language"] == language
    assert sent["subject"] == texts(PACKAGE, language)["mails"]["locked_subject"].replace("{{ login }}", person.username)
    assert "2026-03-01 12:01 UTC" in sent["text"]


def test_who_forgot_the_password_is_told_in_the_party_s_language_where_to_set_it(parties: None) -> None:
    _person("sam", "shop", "sam@shop.example")
    assert Client().post("/recover/password/", {"email": "sam@shop.example"}).status_code == 302
    (sent,) = _sent()
    assert (sent["language"], sent["subject"]) == ("nl", "Een link om uw wachtwoord in te stellen")
    assert re.search(r"http\S+/recover/password/\S+", sent["text"])


@pytest.mark.parametrize("what", NOTICES)
@pytest.mark.parametrize("language", languages(PACKAGE))
def test_what_changed_of_a_login_is_told_in_each_language(parties: None, what: str, language: str) -> None:
    Party.objects.get(name="shop").contacts.create(name="z", mail="sam@shop.example", language=language)
    person = _person("sam", "shop", "sam@shop.example")
    more = {"from_email": "old@shop.example", "to_email": "new@shop.example", "deleted_email": "old@shop.example"}
    with request_context(RequestFactory().get("/", REMOTE_ADDR="192.0.2.7")):
        AccountAdapter().send_notification_mail(f"mfa/email/{what}", person, more)
    (sent,) = _sent()
    assert sent["language"] == language
    assert sent["subject"] == texts(PACKAGE, language)["mails"][f"{what}_subject"]
    assert "192.0.2.7" in sent["text"]
    assert "{{" not in sent["text"]


def test_every_language_says_the_same_things_of_the_same_places() -> None:
    def places(language: str) -> dict[str, set[str]]:
        told = texts(PACKAGE, language)
        return {name: set(re.findall(r"{{ (\w+) }}", text)) for table in told.values() for name, text in table.items()}

    assert languages(PACKAGE) == ("en", "fr", "nl")
    assert places("nl") == places("en") == places("fr")
    assert texts(PACKAGE, "nl")["mails"] != texts(PACKAGE, "en")["mails"]

"""A desk with a party that has a login, contacts and trunks, and a person at the desk."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from tests.unit.desk.scene import ADMIN, NOON, Desk

from ringfence.desk.access import services as access
from ringfence.desk.access.models import Person
from ringfence.desk.actor import StaffRole
from ringfence.desk.parties import services as parties
from ringfence.desk.parties.models import Contact, Party

PASSWORD = "correct horse battery"
LATER = datetime.now(UTC)
"""Pages take the time that it is: what services are told stands beside it."""
FILES = {
    "parties.csv": b"party,parent,kind\nacme,,reseller\nshop,acme,end-user\nother,,\n",
    "accounts.csv": b"account,party\na-line,acme\ns-line,shop\no-line,other\n",
    "trunks.csv": b"trunk,account,user\na-trunk,a-line,au\ns-trunk,s-line,su\no-trunk,o-line,ou\n",
    "contacts.csv": (
        b"contact,party,mail,telephone,valid_from\n"
        b"boss,acme,boss@acme.example,+3225551200,2020-01-01T00:00:00Z\n"
        + f"fresh,acme,thief@acme.example,+3225551299,{LATER - timedelta(days=6):%Y-%m-%dT%H:%M:%SZ}\n".encode()
        + b"chief,other,chief@other.example,+3225551300,2020-01-01T00:00:00Z\n"
    ),
}


@pytest.fixture
def known(desk: Desk) -> Desk:
    """`sam` is acme's person, `otto` other's, `ana` an analyst, `leo` a lead."""
    assert parties.import_parties(files=FILES, actor=ADMIN, now=NOON).written
    for name, party in (("sam", "acme"), ("otto", "other")):
        row = Party.objects.get(name=party).pk
        access.create_login(
            username=name, password=PASSWORD, roles=(), party=row, mail=f"{name}@{party}.example", actor=ADMIN, now=NOON
        )
    for name, role in (("ana", StaffRole.ANALYST), ("leo", StaffRole.LEAD)):
        access.create_login(username=name, password=PASSWORD, roles=(role,), mail=f"{name}@voice.example", actor=ADMIN, now=NOON)
    desk.clock.now = LATER + timedelta(hours=1)
    desk.work()
    return desk


def entered(name: str) -> Client:
    """A browser in which somebody has signed in."""
    client = Client()
    answer = client.post("/sign-in/", {"login": name, "password": PASSWORD})
    assert answer.status_code == 302, answer.content
    return client


def contact(name: str) -> int:
    return Contact.objects.get(name=name).pk


def person(name: str) -> Person:
    return Person.objects.get(username=name)

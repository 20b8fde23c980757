"""A party's login that comes to a page of the provider's is told whose page that is, and where its own stands."""

import pytest
from django.test import Client
from tests.unit.desk.scene import ADMIN, NOON

from ringfence.desk.access import services
from ringfence.desk.access.models import Person
from ringfence.desk.parties import services as parties
from ringfence.desk.parties.models import Party

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("policy")]


def client_of(name: str, party: int | None) -> Client:
    services.create_login(username=name, password="x" * 12, roles=(), party=party, actor=ADMIN, now=NOON)
    client = Client()
    client.force_login(Person.objects.get(username=name))
    return client


def shop() -> int:
    assert parties.import_parties(files={"parties.csv": b"party,parent,kind\nshop,,customer\n"}, actor=ADMIN, now=NOON).written
    return Party.objects.get(name="shop").pk


def test_a_partys_login_is_told_where_its_own_page_is() -> None:
    client = client_of("jo", shop())
    refused = client.get("/cases/")
    assert refused.status_code == 403
    page = refused.content.decode()
    assert "for the provider&#x27;s staff; what is yours stands under shop" in page
    assert '<a class="mark" href="/own/">' in page


def test_who_has_neither_role_nor_party_is_told_who_gives_one() -> None:
    page = client_of("bob", None).get("/cases/").content.decode()
    assert "This login has no role yet; an admin gives it one" in page


def test_who_changes_how_he_signs_in_is_asked_in_plain_words_to_show_that_it_is_he() -> None:
    page = client_of("jo", shop()).get("/me/again/").content.decode()
    assert "Confirm that it is you" in page
    assert "What comes next changes how this login is opened" in page

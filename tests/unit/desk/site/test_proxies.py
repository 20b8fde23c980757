"""Behind proxies the address that counts is the one that the outermost of ours heard."""

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from ringfence.desk.access.models import Guess

pytestmark = pytest.mark.django_db


def tried(forwarded: str) -> int:
    before = set(Guess.objects.filter(key__startswith="source:").values_list("key", flat=True))
    Client(headers={"x-forwarded-for": forwarded}).post("/sign-in/", {"login": "a", "password": "b"})
    return len(set(Guess.objects.filter(key__startswith="source:").values_list("key", flat=True)) - before)


def test_what_strangers_write_of_their_address_counts_for_nothing(settings: Settings, policy: str) -> None:
    assert [tried(f"198.51.100.{n}") for n in range(3)] == [1, 0, 0]
    settings.RINGFENCE_PROXIES = 1
    assert [tried(f"198.51.100.{n}, 203.0.113.9") for n in range(3)] == [1, 0, 0]
    settings.RINGFENCE_PROXIES = 2
    assert [tried(f"8.8.8.8, 198.51.100.{n}, 203.0.113.9") for n in range(3)] == [1, 1, 1]


def test_a_proxy_that_writes_no_address_is_told_so(settings: Settings, policy: str) -> None:
    settings.RINGFENCE_PROXIES = 1
    assert Client(headers={"x-forwarded-for": "nonsense"}).get("/sign-in/").status_code == 400
    assert Client().get("/sign-in/").status_code == 400

"""A form decides on what its reader saw: where something came since, it is refused and says so, and nothing is lost."""

import re

import pytest
from django.test import Client
from tests.unit.desk.decisions.conftest import climbing
from tests.unit.desk.decisions.test_ladder import DAY, found
from tests.unit.desk.scene import ADMIN, ANALYST, NOON, Desk

from ringfence.desk.access import services as access
from ringfence.desk.actor import StaffRole
from ringfence.desk.cases import services as casework
from ringfence.desk.cases.models import Case
from ringfence.desk.decisions.models import Decision

pytestmark = pytest.mark.django_db

__all__ = ["climbing"]


@pytest.fixture
def client() -> Client:
    """Somebody who works cases, signed in."""
    browser = Client()
    person = access.create_login(username="nia", password=None, roles=[StaffRole.ANALYST], actor=ADMIN, now=NOON)
    browser.force_login(person)
    return browser


def hidden(client: Client, case: int, form: str, name: str) -> str:
    """What a form of the case's page holds unseen."""
    page = client.get(f"/cases/{case}/").content.decode()
    shown = re.search(rf'action="/cases/{case}/{form}/".*?name="{name}" value="([^"]*)"', page, re.DOTALL)
    assert shown is not None, page
    return shown.group(1)


def said(client: Client, path: str, **told: str) -> str:
    return client.post(path, told, follow=True).content.decode()


@pytest.mark.parametrize(("form", "told"), [("close", {"outcome": "acted"}), ("role", {"role": "victim", "reason": "they say so"})])
def test_a_case_in_which_something_happened_is_neither_closed_nor_given_another_role(
    desk: Desk, client: Client, form: str, told: dict[str, str]
) -> None:
    desk.find()
    case = Case.objects.get()
    seen = hidden(client, case.id, form, "seen")
    casework.note_case(case_id=case.id, text="they called", actor=ANALYST, now=NOON + DAY)
    assert "look again, then decide" in said(client, f"/cases/{case.id}/{form}/", seen=seen, **told)
    untouched = Case.objects.get()
    assert (untouched.state, untouched.role) == (case.state, case.role)
    said(client, f"/cases/{case.id}/{form}/", seen=hidden(client, case.id, form, "seen"), **told)
    after = Case.objects.get()
    assert (after.state, after.role) != (case.state, case.role)


def test_nobody_decides_more_than_the_button_said(climbing: Desk, client: Client) -> None:
    case, finding = found(climbing)
    offered = "throttle account shop-1 to 0.5 calls/s"
    told = {"finding": finding, "reasons": "You called too much.", "offered": "bar all outgoing calls of account shop-1"}
    assert f"proposes another measure since you opened the page: {offered}" in said(client, f"/cases/{case}/decide/", **told)
    assert not Decision.objects.exists()
    said(client, f"/cases/{case}/decide/", **{**told, "offered": offered})
    assert Decision.objects.get().deed == offered


def test_the_form_holds_what_its_button_says(climbing: Desk, client: Client) -> None:
    case, _ = found(climbing)
    offered = hidden(client, case, "decide", "offered")
    assert offered == "throttle account shop-1 to 0.5 calls/s"
    assert f'type="submit">{offered.capitalize()}' in client.get(f"/cases/{case}/").content.decode()

"""A finding as its page tells it to whom it is about."""

import subprocess
import sys

import pytest
from django.test import Client
from tests.unit.desk.scene import ADMIN, ANALYST, NOON, Desk, finding

from ringfence.desk.access import services as access
from ringfence.desk.access.models import Person
from ringfence.desk.actor import StaffRole
from ringfence.desk.detections import selectors
from ringfence.vocabulary.times import micros

pytestmark = pytest.mark.django_db


@pytest.fixture(name="shown")
def shown_after(desk: Desk) -> tuple[Desk, Client]:
    access.create_login(username="aud", password="x" * 12, roles=(StaffRole.AUDITOR,), actor=ADMIN, now=NOON)
    client = Client()
    client.force_login(Person.objects.get(username="aud"))
    return desk, client


def test_the_page_says_what_was_measured_since_when_by_which_examples_and_what_would_be_quiet(shown: tuple[Desk, Client]) -> None:
    desk, client = shown
    found = finding(desk.policy, time=micros(NOON))
    desk.write("findings", found)
    desk.work()
    page = client.get(f"/findings/{found.id}/").content.decode()
    told = page.split('id="explanation"')[1].split("</div>")[0]
    assert "“refused” came to 5 (the limit: at least 5)" in told
    assert "“refused” is the number of different values of" in told
    assert "It rests on 5 events from 2026-03-01 11:59:00 to 2026-03-01 12:00:00 UTC (1 min)" in told
    assert "a@x" in told
    assert "b@x" in told
    assert "Nothing would have been found, had “refused” been less than 5." in told


def test_a_finding_of_a_policy_that_was_never_posted_here_is_told_with_its_own_numbers_and_the_lack(desk: Desk) -> None:
    desk.write("findings", finding("f" * 64, time=micros(NOON)))
    desk.work()
    (found,) = selectors.findings(actor=ANALYST)
    told = selectors.explanation(of=found, actor=ANALYST)
    assert told.measured.endswith("refused came to 5 (the limit: 5).")
    assert told.quiet == ""
    assert "no such rule" in " ".join(told.remarks)


def test_a_name_from_traffic_is_text_on_the_page(shown: tuple[Desk, Client]) -> None:
    desk, client = shown
    found = finding(desk.policy, time=micros(NOON), key={"target": "<b>x</b>\u202e"})
    desk.write("findings", found)
    desk.work()
    page = client.get(f"/findings/{found.id}/").content.decode()
    assert "<b>x</b>" not in page
    assert "&lt;b&gt;x&lt;/b&gt;\ufffd" in page


def test_what_the_web_process_needs_to_explain_loads_no_compiler() -> None:
    program = "import sys, ringfence.words.findings; print('numba' in sys.modules or 'numpy' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert told.strip() == "False"

"""Lists say what matters of each row, and are narrowed as their forms say."""

import pytest
from django.test import Client
from tests.unit.desk.scene import ADMIN, ANALYST, NOON, Desk

from ringfence.desk.access import services as access
from ringfence.desk.access.models import Person
from ringfence.desk.actor import StaffRole
from ringfence.desk.cases import selectors as cases
from ringfence.desk.cases.summaries import with_findings
from ringfence.vocabulary.severity import Severity
from ringfence.vocabulary.times import SECOND, Micros, micros

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    access.create_login(username="ana", password="correct horse battery", roles=(StaffRole.ANALYST,), actor=ADMIN, now=NOON)
    client = Client()
    client.force_login(Person.objects.get())
    return client


def rows(client: Client, address: str) -> int:
    return client.get(address).content.decode().count("<tr data-key=")


def test_a_case_tells_its_worst_severity_and_the_rule_that_joined_last(desk: Desk) -> None:
    desk.find(severity=Severity.ACT)
    desk.find(severity=Severity.WARN, rule="later", id="f" * 32, time=Micros(micros(NOON) + SECOND))
    case = vars(with_findings(cases.cases(actor=ANALYST)).get())
    assert (case["severity"], case["rule"]) == ("act", "later")


@pytest.mark.parametrize(
    ("narrowed", "found"),
    [
        ("kind=standing-order", 1),
        ("kind=person&noun=login", 1),
        ("noun=case", 2),
        ("case=%23{case}&noun=order", 1),
        ("case=999", 0),
        ("case=nonsense", 0),
        ("day=2026-03-01&verb=decided", 1),
        ("day=2026-03-02", 0),
        ("day=nonsense", 0),
        ("day=0001-01-01", 0),
        ("day=9999-12-31", 0),
    ],
)
def test_the_audit_is_narrowed_as_its_form_says(desk: Desk, client: Client, narrowed: str, found: int) -> None:
    desk.find()
    case = cases.cases(actor=ANALYST).get().id
    assert rows(client, "/audit/?" + narrowed.format(case=case)) == found


def test_a_day_of_the_audit_is_the_readers(desk: Desk, client: Client) -> None:
    desk.find()
    Person.objects.update(time_zone="Pacific/Kiritimati")  # 14 hours ahead: noon is two in the morning of the day after
    assert rows(client, "/audit/?verb=decided&day=2026-03-01") == 0
    assert rows(client, "/audit/?verb=decided&day=2026-03-02") == 1


def test_findings_are_narrowed_by_severity_and_cases_by_subject(desk: Desk, client: Client) -> None:
    desk.find("203.0.113.1")
    desk.find("203.0.113.2", severity=Severity.WARN)
    assert [rows(client, f"/findings/?severity={one}") for one in ("", "act", "warn", "info")] == [2, 1, 1, 0]
    assert [rows(client, f"/cases/?subject={one}") for one in ("", "203.0.113.1", "203.0.113.3")] == [2, 1, 0]


def test_a_form_without_its_token_is_told_in_our_words(policy: str) -> None:
    answer = Client(enforce_csrf_checks=True).post("/sign-in/", {"login": "a", "password": "b"})
    assert answer.status_code == 403
    assert b"This form is too old" in answer.content
    assert b"<style" not in answer.content


def test_an_unknown_host_name_is_told_without_a_database(policy: str) -> None:
    answer = Client(headers={"host": "elsewhere.example"}).get("/sign-in/")
    assert answer.status_code == 400
    assert b"RINGFENCE_HOSTS" in answer.content

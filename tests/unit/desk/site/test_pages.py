"""Every page answers those it is for, in a known number of queries, and nobody else."""

from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from typing import cast

import pytest
from django.http import StreamingHttpResponse
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from tests.unit.desk.scene import ADMIN, ANALYST, NOON, WORKER, Desk, finding

from ringfence.desk.access import services as access
from ringfence.desk.access.models import Person
from ringfence.desk.actor import StaffRole
from ringfence.desk.audit import selectors as audit
from ringfence.desk.cases import selectors as cases
from ringfence.desk.complaints import selectors as received
from ringfence.desk.complaints import services as complaints
from ringfence.desk.decisions import selectors as decisions
from ringfence.desk.decisions import services as deciding
from ringfence.desk.enforcement import selectors as orders
from ringfence.desk.parties import selectors as parties
from ringfence.desk.parties import services as importing
from ringfence.vocabulary.times import micros

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"
ACCOUNTS = "account,parent,kind,plan\nshop/one,,customer,gold\n"


def client_of(*roles: StaffRole) -> Client:
    name = "-".join(roles) or "nobody"
    if not Person.objects.filter(username=name).exists():
        access.create_login(username=name, password=PASSWORD, roles=roles, actor=ADMIN, now=NOON)
    client = Client()
    client.force_login(Person.objects.get(username=name))
    return client


@pytest.fixture
def busy(desk: Desk) -> Desk:
    """A desk with 60 of what comes in numbers: more than a page."""
    desk.write("findings", *(finding(desk.policy, f"203.0.113.{number}") for number in range(60)))
    desk.work()
    importing.import_parties(files={"accounts.csv": ACCOUNTS.encode()}, actor=ADMIN, now=NOON)
    complaints.take_in(raw=b"Subject: <script>alert(1)</script>\r\n\r\n<b>at night</b>\r\n", sender="a", actor=WORKER, now=NOON)
    return desk


LISTS: dict[str, int] = {
    "/": 15,
    "/findings/": 6,
    "/cases/": 7,
    "/orders/": 6,
    "/decisions/": 6,
    "/complaints/": 6,
    "/parties/": 6,
    "/audit/": 6,
}
"""List page to the queries it takes, however many rows it shows: session, person, automation and alarms are four of them."""


@pytest.mark.parametrize(("address", "queries"), LISTS.items())
def test_a_list_takes_a_recorded_number_of_queries(
    busy: Desk, address: str, queries: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = client_of(StaffRole.AUDITOR)
    with django_assert_num_queries(queries):
        assert client.get(address).status_code == 200


@pytest.mark.parametrize("findings", [2, 40])
def test_a_case_page_takes_the_same_queries_however_many_findings_it_has(
    desk: Desk, findings: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = client_of(StaffRole.ANALYST)
    desk.write("findings", *(finding(desk.policy, time=micros(NOON) + number) for number in range(findings)))
    desk.work()
    with django_assert_num_queries(33):
        assert client.get(f"/cases/{cases.cases(actor=ANALYST).get().id}/").status_code == 200


def test_banners_come_to_pages_that_are_open_already(desk: Desk) -> None:
    client = client_of(StaffRole.ANALYST)
    page = client.get("/cases/").content.decode()
    asked = page.split('hx-get="')[1].split('"')[0].replace("&amp;", "&")
    assert asked.startswith("/banners/?seen=")
    assert client.get(asked).status_code == 204
    deciding.hold_automation(reason="maintenance", actor=ANALYST, now=NOON)
    assert "maintenance" in client.get(asked).content.decode()


DETAILS: dict[str, Callable[[], str]] = {
    "finding": lambda: f"/findings/{orders.orders(actor=ANALYST)[0].decision.finding_id}/",
    "case": lambda: f"/cases/{cases.cases(actor=ANALYST)[0].id}/",
    "order": lambda: f"/orders/{orders.orders(actor=ANALYST)[0].id}/",
    "decision": lambda: f"/decisions/{decisions.decisions(actor=ANALYST)[0].id}/",
    "complaint": lambda: f"/complaints/{received.complaints(actor=ANALYST).get().id}/",
    "party": lambda: "/parties/of/shop/one/",
    "automation": lambda: "/automation/",
    "me": lambda: "/me/",
}


@pytest.mark.parametrize("name", DETAILS)
def test_a_page_answers_staff_and_turns_strangers_away(busy: Desk, name: str) -> None:
    address = DETAILS[name]()
    assert client_of(StaffRole.AUDITOR).get(address).status_code == 200
    assert client_of().get(address).status_code == 403
    away = Client().get(address)
    assert (away.status_code, away["Location"]) == (302, f"/sign-in/?next={address}")


@pytest.mark.parametrize(
    ("came_from", "then"),
    [
        ("http://testserver/cases/?state=open", "/sign-in/?next=/cases/%3Fstate%3Dopen"),
        ("https://elsewhere.example/cases/", "/sign-in/?next=/"),
        ("", "/sign-in/?next=/"),
    ],
)
def test_a_form_that_comes_after_the_session_leads_back_to_its_page(came_from: str, then: str) -> None:
    late = Client(headers={"Referer": came_from} if came_from else {})
    answer = late.post("/cases/1/note/", {"text": "x"}, follow=True)
    assert answer.redirect_chain[0] == (then, 302)
    assert "your session was over" in answer.content.decode()


@pytest.mark.parametrize(
    "address", ["/findings/none/", "/cases/999999/", "/orders/none/", "/decisions/none/", "/parties/of/none/", "/no/"]
)
def test_what_is_not_there_is_said_to_be_so(desk: Desk, address: str) -> None:
    answer = client_of(StaffRole.AUDITOR).get(address)
    assert answer.status_code == 404
    assert b"This is not here" in answer.content


def test_the_policy_is_public_with_a_permanent_address_for_each_version(policy: str) -> None:
    for address in ("/policy/", "/policy/1/"):
        page = Client().get(address)
        assert page.status_code == 200
        assert b'id="unauthorised-access"' in page.content
        assert b"<em>Example Voice</em>" in page.content
    assert Client().get("/policy/2/").status_code == 404


def test_every_answer_forbids_inline_scripts_and_framing(policy: str) -> None:
    for address in ("/policy/", "/sign-in/", "/health"):
        headers = Client().get(address).headers
        assert "script-src 'self'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Frame-Options"] == "DENY"


def test_what_a_stranger_wrote_is_shown_as_text(busy: Desk) -> None:
    client = client_of(StaffRole.AUDITOR)
    page = client.get("/complaints/").content
    assert b"<script>alert" not in page
    assert b"&lt;script&gt;alert(1)&lt;/script&gt;" in page
    number = received.complaints(actor=ANALYST).get().id
    assert b"&lt;b&gt;at night&lt;/b&gt;" in client.get(f"/complaints/{number}/").content
    assert audit.entries(actor=ANALYST, verb="read").count() == 1


def test_a_fragment_that_has_not_changed_is_not_sent_again(desk: Desk) -> None:
    client = client_of(StaffRole.ANALYST)
    desk.find()
    first = client.get("/cases/", headers={"HX-Request": "true"}).content.decode()
    assert first.startswith('<div class="live"')
    again = first.split('hx-get="')[1].split('"')[0].replace("&amp;", "&")
    assert client.get(again, headers={"HX-Request": "true"}).status_code == 204
    desk.find("203.0.113.10")
    assert client.get(again, headers={"HX-Request": "true"}).status_code == 200


def test_a_session_that_ended_reloads_the_page_instead_of_filling_a_fragment(policy: str) -> None:
    answer = Client().get("/cases/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Refresh"]) == (204, "true")


def test_signing_in_leads_where_one_wanted_to_go_and_nowhere_else(policy: str) -> None:
    client_of(StaffRole.ANALYST)
    for wanted, led in (("/orders/", "/orders/"), ("https://elsewhere.example/", "/")):
        answer = Client().post("/sign-in/", {"login": "analyst", "password": PASSWORD, "next": wanted})
        assert (answer.status_code, answer["Location"]) == (302, led)
    refused = Client().post("/sign-in/", {"login": "analyst", "password": "wrong"})
    assert refused.status_code == 403
    assert b"do not go together" in refused.content


def test_signing_out_ends_the_session(policy: str) -> None:
    client = client_of(StaffRole.ANALYST)
    assert client.get("/sign-out/").status_code == 405
    client.post("/sign-out/")
    assert client.get("/cases/").status_code == 302


def test_forms_do_what_they_say_and_say_what_they_did(desk: Desk) -> None:
    desk.find()
    client, case, order = client_of(StaffRole.ANALYST), cases.cases(actor=ANALYST).get(), orders.orders(actor=ANALYST).get()
    assert "The case is yours." in client.post(f"/cases/{case.id}/claim/", follow=True).content.decode()
    again = client.post(f"/cases/{case.id}/claim/", follow=True).content.decode()
    assert "Nothing was done: case" in again
    client.post(f"/orders/{order.id}/lift/", {"reasons": "a tester", "case": str(case.id)})
    assert orders.orders(actor=ANALYST, state="all").get().state == "removing"
    client.post("/automation/", {"do": "hold", "reason": "maintenance"})
    assert "Automation is held" in client.get("/").content.decode()
    assert client.post("/automation/", {"do": "resume"}).status_code == 403


def test_an_auditors_forms_are_refused(desk: Desk) -> None:
    desk.find()
    order = orders.orders(actor=ANALYST).get()
    assert client_of(StaffRole.AUDITOR).post(f"/orders/{order.id}/lift/", {"reasons": "x"}).status_code == 403
    assert orders.orders(actor=ANALYST).get().state == "wanted"


def test_a_form_without_its_token_is_refused(policy: str) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post("/sign-in/", {"login": "a", "password": "b"}).status_code == 403


def test_files_are_tried_then_imported(policy: str) -> None:
    client = client_of(StaffRole.ADMIN)
    tried = client.post("/parties/import/", {"do": "try", "accounts.csv": BytesIO(ACCOUNTS.encode())})
    assert b"nothing stands in the way" in tried.content
    assert not parties.parties(actor=ADMIN, now=datetime.now(UTC)).exists()
    taken = client.post("/parties/import/", {"do": "differences", "accounts.csv": BytesIO(ACCOUNTS.encode())})
    assert taken.headers["Content-Disposition"] == 'attachment; filename="differences.csv"'
    assert b"\nnew,accounts.csv,shop/one,shop/one," in b"".join(cast(StreamingHttpResponse, taken))
    assert not parties.parties(actor=ADMIN, now=datetime.now(UTC)).exists()
    client.post("/parties/import/", {"do": "import", "accounts.csv": BytesIO(ACCOUNTS.encode())})
    assert parties.parties(actor=ADMIN, now=datetime.now(UTC)).get().name == "shop/one"
    bad = client.post("/parties/import/", {"do": "import", "accounts.csv": BytesIO(b"account\nn\xe9\n")})
    assert b"is not UTF-8" in bad.content
    assert client_of(StaffRole.ANALYST).get("/parties/import/").status_code == 403


@pytest.mark.parametrize(
    "at", ["2026-03-10", "2026-03-10T14:05:07", "2026-03-10T14:05:07Z", "2026-03-10T14:05:07-05:00", "yesterday"]
)
def test_who_held_a_number_is_asked_in_utc_or_any_zone(policy: str, at: str) -> None:
    files = {"accounts.csv": ACCOUNTS.encode(), "numbers.csv": b"number,account\n+3225551212,shop/one\n"}
    importing.import_parties(files=files, actor=ADMIN, now=NOON)
    page = client_of(StaffRole.ANALYST).get("/parties/who/", {"asked": "+32 2 555 12 12", "at": at}).content.decode()
    assert ("is no moment" in page) == (at == "yesterday")
    assert ("shop/one" in page) == (at != "yesterday")
    assert "Nothing is known" in client_of(StaffRole.LEAD).get("/parties/who/", {"asked": "+3225550000"}).content.decode()


def test_times_are_shown_in_the_zone_that_a_person_chose(desk: Desk) -> None:
    desk.find()
    client = client_of(StaffRole.ANALYST)
    assert "2026-03-01 12:00:00 UTC" in client.get("/findings/").content.decode()
    client.post("/me/", {"zone": "Europe/Brussels"})
    page = client.get("/findings/").content.decode()
    assert '<time datetime="2026-03-01T12:00:00.000000Z">2026-03-01 13:00:00 CET</time>' in page

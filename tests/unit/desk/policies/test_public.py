"""What everybody may read of the policy: rulings beside clauses, the feed, paper; and the pages on which rulings are recorded."""

import xml.etree.ElementTree as ET
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from tests.unit.desk.scene import ADMIN, NOON, Desk, write_bundle

from ringfence.desk.access.models import Person
from ringfence.desk.actor import StaffRole
from ringfence.desk.enforcement.models import Order
from ringfence.desk.parties import services as importing
from ringfence.desk.policies import acceptance, paper, rulings
from ringfence.desk.policies import services as policies
from ringfence.desk.policies.models import Ruling
from ringfence.desk.policies.rulings import Judgment, Reach
from ringfence.vocabulary.times import micros

pytestmark = pytest.mark.django_db

SAID = Judgment("Commercial court, Brussels", "A/26/00117", date(2026, 2, 27), "The clause as a whole.")
ATOM = "{http://www.w3.org/2005/Atom}"


def strike(reach: Reach | None = None) -> Ruling:
    return rulings.strike_clause(clause="technical-prevention", judgment=SAID, reach=reach or Reach(), actor=ADMIN, now=NOON)


def staff(client: Client, *roles: StaffRole) -> Client:
    client.force_login(Person.objects.create(username="ada", roles=[str(role) for role in roles], created=NOON))
    return client


def test_a_ruling_stands_beside_its_clause_on_the_public_page_of_each_version(desk: Desk, client: Client) -> None:
    assert b"Commercial court" not in client.get("/policy/1/").content
    strike(Reach(jurisdictions=("BE", "DE")))
    page = client.get("/policy/1/").content.decode()
    assert "Commercial court, Brussels, A/26/00117</a>: struck in BE, DE from" in page
    assert "may prevent violations by technical means" in page


def test_for_which_parties_a_ruling_was_given_only_staff_is_told(desk: Desk, client: Client) -> None:
    files = {"parties.csv": b"party,parent,kind\nsecret-shop,,\n"}
    assert importing.import_parties(files=files, actor=ADMIN, now=NOON).written
    number = strike(Reach(parties=("secret-shop",))).pk
    for address in (f"/policy/rulings/{number}/", "/policy/rulings/", "/policy/", "/policy/feed.atom"):
        assert b"secret-shop" not in client.get(address).content
    assert b"certain parties" in client.get(f"/policy/rulings/{number}/").content
    assert b"secret-shop" in staff(client, StaffRole.AUDITOR).get(f"/policy/rulings/{number}/").content
    assert client.get("/policy/rulings/99/").status_code == 404


def test_the_feed_tells_of_versions_and_rulings_newest_first(desk: Desk, client: Client, tmp_path: Path) -> None:
    changed = write_bundle(
        tmp_path / "second",
        **{"ladder.yaml": "unauthorised-access:\n  strikes: {weight: 1, expires: 9d}\n  steps:\n    - at: 1\n      do: ask\n"},
    )
    policies.post_bundle(folder=changed, actor=ADMIN, now=NOON + timedelta(hours=1))
    struck = rulings.strike_clause(
        clause="unauthorised-access", judgment=SAID, reach=Reach(), actor=ADMIN, now=NOON + timedelta(hours=2)
    )
    answer = client.get("/policy/feed.atom")
    assert answer.headers["Content-Type"].startswith("application/atom+xml")
    root = ET.fromstring(answer.content)
    titles = [entry.findtext(f"{ATOM}title") for entry in root.iter(f"{ATOM}entry")]
    assert titles == ["The clause unauthorised-access is struck: Commercial court, Brussels, A/26/00117", "Version 2", "Version 1"]
    ids = [entry.findtext(f"{ATOM}id") for entry in root.iter(f"{ATOM}entry")]
    assert len(set(ids)) == 3
    links = [entry.find(f"{ATOM}link") for entry in root.iter(f"{ATOM}entry")]
    assert [link.get("href", "").rpartition("/policy/")[2] for link in links if link is not None] == [
        f"rulings/{struck.pk}/",
        "2/",
        "1/",
    ]
    assert root.findtext(f"{ATOM}updated") == "2026-03-01T14:00:00+00:00"
    assert 'rel="alternate" type="application/atom+xml"' in client.get("/policy/").content.decode()


def test_a_version_is_printed_once_for_what_stands_over_it(desk: Desk, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def printed(html: str) -> bytes:
        made.append(html)
        return b"%PDF-1.7 test"

    monkeypatch.setattr(paper, "printed", printed)
    first = client.get("/policy/1/policy.pdf")
    assert (first.content, first.headers["Content-Type"]) == (b"%PDF-1.7 test", "application/pdf")
    client.get("/policy/1/policy.pdf")
    assert len(made) == 1
    strike()
    client.get("/policy/1/policy.pdf")
    assert len(made) == 2
    assert "this clause is struck everywhere" in made[1]
    assert client.get("/policy/7/policy.pdf").status_code == 404


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_paper_is_a_pdf_with_the_text(desk: Desk, client: Client) -> None:
    octets = client.get("/policy/1/policy.pdf").content
    assert octets.startswith(b"%PDF-")
    assert len(octets) > 3_000


def test_a_ruling_is_recorded_after_what_follows_was_shown(desk: Desk, client: Client) -> None:
    desk.clock.now = datetime.now(UTC)
    desk.find(time=micros(desk.clock.now))
    admin = staff(client, StaffRole.ADMIN, StaffRole.ANALYST)
    form = {
        "clause": "technical-prevention",
        "court": "A court",
        "reference": "R 1",
        "decided": "2026-02-27",
        "jurisdictions": "be",
    }
    page = admin.post("/policy/rulings/new/", {**form, "do": "preview"}).content.decode()
    assert "Measures of standing orders that end at once: 1." in page
    assert not Ruling.objects.exists()
    answer = admin.post("/policy/rulings/new/", {**form, "do": "strike", "valid_from": "2026-03-01T12:00Z"}, follow=True)
    assert b"in force" in answer.content
    desk.clock.now = datetime.now(UTC) + timedelta(minutes=1)
    desk.work()
    assert Order.objects.get().state == "removing"
    number = Ruling.objects.get().pk
    assert b"203.0.113.9" in admin.get(f"/policy/rulings/{number}/measures/").content
    back = {"court": "A higher court", "reference": "R 2", "decided": "2026-03-01", "valid_from": ""}
    assert b"is reinstated" in admin.post(f"/policy/rulings/{number}/measures/", back, follow=True).content
    assert b"A higher court, R 2" in client.get(f"/policy/rulings/{number}/").content


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"decided": "yesterday"}, "on which day the court decided"),
        ({"valid_from": "soon"}, "soon is no moment"),
        ({"jurisdictions": "Belgium"}, "two capital letters"),
        ({"clause": "nothing"}, "choose a clause"),
    ],
)
def test_a_form_that_says_no_ruling_says_why(desk: Desk, client: Client, change: dict[str, str], cause: str) -> None:
    form = {"clause": "technical-prevention", "court": "A court", "reference": "R 1", "decided": "2026-02-27", "do": "preview"}
    answer = staff(client, StaffRole.ADMIN).post("/policy/rulings/new/", form | change)
    assert cause in answer.content.decode()
    assert not Ruling.objects.exists()


def test_which_version_bound_a_party_then_tells_what_was_struck_for_it(desk: Desk, client: Client) -> None:
    files = {
        "parties.csv": b"party,parent,kind\nresell,,reseller\nshop,resell,end-user\nfar,,\n",
        "accounts.csv": b"account,party,country\nline,shop,DE\nfar-1,far,FR\n",
    }
    assert importing.import_parties(files=files, actor=ADMIN, now=NOON).written
    number = strike(Reach(jurisdictions=("DE",), valid_from=NOON + timedelta(days=1))).pk
    auditor = staff(client, StaffRole.AUDITOR)
    before = auditor.get("/policy/acceptance/of/shop/", {"at": "2026-03-01T13:00Z"}).content.decode()
    after = auditor.get("/policy/acceptance/of/shop/", {"at": "2026-03-03"}).content.decode()
    assert "no clause" in before
    assert f"/policy/rulings/{number}/" in after
    there = {
        name: rulings.for_party(party=name, moment=NOON + timedelta(days=2), actor=ADMIN) for name in ("resell", "shop", "far")
    }
    assert {name: len(found) for name, found in there.items()} == {"resell": 1, "shop": 1, "far": 0}
    bound = acceptance.bound(party="shop", moment=NOON + timedelta(days=2), actor=ADMIN, now=NOON + timedelta(days=3))
    assert bound is not None
    assert bound.version.number == 1

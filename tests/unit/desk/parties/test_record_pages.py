"""The pages of records, acceptance and keys do what their buttons say, and say what came of it."""

from datetime import UTC, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.unit.desk.scene import ADMIN, NOON

from ringfence.desk.access import keys
from ringfence.desk.access import services as access
from ringfence.desk.access.models import ApiKey, Person
from ringfence.desk.actor import StaffRole
from ringfence.desk.parties import services
from ringfence.desk.parties.models import AccountHolding, Contract, Exemption, Proof, RightToUse, Transfer
from ringfence.desk.policies.models import Acceptance

pytestmark = pytest.mark.django_db

FILES = {"accounts.csv": b"account,party,plan\nline,shop,gold\nother,bakery,\n"}
PAGE = "/parties/records/shop/"


@pytest.fixture(autouse=True)
def known(policy: str) -> None:
    assert services.import_parties(files=FILES, actor=ADMIN, now=NOON).written


def client(name: str, *roles: StaffRole) -> Client:
    access.create_login(username=name, password="x" * 12, roles=roles, actor=ADMIN, now=NOON)
    one = Client()
    one.force_login(Person.objects.get(username=name))
    return one


def do(admin: Client, deed: str, **fields: str) -> str:
    answer = admin.post(f"{PAGE}do/", {"do": deed, **fields}, follow=True)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_records_are_kept_shown_and_ended_by_their_forms() -> None:
    admin = client("ada", StaffRole.ADMIN)
    assert "None is kept." in admin.get(PAGE).content.decode()
    said = do(
        admin, "agree", reference="C-1", terms="2026 edition", governing_law="Belgian law", liability_cap="10", currency="eur"
    )
    assert "The contract is kept." in said
    assert "10.00 EUR" in said
    assert "The contract ends." in do(admin, "end-contract", contract=str(Contract.objects.get().id))
    assert "waits to be judged" in do(admin, "submit", kind="identity", document="file 7")
    proof = str(Proof.objects.get().id)
    assert "accepted." in do(admin, "accept", proof=proof, expires="2999-01-01T00:00")
    assert "rejected." in do(admin, "reject", proof=proof, reason="another name")
    granted = do(
        admin, "grant", account="line", numbers="+441632960123", verified="registry", evidence="looked up", valid_to="2999-01-01"
    )
    assert "may show these numbers." in granted
    assert "no longer" in do(admin, "end-right", right=str(RightToUse.objects.get().id), reason="withdrawn")
    assert "exempt from the clause" in do(admin, "exempt", clause="spam", text="letter of 1 March")
    assert "holds for the party again" in do(admin, "end-exemption", exemption=str(Exemption.objects.get().id))


@pytest.mark.parametrize(
    ("deed", "fields", "said"),
    [
        ("agree", {"reference": "C"}, "terms: empty"),
        ("agree", {"reference": "C", "terms": "t", "governing_law": "l", "liability_cap": "NaN"}, "is no amount"),
        ("agree", {"reference": "C", "terms": "t", "governing_law": "l", "cure_hours": "x"}, "is no number"),
        ("agree", {"reference": "C", "terms": "t", "governing_law": "l", "valid_from": "soon"}, "names no moment"),
        ("accept", {"proof": "999"}, "no such proof"),
        ("grant", {"account": "line", "numbers": "12"}, "is no way to verify"),
        ("request", {"account": "line", "taker": "nobody", "reason": "r"}, "no party nobody"),
    ],
)
def test_what_a_form_lacks_is_said_and_nothing_is_done(deed: str, fields: dict[str, str], said: str) -> None:
    text = do(client("ada", StaffRole.ADMIN), deed, **fields).replace("&#x27;", "'")
    assert "Nothing was done" in text
    assert said in text
    assert not Contract.objects.exists()


def test_a_transfer_takes_two_admins_on_its_page() -> None:
    first, second = client("ada", StaffRole.ADMIN), client("alan", StaffRole.ADMIN)
    assert "is asked for" in do(first, "request", account="line", taker="bakery", reason="sold")
    number = str(Transfer.objects.get().id)
    assert "another admin does" in do(first, "consent", transfer=number)
    assert "consent is signed" in do(second, "consent", transfer=number, answer="agreed")
    assert "The account passes." in do(first, "carry-out", transfer=number)
    assert AccountHolding.objects.get(account__name="line", valid_to__isnull=True).party.name == "bakery"


def test_an_analyst_reads_records_and_changes_none() -> None:
    analyst = client("ana", StaffRole.ANALYST)
    page = analyst.get(PAGE).content.decode()
    assert '<form method="post" action="/parties' not in page
    assert analyst.post(f"{PAGE}do/", {"do": "exempt", "clause": "spam", "text": "t"}).status_code == 403
    assert analyst.post(f"{PAGE}do/", {"do": "dance"}).status_code == 404
    assert analyst.get(f"{PAGE}do/").status_code == 405
    assert analyst.get("/parties/records/nobody/").status_code == 404


def test_a_signed_paper_is_recorded_and_the_moment_asked_about_answered() -> None:
    admin = client("ada", StaffRole.ADMIN)
    address = "/policy/acceptance/of/shop/"
    assert "pending" in admin.get(address).content.decode()
    paper = SimpleUploadedFile("signed.pdf", b"%PDF")
    said = admin.post(address, {"version": "1", "by": "Ann", "signed": "2026-03-01", "document": paper}, follow=True)
    assert "The signature is recorded." in said.content.decode()
    assert Acceptance.objects.get().at == NOON
    assert "by act: Signature by Ann" in admin.get(address).content.decode()
    assert "No version was posted by" in admin.get(address, {"at": "2020-01-01T00:00:00Z"}).content.decode()
    assert "is no moment" in admin.get(address, {"at": "noon"}).content.decode()
    assert "Nothing was done" in admin.post(address, {"version": "1", "by": "Ann", "signed": "x"}, follow=True).content.decode()
    report = admin.get("/policy/acceptance/").content.decode()
    assert "by act" in report
    assert "Not used the service since: 2" in report
    assert "Every reseller that has users has attested." in admin.get("/policy/acceptance/?show=unattested").content.decode()


def test_a_key_is_shown_once_and_revoked_by_its_button() -> None:
    admin = client("ada", StaffRole.ADMIN)
    assert "None: no program comes in." in admin.get("/keys/").content.decode()
    said = admin.post("/keys/", {"do": "make", "name": "crm", "scope": ["parties:read"]}).content.decode()
    key = said.partition("<code>rf_")[2].partition("<")[0]
    assert keys.actor_of(key=f"rf_{key}", now=datetime.now(UTC)) is not None
    assert key not in admin.get("/keys/").content.decode()
    refused = admin.post("/keys/", {"do": "make", "name": "crm", "scope": ["parties:read"], "expires": "soon"}).content.decode()
    assert "is no moment" in refused
    admin.post("/keys/", {"do": "revoke", "name": "crm"})
    assert keys.actor_of(key=f"rf_{key}", now=datetime.now(UTC)) is None
    assert ApiKey.objects.get().revoked is not None
    assert client("ana", StaffRole.ANALYST).get("/keys/").status_code == 403


def test_an_export_is_a_file_and_a_dry_run_shows_rows() -> None:
    admin = client("ada", StaffRole.ADMIN)
    answer = admin.get("/parties/export/accounts.csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="accounts.csv"'
    assert b"line,gold,shop" in b"".join(answer)
    tried = SimpleUploadedFile("accounts.csv", b"account,plan\nline,silver\n")
    page = admin.post("/parties/import/", {"do": "try", "accounts.csv": tried}).content.decode()
    assert "silver" in page
    assert "nothing was written" in page

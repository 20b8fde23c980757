"""The sync API as a provider's own system meets it."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from tests.unit.desk.scene import ADMIN, NOON

from ringfence.desk.access import keys
from ringfence.desk.access.keys import Reach
from ringfence.desk.actor import KeyScope
from ringfence.desk.api.models import Answer
from ringfence.desk.api.sync import api
from ringfence.desk.audit import selectors as audit
from ringfence.desk.parties import exporting, records, services, transfers
from ringfence.desk.parties.models import Account, Party
from ringfence.desk.parties.records import ALWAYS, Document, Terms, Verified

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
V1 = "/api/v1"


def client(*scopes: KeyScope, party: str | None = None) -> Client:
    name = f"{'-'.join(scopes)}-{party}"
    made = keys.create_key(name=name, reach=Reach(scopes, party=party), actor=ADMIN, now=NOON)
    return Client(headers={"authorization": f"Bearer {made.key}"})


@pytest.fixture
def crm() -> Client:
    return client(KeyScope.READ, KeyScope.WRITE)


def put(crm: Client, path: str, body: dict[str, Any], *, token: str = "") -> tuple[int, dict[str, Any]]:
    headers = {"Idempotency-Key": token} if token else {}
    answer = crm.put(f"{V1}{path}", data=body, content_type="application/json", headers=headers)
    return answer.status_code, answer.json()


def fill(crm: Client) -> None:
    for path, body in (
        ("/parties/resell", {"kind": "reseller"}),
        ("/parties/shop", {"kind": "end-user", "parent": "resell"}),
        ("/accounts/line", {"party": "shop", "plan": "gold", "billing_day": 15}),
        ("/trunks/t1", {"account": "line", "address": "192.0.2.0/24"}),
        ("/numbers/+3225551000-+3225551999", {"account": "line"}),
        ("/contacts/c1", {"party": "shop", "mail": "ann@shop.example"}),
    ):
        status, said = put(crm, path, body)
        assert (status, said["written"]) == (200, True), said


def test_things_are_put_by_their_ids_and_put_again_change_nothing(crm: Client) -> None:
    fill(crm)
    status, said = put(crm, "/accounts/line", {"party": "shop", "plan": "gold", "billing_day": 15})
    assert (status, said["added"], said["changed"], said["changes"]) == (
        200,
        {**said["added"], "accounts": 0},
        {**said["changed"], "accounts": 0},
        [],
    )
    status, said = put(crm, "/accounts/line", {"plan": "silver"})
    (change,) = said["changes"]
    assert (change["table"], change["id"]) == ("accounts", "line")
    assert [row["plan"] for row in change["before"]] == ["gold"]
    assert [(row["plan"], row["party"], row["billing_day"]) for row in change["after"]] == [
        ("gold", "shop", "15"),
        ("silver", "shop", "15"),
    ]
    assert audit.entries(actor=ADMIN, noun="parties").first().actor_kind == "api-key"  # type: ignore[union-attr] # there is one


def test_a_dry_run_shows_the_difference_and_changes_nothing(crm: Client) -> None:
    fill(crm)
    before = b"".join(exporting.json_pieces(exporting.export(actor=ADMIN, now=NOON)))
    status, said = put(crm, "/numbers/+3225551000-+3225551999?dry_run=true", {"state": "quarantined"})
    assert (status, said["written"], said["changed"]["numbers"]) == (200, False, 1)
    assert [row["state"] for row in said["changes"][0]["after"]] == ["held", "quarantined"]
    assert b"".join(exporting.json_pieces(exporting.export(actor=ADMIN, now=NOON))) == before


def test_a_request_that_comes_again_with_its_token_is_carried_out_once(crm: Client) -> None:
    first = put(crm, "/parties/shop", {"kind": "customer"}, token="t-1")
    assert first[1]["added"]["parties"] == 1
    assert put(crm, "/parties/shop", {"kind": "customer"}, token="t-1") == first
    assert audit.entries(actor=ADMIN, noun="parties").count() == 1
    status, said = put(crm, "/parties/shop", {"kind": "reseller"}, token="t-1")
    assert (status, said["errors"][0]["field"]) == (422, "Idempotency-Key")
    assert Party.objects.get().kind == "customer"
    other = client(KeyScope.WRITE)
    assert put(other, "/parties/shop", {"kind": "customer"}, token="t-1")[1]["added"]["parties"] == 0


def test_a_refused_request_may_be_mended_under_its_token_and_old_answers_are_forgotten(crm: Client) -> None:
    assert put(crm, "/accounts/line", {"party": "shop", "country": "Belgium"}, token="t")[0] == 422
    assert put(crm, "/accounts/line", {"party": "shop", "country": "BE"}, token="t")[0] == 200
    Answer.objects.update(given=NOON - 400 * DAY)
    assert put(crm, "/accounts/line", {"party": "shop", "country": "NL"}, token="t")[0] == 200
    assert Account.objects.get().country == "NL"
    assert Answer.objects.count() == 1


@pytest.mark.parametrize(
    ("path", "body", "field", "cause"),
    [
        ("/parties/p", {"kind": "king"}, "kind", "input should be"),
        ("/parties/p", {"colour": "red"}, "colour", "is not known"),
        ("/parties/p", {"parent": "nobody"}, "parent", "nobody is no party"),
        ("/accounts/line", {"party": "other"}, "party", "line is held by shop"),
        ("/accounts/line", {"billing_day": 32}, "billing_day", "'32' is no day of a month"),
        ("/trunks/t1", {}, "account", "field required"),
        ("/trunks/t1", {"account": "line", "address": "192.0.2.7/24"}, "address", "is no address or network"),
        ("/trunks/t1", {"account": "nobody", "user": "u"}, "account", "nobody is no account"),
        ("/numbers/12", {"account": "line"}, "number", "'12' is not E.164"),
        ("/numbers/+3225551212", {"account": "line", "valid_from": "yesterday"}, "valid_from", "names no moment"),
        ("/contacts/c", {"party": "shop", "mail": "nonsense"}, "mail", "no mail address"),
    ],
)
def test_what_cannot_be_taken_is_named_by_field_cause_and_hint(
    crm: Client, path: str, body: dict[str, Any], field: str, cause: str
) -> None:
    fill(crm)
    answer = crm.put(f"{V1}{path}", data=body, content_type="application/json")
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")
    (error,) = answer.json()["errors"]
    assert error["field"] == field
    assert cause in error["cause"]
    assert error["hint"]


@pytest.mark.parametrize("body", ["{", "[]", '"x"', "\xff", "null", ""])
def test_a_body_that_is_no_object_is_a_problem_too(crm: Client, body: str) -> None:
    answer = crm.put(f"{V1}/parties/p", data=body.encode("latin-1"), content_type="application/json")
    assert answer.status_code in (400, 422)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert not Party.objects.exists()


def test_many_things_are_taken_all_or_none(crm: Client) -> None:
    rows = [{"account": "a", "party": "p"}, {"account": "b", "party": "p", "country": "Belgium"}, {"account": "c", "hue": "red"}]
    answer = crm.post(f"{V1}/bulk", data={"accounts": rows}, content_type="application/json")
    assert answer.status_code == 422
    assert [(error["table"], error["item"], error["field"]) for error in answer.json()["errors"]] == [
        ("accounts", 2, "country"),
        ("accounts", 3, "hue"),
    ]
    assert not Account.objects.exists()
    answer = crm.post(f"{V1}/bulk", data={"accounts": rows[:1]}, content_type="application/json")
    assert answer.json()["added"]["accounts"] == 1


def test_what_is_exported_can_be_sent_back_in_bulk_and_changes_nothing(crm: Client) -> None:
    fill(crm)
    exported = b"".join(crm.get(f"{V1}/export").streaming_content)  # type: ignore[attr-defined] # a streaming response
    answer = crm.post(f"{V1}/bulk", data=exported, content_type="application/json")
    assert (answer.status_code, set(answer.json()["changed"].values()), answer.json()["changes"]) == (200, {0}, [])


def test_who_held_what_is_one_question(crm: Client) -> None:
    fill(crm)
    said = crm.get(f"{V1}/who", {"asked": "+3225551212"}).json()
    assert (said["account"], said["path"], said["through"]) == ("line", ["resell", "shop"], "+3225551000-+3225551999")
    assert crm.get(f"{V1}/who", {"asked": "t1", "at": "2026-01-01T00:00:00Z"}).json()["account"] == "line"
    assert crm.get(f"{V1}/who", {"asked": "+3225559999"}).status_code == 404
    assert crm.get(f"{V1}/who", {"asked": "t1", "at": "noon"}).json()["errors"][0]["field"] == "at"


def test_things_and_lists_are_read(crm: Client) -> None:
    fill(crm)
    for path in ("/parties/shop", "/accounts/line", "/trunks/t1", "/numbers/+3225551000-+3225551999", "/contacts/c1"):
        assert crm.get(f"{V1}{path}").json()["rows"], path
        assert crm.get(f"{V1}{path}x").status_code == 404
    page = crm.get(f"{V1}/parties", {"limit": 1}).json()
    assert (page["parties"], page["next"]) == ([{"id": "resell", "kind": "reseller", "parent": None}], "resell")
    page = crm.get(f"{V1}/parties?limit=1&after=resell").json()
    assert (page["parties"][0]["parent"], page["next"]) == ("resell", None)
    assert crm.get(f"{V1}/parties", {"limit": 0}).json()["errors"][0]["field"] == "limit"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer rf_nothing", "Basic YTpi", "Bearer \u00e9"])
def test_without_a_key_there_is_nothing(header: str) -> None:
    answer = Client(headers={"authorization": header}).get(f"{V1}/parties")
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_a_key_does_what_its_scopes_say(crm: Client) -> None:
    fill(crm)
    reader, accepter = client(KeyScope.READ), client(KeyScope.ACCEPT)
    assert put(reader, "/parties/p", {})[0] == 403
    assert put(reader, "/parties/p?dry_run=true", {})[0] == 403
    assert reader.get(f"{V1}/parties/shop").status_code == 200
    assert accepter.get(f"{V1}/parties/shop").status_code == 403
    assert client(KeyScope.WRITE).get(f"{V1}/parties/shop").status_code == 200
    assert not Party.objects.filter(name="p").exists()


def test_a_partys_key_sees_its_own_subtree(crm: Client) -> None:
    fill(crm)
    assert services.import_parties(files={"accounts.csv": b"account\nstranger\n"}, actor=ADMIN, now=NOON).written
    shop = client(KeyScope.READ, party="shop")
    assert [one["id"] for one in shop.get(f"{V1}/parties").json()["parties"]] == ["shop"]
    assert shop.get(f"{V1}/parties").json()["parties"][0]["parent"] is None
    assert shop.get(f"{V1}/accounts/stranger").status_code == shop.get(f"{V1}/parties/resell").status_code == 404
    assert shop.get(f"{V1}/who", {"asked": "+3225551212"}).json()["path"] == ["shop"]
    assert put(shop, "/parties/shop", {})[0] == 403


def test_the_document_names_every_route_and_the_page_loads_nothing_from_elsewhere() -> None:
    document = Client().get(f"{V1}/openapi.json").json()
    assert set(document["paths"]) >= {f"{V1}/parties/{{id}}", f"{V1}/numbers/{{id}}", f"{V1}/bulk", f"{V1}/who", f"{V1}/export"}
    page = Client().get(f"{V1}/docs").content.decode()
    for path in document["paths"]:
        assert path in page
    assert "//" not in page.replace("<!DOCTYPE html>", "").replace("application/", "")
    assert api.version == "1"


def test_a_session_is_no_key(crm: Client) -> None:
    assert Client().put(f"{V1}/parties/p", data={}, content_type="application/json").status_code == 401


def test_what_is_kept_about_a_party_is_read_and_not_written(crm: Client) -> None:
    fill(crm)
    terms = Terms("C-1", "terms", "Belgian law", cure_hours=72, liability_cap=Decimal("10000.00"), currency="EUR")
    records.agree_contract(party="shop", terms=terms, span=ALWAYS, actor=ADMIN, now=NOON)
    records.submit_proof(party="shop", kind="identity", document=Document("passport 7"), actor=ADMIN, now=NOON)
    records.exempt_party(party="shop", clause="spam", text="may", span=ALWAYS, actor=ADMIN, now=NOON)
    records.grant_right(
        account="line", numbers="+33123456789", verified=Verified("registry", "L-1"), span=(NOON, NOON + DAY), actor=ADMIN, now=NOON
    )
    put(crm, "/parties/other", {"kind": "customer"})
    transfers.request_transfer(account="line", taker="other", reason="sold", actor=ADMIN, now=NOON)
    kept = crm.get(f"{V1}/records/shop").json()
    assert (kept["contracts"][0]["reference"], kept["contracts"][0]["liability_cap"]) == ("C-1", "10000.00")
    assert (kept["proofs"][0]["state"], kept["exemptions"][0]["clause"]) == ("submitted", "spam")
    assert [(one["account"], one["holder"], one["taker"], one["state"]) for one in kept["transfers"]] == [
        ("line", "shop", "other", "requested")
    ]
    own = client(KeyScope.READ, party="resell").get(f"{V1}/records/shop").json()
    assert (own["contracts"], own["transfers"]) == (kept["contracts"], [])
    assert client(KeyScope.ACCEPT).get(f"{V1}/records/shop").status_code == 404
    assert crm.put(f"{V1}/records/shop", data={}, content_type="application/json").status_code == 405

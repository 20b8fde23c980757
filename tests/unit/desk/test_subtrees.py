# size: the tables of every route stand beside what is asked of each
"""A customer's or reseller's people and programs see their own subtree alone: each view and route of the desk, one by one.

A route that is not in the tables below fails: whoever adds one says here whom it is for.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import unquote

import pytest
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from tests.unit.desk.scene import ADMIN, NOON, Desk

from ringfence.desk.access import keys
from ringfence.desk.access import services as access
from ringfence.desk.access.keys import Reach
from ringfence.desk.access.models import Person
from ringfence.desk.actor import KeyScope, StaffRole
from ringfence.desk.parties import records, services
from ringfence.desk.parties.models import Party
from ringfence.desk.parties.records import ALWAYS, Document, Terms, Verified

pytestmark = pytest.mark.django_db

FILES = {
    "parties.csv": b"party,parent,kind\nzenith,,reseller\nresell,zenith,reseller\nshop,resell,end-user\nforeign,,\n",
    "accounts.csv": b"account,party\nr-line,resell\ns-line,shop\nforeign-line,foreign\nzenith-line,zenith\n",
    "trunks.csv": b"trunk,account,user\ns-trunk,s-line,su\nr-trunk,r-line,ru\nforeign-trunk,foreign-line,foreign-user\n",
    "numbers.csv": b"number,account\n+3225551212,s-line\n+3225551213,r-line\n+441632960999,foreign-line\n",
    "contacts.csv": b"contact,party,mail\ns-c,shop,a@shop.example\nforeign-c,foreign,boss@foreign.example\n",
}
SECRETS = (b"foreign-line", b"foreign-trunk", b"foreign-user", b"+441632960999", b"boss@foreign", b"foreign-terms", b"zenith-line")
"""What nobody outside may read of others. Their names alone may stand in what he asked for himself."""

STAFF = frozenset(
    [
        "banners/",
        "keys/",
        "findings/",
        "findings/<str:id>/",
        "cases/",
        "cases/<int:number>/",
        "cases/<int:number>/claim/",
        "cases/<int:number>/release/",
        "cases/<int:number>/note/",
        "cases/<int:number>/role/",
        "cases/<int:number>/severity/",
        "cases/<int:number>/split/",
        "cases/<int:number>/tie/",
        "cases/<int:number>/look/",
        "cases/<int:number>/export/",
        "cases/<int:number>/close/",
        "cases/of-finding/<str:id>/",
        "cases/<int:number>/decide/",
        "complaints/",
        "complaints/new/",
        "complaints/peers/",
        "complaints/peers/lists/",
        "complaints/rights/",
        "complaints/marks/",
        "complaints/<int:number>/rights/pass/",
        "complaints/<int:number>/rights/settle/",
        "inquiries/",
        "inquiries/<int:number>/",
        "inquiries/<int:number>/withdraw/",
        "cases/<int:number>/ask/",
        "clocks/",
        "expiring/",
        "clocks/board.json",
        "clocks/<int:number>/",
        "clocks/<int:number>/pause/",
        "clocks/<int:number>/met/",
        "clocks/<int:number>/resume/",
        "cases/<int:number>/owe/",
        "complaints/<int:number>/",
        "complaints/<int:number>/look/",
        "complaints/<int:number>/answer/",
        "complaints/<int:number>/sort/",
        "complaints/<int:number>/close/",
        "complaints/<int:number>/pack/",
        "complaints/<int:number>/tell-peer/",
        "complaints/<int:number>/consent/",
        "complaints/<int:number>/reply/",
        "cases/<int:number>/tell-peer/",
        "complaints/<int:number>/standing/",
        "complaints/campaigns/",
        "complaints/campaigns/<int:number>/",
        "complaints/<int:number>/open/<int:candidate>/",
        "complaints/<int:complaint>/join/",
        "decisions/",
        "decisions/reach/",
        "decisions/<str:id>/",
        "decisions/<str:id>/confirm/",
        "automation/",
        "alarms/<int:alarm>/acknowledge/",
        "orders/",
        "orders/<str:id>/",
        "orders/<str:id>/lift/",
        "notices/",
        "notices/<str:id>/",
        "appeals/",
        "appeals/<int:number>/",
        "appeals/<int:number>/review/",
        "audit/",
        "bulk/",
        "bulk/new/",
        "bulk/<int:number>/",
        "bulk/<int:number>/bulk.json",
        "bulk/<int:number>/check/<int:item>/",
        "bulk/<int:number>/undo/",
        "papers/<str:noun>/<str:id>.pdf",
        "disclosures/",
        "disclosures/new/",
        "disclosures/<int:number>/",
        "disclosures/<int:number>/do/",
        "returns/",
        "returns/note/",
        "returns/<int:number>/answer/",
        "rules/<str:name>/",
        "endings/",
        "endings/<int:number>/",
        "endings/<int:number>/settle/",
        "quarantine/",
        "quarantine/<int:number>/release/",
        "quarantine/releases/<int:number>/",
        "charges/",
        "charges/lines.csv",
        "charges/<int:number>/settle/",
        "decisions/<str:id>/charges/",
        "decisions/<str:id>/charge/",
        "parties/",
        "parties/import/",
        "parties/who/",
        "parties/records/<path:name>/do/",
        "parties/records/<path:name>/",
        "parties/of/<path:name>/",
        "policy/acceptance/",
        "policy/<int:number>/acceptance/",
        "policy/<int:number>/acceptance/remind/",
        "policy/<int:number>/acceptance/<str:table>.<str:form>",
        "policy/drafts/",
        "policy/interpretations/",
        "policy/interpretations/<int:number>/",
        "policy/drafts/<int:number>/",
        "policy/rulings/new/",
        "policy/rulings/<int:number>/measures/",
        "policy/rulings/measures/<int:number>/",
        "logins/",
        "logins/<int:number>/",
        "logins/groups/",
        "recovery/",
        "recovery/<int:number>/",
        "recovery/<int:number>/do/",
    ]
) | {""}
"""For staff: everybody else is refused, whatever he asks with."""

PUBLIC = frozenset(
    [
        "health",
        "sign-in/",
        "sign-out/",
        "sign-in/closed/",
        "sign-in/second/",
        "sign-in/passkey/",
        "recover/",
        "recover/username/",
        "recover/thanks/",
        "recover/compromised/",
        "recover/compromised/sent/",
        "recover/compromised/<str:token>/",
        "recover/locked/",
        "recover/password/",
        "recover/password/sent/",
        "recover/password/done/",
        "recover/password/<person:uidb36>-<str:key>/",
        "me/mail/sent/",
        "me/mail/confirm/<str:key>/",
        "policy/",
        "policy/<int:number>/",
        "policy/<int:number>/policy.pdf",
        "policy/<int:number>/since/<int:older>/",
        "policy/since/",
        "policy/feed.atom",
        "policy/rulings/",
        "policy/rulings/<int:number>/",
        "report/",
        "report/<str:ticket>/",
        "notices/<str:id>/<str:token>/",
        "inquiries/<int:number>/<str:token>/",
        "rights/<int:number>/<str:token>/",
        "api/v1/docs",
        "api/v1/openapi.json",
        "api/reports/v1/openapi.json",
    ]
)
"""For anybody, or for who holds a secret address: nothing of any party stands there."""

OTHER_KEYS = frozenset(
    [
        "api/reports/v1/outgoing",
        "api/reports/v1/outgoing/<number>",
        "api/reports/v1/reports",
        "api/reports/v1/reports/<number>",
        "api/reports/v1/",
        "api/v1/",
    ]
)
"""For programs with keys of another kind, or nothing at all: ours open nothing there."""


@dataclass(frozen=True)
class Own:
    """Addresses of one route, each with what a reseller's person or key, and an end user's, are answered."""

    asked: tuple[tuple[str, int, int], ...]


PEOPLE: dict[str, Own] = {
    "me/": Own((("/me/", 200, 200),)),
    "me/password/": Own((("/me/password/", 405, 405),)),
    "me/sessions/": Own((("/me/sessions/", 200, 200),)),
    "me/compromised/": Own((("/me/compromised/", 200, 200),)),
    "me/again/": Own((("/me/again/", 200, 200),)),
    "me/again/code/": Own((("/me/again/code/", 302, 302),)),
    "me/again/passkey/": Own((("/me/again/passkey/", 302, 302),)),
    "me/mail/": Own((("/me/mail/", 200, 200),)),
    "me/factors/": Own((("/me/factors/", 200, 200),)),
    "me/factors/app/": Own((("/me/factors/app/", 302, 302),)),  # first the password again
    "me/factors/app/off/": Own((("/me/factors/app/off/", 404, 404),)),
    "me/factors/codes/": Own((("/me/factors/codes/", 404, 404),)),
    "me/factors/codes/new/": Own((("/me/factors/codes/new/", 302, 302),)),
    "me/factors/codes/file/": Own((("/me/factors/codes/file/", 404, 404),)),
    "me/factors/passkeys/": Own((("/me/factors/passkeys/", 200, 200),)),
    "me/factors/passkeys/add/": Own((("/me/factors/passkeys/add/", 302, 302),)),
    "me/factors/passkeys/<int:pk>/off/": Own((("/me/factors/passkeys/1/off/", 302, 302),)),
    "me/factors/passkeys/<int:pk>/name/": Own((("/me/factors/passkeys/1/name/", 302, 302),)),
    "own/": Own((("/own/", 200, 200),)),
    "own/<path:name>/": Own(
        (("/own/resell/", 200, 404), ("/own/shop/", 200, 200), ("/own/foreign/", 404, 404), ("/own/zenith/", 404, 404))
    ),
    "policy/acceptance/of/<path:name>/": Own(
        tuple(
            (f"/policy/acceptance/of/{name}/", *statuses)
            for name, statuses in {"resell": (200, 404), "shop": (200, 200), "foreign": (404, 404), "zenith": (404, 404)}.items()
        )
    ),
    "parties/export/<str:file>": Own(
        (*((f"/parties/export/{name}", 200, 200) for name in (*FILES, "parties.json")), ("/parties/export/x", 404, 404))
    ),
}
"""For people of parties, and staff."""


def _things(kind: str, *own: tuple[str, int, int]) -> Own:
    return Own(tuple((f"/api/v1/{kind}/{name}", resellers, end_users) for name, resellers, end_users in own))


KEYED: dict[str, Own] = {
    "api/v1/parties/<path:id>": _things(
        "parties", ("resell", 200, 404), ("shop", 200, 200), ("foreign", 404, 404), ("zenith", 404, 404)
    ),
    "api/v1/accounts/<path:id>": _things("accounts", ("r-line", 200, 404), ("s-line", 200, 200), ("foreign-line", 404, 404)),
    "api/v1/trunks/<path:id>": _things("trunks", ("r-trunk", 200, 404), ("s-trunk", 200, 200), ("foreign-trunk", 404, 404)),
    "api/v1/numbers/<path:id>": _things(
        "numbers", ("+3225551213", 200, 404), ("+3225551212", 200, 200), ("+441632960999", 404, 404)
    ),
    "api/v1/contacts/<path:id>": _things("contacts", ("s-c", 200, 200), ("foreign-c", 404, 404)),
    "api/v1/records/<path:name>": _things("records", ("resell", 200, 404), ("shop", 200, 200), ("foreign", 404, 404)),
    "api/v1/parties": Own((("/api/v1/parties", 200, 200), ("/api/v1/parties?search=foreign-line", 200, 200))),
    "api/v1/export": Own((("/api/v1/export", 200, 200),)),
    "api/v1/bound": Own((("/api/v1/bound?party=resell", 200, 404), ("/api/v1/bound?party=foreign", 404, 404))),
    "api/v1/who": Own(
        (
            ("/api/v1/who?asked=%2B3225551213", 200, 404),
            ("/api/v1/who?asked=s-trunk", 200, 200),
            ("/api/v1/who?asked=%2B441632960999", 404, 404),
            ("/api/v1/who?asked=foreign-trunk", 404, 404),
        )
    ),
    "api/v1/bulk": Own((("/api/v1/bulk", 405, 405),)),
    "api/v1/acceptances": Own((("/api/v1/acceptances", 405, 405),)),
}
"""For programs with keys."""


def _routes(resolver: URLResolver, before: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        path = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern, path)
        else:
            assert isinstance(pattern, URLPattern)
            yield path


ROUTES = sorted(set(_routes(get_resolver())))


def _address(route: str) -> str:
    """Return an address of the route, of something that is not one's own."""
    for part, value in (
        ("<int:number>", "1"),
        ("<int:alarm>", "1"),
        ("<int:older>", "1"),
        ("<str:table>", "standings"),
        ("<str:form>", "csv"),
        ("<int:complaint>", "1"),
        ("<int:candidate>", "1"),
        ("<int:item>", "1"),
        ("<str:noun>", "notice"),
        ("<str:name>", "sip-scan"),
        ("<path:name>", "foreign"),
        ("<path:id>", "foreign"),
        ("<str:id>", "x"),
        ("<str:file>", "x"),
        ("<str:token>", "x"),
        ("<str:ticket>", "x"),
        ("<person:uidb36>", "1"),
        ("<str:key>", "x"),
        ("<int:pk>", "1"),
        ("<number>", "1"),
    ):
        route = route.replace(part, value)
    assert "<" not in route, f"{route}: say above what stands for that part"
    return f"/{route}"


@pytest.fixture
def busy(desk: Desk) -> Desk:
    """A desk with two subtrees, one above, and something of everything in each."""
    desk.find()
    assert services.import_parties(files=FILES, actor=ADMIN, now=NOON).written
    span = (NOON, NOON + timedelta(days=3_000))
    for party, account in (("shop", "s-line"), ("foreign", "foreign-line")):
        records.agree_contract(party=party, terms=Terms("C", f"{party}-terms", "law"), span=ALWAYS, actor=ADMIN, now=NOON)
        records.submit_proof(party=party, kind="identity", document=Document(f"{party}-terms"), actor=ADMIN, now=NOON)
        records.exempt_party(party=party, clause="spam", text=f"{party}-terms", span=ALWAYS, actor=ADMIN, now=NOON)
        verified = Verified("registry", f"{party}-terms")
        records.grant_right(account=account, numbers="+33123456789", verified=verified, span=span, actor=ADMIN, now=NOON)
    return desk


def _person(party: str | None, *roles: StaffRole) -> Client:
    name = party or "-".join(roles) or "nobody"
    row = Party.objects.get(name=party).pk if party else None
    access.create_login(username=name, password="x" * 12, roles=roles, party=row, actor=ADMIN, now=NOON)
    client = Client()
    client.force_login(Person.objects.get(username=name))
    return client


def _key(party: str | None, *scopes: KeyScope) -> Client:
    made = keys.create_key(name=f"{party}", reach=Reach(scopes, party=party), actor=ADMIN, now=NOON)
    return Client(headers={"authorization": f"Bearer {made.key}"})


def _content(response: HttpResponseBase) -> bytes:
    return b"".join(response) if response.streaming else bytes(response.content)  # type: ignore[attr-defined] # of two kinds


def _tells_nothing(response: HttpResponseBase, asked: str) -> None:
    content = _content(response)
    for secret in SECRETS:
        assert secret not in content or secret.decode() in unquote(asked), (asked, secret)


@pytest.mark.parametrize("route", ROUTES)
def test_every_route_says_whom_it_is_for(route: str) -> None:
    tables = [STAFF, PUBLIC, OTHER_KEYS, PEOPLE, KEYED]
    assert sum(route in table for table in tables) == 1, f"{route or '/'} is in none of the tables of this file, or in two"


def test_the_tables_name_no_route_that_is_gone() -> None:
    assert {*STAFF, *PUBLIC, *OTHER_KEYS, *PEOPLE, *KEYED} == set(ROUTES)


@pytest.mark.parametrize("route", sorted(STAFF & set(ROUTES)))
def test_what_is_for_staff_refuses_everybody_else(busy: Desk, route: str) -> None:
    for client in (_person("resell"), _person("shop"), _person(None)):
        for answer in (client.get(_address(route)), client.post(_address(route), {"do": "x"})):
            assert answer.status_code == 403
            _tells_nothing(answer, _address(route))
    key = _key(None, KeyScope.READ, KeyScope.WRITE)
    for client in (Client(), key):
        for answer in (client.get(_address(route)), client.post(_address(route), {"do": "x"})):
            assert answer.status_code == 302
            assert answer.headers["Location"].startswith("/sign-in/")


@pytest.mark.parametrize("route", sorted((PUBLIC | OTHER_KEYS) & set(ROUTES)))
def test_what_is_public_tells_nothing_of_any_party(busy: Desk, route: str) -> None:
    for client in (Client(), _person("shop"), _key("resell", KeyScope.READ)):
        _tells_nothing(client.get(_address(route)), _address(route))


@pytest.mark.parametrize("route", sorted(PEOPLE))
def test_a_partys_people_see_their_own_subtree(busy: Desk, route: str) -> None:
    reseller, end_user, nobody = _person("resell"), _person("shop"), _person(None)
    for address, resellers, end_users in PEOPLE[route].asked:
        for client, status in ((reseller, resellers), (end_user, end_users), (nobody, 403), (Client(), 302)):
            answer = client.get(address)
            assert answer.status_code == status, (address, status)
            _tells_nothing(answer, address)
        answer = end_user.get(address)
        content = _content(answer)
        assert b"r-line" not in content
        assert b"zenith" not in content or answer.status_code == 404


@pytest.mark.parametrize("route", sorted(KEYED))
def test_a_partys_key_sees_its_own_subtree(busy: Desk, route: str) -> None:
    reseller, end_user = _key("resell", KeyScope.READ), _key("shop", KeyScope.READ)
    person = _person(None, StaffRole.ADMIN)
    for address, resellers, end_users in KEYED[route].asked:
        for client, status in ((reseller, resellers), (end_user, end_users)):
            answer = client.get(address)
            assert answer.status_code == status, (address, status)
            _tells_nothing(answer, address)
        for client in (Client(), person):
            assert client.get(address).status_code in (401, 405)


@pytest.mark.parametrize("route", sorted(KEYED))
def test_a_partys_key_writes_nothing_but_acceptance_of_its_own(busy: Desk, route: str) -> None:
    client = _key("shop", KeyScope.READ, KeyScope.ACCEPT)
    bodies = {
        "api/v1/trunks/<path:id>": {"account": "s-line", "user": "u"},
        "api/v1/contacts/<path:id>": {"party": "shop", "mail": "a@b.example"},
        "api/v1/acceptances": {"party": "foreign", "version": 1, "by": "x"},
    }
    for address, _, _ in KEYED[route].asked:
        for send in (client.put, client.post):
            answer = send(address, data=bodies.get(route, {}), content_type="application/json")
            assert answer.status_code in (403, 405), (address, answer.content)


def test_a_partys_person_who_signs_in_comes_to_his_own_pages(busy: Desk) -> None:
    access.create_login(
        username="sam", password="correct horse battery", roles=(), party=Party.objects.get(name="shop").pk, actor=ADMIN, now=NOON
    )
    client = Client()
    answer = client.post("/sign-in/", {"login": "sam", "password": "correct horse battery"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/own/")
    assert b"by use" in client.get("/own/").content  # to come is to use
    assert client.post("/own/", {"do": "accept"}).status_code == 302
    assert b"by act" in client.get("/own/").content
    assert b"Nothing was done" in client.post("/own/", {"do": "attest"}, follow=True).content

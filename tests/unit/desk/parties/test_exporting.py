"""What is exported and imported elsewhere is the same again; a reseller's export is its own subtree."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.unit.desk.scene import ADMIN, ANALYST, NOON, STRANGER

from ringfence.desk.actor import Actor, ActorKind
from ringfence.desk.parties import exporting, services, told
from ringfence.desk.parties.models import Account, AccountHolding, Contact, Membership, NumberHolding, Party, Trunk, TrunkUse

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
FILES = {
    "parties.csv": b"party,parent,kind\nresell,,reseller\nshop,resell,end-user\n=cmd()|x,,\nempty,,\n",
    "accounts.csv": b"account,party,plan,billing_day,country\nline,shop,gold,15,BE\nr,resell,,,\n=2+2,=cmd()|x,@plan,,\n",
    "trunks.csv": b"trunk,account,address,user\nt1,line,192.0.2.0/24,\nt2,r,,-u\n",
    "numbers.csv": b"number,account,state\n+3225551000-+3225551999,r,sub-allocated\n+3225551212,line,\n+3225551213,,quarantined\n",
    "contacts.csv": b"contact,party,role,person,mail,telephone,language\n"
    b'c1,shop,abuse,"+Ann, B.",ann@shop.example,+3225551212,nl-BE\n',
}
RESELLER = Actor(ActorKind.PERSON, "rita", party="resell")
END_USER = Actor(ActorKind.PERSON, "sam", party="shop")


@pytest.fixture(autouse=True)
def known() -> None:
    assert services.import_parties(files=FILES, actor=ADMIN, now=NOON).written
    later = {
        "accounts.csv": b"account,party,plan\nline,shop,silver\n",
        "parties.csv": b"party,parent,kind\nshop,,customer\n",
        "numbers.csv": b"number,account,state\n+3225551212,,ported-out\n+3225551213,line,\n",
        "trunks.csv": b"trunk,account,user,valid_from,valid_to\nt2,line,w,2026-03-04T12:00:00Z,2026-03-10T12:00:00Z\n",
    }
    assert services.import_parties(files=later, actor=ADMIN, now=NOON + DAY).written
    again = {"parties.csv": b"party,parent,kind\nshop,resell,customer\n"}
    assert services.import_parties(files=again, actor=ADMIN, now=NOON + 2 * DAY).written


def as_csv(actor: Actor = ADMIN) -> dict[str, bytes]:
    tables = exporting.export(actor=actor, now=NOON + 5 * DAY)
    return {name: "".join(exporting.csv_lines(name, rows)).encode() for name, rows in tables.items()}


def as_json(actor: Actor = ADMIN) -> bytes:
    return b"".join(exporting.json_pieces(exporting.export(actor=actor, now=NOON + 5 * DAY)))


def forget_all() -> None:
    for model in (Contact, NumberHolding, TrunkUse, AccountHolding, Membership, Trunk, Account, Party):
        model.objects.all().delete()


@pytest.mark.parametrize("read", [as_csv, lambda: exporting.from_json(as_json())], ids=["csv", "json"])
def test_what_is_exported_and_imported_elsewhere_is_the_same_again(read: Callable[[], dict[str, bytes]]) -> None:
    files, links = read(), told.links(actor=ADMIN)
    before = as_csv()
    forget_all()
    report = services.import_parties(files=files, actor=ADMIN, now=NOON + 6 * DAY)
    assert not report.problems
    assert as_csv() == before
    again = told.links(actor=ADMIN)
    for name in ("parties", "accounts", "trunks", "numbers", "blocks"):
        assert sorted(map(repr, getattr(again, name))) == sorted(map(repr, getattr(links, name)))
    assert services.import_parties(files=files, actor=ADMIN, now=NOON + 7 * DAY).changed == dict.fromkeys(FILES, 0)


def test_a_spreadsheet_finds_no_formula() -> None:
    for text in as_csv().values():
        for line in text.decode().splitlines()[1:]:
            for cell in line.split(","):
                assert cell[:1] not in ("=", "-", "@")
                assert not cell.startswith("+") or cell[1:].replace("-+", "").isdecimal()
    assert b"\n'=2+2,'@plan,'=cmd()|x,1," in as_csv()["accounts.csv"]


def test_a_reseller_exports_its_subtree_and_an_end_user_itself() -> None:
    resellers, end_users = as_csv(RESELLER), as_csv(END_USER)
    assert b"=2+2" not in resellers["accounts.csv"] + resellers["parties.csv"]
    assert {line.split(",")[0] for line in resellers["accounts.csv"].decode().splitlines()[1:]} == {"line", "r"}
    assert {line.split(",")[0] for line in end_users["accounts.csv"].decode().splitlines()[1:]} == {"line"}
    assert b"resell," not in end_users["parties.csv"].replace(b"shop,resell,", b"")
    assert b"+3225551000" not in end_users["numbers.csv"]
    assert b"+3225551213" in end_users["numbers.csv"]
    assert as_csv(ANALYST) == as_csv()
    assert all(text.count(b"\n") == 1 for text in as_csv(STRANGER).values())


def test_a_dry_run_shows_each_thing_before_and_after_and_writes_nothing() -> None:
    before = as_csv()
    files = {
        "accounts.csv": b"account,party,plan\nline,shop,bronze\nnew,shop,\nr,resell,\n",
        "numbers.csv": b"number,account\n+3225551213,r\n",
        "contacts.csv": b"contact,party,mail\nc1,shop,bob@shop.example\n",
    }
    report = services.import_parties(files=files, actor=ADMIN, now=NOON + 5 * DAY, dry_run=True)
    assert as_csv() == before
    assert report.differences is not None
    shown = {(one.file, one.name): (one.before, one.after) for one in report.differences}
    assert set(shown) == {
        ("accounts.csv", "line"),
        ("accounts.csv", "new"),
        ("numbers.csv", "+3225551213"),
        ("contacts.csv", "c1"),
    }
    assert [row["plan"] for row in shown["accounts.csv", "line"][0]] == ["gold", "silver"]
    assert [row["plan"] for row in shown["accounts.csv", "line"][1]] == ["gold", "silver", "bronze"]
    assert not shown["accounts.csv", "new"][0]
    assert services.import_parties(files=files, actor=ADMIN, now=NOON + 5 * DAY).written
    assert as_csv() != before


def test_too_many_rows_are_counted_and_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "MOST_COMPARED", 1)
    files = {"accounts.csv": b"account\nx\ny\n"}
    report = services.import_parties(files=files, actor=ADMIN, now=NOON, dry_run=True)
    assert (report.differences, report.added["accounts.csv"]) == (None, 2)


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("c,nobody,abuse,,a@b.example,,", "party"),
        ("c,shop,king,,a@b.example,,", "role"),
        ("c,shop,abuse,,nonsense,,", "mail"),
        ("c,shop,abuse,,,12,", "telephone"),
        ("c,shop,abuse,,,,", "mail"),
        ("c,shop,abuse,,a@b.example,,Dutch please", "language"),
        (",shop,abuse,,a@b.example,,", "contact"),
    ],
)
def test_a_contact_that_reaches_nobody_is_refused_by_column(row: str, column: str) -> None:
    files = {"contacts.csv": f"contact,party,role,person,mail,telephone,language\n{row}\n".encode()}
    (problem,) = services.import_parties(files=files, actor=ADMIN, now=NOON).problems
    assert (problem.file, problem.line, problem.column) == ("contacts.csv", 2, column)


def test_an_account_that_says_nothing_of_its_party_leaves_it_where_it_is() -> None:
    assert services.import_parties(files={"accounts.csv": b"account,plan\nshop,tin\n"}, actor=ADMIN, now=NOON + 5 * DAY).written
    assert Membership.objects.filter(party__name="shop", valid_to__isnull=True).exists()
    assert Party.objects.get(name="resell").kind == "reseller"

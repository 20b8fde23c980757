"""What is exported and imported elsewhere is the same again; a reseller's export is its own subtree."""

from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest
from tests.unit.desk.scene import ADMIN, ANALYST, NOON, STRANGER

from ringfence.desk.actor import Actor, ActorKind
from ringfence.desk.parties import differences, exporting, services, told
from ringfence.desk.parties.differences import csv_pieces
from ringfence.desk.parties.exporting import Row
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


LATER: Mapping[str, bytes] = {
    "parties.csv": b"party,parent,kind\nshop,,customer\nfresh,shop,end-user\n",
    "accounts.csv": b"account,party,plan\nline,shop,bronze\nnew,shop,\nr,resell,\n",
    "trunks.csv": b"trunk,account,address\nt9,new,192.0.2.9\n",
    "numbers.csv": b"number,account\n+3225551213,r\n+3225551212,line\n+3225559000-+3225559099,new\n",
    "contacts.csv": b"contact,party,mail\nc1,shop,bob@shop.example\n",
}


def shown(report: services.ImportReport) -> dict[tuple[str, str], tuple[list[Row], list[Row]]]:
    return {(one.file, one.name): (list(one.before), list(one.after)) for one in report.differences}


@pytest.mark.parametrize("whole_from", [0, 50_000], ids=["read as a whole", "asked for by name"])
def test_however_many_rows_there_are_what_changes_is_shown_the_same(whole_from: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(differences, "_MANY", whole_from)
    before = as_csv()
    few = services.import_parties(files=LATER, actor=ADMIN, now=NOON + 5 * DAY, dry_run=True)
    monkeypatch.setattr(services, "_FEW", 0)
    many = services.import_parties(files=LATER, actor=ADMIN, now=NOON + 5 * DAY, dry_run=True)
    assert as_csv() == before
    assert (many.added, many.changed, many.written) == (few.added, few.changed, False)
    assert len(many.differences) == len(few.differences) == len(shown(few)) > 8
    assert shown(many) == shown(few)
    assert [bool(one.before) for one in many.differences] == sorted((bool(one.before) for one in few.differences), reverse=True)


def test_what_many_rows_change_is_shown_and_written_once_where_it_is_to_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    few = services.import_parties(files=LATER, actor=ADMIN, now=NOON + 5 * DAY, dry_run=True)
    monkeypatch.setattr(services, "_FEW", 0)
    written = services.import_parties(files=LATER, actor=ADMIN, now=NOON + 5 * DAY, compare=True)
    assert written.written
    assert shown(written) == shown(few)
    again = services.import_parties(files=LATER, actor=ADMIN, now=NOON + 6 * DAY, compare=True)
    assert (len(again.differences), sum(again.added.values()), sum(again.changed.values())) == (0, 0, 0)


def test_a_party_that_an_accounts_row_changes_is_shown_among_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "_FEW", 0)
    files = {"accounts.csv": b"account,party,kind\nline,shop,customer\n"}
    report = services.import_parties(files=files, actor=ADMIN, now=NOON + 5 * DAY, dry_run=True)
    assert ("parties.csv", "shop") in shown(report)
    assert list(report.added) == ["accounts.csv", "trunks.csv", "numbers.csv"]


def test_thousands_of_differences_lie_on_the_disk_and_are_read_again_and_again() -> None:
    rows = "".join(f"+32455{n:06d},line\n" for n in range(0, 30_000, 2))
    files = {"numbers.csv": f"number,account\n+3225551213,r\n{rows}".encode()}
    report = services.import_parties(files=files, actor=ADMIN, now=NOON + 5 * DAY, dry_run=True)
    assert (report.differences.counts["numbers.csv"], report.changed["numbers.csv"]) == (15_001, 1)
    assert [one.name for one in report.differences.first(2)] == ["+3225551213", "+32455000000"]
    assert [one.name for one in report.differences] == [one.name for one in report.differences]
    text = "".join(csv_pieces(report.differences)).splitlines()
    assert text[0].startswith("change,file,thing,party,parent")
    assert (
        len(text) == 1 + 15_000 + 3
    )  # of the one that passes on, a row without an end goes, one with it and the next holder's come
    assert text[1].startswith("gone,numbers.csv,+3225551213,")


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

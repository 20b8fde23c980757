"""The provider's CSV files: taken whole, or refused with every row that is wrong."""

from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.desk.scene import ADMIN, ANALYST, NOON

from ringfence.desk.errors import NotPermitted
from ringfence.desk.parties import selectors, services, told
from ringfence.desk.parties.files import COLUMNS, read
from ringfence.desk.parties.models import NumberHolding
from ringfence.desk.parties.services import ImportReport
from ringfence.vocabulary.contracts import AccountLink, NumberLink, PartyLink, TrunkLink
from ringfence.vocabulary.times import from_iso

ACCOUNTS = "account,parent,kind,plan\nshop,resell,end-user,gold\nresell,,reseller,\ndirect,,,basic\n"
TRUNKS = """trunk,account,address,user,valid_from,valid_to
t1,shop,2001:DB8::1,,,
t2,direct,192.0.2.0/24,pbx,2026-01-01T00:00:00Z,2027-01-01T00:00:00+01:00
"""
NUMBERS = """number,account,valid_from,valid_to
+3225551212,shop,,2026-01-01T00:00:00Z
+3225551212,direct,2026-01-01T00:00:00Z,
"""
ALL = {"accounts.csv": ACCOUNTS.encode(), "trunks.csv": TRUNKS.encode(), "numbers.csv": NUMBERS.encode()}


def take(*, dry_run: bool = False, **files: str) -> ImportReport:
    named = {name.replace("_", "."): text.encode() for name, text in files.items()}
    return services.import_parties(files=named, actor=ADMIN, now=NOON, dry_run=dry_run)


def take_all() -> ImportReport:
    return services.import_parties(files=ALL, actor=ADMIN, now=NOON)


@pytest.mark.django_db
def test_all_three_files_become_the_reference() -> None:
    report = take_all()
    assert report.written
    assert report.added == {"accounts.csv": 3, "trunks.csv": 2, "numbers.csv": 1}
    links = told.links(actor=ADMIN)
    assert PartyLink(party="shop", parent="resell", kind="end-user") in links.parties
    assert AccountLink(account="direct", party="direct", plan="basic") in links.accounts
    assert links.trunks == (
        TrunkLink(trunk="t1", account="shop", address="2001:db8::1"),
        TrunkLink(
            trunk="t2",
            account="direct",
            address="192.0.2.0/24",
            user="pbx",
            valid_from=from_iso("2026-01-01T00:00:00Z"),
            valid_to=from_iso("2026-12-31T23:00:00Z"),
        ),
    )
    assert NumberLink(number="+3225551212", account="direct", valid_from=from_iso("2026-01-01T00:00:00Z")) in links.numbers


@pytest.mark.django_db
def test_the_same_files_again_change_nothing() -> None:
    take_all()
    again = take_all()
    assert not any((*again.added.values(), *again.changed.values()))


@pytest.mark.django_db
def test_a_changed_row_changes_its_own_and_nothing_else() -> None:
    take_all()
    report = take(accounts_csv="account,parent,kind,plan\nshop,,customer,silver\n")
    assert (report.added["accounts.csv"], report.changed["accounts.csv"]) == (0, 1)
    page = selectors.party_page(name="shop", actor=ADMIN, now=NOON)
    assert page is not None
    assert (page.path, page.accounts[-1].plan, len(page.trunks)) == (("shop",), "silver", 1)


@pytest.mark.django_db
def test_many_numbers_are_written_as_few_are_and_their_references_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    take(accounts_csv=ACCOUNTS, trunks_csv=TRUNKS)
    monkeypatch.setattr("ringfence.desk.parties.numbers._MANY", 0)
    assert take(numbers_csv=NUMBERS).written
    table = NumberHolding._meta.db_table
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, table)
    assert [one["columns"] for one in constraints.values() if one["foreign_key"]] == [["account_id"]]
    with transaction.atomic():
        NumberHolding.objects.create(prefix="+3299", digits=5, account_id=10**6)
        with pytest.raises(IntegrityError):
            connection.check_constraints()
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_a_dry_run_counts_and_writes_nothing() -> None:
    report = take(accounts_csv=ACCOUNTS, dry_run=True)
    assert report.added["accounts.csv"] == 3
    assert not report.written
    assert not selectors.parties(actor=ADMIN, now=NOON).exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("file", "text", "line", "column", "cause"),
    [
        ("accounts.csv", "account,parent\na,nobody\n", 2, "parent", "nobody is no party"),
        ("accounts.csv", "account,parent\na,b\nb,a\n", 2, "parent", "leads back to the account itself"),
        ("accounts.csv", "account,kind\na,king\n", 2, "kind", "'king' is no kind of party"),
        ("accounts.csv", "account\na\na\n", 3, "account", "a stands in line 2 already"),
        ("accounts.csv", "name\na\n", 1, None, "the header lacks account"),
        ("accounts.csv", "account,colour\na,red\n", 1, None, "the header has colour, which is not known"),
        ("accounts.csv", "account\na,b\n", 2, None, "2 values under 1 columns"),
        ("accounts.csv", "", 1, None, "the header lacks account"),
        ("trunks.csv", "trunk,account,address\nt,direct,192.0.2.7/24\n", 2, "address", "'192.0.2.7/24' is no address or network"),
        ("trunks.csv", "trunk,account\nt,direct\n", 2, "address", "neither address nor user"),
        ("trunks.csv", "trunk,account,user\nt,nobody,u\n", 2, "account", "nobody is no account"),
        ("trunks.csv", "trunk,account,user,valid_from\nt,direct,u,2026-01-01\n", 2, "valid_from", "'2026-01-01' names no moment"),
        ("numbers.csv", "number,account\n3225551212,direct\n", 2, "number", "'3225551212' is not E.164"),
        (
            "numbers.csv",
            "number,account,valid_from,valid_to\n+3225551212,direct,2025-06-01T00:00:00Z,\n",
            2,
            "valid_from",
            "+3225551212 would be held by shop and direct at once",
        ),
        ("extra.csv", "a\n", 0, "", "is none of the files"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_written(file: str, text: str, line: int, column: str, cause: str) -> None:
    take_all()
    before = told.links(actor=ADMIN)
    files = {"accounts.csv": b"account\nnewcomer\n", file: text.encode()}
    report = services.import_parties(files=files, actor=ADMIN, now=NOON)
    (problem, *_) = report.problems
    assert (problem.file, problem.line, problem.column, problem.cause) == (file, line, column, cause)
    assert problem.hint
    assert told.links(actor=ADMIN) == before


@pytest.mark.django_db
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(COLUMNS)), st.text(alphabet='abc,"\n\r\0é+1.', max_size=60))
def test_no_text_makes_the_reader_raise(file: str, text: str) -> None:
    read({file: f"{','.join(COLUMNS[file])}\n{text}".encode()}, NOON)


@pytest.mark.django_db
def test_only_an_admin_imports() -> None:
    with pytest.raises(NotPermitted):
        services.import_parties(files=ALL, actor=ANALYST, now=NOON)


@pytest.mark.django_db
def test_a_folder_is_imported_with_the_files_it_has(tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text(ACCOUNTS, encoding="utf-8")
    assert services.import_folder(folder=tmp_path, actor=ADMIN, now=NOON).written


@pytest.mark.django_db
def test_trunks_at_an_address_are_those_in_force_whose_network_holds_it() -> None:
    take_all()
    found = selectors.trunks_at(address="192.0.2.77", now=NOON, actor=ADMIN)
    assert [use.trunk.name for use in found] == ["t2"]
    assert not selectors.trunks_at(address="192.0.2.77", now=NOON.replace(year=2028), actor=ADMIN)
    assert not selectors.trunks_at(address="alice", now=NOON, actor=ADMIN)

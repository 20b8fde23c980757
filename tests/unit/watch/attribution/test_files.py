"""Reference data from CSV: good rows are kept, bad ones are told with line, column, cause and hint."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.vocabulary.contracts import AccountLink, NumberLink, PartyLink, TrunkLink
from ringfence.vocabulary.times import Micros, from_iso
from ringfence.watch.attribution import CsvFile, read_reference
from ringfence.watch.attribution.files import RowProblem, Table, harmless, plain, read_accounts

_T0 = Micros(0)


def test_good_files_give_the_reference() -> None:
    reference, problems = read_reference(
        time=_T0,
        accounts=CsvFile("a.csv", b"account,parent,kind,plan\nR,,reseller,\nU,R,end-user,office\n"),
        numbers=CsvFile("n.csv", b"\xef\xbb\xbfnumber,account,valid_from,valid_to\r\n+3225551212,U,2026-01-01T00:00:00Z,\r\n"),
        trunks=CsvFile("t.csv", b"trunk,account,address,user,valid_from,valid_to\nT1,U,198.51.100.7/32,,,\nT2,U,,u7,,\n"),
    )
    assert problems == []
    assert reference.parties == (PartyLink(party="R", kind="reseller"), PartyLink(party="U", parent="R", kind="end-user"))
    assert reference.accounts[1] == AccountLink(account="U", party="U", plan="office")
    assert reference.numbers == (NumberLink(number="+3225551212", account="U", valid_from=from_iso("2026-01-01T00:00:00Z")),)
    assert reference.trunks == (
        TrunkLink(trunk="T1", account="U", address="198.51.100.7"),
        TrunkLink(trunk="T2", account="U", user="u7"),
    )


def test_no_files_give_an_empty_reference() -> None:
    reference, problems = read_reference(time=_T0)
    assert (reference.accounts, reference.numbers, reference.trunks, problems) == ((), (), (), [])


@pytest.mark.parametrize(
    ("row", "column", "cause"),
    [
        (b"T1,A,198.51.100.7/24,,,", "address", "no address or network"),
        (b"T1,A,,,,", "address", "neither address nor user"),
        (b",A,198.51.100.7,,,", "trunk", "empty"),
        (b"T1,,198.51.100.7,,,", "account", "empty"),
        (b"T1,A,198.51.100.7,,yesterday,", "valid_from", "names no moment"),
        (b"T1,A,198.51.100.7,,2026-01-01,", "valid_from", "names no moment"),
        (b"T1,A,198.51.100.7,,2026-02-01T00:00:00Z,2026-01-01T00:00:00Z", "valid_to", "ends before it begins"),
        (b"T1,A,198.51.100.7", None, "3 values under 6 columns"),
        (b'T1,A,"198.51.100.7,,,', None, "values under 6 columns"),
    ],
)
def test_a_bad_row_in_the_middle_is_told_and_the_others_stay(row: bytes, column: str | None, cause: str) -> None:
    data = b"trunk,account,address,user,valid_from,valid_to\nT0,A,198.51.100.1,,,\n" + row + b"\n\nT9,A,198.51.100.9,,,\n"
    reference, (problem,) = read_reference(time=_T0, trunks=CsvFile("trunks.csv", data))
    assert [trunk.trunk for trunk in reference.trunks] == ["T0", "T9"]
    assert (problem.file, problem.line, problem.column) == ("trunks.csv", 3, column)
    assert cause in problem.cause
    assert problem.hint


@pytest.mark.parametrize("data", [b"", b"number;account\n+3221;A\n", b"name,account\n+3221,A\n"])
def test_a_wrong_header_is_told_with_the_right_one(data: bytes) -> None:
    reference, (problem,) = read_reference(time=_T0, numbers=CsvFile("n.csv", data))
    assert reference.numbers == ()
    assert (problem.line, problem.column) == (1, None)
    assert "number,account,state,valid_from,valid_to" in problem.hint


def test_a_number_must_be_e164_and_a_kind_known() -> None:
    _, problems = read_reference(
        time=_T0,
        accounts=CsvFile("a.csv", b"account,parent,kind,plan\nA,,person,\nB,B,,\n"),
        numbers=CsvFile("n.csv", b"number,account,valid_from,valid_to\n02 555 12 12,A,,\n"),
    )
    assert [(problem.line, problem.column) for problem in problems] == [(2, "kind"), (3, "parent"), (2, "number")]


def test_a_range_of_numbers_is_each_of_them_and_numbers_of_others_are_nobodys() -> None:
    data = b"number,account,state\n+3225551998-+3225552001,A,\n+3225557777,,ported-out\n+3225558888,A,quarantined\n+325-+3299,A,\n"
    reference, problems = read_reference(time=_T0, numbers=CsvFile("n.csv", data))
    assert [link.number for link in reference.numbers] == ["+3225551998", "+3225551999", "+3225552000", "+3225552001"]
    assert [(problem.line, problem.column) for problem in problems] == [(4, "account"), (5, "number")]


def test_a_file_in_another_encoding_is_told_and_read_as_far_as_it_can_be() -> None:
    reference, (problem,) = read_reference(time=_T0, accounts=CsvFile("a.csv", b"account\nA\nB\xe9\n"))
    assert [link.account for link in reference.accounts] == ["A", "B\ufffd"]
    assert (problem.line, problem.cause) == (3, "byte 11 is not UTF-8")


def test_an_account_may_be_another_partys_and_end() -> None:
    rows = b"A,,customer,gold,Shop,,2026-01-01T00:00:00Z\nA,,customer,,Buyer,2026-01-01T00:00:00Z,\n"
    data = b"account,parent,kind,plan,party,valid_from,valid_to\n" + rows
    reference, problems = read_reference(time=_T0, accounts=CsvFile("a.csv", data))
    assert problems == []
    assert [(link.party, link.valid_from) for link in reference.accounts] == [
        ("Shop", None),
        ("Buyer", from_iso("2026-01-01T00:00:00Z")),
    ]
    assert [link.party for link in reference.parties] == ["Shop", "Buyer"]


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=12))
def test_no_cell_is_a_formula_and_each_reads_as_it_was(text: str) -> None:
    written = harmless(text.strip())
    assert written[:1] not in ("=", "-", "@")
    assert not written.startswith("+") or re.fullmatch(r"\+[0-9]+(-\+[0-9]+)?", written)
    assert plain(written) == text.strip()


def test_a_table_from_elsewhere_is_read_as_a_file_is() -> None:
    problems: list[RowProblem] = []
    table = Table(
        "accounts.csv", [{"account": "a", "billing_day": "31", "country": "be"}, {"account": "b", "hue": "red"}, {"plan": "x"}]
    )
    (row,) = read_accounts(table, problems)
    assert (row.account.billing_day, row.account.country, row.told) == (
        31,
        "BE",
        frozenset({"account", "billing_day", "country"}),
    )
    assert [(problem.line, problem.column, problem.cause) for problem in problems] == [
        (2, "hue", "is not known"),
        (3, "account", "empty"),
    ]


@pytest.mark.parametrize(
    ("column", "written"), [("billing_day", "32"), ("billing_day", "0"), ("billing_day", "x"), ("country", "Belgium")]
)
def test_a_day_or_country_that_is_none_is_refused(column: str, written: str) -> None:
    problems: list[RowProblem] = []
    assert not read_accounts(CsvFile("accounts.csv", f"account,{column}\na,{written}\n".encode()), problems)
    assert problems[0].column == column

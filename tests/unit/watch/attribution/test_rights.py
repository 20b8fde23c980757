"""Records of rights to show numbers, from the file that a provider keeps."""

import pytest

from ringfence.vocabulary.contracts import PresentationRight
from ringfence.vocabulary.times import from_iso
from ringfence.watch.attribution import CsvFile, RowProblem, read_rights

NEW_YEAR = from_iso("2026-01-01T00:00:00Z")
HEADER = "account,number,verified,valid_from,valid_to\n"


def read(text: str) -> tuple[tuple[PresentationRight, ...], list[RowProblem]]:
    problems: list[RowProblem] = []
    return read_rights(CsvFile("rights.csv", text.encode()), problems), problems


def test_a_number_and_a_range_are_read_with_how_they_were_verified() -> None:
    text = HEADER + "acme,+442079460018,call back,2026-01-01T00:00:00Z,\nacme,+3225551000-+3225551999,letter,,\n"
    rights, problems = read(text)
    assert problems == []
    assert rights == (
        PresentationRight(
            account="acme", number="+442079460018", verified="call back", valid_from=from_iso("2026-01-01T00:00:00Z")
        ),
        PresentationRight(account="acme", number="+3225551", digits=11, verified="letter"),
    )


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (",+3225551212,,,", "account"),
        ("acme,,,,", "number"),
        ("acme,025551212,,,", "number"),
        ("acme,+3225551212,,soon,", "valid_from"),
        ("acme,+3225551212,,2026-02-01T00:00:00Z,2026-01-01T00:00:00Z", "valid_to"),
        (f"acme,+3225551212,{'x' * 501},,", "verified"),
    ],
)
def test_a_wrong_row_is_left_out_and_its_column_named(row: str, column: str) -> None:
    rights, (problem,) = read(f"{HEADER}{row}\n")
    assert rights == ()
    assert (problem.file, problem.line, problem.column) == ("rights.csv", 2, column)


def test_a_file_without_the_columns_is_told() -> None:
    rights, (problem,) = read("number,holder\n+3225551212,acme\n")
    assert rights == ()
    assert "account" in problem.cause

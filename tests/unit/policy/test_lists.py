"""Lists become tables that rules look things up in; what is too long, broken or contradictory is refused."""

import pytest
from tests.unit.policy.minimal import files, only_problem

from ringfence.policy import load
from ringfence.policy.plan import Row
from ringfence.vocabulary.times import Micros, from_iso

HEADER = "entry,source,expiry,review,valid_from,fetched,note\n"


def with_list(text: str | bytes, name: str = "numbers") -> dict[str, bytes]:
    return files() | {f"lists/{name}.csv": text.encode() if isinstance(text, str) else text}


def test_a_row_holds_from_its_first_day_to_the_end_of_its_last() -> None:
    text = HEADER + "+32470000001,ours,2026-06-30,,2026-06-01,2026-05-02,x\n"
    (row,) = load(with_list(text)).plan.lists["numbers"].rows
    first, behind = from_iso("2026-06-01T00:00:00Z"), from_iso("2026-07-01T00:00:00Z")
    assert row == Row("+32470000001", {"note": "x"}, first, behind)


def test_a_date_may_say_its_hour_and_zone() -> None:
    text = HEADER + "x,ours,,2026-06-30,2026-06-01T08:00:00+02:00,2026-05-02T00:00:00Z,\n"
    table = load(with_list(text)).plan.lists["numbers"]
    assert table.rows[0].from_us == from_iso("2026-06-01T06:00:00Z")


def test_a_list_is_as_old_as_its_oldest_row() -> None:
    rows = "".join(f"x{day},ours,,2026-06-30,,2026-05-{day:02},\n" for day in (7, 2, 9))
    bundle = load(with_list(HEADER + rows))
    assert bundle.plan.lists["numbers"].fetched_us == from_iso("2026-05-02T00:00:00Z")
    assert bundle.lists["numbers"][0].fetched == Micros(from_iso("2026-05-07T00:00:00Z"))


@pytest.mark.parametrize(
    ("row", "cause", "hint"),
    [
        (
            "x,ours,2026-06-30,,2026-07-01,2026-05-02,",
            "'x' expires before it is valid",
            "valid_from is the first day, expiry the last",
        ),
        ("x,ours,2026-06-30,,soon,2026-05-02,", "valid_from 'soon' is no date", "write 2026-12-01"),
        ("x,ours,2026-06-30,,,yesterday,", "fetched 'yesterday' is no date", "write 2026-12-01"),
        ("x,ours,2026-06-30,,,,", "'x' says not when it was fetched", "give every row the date, or leave the column out"),
        ("x,ours,30.6.2026,,,2026-05-02,", "expiry '30.6.2026' is no date", "write it as 2027-06-30"),
    ],
)
def test_dates_that_cannot_be_are_refused(row: str, cause: str, hint: str) -> None:
    problem = only_problem(with_list(f"{HEADER}{row}\n"))
    assert (problem.file, problem.line, problem.cause) == ("lists/numbers.csv", 2, cause)
    assert problem.hint.startswith(hint)


def test_a_row_may_be_valid_on_its_last_day_alone() -> None:
    text = HEADER + "x,ours,2026-06-30,,2026-06-30,2026-05-02,\n"
    assert len(load(with_list(text)).lists["numbers"]) == 1


def test_too_many_rows_are_refused_at_the_first_beyond() -> None:
    text = "entry,source,expiry,review\n" + "1,o,,2027-06-30\n" * 200_001
    problem = only_problem(with_list(text))
    assert (problem.line, problem.cause) == (200_002, "more than 200000 rows")
    assert problem.hint == "list prefixes instead of numbers, or let what changes come as facts"


def test_a_million_rows_are_refused_before_they_are_read() -> None:
    problem = only_problem(with_list(b"entry,source,expiry,review\n" + b"1,o,,2027-06-30\n" * 1_200_000))
    assert (problem.line, problem.hint) == (1, "split the file")
    assert problem.cause.endswith("bytes, more than 16777216")


@pytest.mark.parametrize(
    ("content", "line", "column", "cause"),
    [
        ("entry,source,expiry,review\nx,ours,,2027-06-30\n".encode("utf-16"), 1, 1, "byte 0xff is not UTF-8"),
        ("entry,source,expiry,review\nx,Zürich,,2027-06-30\n".encode("latin-1"), 2, 4, "byte 0xfc is not UTF-8"),
    ],
)
def test_another_encoding_is_refused_at_its_place(content: bytes, line: int, column: int, cause: str) -> None:
    problem = only_problem(with_list(content))
    assert (problem.line, problem.column, problem.cause, problem.hint) == (line, column, cause, "save the file as UTF-8")

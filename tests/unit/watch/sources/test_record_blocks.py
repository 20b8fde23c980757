import io

import pytest
from tests.property.test_record_blocks import HASHING, of_block, of_record

from ringfence.watch.sources import call_records
from ringfence.watch.sources.errors import UnreadableFile
from ringfence.watch.sources.record_blocks import blocks_of, read_blocks
from ringfence.watch.sources.text_lines import text_lines
from ringfence.watch.wire.cdr import HEADER, LONGEST_LINE, CallRecord, RowProblem, read_records
from ringfence.watch.wire.cdr.repeats import Repeats, once


def row(call_id: str = "a", second: int = 0, account: str = "acme") -> str:
    return f"{call_id},2026-03-02T09:00:{second:02}Z,,2026-03-02T09:01:00Z,{account},+43720123456,112,198.51.100.7,486,callee,\n"


def alike(data: bytes, *, octets: int = 1_024) -> tuple[list[int], list[RowProblem]]:
    """Return the lines of the records and the problems, which are the same in blocks as row by row."""
    rows = list(call_records.read(io.BytesIO(data)))
    blocks = list(read_blocks(io.BytesIO(data), HASHING, octets=octets))
    records = [each for each in rows if isinstance(each, CallRecord)]
    problems = [each for each in rows if isinstance(each, RowProblem)]
    assert [each for block in blocks for each in of_block(block)] == list(map(of_record, records))
    assert [problem for block in blocks for problem in block.problems] == problems
    return [record.line for record in records], problems


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_every_encoding_is_read(encoding: str) -> None:
    text = HEADER + "\n" + row("a", account="Bäckerei") + row("b", account="\u00a0rückwärts ") + row("c")
    assert alike(text.encode(encoding))[0] == [2, 3, 4]


def test_empty_lines_before_the_header_are_counted() -> None:
    assert alike(f"\n \n{HEADER}\n{row('a')}\n{row('b')}".encode()) == ([4, 6], [])


@pytest.mark.parametrize("octets", [100, 70_000, 1 << 20])
@pytest.mark.parametrize("beyond", [-1, 0, 1, 2, 70_000, 400_000])
def test_a_line_that_is_too_long_costs_itself_only(octets: int, beyond: int) -> None:
    plain = row("long")
    long = plain.replace("acme", "x" * (LONGEST_LINE - len(plain) + 1 + 4 + beyond))
    lines, problems = alike((HEADER + "\n" + row("a") + long + row("b")).encode(), octets=octets)
    assert lines == ([2, 3, 4] if beyond <= 0 else [2, 4])
    assert len(problems) == (beyond > 0)


def test_a_file_that_is_one_endless_line_is_one_bad_row() -> None:
    assert len(alike((HEADER + "\n" + "x" * 300_000).encode(), octets=1_000)[1]) == 1


def test_a_call_that_comes_again_is_a_problem_in_whatever_block() -> None:
    data = (HEADER + "\n" + row("a") + row("b") + row("a") + row("a", 1) + "rubbish\n" + row("b")).encode()
    lines, problems = alike(data, octets=50)
    assert lines == [2, 3, 5]
    assert [problem.line for problem in problems] == [4, 6, 7]


@pytest.mark.parametrize("remembered", [1, 2, 3, 7])
def test_as_many_calls_are_remembered_in_blocks_as_row_by_row(remembered: int) -> None:
    ids = [f"{(nth * nth) % 11}" for nth in range(60)]
    data = (HEADER + "\n" + "".join(row(call_id) for call_id in ids)).encode()
    one_by_one = list(once(read_records(text_lines(io.BytesIO(data))), remembered=remembered))
    repeats = Repeats(remembered=remembered)
    fresh = [
        bool(each)
        for block in blocks_of(read_records(text_lines(io.BytesIO(data))), HASHING, size=7)
        for each in repeats.fresh(block)
    ]
    assert fresh == [isinstance(each, CallRecord) for each in one_by_one]
    assert not all(fresh)


def test_other_columns_are_refused_at_once() -> None:
    with pytest.raises(UnreadableFile, match="the header lacks"):
        read_blocks(io.BytesIO(b"call_id,start,answer\n"), HASHING)

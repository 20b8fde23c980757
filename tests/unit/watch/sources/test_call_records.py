"""Call-record files from bytes."""

import io

import pytest

from ringfence.watch.sources.call_records import read
from ringfence.watch.sources.errors import UnreadableFile
from ringfence.watch.wire.cdr import HEADER, LONGEST_LINE, CallRecord, RowProblem

ROW = "c1,2026-01-31T10:00:00Z,,2026-01-31T10:01:00Z,acme,,+3225550101,192.0.2.1,486,caller,"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_files_of_every_system_are_read(end: str, mark: str) -> None:
    file = io.BytesIO((mark + end.join([HEADER, ROW, ROW.replace("c1", "c2")])).encode())
    assert [record.line for record in read(file)] == [2, 3]
    assert not file.closed


def test_octets_that_are_no_text_cost_no_more_than_their_value() -> None:
    file = io.BytesIO(f"{HEADER}\n{ROW}\n".encode().replace(b"acme", b"ac\xffme"))
    (record,) = read(file)
    assert isinstance(record, CallRecord)
    assert record.account == "ac\xffme"


def test_a_line_without_end_is_one_bad_row() -> None:
    file = io.BytesIO(f"{HEADER}\n{'x' * 10 * LONGEST_LINE}\n{ROW}\n".encode())
    problem, record = read(file)
    assert isinstance(problem, RowProblem)
    assert problem.line == 2
    assert record.line == 3


@pytest.mark.parametrize("content", ["", "time,who\n", "caller,callee,start\n"])
def test_another_layout_is_refused_with_what_was_seen(content: str) -> None:
    with pytest.raises(UnreadableFile, match=r"the header lacks .*call_id.*the first line must be: call_id,start") as refused:
        read(io.BytesIO(content.encode()))
    assert (f"{content.strip()!r}" if content else "it is empty") in str(refused.value)

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.property.test_record_blocks import HASHING, of_block, of_record

from ringfence.watch.sources import parquet_blocks, parquet_records
from ringfence.watch.wire.cdr import HEADER, LONGEST_LINE, CallRecord, RowProblem
from ringfence.watch.wire.cdr.blocks import RecordBlock

_ROW = ("a", "2026-03-02T09:00:00Z", "", "2026-03-02T09:01:00Z", "acme", "+43720123456", "112", "198.51.100.7", "486", "callee", "")


def alike(rows: list[tuple[str | None, ...]], **types: pa.DataType) -> list[RecordBlock]:
    """Return the blocks of a file with these rows; they hold what reading it row by row gives."""
    columns = dict(zip(HEADER.split(","), zip(*rows, strict=True), strict=True))
    arrays = {name: pa.array(values, pa.string()).cast(types.get(name, pa.string())) for name, values in columns.items()}
    out = io.BytesIO()
    pq.write_table(pa.table(arrays), out)
    one_by_one = list(parquet_records.read(io.BytesIO(out.getvalue())))
    blocks = list(parquet_blocks.read_blocks(io.BytesIO(out.getvalue()), HASHING))
    records = [row for row in one_by_one if isinstance(row, CallRecord)]
    assert [row for block in blocks for row in of_block(block)] == list(map(of_record, records))
    assert [problem for block in blocks for problem in block.problems] == [row for row in one_by_one if isinstance(row, RowProblem)]
    return blocks


@pytest.mark.parametrize(
    "account", ["", "a,b", 'say "so"', '"', "two\nlines", "\r", "\x00\x01", " edges\t", "Ü", "x" * LONGEST_LINE]
)
def test_whatever_a_value_holds_the_records_are_the_same(account: str) -> None:
    (block,) = alike([_ROW, ("b", *_ROW[1:4], account, *_ROW[5:]), ("c", *_ROW[1:])])
    assert block.lines.tolist() == [1, 2, 3]


def test_columns_of_other_types_and_rows_without_values_are_read() -> None:
    nothing = (None,) * len(_ROW)
    utc = {name: pa.timestamp("ns", "UTC") for name in ("start", "end")}
    (block,) = alike(
        [_ROW, nothing, (None, *_ROW[1:]), _ROW, ("b", *_ROW[1:])], status=pa.int16(), account=pa.large_string(), **utc
    )
    assert block.lines.tolist() == [1, 5]
    assert len(block.problems) == 3


def test_rows_that_are_plain_need_no_reading_one_by_one() -> None:
    (block,) = alike([(f"{nth}", *_ROW[1:]) for nth in range(20)])
    assert block.text.count(b"\n") == 20  # lines, and not records that were read already


def test_times_without_a_zone_are_a_problem_in_every_row() -> None:
    local = ("a", "2026-03-02T09:00:00", *_ROW[2:])
    (block,) = alike([local, local], start=pa.timestamp("us"))
    assert len(block.problems) == 2

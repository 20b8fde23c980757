"""Tables in somebody's own columns read in blocks are those read one by one, with the same problems, wherever blocks are cut."""

import io
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.watch.kernels import row_layout as layout
from ringfence.watch.sources import call_records
from ringfence.watch.sources.errors import UnreadableFile
from ringfence.watch.sources.record_blocks import read_blocks
from ringfence.watch.wire.cdr import CallRecord, FileMapping, RowProblem, read_mapping
from tests.property.test_record_blocks import HASHES, HASHING, of_block, of_record

_COLUMNS = """\
[columns]
call_id = "Id"
start = "From"
answer = "Up"
end = "To"
account = "Customer"
caller = { column = "A", kind = "user" }
callee = { column = "B", country = "AT" }
source_ip = "Address"
status = "Code"
released_by = "By"
ring_ms = "Rang"
direction = "Way"
"""
_HEADER = ("Id", "From", "Colour", "Up", "To", "Customer", "A", "B", "Address", "Code", "By", "Rang", "Way")
PLAIN = read_mapping("m.toml", _COLUMNS.encode())
MAPPINGS = {
    "plain": PLAIN,
    "with a zone": read_mapping("m.toml", ('zone = "Europe/Vienna"\n' + _COLUMNS).encode()),
    "with a delimiter": read_mapping("m.toml", ('delimiter = ";"\n' + _COLUMNS).encode()),
    "zones": read_mapping("m.toml", _COLUMNS.replace('"From"', '{ column = "From", zone = "Asia/Tokyo" }').encode()),
    "words": read_mapping(
        "m.toml", _COLUMNS.replace('"Code"', '{ column = "Code", values = { "486" = "404" }, none = ["487"] }').encode()
    ),
    "lengths": read_mapping("m.toml", _COLUMNS.replace('end = "To"', 'duration = "To"').encode()),
    "prefixed": read_mapping("m.toml", _COLUMNS.replace('"Customer"', '{ column = "Customer", prefix = "x-" }').encode()),
    "a header": read_mapping("m.toml", (f"header = {list(_HEADER)}\n" + _COLUMNS).encode()),
}
_TIMES = ("2026-03-02T09:00:00Z", "2026-03-02 09:00:30", "2026-03-02T09:00:09.5+01:00", "2026-10-25 02:30:00", "soon", "")
_NUMBERS = ("+43720123456", "112", "5", "0720 123456", "alice", "sip:+43720123457@x", "", "+0123456")
_STATUSES = ("", "200", "486", "487", "99", "180")


def _cells() -> st.SearchStrategy[tuple[str, ...]]:
    def mostly(*usual: str, odd: tuple[str, ...] = ()) -> st.SearchStrategy[str]:
        return st.sampled_from((*usual * 6, *odd))

    return st.tuples(
        mostly("a", "b", "c", odd=("",)),
        mostly("2026-03-02T09:00:00Z", odd=_TIMES),
        mostly("red", "", odd=('"', "  ")),
        mostly("2026-03-02T09:00:10Z", "", odd=_TIMES),
        mostly("2026-03-02T09:01:10Z", odd=(*_TIMES, "70")),
        mostly("acme", "", odd=("Bäcker", "\xa0x")),
        mostly(*_NUMBERS),
        mostly("+43720123456", odd=_NUMBERS),
        mostly("198.51.100.7", "", odd=("2001:DB8::1", "198.51.100", "0720 123456")),
        mostly(*_STATUSES),
        mostly("caller", "", odd=("nobody",)),
        mostly("", "250", odd=("-1", "2.5")),
        mostly("outbound", "", odd=("up",)),
    )


_QUOTED = st.sampled_from(["{}", "{}", "{}", '"{}"', ' "{}"', '"{}'])


def both(data: bytes, mapping: FileMapping, octets: int, zone: ZoneInfo | None) -> int:
    """Compare what blocks give with what reading row by row does; return how many records there are."""
    rows = list(call_records.read(io.BytesIO(data), mapping=mapping, zone=zone, country="DE"))
    blocks = list(read_blocks(io.BytesIO(data), HASHING, mapping=mapping, zone=zone, country="DE", octets=octets))
    records = [row for row in rows if isinstance(row, CallRecord)]
    assert [row for block in blocks for row in of_block(block)] == list(map(of_record, records))
    assert [problem for block in blocks for problem in block.problems] == [row for row in rows if isinstance(row, RowProblem)]
    assert [one for block in blocks for one in block.hashes[layout.CALLER].tolist()] == [HASHES[each.caller] for each in records]
    again = [
        block.again(line, block.text[begin : begin + size])
        for block in blocks
        for line, begin, size in zip(block.lines.tolist(), block.begins.tolist(), block.sizes.tolist(), strict=True)
    ]
    assert again == records
    return len(records)


@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from(sorted(MAPPINGS)),
    st.lists(st.tuples(_cells(), _QUOTED), max_size=15),
    st.sampled_from(",;\t|"),
    st.sampled_from([b"\n", b"\r\n", b"\n\t \n", b"\nshort\n"]),
    st.sampled_from([1, 300, 1 << 20]),
    st.sampled_from([None, "Europe/Vienna"]),
)
def test_mapped_blocks_hold_the_records_and_problems_of_their_lines(
    name: str, rows: list[tuple[tuple[str, ...], str]], delimiter: str, ending: bytes, octets: int, zone: str | None
) -> None:
    mapping = MAPPINGS[name]
    delimiter = mapping.delimiter or ("," if mapping.header else delimiter)
    lines = [delimiter.join(map(quoted.format, cells)).encode() for cells, quoted in rows]
    header = [] if mapping.header else [delimiter.join(_HEADER).encode()]
    both(ending.join((*header, *lines, b"")), mapping, octets, ZoneInfo(zone) if zone else None)


def test_plain_rows_of_a_mapped_table_need_no_reading_one_by_one() -> None:
    row = "c{0};2026-03-02T09:00:00Z;;;2026-03-02T09:01:00Z;acme;+43720123456;112;198.51.100.7;486;callee;;\n"
    data = (";".join(_HEADER) + "\n" + "".join(row.format(nth) for nth in range(50))).encode()
    assert both(data, PLAIN, 1 << 20, None) == 50
    (block,) = read_blocks(io.BytesIO(data), HASHING, mapping=PLAIN, octets=len(data))
    assert block.data.size == len(data) - data.index(b"\n") - 1  # nothing had to be put behind it


def test_columns_that_a_table_lacks_are_refused_at_once() -> None:
    with pytest.raises(UnreadableFile, match="the header lacks From"):
        read_blocks(io.BytesIO(b"Id,To\n"), HASHING, mapping=PLAIN)

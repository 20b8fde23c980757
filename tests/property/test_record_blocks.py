"""Call records read in blocks are those read one by one, with the same problems, wherever blocks are cut."""

import io
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.vocabulary.attestation import Attestation
from ringfence.watch.columns import TextHashes
from ringfence.watch.kernels import row_layout as layout
from ringfence.watch.sources import call_records
from ringfence.watch.sources.record_blocks import read_blocks
from ringfence.watch.wire.cdr import HEADER, CallRecord, RowProblem
from ringfence.watch.wire.cdr.blocks import LETTERS, OUTCOMES, RELEASES, WAYS, RecordBlock, block_of

_WIDE = f"{HEADER},trunk,direction,ring_ms,q850,pai,diversion,user_agent,colour"
_TIMES = (
    *("2026-03-02T09:00:00Z", "2026-03-02 09:00:01.5Z", "2026-03-02T09:00:02.123456789Z", "2026-03-02T10:00:03+01:00"),
    *(
        "2026-03-02T09:00:04,25-05:30",
        "2026-03-02T09:00:05",
        "2026-03-29T02:30:00",
        "2026-10-25T02:30:00",
        "2026-10-25 02:59:59.999999",
    ),
    *(
        "2024-02-29T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-03-02T24:00:00Z",
        "20260302T090000Z",
        "2026-03-02T09:00Z",
        "0000-01-01T00:00:00Z",
    ),
    *(
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "2026-03-02T09:00:60Z",
        "2026-03-02T09:00:00.Z",
        "2026-13-02T09:00:00Z",
        "yesterday",
        "",
    ),
    *(
        "2026-03-02T09:00:07z",
        "2026-03-02x09:00:07Z",
        "2026-03-02T09:00:07+0100",
        "2026-03-02T09:00:07+01:00:30",
        "2026-W10-1T09:00:00Z",
    ),
)
_NUMBERS = (
    *("+43720123456", "+1", "+123", "+0123456", "+123456789012345", "+1234567890123456", "112", "5", "1234567", "00437201234567"),
    *("0720 123456", "+43 720 123 456", "alice", "", "+43720١٢٣", "(0720) 99-88-77", "1٢"),
)
_TEXTS = ("", "acme", "Bäckerei", "  padded\t", "a b", "ship\xa0shape", "\xa0edge", "日本", "\u3000wide", 'say "so"', "x" * 70)
_ADDRESSES = (
    "",
    "198.51.100.7",
    "198.51.100.07",
    "198.51.100",
    "256.1.1.1",
    "2001:DB8::1",
    "::ffff:1.2.3.4",
    "1.2.3.4.5",
    " 192.0.2.1 ",
    "1..2.3",
)
_CHOICES = ("", "caller", "callee", "network", "Caller", "A", "B", "C", "D", "outbound", "inbound", "callerx")
_WHOLES = ("", "0", "12", "-3", "1.5", "999999999999", "1234567890123", "٣")
_STATUSES = ("", "200", "99", "700", "486", "48", "4866", "٤٨٦", " 404 ")


def _cells(clean: bool) -> st.SearchStrategy[list[str]]:
    if clean:
        return st.builds(
            lambda nth, second, caller: [
                *(f"call-{nth}", f"2026-03-02T09:00:{second:02}Z", "", "2026-03-02T09:01:10.5Z", "acme", caller, "+43720123456"),
                *("198.51.100.7", "486", "callee", "A", "east", "outbound", "250", "17", "", "", "Softphone/1", "red"),
            ],
            st.integers(0, 9),
            st.integers(0, 59),
            st.sampled_from(_NUMBERS),
        )
    time, number, text = st.sampled_from(_TIMES), st.sampled_from(_NUMBERS), st.sampled_from(_TEXTS)
    choice, whole = st.sampled_from(_CHOICES), st.sampled_from(_WHOLES)
    columns = (st.sampled_from(("a", "b", "", "ç")), time, time, time, text, number, number, st.sampled_from(_ADDRESSES))
    more = (st.sampled_from(_STATUSES), choice, choice, text, choice, whole, whole, text, text, text, text)
    return st.tuples(*columns, *more).map(list)


def _with_one_odd() -> st.SearchStrategy[list[str]]:
    pools = [("x", ""), *(_TIMES,) * 3, _TEXTS, *(_NUMBERS,) * 2, _ADDRESSES, _STATUSES, *(_CHOICES,) * 2, _TEXTS, _CHOICES]
    pools += [_WHOLES, _WHOLES, *(_TEXTS,) * 4]
    odd = st.integers(0, len(pools) - 1).flatmap(lambda nth: st.tuples(st.just(nth), st.sampled_from(pools[nth])))
    return st.builds(lambda cells, one: [*cells[: one[0]], one[1], *cells[one[0] + 1 :]], _cells(True), odd)


def _quoted(cells: Sequence[str], marks: Sequence[int]) -> str:
    """Write each cell plainly, quoted, quoted after a blank, or with a quotation mark that is wrong."""
    ways = ("{}", '"{}"', ' "{}"', '{}"', '"{}" ', '"{}')
    return ",".join(ways[mark].format(cell) for cell, mark in zip(cells, marks, strict=True))


_MARKS = st.one_of(
    st.just([0] * 19), st.lists(st.integers(0, 1), min_size=19, max_size=19), st.lists(st.integers(0, 5), min_size=19, max_size=19)
)
_LINES = st.one_of(
    st.builds(_quoted, st.booleans().flatmap(_cells), _MARKS).map(lambda line: line.encode()),
    st.builds(_quoted, _with_one_odd(), _MARKS).map(lambda line: line.encode()),
    st.sampled_from(
        [b"", b"  \t", b"a,b,c", b"\r", b",,,", "Bäcker,".encode("latin-1") * 19, "\xa0".encode(), b"x\x00y" + b"," * 18]
    ),
)
_FILES = st.lists(st.tuples(_LINES, st.sampled_from([b"\n", b"\n", b"\r\n", b"\r\r\n"])), max_size=25)
_ENDINGS = st.sampled_from([b"", b"a,b", b"last-without-an-end" + b",x" * 18])


HASHES = TextHashes(b"key")
HASHING = HASHES.of_call_records([layout.ACCOUNT, layout.CALLER, layout.CALLEE, layout.SOURCE, layout.USER_AGENT])


def of_block(block: RecordBlock) -> list[tuple[object, ...]]:
    """Return what a block says of each record."""

    def text(row: int, cell: int) -> str | None:
        begin, length = block.cells[row, cell].tolist()
        return bytes(block.data[begin : begin + length]).decode("utf-8", "surrogatepass") or None

    def told(value: int, none: int) -> int | None:
        return None if value == none else value

    rows = []
    for row, line in enumerate(block.lines.tolist()):
        start, answer, end, ring_ms, status, released_by, attestation, direction, verified = block.facts[row].item()
        texts: tuple[int, ...] = (
            layout.CALL_ID,
            layout.ACCOUNT,
            layout.CALLER,
            layout.CALLEE,
            layout.SOURCE,
            layout.TRUNK,
            layout.USER_AGENT,
        )
        texts += (layout.PAI, layout.DIVERSION)
        words = (
            (None, *RELEASES)[released_by],
            (None, *LETTERS)[attestation],
            (None, *WAYS)[direction],
            (None, *OUTCOMES)[verified],
        )
        times = (start, told(answer, layout.NEVER), told(end, layout.NEVER))
        rows.append((line, *times, told(ring_ms, layout.NONE), status, *words, *(text(row, cell) for cell in texts)))
    return rows


def of_record(record: CallRecord) -> tuple[object, ...]:
    """Return the same of a record that was read by itself."""
    times = (record.start, record.answer, record.end, record.ring_ms, record.status)
    attestation = None if record.attestation is None else Attestation(record.attestation).value
    texts: tuple[str | None, ...] = (
        record.call_id,
        record.account,
        record.caller,
        record.callee,
        record.source_ip,
        record.trunk,
        record.user_agent,
    )
    texts += (record.pai, record.diversion)
    return (record.line, *times, record.released_by, attestation, record.direction, record.verification, *texts)


def both(
    data: bytes, octets: int, zone: ZoneInfo | None, country: str | None
) -> tuple[list[RecordBlock], list[CallRecord], list[RowProblem]]:
    """Return what blocks give, and what reading row by row does."""
    rows = list(call_records.read(io.BytesIO(data), zone=zone, country=country))
    blocks = list(read_blocks(io.BytesIO(data), HASHING, zone=zone, country=country, octets=octets))
    return (
        blocks,
        [row for row in rows if isinstance(row, CallRecord)],
        [row for row in rows if isinstance(row, RowProblem)],
    )


@settings(deadline=None, max_examples=400)
@given(
    _FILES,
    _ENDINGS,
    st.sampled_from([1, 40, 300, 1 << 20]),
    st.sampled_from([None, "Europe/Vienna", "UTC"]),
    st.sampled_from([None, "AT"]),
)
def test_blocks_hold_the_records_and_problems_of_their_lines(
    lines: list[tuple[bytes, bytes]], ending: bytes, octets: int, zone: str | None, country: str | None
) -> None:
    data = _WIDE.encode() + b"\n" + b"".join(line + end for line, end in lines) + ending
    blocks, records, problems = both(data, octets, ZoneInfo(zone) if zone else None, country)
    assert [row for block in blocks for row in of_block(block)] == list(map(of_record, records))
    assert [problem for block in blocks for problem in block.problems] == problems
    texts = {layout.ACCOUNT: "account", layout.CALLER: "caller", layout.CALLEE: "callee", layout.SOURCE: "source_ip"}
    for cell, name in {**texts, layout.USER_AGENT: "user_agent"}.items():
        hashed = [hashes for block in blocks for hashes in block.hashes[cell].tolist()]
        assert hashed == [HASHES[getattr(record, name)] for record in records], name


@settings(deadline=None, max_examples=100)
@given(_FILES, st.sampled_from([1, 300, 1 << 20]))
def test_every_record_can_be_read_again_from_what_a_block_kept(lines: list[tuple[bytes, bytes]], octets: int) -> None:
    data = _WIDE.encode() + b"\n" + b"".join(line + end for line, end in lines)
    blocks, records, _ = both(data, octets, None, "AT")
    again = [
        block.again(line, block.text[begin : begin + size])
        for block in blocks
        for line, begin, size in zip(block.lines.tolist(), block.begins.tolist(), block.sizes.tolist(), strict=True)
    ]
    assert again == records


@settings(deadline=None, max_examples=100)
@given(_FILES)
def test_records_read_one_by_one_make_a_block_too(lines: list[tuple[bytes, bytes]]) -> None:
    data = _WIDE.encode() + b"\n" + b"".join(line + end for line, end in lines)
    rows = list(call_records.read(io.BytesIO(data), country="AT"))
    block = block_of(rows, HASHING)
    records = [row for row in rows if isinstance(row, CallRecord)]
    assert of_block(block) == list(map(of_record, records))
    assert list(block.problems) == [row for row in rows if isinstance(row, RowProblem)]
    places = zip(block.lines.tolist(), block.begins.tolist(), block.sizes.tolist(), strict=True)
    assert [block.again(line, block.text[begin : begin + size]) for line, begin, size in places] == records


def test_most_rows_need_no_reading_one_by_one() -> None:
    row = "c{0},2026-03-02T09:00:00Z,,2026-03-02T09:00:01Z,acme,+43720123456,112,198.51.100.7,486,callee,\n"
    data = (HEADER + "\n" + "".join(row.format(nth) for nth in range(50))).encode()
    (block,) = read_blocks(io.BytesIO(data), HASHING, octets=len(data))
    assert len(block.lines) == 50
    assert block.data.size == len(data) - len(HEADER) - 1  # nothing had to be put behind it


def test_a_short_file_is_read_row_by_row_and_gives_the_same() -> None:
    row = "c{0},2026-03-02T09:00:00Z,,2026-03-02T09:00:01Z,acme,+43720123456,112,198.51.100.7,486,callee,\n"
    data = (HEADER + "\n" + "".join(row.format(nth) for nth in (1, 2, 2, 3)) + "damaged\n").encode()
    (short,) = read_blocks(io.BytesIO(data), HASHING)
    (in_blocks,) = read_blocks(io.BytesIO(data), HASHING, octets=len(data))
    assert of_block(short) == of_block(in_blocks)
    assert short.problems == in_blocks.problems
    assert short.lines.tolist() == [2, 3, 5]
    assert (short.place, in_blocks.place) == (None, len(HEADER) + 1)

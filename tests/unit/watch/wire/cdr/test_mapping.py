"""Mapping files: refused with line, cause and hint, and read exactly as they say."""

import pytest

from ringfence.vocabulary.times import SECOND, from_iso
from ringfence.watch.wire.cdr import (
    CallRecord,
    MappingRefused,
    RowProblem,
    WrongHeader,
    read_json_records,
    read_mapped_records,
    read_mapping,
)
from ringfence.watch.wire.cdr.mapping import FileMapping

LEAST = """[columns]
call_id = "id"
start = "begin"
callee = "to"
end = "finish"
"""


def mapping(text: str) -> FileMapping:
    return read_mapping("m.toml", text.encode())


def refused(text: str) -> str:
    with pytest.raises(MappingRefused) as raised:
        mapping(text)
    return str(raised.value)


def rows(text: str, *lines: str) -> list[CallRecord | RowProblem]:
    return list(read_mapped_records(lines, mapping(text)))


def one(text: str, *lines: str) -> CallRecord:
    (record,) = rows(text, *lines)
    assert isinstance(record, CallRecord), record
    return record


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "m.toml:1:1: no [columns]: nothing is mapped"),
        ("[columns\n", "m.toml:1:9: "),
        (LEAST + 'callees = "x"\n', "m.toml:6:1: columns.callees is unknown (did you mean callee?)"),
        ('zones = "UTC"\n' + LEAST, "m.toml:1:1: zones is unknown (did you mean zone?)"),
        (
            LEAST + 'caller = { column = "from", kinds = "user" }\n',
            "m.toml:6:29: columns.caller.kinds is unknown (did you mean kind?)",
        ),
        (LEAST + "caller = 7\n", "m.toml:6:1: caller is neither a column's name nor a table"),
        (LEAST + 'caller = { kind = "user" }\n', "m.toml:6:1: caller comes from nowhere"),
        (LEAST + 'status = { column = "a", constant = "200" }\n', "status comes from column and constant (give exactly one"),
        (LEAST.replace('start = "begin"\n', ""), "m.toml:1:2: start is not mapped"),
        (LEAST.replace('end = "finish"\n', ""), "neither end nor duration nor talk is mapped"),
        (
            LEAST.replace('"begin"', '{ column = "b", format = "epoch" }'),
            "m.toml:3:25: 'epoch' is no format of times (write iso, seconds",
        ),
        (
            LEAST.replace('"begin"', '{ column = "b", zone = "Vienna" }'),
            "'Vienna' is no zone (write UTC, or one such as Europe/Vienna)",
        ),
        (LEAST.replace('"begin"', '{ column = "b", since = "noon" }'), "'noon' is no time with a zone"),
        (LEAST + 'talk = { column = "t", unit = "h" }\n', "'h' is no unit (write one of us, ms, s, min, clock)"),
        (LEAST + 'caller = { column = "f", country = "Austria" }\n', "'Austria' is no country (write its two letters, as AT)"),
        ('delimiter = "::"\n' + LEAST, "m.toml:1:1: '::' separates no columns"),
        ('header = "a,b"\n' + LEAST, "m.toml:1:1: header is no list of column names"),
        (LEAST + 'caller = { column = "f", none = "-" }\n', "none is no list of texts"),
        (LEAST + 'status = { column = "f", values = ["x"] }\n', "values is no table of theirs = ours"),
    ],
)
def test_what_is_wrong_is_told_with_its_line_cause_and_hint(text: str, told: str) -> None:
    assert told in refused(text)


def test_everything_wrong_is_told_at_once() -> None:
    assert refused("a = 1\nb = 2\n[columns]\nstart = 3\n").count("m.toml:") >= 5


def test_a_column_that_the_file_lacks_is_refused_with_what_it_has() -> None:
    with pytest.raises(WrongHeader, match="the header lacks to, finish") as raised:
        rows(LEAST, "id,begin,end")
    assert raised.value.seen == "id,begin,end"


def test_plain_names_map_columns_in_any_order() -> None:
    record = one(LEAST, "to,x,finish,begin,id", "+3225550101,,2026-01-31T10:01:00Z,2026-01-31T10:00:00Z,c1")
    assert (record.call_id, record.callee, record.start) == ("c1", "+3225550101", from_iso("2026-01-31T10:00:00Z"))


@pytest.mark.parametrize(
    ("how", "text"),
    [
        ('format = "seconds"', "1769850000"),
        ('format = "seconds"', "1769850000.000"),
        ('format = "milliseconds"', "1769850000000"),
        ('format = "microseconds"', "1769850000000000"),
        ('format = "seconds", since = "2026-01-31T08:59:00Z"', "60"),
        ('format = "seconds", since = 2026-01-31T08:59:00Z', "60"),
        ('format = "%d.%m.%Y %H:%M:%S", zone = "Europe/Vienna"', "31.01.2026 10:00:00"),
        ('format = "%d/%b/%Y:%H:%M:%S %z"', "31/Jan/2026:10:00:00 +0100"),
        ('zone = "Europe/Vienna"', "2026-01-31 10:00:00"),
        ('zone = "Europe/Vienna"', "2026-01-31 09:00:00+00:00"),
    ],
)
def test_times_are_read_as_the_mapping_says(how: str, text: str) -> None:
    described = LEAST.replace('"begin"', f'{{ column = "begin", {how} }}').replace('end = "finish"', 'duration = "finish"')
    record = one(described, "id,begin,to,finish", f"c1,{text},+3225550101,60")
    assert record.start == from_iso("2026-01-31T09:00:00Z")
    assert record.end == record.start + 60 * SECOND


@pytest.mark.parametrize(
    ("unit", "text", "length_us"),
    [
        ("s", "65", 65_000_000),
        ("s", "65.25", 65_250_000),
        ("ms", "65250", 65_250_000),
        ("min", "1.5", 90_000_000),
        ("clock", "1:02:03", 3723_000_000),
    ],
)
def test_lengths_stand_for_the_end(unit: str, text: str, length_us: int) -> None:
    described = LEAST.replace('end = "finish"', f'duration = {{ column = "finish", unit = "{unit}" }}')
    record = one(described, "id,begin,to,finish", f"c1,2026-01-31T10:00:00Z,+3225550101,{text}")
    assert record.end == record.start + length_us


TALK = LEAST.replace(
    'end = "finish"', 'duration = "d"\ntalk = { column = "t", none = ["0"] }\nstatus = { column = "s", otherwise = "" }'
)
TALK = TALK.replace('otherwise = ""', 'otherwise = "", values = { ANSWERED = "200", "NO ANSWER" = "480", "BUSY" = 486 }')


@pytest.mark.parametrize(
    ("duration", "talk", "outcome", "answered_after", "status"),
    [
        ("65", "60", "ANSWERED", 5, 200),
        ("65", "0", "NO ANSWER", None, 480),
        ("65", "60", "BUSY", None, 486),
        ("65", "60", "odd", 5, 0),
    ],
)
def test_the_answer_follows_from_talk_and_disposition(
    duration: str, talk: str, outcome: str, answered_after: int | None, status: int
) -> None:
    record = one(TALK, "id,begin,to,d,t,s", f"c1,2026-01-31T10:00:00Z,+3225550101,{duration},{talk},{outcome}")
    assert record.answer == (None if answered_after is None else record.start + answered_after * SECOND)
    assert record.status == status


@pytest.mark.parametrize("written", ["02/555 01 01", "+32 2 555 01 01", "003225550101", "(02) 555-01-01", "+3225550101"])
def test_numbers_in_five_notations_are_one_number(written: str) -> None:
    record = one('country = "BE"\n' + LEAST, "id;begin;to;finish", f"c1;2026-01-31T10:00:00Z;{written};2026-01-31T10:01:00Z")
    assert record.callee == "+3225550101"


def test_constants_rows_and_headers_of_files_without_one() -> None:
    text = 'header = ["when", "", "to", "long"]\n[columns]\n' + (
        'call_id = { line = "row" }\nstart = "when"\ncallee = "to"\nduration = "long"\naccount = { constant = "acme" }\n'
    )
    record = one(text, "2026-01-31T10:00:00Z,x,+3225550101,5")
    assert (record.call_id, record.account) == ("row-1", "acme")


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("c1,2026-01-31T10:00:00Z,+3225550101", RowProblem(2, None, "3 values under 4 columns")),
        (",2026-01-31T10:00:00Z,+3225550101,5", RowProblem(2, "id (our call_id)", "empty")),
        ("c1,noon,+3225550101,5", RowProblem(2, "begin (our start)", "'noon' is no time as the mapping describes it")),
        (
            "c1,2026-01-31T10:00:00Z,alice,5",
            RowProblem(2, "to (our callee)", "'alice' is no E.164 number: write + and country code"),
        ),
        ("c1,2026-01-31T10:00:00Z,+3225550101,-5", RowProblem(2, "finish (our duration)", "'-5' is negative")),
        (
            'c1,2026-01-31T10:00:00Z,"+3225550101,5',
            RowProblem(2, None, "a quotation mark that is never closed, or stands within a value"),
        ),
        (
            "c1,2026-01-31T10:00:00,+3225550101,5",
            RowProblem(2, "begin (our start)", "'2026-01-31T10:00:00' names no zone: give the mapping a zone"),
        ),
    ],
)
def test_a_row_that_does_not_fit_names_both_columns(row: str, problem: RowProblem) -> None:
    assert rows(LEAST.replace('end = "finish"', 'duration = "finish"'), "id,begin,to,finish", row) == [problem]


def test_a_prefix_stands_before_what_is_not_empty() -> None:
    text = LEAST.replace('"to"', '{ column = "to", prefix = "+" }') + 'account = { column = "who", prefix = "pbx1/" }\n'
    record = one(text, "id,begin,to,finish,who", "c1,2026-01-31T10:00:00Z,3225550101,2026-01-31T10:00:01Z,")
    assert (record.callee, record.account) == ("+3225550101", None)


def test_json_lines_map_by_paths() -> None:
    text = LEAST.replace('"to"', '"callee.number"').replace('"id"', '"a.b"')
    line = '{"a.b": 17, "begin": "2026-01-31T10:00:00Z", "callee": {"number": "+3225550101"}, "finish": "2026-01-31T10:01:00Z"}'
    record, broken, other = read_json_records([line, line[:40], "[]"], mapping(text))
    assert isinstance(record, CallRecord)
    assert (record.call_id, record.callee) == ("17", "+3225550101")
    assert broken == RowProblem(2, None, "no JSON: the line is cut or broken")
    assert other == RowProblem(3, None, "a JSON value that is no object")

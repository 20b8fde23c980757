"""Call records row by row: the good ones are kept, each bad one is named with its line, column and cause."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.vocabulary.attestation import Attestation
from ringfence.vocabulary.identity import IdentityOutcome
from ringfence.vocabulary.times import from_iso
from ringfence.watch.wire.cdr import HEADER, LONGEST_LINE, CallRecord, RowProblem, WrongHeader, looks_like_header, read_records

ROW = {
    "call_id": "c1",
    "start": "2026-01-31T10:00:00Z",
    "answer": "2026-01-31T10:00:05.25Z",
    "end": "2026-01-31T11:01:00+01:00",
    "account": "acme",
    "caller": "+3225550100",
    "callee": "+3225550101",
    "source_ip": "192.0.2.1",
    "status": "200",
    "released_by": "caller",
    "attestation": "A",
}


def row(**changes: str) -> str:
    return ",".join({**ROW, **changes}.values())


def read(*rows: str, header: str = HEADER, **settings: object) -> list[CallRecord | RowProblem]:
    return list(read_records([header, *rows], **settings))  # type: ignore[arg-type] # a test's shorthand


def test_a_row_is_read_in_all_its_columns() -> None:
    assert read(row()) == [
        CallRecord(
            line=2,
            call_id="c1",
            start=from_iso("2026-01-31T10:00:00Z"),
            answer=from_iso("2026-01-31T10:00:05.25Z"),
            end=from_iso("2026-01-31T10:01:00Z"),
            account="acme",
            caller="+3225550100",
            callee="+3225550101",
            source_ip="192.0.2.1",
            status=200,
            released_by="caller",
            attestation=Attestation.A,
        )
    ]


def test_what_may_be_empty_is_none() -> None:
    (record,) = read(row(answer="", account="", caller="", source_ip="", status="", released_by="", attestation=""))
    assert isinstance(record, CallRecord)
    assert (record.answer, record.account, record.caller, record.source_ip, record.status) == (None, None, None, None, 0)
    assert (record.released_by, record.attestation, record.trunk, record.ring_ms) == (None, None, None, None)


def test_columns_come_in_any_order_and_more_of_them() -> None:
    header = "price," + ",".join(reversed(HEADER.split(","))) + ",user_agent,ring_ms,direction,trunk"
    line = "0.01," + ",".join(reversed(list(ROW.values()))) + ',"PBX, 1.0 ""x""",1500,outbound,t1'
    (record,) = read(line, header=header)
    assert isinstance(record, CallRecord)
    assert (record.call_id, record.user_agent, record.ring_ms) == ("c1", 'PBX, 1.0 "x"', 1500)
    assert (record.direction, record.trunk) == ("outbound", "t1")


@pytest.mark.parametrize(
    ("written", "outcome"),
    [
        ("TN-Validation-Passed", IdentityOutcome.VERIFIED),
        ("TN-Validation-Failed-B", IdentityOutcome.FAILED),
        ("No-TN-Validation", None),
        ("", None),
        ("replayed", IdentityOutcome.REPLAYED),
    ],
)
def test_what_a_switch_verified_is_read(written: str, outcome: IdentityOutcome | None) -> None:
    (record,) = read(f"{row()},{written}", header=f"{HEADER},verstat")
    assert isinstance(record, CallRecord)
    assert record.verification is outcome


def test_a_verdict_that_is_none_is_a_problem() -> None:
    (problem,) = read(f"{row()},perhaps", header=f"{HEADER},verstat")
    assert isinstance(problem, RowProblem)
    assert (problem.column, "TN-Validation-Passed" in problem.cause) == ("verstat", True)


@pytest.mark.parametrize(
    ("changes", "column", "cause"),
    [
        ({"call_id": ""}, "call_id", "empty"),
        ({"start": ""}, "start", "empty"),
        ({"start": "yesterday"}, "start", "'yesterday' is no time"),
        ({"start": "2026-02-30T10:00:00Z"}, "start", "is no time"),
        ({"start": "2026-01-31T10:00:00"}, "start", "names no zone"),
        ({"end": "2026-01-31T09:00:00Z"}, "end", "ends before it starts"),
        ({"answer": "2026-01-31T12:00:00Z"}, "answer", "not between start and end"),
        ({"callee": ""}, "callee", "empty"),
        ({"callee": "+0123"}, "callee", "no E.164 number"),
        ({"caller": "0470123456"}, "caller", "no E.164 number"),
        ({"source_ip": "192.0.2.256"}, "source_ip", "no IP address"),
        ({"status": "999"}, "status", "no SIP status"),
        ({"status": "OK"}, "status", "no SIP status"),
        ({"released_by": "me"}, "released_by", "none of caller, callee, network"),
        ({"attestation": "D"}, "attestation", "none of A, B, C"),
    ],
)
def test_a_bad_value_is_named_with_its_column(changes: dict[str, str], column: str, cause: str) -> None:
    before, problem, after = read(row(), row(**changes), row(call_id="c3"))
    assert isinstance(before, CallRecord)
    assert isinstance(after, CallRecord)
    assert isinstance(problem, RowProblem)
    assert (problem.line, problem.column) == (3, column)
    assert cause in problem.cause


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        (row() + ",more", "12 values under 11 columns"),
        ("c1,2026", "2 values under 11 columns"),
        (row(account='"acme'), "never closed"),
        (row(account='"ac"me'), "within a value"),
        ("x" * (LONGEST_LINE + 1), "longer than"),
    ],
)
def test_a_row_that_does_not_hold_together_costs_itself_only(line: str, cause: str) -> None:
    problem, after = read(line, row())
    assert isinstance(problem, RowProblem)
    assert (problem.line, problem.column) == (2, None)
    assert cause in problem.cause
    assert isinstance(after, CallRecord)


def test_empty_lines_count_as_lines_and_as_nothing_else() -> None:
    problem, record = read("", "   ", "x", "", row())
    assert problem.line == 4
    assert record.line == 6


def test_times_without_a_zone_are_in_the_one_given() -> None:
    (record,) = read(row(start="2026-07-31 10:00:00", answer="", end="2026-07-31 10:00:01"), zone=ZoneInfo("Europe/Brussels"))
    assert isinstance(record, CallRecord)
    assert record.start == from_iso("2026-07-31T08:00:00Z")


def test_national_numbers_are_those_of_the_country_given() -> None:
    (record,) = read(row(caller="0470 12 34 56", callee="112"), country="BE")
    assert isinstance(record, CallRecord)
    assert (record.caller, record.callee) == ("+32470123456", "112")


@pytest.mark.parametrize(
    ("header", "missing"),
    [("a,b,c", tuple(HEADER.split(","))), (HEADER.replace("end,", ""), ("end",)), ("", tuple(HEADER.split(",")))],
)
def test_a_wrong_header_is_refused_with_what_it_lacks(header: str, missing: tuple[str, ...]) -> None:
    with pytest.raises(WrongHeader) as refused:
        read(header=header)
    assert (refused.value.missing, refused.value.seen) == (missing, header)
    assert HEADER in refused.value.hint


def test_a_column_named_twice_is_refused() -> None:
    with pytest.raises(WrongHeader, match="names callee twice"):
        read(header=HEADER + ",callee")


@pytest.mark.parametrize(
    ("line", "is_one"), [(HEADER, True), ('"Call_ID",START,Caller', True), ("time,who,what", False), ("", False)]
)
def test_a_header_is_known_when_seen(line: str, is_one: bool) -> None:
    assert looks_like_header(line) is is_one


@given(st.lists(st.text(max_size=60) | st.lists(st.sampled_from([*ROW.values(), "", '"', "0001-01-01T00:00+14:00"])).map(",".join)))
def test_no_row_raises(lines: list[str]) -> None:
    for found in read(*lines):
        assert isinstance(found, CallRecord | RowProblem)


@given(
    st.sampled_from(["start", "answer", "end"]),
    st.sampled_from(["0001-01-01T00:00+14:00", "9999-12-31T23:59:59.999999-14:00", "0001-01-01", "9999-12-31T23:59:59"]),
)
def test_no_time_raises(column: str, text: str) -> None:
    read(row(**{column: text}), zone=ZoneInfo("Pacific/Kiritimati"))


@pytest.mark.parametrize(
    "written",
    [
        "+431234567",
        "+43 1 234567",
        "0043 1 234567",
        "01/234567",
        "(01) 234-567",
        "tel:+431234567",
        "sip:+431234567@voice.example;user=phone",
    ],
)
def test_one_number_in_many_notations_is_one(written: str) -> None:
    (record,) = read(row(callee=written, caller=written), country="AT")
    assert isinstance(record, CallRecord)
    assert (record.caller, record.callee) == ("+431234567", "+431234567")


@pytest.mark.parametrize("written", ["tel:", "sip:alice@voice.example", "tel:x", "mailto:+431234567"])
def test_an_address_without_a_number_is_none(written: str) -> None:
    (problem,) = read(row(callee=written), country="AT")
    assert isinstance(problem, RowProblem)
    assert problem.column == "callee"

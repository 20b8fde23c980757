"""Call records and switch logs as files: recognised, decoded, and asked for the zone that they don't name."""

import io
import json
import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.conftest import ROOT, shared_data

from ringfence.policy import load, read_folder
from ringfence.vocabulary.contracts import Event, EventKind, Finding, Reference
from ringfence.vocabulary.severity import Severity
from ringfence.vocabulary.times import SECOND, Micros, from_iso
from ringfence.watch.attribution import EMERGENCY_LIST
from ringfence.watch.engine import Engine
from ringfence.watch.recorded import FileCounts, MappingFile, Options, Recording, findings, format_named
from ringfence.watch.recorded.inputs import find_inputs, recognised
from ringfence.watch.sources.errors import UnreadableFile
from ringfence.watch.sources.text_lines import start_lines, text_lines
from ringfence.watch.wire.cdr import HEADER, CallRecord, RowProblem

ROW = "c1,2026-01-31T10:00:00Z,,2026-01-31T10:01:00Z,acmé,,+3225550101,192.0.2.1,486,caller,"
MASTER = (
    '"acme","100","+3225550101","out","""Bob"" <100>","PJSIP/100-1","PJSIP/t-2","Dial","x",'
    '"2026-01-31 10:00:00",,"2026-01-31 10:00:09",9,0,"BUSY","DOCUMENTATION"\n'
)
FREESWITCH = (
    '"Bob","100","+3225550101","default","2026-01-31 10:00:00","","2026-01-31 10:00:09","9","0","USER_BUSY","u1","","acme","",""\n'
)
LOG = "2026-01-31 10:00:00.1 [WARNING] sofia_reg.c:1 Can't find user [u@d] from 198.51.100.7\n"
ACC = "method,from_tag,to_tag,callid,sip_code,sip_reason,time,src_user,dst_user\nINVITE,f,t,c1,486,Busy,2026-01-31 10:00:00,1,2\n"
SECURITY = (
    '[Jan 31 10:00:00] SECURITY[1] res_security_log.c: SecurityEvent="InvalidPassword",EventTV="2026-01-31T10:00:00.000+0100",'
    'Severity="Error",Service="PJSIP",EventVersion="1",AccountID="1",SessionID="s",LocalAddress="IPV4/UDP/192.0.2.1/5060",'
    'RemoteAddress="IPV4/UDP/198.51.100.7/5062"\n'
)
SYSLOG = (
    "Jan 31 kamailio: ACC: call missed: timestamp=1769850000;method=INVITE;from_tag=f;to_tag=t;call_id=c1;code=486;reason=Busy\n"
)
CEL = '"CHAN_START","1769850000.0","","100","","","","101","out","PJSIP/1","","","3","acme","1.1","1.1","","","",""\n'
JSON_CDR = json.dumps({"core-uuid": "c", "channel_data": {}, "variables": {"uuid": "u", "start_uepoch": "1769850000000000"}})
JSON_LINE = json.dumps(dict(zip(HEADER.split(","), ROW.split(","), strict=True)))

KINDS = {
    "call-records": f"{HEADER}\n{ROW}\n",
    "json-lines": JSON_LINE,
    "asterisk-csv": MASTER,
    "asterisk-cel": CEL,
    "asterisk-security": "[Jan 31 10:00:00] Asterisk started\n" + SECURITY,
    "freeswitch-csv": FREESWITCH,
    "freeswitch-json": JSON_CDR,
    "freeswitch-log": "recovering\n" + LOG,
    "kamailio-acc": ACC,
    "kamailio-syslog": "Jan 31 sshd: hello\n" + SYSLOG,
}


def read(name: str, content: bytes, **options: Any) -> list[object]:  # noqa: ANN401 - what Options takes
    found = format_named(name)
    assert found is not None
    return list(found.open(io.BytesIO(content), Options(**options), FileCounts("f", name)))


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_each_kind_is_recognised_and_read_in_every_encoding(name: str, encoding: str) -> None:
    content = KINDS[name].encode(encoding)
    found = recognised(content, "f")
    assert found is not None
    assert found.name == name
    read_rows = read(name, content, zone=ZoneInfo("UTC"))
    assert read_rows
    assert name == "freeswitch-json" or not any(isinstance(row, RowProblem) for row in read_rows)


@pytest.mark.parametrize("name", ["asterisk-csv", "freeswitch-csv", "freeswitch-log", "kamailio-acc"])
def test_local_times_are_refused_with_the_question_which_zone(name: str) -> None:
    with pytest.raises(UnreadableFile, match=r"without a zone: which zone was it in\? give the zone as --timezone"):
        read(name, KINDS[name].encode())


@pytest.mark.parametrize("name", ["asterisk-cel", "asterisk-security", "freeswitch-json", "kamailio-syslog"])
def test_times_that_name_their_zone_need_no_other(name: str) -> None:
    assert read(name, KINDS[name].encode())


@pytest.mark.parametrize("text", ["", "hello, world\n", "a,b,c\n1,2,3\n", "{}", "\x89PNG\r\n"])
def test_what_is_none_of_them_is_taken_by_none(text: str) -> None:
    assert recognised(text.encode("latin-1"), "f") is None


def test_latin_1_is_read_line_by_line() -> None:
    content = f"{HEADER}\n{ROW}\n".encode() + ROW.replace("c1", "c2").encode("latin-1")
    assert [row.account for row in read("call-records", content) if isinstance(row, CallRecord)] == ["acmé", "acmé"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_line_without_end_takes_no_memory(encoding: str) -> None:
    file = io.BytesIO(("x" * 8_000_000).encode(encoding))
    tracemalloc.start()
    lines = list(text_lines(file, longest=1_000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(lines) == 1
    assert peak < 1_000_000


def test_a_last_line_that_may_be_cut_is_not_shown_to_recognisers() -> None:
    assert start_lines(b"one\ntwo\nthr") == ["one\n", "two\n"]
    assert start_lines(b"one") == ["one"]


def parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, row_group_size=2)
    return sink.getvalue()


def test_parquet_of_the_generic_layout_is_read() -> None:
    columns: dict[str, Any] = {name: [value or None] * 3 for name, value in zip(HEADER.split(","), ROW.split(","), strict=True)}
    columns |= {
        "call_id": ["c1", "c2", "c3"],
        "start": pa.array([from_iso("2026-01-31T10:00:00Z")] * 3, pa.timestamp("us", "UTC")),
        "status": pa.array([486, None, 999], pa.int16()),
        "account": pa.array(["a", "a", "b"]).dictionary_encode(),
        "other": [[1], None, []],
    }
    content = parquet(pa.table(columns))
    found = recognised(content, "f")
    assert found is not None
    assert found.name == "parquet"
    first, second, third = read("parquet", content)
    assert isinstance(first, CallRecord)
    assert (first.line, first.start, first.status, first.account) == (1, from_iso("2026-01-31T10:00:00Z"), 486, "a")
    assert isinstance(second, CallRecord)
    assert second.status == 0
    assert third == RowProblem(3, "status", "'999' is no SIP status from 100 to 699")


def test_parquet_maps_and_local_times_take_the_zone() -> None:
    mapping = b'[columns]\ncall_id = "id"\nstart = "begin"\ncallee = "to"\nduration = "long"\n'
    begin = pa.array([Micros(0)], pa.timestamp("us"))
    content = parquet(pa.table({"id": [7], "begin": begin, "to": ["+3225550101"], "long": [2.5]}))
    (record,) = read("parquet", content, zone=ZoneInfo("Europe/Vienna"), mapping=MappingFile("m.toml", mapping))
    assert isinstance(record, CallRecord)
    assert (record.call_id, record.start) == ("7", -3600 * SECOND)
    assert record.end == record.start + 2_500_000


def test_damaged_parquet_and_other_columns_are_refused() -> None:
    content = parquet(pa.table({"a": [1]}))
    with pytest.raises(UnreadableFile, match="it breaks off, or is damaged"):
        read("parquet", content[:-9])
    with pytest.raises(UnreadableFile, match="the header lacks call_id"):
        read("parquet", content)


def test_a_mapping_that_is_wrong_is_refused_with_its_place() -> None:
    with pytest.raises(UnreadableFile, match=r"m\.toml:2:1: columns\.x is unknown"):
        read("call-records", b"a\n", mapping=MappingFile("m.toml", b"[columns]\nx = 1\n"))


@pytest.fixture
def copenhagen() -> Recording:
    mapping = ROOT / "examples" / "mappings" / "copenhagen.toml"
    options = Options(mapping=MappingFile(mapping.name, mapping.read_bytes()))
    inputs = find_inputs([shared_data("calls-copenhagen", "calls.csv")], format_named("call-records"))
    return Recording(inputs, Reference(time=Micros(0), lists={EMERGENCY_LIST: ("110", "112", "911")}), options)


def test_a_month_of_real_calls_is_counted_right_and_finds_nothing_to_act_on(copenhagen: Recording) -> None:
    truth = json.loads(shared_data("calls-copenhagen", "gt.json").read_text())
    events: list[Event] = []
    engine = Engine(load(read_folder(ROOT / "bundles" / "default")).plan, key=b"", source="calls.csv")

    class Collected:
        def take(self, taken: Sequence[Event], found: Sequence[Finding]) -> None:
            del found  # they come by themselves
            events.extend(taken)

    found = list(findings(copenhagen.events(), engine, observer=Collected()))
    assert not [finding for finding in found if finding.severity is Severity.ACT]
    ends = [event for event in events if event.kind is EventKind.END]
    attempts = [event for event in events if event.kind is EventKind.ATTEMPT]
    answered = [event.duration_ms // 1000 for event in ends if event.answered]
    talked = sorted(seconds for seconds in answered if seconds)
    assert copenhagen.files[0].records == len(attempts) == truth["rows"]
    assert copenhagen.files[0].unusable_rows == 0
    assert len(ends) - len(answered) == truth["missed"]
    assert answered.count(0) == truth["zero"]
    assert (len(talked), talked[-1], sum(talked)) == (truth["answered"], truth["max"], truth["total_seconds"])
    assert talked[len(talked) // 2] == truth["median_answered"]
    assert len({event.caller for event in attempts}) == truth["callers"]
    assert len({event.callee for event in attempts}) == truth["callees"]
    assert len({(event.caller, event.callee) for event in attempts}) == truth["pairs"]
    span = [(event.time - from_iso("2014-02-03T00:00:00Z")) // SECOND for event in (attempts[0], attempts[-1])]
    assert span == truth["span_s"]


def test_the_other_example_reads_the_row_in_its_own_comment() -> None:
    path: Path = ROOT / "examples" / "mappings" / "semicolons.toml"
    lines = [line.removeprefix("#").strip() for line in path.read_text().splitlines() if line.startswith("#     ")]
    (record,) = read("call-records", "\n".join(lines).encode(), mapping=MappingFile(path.name, path.read_bytes()))
    assert isinstance(record, CallRecord)
    assert (record.caller, record.callee, record.status, record.account) == ("+3225551212", "+431234567", 200, "head-office")
    assert record.start == from_iso("2026-01-31T09:00:00Z")
    assert record.answer == record.start + 7 * SECOND

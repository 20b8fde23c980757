"""Call records as switches write them: Asterisk, FreeSWITCH, Kamailio."""

import base64
import json
from collections.abc import Iterable
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest

from ringfence.vocabulary.times import from_iso
from ringfence.watch.wire.cdr import CallRecord, RowProblem, WrongHeader, once
from ringfence.watch.wire.cdr.asterisk import looks_like_master, read_master
from ringfence.watch.wire.cdr.cel import looks_like_cel, read_cel
from ringfence.watch.wire.cdr.freeswitch_csv import looks_like_templates, read_templates
from ringfence.watch.wire.cdr.freeswitch_json import looks_like_json_cdr, read_json_cdr
from ringfence.watch.wire.cdr.kamailio import looks_like_dump, looks_like_syslog, needs_zone, read_dump, read_syslog

VIENNA = ZoneInfo("Europe/Vienna")

Read = Iterable[CallRecord | RowProblem]


def one(rows: Read) -> CallRecord:
    (record,) = rows
    assert isinstance(record, CallRecord), record
    return record


def records(rows: Read) -> list[CallRecord]:
    found = list(rows)
    assert all(isinstance(row, CallRecord) for row in found), found
    return [row for row in found if isinstance(row, CallRecord)]


def problem(rows: Read) -> RowProblem:
    (found,) = rows
    assert isinstance(found, RowProblem), found
    return found


def master(*more: str, **changes: str) -> str:
    cells = {
        "accountcode": '"acme"',
        "src": '"0012125550100"',
        "dst": '"01234567"',
        "dcontext": '"out"',
        "clid": '"""Bob, Ltd."" <100>"',
        "channel": '"PJSIP/100-0000001a"',
        "dstchannel": '"PJSIP/trunk-0000001b"',
        "lastapp": '"Dial"',
        "lastdata": '"PJSIP/01234567@trunk,60"',
        "start": '"2026-01-31 10:00:00"',
        "answer": '"2026-01-31 10:00:05"',
        "end": '"2026-01-31 10:01:05"',
        "duration": "65",
        "billsec": "60",
        "disposition": '"ANSWERED"',
        "amaflags": '"DOCUMENTATION"',
        **changes,
    }
    return ",".join((*cells.values(), *more))


PARTY = ('""', '"1769850000.17"', "4")


@pytest.mark.parametrize(
    ("more", "call_id"),
    [
        ((), "PJSIP/100-0000001a@2026-01-31 10:00:00"),
        (('"1769850000.26"',), "1769850000.26"),
        (('"note"',), "PJSIP/100-0000001a@2026-01-31 10:00:00"),
        (('"pbx1-1769850000.26"', '"note"'), "pbx1-1769850000.26"),
        (PARTY, "PJSIP/100-0000001a@2026-01-31 10:00:00"),
        (('"1769850000.26"', *PARTY), "1769850000.26"),
        (('"1769850000.26"', '"note"', *PARTY), "1769850000.26"),
    ],
)
def test_asterisk_records_of_16_to_21_columns_are_read(more: tuple[str, ...], call_id: str) -> None:
    line = master(*more)
    assert looks_like_master(line)
    record = one(read_master([line], zone=VIENNA, country="AT"))
    assert record.call_id == call_id
    assert (record.account, record.caller, record.callee, record.status) == ("acme", "+12125550100", "+431234567", 200)
    assert record.start == from_iso("2026-01-31T09:00:00Z")
    assert record.answer == from_iso("2026-01-31T09:00:05Z")
    assert record.end == from_iso("2026-01-31T09:01:05Z")


@pytest.mark.parametrize(("disposition", "status"), [("NO ANSWER", 480), ("BUSY", 486), ("CONGESTION", 503), ("FAILED", 0)])
def test_an_asterisk_call_that_was_not_answered_has_an_empty_unquoted_answer(disposition: str, status: int) -> None:
    record = one(read_master([master(disposition=f'"{disposition}"', answer="", billsec="0")], zone=VIENNA))
    assert (record.answer, record.status) == (None, status)


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        (master(disposition='"2026-01-31 10:00:00"'), "columns may be shifted"),
        (master(duration="-3"), "'-3' is negative"),
        (master(end='"2026-01-31 09:59:59"'), "the call ends before it starts"),
        (master()[:150], "is never closed|where Asterisk writes 16 to 21"),
        (master(clid='"Bob <100>'), "is never closed|where Asterisk writes 16 to 21|mark"),
        (master(*("x",) * 6), "22 values, where Asterisk writes 16 to 21"),
        (master(start='"yesterday"'), "'yesterday' is no time"),
    ],
)
def test_a_broken_asterisk_row_is_named_and_the_next_is_read(line: str, cause: str) -> None:
    bad, good = read_master([line, master()], zone=VIENNA)
    assert isinstance(bad, RowProblem)
    assert any(part in bad.cause for part in cause.split("|")), bad
    assert isinstance(good, CallRecord)


def test_the_legs_of_a_call_that_rang_two_phones_are_one_call() -> None:
    silent = master('"1769850000.26"', dstchannel='"PJSIP/7-1"', disposition='"NO ANSWER"', answer="", billsec="0")
    (record,) = records(read_master([silent, master('"1769850000.26"')], zone=VIENNA))
    assert record.answer is not None


def test_the_hour_that_comes_twice_is_told_by_the_order_of_records_and_the_lengths_of_calls() -> None:
    def ended(start: str, end: str, duration: int) -> str:
        day = '"2026-10-25 {}"'
        return master(start=day.format(start), answer="", end=day.format(end), duration=str(duration), disposition='"BUSY"')

    rows = [
        ended("02:50:00", "02:58:00", 480),  # summer
        ended("02:55:00", "02:05:00", 600),  # begins in summer, ends in winter
        ended("02:01:00", "02:10:00", 540),  # winter
        ended("02:30:00", "03:10:00", 6000),  # begins in summer, 100 minutes long
    ]
    found = records(read_master(rows, zone=VIENNA))
    assert [record.end is not None and (record.end - record.start) // 1_000_000 for record in found] == [480, 600, 540, 6000]
    assert [record.start for record in found] == [
        from_iso(f"2026-10-25T{each}Z") for each in ("00:50:00", "00:55:00", "01:01:00", "00:30:00")
    ]


def cel(kind: str, time: str, *, unique: str = "1.1", extra: str = "", **cells: str) -> str:
    told = {"cid_name": "Bob", "cid_num": "100", "ani": "", "rdnis": "", "dnid": "", "exten": "01234567", "context": "out"}
    told |= {"channame": "PJSIP/100-1", "appname": "", "appdata": "", "amaflags": "3", "accountcode": "acme"} | cells
    values = [kind, time, *told.values(), unique, "1.1", "", "", "", extra.replace('"', '""')]
    return ",".join(f'"{value}"' for value in values)


def test_the_channel_events_of_a_call_are_one_record() -> None:
    lines = [
        cel("CHAN_START", "1769850000.000001"),
        cel("CHAN_START", "1769850001.000000", unique="1.2", channame="PJSIP/trunk-2", exten="s"),
        cel("ANSWER", "1769850005.000000", unique="1.2"),
        cel("ANSWER", "1769850005.100000"),
        cel("HANGUP", "1769850065.100000", extra='{"hangupcause":16,"hangupsource":"PJSIP/trunk-2","dialstatus":"ANSWER"}'),
        cel("CHAN_END", "1769850065.100000"),
        cel("LINKEDID_END", "1769850065.200000"),
    ]
    assert looks_like_cel(lines[0])
    record = one(read_cel(lines, country="AT"))
    assert (record.call_id, record.caller, record.callee, record.account) == ("1.1", "100", "+431234567", "acme")
    assert (record.start, record.answer, record.end) == (1769850000_000001, 1769850005_100000, 1769850065_100000)
    assert (record.released_by, record.q850, record.status) == ("callee", 16, 200)


def test_channel_events_without_an_end_give_a_call_without_one_and_broken_lines_are_counted() -> None:
    bad, record = read_cel(["x,y", cel("CHAN_START", "1769850000.0")])
    assert isinstance(bad, RowProblem)
    assert isinstance(record, CallRecord)
    assert record.end is None


STAMPS = '"2026-01-31 10:00:00","2026-01-31 10:00:05","2026-01-31 10:01:05"'
FIRST = f'"Bob","100","01234567","default",{STAMPS},"65","60","NORMAL_CLEARING","u1","u2"'
CHANNELS = '"sofia/internal/100","sofia/gw","bridge","x"'
ANSWER_AND_END = STAMPS.partition(",")[2]
TEMPLATES = {
    "default": f'{FIRST}, "acme"',
    "example": f'{FIRST},"acme","PCMA","PCMA"',
    "sql": f'INSERT INTO cdr VALUES ({FIRST}, "acme");',
    "linksys": f'{FIRST},"acme","PCMA","PCMA","phone/1","PS=1"',
    "snom": f'{FIRST}, "acme","PCMA","PCMA","phone/1","","","",""',
    "asterisk": f'''"acme","100","01234567","default",""Bob" <100>",{CHANNELS},{STAMPS},"65","60","NORMAL_CLEARING","3","u1",""''',
    "opencdrrate": f'"u1","u2","inbound","100","01234567",{ANSWER_AND_END},"60","acme","","198.51.100.7","","gw"',
}


@pytest.mark.parametrize("name", TEMPLATES)
def test_freeswitch_templates_are_read(name: str) -> None:
    assert looks_like_templates(TEMPLATES[name])
    record = one(read_templates([TEMPLATES[name]], zone=VIENNA, country="AT"))
    assert (record.call_id, record.account, record.caller, record.callee) == ("u1", "acme", "100", "+431234567")
    assert record.answer == from_iso("2026-01-31T09:00:05Z")
    assert record.end == from_iso("2026-01-31T09:01:05Z")
    assert record.status == 200
    if name != "opencdrrate":
        assert record.start == from_iso("2026-01-31T09:00:00Z")


@pytest.mark.parametrize("caller", ['Bob "the" Builder', 'Bob", "Ltd', '","', "Bob, Ltd."])
def test_quotes_that_freeswitch_leaves_in_a_name_shift_nothing(caller: str) -> None:
    record = one(read_templates([TEMPLATES["example"].replace("Bob", caller)], zone=VIENNA))
    assert (record.caller, record.account) == ("100", "acme")


def test_a_freeswitch_call_that_nobody_answered_tells_its_cause() -> None:
    line = TEMPLATES["example"].replace("2026-01-31 10:00:05", "").replace("NORMAL_CLEARING", "USER_BUSY")
    record = one(read_templates([line], zone=VIENNA))
    assert (record.answer, record.status, record.q850) == (None, 486, 17)


@pytest.mark.parametrize("line", [FIRST[:80], TEMPLATES["example"].replace("2026-01-31 10:01:05", "later"), "x", '"'])
def test_a_broken_freeswitch_row_is_a_problem(line: str) -> None:
    assert problem(read_templates([line], zone=VIENNA)).line == 1


def json_cdr(uuid: str = "a1", *, encoded: bool = True, originator: str = "", direction: str = "inbound", **changes: str) -> str:
    variables = {
        "uuid": uuid,
        "start_uepoch": "1769850000000000",
        "progress_uepoch": "1769850001000000",
        "answer_uepoch": "1769850005000000",
        "end_uepoch": "1769850065000000",
        "hangup_cause": "NORMAL_CLEARING",
        "sip_hangup_disposition": "recv_bye",
        "sip_network_ip": "198.51.100.7",
        "sip_user_agent": "phone/1 (x)",
        "accountcode": "acme",
        "bleg_uuid": "b1",
        **changes,
    }
    profile: dict[str, object] = {"caller_id_number": "+431234567", "destination_number": "+3225550101", "uuid": uuid}
    if originator:
        profile["originator"] = {"originator_caller_profiles": [{"uuid": originator}]}
        variables.pop("bleg_uuid")
    document = {
        "core-uuid": "c",
        "switchname": "s",
        "channel_data": {"direction": direction},
        "variables": {name: quote(value) if encoded else value for name, value in variables.items()},
        "callflow": [{"caller_profile": profile, "times": {"created_time": "1769850000000000"}}],
    }
    if encoded:
        profile["caller_id_number"] = quote("+431234567", safe="")
    return json.dumps(document)


@pytest.mark.parametrize("encoded", [True, False])
def test_a_json_record_is_read(encoded: bool) -> None:
    text = json_cdr(encoded=encoded)
    assert looks_like_json_cdr(text)
    record = one(read_json_cdr([text]))
    assert (record.call_id, record.caller, record.callee, record.source_ip) == ("a1", "+431234567", "+3225550101", "198.51.100.7")
    assert (record.start, record.answer, record.end) == (1769850000_000000, 1769850005_000000, 1769850065_000000)
    assert (record.released_by, record.ring_ms, record.user_agent, record.account) == ("caller", 4000, "phone/1 (x)", "acme")


def test_json_records_in_base64_in_a_form_and_on_several_lines_are_read() -> None:
    packed = base64.b64encode(json_cdr("a1").encode()).decode()
    pretty = json.dumps(json.loads(json_cdr("a3")), indent=2).splitlines(keepends=True)
    assert looks_like_json_cdr(packed)
    found = records(read_json_cdr([packed, "cdr=" + quote(json_cdr("a2")), *pretty, json_cdr("a4")]))
    assert [record.call_id for record in found] == ["a1", "a2", "a3", "a4"]


@pytest.mark.parametrize("order", [1, -1])
def test_two_legs_of_a_call_are_one_call(order: int) -> None:
    legs = [json_cdr("a1"), json_cdr("b1", originator="a1", direction="outbound")][::order]
    assert one(read_json_cdr(legs)).call_id == "a1"


def test_a_called_leg_alone_is_a_call() -> None:
    assert one(read_json_cdr([json_cdr("b1", originator="a1", direction="outbound")])).call_id == "b1"


def test_a_broken_json_document_costs_itself() -> None:
    whole = json_cdr("a2")
    bad, good = read_json_cdr([json_cdr("a1")[:200], whole])
    assert isinstance(bad, RowProblem)
    assert isinstance(good, CallRecord)
    assert problem(read_json_cdr([json_cdr(start_uepoch="-5")])).column == "start_uepoch"


ACC = "method,from_tag,to_tag,callid,sip_code,sip_reason,time,src_user,dst_user,src_ip"


def acc(
    method: str, code: int, time: str, *, call_id: str = "c1", tags: str = "f,t", who: str = "+431234567,+3225550101,198.51.100.7"
) -> str:
    return f"{method},{tags},{call_id},{code},OK,2026-01-31 {time},{who}"


@pytest.mark.parametrize(("tags", "released_by"), [("f,t", "caller"), ("t,f", "callee")])
def test_invite_and_bye_are_joined(tags: str, released_by: str) -> None:
    rows = [ACC, acc("INVITE", 200, "10:00:00"), acc("BYE", 200, "10:01:00", tags=tags, who=",,")]
    assert looks_like_dump(rows[0])
    record = one(read_dump(rows, zone=VIENNA))
    assert (record.start, record.answer) == (from_iso("2026-01-31T09:00:00Z"),) * 2
    assert record.end == from_iso("2026-01-31T09:01:00Z")
    assert (record.caller, record.callee, record.source_ip) == ("+431234567", "+3225550101", "198.51.100.7")
    assert (record.released_by, record.line) == (released_by, 2)


@pytest.mark.parametrize("code", ["999", "99", "700", "099", "", "²00", "abc"])
def test_a_status_that_is_none_costs_its_row(code: str) -> None:
    good = acc("INVITE", 486, "10:00:00")
    rows = list(read_dump([ACC, good.replace("486", code).replace("c1", "c0"), good], zone=VIENNA))
    (problem,) = [row for row in rows if isinstance(row, RowProblem)]
    assert (problem.line, problem.column) == (2, "sip_code")
    assert [row.call_id for row in rows if isinstance(row, CallRecord)] == ["c1"]


def test_a_dump_in_any_order_and_separated_by_tabs_is_joined() -> None:
    rows = [ACC, acc("BYE", 200, "10:01:00"), acc("INVITE", 200, "10:00:00")]
    record = one(read_dump([row.replace(",", "\t") for row in rows], zone=VIENNA))
    assert record.end == from_iso("2026-01-31T09:01:00Z")


def test_failures_count_once_and_not_where_another_branch_succeeds() -> None:
    rows = [
        *(ACC, acc("INVITE", 486, "10:00:00"), acc("INVITE", 486, "10:00:00"), acc("INVITE", 407, "10:00:00", call_id="c9")),
        *(acc("INVITE", 503, "10:00:01", call_id="c2"), acc("INVITE", 200, "10:00:02", call_id="c2")),
        acc("BYE", 200, "10:01:00", call_id="c2"),
    ]
    found = {record.call_id: record.status for record in records(read_dump(rows, zone=VIENNA))}
    assert found == {"c1": 486, "c2": 200}


def test_a_call_without_its_bye_has_no_end_and_a_bye_without_its_call_is_a_problem() -> None:
    rows = [ACC, acc("INVITE", 200, "10:00:00"), acc("BYE", 200, "10:00:00", call_id="c2"), acc("BYE", 200, "10:00:00", tags="x,y")]
    wrong, record, lost = read_dump(rows, zone=VIENNA)
    assert isinstance(record, CallRecord)
    assert record.end is None
    assert isinstance(wrong, RowProblem)
    assert wrong.cause == "a BYE with other tags than its call"
    assert isinstance(lost, RowProblem)


def test_dialog_records_are_read() -> None:
    header = "id,start_time,end_time,duration,callid,src_user,dst_user"
    row = "7,2026-01-31 10:00:00,2026-01-31 10:01:00,60.250,c1,+431234567,+3225550101"
    record = one(read_dump([header, row], zone=VIENNA))
    assert (record.call_id, record.end) == ("c1", from_iso("2026-01-31T09:01:00Z"))
    assert problem(read_dump([header, row.replace("60.250", "-1.000")], zone=VIENNA)).column == "duration"


def test_accounting_in_syslog_is_joined_and_other_lines_are_passed_over() -> None:
    said = "Jan 31 10:00:00 edge /usr/sbin/kamailio[7]: NOTICE: {script}: acc [acc.c:287]: "
    told = "method={};from_tag=f;to_tag=t;call_id=c;1@x;code=200;reason=OK"
    who = ";src_user=+431234567;dst_user=+3225550101;src_ip=198.51.100.7"
    invite = f"ACC: transaction answered: timestamp=1769850000;{told.format('INVITE')}; fine{who}"
    bye = f"ACC: transaction answered: timestamp=1769850060;{told.format('BYE')}"
    missed = "ACC: call missed: timestamp=1769850001;method=INVITE;from_tag=f;to_tag=t;call_id=c2;code=486;reason=Busy;dst_user=101"
    cdr = "start_time=1769850000.125; end_time=1769850060.250; duration=60.125; callid=c3; src_user=100; dst_user=101"
    assert looks_like_syslog(said + invite)
    lines = [said + invite, "Jan 31 10:00:01 edge sshd[1]: hello", said + missed, said + bye, said + cdr]
    found = {record.call_id: record for record in records(read_syslog(lines))}
    assert set(found) == {"c;1@x", "c2", "c3"}
    assert found["c;1@x"].end == 1769850060_000000
    assert found["c2"].status == 486
    assert (found["c3"].start, found["c3"].end) == (1769850000_125000, 1769850060_250000)


def test_only_dumps_whose_times_name_no_zone_need_one() -> None:
    assert needs_zone(ACC, acc("INVITE", 200, "10:00:00"))
    assert not needs_zone(ACC, acc("INVITE", 200, "10:00:00+01:00"))
    with pytest.raises(WrongHeader):
        read_dump(["a,b"])


def test_the_same_call_again_is_counted_once() -> None:
    lines = [master('"1769850000.26"'), master('"1769850000.27"'), master('"1769850000.26"')]
    *_, last = once(read_master(lines, zone=VIENNA))
    assert last == RowProblem(3, None, "the same call again: counted once")

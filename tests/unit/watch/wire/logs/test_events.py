"""Events that switches send over a connection of theirs, and that a proxy writes to its log."""

import io
from datetime import UTC
from pathlib import Path

import msgspec
import pytest

from ringfence.vocabulary.contracts import EventKind
from ringfence.vocabulary.times import from_iso
from ringfence.watch.recorded.formats import Options
from ringfence.watch.recorded.inputs import recognised
from ringfence.watch.recorded.switches import SWITCH_FORMATS
from ringfence.watch.wire.cdr import CallRecord, RowProblem
from ringfence.watch.wire.logs import (
    LogEntry,
    looks_like_manager_events,
    looks_like_switch_events,
    read_manager_events,
    read_proxy_events,
    read_security_log,
    read_switch_events,
)

AMI = (Path(__file__).parent / "asterisk-22-manager.txt").read_text(encoding="utf-8")
"""What Asterisk 22.10 sent while a phone of ours registered with a wrong password, a wrong name and rightly, and called twice."""


def ami(text: str = AMI) -> list[LogEntry | CallRecord | RowProblem]:
    return list(read_manager_events(text.splitlines(keepends=True), zone=UTC))


def test_a_recorded_connection_to_asterisk_tells_each_attempt_and_each_call_once() -> None:
    told = ami()
    attempts = [
        (each.user, each.status, each.credentials) for each in told if isinstance(each, LogEntry) and each.service == "PJSIP"
    ]
    assert sorted(attempts, key=str) == [
        *[("6001", 200, True)] * 4,
        ("6001", 401, True),
        ("kiwi", 404, False),
        ("kiwi", 404, True),
    ]
    calls = [each for each in told if isinstance(each, CallRecord)]
    assert [(call.caller, call.callee, call.status, call.answer is not None) for call in calls] == [
        ("6001", "100", 200, True),
        ("6001", "101", 486, False),
    ]
    assert calls[0].start == from_iso("2026-11-23T13:25:54Z")
    assert not [each for each in told if isinstance(each, RowProblem)]


def test_events_say_the_same_as_the_security_log() -> None:
    values = {
        "EventTV": "2026-01-31T10:00:00.000+0100",
        "Service": "PJSIP",
        "AccountID": "6001",
        "SessionID": "s1",
        "LocalAddress": "IPV4/UDP/192.0.2.1/5060",
        "RemoteAddress": "IPV4/UDP/198.51.100.7/5062",
        "Challenge": "abc",
        "Response": "def",
    }
    line = 'x SecurityEvent="InvalidPassword",' + ",".join(f'{name}="{value}"' for name, value in values.items())
    event = "Event: InvalidPassword\r\n" + "".join(f"{name}: {value}\r\n" for name, value in values.items()) + "\r\n"
    assert ami(event) == list(read_security_log([line]))


def test_an_event_in_which_a_value_stands_twice_is_left_out() -> None:
    event = "Event: InvalidPassword\r\nEventTV: 2026-01-31T10:00:00.000+0100\r\nRemoteAddress: IPV4/UDP/192.0.2.1/1\r\n"
    (problem,) = ami(event + "RemoteAddress: IPV4/UDP/198.51.100.7/1\r\n\r\n")
    assert problem == RowProblem(1, "RemoteAddress", "missing")


PLAIN = """Content-Length: 600
Content-Type: text/event-plain

Event-Subclass: sofia%3A%3Aregister_failure
Event-Name: CUSTOM
Event-Date-Timestamp: 1769850000123456
profile-name: internal
to-user: 6001
to-host: pbx.example
network-ip: 198.51.100.7
user-agent: friendly-scanner%2F1
network-port: 5062
registration-type: INVITE

"""
HANGUP = {
    "Event-Name": "CHANNEL_HANGUP_COMPLETE",
    "Unique-ID": "u1",
    "Call-Direction": "inbound",
    "Caller-Caller-ID-Number": "+43720123456",
    "Caller-Destination-Number": "+43720123457",
    "Caller-Network-Addr": "198.51.100.9",
    "Caller-Channel-Created-Time": "1769850000000000",
    "Caller-Channel-Answered-Time": "1769850005000000",
    "Caller-Channel-Hangup-Time": "1769850065000000",
    "Hangup-Cause": "NORMAL_CLEARING",
    "variable_accountcode": "acme",
    "variable_sip_hangup_disposition": "recv_bye",
}


def esl(text: str) -> list[LogEntry | CallRecord | RowProblem]:
    return list(read_switch_events(text.splitlines(keepends=True)))


def test_a_refused_registration_of_the_event_socket_is_an_entry() -> None:
    (entry,) = esl(PLAIN)
    assert isinstance(entry, LogEntry)
    assert (entry.method, entry.status, entry.credentials, entry.user, entry.domain) == ("INVITE", 403, True, "6001", "pbx.example")
    assert (entry.source, entry.source_port, entry.time) == ("198.51.100.7", 5062, 1_769_850_000_123_456)


@pytest.mark.parametrize("is_json", [True, False])
def test_a_hangup_of_the_event_socket_is_a_call(is_json: bool) -> None:
    plain = "".join(f"{name}: {value.replace('+', '%2B')}\n" for name, value in HANGUP.items()) + "\n"
    (call,) = esl(msgspec.json.encode(HANGUP).decode() + "\n" if is_json else plain)
    assert isinstance(call, CallRecord)
    assert (call.caller, call.callee, call.account, call.source_ip) == ("+43720123456", "+43720123457", "acme", "198.51.100.9")
    assert (call.end or 0) - (call.answer or 0) == 60_000_000
    assert (call.q850, call.released_by) == (16, "caller")


def test_two_legs_of_the_event_socket_are_one_call() -> None:
    second = {**HANGUP, "Unique-ID": "u2", "Call-Direction": "outbound", "Other-Type": "originator", "Other-Leg-Unique-ID": "u1"}
    text = "".join(msgspec.json.encode(each).decode() + "\n" for each in (second, HANGUP))
    assert [call.call_id for call in esl(text) if isinstance(call, CallRecord)] == ["u1"]


def test_what_a_message_says_can_not_stand_for_an_event() -> None:
    body = "hello\n\n" + PLAIN
    message = f"Event-Name: MESSAGE\nContent-Length: {len(body)}\n\n{body}"
    assert esl(message) == []
    assert len(esl(message + PLAIN)) == 1


LINE = (
    "Jan 31 10:00:00 proxy /usr/sbin/kamailio[77]: NOTICE: <script>: RINGFENCE: time=1769850000.250000;method=REGISTER;status=404;"
    "source=198.51.100.7;port=5062;transport=UDP;credentials=1;user={};domain=pbx.example;call_id=c1%3B\n"
)


def test_a_line_of_kamailio_tells_a_request() -> None:
    (entry,) = read_proxy_events(["other\n", LINE.format("kiwi%40x")])
    assert isinstance(entry, LogEntry)
    assert (entry.user, entry.session, entry.status, entry.transport, entry.line) == ("kiwi@x", "c1;", 404, "udp", 2)
    assert entry.time == 1_769_850_000_250_000


@pytest.mark.parametrize(
    ("user", "problem"),
    [
        ("a;status=200", RowProblem(1, "status", "stands twice in the line: a value may be forged")),
        ("a;source=192.0.2.1", RowProblem(1, "source", "stands twice in the line: a value may be forged")),
    ],
)
def test_a_name_that_forges_a_value_is_left_out(user: str, problem: RowProblem) -> None:
    assert list(read_proxy_events([LINE.format(user)])) == [problem]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (AMI, "asterisk-events"),
        ("Event: Cdr\r\nPrivilege: cdr,all\r\nSource: 1\r\n", "asterisk-events"),
        (PLAIN, "freeswitch-events"),
        (msgspec.json.encode(HANGUP).decode() + "\n", "freeswitch-events"),
        ("x\n" + LINE, "kamailio-events"),
    ],
)
def test_each_kind_is_known_by_its_content_and_gives_events(text: str, name: str) -> None:
    known = recognised(text.encode(), "")
    assert known is not None
    assert known.name == name
    assert known in SWITCH_FORMATS


def test_an_entry_of_a_registration_is_a_request_and_a_registration() -> None:
    known = recognised(LINE.encode(), "")
    assert known is not None
    told = list(known.open(io.BytesIO(LINE.encode()), Options(), None))  # type: ignore[arg-type]  # a log counts nothing by itself
    assert [event.kind for event in told] == [EventKind.REQUEST, EventKind.REGISTRATION]  # type: ignore[union-attr]  # events


@pytest.mark.parametrize(
    "octets", [b"Event: Cdr\nDuration: x\n\n", b"{\n", b'{"Event-Name": 5}\n', b"Event-Name: CHANNEL_HANGUP_COMPLETE\n\n"]
)
def test_no_event_raises(octets: bytes) -> None:
    lines = octets.decode().splitlines(keepends=True)
    assert all(isinstance(each, RowProblem) for each in [*ami(octets.decode()), *read_switch_events(lines)])
    assert not looks_like_manager_events([])
    assert not looks_like_switch_events([])

"""Switch logs: what their lines tell, checked against the fields and scenarios stated beside real lines."""

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from tests.conftest import ROOT, shared_data

from ringfence.policy import load, read_folder
from ringfence.vocabulary.contracts import Event, Finding, Reference, TrunkLink
from ringfence.vocabulary.severity import Mode
from ringfence.vocabulary.times import HOUR, MINUTE, Micros, from_iso, micros
from ringfence.watch.attribution import Directory
from ringfence.watch.calls import attributed, events_of_entry
from ringfence.watch.engine import Engine
from ringfence.watch.wire.cdr import RowProblem
from ringfence.watch.wire.logs import LogEntry, looks_like_security_log, read_freeswitch_log, read_security_log
from ringfence.watch.wire.logs.asterisk import parse_security_line

_ASSERTED = re.compile(r'\["crowdsecurity/[\w-]+"\]\[(\d+)\]\.Evt\.(?:Parsed|Meta)\["(\w+)"\] == "(.*)"$')


def security(event: str = "InvalidPassword", *, tv: str = "2026-01-31T10:00:00.000+0100", **changes: str) -> str:
    fields = {
        "SecurityEvent": event,
        "EventTV": tv,
        "Severity": "Error",
        "Service": "PJSIP",
        "EventVersion": "1",
        "AccountID": "6001",
        "SessionID": "s1",
        "LocalAddress": "IPV4/UDP/192.0.2.1/5060",
        "RemoteAddress": "IPV4/UDP/198.51.100.7/5062",
        **changes,
    }
    values = ",".join(f'{name}="{value}"' for name, value in fields.items())
    return f"[Jan 31 10:00:00] SECURITY[77] res_security_log.c: {values}"


def read(*lines: str) -> list[LogEntry | RowProblem]:
    return list(read_security_log(lines))


def asserted(folder: str) -> list[tuple[int, str, str]]:
    text = shared_data("switch-logs", folder, "parser.assert").read_text()
    found = [match for line in text.splitlines() if "s01-parse" in line and (match := _ASSERTED.search(line))]
    return [(int(match[1]), match[2], match[3]) for match in found]


def entries(folder: str) -> list[LogEntry]:
    (path,) = shared_data("switch-logs", folder).glob("*.log")
    lines = path.read_text().splitlines()
    found = read_security_log(lines) if looks_like_security_log(lines[0]) else read_freeswitch_log(lines, zone=UTC)
    return [entry for entry in found if isinstance(entry, LogEntry)]


@pytest.mark.parametrize("folder", ["asterisk-logs", "asterisk-syslogs"])
def test_the_fields_of_real_security_lines_are_those_stated_beside_them(folder: str) -> None:
    (path,) = shared_data("switch-logs", folder).glob("*.log")
    lines = [line for line in path.read_text().splitlines() if line.strip()]
    compared = 0
    for number, name, value in asserted(folder):
        entry = parse_security_line(number, lines[number])
        if entry is None:
            assert "ChallengeSent" in lines[number]
            continue
        read_as = {
            "source_ip": entry.source,
            "source_port": str(entry.source_port),
            "target_ip": entry.destination,
            "target_port": str(entry.destination_port),
            "username": entry.user or "<unknown>",
            "target_user": entry.user or "<unknown>",
            "asterisk_service": entry.service,
            "service": "asterisk",
            "asterisk_session_id": entry.session,
            "session_id": entry.session,
        }
        if name in read_as:
            assert (number, name, read_as[name]) == (number, name, value)
            compared += 1
        elif name == "event_timestamp":
            assert entry.time == micros(datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%f%z"))
            compared += 1
    assert compared >= 36


def test_the_fields_of_real_freeswitch_lines_are_those_stated_beside_them() -> None:
    found = entries("freeswitch")
    assert len(found) == 5
    compared = 0
    for number, name, value in asserted("freeswitch"):
        entry = found[number]
        read_as = {"remote_ip": entry.source, "source_ip": entry.source, "sub_type": entry.what}
        if name == "timestamp" and "T" not in value:
            assert entry.time == from_iso(value.replace(" ", "T") + "Z")
        elif name in read_as:
            assert read_as[name] == value
        else:
            continue
        compared += 1
    assert compared >= 15


LOGS = [
    *("asterisk-bf", "asterisk-logs", "asterisk-syslogs", "asterisk-user-enum"),
    *("freeswitch", "freeswitch-acl-reject", "freeswitch-bf", "freeswitch-user-enumeration"),
]
CLAUSES = {
    "bf": "security-breach",
    "enum": "unauthorised-access",
    "enumeration": "unauthorised-access",
    "reject": "unauthorised-access",
}
"""What the last word of a stated scenario's name says was done, as the clause that forbids it."""


def found(folder: str, *, served: Iterable[Event] = ()) -> list[Finding]:
    events = [event for entry in entries(folder) for event in events_of_entry(entry)]
    engine = Engine(load(read_folder(ROOT / "bundles" / "default")).plan, key=b"", source=folder)
    ordered = sorted([*served, *events], key=lambda event: event.time)
    return engine.step(ordered, ordered[-1].time)


def told(findings: Iterable[Finding]) -> list[tuple[str, str, bool]]:
    return [(finding.clause, finding.subject.id, finding.mode is Mode.ACT) for finding in findings]


@pytest.mark.parametrize("folder", LOGS)
def test_the_default_rules_give_the_alerts_stated_beside_the_log_and_no_others(folder: str) -> None:
    stated = {each["test"]: each["alerts"] for each in json.loads(shared_data("switch-logs", "expected.json").read_text())}
    assert sorted(stated) == sorted(LOGS)
    asserts = shared_data("switch-logs", folder, "scenario.assert").read_text()
    acts = re.findall(r"Alert\.Remediation == (\w+)", asserts)
    expected = [
        (CLAUSES[re.split("[_-]", alert["scenario"])[-1]], source, does == "true")
        for alert, does in zip(stated[folder], acts, strict=True)
        for source in alert["sources"]
    ]
    assert told(found(folder)) == expected


@pytest.mark.parametrize("folder", [folder for folder in LOGS if folder != "asterisk-user-enum"])
def test_the_same_log_of_an_address_where_somebody_was_served_that_day_gives_no_alert(folder: str) -> None:
    first = events_of_entry(entries(folder)[0])[0]
    changes = {"method": "REGISTER", "status": 200, "credentials": True, "target": "good", "time": Micros(first.time - 8 * HOUR)}
    assert told(found(folder, served=[msgspec.structs.replace(first, **changes)])) == []


def test_each_line_of_the_stated_scenarios_is_one_entry_but_challenges_and_second_halves_of_pairs() -> None:
    counts = {folder: len(entries(folder)) for folder in ("asterisk-bf", "asterisk-logs", "asterisk-user-enum", "asterisk-syslogs")}
    assert counts == {"asterisk-bf": 6, "asterisk-logs": 4, "asterisk-user-enum": 6, "asterisk-syslogs": 4}


@pytest.mark.parametrize("order", [1, -1])
def test_the_two_lines_of_one_failed_attempt_are_one_entry_that_names_the_account(order: int) -> None:
    unknown = security("InvalidAccountID", AccountID="kiwi")
    failed = security("ChallengeResponseFailed", AccountID="<unknown>")
    (entry,) = read(*[unknown, failed][::order])
    assert isinstance(entry, LogEntry)
    assert (entry.user, entry.credentials, entry.status) == ("kiwi", True, 404)


def test_two_attempts_of_one_session_are_two() -> None:
    assert len(read(security("ChallengeResponseFailed"), security("ChallengeResponseFailed"))) == 2
    later = security("InvalidAccountID", tv="2026-01-31T10:00:00.500+0100")
    assert len(read(security("ChallengeResponseFailed"), later)) == 2


ALL_NAMES = [
    *("FailedACL", "InvalidAccountID", "SessionLimit", "MemoryLimit", "LoadAverageLimit", "RequestNotSupported"),
    *("RequestNotAllowed", "AuthMethodNotAllowed", "RequestBadFormat", "SuccessfulAuth", "UnexpectedAddress"),
    *("ChallengeResponseFailed", "InvalidPassword", "InvalidTransport"),
]


@pytest.mark.parametrize("name", ALL_NAMES)
def test_every_event_is_known(name: str) -> None:
    (entry,) = read(security(name))
    assert isinstance(entry, LogEntry)
    assert entry.what == name
    assert entry.status == 200 if name == "SuccessfulAuth" else entry.status >= 400


def test_a_challenge_is_no_failure_and_an_unknown_event_is_counted() -> None:
    (problem,) = read(security("ChallengeSent"), security("NewEvent"), "[Jan 31] NOTICE[1] chan.c: nothing of ours")
    assert problem == RowProblem(2, "SecurityEvent", "'NewEvent' is unknown")


@pytest.mark.parametrize(
    ("written", "transport", "source"),
    [
        ("IPV4/WS/198.51.100.7/5062", "ws", "198.51.100.7"),
        ("IPV4/WSS/198.51.100.7/443", "wss", "198.51.100.7"),
        ("IPV4/TLS/198.51.100.7/5061", "tls", "198.51.100.7"),
        ("IPV6/UDP/2001:DB8::0:7/5062", "udp", "2001:db8::7"),
    ],
)
def test_transports_and_addresses_of_every_kind_are_read(written: str, transport: str, source: str) -> None:
    (entry,) = read(security(RemoteAddress=written))
    assert isinstance(entry, LogEntry)
    assert (entry.transport, entry.source) == (transport, source)


def test_an_address_forged_in_a_user_name_frames_nobody() -> None:
    (problem,) = read(security(AccountID='x",RemoteAddress="IPV4/UDP/192.0.2.99/5060'))
    assert isinstance(problem, RowProblem)
    assert "may be forged" in problem.cause
    forged = "[x] from ip 192.0.2.99 [y"
    said = f"SIP auth failure (REGISTER) on sofia profile 'p' for [{forged}] from ip 198.51.100.7"
    line = f"2026-01-31 10:00:00.0 [WARNING] sofia_reg.c:1 {said}"
    (entry,) = read_freeswitch_log([line], zone=UTC)
    assert isinstance(entry, LogEntry)
    assert entry.source == "198.51.100.7"


def test_challenges_and_responses_are_not_kept() -> None:
    line = security("ChallengeResponseFailed", Challenge="c0ffee", Response="deadbeef", ExpectedResponse="feedface")
    assert not re.search("c0ffee|deadbeef|feedface", repr(read(line)))


def test_older_times_in_seconds_are_read() -> None:
    (entry,) = read(security(tv="1636380023-495067"))
    assert isinstance(entry, LogEntry)
    assert entry.time == 1636380023_495067


def test_a_freeswitch_challenge_and_other_lines_give_nothing() -> None:
    lines = [
        "2026-01-31 10:00:00.1 [WARNING] sofia_reg.c:1 SIP auth challenge (REGISTER) on sofia profile 'p' for [u@d] from ip ::1",
        "2026-01-31 10:00:01.123456 [NOTICE] switch_channel.c:1 New Channel sofia/internal/u@d",
        "EXECUTE sofia/internal/u@d playback(x)",
    ]
    assert list(read_freeswitch_log(lines, zone=UTC)) == []


def test_the_hour_that_comes_twice_is_told_by_the_order_of_lines() -> None:
    told = "2026-10-25 {} [WARNING] sofia_reg.c:1 Can't find user [u@d] from 198.51.100.7"
    found = list(
        read_freeswitch_log(map(told.format, ("02:30:00", "02:55:00", "02:05:00", "03:01:00")), zone=ZoneInfo("Europe/Vienna"))
    )
    times = [entry.time for entry in found if isinstance(entry, LogEntry)]
    assert [(time - times[0]) // MINUTE for time in times] == [0, 25, 35, 91]


def test_no_line_raises() -> None:
    for line in (
        'SecurityEvent="",EventTV=""',
        'EventTV="" SecurityEvent="InvalidPassword"',
        security(RemoteAddress="x"),
        security(tv="x"),
    ):
        (problem,) = read(line)
        assert isinstance(problem, RowProblem)


def test_an_entry_belongs_to_the_trunk_at_its_address_and_to_a_user_only_once_proven() -> None:
    trunks = (
        TrunkLink(trunk="T1", account="A1", address="192.0.2.5"),
        TrunkLink(trunk="T2", account="A2", user="6001"),
    )
    directory = Directory(Reference(time=Micros(0), trunks=trunks))

    def account(line: str) -> str | None:
        (entry,) = read(line)
        assert isinstance(entry, LogEntry)
        found = {attributed(event, directory).account for event in events_of_entry(entry)}
        assert len(found) == 1
        return found.pop()

    assert account(security(RemoteAddress="IPV4/UDP/192.0.2.5/5060")) == "A1"
    assert account(security("InvalidPassword")) is None
    assert account(security("SuccessfulAuth")) == "A2"

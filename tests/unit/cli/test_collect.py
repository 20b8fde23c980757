"""Events taken from a switch's own connection into a file: against a small server, as Asterisk and FreeSWITCH speak."""

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path

import pytest
import typer
from tests.unit.watch.wire.logs.test_events import AMI, HANGUP

from ringfence.cli.collect import command
from ringfence.watch.sources.switch_sockets import EventFile
from ringfence.watch.wire.cdr import CallRecord
from ringfence.watch.wire.logs import LogEntry, read_manager_events, read_switch_events
from ringfence.watch.wire.logs.sessions import MOST_WAITING, ManagerSession, SessionEnded, SocketSession

GREETING, _, EVENTS = AMI.partition("\n")
IN = b"Response: Success\r\nMessage: Authentication accepted\r\n\r\n"


def as_sent(text: str) -> bytes:
    return text.replace("\r\n", "\n").replace("\n", "\r\n").encode()


def framed(body: dict[str, str]) -> bytes:
    octets = json.dumps(body).encode()
    return b"Content-Length: %d\nContent-Type: text/event-json\n\n" % len(octets) + octets


@pytest.mark.parametrize("cut", [1, 7, 100_000])
def test_what_asterisk_sent_is_kept_as_far_as_it_is_read_however_it_comes_in(cut: int) -> None:
    session, sent, kept = ManagerSession("watch", "s3cret"), b"", b""
    octets = as_sent(AMI)
    for at in range(0, len(octets), cut):
        answer, events = session.take(octets[at : at + cut])
        sent, kept = sent + answer, kept + events
    assert sent == b"Action: Login\r\nUsername: watch\r\nSecret: s3cret\r\nEvents: security,cdr,call\r\n\r\n"
    lines = kept.decode().splitlines(keepends=True)
    told = list(read_manager_events(lines, zone=UTC))
    assert [type(each) for each in told] == [type(each) for each in read_manager_events(AMI.splitlines(keepends=True), zone=UTC)]
    assert sum(isinstance(each, CallRecord) for each in told) == 2
    assert b"Challenge:" not in kept
    assert b"Response" not in kept.replace(b"ChallengeResponseFailed", b"")
    assert b"CEL" not in kept


@pytest.mark.parametrize("cut", [1, 9, 100_000])
def test_what_freeswitch_sends_is_kept_as_far_as_it_is_read(cut: int) -> None:
    session, sent, kept = SocketSession("ClueCon"), b"", b""
    event = {**HANGUP, "variable_sip_auth_password": "x", "_body": "hello"}
    octets = b"Content-Type: auth/request\n\n" + 2 * b"Content-Type: command/reply\nReply-Text: +OK accepted\n\n" + framed(event)
    for at in range(0, len(octets), cut):
        answer, events = session.take(octets[at : at + cut])
        sent, kept = sent + answer, kept + events
    assert sent.startswith(b"auth ClueCon\n\nevent json CHANNEL_HANGUP_COMPLETE CUSTOM sofia::register sofia::register_failure\n\n")
    assert sent.count(b"event json") == 1
    (call,) = read_switch_events(kept.decode().splitlines(keepends=True))
    assert isinstance(call, CallRecord)
    assert call.account == "acme"
    assert b"password" not in kept
    assert b"hello" not in kept


@pytest.mark.parametrize(
    ("session", "octets", "permanent"),
    [
        (ManagerSession("a", "b"), b"SSH-2.0-OpenSSH\r\n", True),
        (ManagerSession("a", "b"), as_sent(GREETING + "\n") + b"Response: Error\r\nMessage: Authentication failed\r\n\r\n", True),
        (ManagerSession("a", "b"), as_sent(GREETING + "\n") + b"x" * (MOST_WAITING + 1), False),
        (SocketSession("b"), b"Content-Type: command/reply\nReply-Text: -ERR invalid\n\n", True),
        (SocketSession("b"), b"Content-Type: text/rude-rejection\n\n", True),
        (SocketSession("b"), b"Content-Type: text/disconnect-notice\n\n", False),
        (SocketSession("b"), b"Content-Length: 99999999999\n\n", False),
        (SocketSession("b"), b"x" * 70_000, True),
    ],
)
def test_a_session_that_can_not_go_on_says_whether_trying_again_helps(
    session: ManagerSession | SocketSession, octets: bytes, permanent: bool
) -> None:
    with pytest.raises(SessionEnded) as ended:
        session.take(octets)
    assert ended.value.permanent is permanent


def test_a_secret_of_two_lines_can_not_become_a_command() -> None:
    with pytest.raises(SessionEnded):
        ManagerSession("a", "b\r\nAction: Originate")
    with pytest.raises(SessionEnded):
        SocketSession("b\n\nbgapi shutdown")


def test_a_file_that_is_large_enough_is_renamed_and_begun_anew(tmp_path: Path) -> None:
    file = EventFile(tmp_path / "events", 10)
    for text in (b"12345678", b"abcdefgh", b"ABCDEFGH"):
        file.append(text)
    file.close()
    assert [(tmp_path / name).read_bytes() for name in ("events", "events.1", "events.2")] == [
        b"ABCDEFGH",
        b"abcdefgh",
        b"12345678",
    ]


@contextmanager
def asterisk(parts: list[bytes]) -> Iterator[int]:
    """Serve one connection after another: each greets, reads the login, and sends one of the parts before it closes."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(120)

        def serve() -> None:
            for part in parts:
                connection, _ = server.accept()
                with connection:
                    connection.sendall(as_sent(GREETING + "\n"))
                    assert b"Secret: s3cret" in connection.recv(1_000)
                    connection.sendall(IN + part)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]


def test_the_command_comes_back_after_a_lost_connection_and_ends_when_it_is_asked_to(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret\n", encoding="utf-8")
    out = tmp_path / "events"
    with asterisk([as_sent(EVENTS), as_sent(EVENTS)]) as port:
        program = [sys.executable, "-m", "ringfence.cli", "collect", f"ami://watch@127.0.0.1:{port}"]
        options = ["--to", str(out), "--secret", str(tmp_path / "secret")]
        with subprocess.Popen([*program, *options], stderr=subprocess.PIPE) as process:
            deadline = time.monotonic() + 120
            while time.monotonic() < deadline and (not out.exists() or out.read_bytes().count(b"Event: Cdr") < 4):
                time.sleep(0.05)
            process.send_signal(signal.SIGTERM)
            assert process.stderr is not None
            said = process.stderr.read().decode()
            assert process.wait(timeout=120) == 0
    told = list(read_manager_events(out.read_text(encoding="utf-8").splitlines(keepends=True), zone=UTC))
    assert sum(isinstance(each, CallRecord) for each in told) == 4
    assert any(isinstance(each, LogEntry) and each.user == "kiwi" for each in told)
    assert "it closed the connection; events are lost until it is back" in said


@pytest.mark.parametrize(
    ("switch", "cause"),
    [
        ("http://x", "names no switch"),
        ("ami://user:word@x", "The password stands in the file"),
        ("ami://x", "names no user"),
        ("esl://x:99999999", "write ami://"),
    ],
)
def test_what_can_not_be_connected_to_says_why(tmp_path: Path, switch: str, cause: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "secret").write_text("x", encoding="utf-8")
    with pytest.raises(typer.Exit) as left:
        command(switch, to=tmp_path / "events", secret=tmp_path / "secret")
    assert left.value.exit_code == 2
    assert cause in capsys.readouterr().err

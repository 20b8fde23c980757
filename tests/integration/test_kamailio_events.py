"""Lines of requests as a real Kamailio writes them, by the route that the documentation gives."""

import socket
import subprocess
import time
from pathlib import Path

import pytest
from tests.conftest import ROOT

from ringfence.watch.wire.logs import LogEntry, read_proxy_events

pytestmark = pytest.mark.needs("kamailio")

CONFIGURATION = """#!KAMAILIO
children=1
debug=1
log_stderror=yes
disable_tcp=yes
listen=udp:127.0.0.1:{port}
loadmodule "pv.so"
loadmodule "xlog.so"
loadmodule "sl.so"
loadmodule "textops.so"
request_route {{
    $var(status) = 404;
    route(TELL);
    sl_send_reply("404", "Not here");
    exit;
}}
"""
REGISTER = (
    "REGISTER sip:pbx.example SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK{user}\r\nFrom: <sip:x@y>;tag=1\r\n"
    "To: <sip:{user}@pbx.example>\r\nCall-ID: c;status=500@x\r\nCSeq: 1 REGISTER\r\nContact: <sip:a@b>\r\n"
    'Authorization: Digest username="x",realm="y",nonce="z",uri="sip:y",response="0"\r\nContent-Length: 0\r\n\r\n'
)


def test_requests_are_told_as_they_were_sent_and_nothing_in_them_forges_a_value(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    route = (ROOT / "docs" / "edges" / "kamailio-events.cfg").read_text(encoding="utf-8")
    (tmp_path / "kamailio.cfg").write_text(CONFIGURATION.format(port=port) + route, encoding="utf-8")
    with (tmp_path / "log").open("wb") as log, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        command = ["kamailio", "-f", str(tmp_path / "kamailio.cfg"), "-DD", "-E", "-Y", str(tmp_path)]
        process = subprocess.Popen(command, stderr=log, stdout=log)
        try:
            phone.bind(("127.0.0.1", 0))
            phone.settimeout(0.5)
            for user in ("alice", "a;status=200", "b%3Bc"):
                ask(phone, port, REGISTER.format(port=phone.getsockname()[1], user=user).encode())
        finally:
            process.terminate()
            process.wait(timeout=60)
    entries = list(read_proxy_events((tmp_path / "log").read_text(encoding="utf-8").splitlines()))
    assert all(isinstance(entry, LogEntry) for entry in entries)
    told = {(entry.user, entry.session, entry.status, entry.credentials) for entry in entries if isinstance(entry, LogEntry)}
    assert told == {(user, "c;status=500@x", 404, True) for user in ("alice", "a;status=200", "b%3Bc")}
    assert {entry.source for entry in entries if isinstance(entry, LogEntry)} == {"127.0.0.1"}


def ask(phone: socket.socket, port: int, request: bytes) -> None:
    """Send a request until it is answered: Kamailio may still be starting."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        phone.sendto(request, ("127.0.0.1", port))
        try:
            assert phone.recv(2_000).startswith(b"SIP/2.0 404")
            return
        except (TimeoutError, ConnectionRefusedError):
            continue
    raise AssertionError("Kamailio does not answer")

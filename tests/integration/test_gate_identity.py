"""`ringfence gate` as a process that verifies and signs: over HTTP and SIP, with its record, its health, and what it fetches."""

import asyncio
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.ports import free_port
from tests.unit.gate.identity.certificate_server import CertificateServer
from tests.unit.gate.identity.test_in_path import field, status
from tests.unit.gate.identity.world import CALLEE, HELD, OWN, OWN_AT, REFERENCE, TRUNK, invite, key_files
from tests.unit.watch.identity.authorities import NOW as CERTIFIED
from tests.unit.watch.identity.authorities import Holder, der, provider

from ringfence.cli.doctor_identity import identity_checks
from ringfence.feeds import FeedWriter
from ringfence.feeds.segments import records_after
from ringfence.gate.identity.signing import Signed
from ringfence.gate.identity.told import FEED

_LASTS = (datetime.now(UTC) - CERTIFIED).days + 400
DEADLINE_S = 90.0


class SigningGate:
    """The process, on a folder with a root of its own; `served` is a certificate that must be fetched."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.server = CertificateServer(data)
        self.sip, self.http = free_port(), free_port()
        self.root = Holder("Root", authority_for_others=True, days=(-30, _LASTS))
        self.own = Holder("Own", self.root, authority=der(0x30, provider(OWN)), days=(-30, _LASTS))
        self.other = Holder("Other", self.root, authority=der(0x30, provider("77")), days=(-30, _LASTS))
        roots, own = data / "certificates" / "roots", data / "certificates" / OWN_AT.removeprefix("https://")
        for path, content in ((roots / "root.pem", self.root.pem), (own, self.own.pem)):
            path.parent.mkdir(parents=True)
            path.write_bytes(content)
        key_files(data, self.own)
        (data / "ringfence.toml").write_text(
            f"""\
[gate]
sip = "127.0.0.1:{self.sip}"
http = "127.0.0.1:{self.http}"
trusted = ["127.0.0.1"]
on_identity = {{ failed = "refuse", verified = "mark", pending = "mark" }}
data_by_redirect = false
[gate.identity]
certificates = "certificates"
provider_code = "{OWN}"
fetch_networks = ["127.0.0.0/8"]
fetch_authorities = "{self.server.authorities.name}"
[[gate.signing.keys]]
key = "sign.key"
certificate = "sign.crt"
location = "{OWN_AT}"
"""
        )
        writer = FeedWriter(data / "feeds" / "reference")
        writer.append([msgspec.json.encode(REFERENCE)])
        writer.close()
        log = (data / "gate.log").open("ab")
        command = [sys.executable, "-m", "ringfence.cli", "gate", "--data", str(data)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        self.running = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
        log.close()

    def asks(self, path: str, body: object = None) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.http, timeout=30)
        try:
            connection.request("GET" if body is None else "POST", f"/v1/voice/{path}", None if body is None else json.dumps(body))
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def sends(self, message: bytes) -> str:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(30)
            client.sendto(message, ("127.0.0.1", self.sip))
            return client.recv(65_535).decode()

    def wait(self) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline and self.running.poll() is None:
            try:
                self.asks("health")
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError((self.data / "gate.log").read_text(errors="replace")[-3000:])

    def end(self) -> int:
        self.running.send_signal(signal.SIGTERM)
        return self.running.wait(60)


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[SigningGate]:
    made = SigningGate(tmp_path)
    try:
        made.wait()
        yield made
    finally:
        if made.running.poll() is None:
            made.running.kill()
            made.running.wait()


def test_what_the_process_signs_it_verifies_records_and_tells(gate: SigningGate) -> None:
    call = {"call_id": "c1", "account": "acme", "trunk": "t1", "caller": HELD, "callee": CALLEE}
    code, signed = gate.asks("sign", call)
    assert (code, signed["attestation"], signed["basis"]) == (200, "A", "holds-number")
    told = gate.sends(invite(signed["identity"], caller=HELD, source=TRUNK, call_id="c1"))
    assert field(told, "P-Ringfence-Identity") == f'verified;attest=A;signer="{OWN}"'
    assert status(gate.sends(invite(signed["identity"], caller=HELD, source=TRUNK, number=2))) == "438 Invalid Identity Header"
    _, health = gate.asks("health")
    assert health["identity"]["verification"]["outcomes"] == {"replayed": 1, "verified": 1}
    assert health["identity"]["signing"]["signed"] == {"A": 1}
    assert gate.end() == 0
    records = [msgspec.json.decode(record.payload, type=Signed) for record in records_after(gate.data / "feeds" / FEED)]
    assert [(record.call_id, record.account, record.attestation) for record in records] == [("c1", "acme", "A")]
    assert {check.name: check.well for check in identity_checks(gate.data / "gate-health.json")}["signing key"]
    assert HELD[1:] not in (gate.data / "gate.log").read_text()


def test_a_certificate_is_fetched_while_answers_go_on_and_a_server_that_hangs_delays_none(gate: SigningGate) -> None:
    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    def header(path: str) -> str:
        claims = {"attest": "B", "dest": {"tn": [CALLEE[1:]]}, "orig": {"tn": HELD[1:]}, "origid": "o"}
        return gate.other.header({**claims, "iat": int(time.time())}, location=gate.server.url(path))

    def word(path: str, number: int) -> str:
        told = gate.sends(invite(header(path), caller=HELD, number=number))
        return (field(told, "P-Ringfence-Identity") or status(told)).partition(";")[0]

    async def story() -> None:
        gate.server.serve("/sp.pem", gate.other.pem)
        gate.server.pages["/hangs.pem"] = silent
        async with gate.server.running():
            assert await asyncio.to_thread(word, "/hangs.pem", 1) == "pending"
            assert await asyncio.to_thread(word, "/sp.pem", 2) == "pending"
            number = 3
            while (said := await asyncio.to_thread(word, "/sp.pem", number)) == "pending":
                number += 1
                await asyncio.sleep(0.01)
            assert said == "verified"

    asyncio.run(story())
    assert gate.end() == 0

"""From a posted bundle to a refused call and a finding for the desk, through the gate's own process."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import msgspec
from tests.ports import free_port
from tests.unit.gate.inline_rules import CALLS_A_SECOND, posted
from tests.unit.gate.test_redirect import request

from ringfence.feeds import FeedWriter
from ringfence.feeds.segments import records_after
from ringfence.vocabulary.contracts import AccountLink, Finding, PartyLink, Reference, TrunkLink
from ringfence.vocabulary.times import Micros

TRUNK = "198.51.100.10"
PATIENCE_S = 120.0


def test_a_posted_rule_refuses_and_the_desk_is_told(tmp_path: Path) -> None:
    posted(tmp_path, CALLS_A_SECOND.replace("1s rolling", "10min rolling"))
    port = free_port("127.0.0.1")
    (tmp_path / "ringfence.toml").write_text(f'[gate]\nsip = "127.0.0.1:{port}"\n', encoding="utf-8")
    writer = FeedWriter(tmp_path / "feeds" / "reference")
    reference = Reference(
        time=Micros(0),
        policy="first",
        parties=(PartyLink(party="shop"),),
        accounts=(AccountLink(account="acme", party="shop"),),
        trunks=(TrunkLink(trunk="t1", account="acme", address=TRUNK),),
    )
    writer.append([msgspec.json.encode(reference)])
    writer.close()
    command = [sys.executable, "-m", "ringfence.cli", "gate", "--data", str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with (tmp_path / "gate.log").open("wb") as log:
        running = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
    try:
        answers = [_asked(port, number, running) for number in range(5)]
        found = _found(tmp_path / "feeds" / "gate-findings", running)
        running.send_signal(signal.SIGTERM)
        assert running.wait(60) == 0
    finally:
        running.kill()
        running.wait()
    assert [answer.split()[1] for answer in answers] == ["404", "404", "404", "486", "486"]
    assert 'text="rule calls-a-second: calls 4 at a threshold of 3, clause spam"' in answers[3]
    assert [(one.rule, one.subject.id, one.measures["calls"]) for one in found] == [("calls-a-second", "acme", 4.0)]


def _asked(port: int, number: int, running: subprocess.Popen[bytes]) -> str:
    """Ask until an answer comes: the gate may not be up yet. Question `number` stays the same call."""
    question = request(branch=f"z9hG4bK{number}", source=TRUNK, callee="+3225550123", call_id=f"c{number}")
    deadline = time.monotonic() + PATIENCE_S
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(0.5)
        asking.connect(("127.0.0.1", port))
        while time.monotonic() < deadline and running.poll() is None:
            try:
                asking.send(question)
                return asking.recv(4_096).decode()
            except OSError:
                time.sleep(0.05)
    raise AssertionError("the gate did not answer; see gate.log")


def _found(feed: Path, running: subprocess.Popen[bytes]) -> list[Finding]:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and running.poll() is None:
        found = [msgspec.json.decode(record.payload, type=Finding) for record in records_after(feed)]
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("nothing was found")

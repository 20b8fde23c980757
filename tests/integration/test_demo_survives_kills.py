"""Whatever is killed during the demo, nothing is lost and nothing stands twice."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from tests.ports import free_port

from ringfence.feeds.segments import records_after
from ringfence.simulate.signalling import DIGEST_MARKER, SDP_MARKER
from ringfence.vocabulary.contracts import Finding, OrderChange
from ringfence.vocabulary.severity import Mode, Severity

ROUNDS: Final = 6
PROCESSES: Final = ("worker", "gate", "watch", "mail", "web")


class Demo:
    """`ringfence up --demo` on a folder of the test."""

    def __init__(self, data: Path) -> None:
        data.mkdir(mode=0o700)
        desk, hep, sip, mail = (free_port() for _ in range(4))
        (data / "ringfence.toml").write_text(
            f'[desk]\nlisten = "127.0.0.1:{desk}"\n[watch]\nhep = "127.0.0.1:{hep}"\n'
            f'[gate]\nsip = "127.0.0.1:{sip}"\n[mail]\nlisten = "127.0.0.1:{mail}"\n'
        )
        self.data = data
        self.up: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start everything and wait until it says that it is up."""
        command = [sys.executable, "-m", "ringfence.cli", "up", "--demo", "--data", str(self.data)]
        self.up = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        said = []
        assert self.up.stdout is not None
        for line in self.up.stdout:
            said.append(line)
            if "Ctrl-C" in line:
                return
        raise AssertionError("".join(said))

    def processes(self) -> dict[str, int]:
        """Return the supervised processes' ids by name."""
        assert self.up is not None
        children = Path(f"/proc/{self.up.pid}/task/{self.up.pid}/children").read_text().split()
        found = {}
        for pid in children:
            arguments = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
            if "ringfence.cli" in arguments:
                found[arguments[arguments.index("ringfence.cli") + 1]] = int(pid)
        return found

    def stop(self, number: signal.Signals) -> None:
        """End the supervisor with a signal and wait for it and for what it started."""
        assert self.up is not None
        children = list(self.processes().values())
        self.up.send_signal(number)
        self.up.communicate(timeout=120)
        until("what the supervisor started has ended", lambda: not any(alive(pid) for pid in children))

    def rows(self, question: str) -> list[tuple[Any, ...]]:
        """Return rows of the desk's database."""
        connection = sqlite3.connect(f"file:{self.data / 'desk.sqlite3'}?mode=ro", uri=True, timeout=5)
        try:
            return connection.execute(question).fetchall()
        finally:
            connection.close()

    def findings(self) -> list[Finding]:
        """Return the findings feed."""
        return [msgspec.json.decode(record.payload, type=Finding) for record in records_after(self.data / "feeds" / "findings")]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def until(what: str, holds: Callable[[], object], seconds: float = 180.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.05)


@pytest.mark.timeout(300)
def test_killing_any_process_loses_nothing_and_a_restart_shows_each_once(tmp_path: Path) -> None:
    demo, chance = Demo(tmp_path / "data"), random.Random(7)
    demo.start()
    try:
        for _ in range(ROUNDS):
            time.sleep(chance.uniform(0.5, 0.9))
            for name in chance.sample(PROCESSES, 2):
                pid = demo.processes().get(name)
                if pid is not None:
                    os.kill(pid, signal.SIGKILL)
            until("all are back", lambda: set(PROCESSES) <= set(demo.processes()))
        demo.stop(signal.SIGKILL)
        demo.start()
        until("an order is observed", lambda: demo.rows("select 1 from enforcement_order where state = 'observed'"))
        until("an attacker and a dialler are found", lambda: len({finding.rule for finding in demo.findings()}) >= 2)
    finally:
        demo.stop(signal.SIGTERM)
    demo.start()  # the worker reads what was left unread
    try:
        until("every finding is a row", lambda: len(demo.findings()) == len(demo.rows("select id from detections_finding")))
        until(
            "every entry is sealed",
            lambda: demo.rows("select count(*) from audit_entry") == demo.rows("select count(*) from audit_seal"),
        )
    finally:
        demo.stop(signal.SIGTERM)
    nothing_stands_twice(demo)
    nothing_is_missing(demo)
    no_content_was_kept(demo)


def nothing_stands_twice(demo: Demo) -> None:
    ids = [finding.id for finding in demo.findings()]
    assert len(ids) == len(set(ids))
    assert not demo.rows("select 1 from cases_case where state <> 'closed' group by subject_kind, subject_id having count(*) > 1")
    acts = "('recorded', 'opened', 'decided', 'ordered', 'placed', 'observed')"
    assert not demo.rows(f"select 1 from audit_entry where verb in {acts} group by verb, noun, noun_id having count(*) > 1")


def nothing_is_missing(demo: Demo) -> None:
    findings = {finding.id for finding in demo.findings()}
    assert {row[0] for row in demo.rows("select id from detections_finding")} == findings
    told = {each.id for each in demo.findings() if each.mode is not Mode.SHADOW and each.severity is not Severity.INFO}
    assert {row[0] for row in demo.rows("select finding_id from cases_joinedfinding")} == told
    decisions = {row[0] for row in demo.rows("select id from decisions_decision where kind = 'measure'")}
    assert {row[0] for row in demo.rows("select decision_id from enforcement_order")} == decisions
    written = set()
    for record in records_after(demo.data / "feeds" / "orders"):
        change = msgspec.json.decode(record.payload, type=OrderChange)
        written |= {order.id for order in change.upserts}
    assert {row[0] for row in demo.rows("select id from enforcement_order")} == written
    verify = [sys.executable, "-m", "ringfence.cli", "audit", "verify", "--data", str(demo.data)]
    assert subprocess.run(verify, capture_output=True, check=False).returncode == 0


def no_content_was_kept(demo: Demo) -> None:
    """The player plants a marker in every session description and every digest response that it sends."""
    assert any(record.payload for record in records_after(demo.data / "journal"))
    for path in demo.data.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert SDP_MARKER.encode() not in content, path
            assert DIGEST_MARKER.encode() not in content, path

"""The gate as a process beside a real Kamailio: what it keeps when it is killed, and how it begins and ends."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from tests.integration.kamailio import ADDRESS, Kamailio
from tests.integration.sip_client import SipClient
from tests.ports import free_port
from tests.unit.gate.test_redirect import request

from ringfence.feeds import FeedWriter
from ringfence.feeds.segments import records_after
from ringfence.gate.service import clock
from ringfence.vocabulary.contracts import Action, ActionKind, Order, OrderChange, Receipt, Scope
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import HOUR, Micros

pytestmark = pytest.mark.needs("kamailio")

ATTACKER: Final = "127.0.0.66"
FIRST: Final = "1" * 32
SECOND: Final = "2" * 32


class GateProcess:
    """`ringfence gate` on a folder whose orders the test writes in the desk's place."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        folder.mkdir()
        self.sip_port = free_port("127.0.0.1")
        edge = f'[[gate.edges]]\nkind = "kamailio"\nname = "edge-1"\nurl = "{url}"\nreconcile_s = 1\n'
        (folder / "ringfence.toml").write_text(f'[gate]\nsip = "127.0.0.1:{self.sip_port}"\n{edge}')
        self._orders = FeedWriter(folder / "feeds" / "orders")
        self.running: subprocess.Popen[bytes] | None = None
        self._asked = 0
        self._has_desk = True

    def start(self) -> None:
        log = (self.folder / "gate.log").open("ab")
        command = [sys.executable, "-m", "ringfence.cli", "gate", "--data", str(self.folder)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        self.running = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
        log.close()

    def end(self, number: signal.Signals) -> int:
        assert self.running is not None
        self.running.send_signal(number)
        return self.running.wait(60)

    def close(self) -> None:
        if self.running is not None and self.running.poll() is None:
            self.end(signal.SIGKILL)
        self.lose_desk()

    def lose_desk(self) -> None:
        """Write no orders any more."""
        if self._has_desk:
            self._orders.close()
        self._has_desk = False

    def order(self, order: str, source: str) -> None:
        """Write an order against a source."""
        now = clock()
        made = Order(
            id=order,
            generation=self._orders.last + 1,
            decision=order,
            policy="5c" * 32,
            clause="unauthorised-access",
            scope=Scope(kind=SubjectKind.SOURCE, value=source),
            action=Action(kind=ActionKind.REFUSE, silent=True, code=403, phrase="Forbidden"),
            start=now,
            until=Micros(now + HOUR),
        )
        self._write(OrderChange(generation=self._orders.last + 1, upserts=(made,)))

    def lift(self, order: str) -> None:
        """Write that an order is lifted."""
        self._write(OrderChange(generation=self._orders.last + 1, removals=(order,)))

    def said(self) -> list[tuple[str, str, str]]:
        """Return what the desk was told: order's first digit, edge, state."""
        receipts = (
            msgspec.json.decode(record.payload, type=Receipt) for record in records_after(self.folder / "feeds" / "receipts")
        )
        return [(receipt.order[0], receipt.edge, str(receipt.state)) for receipt in receipts]

    def health(self) -> dict[str, Any]:
        """Return what the gate says of itself; nothing before it does."""
        try:
            told: dict[str, Any] = json.loads((self.folder / "gate-health.json").read_text())
        except FileNotFoundError:
            return {}
        return told

    def verdict(self, source: str) -> str:
        """Return the first line of the answer about a request from a source, asked by a proxy."""
        self._asked += 1
        deadline = time.monotonic() + 90
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(0.5)
            while time.monotonic() < deadline:
                asking.sendto(request(source=source, branch=f"z9hG4bK{self._asked}"), ("127.0.0.1", self.sip_port))
                with suppress(TimeoutError):
                    return asking.recv(65_535).split(b"\r\n")[0].decode()
        raise AssertionError((self.folder / "gate.log").read_text())

    def wait(self, holds: Callable[[], object]) -> None:
        """Wait until `holds` gives something true."""
        deadline = time.monotonic() + 90
        while not holds():
            assert time.monotonic() < deadline, f"{self.said()}\n{(self.folder / 'gate.log').read_text()}"
            time.sleep(0.02)

    def _write(self, change: OrderChange) -> None:
        self._orders.append([msgspec.json.encode(change)])


@pytest.fixture
def gate(kamailio: Kamailio, tmp_path: Path) -> Iterator[GateProcess]:
    made = GateProcess(tmp_path / "data", kamailio.url)
    try:
        yield made
    finally:
        made.close()


def test_a_killed_gate_says_nothing_twice_and_makes_good_what_it_missed(gate: GateProcess, kamailio: Kamailio) -> None:
    gate.start()
    gate.order(FIRST, ATTACKER)
    gate.wait(lambda: ("1", "edge-1", "placed") in gate.said())
    assert gate.end(signal.SIGKILL) == -signal.SIGKILL
    gate.lift(FIRST)
    gate.order(SECOND, "127.0.0.67")
    gate.start()
    gate.wait(lambda: len(gate.said()) >= 3)
    assert kamailio.entries() == {"source:127.0.0.67": SECOND}
    assert gate.end(signal.SIGTERM) == 0
    assert sorted(gate.said()) == [("1", "edge-1", "placed"), ("1", "edge-1", "removed"), ("2", "edge-1", "placed")]


def test_a_proxy_that_restarts_is_filled_again_by_the_running_gate(gate: GateProcess, kamailio: Kamailio) -> None:
    gate.start()
    gate.order(FIRST, ATTACKER)
    gate.wait(lambda: ("1", "edge-1", "placed") in gate.said())  # read back: what is missing from now on is drift
    kamailio.stop()
    kamailio.start()
    gate.wait(kamailio.entries)
    with SipClient(ATTACKER, (ADDRESS, kamailio.sip_port)) as attacker:
        assert attacker.send("OPTIONS", "100") is None
    gate.wait(lambda: ("1", "edge-1", "drift") in gate.said())


def test_the_redirect_server_tells_of_its_orders_once_a_proxy_asks(gate: GateProcess) -> None:
    gate.order(FIRST, "127.0.0.1")
    gate.start()
    gate.wait(lambda: ("1", "edge-1", "placed") in gate.said())
    assert ("1", "redirect", "placed") not in gate.said()
    with SipClient("127.0.0.1", ("127.0.0.1", gate.sip_port)) as proxy:
        assert proxy.send("INVITE", "alice", callee="+3225550000") == 404  # its own Via alone: no source to refuse
    gate.wait(lambda: ("1", "redirect", "placed") in gate.said())
    gate.lift(FIRST)
    gate.wait(lambda: ("1", "redirect", "removed") in gate.said())
    gate.wait(lambda: json.loads((gate.folder / "gate-health.json").read_text())["asks"] == 1)


def test_with_the_desk_down_a_gate_keeps_its_last_table_over_a_restart_and_says_how_old_it_is(gate: GateProcess) -> None:
    gate.order(FIRST, ATTACKER)
    gate.lose_desk()
    for segment in (gate.folder / "feeds" / "orders").glob("*.seg"):
        os.utime(segment, ns=(0, (clock() - HOUR) * 1_000))
    for _ in range(2):
        gate.start()
        gate.wait(lambda: ("1", "edge-1", "placed") in gate.said())
        gate.wait(lambda: gate.health().get("last_word_from_desk_s", 0) >= 3_600)
        assert (gate.health()["generation"], gate.health()["orders"]) == (1, 1)
        assert gate.health()["last_word_from_desk_s"] < 7_200
        assert gate.verdict(ATTACKER).startswith("SIP/2.0 403 ")
        gate.end(signal.SIGKILL)
        (gate.folder / "gate-health.json").unlink()


def test_two_gates_of_one_desk_have_an_order_in_force_without_being_asked_to_look(
    gate: GateProcess, kamailio: Kamailio, tmp_path: Path
) -> None:
    other = GateProcess(tmp_path / "other", kamailio.url)
    (tmp_path / "other" / "feeds" / "orders").rename(tmp_path / "unused")
    (tmp_path / "other" / "feeds" / "orders").symlink_to(gate.folder / "feeds" / "orders")
    try:
        gate.start()
        other.start()
        gate.wait(lambda: gate.health() and other.health())
        assert gate.verdict(ATTACKER).startswith("SIP/2.0 404 ")
        gate.order(FIRST, ATTACKER)
        gate.wait(lambda: gate.verdict(ATTACKER).startswith("SIP/2.0 403 "))
        other.wait(lambda: other.verdict(ATTACKER).startswith("SIP/2.0 403 "))
    finally:
        other.close()


def test_a_busy_port_is_named_and_ends_the_start_for_good(gate: GateProcess) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", gate.sip_port))
        gate.start()
        assert gate.running is not None
        assert gate.running.wait(60) == 2
    assert f"127.0.0.1:{gate.sip_port}" in (gate.folder / "gate.log").read_text()

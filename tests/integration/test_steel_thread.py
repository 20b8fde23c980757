"""From a scanner's packet to its refused request, on real software: Kamailio, SIPp, SIPVicious, and Ringfence's own processes.

SIPVicious attacks from two addresses. Behind the first of them an honest trunk makes calls all the while, and from a third address
an agent that names itself like a scanner and behaves: neither may lose one call.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

import pytest
from tests.integration.callers import Sipp
from tests.integration.installation import Installation
from tests.integration.kamailio import ADDRESS, CARRIER, Kamailio
from tests.integration.sip_client import SipClient
from tests.ports import free_port

SCANNER: Final = "127.0.0.66"
CRACKER: Final = "127.0.0.67"
AGENT: Final = "127.0.0.68"
DEBIAN_PYTHON: Final = "/usr/bin/python3"
BOUND_TO: Final = """
import runpy, socket, sys
from pathlib import Path
source, program = sys.argv[1], Path(sys.argv[2]).resolve()
class Bound(socket.socket):
    def bind(self, address):
        super().bind((source, address[1]))
socket.socket = Bound
sys.argv = [str(program), *sys.argv[3:]]
sys.path.insert(0, str(program.parent))
runpy.run_path(str(program), run_name="__main__")
"""
"""Runs a tool of SIPVicious as it is, from the address that it's told: svwar and svcrack 0.3.3 overlook their own option for it."""

ACCOUNTS: Final = "account,parent,kind,plan\nharbour-hotels,,customer,office\nalice-ltd,,customer,office\n"
TRUNKS: Final = (
    "trunk,account,address,user,valid_from,valid_to\nharbour,harbour-hotels,,trunk,2020-01-01T00:00:00Z,\n"
    "alice,alice-ltd,,alice,2020-01-01T00:00:00Z,\n"
)
NUMBERS: Final = "number,account,valid_from,valid_to\n+441632960001,harbour-hotels,2020-01-01T00:00:00Z,\n"


class Thread:
    """Everything that runs during the test."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        hep, sip, desk = (free_port("127.0.0.1") for _ in range(3))
        carrier = free_port(CARRIER)
        (folder / "kamailio").mkdir()
        self.kamailio = Kamailio(folder / "kamailio", hep_port=hep, carrier_port=carrier)
        parties = folder / "parties"
        parties.mkdir()
        for name, rows in (("accounts", ACCOUNTS), ("trunks", TRUNKS), ("numbers", NUMBERS)):
            (parties / f"{name}.csv").write_text(rows)
        self.ringfence = Installation(folder / "data", configuration=self._configuration(hep, sip, desk), parties=parties)
        stack.callback(self.ringfence.stop)
        self.ringfence.start()
        stack.callback(self.kamailio.stop)
        self.kamailio.start()
        self.carrier = Sipp.carrier(folder, carrier)
        stack.callback(self.carrier.end)
        self.trunk = Sipp.customer(folder, "trunk", SCANNER, self.kamailio.sip_port, agent="harbour-pbx 4.2")
        stack.callback(self.trunk.end)
        self.agent = Sipp.customer(folder, "alice", AGENT, self.kamailio.sip_port, agent="friendly-scanner")
        stack.callback(self.agent.end)

    def attack(self, program: str, source: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a tool of SIPVicious from an address; it ends by itself when nothing answers it, or with the test."""
        log = (self._folder / f"{program}.log").open("wb")
        options = ["-x", source, "-p", str(self.kamailio.sip_port), "-P", str(free_port(source))]
        home = {**os.environ, "HOME": str(self._folder)}
        command = [DEBIAN_PYTHON, "-c", BOUND_TO, source, shutil.which(program) or program, *options, *arguments, ADDRESS]
        running = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=home, cwd=self._folder)
        self._stack.callback(_end, running)
        log.close()
        return running

    def order(self, source: str) -> tuple[str, str, str, datetime, datetime] | None:
        """Return id, state, rule, and the moments of crossing and first refusal of the order against a source, once it has both."""
        question = "SELECT id, state, rule, crossing, refused FROM enforcement_order WHERE scope_value = ? AND placed IS NOT NULL"
        rows = self.ringfence.rows(question, source)
        assert len(rows) <= 1, f"one matter, one order: {rows}"
        if not rows or rows[0][4] is None:
            return None
        order, state, rule, *moments = rows[0]
        crossing, refused = (datetime.fromisoformat(moment) for moment in moments)
        return order, state, rule, crossing, refused

    def _configuration(self, hep: int, sip: int, desk: int) -> str:
        return (
            f'[desk]\nlisten = "127.0.0.1:{desk}"\n'
            f'[watch]\nhep = "127.0.0.1:{hep}"\nedges = ["{ADDRESS}"]\ncountry = "GB"\n'
            f'[gate]\nsip = "127.0.0.1:{sip}"\n'
            f'[[gate.edges]]\nkind = "kamailio"\nname = "edge-1"\nurl = "{self.kamailio.url}"\n'
        )


@pytest.fixture
def thread(tmp_path: Path) -> Iterator[Thread]:
    with ExitStack() as stack:
        yield Thread(tmp_path, stack)


@pytest.mark.needs("kamailio", "sipp", "svmap", "svwar", "svcrack")
def test_an_attack_is_refused_within_seconds_and_no_ordinary_call_is(
    thread: Thread, record_property: Callable[[str, object], None], capsys: pytest.CaptureFixture[str]
) -> None:
    ringfence = thread.ringfence
    customers = (thread.trunk, thread.agent)
    ringfence.wait("both customers make calls", lambda: all(customer.calls().successful for customer in customers))
    assert thread.attack("svmap", SCANNER).wait(90) == 0
    thread.attack("svwar", SCANNER, "-e", "100-999", "--maximumtime", "3")
    thread.attack("svcrack", CRACKER, "-u", "1001", "-r", "1000-3999", "--maximumtime", "3")
    for attacker, rules in ((SCANNER, {"scanner-by-shape", "sip-scan"}), (CRACKER, {"scanner-by-shape", "register-brute-force"})):
        rule, took = _refused(thread, attacker, rules)
        record_property(f"{rule}: seconds from the crossing request to the first refused one", took)
        with capsys.disabled():
            sys.stdout.write(f"\n{rule}: {took:.3f} s from the crossing request to the first refused one")
    _one_case_each(ringfence)
    made = [customer.calls().successful for customer in customers]
    ringfence.wait(
        "both customers go on calling while the orders stand",
        lambda: all(customer.calls().successful >= before + 20 for customer, before in zip(customers, made, strict=True)),
    )
    _lift(thread, SCANNER)
    for customer in customers:
        calls = customer.end()
        assert calls.failed == 0
        with capsys.disabled():
            sys.stdout.write(f"\n{calls.successful} ordinary calls, {calls.failed} failed")


def _refused(thread: Thread, attacker: str, rules: set[str]) -> tuple[str, float]:
    """Check that the attacker is refused by an order of one of the rules; return which, and the seconds that it took."""
    thread.ringfence.wait(f"{attacker} is refused and the refusal seen", partial(thread.order, attacker))
    found = thread.order(attacker)
    assert found is not None
    order, state, by, crossing, refused = found
    assert state == "observed"
    assert by in rules
    assert thread.kamailio.entries()[f"source:{attacker}"] == order
    with SipClient(attacker, (ADDRESS, thread.kamailio.sip_port)) as next_request:
        assert next_request.send("OPTIONS", "100") is None
    assert refused > crossing
    return by, (refused - crossing).total_seconds()


def _lift(thread: Thread, attacker: str) -> None:
    """Lift the order as a person does, and check that the proxy lets the source through and the desk knows."""
    found = thread.order(attacker)
    assert found is not None
    thread.ringfence.lift(found[0])
    thread.ringfence.wait("the lifted order has left the proxy", lambda: f"source:{attacker}" not in thread.kamailio.entries())
    with SipClient(attacker, (ADDRESS, thread.kamailio.sip_port)) as let_through:
        assert let_through.send("OPTIONS", "100") == 200
    thread.ringfence.wait("the desk knows it as removed", lambda: (thread.order(attacker) or ("", ""))[1] == "removed")


def _one_case_each(ringfence: Installation) -> None:
    """Check the cases: one for each attacker, of an outsider, none for a customer; each with its findings, order and decision."""
    cases = ringfence.rows("SELECT subject_kind, subject_id, role FROM cases_case ORDER BY subject_id")
    assert cases == [("source", SCANNER, "outsider"), ("source", CRACKER, "outsider")]
    clauses = ringfence.rows("SELECT DISTINCT subject_id, clause FROM detections_finding ORDER BY subject_id, clause")
    assert (SCANNER, "unauthorised-access") in clauses
    assert (CRACKER, "security-breach") in clauses
    assert {subject for subject, _ in clauses} == {SCANNER, CRACKER}
    decisions = ringfence.rows("SELECT kind, actor_kind, clause FROM decisions_decision")
    assert [(kind, actor) for kind, actor, _ in decisions] == [("measure", "standing-order")] * 2


def _end(running: subprocess.Popen[bytes]) -> None:
    if running.poll() is None:
        running.terminate()
        running.wait(60)

"""Orders against numbers, ranges, accounts, trunks, pairs and registrations at a real Kamailio with the shipped configuration."""

import asyncio
import hashlib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from tests.edges.sip_caller import SipCaller
from tests.integration.kamailio import ADDRESS, CARRIER, REALM, USERS, Kamailio
from tests.ports import free_port
from tests.unit.gate.orders import order as made_order

from ringfence.gate.configuration import EdgeConfiguration
from ringfence.gate.edges.emergency import written
from ringfence.gate.edges.kamailio import KamailioEdge
from ringfence.gate.service import clock
from ringfence.vocabulary.contracts import Action, ActionKind, Order
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import SECOND, Micros

pytestmark = pytest.mark.needs("kamailio", "sipp")

SOURCE: Final = "127.0.0.66"
CALLER: Final = "+3225550199"
CALLEE: Final = "+32470123456"
_SECRET: Final = hashlib.md5(f"{CALLER}:{REALM}:word".encode(), usedforsecurity=False).hexdigest()
SENDERS: Final = f"""
	$sht(users=>{CALLER}) = "{_SECRET}";
	$sht(senders=>account:{CALLER}) = "acme";
	$sht(senders=>trunk:{CALLER}) = "t-acme";
"""


class Edge:
    """A proxy whose carrier answers every call, and what it is ordered."""

    def __init__(self, folder: Path) -> None:
        port = free_port(CARRIER)
        (folder / "proxy").mkdir()
        self.kamailio = Kamailio(
            folder / "proxy",
            hep_port=free_port(),
            carrier_port=port,
            senders=SENDERS,
            EMERGENCY=written("kamailio", ("112", "911")).removeprefix("#!define EMERGENCY "),
            NATIONAL_PREFIX='"0"',
            NATIONAL_BECOMES='"+32"',
        )
        self._folder, self._port = folder, port
        self._edge = KamailioEdge(EdgeConfiguration(name="edge-1", url=self.kamailio.url, deadline_ms=20_000))
        self._loop = asyncio.Runner()

    def start(self) -> None:
        self.kamailio.start()
        self._carrier = subprocess.Popen(
            ["sipp", "-sn", "uas", "-i", CARRIER, "-p", str(self._port), "-nostdin"],
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def close(self) -> None:
        self._loop.run(self._edge.close())
        self._loop.close()
        self._carrier.kill()
        self._carrier.wait()
        self.kamailio.stop()

    def place(self, kind: SubjectKind, value: str, action: ActionKind = ActionKind.REFUSE, *, seconds: int = 600) -> Order:
        at = clock()
        end = Micros(at + seconds * SECOND)
        order = made_order(1, kind, value, action=Action(kind=action), start=at, until=end)
        self._loop.run(self._edge.place(order, at))
        return order

    def remove(self, order: Order) -> None:
        self._loop.run(self._edge.remove(order.id, f"{order.scope.kind}:{order.scope.value}"))

    def placed(self) -> dict[str, str]:
        return self._loop.run(self._edge.placed())

    def call(self, callee: str = CALLEE, user: str = CALLER, password: str = "word") -> int:
        with SipCaller(SOURCE, (ADDRESS, self.kamailio.sip_port), user=user, password=password) as caller:
            return caller.call(callee)

    def receive(self, callee: str) -> int:
        """Have the carrier bring a call from somebody."""
        with SipCaller(CARRIER, (ADDRESS, self.kamailio.sip_port), user="+4930123456") as caller:
            return caller.call(callee)


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[Edge]:
    made = Edge(tmp_path)
    made.start()
    try:
        yield made
    finally:
        made.close()


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (SubjectKind.NUMBER, CALLER),
        (SubjectKind.RANGE, CALLER[:8]),
        (SubjectKind.ACCOUNT, "acme"),
        (SubjectKind.TRUNK, "t-acme"),
        (SubjectKind.PAIR, f"{CALLER},{CALLEE}"),
    ],
)
def test_calls_of_the_scope_are_refused_and_those_for_help_and_of_others_pass(edge: Edge, kind: SubjectKind, value: str) -> None:
    assert edge.call() == 200
    order = edge.place(kind, value)
    assert edge.placed() == {f"{kind}:{value}": order.id}
    assert edge.call() == 403
    assert edge.call("0470123456") == 403
    assert edge.call("112") == 200
    assert edge.call("1124") == (403 if kind is not SubjectKind.PAIR else 200)
    assert edge.call(user="alice", password=USERS["alice"]) == 200
    edge.remove(order)
    assert edge.call() == 200


@pytest.mark.parametrize(("action", "status"), [(ActionKind.REFUSE, 480), (ActionKind.SUSPEND, 403)])
@pytest.mark.parametrize(
    ("kind", "value"), [(SubjectKind.NUMBER, CALLER), (SubjectKind.RANGE, CALLER[:8]), (SubjectKind.ACCOUNT, "acme")]
)
def test_calls_to_the_scope_are_refused_where_the_order_is_about_both_ways(
    edge: Edge, kind: SubjectKind, value: str, action: ActionKind, status: int
) -> None:
    with SipCaller(SOURCE, (ADDRESS, edge.kamailio.sip_port), user=CALLER, password="word") as phone:
        assert phone.register() == 200
        edge.place(kind, value, action)
        phone.answer_invites_with(480)
        assert edge.receive(CALLER) == status


def test_who_called_for_help_is_called_back_although_suspended(edge: Edge) -> None:
    with SipCaller(SOURCE, (ADDRESS, edge.kamailio.sip_port), user=CALLER, password="word") as phone:
        edge.place(SubjectKind.ACCOUNT, "acme", ActionKind.SUSPEND)
        assert phone.register() == 200
        assert edge.receive(CALLER) == 403
        assert edge.call("112") == 200
        phone.answer_invites_with(480)
        assert edge.receive(CALLER) == 480


def test_one_registration_is_refused_and_the_same_user_elsewhere_is_not(edge: Edge) -> None:
    with (
        SipCaller(SOURCE, (ADDRESS, edge.kamailio.sip_port), user=CALLER, password="word") as here,
        SipCaller("127.0.0.67", (ADDRESS, edge.kamailio.sip_port), user=CALLER, password="word") as elsewhere,
    ):
        assert here.register() == 200
        edge.place(SubjectKind.REGISTRATION, f"{CALLER}@{ADDRESS},{SOURCE}")
        assert here.register() == 403
        assert elsewhere.register() == 200


def test_an_order_against_a_number_ends_by_itself_when_no_gate_runs(edge: Edge) -> None:
    edge.place(SubjectKind.NUMBER, CALLER, seconds=1)
    deadline = time.monotonic() + 30
    while edge.call() != 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)

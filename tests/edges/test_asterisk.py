"""What a real Asterisk 22 does with orders: calls refused and ended, contacts dropped, and what it tells Ringfence of itself."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Final, TypeVar

import pytest
from tests.edges.asterisk_server import PASSWORD, USER, AsteriskServer
from tests.edges.conftest import now
from tests.edges.sip_caller import SipCaller
from tests.unit.gate.orders import order as made_order

from ringfence.gate.edges import Edge, EdgeDriver, HoldsCalls, HoldsRegistrations
from ringfence.gate.edges.asterisk import AsteriskEdge, AsteriskSettings
from ringfence.gate.edges.asterisk.ami import Ami, Block
from ringfence.gate.edges.clearing import Cleared, cleared
from ringfence.gate.receipts import ReceiptBook
from ringfence.gate.table import OrdersTable
from ringfence.vocabulary.contracts import AccountLink, Action, ActionKind, Order, OrderChange, Reference, TrunkLink
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.wire.logs import looks_like_security_log

UPSTREAM: Final = "127.0.0.2"
CALLEE: Final = "+3225550100"
CALLER: Final = "+3225550199"
_Got = TypeVar("_Got")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[AsteriskServer]:
    server = AsteriskServer(tmp_path)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def asked(server: AsteriskServer, question: Callable[[AsteriskEdge], Awaitable[_Got]]) -> _Got:
    """Ask the edge something on a connection of its own."""

    async def run() -> _Got:
        address = f"127.0.0.1:{server.manager}"
        settings = AsteriskSettings(name="edge-1", address=address, password_file="ami.password", deadline_ms=20_000)
        edge = AsteriskEdge(settings, PASSWORD)
        try:
            return await question(edge)
        finally:
            await edge.close()

    return asyncio.run(run())


async def noted(server: AsteriskServer) -> list[Block]:
    """Return what the dialplan noted of calls for help."""
    ami = Ami(f"127.0.0.1:{server.manager}", user=USER, password=PASSWORD, where="the test", deadline_s=20)
    try:
        return (await ami.ask("DBGetTree", {"Family": "ringfence-help"})).events
    finally:
        await ami.close()


def ordered(kind: SubjectKind, value: str, action: ActionKind = ActionKind.REFUSE, *, seconds: int = 600) -> Order:
    start = now()
    end = Micros(start + seconds * SECOND)
    return made_order(1, kind, value, action=Action(kind=action), start=start, until=end)


def called(server: AsteriskServer, callee: str = CALLEE, source: str = UPSTREAM) -> int:
    with SipCaller(source, ("127.0.0.1", server.sip), user=CALLER) as caller:
        return caller.call(callee)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (SubjectKind.SOURCE, UPSTREAM),
        (SubjectKind.ACCOUNT, "upstream"),
        (SubjectKind.TRUNK, "upstream"),
        (SubjectKind.NUMBER, CALLER),
    ],
)
def test_calls_of_the_scope_are_refused_and_those_for_help_and_of_others_pass(
    server: AsteriskServer, kind: SubjectKind, value: str
) -> None:
    assert called(server) == 200
    order = ordered(kind, value)
    asked(server, lambda edge: edge.place(order, now()))
    assert called(server) == 403
    assert f"ringfence.refused order={order.id} call=" in server.log()
    assert called(server, "112") == 200
    assert called(server, "911") == 200
    assert called(server, "1124") == 403
    with SipCaller("127.0.0.1", ("127.0.0.1", server.sip), user="alice", password="alices-password") as alice:
        assert alice.call(CALLEE) == 200
    asked(server, lambda edge: edge.remove(order.id, f"{kind}:{value}"))
    assert called(server) == 200


@pytest.mark.parametrize(("action", "status"), [(ActionKind.REFUSE, 200), (ActionKind.SUSPEND, 403)])
@pytest.mark.parametrize(
    ("kind", "value", "callee"), [(SubjectKind.NUMBER, CALLEE, CALLEE), (SubjectKind.ACCOUNT, "alice", "alice")]
)
def test_calls_to_the_scope_are_refused_where_the_order_is_about_both_ways(
    server: AsteriskServer, action: ActionKind, status: int, kind: SubjectKind, value: str, callee: str
) -> None:
    asked(server, lambda edge: edge.place(ordered(kind, value, action), now()))
    assert called(server, callee) == status


def test_who_called_for_help_is_called_back_although_suspended(server: AsteriskServer) -> None:
    asked(server, lambda edge: edge.place(ordered(SubjectKind.NUMBER, CALLER, ActionKind.SUSPEND), now()))
    with SipCaller(UPSTREAM, ("127.0.0.1", server.sip), user="+4930123456") as services:
        assert services.call(CALLER) == 403
        assert called(server, "112") == 200
        assert services.call(CALLER) == 200
    assert called(server) == 403
    assert len(asked(server, lambda _edge: noted(server))) == 2
    assert asked(server, cleared) == Cleared("edge-1", 1)
    assert asked(server, lambda _edge: noted(server)) == []


def test_an_order_ends_by_itself_when_no_gate_runs(server: AsteriskServer) -> None:
    asked(server, lambda edge: edge.place(ordered(SubjectKind.ACCOUNT, "upstream", seconds=1), now()))
    deadline = time.monotonic() + 30
    while called(server) != 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_call_under_way_is_told_with_its_ends_and_ended(server: AsteriskServer) -> None:
    with (
        SipCaller(UPSTREAM, ("127.0.0.1", server.sip), user=CALLER) as caller,
        SipCaller("127.0.0.1", ("127.0.0.1", server.sip), user="alice", password="alices-password") as other,
    ):
        assert caller.call(CALLEE) == 200
        assert other.call(CALLEE) == 200
        calls = {call.user: call for call in asked(server, lambda edge: edge.calls())}
        call = calls["upstream"]
        assert (call.call_id, call.caller, call.called, call.source, call.answered) == (
            caller.call_id,
            CALLER,
            CALLEE,
            UPSTREAM,
            True,
        )
        assert call.began is not None
        assert abs(call.began - now()) < 60 * SECOND
        assert calls["alice"].source == "127.0.0.1"
        asked(server, lambda edge: edge.end(call, 'Q.850;cause=21;text="order 1"'))
        assert caller.ended().startswith("Q.850;cause=21")
        assert [call.user for call in asked(server, lambda edge: edge.calls())] == ["alice"]
        asked(server, lambda edge: edge.end(call, "Q.850;cause=21"))  # it is gone: no harm


def test_a_registered_contact_is_listed_and_dropped_and_may_register_again(server: AsteriskServer) -> None:
    with SipCaller("127.0.0.1", ("127.0.0.1", server.sip), user="alice", password="alices-password") as alice:
        assert alice.register() == 200
        [contact] = asked(server, lambda edge: edge.registrations())
        assert (contact.user, contact.source) == ("alice", "127.0.0.1")
        for _ in range(2):
            asked(server, lambda edge: edge.drop(contact))
            assert asked(server, lambda edge: edge.registrations()) == []
        assert alice.register() == 200
        assert len(asked(server, lambda edge: edge.registrations())) == 1


def test_the_edge_gives_what_drivers_look_for() -> None:
    edge: Edge = AsteriskEdge(AsteriskSettings(name="edge-1", address="127.0.0.1:1", password_file="p"), "p")
    assert isinstance(edge, HoldsCalls)
    assert isinstance(edge, HoldsRegistrations)


def test_an_order_to_end_calls_ends_those_of_the_account_and_leaves_calls_for_help_alone(
    server: AsteriskServer, tmp_path: Path
) -> None:
    reference = Reference(
        time=Micros(0),
        accounts=(AccountLink(account="acme", party="acme"),),
        trunks=(TrunkLink(trunk="acme-1", account="acme", address=UPSTREAM),),
        lists={"emergency-numbers": ("112",)},
    )
    table, book, directory = OrdersTable(), ReceiptBook(tmp_path / "receipts"), Directory(reference)
    table.protect(emergency_numbers=("112",), sources=())

    async def settled(edge: AsteriskEdge) -> None:
        await EdgeDriver(edge, table, book, clock=now, reconcile_s=5, directory=lambda: directory).settle()

    place = ("127.0.0.1", server.sip)
    with SipCaller(UPSTREAM, place, user=CALLER) as caller, SipCaller(UPSTREAM, place, user=CALLER) as helpless:
        assert caller.call(CALLEE) == 200
        assert helpless.call("112") == 200
        order = ordered(SubjectKind.ACCOUNT, "acme", ActionKind.END_CALLS)
        table.apply(OrderChange(generation=1, upserts=(order,)))
        asked(server, settled)
        assert caller.ended().startswith("Q.850;cause=21")
        assert [call.call_id for call in asked(server, lambda edge: edge.calls())] == [helpless.call_id]
    book.close(now())


def test_its_mirror_speaks_hep_that_watch_reads(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as collector:
        collector.bind(("127.0.0.1", 0))
        collector.settimeout(20)
        server = AsteriskServer(tmp_path, hep=collector.getsockname()[1])
        server.start()
        try:
            assert called(server) == 200
            packet = collector.recv(65_535)
        finally:
            server.stop()
    assert packet.startswith(b"HEP3")
    assert b"INVITE sip:" in packet


def test_its_security_log_is_what_watch_reads(server: AsteriskServer) -> None:
    with SipCaller("127.0.0.1", ("127.0.0.1", server.sip), user="alice", password="a guess") as guesser:
        assert guesser.register() == 401
    log = server.folder / "log/security"
    deadline = time.monotonic() + 20
    while "ChallengeResponseFailed" not in (log.read_text() if log.exists() else ""):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    line = next(line for line in log.read_text().splitlines() if "ChallengeResponseFailed" in line)
    assert looks_like_security_log(line)

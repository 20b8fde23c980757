"""What a real OpenSIPS does with orders: calls refused and ended, contacts dropped."""

import asyncio
import socket
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Final, TypeVar

import pytest
from tests.edges.asterisk_server import free_port
from tests.edges.conftest import now
from tests.edges.opensips_server import OpensipsServer, opensips_root
from tests.edges.sip_caller import SipCaller
from tests.unit.gate.orders import order as made_order

from ringfence.gate.edges.opensips import OpensipsEdge, OpensipsSettings
from ringfence.vocabulary.contracts import Action, ActionKind, Order
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import SECOND, Micros

SOURCE: Final = "127.0.0.2"
CALLEE: Final = "+3225550100"
CALLER: Final = "+3225550199"
_Got = TypeVar("_Got")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[OpensipsServer]:
    """Return an OpenSIPS whose carrier answers every call."""
    opensips_root()
    port = free_port(socket.SOCK_DGRAM)
    carrier = subprocess.Popen(
        ["sipp", "-sn", "uas", "-i", "127.0.0.1", "-p", str(port), "-nostdin"],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    server = OpensipsServer(tmp_path, carrier=port)
    server.start()
    try:
        yield server
    finally:
        server.stop()
        carrier.kill()
        carrier.wait()


def asked(server: OpensipsServer, question: Callable[[OpensipsEdge], Awaitable[_Got]]) -> _Got:
    async def run() -> _Got:
        edge = OpensipsEdge(OpensipsSettings(name="edge-1", url=f"http://127.0.0.1:{server.mi}/mi", deadline_ms=20_000))
        try:
            return await question(edge)
        finally:
            await edge.close()

    return asyncio.run(run())


def ordered(kind: SubjectKind, value: str, action: ActionKind = ActionKind.REFUSE, *, seconds: int = 600) -> Order:
    start = now()
    return made_order(1, kind, value, action=Action(kind=action), start=start, until=Micros(start + seconds * SECOND))


def called(server: OpensipsServer, callee: str = CALLEE, source: str = SOURCE, user: str = CALLER) -> int:
    with SipCaller(source, ("127.0.0.1", server.sip), user=user) as caller:
        return caller.call(callee)


@pytest.mark.parametrize("kind", [SubjectKind.SOURCE, SubjectKind.ACCOUNT, SubjectKind.NUMBER])
def test_calls_of_the_scope_are_refused_and_those_for_help_and_of_others_pass(server: OpensipsServer, kind: SubjectKind) -> None:
    value = SOURCE if kind is SubjectKind.SOURCE else CALLER
    assert called(server) == 200
    order = ordered(kind, value)
    asked(server, lambda edge: edge.place(order, now()))
    assert called(server) == 403
    assert f"ringfence.refused order={order.id} call=" in server.log()
    assert called(server, "112") == 200
    assert called(server, "1124") == 403
    assert called(server, source="127.0.0.3", user="alice") == 200
    asked(server, lambda edge: edge.remove(order.id, f"{kind}:{value}"))
    assert called(server) == 200


@pytest.mark.parametrize(("action", "status"), [(ActionKind.REFUSE, 200), (ActionKind.SUSPEND, 403)])
def test_calls_to_a_number_are_refused_where_the_order_is_about_both_ways(
    server: OpensipsServer, action: ActionKind, status: int
) -> None:
    asked(server, lambda edge: edge.place(ordered(SubjectKind.NUMBER, CALLEE, action), now()))
    assert called(server) == status


def test_who_called_for_help_is_called_back_although_suspended(server: OpensipsServer) -> None:
    asked(server, lambda edge: edge.place(ordered(SubjectKind.NUMBER, CALLER, ActionKind.SUSPEND), now()))
    with SipCaller(SOURCE, ("127.0.0.1", server.sip), user="+4930123456") as services:
        assert services.call(CALLER) == 403
        assert called(server, "112") == 200
        assert services.call(CALLER) == 200
    assert called(server) == 403


def test_an_order_ends_by_itself_when_no_gate_runs(server: OpensipsServer) -> None:
    asked(server, lambda edge: edge.place(ordered(SubjectKind.NUMBER, CALLER, seconds=1), now()))
    deadline = time.monotonic() + 30
    while called(server) != 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_call_under_way_is_told_with_its_ends_and_ended_with_the_reason(server: OpensipsServer) -> None:
    with SipCaller(SOURCE, ("127.0.0.1", server.sip), user=CALLER) as caller:
        assert caller.call(CALLEE) == 200
        [call] = asked(server, lambda edge: edge.calls())
        assert (call.call_id, call.caller, call.called, call.source) == (caller.call_id, CALLER, CALLEE, SOURCE)
        assert call.answered
        assert call.began is not None
        assert abs(call.began - now()) < 60 * SECOND
        reason = 'Q.850;cause=21;text="order 1"'
        asked(server, lambda edge: edge.end(call, reason))
        assert caller.ended() == reason
        deadline = time.monotonic() + 20
        while asked(server, lambda edge: edge.calls()):
            assert time.monotonic() < deadline
        asked(server, lambda edge: edge.end(call, reason))  # it is gone: no harm


def test_a_registered_contact_is_listed_and_dropped_and_may_register_again(server: OpensipsServer) -> None:
    with SipCaller(SOURCE, ("127.0.0.1", server.sip), user="alice") as alice:
        assert alice.register() == 200
        [contact] = asked(server, lambda edge: edge.registrations())
        assert contact.user == "alice"
        for _ in range(2):
            asked(server, lambda edge: edge.drop(contact))
            assert asked(server, lambda edge: edge.registrations()) == []
        assert alice.register() == 200
        assert len(asked(server, lambda edge: edge.registrations())) == 1

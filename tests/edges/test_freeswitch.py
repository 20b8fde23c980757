"""What a real FreeSWITCH does with orders: calls refused and ended, contacts dropped."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Final, TypeVar

import pytest
from tests.edges.conftest import now
from tests.edges.freeswitch_server import PASSWORD, FreeswitchServer
from tests.edges.sip_caller import SipCaller
from tests.unit.gate.orders import order as made_order

from ringfence.gate.edges import LiveCall, Registration
from ringfence.gate.edges.freeswitch import FreeswitchEdge, FreeswitchSettings
from ringfence.vocabulary.contracts import Action, ActionKind, Order
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import SECOND, Micros

SOURCE: Final = "127.0.0.2"
CALLEE: Final = "+3225550100"
CALLER: Final = "+3225550199"
_Got = TypeVar("_Got")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FreeswitchServer]:
    server = FreeswitchServer(tmp_path)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def asked(server: FreeswitchServer, question: Callable[[FreeswitchEdge], Awaitable[_Got]]) -> _Got:
    async def run() -> _Got:
        edge = FreeswitchEdge(
            FreeswitchSettings(name="edge-1", address=f"127.0.0.1:{server.socket}", password_file="p", deadline_ms=20_000), PASSWORD
        )
        try:
            return await question(edge)
        finally:
            await edge.close()

    return asyncio.run(run())


def ordered(kind: SubjectKind, value: str, action: ActionKind = ActionKind.REFUSE, *, seconds: int = 600) -> Order:
    start = now()
    return made_order(1, kind, value, action=Action(kind=action), start=start, until=Micros(start + seconds * SECOND))


def called(server: FreeswitchServer, callee: str = CALLEE, source: str = SOURCE, user: str = CALLER) -> int:
    with SipCaller(source, ("127.0.0.1", server.sip), user=user) as caller:
        return caller.call(callee)


@pytest.mark.parametrize("kind", [SubjectKind.SOURCE, SubjectKind.NUMBER])
def test_calls_of_the_scope_are_refused_and_those_for_help_and_of_others_pass(server: FreeswitchServer, kind: SubjectKind) -> None:
    value = SOURCE if kind is SubjectKind.SOURCE else CALLER
    assert called(server) == 200
    order = ordered(kind, value)
    asked(server, lambda edge: edge.place(order, now()))
    assert called(server) == 403
    deadline = time.monotonic() + 20
    while f"ringfence.refused order={order.id} call=" not in server.log():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert called(server, "112") == 200
    assert called(server, "1124") == 403
    with SipCaller("127.0.0.1", ("127.0.0.1", server.sip), user="alice", password="alices-password") as alice:
        assert alice.call(CALLEE) == 200
    asked(server, lambda edge: edge.remove(order.id, f"{kind}:{value}"))
    assert called(server) == 200


@pytest.mark.parametrize(("action", "status"), [(ActionKind.REFUSE, 200), (ActionKind.SUSPEND, 403)])
def test_calls_to_a_number_are_refused_where_the_order_is_about_both_ways(
    server: FreeswitchServer, action: ActionKind, status: int
) -> None:
    asked(server, lambda edge: edge.place(ordered(SubjectKind.NUMBER, CALLEE, action), now()))
    assert called(server) == status


def test_who_called_for_help_is_called_back_although_suspended(server: FreeswitchServer) -> None:
    asked(server, lambda edge: edge.place(ordered(SubjectKind.NUMBER, CALLER, ActionKind.SUSPEND), now()))
    with SipCaller(SOURCE, ("127.0.0.1", server.sip), user="+4930123456") as services:
        assert services.call(CALLER) == 403
        assert called(server, "112") == 200
        assert services.call(CALLER) == 200
    assert called(server) == 403


def test_an_order_ends_by_itself_when_no_gate_runs(server: FreeswitchServer) -> None:
    asked(server, lambda edge: edge.place(ordered(SubjectKind.NUMBER, CALLER, seconds=1), now()))
    deadline = time.monotonic() + 30
    while called(server) != 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_call_under_way_is_told_with_its_ends_and_ended_with_the_reason(server: FreeswitchServer) -> None:
    with SipCaller(SOURCE, ("127.0.0.1", server.sip), user=CALLER) as caller:
        assert caller.call(CALLEE) == 200
        [call] = living(server, 1)
        assert (call.call_id, call.caller, call.called, call.source) == (caller.call_id, CALLER, CALLEE, SOURCE)
        assert call.answered
        assert call.began is not None
        assert abs(call.began - now()) < 60 * SECOND
        reason = 'Q.850;cause=21;text="order 1"'
        asked(server, lambda edge: edge.end(call, reason))
        assert caller.ended().startswith("Q.850;cause=21")
        assert living(server, 0) == []
        asked(server, lambda edge: edge.end(call, reason))  # it is gone: no harm


def test_an_account_is_known_by_who_proved_to_be_its_user(server: FreeswitchServer) -> None:
    asked(server, lambda edge: edge.place(ordered(SubjectKind.ACCOUNT, "alice"), now()))
    with SipCaller("127.0.0.1", ("127.0.0.1", server.sip), user="alice", password="alices-password") as alice:
        assert alice.call(CALLEE) == 403
        assert alice.call("911") == 200
        [call] = living(server, 1)
        assert (call.user, call.called) == ("alice", "911")
    assert called(server, user="alice") == 200


def test_a_registered_contact_is_listed_and_dropped_and_may_register_again(server: FreeswitchServer) -> None:
    with SipCaller("127.0.0.1", ("127.0.0.1", server.sip), user="alice", password="alices-password") as alice:
        assert alice.register() == 200
        [contact] = registered(server, 1)
        assert (contact.user, contact.domain, contact.source) == ("alice", "127.0.0.1", "127.0.0.1")
        for _ in range(2):
            asked(server, lambda edge: edge.drop(contact))
            assert registered(server, 0) == []
        assert alice.register() == 200
        registered(server, 1)


def living(server: FreeswitchServer, count: int) -> list[LiveCall]:
    """Return the calls under way once there are so many."""
    deadline = time.monotonic() + 30
    while len(found := asked(server, lambda edge: edge.calls())) != count:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return found


def registered(server: FreeswitchServer, count: int) -> list[Registration]:
    """Return the registrations once there are so many: FreeSWITCH writes its own database now and then."""
    deadline = time.monotonic() + 30
    while len(found := asked(server, lambda edge: edge.registrations())) != count:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return found

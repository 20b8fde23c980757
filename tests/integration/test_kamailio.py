"""The shipped configuration on a real Kamailio, driven by the real driver: what is refused, what isn't, what the mirror says."""

import asyncio
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import pytest
from tests.integration.kamailio import ADDRESS, SHIPPED, USERS, Kamailio, program
from tests.integration.sip_client import SipClient

from ringfence.feeds.segments import records_after
from ringfence.gate.configuration import EdgeConfiguration
from ringfence.gate.edges import EdgeDriver, EdgeRefused
from ringfence.gate.edges.kamailio import KamailioEdge
from ringfence.gate.receipts import ReceiptBook
from ringfence.gate.service import clock
from ringfence.gate.table import OrdersTable
from ringfence.vocabulary.contracts import Action, ActionKind, Order, OrderChange, Receipt, Scope
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import HOUR, SECOND, Micros
from ringfence.watch.wire.hep import HepPacket, decode

pytestmark = pytest.mark.needs("kamailio")

ATTACKER: Final = "127.0.0.66"
NEIGHBOUR: Final = "127.0.0.67"
ORDER: Final = "0123456789abcdef0123456789abcdef"


class Hand:
    """Gives orders by hand to the real driver of the Kamailio under test."""

    def __init__(self, kamailio: Kamailio, folder: Path) -> None:
        self.proxy = (ADDRESS, kamailio.sip_port)
        self._folder = folder
        self._configuration = EdgeConfiguration(name="edge-1", url=kamailio.url)
        self._table = OrdersTable()
        self._book = ReceiptBook(folder)
        self._loop = asyncio.Runner()
        self._edge = KamailioEdge(self._configuration)
        self._driver = EdgeDriver(self._edge, self._table, self._book, clock=clock, reconcile_s=0)
        self._generation = 0

    def order(self, source: str, *, seconds: float = 3600.0, order: str = ORDER) -> None:
        now = clock()
        made = Order(
            id=order,
            generation=self._generation + 1,
            decision=order,
            policy="5c" * 32,
            clause="unauthorised-access",
            scope=Scope(kind=SubjectKind.SOURCE, value=source),
            action=Action(kind=ActionKind.REFUSE, silent=True),
            start=Micros(now - SECOND),
            until=Micros(now + int(seconds * SECOND)),
        )
        self._change(OrderChange(generation=self._generation + 1, upserts=(made,)))

    def lift(self, order: str = ORDER) -> None:
        self._change(OrderChange(generation=self._generation + 1, removals=(order,)))

    def settle(self) -> None:
        self._loop.run(self._driver.settle())

    def said(self) -> list[str]:
        self._book.write()
        return [str(msgspec.json.decode(record.payload, type=Receipt).state) for record in records_after(self._folder)]

    def close(self) -> None:
        self._loop.run(self._edge.close())
        self._loop.close()
        self._book.close(clock())

    def _change(self, change: OrderChange) -> None:
        self._generation = change.generation
        self._table.apply(change)
        self.settle()


@pytest.fixture
def hand(kamailio: Kamailio, tmp_path: Path) -> Iterator[Hand]:
    made = Hand(kamailio, tmp_path / "receipts")
    yield made
    made.close()


def mirrored(hep_socket: socket.socket) -> list[HepPacket]:
    """Return what the mirror has delivered so far."""
    packets = []
    while True:
        try:
            packets.append(decode(hep_socket.recv(65_535)))
        except BlockingIOError:
            return packets


def logged(hep_socket: socket.socket) -> list[tuple[str | None, str]]:
    """Return the edge's own lines in the mirror, with what they correlate to."""
    lines = [packet for packet in mirrored(hep_socket) if packet.payload_type == 100]
    return [(packet.correlation, (packet.payload or b"").decode()) for packet in lines]


@pytest.mark.parametrize("folder", [SHIPPED])
def test_kamailio_accepts_the_shipped_configuration_as_it_is(folder: Path) -> None:
    done = subprocess.run([program(), "-c", "-f", folder / "kamailio.cfg"], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    assert "ERROR" not in done.stderr
    assert "WARNING" not in done.stderr


def test_it_behaves_as_a_pbx_does_toward_strangers_and_users(kamailio: Kamailio) -> None:
    with SipClient(ATTACKER, (ADDRESS, kamailio.sip_port)) as client:
        assert client.send("OPTIONS", "100") == 200
        assert client.send("OPTIONS", "100", callee="100") == 404
        assert client.send("REGISTER", "999") == 404
        assert client.send("REGISTER", "1001") == 401
        assert client.send("REGISTER", "1001", password="wrong") == 401
        assert client.send("REGISTER", "1001", password=USERS["1001"]) == 200
        assert client.send("INVITE", "alice", callee="+3225550000") == 407
        assert client.send("PUBLISHED", "alice") == 405


def test_an_order_takes_effect_on_the_next_request_and_is_silent(kamailio: Kamailio, hand: Hand) -> None:
    with SipClient(ATTACKER, hand.proxy) as attacker, SipClient(NEIGHBOUR, hand.proxy) as neighbour:
        assert attacker.send("OPTIONS", "100") == 200
        hand.order(ATTACKER)
        assert kamailio.entries() == {f"source:{ATTACKER}": ORDER}
        for method in ("OPTIONS", "REGISTER", "INVITE", "BYE"):
            assert attacker.send(method, "999", callee="100" if method == "INVITE" else None) is None
        assert neighbour.send("OPTIONS", "100") == 200
        assert hand.said() == ["placed"]


def test_each_refusal_is_in_the_mirror_with_the_orders_id_and_the_requests_call_id(hand: Hand, hep_socket: socket.socket) -> None:
    hand.order(ATTACKER)
    with SipClient(ATTACKER, hand.proxy) as attacker:
        attacker.send("OPTIONS", "100")
        attacker.send("REGISTER", "999")
        attacker.send("ACK", "999")
    packets = mirrored(hep_socket)
    lines = [packet for packet in packets if packet.payload_type == 100]
    assert [(packet.payload or b"").decode() for packet in lines] == [
        f"ringfence.refused order={ORDER} source={ATTACKER} method=OPTIONS",
        f"ringfence.refused order={ORDER} source={ATTACKER} method=REGISTER",
    ]
    requests = [packet for packet in packets if packet.payload_type == 1]
    assert [packet.source for packet in requests] == [ATTACKER] * 3
    assert all(
        (line.correlation or "").encode() in (request.payload or b"") for line, request in zip(lines, requests, strict=False)
    )
    assert {packet.agent for packet in packets} == {228}
    assert {packet.source for packet in lines} == {ADDRESS}


def test_lifting_lets_the_source_through_at_once(kamailio: Kamailio, hand: Hand) -> None:
    hand.order(ATTACKER)
    with SipClient(ATTACKER, hand.proxy) as attacker:
        assert attacker.send("OPTIONS", "100") is None
        hand.lift()
        assert attacker.send("OPTIONS", "100") == 200
    assert kamailio.entries() == {}
    assert hand.said() == ["placed", "removed"]


def test_an_order_ends_by_itself_when_the_gate_is_gone(kamailio: Kamailio, hand: Hand) -> None:
    hand.order(ATTACKER, seconds=0.1)
    assert kamailio.entries() == {f"source:{ATTACKER}": ORDER}
    with SipClient(ATTACKER, hand.proxy) as attacker:
        answers = [attacker.send("OPTIONS", "100") for _ in range(8)]
    assert answers[0] is None
    assert answers[-1] == 200


def test_a_proxy_that_restarted_empty_is_filled_again(kamailio: Kamailio, hand: Hand) -> None:
    hand.order(ATTACKER)
    kamailio.stop()
    with pytest.raises(EdgeRefused):
        hand.settle()
    kamailio.start()
    with SipClient(ATTACKER, hand.proxy) as attacker:
        assert attacker.send("OPTIONS", "100") == 200
        hand.settle()
        assert attacker.send("OPTIONS", "100") is None
    assert hand.said() == ["placed", "drift"]


def test_an_operators_own_entry_is_never_touched(kamailio: Kamailio, hand: Hand) -> None:
    kamailio.call("htable.setxs", "ringfence", f"source:{NEIGHBOUR}", "by hand", 600)
    kamailio.call("htable.setxs", "ringfence", f"source:{ATTACKER}", "by hand", 600)
    hand.order(ATTACKER)
    assert kamailio.entries() == {f"source:{NEIGHBOUR}": "by hand", f"source:{ATTACKER}": "by hand"}
    assert hand.said() == ["rejected"]


def test_a_user_that_authenticated_before_goes_on_behind_the_blocked_address(hand: Hand) -> None:
    with SipClient(ATTACKER, hand.proxy) as trunk, SipClient(ATTACKER, hand.proxy) as scanner:
        assert trunk.send("REGISTER", "trunk", password=USERS["trunk"]) == 200
        hand.order(ATTACKER)
        assert trunk.send("REGISTER", "trunk", password=USERS["trunk"]) == 200
        assert trunk.send("INVITE", "trunk", callee="+3225550000", password=USERS["trunk"]) == 100
        assert scanner.send("REGISTER", "999") is None


def test_a_user_that_authenticated_before_may_come_back_on_another_port(hand: Hand) -> None:
    with SipClient(ATTACKER, hand.proxy) as phone:
        assert phone.send("REGISTER", "1001", password=USERS["1001"]) == 200
    hand.order(ATTACKER)
    with SipClient(ATTACKER, hand.proxy) as again:
        assert again.send("REGISTER", "alice") is None
        assert again.send("REGISTER", "1001", password=USERS["1001"]) == 200
        assert again.send("OPTIONS", "1001") == 200


def test_credentials_from_a_blocked_source_pass_only_if_right_and_guessing_ends(
    kamailio: Kamailio, hand: Hand, hep_socket: socket.socket
) -> None:
    with SipClient(ATTACKER, hand.proxy) as client:
        challenge = client.nonce("1001") or ""
        hand.order(ATTACKER)
        logged(hep_socket)
        assert client.register_with(challenge, "1001", "wrong") is None
        assert logged(hep_socket)[0][1] == f"ringfence.refused order={ORDER} source={ATTACKER} method=REGISTER"
        assert client.register_with(challenge, "1001", USERS["1001"]) == 200
    with SipClient(NEIGHBOUR, hand.proxy) as guesser:
        challenge = guesser.nonce("alice") or ""
        hand.order(NEIGHBOUR, order=ORDER[::-1])
        kamailio.call("htable.seti", "wrong", f"{NEIGHBOUR}:alice", 10)
        assert guesser.register_with(challenge, "alice", USERS["alice"]) is None


def test_an_emergency_call_of_a_customer_passes_and_a_strangers_does_not(hand: Hand) -> None:
    hand.order(ATTACKER)
    with SipClient(ATTACKER, hand.proxy) as customer:
        assert customer.send("INVITE", "alice", callee="112", password=USERS["alice"]) == 100
    with SipClient(ATTACKER, hand.proxy) as stranger:
        assert stranger.send("INVITE", "nobody", callee="112") == 407
        assert stranger.send("INVITE", "nobody", callee="112", password="guess") is None
        assert stranger.send("INVITE", "nobody", callee="1120") is None


def test_an_emergency_call_by_service_name_is_one_too(hand: Hand) -> None:
    hand.order(ATTACKER)
    with SipClient(ATTACKER, hand.proxy) as customer:
        assert customer.send("INVITE", "alice", callee="urn:service:sos.police", password=USERS["alice"]) == 100
    with SipClient(ATTACKER, hand.proxy) as stranger:
        assert stranger.send("INVITE", "nobody", callee="urn:service:sos") == 407
        assert stranger.send("INVITE", "nobody", callee="urn:service:sosage") is None


def test_only_the_gates_address_may_command_the_proxy(kamailio: Kamailio) -> None:
    with socket.create_connection((ADDRESS, kamailio.rpc_port), timeout=3, source_address=(ATTACKER, 0)) as stranger:
        stranger.sendall(b"POST /RPC HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
        assert stranger.recv(1000).startswith(b"HTTP/1.1 403")


def test_an_order_lasting_an_hour_does_not_go_early(kamailio: Kamailio, hand: Hand) -> None:
    hand.order(ATTACKER, seconds=HOUR / SECOND)
    entry = kamailio.call("htable.get", "ringfence", f"source:{ATTACKER}")
    assert entry["item"]["value"] == ORDER

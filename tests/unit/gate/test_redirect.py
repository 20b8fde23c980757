"""The redirect server's contract: who is answered, with what, how often it counts, and what gets no answer at all."""

import asyncio
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import shared_data
from tests.unit.gate.orders import NOW, SCANNER, order

from ringfence.feeds import FeedWriter
from ringfence.feeds.segments import records_after
from ringfence.gate.configuration import RedirectConfiguration
from ringfence.gate.errors import AddressBusy
from ringfence.gate.orders import OrdersTail
from ringfence.gate.receipts import ReceiptBook
from ringfence.gate.redirect import RedirectServer
from ringfence.gate.redirect.plain import Batch
from ringfence.gate.redirect.transactions import KEPT_US, MAX_KEPT, Transactions
from ringfence.gate.table import OrdersTable
from ringfence.vocabulary.contracts import (
    AccountLink,
    Action,
    ActionKind,
    NumberLink,
    Order,
    OrderChange,
    PartyLink,
    Receipt,
    Reference,
    TrunkLink,
)
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import Micros

EDGE = "192.0.2.50"
TRUNK = "198.51.100.10"


class Server:
    """A redirect server with a party behind a trunk address and another behind a trunk user, and `orders` in force."""

    def __init__(self, folder: Path, *orders: Order, **configured: object) -> None:
        reference = Reference(
            time=NOW,
            parties=(PartyLink(party="reseller"), PartyLink(party="shop", parent="reseller")),
            accounts=(AccountLink(account="acme", party="shop"), AccountLink(account="bell", party="shop")),
            numbers=(NumberLink(number="+3225550000", account="acme"),),
            trunks=(TrunkLink(trunk="t1", account="acme", address=TRUNK), TrunkLink(trunk="t2", account="bell", user="bell-user")),
            lists={"emergency-numbers": ("112",)},
        )
        for name, record in (("reference", reference), ("orders", OrderChange(generation=1, upserts=orders))):
            writer = FeedWriter(folder / name)
            writer.append([msgspec.json.encode(record)])
            writer.close()
        self.folder = folder
        self.tail = OrdersTail(folder, OrdersTable())
        self.tail.poll(NOW)
        self.book = ReceiptBook(folder / "receipts")
        configuration = RedirectConfiguration(listen="127.0.0.1:0", peers=(f"{EDGE}/32",), **configured)  # type: ignore[arg-type]  # as each test says
        self.redirect = RedirectServer(configuration, self.tail, self.book, clock=lambda: NOW)
        self.responder = self.redirect.responder
        self.responder.begin()
        self.responder.take(self.responder.course(self.tail.read(NOW)))

    def send(self, data: bytes, peer: str = EDGE) -> bytes | None:
        """Return what the datagram was answered with."""
        (answer,) = self.responder.respond_all(Batch(data, (0,), (len(data),), (peer,)))
        return bytes(answer) if answer is not None else None

    def status(self, data: bytes, peer: str = EDGE) -> int | None:
        answer = self.send(data, peer)
        return int(answer.split()[1]) if answer is not None else None

    def refusals(self) -> list[tuple[str, str | None]]:
        self.book.write()
        receipts = [msgspec.json.decode(record.payload, type=Receipt) for record in records_after(self.folder / "receipts")]
        return [(receipt.order, receipt.call_id) for receipt in receipts]


def request(method: str = "INVITE", *lines: str, source: str | None = SCANNER, branch: str = "z9hG4bKedge1", **more: str) -> bytes:
    """Return a request as an edge forwards it: its own Via on top, then the sender's with `received`."""
    vias = [f"Via: SIP/2.0/UDP {EDGE}:5060;branch={branch}"]
    if source is not None:
        vias.append(f"Via: SIP/2.0/UDP 10.0.0.1:5061;received={source};branch=z9hG4bKuser1")
    user = more.get("callee", "+3225550000")
    head = [
        f"{method} sip:{user}@edge.example SIP/2.0",
        *vias,
        "Max-Forwards: 69",
        f"From: <sip:{more.get('caller', 'sipp')}@edge.example>;tag=f1",
        f"To: <sip:{user}@edge.example>{more.get('to_tag', '')}",
        f"Call-ID: {more.get('call_id', 'call-1')}",
        f"CSeq: 1 {method}",
        *lines,
        "Content-Length: 0",
    ]
    return ("\r\n".join(head) + "\r\n\r\n").encode()


def test_no_objection_is_404_or_what_is_configured(tmp_path: Path) -> None:
    assert Server(tmp_path / "a").send(request()) == (
        b"SIP/2.0 404 Not Found\r\n"
        b"Via: SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bKedge1\r\n"
        b"Via: SIP/2.0/UDP 10.0.0.1:5061;received=203.0.113.9;branch=z9hG4bKuser1\r\n"
        b"From: <sip:sipp@edge.example>;tag=f1\r\n"
        b"To: <sip:+3225550000@edge.example>;tag=0727d0d9\r\n"
        b"Call-ID: call-1\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
    )
    assert Server(tmp_path / "b", allow_code=503).status(request()) == 503


@pytest.mark.parametrize("method", ["INVITE", "REGISTER", "MESSAGE", "SUBSCRIBE", "OPTIONS"])
def test_an_ordered_source_is_refused_whatever_it_sends(tmp_path: Path, method: str) -> None:
    server = Server(tmp_path, order(7))
    answer = (server.send(request(method)) or b"").decode()
    assert answer.startswith("SIP/2.0 403 Forbidden\r\n")
    assert f'Reason: SIP;cause=403;text="order {7:032x}, clause unauthorised-access"\r\n' in answer
    assert f"P-Ringfence-Order: {7:032x}\r\nP-Ringfence-Silent: yes\r\n" in answer
    assert server.refusals() == [(f"{7:032x}", "call-1")]


def test_the_source_is_the_second_via_and_not_the_asking_proxy(tmp_path: Path) -> None:
    server = Server(tmp_path, order(7, value=EDGE))
    assert server.status(request(source=None)) == 404
    assert server.status(request(source="203.0.113.77", branch="z9hG4bK2")) == 404


def test_a_second_via_without_received_says_the_source_by_its_host(tmp_path: Path) -> None:
    data = request().replace(b"10.0.0.1:5061;received=203.0.113.9", b"203.0.113.9:5061")
    assert Server(tmp_path, order(7)).status(data) == 403


def test_only_a_trusted_peer_may_name_the_source_in_a_header(tmp_path: Path) -> None:
    named = request("INVITE", f"P-Ringfence-Source: {SCANNER}", source="192.0.2.99")
    assert Server(tmp_path / "a", order(7)).status(named) == 404
    assert Server(tmp_path / "b", order(7), trusted=(EDGE,)).status(named) == 403


def test_a_user_name_counts_only_from_a_peer_that_checks_credentials(tmp_path: Path) -> None:
    named = request("INVITE", 'Proxy-Authorization: Digest username="bell-user",realm="r",nonce="n",uri="sip:x",response="00"')
    against = order(7, SubjectKind.ACCOUNT, "bell")
    assert Server(tmp_path / "a", against).status(named) == 404
    assert Server(tmp_path / "b", against, trusted=(EDGE,)).status(named) == 403


def test_a_trunks_address_attributes_and_its_emergency_call_passes(tmp_path: Path) -> None:
    server = Server(tmp_path, order(7, SubjectKind.PARTY, "reseller"), order(8, value=TRUNK))
    assert server.status(request(source=TRUNK)) == 403
    assert server.status(request(source=TRUNK, callee="112", branch="z9hG4bK2")) == 404
    assert server.refusals() == [(f"{8:032x}", "call-1")]


def test_an_outsiders_emergency_call_does_not_pass(tmp_path: Path) -> None:
    assert Server(tmp_path, order(7)).status(request(callee="112")) == 403


def test_a_retransmission_gets_the_same_answer_and_counts_once(tmp_path: Path) -> None:
    server = Server(tmp_path, order(7))
    first, again = server.send(request()), server.send(request())
    assert first == again
    assert server.refusals() == [(f"{7:032x}", "call-1")]
    assert (server.redirect.tally.asks, server.redirect.tally.retransmissions) == (1, 1)


def test_an_acknowledgement_is_absorbed(tmp_path: Path) -> None:
    assert Server(tmp_path).send(request("ACK")) is None


def test_a_cancel_is_confirmed_and_an_invite_that_it_overtook_is_terminated(tmp_path: Path) -> None:
    server = Server(tmp_path)
    assert server.status(request()) == 404
    assert server.status(request("CANCEL")) == 200
    assert server.status(request("CANCEL", branch="z9hG4bKlate")) == 200
    assert server.status(request("INVITE", branch="z9hG4bKlate")) == 487
    assert server.status(request("INVITE", branch="z9hG4bKlate")) == 487


def test_a_proxys_own_options_is_answered_200_and_a_forwarded_one_is_asked_about(tmp_path: Path) -> None:
    server = Server(tmp_path, order(7))
    assert server.status(request("OPTIONS", source=None)) == 200
    assert server.redirect.asked.is_set()
    assert server.status(request("OPTIONS", branch="z9hG4bK2")) == 403


def test_a_stranger_gets_403_and_asks_nothing(tmp_path: Path) -> None:
    server = Server(tmp_path)
    assert server.status(request(), peer="198.51.100.66") == 403
    assert (server.redirect.tally.asks, server.redirect.tally.strangers) == (0, 1)
    assert not server.redirect.asked.is_set()


def test_a_request_within_a_dialog_is_none_of_ours(tmp_path: Path) -> None:
    assert Server(tmp_path).status(request("BYE", to_tag=";tag=x")) == 481


def test_analytics_may_answer_in_the_603_plus_form(tmp_path: Path) -> None:
    server = Server(tmp_path, order(7, redress="https://desk.example/r/7"), network_blocked=True)
    answer = (server.send(request()) or b"").decode()
    assert answer.startswith("SIP/2.0 603 Network Blocked\r\n")
    assert 'Reason: Q.850;cause=21;text="v=analytics1;url=https://desk.example/r/7";location=LN\r\n' in answer


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        (b"CSeq: 1 INVITE", b"CSeq: 1 BYE"),
        (b"CSeq: 1 INVITE\r\n", b""),
        (b"Call-ID: call-1\r\n", b""),
        (b"From: <sip:sipp@edge.example>;tag=f1\r\n", b""),
        (b";branch=z9hG4bKedge1", b""),
        (b"SIP/2.0\r\nVia", b"SIP/1.0\nVia"),
        (b"Call-ID: call-1\r\n", b"Call-ID: call-1\r\nCall-ID: call-2\r\n"),
        (b"Call-ID: call-1\r\n", b"Call-ID: call-1\r\nFrom: <sip:other@edge.example>;tag=2\r\n"),
        (b"tag=f1\r\n", b"tag=f1\nX-Injected: 1\r\n"),
        (b"INVITE sip:+3225550000@edge.example SIP/2.0", b"SIP/2.0 200 OK"),
    ],
)
def test_what_no_proxy_sends_gets_no_answer(tmp_path: Path, written: bytes, instead: bytes) -> None:
    data = request()
    assert written in data
    server = Server(tmp_path)
    assert server.send(data.replace(written, instead)) is None
    assert server.redirect.tally.ignored == 1


def test_folded_and_compact_header_fields_are_repeated_as_they_were_meant(tmp_path: Path) -> None:
    data = request().replace(b"Call-ID: call-1", b"i : call-1").replace(b"From: <sip", b"f:\r\n <sip")
    answer = Server(tmp_path).send(data) or b""
    assert b"\r\nFrom: <sip:sipp@edge.example>;tag=f1\r\n" in answer
    assert b"\r\nCall-ID: call-1\r\n" in answer


def test_no_torture_message_makes_it_raise(tmp_path: Path) -> None:
    server = Server(tmp_path, order(7))
    messages = sorted(shared_data("sip-torture", "rfc4475").glob("*.dat"))
    assert len(messages) >= 49
    for path in messages:
        server.send(path.read_bytes())
    assert server.redirect.tally.ignored > 0


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 600), st.integers(0, 40))
def test_no_damage_to_a_request_makes_it_raise_or_answer_a_broken_line(
    tmp_path_factory: pytest.TempPathFactory, inserted: bytes, place: int, cut: int
) -> None:
    server = Server(tmp_path_factory.mktemp("fuzz"), order(7))
    data = request()
    answer = server.send(data[:place] + inserted + data[place + cut :])
    if answer is not None:
        head, _, rest = answer.partition(b"\r\n\r\n")
        assert rest == b""
        assert all(b":" in line and b"\n" not in line and b"\r" not in line for line in head.split(b"\r\n")[1:])


def test_memory_of_answers_is_bounded_in_time_and_number() -> None:
    kept = Transactions()
    for number in range(MAX_KEPT + 10):
        kept.keep((EDGE, str(number), "INVITE"), b"x", NOW)
    assert len(kept) == MAX_KEPT
    kept.keep((EDGE, "late", "INVITE"), b"x", Micros(NOW + KEPT_US))
    assert len(kept) == 1


def test_a_busy_port_is_named(tmp_path: Path) -> None:
    async def story() -> None:
        first, second = Server(tmp_path / "a").redirect, Server(tmp_path / "b").redirect
        await first.listen("127.0.0.1", 0)
        port = first.port
        with pytest.raises(AddressBusy, match=f"127.0.0.1:{port}"):
            await second.listen("127.0.0.1", port)
        first.close()
        await asyncio.sleep(0)

    asyncio.run(story())


@pytest.mark.parametrize("urn", ["urn:service:sos", "urn:service:sos.police", "URN:Service:SOS.fire"])
def test_a_partys_emergency_call_by_service_name_passes_every_order(tmp_path: Path, urn: str) -> None:
    against = order(9, SubjectKind.ACCOUNT, "acme")
    server = Server(
        tmp_path, against, order(10, value=TRUNK), order(11, SubjectKind.PARTY, "reseller"), order(12, SubjectKind.TRUNK, "t1")
    )
    data = request(source=TRUNK).replace(b"sip:+3225550000@edge.example SIP/2.0", f"{urn} SIP/2.0".encode(), 1)
    assert server.status(data) == 404


def test_a_strangers_emergency_service_name_opens_no_way(tmp_path: Path) -> None:
    server = Server(tmp_path, order(9))
    data = request().replace(b"sip:+3225550000@edge.example SIP/2.0", b"urn:service:sos SIP/2.0", 1)
    assert server.status(data) == 403


def test_another_service_name_is_no_emergency(tmp_path: Path) -> None:
    server = Server(tmp_path, order(9, SubjectKind.ACCOUNT, "acme"))
    data = request(source=TRUNK).replace(b"sip:+3225550000@edge.example SIP/2.0", b"urn:service:sosage SIP/2.0", 1)
    assert server.status(data) == 403


@pytest.mark.parametrize(
    "callee",
    ["tel:112", "tel:112;phone-context=+32", "sips:112@edge.example", "sip:112;phone-context=+32@edge.example", "sip:%3112@x"],
)
def test_an_emergency_number_is_known_however_it_is_written(tmp_path: Path, callee: str) -> None:
    server = Server(tmp_path, order(9, SubjectKind.ACCOUNT, "acme"))
    data = request(source=TRUNK).replace(b"sip:+3225550000@edge.example SIP/2.0", f"{callee} SIP/2.0".encode(), 1)
    assert server.status(data) == 404


def test_a_source_named_twice_is_not_believed(tmp_path: Path) -> None:
    server = Server(tmp_path, order(9), trusted=(f"{EDGE}/32",))
    forged = request("INVITE", "P-Ringfence-Source: 198.51.100.99", f"P-Ringfence-Source: {SCANNER}")
    assert server.status(forged) == 403


SCOPES = {
    SubjectKind.SOURCE: TRUNK,
    SubjectKind.TRUNK: "t1",
    SubjectKind.ACCOUNT: "acme",
    SubjectKind.PARTY: "reseller",
    SubjectKind.NUMBER: "+3225551234",
    SubjectKind.RANGE: "+32255512",
    SubjectKind.PAIR: "+3225551234,112",
}


@settings(max_examples=80, deadline=None)
@given(
    kinds=st.sets(st.sampled_from(sorted(SCOPES)), min_size=1),
    method=st.sampled_from(["INVITE", "MESSAGE", "OPTIONS"]),
    silent=st.booleans(),
)
def test_no_set_of_orders_refuses_a_partys_emergency_call(
    tmp_path_factory: pytest.TempPathFactory, kinds: set[SubjectKind], method: str, silent: bool
) -> None:
    action = Action(kind=ActionKind.REFUSE, silent=silent)
    against = [order(number, kind, SCOPES[kind], action=action) for number, kind in enumerate(sorted(kinds), 1)]
    server = Server(tmp_path_factory.mktemp("feeds"), *against)
    assert server.status(request(method, source=TRUNK, caller="+3225551234", callee="112")) == 404
    other = request(method, source=TRUNK, caller="+3225551234", callee="113", branch="z9hG4bKother")
    assert server.status(other) == (404 if kinds == {SubjectKind.PAIR} else 603)


def test_an_ipv4_address_written_as_ipv6_is_the_same_peer_and_the_same_source(tmp_path: Path) -> None:
    server = Server(tmp_path, order(9))
    assert server.status(request(source=f"[::ffff:{SCANNER}]"), peer=f"::ffff:{EDGE}") == 403
    assert server.redirect.tally.strangers == 0
    assert server.refusals() == [(f"{9:032x}", "call-1")]

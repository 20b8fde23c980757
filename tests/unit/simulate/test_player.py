"""The player over real loopback sockets: what it mirrors, what it asks, and that a refusal ends the flow."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import cast

from tests.conftest import ROOT

from ringfence.simulate import attacks, carrier, hep, signalling, sip_text
from ringfence.simulate.addresses import LoopbackAddress
from ringfence.simulate.asking import Question
from ringfence.simulate.attacks import Attack
from ringfence.simulate.carrier import CallPlan
from ringfence.simulate.flows import Flow
from ringfence.simulate.mirror import AGENT, Mirror
from ringfence.simulate.player import ORDER_HEADER, SILENT_HEADER, Player, Programme, perform
from ringfence.simulate.profiles import Outcome
from ringfence.simulate.provider import harbour_voice
from ringfence.vocabulary.times import MILLISECOND, MINUTE, Micros

CAPTURES = ROOT / "examples" / "captures"
SCANNER = Attack("scan", "svwar_invite.pcap", "198.51.100.23", 0.0, 1, 1.0, 60.0, 60.0)


def quick_call() -> CallPlan:
    plan = next(plan for plan in carrier.calls(harbour_voice(), seed=1, duration=MINUTE) if plan.outcome is Outcome.ANSWERED)
    few = Micros(MILLISECOND)
    return replace(plan, setup_us=few, ring_us=few, talk_us=few, challenged=False, released_by="caller")


@dataclass
class Listener(asyncio.DatagramProtocol):
    """Watch's end of the mirror: keeps what it hears, as chunk numbers to contents."""

    heard: list[dict[int, bytes]] = field(default_factory=list)

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        chunks, position = {}, 6
        while position < len(data):
            _, kind, length = struct.unpack_from("!HHH", data, position)
            chunks[kind] = data[position + 6 : position + length]
            position += length
        self.heard.append(chunks)

    def passed(self) -> list[str]:
        """Methods and statuses of the SIP messages heard, in order."""
        sip = [chunks[15] for chunks in self.heard if chunks[11] == bytes([hep.PROTOCOL_SIP])]
        return [sip_text.method(payload) or str(sip_text.status(payload)) for payload in sip]

    def logged(self) -> list[str]:
        return [chunks[15].decode() for chunks in self.heard if chunks[11] == bytes([hep.PROTOCOL_LOG])]


@dataclass
class RedirectServer(asyncio.DatagramProtocol):
    """The gate's end: gives every request but ACK the same answer, or none."""

    status_line: str | None
    headers: tuple[str, ...] = ()
    asked: list[bytes] = field(default_factory=list)
    transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        self.asked.append(data)
        if self.status_line is not None and sip_text.method(data) != "ACK":
            assert self.transport is not None
            self.transport.sendto(sip_text.answer(data, self.status_line, self.headers, "gate"), addr)


@asynccontextmanager
async def stage(
    status_line: str | None, *headers: str, speed: float = 1.0
) -> AsyncIterator[tuple[Player, Listener, RedirectServer]]:
    """Yield a player between a listener and a redirect server on free loopback ports."""
    loop = asyncio.get_running_loop()
    hears, listener = await loop.create_datagram_endpoint(Listener, local_addr=("127.0.0.1", 0))
    answers, server = await loop.create_datagram_endpoint(lambda: RedirectServer(status_line, headers), local_addr=("127.0.0.1", 0))
    mirror = await Mirror.open(LoopbackAddress("127.0.0.1", hears.get_extra_info("sockname")[1]))
    question = await Question.open(LoopbackAddress("127.0.0.1", answers.get_extra_info("sockname")[1]), "t")
    try:
        yield Player(mirror, question, "t", speed), listener, server
    finally:
        for end in (hears, answers, mirror, question):
            end.close()
        await asyncio.sleep(0)


async def settled(listener: Listener, mirror: Mirror) -> None:
    """Wait until all that was sent has been heard."""
    async with asyncio.timeout(60):
        while len(listener.heard) < mirror.sent:
            await asyncio.sleep(0.001)


async def played(flow: Flow, status_line: str | None, *headers: str) -> tuple[bool, Listener, RedirectServer]:
    async with stage(status_line, *headers) as (player, listener, server):
        whole = await player.play(flow)
        await settled(listener, player.mirror)
        return whole, listener, server


def test_an_allowed_call_is_played_and_mirrored_whole() -> None:
    whole, listener, server = asyncio.run(played(signalling.flow(quick_call(), "t"), "404 Not Found"))

    assert whole
    assert listener.passed() == ["INVITE", "100", "180", "200", "ACK", "BYE", "200"]
    assert [sip_text.method(request) for request in server.asked] == ["INVITE", "ACK"]
    assert {chunks[12] for chunks in listener.heard} == {struct.pack("!I", AGENT)}


def test_a_503_allows_too() -> None:
    whole, *_ = asyncio.run(played(signalling.flow(quick_call(), "t"), "503 Service Unavailable"))

    assert whole


def test_a_redirect_server_that_says_nothing_lets_the_call_through() -> None:
    whole, listener, _ = asyncio.run(played(signalling.flow(quick_call(), "t"), None))

    assert whole
    assert len(listener.passed()) == 7


def test_a_refused_call_gets_the_refusal_and_is_not_continued() -> None:
    plan = quick_call()
    whole, listener, _ = asyncio.run(
        played(signalling.flow(plan, "t"), "603 Decline", f"{ORDER_HEADER}: ord-1", "Reason: Q.850;cause=21")
    )

    assert not whole
    assert listener.passed() == ["INVITE", "603", "ACK"]
    assert listener.logged() == [f"ringfence.refused order=ord-1 source={plan.source} method=INVITE"]
    refusal = next(chunks[15] for chunks in listener.heard if sip_text.status(chunks[15]) == 603)
    assert sip_text.header(refusal, "Reason") == "Q.850;cause=21"
    assert f"Call-ID: {plan.call_id}-t@{plan.source}".encode() in refusal
    assert b"127.0.0.1" not in refusal


def test_a_silent_refusal_is_reported_and_not_answered() -> None:
    flow = signalling.flow(quick_call(), "t")
    _, listener, _ = asyncio.run(played(flow, "403 Forbidden", f"{ORDER_HEADER}: ord-2", f"{SILENT_HEADER}: yes"))

    assert listener.passed() == ["INVITE"]
    assert len(listener.logged()) == 1
    assert listener.heard[-1][17].decode() == flow.call_id


def test_the_question_tells_the_senders_address_and_no_content() -> None:
    plan = quick_call()
    _, _, server = asyncio.run(played(signalling.flow(plan, "t"), "404 Not Found"))

    question, acknowledgement = server.asked
    vias = [line for line in question.decode().split("\r\n") if line.startswith("Via:")]
    assert vias[0].startswith("Via: SIP/2.0/UDP 127.0.0.1:")
    assert f";received={plan.source}" in vias[1]
    assert signalling.SDP_MARKER not in question.decode()
    assert (sip_text.header(acknowledgement, "To") or "").endswith(";tag=gate")


def test_a_refused_attack_stops_at_its_first_request() -> None:
    async def scene() -> tuple[Player, Listener, RedirectServer]:
        async with stage("603 Decline", f"{ORDER_HEADER}: ord-3", f"{SILENT_HEADER}: yes", speed=100.0) as (
            player,
            listener,
            server,
        ):
            packets = attacks.recording(CAPTURES / "svcrack.pcap")
            for flow in attacks.flows(packets, "203.0.113.67", "t"):
                assert not await player.play(flow)
            await settled(listener, player.mirror)
            return player, listener, server

    _, listener, server = asyncio.run(scene())

    assert listener.passed() == ["REGISTER"] * 46
    assert set(listener.logged()) == {"ringfence.refused order=ord-3 source=203.0.113.67 method=REGISTER"}
    assert len(server.asked) == 46


def test_the_programme_plays_calls_and_attacks_and_ends_at_its_time() -> None:
    lines: list[str] = []

    async def scene() -> tuple[Player, Listener]:
        async with stage("404 Not Found", speed=20.0) as (player, listener, _):
            programme = Programme.read(harbour_voice(), 1, CAPTURES, [SCANNER])
            await perform(programme, player, duration_s=0.8, say=lines.append)
            await settled(listener, player.mirror)
            return player, listener

    player, listener = asyncio.run(scene())

    assert player.tally.attack_requests == 17
    assert player.tally.calls > 10
    assert player.tally.calls_refused == player.tally.attack_requests_refused == 0
    assert lines == [player.tally.line(player.mirror, player.question)]
    assert listener.passed().count("INVITE") >= 27

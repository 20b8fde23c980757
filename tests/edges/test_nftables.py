"""What the kernel does with refused addresses: real packets in a network namespace of the test's own."""

import asyncio
import json
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from tests.edges.conftest import Bench, now
from tests.edges.rig_nftables import NFT, NftablesRig
from tests.unit.gate.orders import order as made_order

from ringfence.feeds.segments import records_after
from ringfence.gate.edges import EdgeRefused
from ringfence.gate.edges.clearing import cleared
from ringfence.gate.edges.nftables import NftablesEdge, NftablesSettings
from ringfence.vocabulary.contracts import Receipt, ReceiptState
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import SECOND, Micros

PROBE = """
import json, socket, sys
def passes(kind, family, source, target, port):
    with socket.socket(family, kind) as server, socket.socket(family, kind) as client:
        server.bind((target, port)); client.bind((source, 0)); server.settimeout(0.4); client.settimeout(0.4)
        try:
            if kind == socket.SOCK_DGRAM:
                client.sendto(b"OPTIONS", (target, port)); server.recv(99)
            else:
                server.listen(); client.connect((target, port))
            return True
        except TimeoutError:
            return False
four, six, udp, tcp = socket.AF_INET, socket.AF_INET6, socket.SOCK_DGRAM, socket.SOCK_STREAM
print(json.dumps({
    "udp": passes(udp, four, "127.0.0.9", "127.0.0.1", 5060), "tcp": passes(tcp, four, "127.0.0.9", "127.0.0.1", 5061),
    "other port": passes(udp, four, "127.0.0.9", "127.0.0.1", 9999), "neighbour": passes(udp, four, "127.0.0.8", "127.0.0.1", 5060),
    "v6": passes(udp, six, "::1", "::1", 5060)}))
"""


def told(folder: Path, story: Callable[[Bench, NftablesRig], Coroutine[Any, Any, None]], *, forgeable: bool = False) -> None:
    async def run() -> None:
        async with NftablesRig(folder, forgeable=forgeable) as rig:
            made = Bench(folder / "receipts", rig)
            try:
                await story(made, rig)
            finally:
                await made.end()

    asyncio.run(run())


def probed(rig: NftablesRig) -> dict[str, bool]:
    return cast("dict[str, bool]", json.loads(rig.space.run("python3", "-c", PROBE)))


def test_packets_of_a_refused_address_reach_no_sip_port_and_all_others_do(tmp_path: Path) -> None:
    async def story(b: Bench, rig: NftablesRig) -> None:
        assert set(probed(rig).values()) == {True}
        scanner = made_order(1, value="127.0.0.9", start=b.now, until=Micros(b.now + 600 * SECOND))
        six = made_order(2, value="::1", start=b.now, until=Micros(b.now + 600 * SECOND))
        b.give(scanner, six)
        await b.driver.settle()
        assert probed(rig) == {"udp": False, "tcp": False, "other port": True, "neighbour": True, "v6": False}
        assert isinstance(b.edge, NftablesEdge)
        stopped = await b.edge.refusals()
        assert stopped[scanner.id] >= 2
        assert stopped[six.id] >= 1
        b.give(removals=(scanner.id, six.id))
        await b.driver.settle()
        assert set(probed(rig).values()) == {True}

    told(tmp_path, story)


def test_the_desk_is_told_how_many_packets_the_kernel_dropped_and_none_twice(tmp_path: Path) -> None:
    async def story(b: Bench, rig: NftablesRig) -> None:
        def refused() -> list[int]:
            while b.book.pending:
                b.book.write()
            receipts = [msgspec.json.decode(record.payload, type=Receipt) for record in records_after(b.folder)]
            return [receipt.count for receipt in receipts if receipt.state is ReceiptState.REFUSED]

        b.give(made_order(1, value="127.0.0.9", start=b.now, until=Micros(b.now + 600 * SECOND)))
        await b.driver.settle()
        probed(rig)
        dropped = (await cast("NftablesEdge", b.edge).refusals())[f"{1:032x}"]
        assert dropped > 0
        await b.driver.settle()
        assert refused() == []
        for _ in range(2):
            b.pass_time(6)
            await b.driver.settle()
            assert refused() == [dropped]
        probed(rig)
        await b.end()
        b.restart()
        await b.driver.settle()
        assert refused() == [dropped]
        probed(rig)
        b.pass_time(6)
        await b.driver.settle()
        assert len(refused()) == 2

    told(tmp_path, story)


def test_the_kernel_ends_an_order_by_itself_when_no_gate_runs(tmp_path: Path) -> None:
    async def story(b: Bench, rig: NftablesRig) -> None:
        at = now()
        await b.edge.place(made_order(1, start=at, until=Micros(at + SECOND)), at)
        await b.edge.place(made_order(2, value="203.0.113.10", start=at, until=Micros(at + 600 * SECOND)), at)
        deadline = time.monotonic() + 30
        while len(rig.elements()) > 1 and time.monotonic() < deadline:
            await asyncio.sleep(0.1)
        assert [(element["val"], element["timeout"]) for element in rig.elements()] == [("203.0.113.10", 600)]

    told(tmp_path, story)


HANDSHAKE = """
import socket
with socket.socket() as server, socket.socket() as client:
    server.bind(("127.0.0.1", 5061)); client.bind(("127.0.0.9", 0)); server.listen(); client.connect(("127.0.0.1", 5061))
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as forged:
    forged.bind(("127.0.0.8", 0)); [forged.sendto(b"REGISTER", ("127.0.0.1", 5060)) for _ in range(20)]
with socket.socket() as knocking:
    knocking.bind(("127.0.0.7", 0)); knocking.connect_ex(("127.0.0.1", 5061))
"""
FORGED_HANDSHAKE = """
import socket, struct
def packet(flags, sequence, acknowledged):
    head = struct.pack("!HHLLBBHHH", 40000, 5061, sequence, acknowledged, 5 << 4, flags, 8192, 0, 0)
    pseudo = socket.inet_aton("127.0.0.6") + socket.inet_aton("127.0.0.1") + struct.pack("!BBH", 0, 6, len(head))
    words = struct.unpack(f"!{len(pseudo + head) // 2}H", pseudo + head)
    total = sum(words); total = (total >> 16) + (total & 65535); total += total >> 16
    return head[:16] + struct.pack("!H", ~total & 65535) + head[18:]
with socket.socket() as server, socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP) as raw:
    server.bind(("127.0.0.1", 5061)); server.listen(); raw.bind(("127.0.0.6", 0))
    raw.sendto(packet(2, 1000, 0), ("127.0.0.1", 0))
    for guess in range(0, 2**32, 2**28):
        raw.sendto(packet(16, 1001, guess), ("127.0.0.1", 0))
"""


def test_only_an_address_that_completed_a_handshake_is_refused_where_addresses_can_be_forged(tmp_path: Path) -> None:
    async def story(b: Bench, rig: NftablesRig) -> None:
        scopes = {number: f"127.0.0.{number}" for number in (6, 7, 8, 9)}
        b.give(*(made_order(n, value=value, start=b.now, until=Micros(b.now + 600 * SECOND)) for n, value in scopes.items()))
        await b.driver.settle()
        assert await rig.keys() == set()
        assert sorted(b.said()) == [(str(number), "rejected") for number in scopes]
        rig.space.run("python3", "-c", HANDSHAKE)
        rig.space.run("python3", "-c", FORGED_HANDSHAKE)
        await b.driver.settle()
        assert await rig.keys() == {"source:127.0.0.9"}
        assert b.said()[-1] == ("9", "placed")
        b.give(made_order(9, value="127.0.0.9", start=b.now, until=Micros(b.now + 900 * SECOND), generation=2))
        rig.nft("flush set inet ringfence proven4")
        await b.driver.settle()
        assert [element["timeout"] for element in rig.elements()] == [900]

    told(tmp_path, story, forgeable=True)


def test_nothing_of_ours_stays_in_the_firewall_once_it_is_cleared(tmp_path: Path) -> None:
    async def story(b: Bench, rig: NftablesRig) -> None:
        b.give(b.order(1))
        await b.driver.settle()
        b.give(removals=(f"{1:032x}",))
        await b.driver.settle()
        assert "table inet ringfence" in rig.space.run(NFT, "list", "ruleset")
        await cleared(rig.edge())
        assert rig.space.run(NFT, "list", "ruleset") == ""

    told(tmp_path, story)


def test_an_operators_own_chain_in_the_table_keeps_the_table(tmp_path: Path) -> None:
    async def story(b: Bench, rig: NftablesRig) -> None:
        b.give(b.order(1))
        await b.driver.settle()
        rig.nft("add chain inet ringfence operators")
        await cleared(rig.edge())
        assert "chain operators" in rig.space.run(NFT, "list", "ruleset")
        assert rig.elements() == []

    told(tmp_path, story)


@pytest.mark.parametrize(
    "how", ["flush chain inet ringfence refuse", "insert rule inet ringfence refuse ip saddr 203.0.113.0/24 accept"]
)
def test_rules_that_somebody_changed_are_laid_again_and_the_drift_told(tmp_path: Path, how: str) -> None:
    async def story(b: Bench, rig: NftablesRig) -> None:
        b.give(b.order(1))
        await b.driver.settle()
        laid = rig.space.run(NFT, "list", "chain", "inet", "ringfence", "refuse")
        rig.nft(how)
        b.pass_time(5)
        await b.driver.settle()
        assert rig.space.run(NFT, "list", "chain", "inet", "ringfence", "refuse") == laid
        assert b.said() == [("1", "placed"), ("1", "drift")]

    told(tmp_path, story)


def test_two_thousand_orders_are_placed_together_and_an_unreadable_address_holds_up_none(tmp_path: Path) -> None:
    async def story(b: Bench, rig: NftablesRig) -> None:
        orders = [
            made_order(number, value=f"10.9.{number // 250}.{number % 250}", start=b.now, until=Micros(b.now + 600 * SECOND))
            for number in range(2_000)
        ]
        bad = made_order(9_999, value="10.9.0.0/16", start=b.now, until=Micros(b.now + 600 * SECOND))
        b.give(*orders, bad)
        await b.driver.settle()
        assert len(await b.edge.placed()) == 2_000
        assert [each for each in b.said() if each[1] != "placed"] == [("9999", "rejected")]

    told(tmp_path, story)


def test_an_order_about_anything_but_an_address_is_refused(tmp_path: Path) -> None:
    async def story(b: Bench, rig: NftablesRig) -> None:
        with pytest.raises(EdgeRefused, match="cannot refuse by account"):
            await b.edge.place(made_order(1, SubjectKind.ACCOUNT, "acme", start=b.now, until=Micros(b.now + SECOND)), b.now)
        assert rig.space.run(NFT, "list", "ruleset") == ""

    told(tmp_path, story)


def test_a_program_that_is_not_there_is_named_with_what_would_help() -> None:
    edge = NftablesEdge(NftablesSettings(name="edge-1", command=("/nowhere/nft",)))
    with pytest.raises(EdgeRefused, match=r"/nowhere/nft: No such file or directory\. Hint: install nftables") as refused:
        asyncio.run(edge.placed())
    assert refused.value.permanent
    assert not refused.value.reached


@pytest.mark.parametrize(
    "listing", ["[]", "{}", '{"nftables": [{"set": {}}]}', '{"nftables": [{"set": {"name": "refused4", "elem": [7]}}]}', "\\377"]
)
def test_a_listing_that_is_not_understood_is_an_edge_refused(tmp_path: Path, listing: str) -> None:
    program = tmp_path / "nft"
    program.write_text(f"#!/bin/sh\nprintf '{listing}'\n", encoding="utf-8")
    program.chmod(0o700)
    edge = NftablesEdge(NftablesSettings(name="edge-1", command=(str(program),), deadline_ms=10_000))
    with pytest.raises(EdgeRefused, match="not understood"):
        asyncio.run(edge.placed())

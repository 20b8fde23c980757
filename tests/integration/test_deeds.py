"""What is done once, at a real Kamailio: SIPp sees its calls ended with a BYE, registrations are dropped, help is left alone."""

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec
import pytest
from tests.conftest import ROOT
from tests.integration.callers import Calls, Sipp
from tests.integration.kamailio import ADDRESS, CARRIER, USERS, Kamailio
from tests.integration.sip_client import SipClient
from tests.ports import free_port

from ringfence.feeds.segments import records_after
from ringfence.gate.configuration import EdgeConfiguration
from ringfence.gate.edges import EdgeDriver
from ringfence.gate.edges.kamailio import KamailioEdge
from ringfence.gate.edges.under_way import CallsAtEdge
from ringfence.gate.receipts import ReceiptBook
from ringfence.gate.service import clock
from ringfence.gate.table import OrdersTable
from ringfence.vocabulary.contracts import (
    AccountLink,
    Action,
    ActionKind,
    Ask,
    Order,
    OrderChange,
    Receipt,
    Reference,
    Scope,
    TrunkLink,
    VerdictAction,
)
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import HOUR, SECOND, Micros
from ringfence.watch.attribution import EMERGENCY_LIST, Directory

pytestmark = pytest.mark.needs("kamailio", "sipp")

SIPP: Final = ROOT / "tests" / "integration" / "sipp"
CUSTOMER, OTHER = "127.0.0.66", "127.0.0.67"
DEADLINE_S: Final = 30.0
DIRECTORY: Final = Directory(
    Reference(
        time=Micros(0),
        accounts=(AccountLink(account="acme", party="acme-nv"), AccountLink(account="hotel", party="hotel-nv")),
        trunks=(TrunkLink(trunk="t-acme", account="acme", user="trunk"), TrunkLink(trunk="t-hotel", account="hotel", user="alice")),
        lists={EMERGENCY_LIST: ("112",)},
    )
)


class Scene:
    """A Kamailio with a carrier, its real driver, and whoever calls."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.carrier_port = free_port(CARRIER)
        proxy = folder / "kamailio"
        proxy.mkdir()
        self.kamailio = Kamailio(proxy, hep_port=free_port("127.0.0.1"), carrier_port=self.carrier_port)
        self.callers: list[Sipp] = []
        self.loop = asyncio.Runner()
        self.edge = KamailioEdge(EdgeConfiguration(name="edge-1", url=self.kamailio.url))
        self.table = OrdersTable()
        self.book = ReceiptBook(folder / "receipts")
        self.driver = self._driver()
        self.generation = 0

    def _driver(self) -> EdgeDriver:
        return EdgeDriver(self.edge, self.table, self.book, clock=clock, reconcile_s=3_600, directory=lambda: DIRECTORY)

    def start(self, carrier: Path | None = None) -> None:
        self.kamailio.start()
        answering = ["-sf", str(carrier)] if carrier else ["-sf", str(ROOT / "examples" / "first-hour" / "carrier.xml")]
        self.callers.append(Sipp(self.folder, "carrier", [*answering, "-i", CARRIER, "-p", str(self.carrier_port)]))

    def call(self, user: str, source: str, called: str, *, scenario: str = "held.xml", number: int = 1) -> Sipp:
        who = ["-i", source, "-au", user, "-ap", USERS[user], "-key", "user", user, "-key", "agent", "desk-phone"]
        how = ["-m", str(number), "-r", "10", "-t", "u1", "-s", called, f"{ADDRESS}:{self.kamailio.sip_port}"]
        made = Sipp(self.folder, f"{user}-{called}", ["-sf", str(SIPP / scenario), *who, *how])
        self.callers.append(made)
        return made

    def live(self) -> int:
        """Return how many calls are answered and not ended."""
        return sum(call.answered for call in self.loop.run(self.edge.calls()))

    def registered(self) -> list[str]:
        return sorted(each.user for each in self.loop.run(self.edge.registrations()))

    def until(self, true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while not true():
            assert time.monotonic() < deadline, "it did not come to that"
            time.sleep(0.05)

    def order(
        self, scope: SubjectKind, value: str, action: ActionKind, *, ago_s: float = 0.0, concurrent: int | None = None
    ) -> str:
        self.generation += 1
        now, id = clock(), f"{self.generation:032x}"
        made = Order(
            id=id,
            generation=self.generation,
            decision=id,
            policy="5c" * 32,
            clause="fraud",
            scope=Scope(kind=scope, value=value),
            action=Action(kind=action, concurrent=concurrent),
            start=Micros(now - int(ago_s * SECOND)),
            until=Micros(now + HOUR),
        )
        self.table.apply(OrderChange(generation=self.generation, upserts=(made,)))
        self.loop.run(self.driver.settle())
        return id

    def lift(self, order: str) -> None:
        self.generation += 1
        self.table.apply(OrderChange(generation=self.generation, removals=(order,)))
        self.loop.run(self.driver.settle())

    def restart_gate(self) -> None:
        self.book.close(clock())
        self.book = ReceiptBook(self.folder / "receipts")
        self.driver = self._driver()
        self.loop.run(self.driver.settle())

    def said(self) -> list[tuple[str, str | None, int]]:
        self.book.write()
        receipts = [msgspec.json.decode(record.payload, type=Receipt) for record in records_after(self.folder / "receipts")]
        return [(str(receipt.state), receipt.text, receipt.count) for receipt in receipts]

    def close(self) -> None:
        for caller in self.callers:
            caller.kill()
        self.loop.run(self.edge.close())
        self.loop.close()
        self.book.close(clock())
        self.kamailio.stop()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    try:
        yield made
    finally:
        made.close()


def test_calls_of_an_account_are_ended_and_both_sides_told_why_while_others_and_calls_for_help_go_on(scene: Scene) -> None:
    scene.start()
    theirs = scene.call("trunk", CUSTOMER, "+441632960500", number=3)
    for_help = scene.call("trunk", CUSTOMER, "112")
    others = scene.call("alice", OTHER, "+441632960501")
    scene.until(lambda: scene.live() == 5)
    order = scene.order(SubjectKind.ACCOUNT, "acme", ActionKind.END_CALLS)
    assert scene.said() == [
        ("placed", "3 calls ended; 1 emergency call left alone", 1),
        ("refused", "3 calls ended; 1 emergency call left alone", 3),
    ]
    assert theirs.wait() == Calls(3, 0), "each caller got BYE with a reason that names the order"
    left = scene.loop.run(scene.edge.calls())
    assert sorted((call.user or "", call.called or "") for call in left) == [("alice", "+441632960501"), ("trunk", "112")]
    assert for_help.running
    assert others.running
    scene.lift(order)
    assert scene.said()[2:] == [("removed", None, 1)]
    assert scene.live() == 2, "what was ended stays ended, and nothing else ends"


def test_an_order_that_ended_calls_ends_none_that_begin_later_whatever_restarts(scene: Scene) -> None:
    scene.start()
    scene.order(SubjectKind.PARTY, "acme-nv", ActionKind.END_CALLS, ago_s=5)
    assert scene.said() == [("placed", "0 calls ended", 1)]
    later = scene.call("trunk", CUSTOMER, "+441632960500")
    scene.until(lambda: scene.live() == 1)
    scene.restart_gate()
    again = Scene.order(scene, SubjectKind.PARTY, "acme-nv", ActionKind.END_CALLS, ago_s=5)
    assert scene.said()[1:] == [("placed", "0 calls ended", 1)], "a call that began after the order is none of its"
    assert later.running
    scene.lift(again)


def test_a_call_that_rings_is_cancelled(scene: Scene) -> None:
    scene.start(SIPP / "carrier-rings.xml")
    ringing = scene.call("trunk", CUSTOMER, "+441632960500", scenario="ringing.xml")
    scene.until(lambda: [call.answered for call in scene.loop.run(scene.edge.calls())] == [False])
    scene.order(SubjectKind.PAIR, "+32470,+441632960500", ActionKind.END_CALLS)
    assert ringing.running
    scene.order(SubjectKind.NUMBER, "+441632960500", ActionKind.END_CALLS)
    assert ringing.wait() == Calls(1, 0)
    assert [state for state, _, _ in scene.said()] == ["placed", "placed", "refused"]


def test_registrations_of_a_scope_are_dropped_once_and_may_come_back(scene: Scene) -> None:
    scene.start()
    proxy = (ADDRESS, scene.kamailio.sip_port)
    with SipClient(CUSTOMER, proxy) as trunk, SipClient(OTHER, proxy) as alice, SipClient(OTHER, proxy) as phone:
        for client, user in ((trunk, "trunk"), (alice, "alice"), (phone, "1001")):
            assert client.send("REGISTER", user, password=USERS[user]) == 200
        assert scene.registered() == ["1001", "alice", "trunk"]
        scene.order(SubjectKind.TRUNK, "t-acme", ActionKind.DEREGISTER)
        assert scene.registered() == ["1001", "alice"]
        scene.order(SubjectKind.REGISTRATION, f"alice@voice.example,{CUSTOMER}", ActionKind.DEREGISTER)
        assert scene.registered() == ["1001", "alice"], "alice is registered from another address"
        scene.order(SubjectKind.REGISTRATION, f"alice@voice.example,{OTHER}", ActionKind.DEREGISTER)
        assert scene.registered() == ["1001"]
        assert [text for state, text, _ in scene.said() if state == "placed"] == [
            "1 registered contact dropped",
            "0 registered contacts dropped",
            "1 registered contact dropped",
        ]
        assert trunk.send("REGISTER", "trunk", password=USERS["trunk"]) == 200
        scene.restart_gate()
        assert scene.registered() == ["1001", "trunk"], "what was dropped once is not dropped again"


def test_an_edge_without_dialogs_says_so(scene: Scene) -> None:
    text = (scene.kamailio.folder / "kamailio.cfg").read_text()
    lines = [line for line in text.splitlines() if not any(word in line for word in ("dialog.so", '"dialog"', "dlg_"))]
    (scene.kamailio.folder / "kamailio.cfg").write_text("\n".join(lines) + "\n")
    scene.start()
    scene.order(SubjectKind.ACCOUNT, "acme", ActionKind.END_CALLS)
    ((state, says, _),) = scene.said()
    assert state == "rejected"
    assert "dlg.list" in (says or "")


def test_calls_under_way_are_capped_by_what_the_proxy_lists(scene: Scene) -> None:
    scene.start()
    order = scene.order(SubjectKind.ACCOUNT, "acme", ActionKind.THROTTLE, concurrent=2)
    assert scene.said()[0][0] == "rejected", "this edge refuses by source alone: the cap is the gate's own"
    looking = CallsAtEdge(scene.edge, scene.table, clock=clock, directory=lambda: DIRECTORY, asks_from=(ADDRESS,))
    held = scene.call("trunk", CUSTOMER, "+441632960500", number=2)
    scene.call("alice", OTHER, "+441632960501")
    scene.until(lambda: scene.live() == 3)

    def passes(call: str) -> bool:
        ask = Ask(call_id=call, account="acme", callee="+441632960502")
        return scene.table.decide(ask, clock(), ("acme-nv",), asker=ADDRESS).action is VerdictAction.ALLOW

    assert passes("before the gate has looked")
    scene.loop.run(looking.look())
    assert (looking.total, looking.counts["account:acme"], looking.counts["account:hotel"]) == (3, 2, 1)
    assert not passes("a third")
    scene.order(SubjectKind.NUMBER, "+441632960500", ActionKind.END_CALLS)
    assert held.wait() == Calls(2, 0)

    def counted() -> int:
        scene.loop.run(looking.look())
        return scene.table.calls.counted(order)

    scene.until(lambda: counted() == 0)
    assert [passes(call) for call in ("a", "b", "c")] == [True, True, False]
    scene.until(lambda: counted() == 0)
    assert passes("d"), "what was asked about and never reached the proxy counts no more"

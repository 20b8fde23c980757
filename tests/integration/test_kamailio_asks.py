"""The shipped configuration asks a running gate about each call, by SIP and by HTTP, and goes on where no answer comes."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import pytest
from tests.edges.sip_caller import SipCaller
from tests.integration.kamailio import ADDRESS, CARRIER, USERS, Kamailio
from tests.ports import free_port
from tests.unit.gate.orders import order as made_order

from ringfence.feeds import FeedWriter
from ringfence.gate.service import clock
from ringfence.vocabulary.contracts import AccountLink, Action, ActionKind, Order, OrderChange, PartyLink, Reference, TrunkLink
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import HOUR, Micros
from ringfence.watch.attribution import EMERGENCY_LIST

pytestmark = pytest.mark.needs("kamailio", "sipp")

SOURCE: Final = "127.0.0.66"
PATIENCE_S: Final = 60.0
REFERENCE: Final = Reference(
    time=Micros(0),
    policy="first",
    parties=(PartyLink(party="acme-nv"),),
    accounts=(AccountLink(account="acme", party="acme-nv"),),
    trunks=(TrunkLink(trunk="t-acme", account="acme", user="trunk"),),
    lists={EMERGENCY_LIST: ("112",)},
)
REFUSE: Final = Action(kind=ActionKind.REFUSE, code=403, phrase="Forbidden")
_HTTP_MODULE: Final = tuple(Path("/usr/lib").glob("*/kamailio/modules/http_client.so"))


class Scene:
    """A gate's process, a proxy that asks it, and a carrier that answers every call."""

    def __init__(self, folder: Path, way: str) -> None:
        self.folder = folder
        self.sip, self.http, carrier = free_port(), free_port(), free_port(CARRIER)
        ask = {"GATE_URI": f'"sip:127.0.0.1:{self.sip}"'}
        if way == "http":
            ask = {"GATE_URL": f'"http://127.0.0.1:{self.http}/v1/voice/decide"'}
        (folder / "proxy").mkdir()
        self.kamailio = Kamailio(folder / "proxy", hep_port=free_port(), carrier_port=carrier, GATE_WAIT="2000", **ask)
        self._carrier_port = carrier
        self._gate: subprocess.Popen[bytes] | None = None
        self._generation = 0
        (folder / "ringfence.toml").write_text(
            f'[gate]\nsip = "127.0.0.1:{self.sip}"\nhttp = "127.0.0.1:{self.http}"\ntrusted = ["127.0.0.0/8"]\n', encoding="utf-8"
        )
        writer = FeedWriter(folder / "feeds" / "reference")
        writer.append([msgspec.json.encode(REFERENCE)])
        writer.close()

    def start(self) -> None:
        self.kamailio.start()
        self._carrier = subprocess.Popen(
            ["sipp", "-sn", "uas", "-i", CARRIER, "-p", str(self._carrier_port), "-nostdin"],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.start_gate()

    def start_gate(self) -> None:
        command = [sys.executable, "-m", "ringfence.cli", "gate", "--data", str(self.folder)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        with (self.folder / "gate.log").open("ab") as log:
            self._gate = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)

    def stop_gate(self) -> None:
        if self._gate is not None:
            self._gate.kill()
            self._gate.wait()
            self._gate = None

    def close(self) -> None:
        self.stop_gate()
        self._carrier.kill()
        self._carrier.wait()
        self.kamailio.stop()

    def order(self, *orders: Order) -> None:
        self._generation += 1
        writer = FeedWriter(self.folder / "feeds" / "orders")
        writer.append([msgspec.json.encode(OrderChange(generation=self._generation, upserts=orders))])
        writer.close()

    def call(self, callee: str, user: str = "trunk") -> int:
        with SipCaller(SOURCE, (ADDRESS, self.kamailio.sip_port), user=user, password=USERS[user]) as caller:
            return caller.call(callee)

    def until(self, status: int, callee: str) -> None:
        """Call until the answer is this one."""
        deadline = time.monotonic() + PATIENCE_S
        while (got := self.call(callee)) != status:
            assert time.monotonic() < deadline, (got, (self.folder / "gate.log").read_text()[-2000:])
            time.sleep(0.05)


@pytest.fixture(params=["http", "sip"])
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    if request.param == "http" and not _HTTP_MODULE:
        pytest.skip("not installed here: kamailio-utils-modules")
    made = Scene(tmp_path, request.param)
    made.start()
    try:
        yield made
    finally:
        made.close()


def ordered(kind: SubjectKind, value: str, action: Action) -> Order:
    now = clock()
    return made_order(1, kind, value, action=action, start=now, until=Micros(now + HOUR))


def test_a_partys_order_refuses_its_calls_and_no_others_and_its_calls_for_help_pass(scene: Scene) -> None:
    assert scene.call("+32470000001") == 200
    scene.order(ordered(SubjectKind.PARTY, "acme-nv", REFUSE))
    scene.until(403, "+32470000001")
    assert scene.call("+32470000001", user="alice") == 200
    assert scene.call("112") == 200
    assert scene.call("1120") == 403


def test_calls_go_on_while_the_gate_is_gone_and_are_refused_again_when_it_is_back(scene: Scene) -> None:
    scene.order(ordered(SubjectKind.ACCOUNT, "acme", REFUSE))
    scene.until(403, "+32470000001")
    scene.stop_gate()
    assert scene.call("+32470000001") == 200
    scene.start_gate()
    scene.until(403, "+32470000001")


def test_a_call_that_an_order_diverts_goes_where_the_order_says(scene: Scene) -> None:
    with SipCaller("127.0.0.31", ("127.0.0.1", 9), user="announcement") as announcement:
        announcement.answer_invites_with(486)
        elsewhere = Action(kind=ActionKind.DIVERT, target=f"sip:announcement@127.0.0.31:{announcement.port}")
        scene.order(ordered(SubjectKind.ACCOUNT, "acme", elsewhere))
        scene.until(486, "+32470000001")


def test_a_throttle_that_is_full_is_told_and_other_accounts_go_on(scene: Scene) -> None:
    scene.order(ordered(SubjectKind.ACCOUNT, "acme", Action(kind=ActionKind.THROTTLE, rate=0.001)))
    scene.until(503, "+32470000001")
    assert scene.call("+32470000001", user="alice") == 200
